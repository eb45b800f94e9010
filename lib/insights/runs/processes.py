"""How does a command end: with nothing half done, and no process left that it started."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psutil

PR_SET_CHILD_SUBREAPER = 36
STOPS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]

_waiting: list[int] = []  # signals that came while work was held whole
_depth = 0


class Stopped(BaseException):
    """Someone asked the command to stop; raised in the main thread, at a point where it may."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum

    @property
    def exit_code(self) -> int:
        """What a shell expects of a command that a signal ended."""
        return 128 + self.signum


def _on_signal(signum: int, _: FrameType | None) -> None:
    """Stop now, or as soon as held work is whole; a second request changes nothing."""
    if _depth:
        _waiting.append(signum)
        return
    _ignore()
    raise Stopped(signum)


def _ignore() -> None:
    for signum in STOPS:
        if signal.getsignal(signum) is _on_signal:
            signal.signal(signum, signal.SIG_IGN)


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into ``Stopped``, but for one that the shell ignores."""
    before = {signum: signal.getsignal(signum) for signum in STOPS}
    for signum, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(signum, _on_signal)
    try:
        yield
    finally:
        _waiting.clear()
        for signum, handler in before.items():
            signal.signal(signum, handler)


@contextmanager
def whole() -> Iterator[None]:
    """Let a few steps finish together: a signal that comes meanwhile is heard after them."""
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
    if not _depth and _waiting:
        signum = _waiting[0]
        _waiting.clear()
        _ignore()
        raise Stopped(signum)


def adopt_orphans() -> None:
    """Become the parent of descendants that outlive theirs, so that none slips away (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(pid: int | None = None) -> set[psutil.Process]:
    """Return every living process below one process, by default this one."""
    try:
        return set(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return set()


def end(processes: set[psutil.Process]) -> None:
    """Kill processes and wait until they are gone; those that ended by themselves are fine."""
    kill(processes)
    psutil.wait_procs(processes, timeout=5)


def kill(processes: set[psutil.Process]) -> None:
    """Kill processes without waiting for their end."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def end_tree(pid: int) -> None:
    """Kill a process and everything below it, also what it starts while this looks."""
    while below := descendants(pid):
        end(below | {psutil.Process(pid)} if psutil.pid_exists(pid) else below)
    if psutil.pid_exists(pid):
        end({psutil.Process(pid)})
