"""The process that readouts are forked from: it imports, waits for orders, and forks."""

from __future__ import annotations

import base64
import gc
import json
import os
import select
import shutil
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import psutil

from insights.data import remembered
from insights.runs import worker
from insights.runs.engine import child, warm
from insights.runs.processes import adopt_orphans, descendants, end, kill


class Forker:
    """Forks a child an order and says when each has ended."""

    def __init__(self, orders: int, events: int) -> None:
        self._orders, self._events = orders, events
        self._running: dict[int, int] = {}  # by process id, the order's number
        self._woken, woken = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(self._woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler nothing wakes us
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Carry out orders until nobody is there to give any."""
        unread = b""
        while True:
            ready = select.select([self._orders, self._woken], [], [])[0]
            if self._woken in ready:
                os.read(self._woken, 65536)
                self._reap()
            if self._orders in ready:
                if not (more := os.read(self._orders, 65536)):
                    return
                *lines, unread = (unread + more).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))

    def _obey(self, order: dict[str, Any]) -> None:
        if "learn" in order:
            remembered.learn(base64.b64decode(order["learn"]))
            return
        if "stop" in order:
            for pid in [p for p, n in self._running.items() if n == order["stop"]]:
                kill(descendants(pid) | {psutil.Process(pid)})  # not reaped, so still known
            return
        pid = os.fork()
        if pid == 0:
            self._become(order)
        self._running[pid] = order["run"]

    def _become(self, order: dict[str, Any]) -> NoReturn:
        """Be the child: leave everything of the server behind, then run the notebook."""
        try:
            signal.set_wakeup_fd(-1)
            for fd in (self._orders, self._events, self._woken):
                os.close(fd)
            child.main(order)
        finally:
            os._exit(70)

    def _reap(self) -> None:
        """Say which children ended, and end what one that was killed has left behind."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid not in self._running:
                continue
            number = self._running.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            if code < 0:
                self._end_orphans()
            remembered.gather()
            event = json.dumps({"ended": number, "code": code})
            os.write(self._events, event.encode() + b"\n")

    def _end_orphans(self) -> None:
        """Kill what has become our child without our having forked it."""
        for process in psutil.Process().children():
            if process.pid not in self._running:
                kill(descendants(process.pid) | {process})


def main() -> None:
    """Get ready, then serve the process that started this one until it is gone."""
    orders, events = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)  # whatever prints must not be taken for an event
    adopt_orphans()
    folder = Path(sys.argv[1])
    warm.up(folder)
    if psutil.Process().num_threads() > 1:
        sys.exit("a process that forks must have one thread")
    gc.collect()
    gc.freeze()  # a child's collector need not touch, and so copy, what is shared
    os.write(events, b"{}\n")  # ready
    Forker(orders, events).serve()
    end(descendants())
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    worker.skip_iri_grammar()
    main()
