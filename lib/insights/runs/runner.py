"""Who carries a plan out? Any executor; each outcome is settled as it comes back."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from psutil import Process

from insights.runs import engine, staging
from insights.runs.engine import Engine, Job, Outcome
from insights.runs.manifest import Manifest, Run
from insights.runs.processes import adopt_orphans, descendants, end
from insights.runs.publish import Publisher

PATIENCE_SECONDS = 10.0
ATTEMPTS = 2  # of a run that was lost for no reason of its own

Retried = Callable[[Job, str], None]  # a job, and why it is tried again


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
    retried: Retried = lambda job, why: None,
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
    retried
        Is told what is tried once more: a run whose process or executor was lost. One that
        ended by an error of its own, or out of time, is not.

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
    work = _Work(pool, execute, root, limits.timeout_seconds, retried)
    try:
        for job in _spread(jobs):
            work.begin(job)
        settler = publisher()
        staging.remove_stale(settler.out)
        for job, outcome in work.outcomes():
            done(settler.settle(job, Run.begun(outcome.seconds), outcome))
    except BaseException:
        _stop(list(work.pending), others)
        raise
    finally:
        if own:
            pool.shutdown(wait=True, cancel_futures=True)
            engine.leave()
            end(_ours(others))


@dataclass(slots=True)
class _Work:
    """Jobs handed to an executor, and handed to it again where it lost them."""

    pool: Executor
    execute: Engine
    root: Path
    timeout_seconds: float
    retried: Retried
    pending: dict[Future[Outcome], tuple[Job, int]] = field(default_factory=dict)

    def begin(self, job: Job, attempt: int = 1) -> None:
        """Hand a job over."""
        future = self.pool.submit(self.execute, job, self.root, self.timeout_seconds)
        self.pending[future] = (job, attempt)

    def outcomes(self) -> Iterator[tuple[Job, Outcome]]:
        """Yield what came of each job, in the order in which they end."""
        while self.pending:
            for future in wait(self.pending, return_when=FIRST_COMPLETED).done:
                job, attempt = self.pending.pop(future)
                outcome = _outcome(future)
                if not (outcome.lost and attempt < ATTEMPTS and self._again(job, outcome)):
                    yield job, _counted(outcome, attempt)

    def _again(self, job: Job, outcome: Outcome) -> bool:
        """Try a job once more, if the executor still takes any."""
        try:
            self.begin(job, ATTEMPTS)
        except Exception:  # noqa: BLE001 - one that broke takes nothing, each in its own words
            return False
        self.retried(job, outcome.error or "")
        return True


def _spread(jobs: Sequence[Job]) -> list[Job]:
    """Return jobs with the first two of each notebook in front, then those with fewest left.

    What one readout finds out the next of its notebook need not; side by side both would. The
    second may be the first of many alike, so others are put between it and the third.
    """
    before, whole = Counter[Path](), Counter(job.notebook for job in jobs)
    place = []
    for job in jobs:
        rank = min(before[job.notebook], 2)
        place.append((rank, whole[job.notebook] if rank == 2 else 0))
        before[job.notebook] += 1
    return [job for _, job in sorted(zip(place, jobs, strict=True), key=lambda pair: pair[0])]


def _outcome(future: Future[Outcome]) -> Outcome:
    """Return what came of a job, also where the executor lost it."""
    if (error := future.exception()) is None:
        return future.result()
    said = f"it could not be run: {engine.sentence(error)}"
    return Outcome(notebook=None, error=said, seconds=0, lost=True)


def _counted(outcome: Outcome, attempt: int) -> Outcome:
    """Return an outcome that says if it is that of a second attempt."""
    if attempt == 1:
        return outcome
    note = "; ".join(filter(None, [outcome.note, "the first attempt was lost"]))
    return replace(outcome, note=note)


def _stop(pending: Sequence[Future[Outcome]], others: set[Process]) -> None:
    """Start nothing more and kill what runs, again and again until every job has noticed."""
    for work in pending:
        work.cancel()
    engine.leave()
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        end(_ours(others))
        if not wait(pending, timeout=0.1).not_done:
            return


def _ours(others: set[Process]) -> set[Process]:
    """Return what the jobs started, also what a notebook left behind."""
    return descendants() - others
