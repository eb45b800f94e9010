"""Where is a run built? Aside, in a locked folder: what a dead command left can be told."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BUILDING = ".building"


@contextmanager
def folder(out: Path, name: str) -> Iterator[Path]:
    """Yield a new locked folder on the outputs' own disk; it is gone afterwards, always."""
    place = out / BUILDING / name
    handle = _locked(place)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(handle)


def remove_stale(out: Path) -> list[str]:
    """Remove what commands that are gone left behind; return the names removed."""
    removed = []
    for place in sorted((out / BUILDING).glob("*")):
        try:
            handle = os.open(place, os.O_RDONLY)
        except FileNotFoundError:  # its owner was faster
            continue
        try:
            if _lock(handle) is True:
                shutil.rmtree(place, ignore_errors=True)
                removed.append(place.name)
        finally:
            os.close(handle)
    return removed


def _locked(place: Path, attempts: int = 5) -> int:
    """Make a folder and lock it; again where another command took it for stale in between."""
    for _ in range(attempts):
        place.mkdir(parents=True)
        handle = os.open(place, os.O_RDONLY)
        if _lock(handle) is not False and place.exists():
            return handle
        os.close(handle)
        time.sleep(0.1)
    raise FileExistsError(f"{place} is in use")


def _lock(handle: int) -> bool | None:
    """Lock a folder for as long as this process lives.

    Returns False where another process has it, and None on a disk that knows no locks:
    nothing there is ever taken for stale.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextmanager
def held(place: Path) -> Iterator[None]:
    """Keep other commands from changing the pages below a folder; waits until they have.

    A disk that knows no locks keeps nobody away: there each file is still replaced whole.
    """
    handle = os.open(place, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):  # closing is not enough: a forked process may have it open too
            fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def write(path: Path, content: str | bytes) -> None:
    """Write a file so that it is on the disk, whole, or an error says that it is not."""
    data = content.encode() if isinstance(content, str) else content
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Make renames in a folder last through a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(path: Path, content: str | bytes, aside: Path) -> None:
    """Replace a file in one step; the new content is written in the folder ``aside`` first."""
    fresh = aside / f"{path.name}.new"
    write(fresh, content)
    os.replace(fresh, path)
    sync_folder(path.parent)
