"""The one command: run a pack's readouts, check, start or explain one, simulate, list."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from insights.errors import InsightsError, ParamError
from insights.runs.processes import Stopped, stoppable

if TYPE_CHECKING:
    from insights.pack import Draft, Fault
    from insights.runs.engine import Job
    from insights.runs.progress import Progress

app = typer.Typer(
    name="insights",
    help="Turn raw safety and support data into pages that say what moved and what to do.",
    epilog="Exit codes: 0 all good, 1 a readout failed or could not be answered, 2 bad input.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

PackArgument = Annotated[
    str,
    typer.Argument(
        metavar="PACK",
        help="A pack: its folder, or its name under params.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where pages go. Default: outputs at the root.",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object on standard output and nothing else."),
]


@app.command(name="run")
def run_(
    pack: PackArgument,
    readout: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A readout to run; may be repeated. Default: all but those on request.",
            show_default=False,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A dimension or a notebook's parameter, and its value; may be repeated.",
            show_default=False,
        ),
    ] = None,
    as_of: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help="As of this day, such as 2025-12-31. Default: the last mature period.",
            show_default=False,
        ),
    ] = "",
    out: OutOption = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Run so many readouts at once. Default: one a processor.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=1, help="Stop a readout after so many seconds.")
    ] = 600,
    as_json: JsonOption = False,
) -> None:
    """Run a pack's readouts and publish their pages; the last line says where they are."""
    from insights import pack as packs
    from insights.data import sources
    from insights.runs import command, plan
    from insights.runs.progress import Progress
    from insights.runs.runner import Limits

    draft = packs.read(pack)
    if faults := _faults(draft):
        _refuse(faults)
    assert draft.pack is not None
    checked = draft.pack
    request = plan.Request(readout or (), plan.settings(settings or ()), as_of)
    jobs_ = plan.jobs(
        checked,
        request,
        values=lambda dimension: sources.dimension_values(checked, dimension),
        require=lambda where: sources.require_values(checked, where),
    )
    if settings or as_of:
        _rehearse(jobs_)
    place = _out(out, make=True)
    limits = Limits(timeout_seconds=timeout) if jobs is None else Limits(jobs, timeout)
    with Progress(len(jobs_)) as progress:
        try:
            command.run(checked, jobs_, out=place, limits=limits, progress=progress)
        except Stopped as stop:
            _stopped(stop, progress, as_json)
    _end(progress, place, as_json)


@app.command()
def check(pack: PackArgument) -> None:
    """Check a pack without running it: every fault at once, with file and line."""
    from insights import pack as packs
    from insights import wording
    from insights.pack.places import shown

    draft = packs.read(pack)
    if faults := _faults(draft):
        for fault in faults:
            _say(str(fault), err=False)
        raise typer.Exit(2)
    assert draft.pack is not None
    metrics = wording.count(len(draft.pack.metrics), "metric")
    readouts = wording.count(len(draft.pack.readouts), "readout")
    typer.echo(f"{shown(draft.folder)}: clean, {metrics}, {readouts}.")


@app.command()
def new(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="The folder to make.",
            show_default=False,
        ),
    ],
    like: Annotated[
        str,
        typer.Option(
            metavar="PACK",
            help="The pack or template to start from, by name or path.",
            show_default=False,
        ),
    ],
) -> None:
    """Start a pack from one that works: copy its YAML and say what to edit."""
    from insights.runs import starter

    lines = starter.copy(like, folder)
    typer.echo(f"{folder} is a copy of {like}. Edit next:")
    for line in lines:
        typer.echo(f"  {line}")
    typer.echo(f"Then: insights check {folder}")


@app.command()
def explain(
    pack: PackArgument,
    metric: Annotated[
        str,
        typer.Argument(
            metavar="METRIC",
            help="A metric's name in metrics.yaml.",
            show_default=False,
        ),
    ],
) -> None:
    """Say in words what a metric is, and show the SQL that each engine would run for it."""
    from insights import pack as packs
    from insights.data import explain as explaining
    from insights.errors import did_you_mean, some

    loaded = packs.load(pack)
    if metric not in loaded.metrics:
        hint = did_you_mean(metric, loaded.metrics) or "."
        raise ParamError(
            f"unknown metric '{metric}'{hint} The pack has {some(loaded.metrics, 30)}."
        )
    typer.echo(explaining.text(loaded, metric))


@app.command()
def simulate(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="The folder to write: empty, not there yet, or an earlier build to replace.",
            show_default=False,
        ),
    ],
    scale: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            help="1 is about 10,000 contacts a day. Default: the demo's 0.07.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed, the same tables.")] = 1,
    weeks: Annotated[
        int, typer.Option(metavar="W", help="Weeks in the tables; 13 more are kept back.")
    ] = 104,
    without: Annotated[
        str,
        typer.Option(
            metavar="EFFECTS",
            help="Planted effects to switch off, such as E3,E4.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Simulate an operation with planted truth; the last line says where it is."""
    from insights.data import simulate as simulated

    off = [name.strip() for name in without.split(",")] if without.strip() else []
    size = simulated.DEMO_SCALE if scale is None else scale
    with _weeks() as advance:
        simulated.build(
            folder, scale=size, seed=seed, weeks=weeks, without=off, progress=advance
        )
    typer.echo(str(folder.resolve()))


@app.command(name="list")
def list_(out: OutOption = None, as_json: JsonOption = False) -> None:
    """List the runs there have been, newest first."""
    from insights.runs import catalog
    from insights.runs.progress import print_runs

    place = _out(out)
    runs, problems = catalog.read(place)
    for problem in problems:
        _say(problem)
    if as_json:
        _json({"runs": runs, "failed": _failed(runs), "problems": problems})
    elif runs:
        print_runs(runs)
    else:
        typer.echo(f"No readout has been run into {place} yet.")


@contextmanager
def _weeks() -> Iterator[Callable[[int, int], None]]:
    """Yield what shows a simulation's progress; nothing is shown before it has begun."""
    with ExitStack() as stack:
        bars: list[Any] = []

        def advance(done: int, of: int) -> None:
            if not bars:
                bar = typer.progressbar(length=of, label="Simulating weeks", file=sys.stderr)
                bars.append(stack.enter_context(bar))
            bars[0].update(1)

        yield advance


def _faults(draft: Draft) -> list[Fault]:
    """Return everything wrong with a pack, in its YAML and against its data."""
    from insights.data import checks, files

    if files.SIMULATED in json.dumps(draft.raw.get("source"), default=str):
        from insights.data.simulate import cache

        with _weeks() as advance:
            cache.demo(advance)
    return sorted({*draft.faults, *checks.faults(draft)})


def _rehearse(jobs: list[Job]) -> None:
    """Refuse settings that a notebook's opening would refuse; once a notebook will do."""
    from insights.errors import ContractError
    from insights.readout import choices

    for job in {job.notebook: job for job in jobs}.values():
        try:
            choices.rehearse(job.parameters)
        except ContractError:  # of the data, not of what was asked: the run will say so
            continue


def _refuse(faults: list[Fault]) -> NoReturn:
    raise ParamError("\n".join(map(str, faults)))


def _out(out: Path | None, *, make: bool = False) -> Path:
    """Return the folder of pages; where it is to be made and cannot be, that is bad input."""
    from insights import pack as packs

    place = (out or packs.root() / "outputs").resolve()
    if make:
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ParamError(f"--out {place} cannot be made: {error.strerror}") from error
    return place


def _end(progress: Progress, place: Path, as_json: bool) -> NoReturn:
    """Say what came of a command and where to look, and leave with its exit code."""
    address = place / "index.html"
    bad = _failed(progress.runs)
    refused = sum(run["all_refused"] for run in progress.runs)
    if as_json:
        counts = {"failed": bad, "refused": refused, "problems": progress.problems}
        _json({"runs": progress.runs, **counts, "index": str(address)})
    elif address.is_file():
        typer.echo(str(address))
    raise typer.Exit(1 if bad or refused or progress.broken else 0)


def _stopped(stop: Stopped, progress: Progress, as_json: bool) -> NoReturn:
    """Say what was finished when somebody stopped the command."""
    if as_json:
        _json({"runs": progress.runs, "failed": _failed(progress.runs), "stopped": str(stop)})
    raise stop


def _failed(runs: list[dict[str, Any]]) -> int:
    return sum(run["status"] == "failed" for run in runs)


def _json(record: dict[str, Any]) -> None:
    typer.echo(json.dumps(record, ensure_ascii=False, allow_nan=False))


def _say(text: str, *, err: bool = True) -> None:
    """Print text that may come from data."""
    from insights.runs.progress import harmless

    typer.echo(harmless(text), err=err)


def main() -> None:
    """Run the command; what a person can mend is said in one sentence, never as a traceback."""
    try:
        with stoppable():
            app()
    except InsightsError as error:
        _say(str(error))
        if "--json" in sys.argv:
            _json({"runs": [], "failed": 0, "error": str(error)})
        sys.exit(2)
    except Stopped as stop:
        sys.exit(stop.exit_code)
