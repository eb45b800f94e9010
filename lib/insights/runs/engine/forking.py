"""One process has everything imported and forks a child for each readout."""

from __future__ import annotations

import atexit
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from insights.data import remembered
from insights.runs import worker
from insights.runs.engine import stock
from insights.runs.engine.jobs import TIMEOUT_SECONDS, Job, Outcome, executed, order, said
from insights.runs.engine.stopping import stoppable
from insights.runs.processes import end_tree

SINGLE = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}  # pyarrow would start a thread
LOST = "the process that readouts are forked from ended"


@dataclass(slots=True)
class _Child:
    """A readout under way: whoever waits for it is told how it ended."""

    ended: threading.Event = field(default_factory=threading.Event)
    code: int | None = None  # None: the server was gone before it could say


class Server:
    """The process that forks, and the thread that hears from it."""

    def __init__(self) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self.folder = tempfile.mkdtemp(prefix="insights-")  # whoever ends last removes it
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "insights.runs.engine.server", self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**worker.DRAWING, **os.environ, **worker.THREADS, **SINGLE},
            start_new_session=True,  # the terminal's Ctrl-C is the command's to answer
        )
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._children: dict[int, _Child] = {}
        self._count = 0
        self.closed = False
        self._reader = threading.Thread(target=self._hear, daemon=True)
        self._reader.start()
        self._say({"learn": base64.b64encode(remembered.told()).decode()})

    @property
    def alive(self) -> bool:
        """Whether it can take orders."""
        return self._reader.is_alive() and self._process.poll() is None

    @property
    def busy(self) -> bool:
        """Whether a child runs."""
        return bool(self._children)

    def begin(self, asked: dict[str, Any]) -> int:
        """Order a child and return its number; OSError if nobody is there to take it."""
        self._ready.wait()
        with self._lock:
            if not self.alive:
                raise BrokenPipeError(LOST)
            self._count += 1
            number = self._count
            self._children[number] = _Child()
            self._say({"run": number, **asked})
        return number

    def wait(self, number: int, seconds: float) -> tuple[bool, int | None]:
        """Return whether a child ended in time, and its exit code; a late one is killed."""
        child = self._children[number]
        in_time = child.ended.wait(seconds)
        if not in_time:
            self.stop(number)
            child.ended.wait(stock.GRACE_SECONDS)
        del self._children[number]
        return in_time, child.code

    def stop(self, number: int) -> None:
        """Have a child killed."""
        with self._lock, suppress(OSError):  # it is gone, and its children with it
            self._say({"stop": number})

    def close(self) -> None:
        """End the process and everything below it."""
        assert self._process.stdin is not None
        self.closed = True
        try:
            self._process.stdin.close()
            self._process.wait(stock.GRACE_SECONDS if self._ready.is_set() else 0)
        except (OSError, subprocess.TimeoutExpired):
            end_tree(self._process.pid)
            self._process.wait()
        self._reader.join(stock.GRACE_SECONDS)
        self._log.close()

    def _say(self, what: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        self._process.stdin.flush()

    def _hear(self) -> None:
        """Pass on which children ended; when the server is gone, all have."""
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                event = json.loads(line)
                self._ready.set()
                child = self._children.get(event.get("ended"))
                if child is not None:
                    child.code = event["code"]
                    child.ended.set()
        self._ready.set()
        for child in list(self._children.values()):
            child.ended.set()
        shutil.rmtree(self.folder, ignore_errors=True)


_server: Server | None = None
_made_of = 0  # what the library was when it was started
_owner = 0  # the process that started it: a forked copy of us has none
_starting = threading.Lock()


def possible() -> bool:
    """Tell whether this system can fork."""
    return hasattr(os, "fork") and sys.platform == "linux"


def fork(
    job: Job,
    root: Path,
    timeout_seconds: float = TIMEOUT_SECONDS,
    *,
    memory_mb: int = 0,
    settings: Mapping[str, str] | None = None,
) -> Outcome:
    """Run one job in a child forked from a process that has imported everything.

    The cells run in the shell of a kernel, but without its process and its sockets, and nothing
    is imported again. The process that forks is started with the first job; it ends with this
    one, or by ``leave``.

    Returns
    -------
    Outcome
        Of ``papermill`` where this system cannot fork, where the notebook uses what only a
        kernel has, or where the process that forks was lost; ``note`` says so.
    """
    instead = partial(
        _stock, job, root, timeout_seconds, memory_mb=memory_mb, settings=settings
    )
    if not possible():
        return instead("this system cannot fork safely")
    try:
        server = _running()
        scratch = Path(tempfile.mkdtemp(prefix="readout-", dir=server.folder))
        number = server.begin(order(job, root, scratch, memory_mb, settings))
    except OSError:
        return instead(LOST)
    try:
        found, taken = _await(server, number, scratch, timeout_seconds)
        text = executed(scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if found.get("instead"):
        return instead(found["instead"])
    return Outcome(text, found["error"], taken, "fork", lost=bool(found.get("lost")))


def leave() -> None:
    """End the process that forks, if there is one."""
    global _server
    with _starting:
        if _server is not None and _owner == os.getpid():
            _server.close()
        _server = None


def _await(
    server: Server, number: int, scratch: Path, most: float
) -> tuple[dict[str, Any], float]:
    """Wait for a child; return its result, or what ended it, and its seconds."""
    started = time.monotonic()
    with stoppable(partial(server.stop, number)):
        in_time, code = server.wait(number, most)
    taken = time.monotonic() - started
    if not in_time:
        return {"error": stock.out_of_time(most)}, taken
    if code is None:
        return {"error": LOST} if server.closed else {"instead": LOST}, taken
    return said(scratch, code), taken


def _running() -> Server:
    """Return this process's server, started if need be, also where the library has changed."""
    global _server, _owner, _made_of
    with _starting:
        ours = _server is not None and _owner == os.getpid() and _server.alive
        library = _library()
        if _server is None or not ours or _made_of != library:
            if _server is not None and ours and not _server.busy:
                _server.close()  # one that is busy ends with us
            _server, _owner, _made_of = Server(), os.getpid(), library
            atexit.register(leave)
        return _server


def _library() -> int:
    """Return a number that is another one when a file of this library has changed."""
    found = sorted(Path(str(files("insights"))).rglob("*.py"))
    return hash(tuple((str(path), path.stat().st_mtime_ns) for path in found))


def _stock(job: Job, root: Path, seconds: float, why: str, **more: Any) -> Outcome:
    """Run a job with stock papermill instead and say why."""
    made = stock.papermill(job, root, seconds, **more)
    return replace(made, note=f"run by papermill: {why}")
