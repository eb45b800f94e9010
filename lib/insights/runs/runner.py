"""Who carries a plan out? Any executor; each outcome is settled as it comes back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass, field
from pathlib import Path

from psutil import Process

from insights.runs import engine, staging
from insights.runs.engine import Engine, Job, Outcome
from insights.runs.manifest import Manifest, Run
from insights.runs.processes import adopt_orphans, descendants, end
from insights.runs.publish import Publisher

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much at once, and how long each."""

    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    timeout_seconds: float = engine.TIMEOUT_SECONDS


def run(
    jobs: Sequence[Job],
    publisher: Callable[[], Publisher],
    *,
    root: Path,
    done: Callable[[Manifest], None],
    limits: Limits | None = None,
    executor: Executor | None = None,
    execute: Engine = engine.papermill,
) -> None:
    """Execute jobs side by side and settle each one when it is done.

    Parameters
    ----------
    jobs
        What to run; see ``plan.jobs``.
    publisher
        Makes what settles outcomes. It is called while the first jobs are running already.
    root
        The folder that notebooks run in.
    done
        Is told every manifest, in the order in which runs end.
    limits
        At most so many at once (an executor of your own decides that), and so long each.
    executor
        Any ``concurrent.futures`` executor; threads by default, for a job is a process.
    execute
        How one job is executed; all that it takes and returns can be pickled.

    Raises
    ------
    Stopped
        Somebody asked the command to stop. Every process that it had started is gone by then.
    """
    limits = limits or Limits()
    adopt_orphans()
    others = descendants()
    own = executor is None
    pool = executor or ThreadPoolExecutor(max(1, min(limits.jobs, len(jobs))))
    pending: dict[Future[Outcome], Job] = {}
    try:
        for job in jobs:
            pending[pool.submit(execute, job, root, limits.timeout_seconds)] = job
        settler = publisher()
        staging.remove_stale(settler.out)
        for work in as_completed(pending):
            outcome = _outcome(work)
            done(settler.settle(pending[work], Run.begun(outcome.seconds), outcome))
    except BaseException:
        _stop(list(pending), others)
        raise
    finally:
        if own:
            pool.shutdown(wait=True, cancel_futures=True)
            end(_ours(others))


def _outcome(work: Future[Outcome]) -> Outcome:
    """Return what came of a job, also where the executor lost it."""
    if (error := work.exception()) is None:
        return work.result()
    return Outcome(
        notebook=None, error=f"it could not be run: {engine.sentence(error)}", seconds=0
    )


def _stop(pending: Sequence[Future[Outcome]], others: set[Process]) -> None:
    """Start nothing more and kill what runs, again and again until every job has noticed."""
    for work in pending:
        work.cancel()
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        end(_ours(others))
        if not wait(pending, timeout=0.1).not_done:
            return


def _ours(others: set[Process]) -> set[Process]:
    """Return what the jobs started, also what a notebook left behind."""
    return descendants() - others
