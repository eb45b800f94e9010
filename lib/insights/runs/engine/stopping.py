"""Runs that whoever ordered them can end from afar, by a name that all of them share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
Stop = Callable[[], object]

_lock = threading.Lock()
_under_way: dict[str, list[Stop]] = {}
_ended: set[str] = set()  # whose runs are not to begin either
_thread = threading.local()


def under(name: str, run: Callable[..., T], *words: Any, **more: Any) -> T:
    """Carry a run out, in this thread, as one of those that a name can end."""
    _thread.name = name
    try:
        return run(*words, **more)
    finally:
        del _thread.name


@contextmanager
def stoppable(stop: Stop) -> Iterator[None]:
    """Have what runs meanwhile ended by a call of ``stop``, should its name be."""
    name = getattr(_thread, "name", None)
    if name is None:
        yield
        return
    with _lock:
        _under_way.setdefault(name, []).append(stop)
        late = name in _ended
    if late:
        stop()
    try:
        yield
    finally:
        with _lock:
            _under_way[name].remove(stop)


def end(name: str) -> None:
    """End what runs in this process under a name, and whatever is about to."""
    with _lock:
        _ended.add(name)
        stops = list(_under_way.get(name, ()))
    for stop in stops:
        stop()
