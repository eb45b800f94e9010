"""How is one notebook executed? In a process of its own that can be stopped or die alone."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from insights.runs import worker
from insights.runs.processes import end_tree

TIMEOUT_SECONDS = 600.0
GRACE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Job:
    """One notebook to run with one set of parameters."""

    pack: str  # folder name under the outputs
    readout: str  # folder name under the pack's
    title: str
    notebook: Path
    parameters: dict[str, Any]  # JSON values only
    values: tuple[str, ...] = ()  # where in the readout's matrix this is


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: the notebook as far as it got, and the one-line error if any."""

    notebook: str | None  # JSON
    error: str | None
    seconds: float


Engine: TypeAlias = Callable[[Job, Path, float], Outcome]  # job, root, timeout in seconds


def papermill(job: Job, root: Path, timeout_seconds: float = TIMEOUT_SECONDS) -> Outcome:
    """Run one job with stock papermill in a new process and session.

    It fits every ``concurrent.futures`` executor: what it takes and returns can be sent.

    Parameters
    ----------
    job
        What to run.
    root
        The folder that the notebook runs in.
    timeout_seconds
        After this long the process, its kernel and whatever they started are killed.

    Returns
    -------
    Outcome
        A cell's error, a kernel that died and time run out are outcomes, not exceptions.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="insights-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        error = _supervise(job, root, scratch, timeout_seconds)
        executed = scratch / worker.NOTEBOOK
        text = executed.read_text(encoding="utf-8") if executed.exists() else None
    return Outcome(notebook=text or None, error=error, seconds=time.monotonic() - started)


def _supervise(job: Job, root: Path, scratch: Path, timeout_seconds: float) -> str | None:
    """Start the worker, wait for it and return its error, or what ended it."""
    order = {"notebook": str(job.notebook), "parameters": job.parameters, "root": str(root)}
    command = [sys.executable, "-P", "-m", "insights.runs.worker", str(scratch)]
    with (
        open(scratch / "log", "wb") as log,
        subprocess.Popen(
            command,
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # the terminal's Ctrl-C is the command's to answer
        ) as process,
    ):
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()  # and stays open: its end says that we are gone
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return f"stopped after {timeout_seconds:g} s, the most one readout may take"
        except BrokenPipeError:
            process.wait(GRACE_SECONDS)
        finally:
            if process.poll() is None:
                end_tree(process.pid)
    return _said(scratch, process.returncode)


def _said(scratch: Path, code: int) -> str | None:
    """Return what the worker said of its end, or what its end says."""
    result = scratch / worker.RESULT
    if code == 0 and result.exists():
        error = json.loads(result.read_text(encoding="utf-8"))["error"]
        return None if error is None else str(error)
    if code < 0:
        return f"the process that ran the notebook was killed ({signal.Signals(-code).name})"
    log = (scratch / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return worker.one_line("the process that ran the notebook failed", log[-1] if log else "")


def sentence(error: BaseException) -> str:
    """Return an exception that stopped a job or its publishing as one plain line."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    return worker.one_line(type(error).__name__, str(error))
