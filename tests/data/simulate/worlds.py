"""Weeks of a world played twice, with an effect and without it, and what differs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from insights.data.simulate.effects import EFFECTS
from insights.data.simulate.engine import Frames, Operation
from insights.data.simulate.world import LABELS, Columns, World, joined

SCALE, SEED = 0.02, 7
ALL = frozenset(EFFECTS)


def play(on: frozenset[str], weeks: Iterable[int]) -> Frames:
    """Return all frames of these weeks, which start with empty queues."""
    operation = Operation(World(SCALE, SEED, 104, on))
    state, capacity = operation.opened(), operation.capacity(on)
    found: dict[str, list[Columns]] = {}
    for week in weeks:
        draws = operation.draw(week, state)
        frames = operation.support(draws, on, state, capacity) | operation.safety(
            draws, on, state
        )
        for name, rows in frames.items():
            found.setdefault(name, []).append(rows)
    return {name: joined(parts) for name, parts in found.items()}


def differences(effect: str, weeks: Iterable[int]) -> dict[str, pd.DataFrame]:
    """Return for each frame the rows that one effect adds, removes or changes.

    Columns: those of the frame as with the effect (as without it where it removes the row),
    `what` (added, removed or changed) and `columns`, the names of what changed.
    """
    weeks = list(weeks)
    first, second = play(ALL, weeks), play(ALL - {effect}, weeks)
    return {name: _differ(name, first[name], second[name]) for name in first}


def _differ(name: str, first: Columns, second: Columns) -> pd.DataFrame:
    key = "id" if "id" in first else "row"
    one, two = (pd.DataFrame(rows) for rows in (first, second))
    if key == "row":
        one["row"], two["row"] = range(len(one)), range(len(two))
    one, two = one.set_index(key), two.set_index(key)
    assert one.index.is_unique and two.index.is_unique, name
    both = one.index.intersection(two.index, sort=False)
    a, b = one.loc[both], two.loc[both]
    unlike = (a != b) & ~(a.isna() & b.isna())
    changed = a[unlike.any(axis=1)].assign(what="changed")
    changed["columns"] = [
        tuple(unlike.columns[row]) for row in unlike[unlike.any(axis=1)].to_numpy()
    ]
    added = one.drop(both).assign(what="added", columns=[()] * (len(one) - len(both)))
    removed = two.drop(both).assign(what="removed", columns=[()] * (len(two) - len(both)))
    return pd.concat([part for part in (changed, added, removed) if len(part)] or [changed])


def named(rows: pd.DataFrame, column: str) -> set[str]:
    """Return the words that the codes of a column stand for."""
    return {LABELS[column][code] for code in np.unique(rows[column])}


def columns(rows: pd.DataFrame) -> set[str]:
    """Return every column that changed in some row."""
    return {name for names in rows["columns"] for name in names}


def weeks_of(rows: pd.DataFrame, clock: str) -> set[int]:
    """Return the weeks of a time column."""
    return {int(week) for week in np.unique(rows[clock] // (7 * 86_400))}
