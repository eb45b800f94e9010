"""Stock papermill, its kernel in a process of its own: the reference, and it runs anything."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from insights.runs.engine.jobs import TIMEOUT_SECONDS, Job, Outcome, executed, order, said
from insights.runs.engine.stopping import stoppable
from insights.runs.processes import end_tree

GRACE_SECONDS = 30.0  # for a process to end that has been told to


def papermill(
    job: Job,
    root: Path,
    timeout_seconds: float = TIMEOUT_SECONDS,
    *,
    memory_mb: int = 0,
    settings: Mapping[str, str] | None = None,
) -> Outcome:
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
    memory_mb
        The most memory that a process of it may ask for, in MiB; 0: as much as there is.
    settings
        What the notebook finds in its environment beside what this process has in its own.

    Returns
    -------
    Outcome
        A cell's error, a kernel that died and time run out are outcomes, not exceptions.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="insights-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        asked = order(job, root, scratch, memory_mb, settings)
        found = _supervise(asked, root, scratch, timeout_seconds)
        text = executed(scratch)
    taken = time.monotonic() - started
    return Outcome(text, found["error"], taken, lost=bool(found.get("lost")))


def _supervise(
    asked: dict[str, Any], root: Path, scratch: Path, timeout_seconds: float
) -> dict[str, Any]:
    """Start the worker, wait for it and return its result, or what ended it."""
    command = [sys.executable, "-P", "-m", "insights.runs.worker", str(scratch)]
    with (
        open(scratch / "log", "wb") as log,
        subprocess.Popen(
            command,
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=asked.pop("environment"),
            start_new_session=True,  # the terminal's Ctrl-C is the command's to answer
        ) as process,
    ):
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            process.stdin.flush()  # and stays open: its end says that we are gone
            with stoppable(process.stdin.close):
                process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return {"error": out_of_time(timeout_seconds)}
        except BrokenPipeError:
            process.wait(GRACE_SECONDS)
        finally:
            if process.poll() is None:
                end_tree(process.pid)
    return said(scratch, process.returncode)


def out_of_time(seconds: float) -> str:
    """Return what is said of a run that took too long."""
    return f"stopped after {seconds:g} s, the most one readout may take"
