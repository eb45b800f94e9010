"""`insights run`: carry out a pack's readouts and say what came of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from insights.cli.app import (
    JsonOption,
    OutOption,
    PackArgument,
    failed,
    faults_of,
    out_folder,
    print_json,
    refuse,
)
from insights.runs.processes import Stopped

if TYPE_CHECKING:
    from insights.runs.engine import Job
    from insights.runs.progress import Progress


def run(
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
    if faults := faults_of(draft):
        refuse(faults)
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
    place = out_folder(out, make=True)
    limits = Limits(timeout_seconds=timeout) if jobs is None else Limits(jobs, timeout)
    with Progress(len(jobs_)) as progress:
        try:
            command.run(checked, jobs_, out=place, limits=limits, progress=progress)
        except Stopped as stop:
            _stopped(stop, progress, as_json)
    _end(progress, place, as_json)


def _rehearse(jobs: list[Job]) -> None:
    """Refuse settings that a notebook's opening would refuse; once a notebook will do."""
    from insights.errors import ContractError
    from insights.readout import choices

    for job in {job.notebook: job for job in jobs}.values():
        try:
            choices.rehearse(job.parameters)
        except ContractError:  # of the data, not of what was asked: the run will say so
            continue


def _end(progress: Progress, place: Path, as_json: bool) -> NoReturn:
    """Say what came of a command and where to look, and leave with its exit code."""
    address = place / "index.html"
    bad = failed(progress.runs)
    refused = sum(run["all_refused"] for run in progress.runs)
    if as_json:
        counts = {"failed": bad, "refused": refused, "problems": progress.problems}
        print_json({"runs": progress.runs, **counts, "index": str(address)})
    elif address.is_file():
        typer.echo(str(address))
    raise typer.Exit(1 if bad or refused or progress.broken else 0)


def _stopped(stop: Stopped, progress: Progress, as_json: bool) -> NoReturn:
    """Say what was finished when somebody stopped the command."""
    if as_json:
        print_json(
            {"runs": progress.runs, "failed": failed(progress.runs), "stopped": str(stop)}
        )
    raise stop
