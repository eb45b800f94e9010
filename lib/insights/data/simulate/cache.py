"""Where is the demo's operation? Built once a version of the simulator, then found again."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

from insights.data import simulate
from insights.errors import ParamError

KEPT = 3  # builds of other versions that stay, the newest ones


@cache
def version() -> str:
    """Return a hash of everything that decides what the demo holds: the simulator's code."""
    total = hashlib.sha256(repr(simulate.DEMO_SCALE).encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        if module.name != Path(__file__).name:
            total.update(module.read_bytes())
    return total.hexdigest()[:16]


def place() -> Path:
    """Return the folder of the demo's tables, whether or not it is there."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "insights" / version()


def is_built() -> bool:
    """Tell whether the demo is there."""
    return (place() / simulate.RECORD).is_file()


def demo(progress: Callable[[int, int], None] | None = None) -> Path:
    """Return the folder of the demo's tables; build them where they are not there yet.

    Two that ask at once wait for one build. A build shows only when it is whole.

    Raises
    ------
    ParamError
        The cache cannot be written.
    """
    folder = place()
    if is_built():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / f".{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_built():
                simulate.build(folder, progress=progress)
                _forget(folder)
    except OSError as error:
        raise ParamError(
            f"the simulated demo cannot be kept in {folder.parent}: {error.strerror or error}. "
            "Set XDG_CACHE_HOME to a folder that can be written."
        ) from error
    return folder


def _forget(current: Path) -> None:
    """Remove the builds of older versions, but for the newest few."""
    others = [
        record.parent
        for record in current.parent.glob(f"*/{simulate.RECORD}")
        if record.parent != current
    ]
    others.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in others[KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
