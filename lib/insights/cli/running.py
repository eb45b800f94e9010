"""`insights run`: carry out a pack's readouts and say what came of them."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
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
    from insights.runs.engine import Engine, Job
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
    engine: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="fork, or papermill: slower, and it runs anything. Default: fork if possible.",
            show_default=False,
        ),
    ] = "",
    dask: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Run on a dask.distributed cluster, such as tcp://10.0.0.1:8786.",
            show_default=False,
        ),
    ] = "",
    memory: Annotated[
        int,
        typer.Option(
            metavar="MB", min=0, help="Let a readout have so much memory; 0 is no limit."
        ),
    ] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Run also what nothing has changed for.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a pack's readouts and publish their pages; the last line says where they are.

    What nothing has changed for since its page was made (notebook, library, parameters, pack
    and data) is not run again.
    """
    from insights import pack as packs
    from insights.data import remembered, sources
    from insights.runs import cluster, command, manifest, plan, unchanged
    from insights.runs.progress import Progress
    from insights.runs.runner import Limits

    remembered.keep()  # what the plan finds out, the readouts need not
    execute = _engine(engine, memory)
    draft = packs.read(pack)
    if faults := faults_of(draft):
        refuse(faults)
    assert draft.pack is not None
    checked = draft.pack
    request = plan.Request(readout or (), plan.settings(settings or ()), as_of)
    with sources.opened(checked) as source:
        jobs_ = plan.jobs(
            checked,
            request,
            values=lambda dimension: sources.dimension_values(source, dimension),
            require=lambda where: sources.require_values(source, where),
        )
        jobs_ = unchanged.with_recipes(jobs_, draft, source, manifest.versions())
    if settings or as_of:
        _rehearse(jobs_)
    place = out_folder(out, make=True)
    limits = Limits(timeout_seconds=timeout) if jobs is None else Limits(jobs, timeout)
    with ExitStack() as stack:
        executor = stack.enter_context(cluster.executor(dask)) if dask else None
        progress = stack.enter_context(Progress(len(jobs_)))
        how = command.How(limits, execute, executor, force)
        try:
            command.run(checked, jobs_, out=place, how=how, progress=progress)
        except Stopped as stop:
            _stopped(stop, progress, as_json)
    _end(progress, place, as_json)


def _engine(name: str, memory_mb: int) -> Engine:
    """Return what executes a readout, as asked for or as this system has it."""
    from insights.errors import ParamError, did_you_mean
    from insights.runs import engine

    if name and name not in engine.ENGINES:
        hint, known = did_you_mean(name, engine.ENGINES) or ".", " or ".join(engine.ENGINES)
        raise ParamError(f"--engine {name}: unknown engine{hint} Say {known}.")
    if name == "fork" and not engine.possible():
        raise ParamError("--engine fork: this system cannot fork safely. Say papermill.")
    chosen = engine.papermill if name == "papermill" else engine.fork
    return partial(chosen, memory_mb=memory_mb)


def _rehearse(jobs: list[Job]) -> None:
    """Refuse settings that a notebook's opening would refuse; once a notebook will do."""
    from insights.errors import ContractError
    from insights.readout import choices

    for job in {job.notebook: job for job in jobs}.values():
        try:
            choices.rehearse({**_defaults(job.notebook), **job.parameters})
        except ContractError:  # of the data, not of what was asked: the run will say so
            continue


def _defaults(notebook: Path) -> dict[str, object]:
    """Return what a notebook's parameters are where nothing is said."""
    from insights import pack as packs

    return {name: said.default for name, said in packs.notebook_parameters(notebook).items()}


def _end(progress: Progress, place: Path, as_json: bool) -> NoReturn:
    """Say what came of a command and where to look, and leave with its exit code."""
    progress.summary()
    address = place / "index.html"
    bad = failed(progress.runs)
    refused = sum(run["all_refused"] for run in progress.runs)
    if as_json:
        counts = {"failed": bad, "refused": refused, "problems": progress.problems}
        record = {"runs": progress.runs, "counts": progress.counts(), **counts}
        print_json({**record, "index": str(address)})
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
