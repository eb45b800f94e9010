"""Check a history and lay it out: a line a series, a column a period, newest at the right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights import wording
from insights.errors import ContractError, MethodError, ParamError, some
from insights.methods.forecasts.clock import STAMP, Clock, Dates, clock

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

POLICIES = ("interpolate", "zero")
SAME_STEPS = 6  # equal steps in a row that are not one period: another frequency
EMPTY = 0.5  # share of missing periods above which the frequency is doubted
ENOUGH = 12.0  # values expected in a slot that never has one, without which it is not closed


@dataclass(frozen=True, slots=True)
class Panel:
    """Many series that end in the last column; left of ``first`` a series is not there yet."""

    ids: list[object]
    clock: Clock
    y: Floats  # NaN where not known
    last: Ints  # position of the last column, by series
    first: Ints  # column of the first row, by series
    shut: Bools  # (series, slots of the longest cycle) closed: no value is expected
    notes: list[str] = field(default_factory=list)

    @property
    def position(self) -> Ints:
        """Position of every cell."""
        return self.last[:, None] - np.arange(self.y.shape[1])[::-1]

    @property
    def exists(self) -> Bools:
        """Which cells lie within a series."""
        return np.asarray(np.arange(self.y.shape[1]) >= self.first[:, None])

    def ahead(self, horizon: int) -> Ints:
        """Positions that are forecast."""
        return self.last[:, None] + np.arange(1, horizon + 1)

    def closed(self, at: Ints) -> Bools:
        """Say which positions are closed."""
        return np.take_along_axis(self.shut, at % self.shut.shape[1], axis=1)


def read(
    history: pd.DataFrame,
    *,
    freq: str,
    missing: str | Mapping[object, str],
    now: pd.Timestamp | str | None,
) -> Panel:
    """Check a history and lay it out."""
    rows = _contract(history, now)
    when = rows["ds"].to_numpy(dtype=STAMP)
    ticks = clock(freq, when)
    off = ticks.off(when)
    if off.any():
        found = some(_date(d) for d in np.unique(when[off]))
        raise ContractError(
            f"forecast: {int(off.sum())} of {len(rows)} dates do not fit freq '{freq}': "
            f"{found}. Give one row a period, dated as freq says, or another freq."
        )
    code, ids = pd.factorize(rows["unique_id"], sort=True)
    position = ticks.position(when)
    zero = _zeros(missing, list(ids))
    _far(code, position, when, list(ids), zero)
    panel, given = _laid(code, position, rows["y"], ids, ticks)
    y = np.where(zero[:, None] & panel.exists & ~given, 0.0, panel.y)
    panel = _shut(replace(panel, y=y))
    _steady(panel, given, zero)
    _gaps(panel)
    return panel


def _far(code: Ints, position: Ints, when: Dates, ids: list[object], zero: Bools) -> None:
    """Refuse series whose last rows lie further ahead than they are many: a mistyped date."""
    order = np.lexsort([position, code])
    code, position, when = code[order], position[order], when[order]
    count = np.bincount(code)
    after = np.cumsum(count)[code[1:]] - np.arange(1, len(code))
    jump = (np.diff(position) > count[code[1:]]) & (code[1:] == code[:-1]) & (after <= 3)
    found = {int(c): d for c, d in zip(code[1:][jump], when[1:][jump], strict=True)}
    far = [f"{ids[c]} ({_date(d)})" for c, d in found.items() if not zero[c]]
    if far:
        raise ContractError(
            f"forecast: {_count(far, ids)} after a gap longer than all rows before it: "
            f"{some(far)}. Correct the date, or drop the row."
        )


def _laid(
    code: Ints, position: Ints, value: pd.Series, ids: pd.Index, ticks: Clock
) -> tuple[Panel, Bools]:
    """Lay checked rows out, and say which cells have one."""
    last = np.full(len(ids), position.min())
    np.maximum.at(last, code, position)
    begin = np.full(len(ids), position.max())
    np.minimum.at(begin, code, position)
    width = int((last - begin).max()) + 1
    y, given = np.full((len(ids), width), np.nan), np.zeros((len(ids), width), dtype=bool)
    cell = (code, width - 1 - (last[code] - position))
    y[cell], given[cell] = value.to_numpy(dtype=float, na_value=np.nan), True
    empty = ~np.isfinite(y).any(axis=1)
    if empty.any():
        raise MethodError(
            f"forecast: {_these(ids[empty], len(ids))} without a value. "
            "Leave them out, or give their values."
        )
    first = width - 1 - (last - begin)
    none = np.zeros((len(ids), 1), dtype=bool)
    return Panel(list(ids), ticks, y, last, first, none), given


def _contract(history: pd.DataFrame, now: pd.Timestamp | str | None) -> pd.DataFrame:
    """Return the three columns, or say what is wrong with them."""
    wanted = ["unique_id", "ds", "y"]
    if lacking := [c for c in wanted if c not in history.columns]:
        raise ContractError(
            f"forecast: columns lack: {some(lacking)}. Give unique_id, ds and y."
        )
    if not len(history):
        raise MethodError("forecast: no rows. Give at least one series.")
    rows = history[wanted].reset_index(drop=True)
    if not pd.api.types.is_datetime64_dtype(rows["ds"]) or rows["ds"].isna().any():
        raise ContractError(
            "forecast: ds is not all dates. Give datetime64 without a time zone."
        )
    if not pd.api.types.is_numeric_dtype(rows["y"]):
        text = rows["y"].map(lambda v: isinstance(v, str))
        found = f" in {int(text.sum())} of {len(rows)} rows: {some(rows['y'][text].map(repr))}"
        raise ContractError(
            f"forecast: y is not a number{found if text.any() else ''}. "
            "Give numbers, and NaN for what is not known."
        )
    twice = rows.duplicated(["unique_id", "ds"])
    infinite = np.isinf(rows["y"].to_numpy(dtype=float, na_value=np.nan))
    late = np.zeros(len(rows), dtype=bool)
    if now is not None:
        late = (rows["ds"] > pd.Timestamp(now)).to_numpy(dtype=bool)
    faults = [
        f"{int(np.sum(bad))} {text}: {some(_cells(rows[bad]))}"
        for bad, text in (
            (rows["unique_id"].isna(), "rows without a unique_id. Name each"),
            (infinite, "infinite values. Write a gap as NaN"),
            (twice, "(unique_id, ds) that come twice. Sum or drop one"),
            (late, f"rows after now ({now}). Correct their dates or drop them"),
        )
        if np.any(bad)
    ]
    if faults:
        raise ContractError(f"forecast: {'. '.join(faults)}.")
    return rows


def _zeros(missing: str | Mapping[object, str], ids: list[object]) -> Bools:
    """Say for which series a missing date is a zero."""
    policy = (
        [missing] * len(ids)
        if isinstance(missing, str)
        else [missing.get(name, "interpolate") for name in ids]
    )
    if wrong := sorted({str(p) for p in policy if p not in POLICIES}):
        raise ParamError(
            f"forecast: missing is {some(map(repr, wrong))}. Give 'interpolate' or 'zero'."
        )
    return np.array([p == "zero" for p in policy])


def _shut(panel: Panel) -> Panel:
    """Find the slots of a cycle, weekdays or hours of a week, in which a series is closed.

    Such a slot never has a value in the last 26 cycles, at least four, though at least
    ``ENOUGH`` would be expected, or it is never given where the others are in 8 of 10 cycles.
    """
    size = panel.clock.season
    if size == 1 or panel.clock.noun not in ("hour", "day", "business day"):
        return panel
    shut = np.zeros((len(panel.ids), size), dtype=bool)
    slot, recent = panel.position % size, np.arange(panel.y.shape[1])[::-1] < 26 * size
    cells = panel.exists & recent
    if not (cells.sum(axis=1) >= 4 * size).any():
        return panel
    known, value = cells & np.isfinite(panel.y), np.where(np.isfinite(panel.y), panel.y, 0.0)
    busy = np.where(cells, np.abs(value), 0.0)
    mean = busy.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    part = np.zeros_like(shut)
    given = np.stack([(known & (slot == one)).any(axis=1) for one in range(size)], axis=1)
    ever = cells & np.take_along_axis(given, slot, axis=1)
    for one in range(size):
        here = cells & (slot == one)
        rounds = here.sum(axis=1)
        rest = (known & ~here).sum(axis=1) / np.maximum((ever & ~here).sum(axis=1), 1)
        never = ~given[:, one] & (rest >= 0.8)
        silent = np.where(here, busy, 0.0).sum(axis=1) == 0
        rest = (known & ~here).sum(axis=1) / np.maximum((cells & ~here).sum(axis=1), 1)
        sure = never | (rounds * mean >= ENOUGH)
        part[:, one] = never & silent & (rounds >= 4)
        shut[:, one] = silent & sure & (rounds >= 4) & (mean > 0)
    shut &= (part.mean(axis=1) <= EMPTY)[:, None]  # else it is another frequency
    said = shut.any(axis=1)
    if said.any():
        names = [f"{panel.ids[i]} ({_slots(shut[i])})" for i in np.flatnonzero(said)]
        panel.notes.append(
            f"{wording.count(int(said.sum()), 'series', 'series')} closed in part of each "
            f"week, forecast as 0 there: {some(names)}."
        )
    inside = np.take_along_axis(shut, slot, axis=1)
    y = np.where(inside & panel.exists, np.nan, panel.y)
    return replace(panel, y=y, shut=shut)


def _slots(shut: Bools) -> str:
    """Name the closed slots of one series."""
    if len(shut) != 7:
        return (
            wording.count(int(shut.sum()), "hour" if len(shut) == 168 else "slot") + " a week"
        )
    names = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")  # 1970 began on a Thursday
    return wording.listing([names[i] for i in (4, 5, 6, 0, 1, 2, 3) if shut[i]])


def _steady(panel: Panel, given: Bools, zero: Bools) -> None:
    """Refuse series that follow another frequency."""
    mixed = []
    lacking = panel.exists & ~panel.closed(panel.position) & ~given
    share = lacking.sum(axis=1) / np.maximum((lacking | given).sum(axis=1), 1)
    for i in np.flatnonzero(lacking.any(axis=1) & ~zero):
        steps = np.diff(np.flatnonzero(given[i]))
        if share[i] > EMPTY or _repeats(steps):
            mixed.append(f"{panel.ids[i]} (steps of {int(np.median(steps[steps > 1]))})")
    if mixed:
        raise ContractError(
            f"forecast: {_count(mixed, panel.ids)} of another or a mixed frequency than "
            f"'{panel.clock.freq}': {some(mixed)}. Give one frequency a call, or "
            "missing='zero' where a missing date is a zero."
        )


def _repeats(steps: Ints) -> bool:
    """Say whether some step other than one period comes many times in a row."""
    edges = np.flatnonzero(np.diff(steps)) + 1
    return any(
        len(run) >= SAME_STEPS and run[0] > 1 for run in np.split(steps, edges) if len(run)
    )


def _gaps(panel: Panel) -> None:
    """Note which series lack values."""
    lacking = panel.exists & ~np.isfinite(panel.y) & ~panel.closed(panel.position)
    many = lacking.sum(axis=1)
    if many.any():
        names = [f"{panel.ids[i]} ({many[i]})" for i in np.flatnonzero(many)]
        verb = "lacks" if len(names) == 1 else "lack"
        panel.notes.append(
            f"{wording.count(len(names), 'series', 'series')} {verb} {panel.clock.noun}s, "
            f"filled in from the same part of neighbouring seasons: {some(names)}."
        )


def _count(found: list[str], ids: list[object]) -> str:
    return f"{len(found)} of {len(ids)} series {'is' if len(found) == 1 else 'are'}"


def _these(names: pd.Index, total: int) -> str:
    verb = "is" if len(names) == 1 else "are"
    return f"{len(names)} of {total} series ({some(names)}) {verb}"


def _cells(rows: pd.DataFrame) -> list[str]:
    return [f"{u} {_date(d)}" for u, d in zip(rows["unique_id"], rows["ds"], strict=True)]


def _date(when: np.datetime64 | pd.Timestamp) -> str:
    stamp = pd.Timestamp(when)
    return f"{stamp:%Y-%m-%d}" if stamp == stamp.normalize() else f"{stamp:%Y-%m-%d %H:%M}"
