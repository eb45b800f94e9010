"""`insights list` and `prune`: what has run, which pages are late, and which runs may go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insights.cli.app import JsonOption, OutOption, failed, out_folder, print_json, say
from insights.errors import ParamError, did_you_mean, some

if TYPE_CHECKING:
    from insights.runs.prune import Old


def list_(out: OutOption = None, as_json: JsonOption = False) -> None:
    """List the runs there have been and which pages are late; bring index.html up to date."""
    from datetime import UTC, datetime

    from insights.runs import catalog
    from insights.runs.progress import print_runs

    place = out_folder(out)
    runs, problems = catalog.read(place)
    problems += _refresh(place, {run["pack"] for run in runs})
    late = catalog.late(place, runs, datetime.now(UTC))
    for problem in problems:
        say(problem)
    if as_json:
        counts = {"failed": failed(runs), "problems": problems}
        print_json({"runs": runs, "late": late, **counts})
    elif runs:
        print_runs(runs)
        for page in late:
            say(f"{page['pack']}/{page['readout']}: {page['said']}", err=False)
    else:
        typer.echo(f"No readout has been run into {place} yet.")


def prune(
    pack: Annotated[
        str | None,
        typer.Argument(
            metavar="PACK",
            help="Only this pack's runs. Default: every pack's.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Runs of a readout that stay: so many published, and so many that were not.",
        ),
    ] = 10,
    older_than: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="DAYS",
            help="Leave runs alone that are younger. Default: any age goes.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove old runs; never the run whose page stands."""
    from datetime import UTC, datetime, timedelta

    from insights.runs import prune as pruning
    from insights.runs.engine import sentence

    place = out_folder(out)
    age = None if older_than is None else timedelta(days=older_than)
    rule, now = pruning.Rule(keep, age), datetime.now(UTC)
    carry_out = pruning.look if dry_run else pruning.remove
    gone: list[Old] = []
    problems: list[str] = []
    for folder in _folders(place, pack):
        try:
            gone += carry_out(place, folder, rule, now)
        except OSError as error:
            problems.append(f"the runs of {folder} could not be removed: {sentence(error)}")
    if not dry_run:
        problems += _refresh(place, {old.pack for old in gone})
    for problem in problems:
        say(problem)
    if as_json:
        runs = [old.record() for old in gone]
        octets = sum(old.octets for old in gone)
        print_json(
            {"removed": runs, "octets": octets, "dry_run": dry_run, "problems": problems}
        )
    else:
        for line in _said(gone, "would go" if dry_run else "removed"):
            say(line, err=False)
    raise typer.Exit(1 if problems else 0)


def _said(gone: Sequence[Old], done: str) -> Iterable[str]:
    """Yield a line a readout, then the total."""
    from insights import wording

    runs, octets = Counter[str](), Counter[str]()
    for old in gone:
        name = f"{old.pack}/{old.readout}"
        runs[name] += 1
        octets[name] += old.octets
    for name, n in runs.items():
        yield f"{name}: {wording.count(n, 'run')} {done}, {wording.size(octets[name])}"
    yield f"{wording.count(len(gone), 'run')} {done}, {wording.size(octets.total())}."


def _folders(place: Path, pack: str | None) -> list[str]:
    """Return the packs' folders below the outputs, or the one that is meant."""
    from insights.runs import plan

    there = sorted({home.parents[1].name for home in place.glob("*/*/runs")})
    if pack is None:
        return there
    name = plan.folder_name(Path(pack).name)
    if name not in there:
        known = f" There are runs of {some(there)}." if there else " There are no runs at all."
        raise ParamError(
            f"no run of pack '{pack}' is in {place}{did_you_mean(name, there) or '.'}{known}"
        )
    return [name]


def _refresh(place: Path, packs: set[str]) -> list[str]:
    """Let the list of pages, and pages that are late, say so; return what went wrong."""
    from insights.runs import catalog, publish
    from insights.runs.engine import sentence

    try:
        for pack in sorted(packs):
            catalog.relink(place, pack)
        if packs:
            catalog.write_index(place, publish.renderer().index)
    except OSError as error:
        return [f"index.html could not be brought up to date: {sentence(error)}"]
    return []
