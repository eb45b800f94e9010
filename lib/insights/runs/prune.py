"""Which runs may go? Old ones beyond what is kept, and never one that a page rests on."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from insights.runs import catalog, staging
from insights.runs.manifest import PUBLISHED, Manifest


@dataclass(frozen=True, slots=True)
class Rule:
    """What stays: so many runs a readout that were published and so many that were not."""

    keep: int = 10
    older_than: timedelta | None = None  # younger runs stay however many they are


@dataclass(frozen=True, slots=True)
class Old:
    """A run that may go, or went."""

    pack: str
    readout: str
    run_id: str
    started_at: str
    octets: int

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def look(out: Path, pack: str, rule: Rule, now: datetime) -> list[Old]:
    """Return the runs of a pack that may go, oldest first in each readout.

    The run whose page stands stays, and so does the newest that was published at all; what
    cannot be read stays too, for nobody can say what it is.
    """
    return [
        old
        for home in sorted((out / pack).glob("*/runs"))
        for old in _of(home.parent, rule, now)
    ]


def remove(out: Path, pack: str, rule: Rule, now: datetime) -> list[Old]:
    """Remove the runs of a pack that may go; each goes at once and whole.

    Other commands may run meanwhile. A run is renamed aside first, so that nobody ever sees a
    half of one; what a command that was killed left aside, the next one removes.

    Raises
    ------
    OSError
        The disk would not have it; what is removed by then is removed whole.
    """
    if not (out / pack).is_dir():
        return []
    staging.remove_stale(out)
    with ExitStack() as aside, staging.held(out / pack):
        gone = look(out, pack, rule, now)
        if not gone:
            return []
        place = _aside(aside, out, gone[0])
        for n, old in enumerate(gone):
            if (run := _folder(out, old)).exists():
                os.rename(run, place / str(n))
        for runs in {_folder(out, old).parent for old in gone}:
            staging.sync_folder(runs)
    return gone


def _aside(stack: ExitStack, out: Path, first: Old) -> Path:
    """Return a folder for what goes; a disk too full for it is given the first run's room."""
    name = f"prune-{os.getpid()}-{time.monotonic_ns()}"
    try:
        return stack.enter_context(staging.folder(out, name))
    except OSError as full:
        if full.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
    (_folder(out, first) / catalog.MANIFEST).unlink()  # by this it is no run any more
    shutil.rmtree(_folder(out, first))
    return stack.enter_context(staging.folder(out, name))


def _of(home: Path, rule: Rule, now: datetime) -> Iterator[Old]:
    """Yield the runs of one readout that may go, oldest first."""
    runs = list(catalog.newest_first(home))
    published = [run for run in runs if run["status"] in PUBLISHED]
    others = [run for run in runs if run["status"] not in PUBLISHED]
    kept = [*published[: rule.keep], *others[: rule.keep], *published[:1]]
    shown = catalog.last_published(home)
    stay = {run["run_id"] for run in [*kept, *([shown] if shown else [])]}
    for run in reversed(runs):
        if run["run_id"] not in stay and _is_old(run, rule, now):
            yield Old(
                run["pack"],
                run["readout"],
                run["run_id"],
                run["started_at"],
                _octets(home / "runs" / run["run_id"]),
            )


def _is_old(run: Manifest, rule: Rule, now: datetime) -> bool:
    age = now - datetime.fromisoformat(run["started_at"])
    return rule.older_than is None or age > rule.older_than


def _folder(out: Path, old: Old) -> Path:
    return out / old.pack / old.readout / "runs" / old.run_id


def _octets(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())
