"""What an engine takes and returns; all of it can be sent to another process."""

from __future__ import annotations

import errno
import json
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from insights.runs import worker

TIMEOUT_SECONDS = 600.0
ENGINES = ("fork", "papermill")
LARGEST_MB = 256  # of an executed notebook; a larger one would fill our own memory


@dataclass(frozen=True, slots=True)
class Job:
    """One notebook to run with one set of parameters."""

    pack: str  # folder name under the outputs
    readout: str  # folder name under the pack's
    title: str
    notebook: Path
    parameters: dict[str, Any]  # JSON values only
    values: tuple[str, ...] = ()  # where in the readout's matrix this is
    due: str = ""  # when its page has to be there, such as Monday 07:00
    zone: str = "UTC"  # of that time
    recipe: str = ""  # a hash of all that its page is made of; see ``unchanged``


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: the notebook as far as it got, and the one-line error if any."""

    notebook: str | None  # JSON
    error: str | None
    seconds: float
    engine: str = "papermill"
    note: str | None = None  # why it was another engine than the one asked for
    lost: bool = False  # it ended for no reason of its own: trying once more may help


Engine: TypeAlias = Callable[[Job, Path, float], Outcome]  # job, root, timeout in seconds


def order(
    job: Job,
    root: Path,
    scratch: Path,
    memory_mb: int = 0,
    settings: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a job as JSON for the process that runs it."""
    return {
        "environment": {**os.environ, **(settings or {})},
        "memory_mb": memory_mb,
        "notebook": str(job.notebook),
        "parameters": job.parameters,
        "root": str(root),
        "scratch": str(scratch),
    }


def executed(scratch: Path) -> str | None:
    """Return the notebook that a run left behind, as far as it got."""
    found = scratch / worker.NOTEBOOK
    try:
        if found.stat().st_size > LARGEST_MB * 2**20:
            return None
        return found.read_text(encoding="utf-8", errors="replace") or None
    except FileNotFoundError:
        return None


def said(scratch: Path, code: int) -> dict[str, Any]:
    """Return the result that a process wrote at its end, or what its end says."""
    result = scratch / worker.RESULT
    if code == 0 and result.exists():
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return found
    if code < 0:
        name = signal.Signals(-code).name
        error = f"the process that ran the notebook was killed ({name})"
        return {"error": error, "lost": -code in (signal.SIGKILL, signal.SIGTERM)}
    try:
        log = (scratch / "log").read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:  # a notebook may remove anything
        log = ""
    failed = f"the process that ran the notebook ended too early (exit code {code})"
    return {"error": worker.one_line(failed, log.splitlines()[-1] if log else "")}


def sentence(error: BaseException) -> str:
    """Return an exception that stopped a job or its publishing as one plain line."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    return worker.one_line(type(error).__name__, str(error))
