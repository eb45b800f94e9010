"""Gate on clocks: weeks in which the hours of a part are those of another time zone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights import wording
from insights.data.quality import spread as spreading
from insights.data.quality.findings import Finding
from insights.data.quality.looking import Facts, Look, said_span
from insights.data.quality.spread import HOURS, Spread

Array = npt.NDArray[np.floating]
RISK = 1e-3  # of a false alarm anywhere in a table, were its hours always the same
TURNS = 4  # in which the usual weeks are found
FIT_EASE = 2.0  # by which a moved week may fit worse than the usual ones do
MISFIT = 49.7  # chi-square with 23 degrees of freedom, p = .001
WEEK_DAYS = 7
SPIKED = 0.9  # a share of rows in one hour: the clock tells no time of day
GATE = "mixed time zones"


@dataclass(frozen=True, slots=True)
class Moved:
    """A stretch of weeks in which a part's hours are so many hours later than usual."""

    dimension: str
    value: str
    hours: int
    first: pd.Timestamp
    last: pd.Timestamp
    rows: int
    gain: float  # in log likelihood
    seasonal: bool  # from one change of the clocks to the next


def findings(look: Look, facts: Facts) -> list[Finding]:
    """Return the stretches in which rows by this clock read as local time of elsewhere."""
    table, moved = spreading.root(look), list[Moved]()
    if not look.source.tables[table].schema()[look.metric.clock].is_timestamp():
        return []
    for dimension in look.metric.dimensions or [""]:
        key = ("zones", table, look.metric.clock, dimension)
        spread = spreading.of(look, dimension, facts)
        moved += facts.anywhere(key, partial(stretches, spread, dimension))
    last = pd.Timestamp(look.end) if look.end else pd.Timestamp.max
    moved = [
        one
        for one in _most_specific(moved)
        if one.first <= last and look.where.get(one.dimension, one.value) == one.value
    ]
    found = []
    if wrong := [one for one in moved if not one.seasonal]:
        text = (
            f"{'; '.join(map(_said, wrong))}: local time among {look.source.pack.info.timezone}"
        )
        text += ". Mend the stamps, or read that part as a table with its own timezone"
        found.append(look.finding(GATE, text, _days(wrong, last)))
    if clocks := [one for one in moved if one.seasonal]:
        text = f"{'; '.join(map(_said, clocks[:3]))}: the users' clocks change, these do not"
        text += ". Say the timezone of the users in pack.yaml, and of the stamps in source.yaml"
        found.append(look.finding(GATE, text, _days(clocks, last), "warn"))
    return found


def _days(moved: list[Moved], last: pd.Timestamp) -> list[pd.Timestamp]:
    days = [day for one in moved for day in pd.date_range(one.first, one.last)]
    return [day for day in days if day <= last]


def stretches(spread: Spread, dimension: str) -> list[Moved]:
    """Return the stretches of a dimension's values whose hours are moved.

    A stretch of weeks is named where the part's usual hours, moved by a whole number, explain
    its rows far better than as they are (the risk of one false alarm in all stretches, values
    and hours is 1 in 1,000) *and* explain them about as well as the usual hours explain other
    weeks: a night of trouble does not land on the usual day moved.
    """
    weeks = len(spread.weeks)
    evidence = float(np.log(max(1, len(spread.names) * weeks**2 * (HOURS - 1)) / RISK))
    found = []
    for value, counts in zip(spread.names, spread.counts, strict=True):
        shift, gain = _shifts(counts, evidence)
        for held in _runs(shift):
            first, last = spread.weeks[held][0], spread.weeks[held][-1] + pd.Timedelta(days=6)
            hours = int(shift[held][0])
            n, more = int(counts[held].sum()), float(gain[held].sum())
            seasonal = _turns(first, spread.weeks[0]) and _turns(last, spread.weeks[-1])
            found.append(Moved(dimension, value, hours, first, last, n, more, seasonal))
    return found


def _turns(day: pd.Timestamp, end: pd.Timestamp) -> bool:
    """Tell whether clocks change about a day, in Europe or North America, or data end there."""
    for month, nth in ((3, 2), (3, -1), (10, -1), (11, 1)):
        first = pd.Timestamp(day.year, month, 1)
        sundays = pd.date_range(first, first + pd.offsets.MonthEnd(0), freq="W-SUN")
        change = sundays[nth - 1 if nth > 0 else nth]
        if abs((day - change).days) <= WEEK_DAYS:
            return True
    return abs((day - end).days) <= WEEK_DAYS


def _shifts(counts: Array, evidence: float) -> tuple[npt.NDArray[np.int64], Array]:
    """Return by how many hours each week is moved, and what that explains more.

    It is 0 where a week is as usual or cannot be told. The usual hours are those of the weeks
    that are not moved, so they are found in turns.
    """
    shift = np.zeros(len(counts), dtype=np.int64)
    for _ in range(TURNS):
        base = counts[shift == 0].sum(axis=0) + 0.5
        if (shift != 0).all() or base.max() > SPIKED * base.sum():
            return np.zeros(len(counts), dtype=np.int64), np.zeros(len(counts))
        share = base / base.sum()
        moved = np.stack([np.roll(share, hours) for hours in range(HOURS)])
        fit = counts @ np.log(moved).T
        path = _path(fit, evidence / 2)
        path = (path - np.bincount(path).argmax()) % HOURS  # most weeks are as usual
        if (path == shift).all():
            break
        shift = path
    usual = _misfit(counts[shift == 0], share)
    ease = FIT_EASE * float(np.quantile(usual, 0.95)) if len(usual) else 0.0
    for held in _runs(shift):
        if np.median(_misfit(counts[held], moved[shift[held][0]])) > max(MISFIT, ease):
            shift[held] = 0
    gain = fit[np.arange(len(fit)), shift] - fit[:, 0]
    return np.where(shift > HOURS / 2, shift - HOURS, shift), gain


def _path(fit: Array, cost: float) -> npt.NDArray[np.int64]:
    """Return the likeliest shift of each week, where every change of it costs as much.

    Notes
    -----
    Viterbi (1967), IEEE Trans. Inf. Theory 13(2): 260-269.
    """
    total = np.where(np.arange(fit.shape[1]) == 0, fit[0], fit[0] - cost)
    came = np.zeros(fit.shape, dtype=np.int64)
    for week in range(1, len(fit)):
        best = int(total.argmax())
        stay = total >= total[best] - cost
        came[week] = np.where(stay, np.arange(fit.shape[1]), best)
        total = np.where(stay, total, total[best] - cost) + fit[week]
    path = np.zeros(len(fit), dtype=np.int64)
    path[-1] = int(np.where(np.arange(len(total)) == 0, total + cost, total).argmax())
    for week in range(len(fit) - 1, 0, -1):
        path[week - 1] = came[week, path[week]]
    return path


def _runs(shift: npt.NDArray[np.int64]) -> list[npt.NDArray[np.bool_]]:
    """Return which weeks each stretch of one shift holds."""
    run = np.cumsum(np.r_[True, shift[1:] != shift[:-1]])
    return [run == number for number in np.unique(run[shift != 0])]


def _misfit(counts: Array, shares: Array) -> Array:
    """Return the deviance of each week from shares."""
    expected = shares * counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(counts > 0, counts * np.log(counts / expected), 0.0)
    return np.asarray(2 * parts.sum(axis=1))


def _most_specific(moved: list[Moved]) -> list[Moved]:
    """Return, of stretches that overlap, those of the dimension that tells them apart best.

    Where one market is moved, so is, in part, its language: the dimension whose stretches
    explain most is where the fault is.
    """
    kept: list[Moved] = []
    dims = {m.dimension: [k for k in moved if k.dimension == m.dimension] for m in moved}
    for dimension in sorted(dims, key=lambda d: -sum(k.gain for k in dims[d])):
        new = [
            one
            for one in dims[dimension]
            if not any(k.first <= one.last and one.first <= k.last for k in kept)
        ]
        kept += new
    return sorted(kept, key=lambda m: (m.first, m.value))


def _said(one: Moved) -> str:
    who = f" of {one.dimension} {one.value}" if one.dimension else ""
    side = "earlier" if one.hours < 0 else "later"
    many = wording.count(abs(one.hours), "hour")
    when = said_span(one.first, one.last)
    return f"{wording.count(one.rows, 'row')}{who} read {many} {side} than usual, {when}"
