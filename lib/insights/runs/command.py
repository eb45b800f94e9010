"""What does one `insights run` do once its plan stands: skip, run, publish, list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from insights import pack as packs
from insights.data import forecast_log, sources
from insights.pack import Pack
from insights.runs import catalog, engine, manifest, publish, runner, unchanged
from insights.runs.engine import Job, Outcome
from insights.runs.journal import Journal
from insights.runs.manifest import Manifest, Run
from insights.runs.processes import Stopped, whole
from insights.runs.progress import Progress
from insights.runs.secrets import Secrets


@dataclass(frozen=True, slots=True)
class How:
    """How a plan is carried out."""

    limits: runner.Limits = field(default_factory=runner.Limits)
    execute: Callable[..., Outcome] = engine.fork
    executor: Executor | None = None  # None: threads of ours, each with a process of its own
    force: bool = False  # run also what is unchanged


def run(pack: Pack, jobs: Sequence[Job], *, out: Path, how: How, progress: Progress) -> None:
    """Run a plan and bring the list of pages up to date, also when it fails or is stopped."""
    root, secrets = packs.root(), Secrets.of_environment(packs.secret_names(pack))
    journal = Journal(out, Run.begun().id)
    journal.event("command began", pack=pack.name, readouts=len(jobs), force=how.force)

    def done(run: Manifest) -> None:
        journal.ended(run)
        progress.done(run)

    def retried(job: Job, why: str) -> None:
        said = secrets.withhold(why)
        journal.event("run is tried again", pack=job.pack, readout=job.readout, why=said)
        progress.say(f"{job.readout} is tried once more: {said}.")

    try:
        left = jobs if how.force else _left(jobs, out, progress, journal)
        if left:
            runner.run(
                left,
                lambda: _publisher(out, root, secrets),
                root=root,
                done=done,
                limits=how.limits,
                execute=partial(how.execute, settings=_settings(out, left, how)),
                executor=how.executor,
                retried=retried,
            )
    except Stopped as stop:
        journal.event("command was stopped", signal=str(stop), **progress.counts())
        raise
    finally:
        with whole():
            _link(out, {job.pack for job in jobs}, progress)
            _list(out, progress)
    journal.event("command ended", **progress.counts())


def _settings(out: Path, jobs: Sequence[Job], how: How) -> dict[str, str]:
    """Return what readouts find in their environment; side by side each has one thread."""
    alone = how.executor is None and min(how.limits.jobs, len(jobs)) == 1
    return {forecast_log.FOLDER: str(out)} | ({} if alone else {sources.THREADS: "1"})


def _publisher(out: Path, root: Path, secrets: Secrets) -> publish.Publisher:
    """Return what publishes; made once jobs run, for its libraries are slow to import."""
    return publish.Publisher(
        out=out,
        root=root,
        secrets=secrets,
        page=publish.renderer(),
        commit=manifest.commit(root),
        versions=manifest.versions(),
    )


def _left(jobs: Sequence[Job], out: Path, progress: Progress, journal: Journal) -> list[Job]:
    """Return the jobs that have something new to say; of the others say so."""
    left = []
    for job in jobs:
        run = unchanged.standing(out, job)
        if run is None:
            left.append(job)
            continue
        catalog.confirm(out, job, run)
        skipped = run | {"status": "skipped", "seconds": {"total": 0.0}}
        journal.ended(skipped)
        progress.unchanged(skipped)
    return left


def _link(out: Path, folders: Iterable[str], progress: Progress) -> None:
    """Let pages lead to those that were published after them."""
    try:
        for folder in folders:
            catalog.relink(out, folder)
    except OSError as error:
        said = engine.sentence(error)
        progress.broke(f"the links between pages could not be brought up to date: {said}")


def _list(out: Path, progress: Progress) -> None:
    """Replace the list of pages; where the disk will not take it, the earlier one stands."""
    try:
        for problem in catalog.write_index(out, publish.renderer().index):
            progress.problem(problem)
    except OSError as error:
        progress.broke(f"the list of pages could not be written: {engine.sentence(error)}")
