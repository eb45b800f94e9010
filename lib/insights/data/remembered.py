"""What need not be found out twice: kept where one process forks many readouts, or not at all.

A readout forked by `runs` starts with what those before it have found out. Beside it others may
be at work: what one of them is finding out the others wait for, and read. Everywhere else every
question is asked anew. A key holds all that an answer rests on; of data that is the files'
names, sizes and dates, so it must not outlive a command.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
from collections.abc import Callable, Hashable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
LARGEST = 256 * 2**20  # bytes of answers that are handed on
ANSWER, LOCK, PART = ".answer", ".lock", ".part"

_held: dict[Hashable, Any] = {}
_kept = False
_folder: Path | None = None  # where readouts that are at work leave answers for each other
_read: dict[str, int] = {}  # files of it that this process has read, with their sizes


def keep(folder: Path | None = None) -> None:
    """Begin to keep answers in this process, and with a folder in those that it forks."""
    global _kept, _folder
    _kept, _folder = True, folder


def once(key: Hashable | None, make: Callable[[], T]) -> T:
    """Return the answer kept by a key, or make it; None as a key keeps nothing."""
    if not _kept or key is None:
        return make()
    if key not in _held:
        shared = _folder is not None and sum(_read.values()) < LARGEST
        _held[key] = _together(key, make) if shared else make()
    known: T = _held[key]
    return known


def keeps() -> bool:
    """Tell whether answers are kept in this process."""
    return _kept


def told() -> bytes:
    """Return all that this process holds, for another to ``learn``."""
    return pickle.dumps(_held)


def learn(answers: bytes) -> None:
    """Take what another process holds."""
    _held.update(pickle.loads(answers))


def gather() -> None:
    """Take what those that this process forked have left in the folder since the last time."""
    assert _folder is not None
    for file in sorted(_folder.glob(f"*{ANSWER}")):
        if file.name in _read or sum(_read.values()) >= LARGEST:
            continue
        content = file.read_bytes()
        _read[file.name] = len(content)
        key, answer = pickle.loads(content)
        _held[key] = answer


def _together(key: Hashable, make: Callable[[], T]) -> T:
    """Make an answer while others that want it wait, or wait for the one that makes it."""
    assert _folder is not None
    name = _folder / hashlib.sha256(repr(key).encode()).hexdigest()
    file, part = name.with_suffix(ANSWER), name.with_suffix(f".{os.getpid()}{PART}")
    with ExitStack() as stack:
        with suppress(OSError):  # where the disk is full each asks for itself
            lock = stack.enter_context(open(name.with_suffix(LOCK), "w"))
            fcntl.flock(lock, fcntl.LOCK_EX)  # it ends with whoever holds it, however that ends
        if file.exists():
            other, answer = pickle.loads(file.read_bytes())
            if other == key:
                known: T = answer
                return known
        made = make()
        with suppress(OSError):
            part.write_bytes(pickle.dumps((key, made)))
            part.replace(file)
    return made
