"""What does one `insights run` do once its plan stands: run, publish, list, and say so."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from insights import pack as packs
from insights.data import forecast_log
from insights.pack import Pack
from insights.runs import catalog, engine, manifest, publish, runner
from insights.runs.engine import Engine, Job
from insights.runs.processes import whole
from insights.runs.progress import Progress
from insights.runs.secrets import Secrets


def run(
    pack: Pack,
    jobs: Sequence[Job],
    *,
    out: Path,
    limits: runner.Limits,
    progress: Progress,
    execute: Engine = engine.papermill,
) -> None:
    """Run a plan and bring the list of pages up to date, also when it fails or is stopped."""
    root = packs.root()
    os.environ[forecast_log.FOLDER] = str(out)  # where notebooks find what was forecast

    def publisher() -> publish.Publisher:
        return publish.Publisher(
            out=out,
            root=root,
            secrets=Secrets.of_environment(packs.secret_names(pack)),
            page=publish.renderer(),
            commit=manifest.commit(root),
            versions=manifest.versions(),
        )

    try:
        runner.run(
            jobs, publisher, root=root, done=progress.done, limits=limits, execute=execute
        )
    finally:
        with whole():
            _link(out, {job.pack for job in jobs}, progress)
            _list(out, progress)


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
