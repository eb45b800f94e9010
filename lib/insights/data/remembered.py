"""What need not be found out twice: kept where one process forks many readouts, or not at all.

A readout forked by `runs` starts with what the readouts before it have found out, and hands on
what it adds. Everywhere else every question is asked anew. A key holds all that an answer rests
on; of data that is the files' names, sizes and dates, so it must not outlive a command.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
LARGEST = 128 * 2**20  # bytes that one readout may hand on

_held: dict[Hashable, Any] = {}
_new: dict[Hashable, Any] = {}
_kept = False


def keep() -> None:
    """Begin to keep answers in this process and in those that it forks."""
    global _kept
    _kept = True


def once(key: Hashable | None, make: Callable[[], T]) -> T:
    """Return the answer kept by a key, or make it; None as a key keeps nothing."""
    if not _kept or key is None:
        return make()
    if key not in _held:
        _held[key] = _new[key] = make()
    known: T = _held[key]
    return known


def keeps() -> bool:
    """Tell whether answers are kept in this process."""
    return _kept


def news() -> bytes:
    """Return what this process has added, to be handed on, up to what is too much."""
    made, size = [], 0
    for item in _new.items():
        made.append(pickle.dumps(item))
        size += len(made[-1])
        if size > LARGEST:
            made.pop()
            break
    return pickle.dumps(made)


def learn(told: bytes) -> None:
    """Take what another process has added."""
    _held.update(pickle.loads(item) for item in pickle.loads(told))
