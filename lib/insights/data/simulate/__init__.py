"""A support and moderation operation that never was, whose truth is known.

`build` draws it week by week and writes tidy Parquet tables, and beside them `truth.json` and
`truth/`: what was planted, how large it came out, true satisfaction, and 13 weeks held back.

What it is: simulated; no person, market or platform is described.
One row is: a contact, survey, decision on content, appeal, review, or a day's staffing,
exposure, backlog or users. Timestamps are UTC without a zone; agents are pseudonyms.
Period covered: from Monday 1 January 2024 for as many weeks as asked, and then 13 hidden ones.

Chat is answered like mail here, so nobody abandons it; work on reopened contacts passes by the
queue; decisions by people have drawn, not queued, times. Dirt is laid over clean tables when
asked for; `truth/` stays clean.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from insights.data.simulate import dirt as laying
from insights.data.simulate import tables, write
from insights.data.simulate.anchors import Anchors
from insights.data.simulate.dirt import DIRT
from insights.data.simulate.effects import EFFECTS
from insights.data.simulate.engine import Frames, Operation
from insights.data.simulate.queues import Backlog
from insights.data.simulate.truth import shadows, written
from insights.data.simulate.world import DEMO_SCALE, LABELS, Columns, World, checked
from insights.errors import ParamError

__all__ = ["DEMO_SCALE", "DIRT", "EFFECTS", "Truth", "build"]

RECORD = "truth.json"
OURS = frozenset({RECORD, "truth", *(f"{name}.parquet" for name in tables.SOURCES)})


@dataclass(frozen=True, slots=True)
class Truth:
    """Where a build is and what was planted in it."""

    folder: Path
    record: dict[str, Any]


def build(
    folder: str | Path,
    *,
    scale: float = DEMO_SCALE,
    seed: int = 1,
    weeks: int = 104,
    without: Iterable[str] = (),
    dirt: Iterable[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Truth:
    """Write a simulated operation into a folder; the same arguments give the same tables.

    Parameters
    ----------
    folder
        A folder that does not exist, is empty, or holds an earlier build, which is replaced.
    scale
        1 is about 10,000 contacts a day; the demo's 0.07 about 510,000 in 104 weeks.
    seed
        0 or more.
    weeks
        Weeks in the source tables, 20 or more; an effect that begins later is not planted.
    without
        Names of effects to switch off, E1 to E15.
    dirt
        Kinds of dirt to lay over the tables, D1 to D12, or ``all``; none unless asked for.
    progress
        Called after each week with weeks done and weeks in all.

    Returns
    -------
    Truth
        The folder, and what its ``truth.json`` holds.

    Raises
    ------
    ParamError
        An argument cannot be, or the folder holds something else.
    """
    world = checked(
        scale=scale, seed=seed, weeks=weeks, without=tuple(without), known=tuple(EFFECTS)
    )
    kinds = laying.require(dirt)
    place = Path(folder)
    _require_free(place)
    part = _beside(place)
    try:
        record = _played(world, part, progress or (lambda done, of: None))
        if kinds:
            record["dirt"] = laying.lay(part, world, kinds)
        (part / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        if place.exists():
            shutil.rmtree(place)
        part.rename(place)
    except OSError as error:
        raise ParamError(f"{place} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Truth(place, record)


def _beside(place: Path) -> Path:
    """Make a folder of its own beside the one asked for, to be moved there once it is whole."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        part.chmod(0o755)  # mkdtemp gives 700; a build is as readable as any other folder
    except OSError as error:
        raise ParamError(f"{place} cannot be written: {error.strerror or error}.") from error
    return part


def _require_free(place: Path) -> None:
    """Refuse a folder that holds anything but an earlier build."""
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        raise ParamError(f"{place} is not a folder; name one that is empty or not there yet.")
    if not place.exists():
        return
    found = {entry.name for entry in place.iterdir()}
    if found and not (RECORD in found and found <= OURS and _is_build(place / RECORD)):
        raise ParamError(
            f"{place} holds something other than an earlier build; name a folder that is empty "
            "or not there yet."
        )


def _is_build(path: Path) -> bool:
    """Say whether a truth.json is one of ours."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("made_by") == __name__


def _played(world: World, folder: Path, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Play every week, write its rows, and return the truth of it."""
    operation = Operation(world)
    state, capacity = operation.opened(), operation.capacity(world.effects)
    followers = shadows(operation)
    keys = {
        "agent": operation.people.agent_keys,
        "moderator": operation.people.moderator_key.ravel(),
    }
    sinks = write.Sinks(folder, keys)
    backlog, anchors, worst = Backlog(world.days), Anchors(), _Worst()
    for week in range(world.all_weeks):
        for shadow in followers:
            if week == shadow.first:
                shadow.fork(state, worst.markets())
        draws = operation.draw(week, state)
        frames = operation.support(draws, world.effects, state, capacity)
        frames |= operation.safety(draws, world.effects, state)
        for shadow in followers:
            if shadow.wants(week):
                shadow.play(draws, frames)
        if week < world.weeks:
            anchors.add(frames)
        worst.add(week, frames)
        backlog.add(frames["contacts"])
        _write_week(world, frames, sinks)
        progress(week + 1, world.all_weeks)
    for name, rows in (
        ("staffing", tables.staffing(capacity, world.days)),
        ("backlog", tables.backlog(backlog, world.days)),
        ("users", tables.users(world)),
    ):
        _write(world, name, rows, sinks)
    sinks.close()
    return written(world, followers, anchors.record(), anchors.seen())


def _write_week(world: World, frames: Frames, sinks: write.Sinks) -> None:
    """Put a week's rows where they belong: what had come to be by the cut, and the rest."""
    for name in (*tables.WEEKLY, "qa", "exposure"):
        rows = tables.of_week(name, frames, world.cut)
        early = tables.known_at(name, rows) < world.cut
        sinks.seen[name].add(tables.chosen(rows, early))
        if not early.all():
            rows = tables.of_week(name, frames, float("inf"))
            sinks.hidden[name].add(tables.chosen(rows, ~early))
    contacts = frames["contacts"]
    surveyed = np.isin(contacts["id"], frames["surveys"]["id"])
    sinks.hidden["csat"].add(tables.csat(contacts, surveyed))


def _write(world: World, name: str, rows: Columns, sinks: write.Sinks) -> None:
    """Put the rows of a table that is made at once where they belong."""
    early = tables.known_at(name, rows) < world.cut
    sinks.seen[name].add(tables.chosen(rows, early))
    sinks.hidden[name].add(tables.chosen(rows, ~early))


class _Worst:
    """The three markets with the lowest raw CSAT in the weeks before E6 chooses them."""

    def __init__(self) -> None:
        first = EFFECTS["E6"].first_week
        self.weeks = range(first - 4, first)
        self.sums = np.zeros((2, len(LABELS["market"])))

    def add(self, week: int, frames: Frames) -> None:
        """Add surveys answered in the four weeks."""
        rows = frames["surveys"]
        first, end = (number * 7 * 86_400.0 for number in (self.weeks[0], self.weeks[-1] + 1))
        if week >= self.weeks[0] - 8 and week < self.weeks[-1] + 1:
            here = (rows["responded"] >= first) & (rows["responded"] < end)
            size = self.sums.shape[1]
            good = here & (rows["score"] >= 4)
            self.sums[0] += np.bincount(rows["market"][good], minlength=size)
            self.sums[1] += np.bincount(rows["market"][here], minlength=size)

    def markets(self) -> tuple[str, ...]:
        """Return the three, in the order of the market list."""
        level = self.sums[0] / np.maximum(self.sums[1], 1)
        return tuple(LABELS["market"][number] for number in sorted(np.argsort(level)[:3]))
