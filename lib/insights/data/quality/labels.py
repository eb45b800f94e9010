"""Gate on dimensions: a value ends while another begins, or takes its rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights import wording
from insights.data.quality import spread as spreading
from insights.data.quality.findings import Finding
from insights.data.quality.looking import Facts, Look
from insights.data.quality.spread import Spread

STEADY = 8  # weeks that say what is usual
PRESENT = 6  # of them, weeks in which a steady value has rows
SILENT = 2  # weeks without any row, at the least
EVIDENCE = 12.0  # rows that should have come: chance leaves out so many once in 160,000 times
NEAR_DAYS = 7  # between the last row of a label and the first of its successor
BESIDE = 3  # weeks on either side that say what rose
SPREAD = 2.0  # of weekly counts about their mean, against Poisson's
JUMP = 4.0  # standard errors
GATE = "changed labels"


Array = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Drift:
    """Values of a dimension that ended within a week, and what came in their place."""

    old: tuple[str, ...]
    last: pd.Timestamp
    weekly: float  # rows of theirs
    begun: tuple[str, ...]
    risen: str  # where nothing began: the value that rose by as much


def findings(look: Look, facts: Facts) -> list[Finding]:
    """Return the values that changed, but for those on the day of a declared break."""
    found = []
    known = [pd.Timestamp(one.date) for one in look.metric.breaks]
    last = pd.Timestamp(look.end) if look.end else pd.Timestamp.max
    for dimension in look.metric.dimensions:
        key = ("labels", spreading.root(look), look.metric.clock, dimension)
        spread, kept = spreading.of(look, dimension, facts), look.where.get(dimension)
        drifts = [
            one
            for one in facts.anywhere(key, partial(drifting, spread))
            if one.last < last
            and (kept is None or kept in (*one.old, *one.begun, one.risen))
            and not any(abs((one.last - day).days) <= NEAR_DAYS for day in known)
        ]
        if not drifts:
            continue
        hard = dimension in look.touches
        days = sorted({one.last + pd.Timedelta(days=1) for one in drifts})
        until = min(last, spread.last.max())
        text = f"{dimension}: {'; '.join(_said(one) for one in drifts)}"
        text += "; splits by it do not compare across that day"
        since = list(pd.date_range(days[0], until)) if hard else days
        found.append(look.finding(GATE, text, since, "fail" if hard else "warn"))
    return found


def drifting(spread: Spread) -> list[Drift]:
    """Return the values that ended though steady, and what began then or rose by as much.

    A value is *steady* with rows in six of the eight weeks before it ends; it *ended* where the
    weeks without it should have held a dozen rows. What merely ends, or merely begins, is no
    drift.
    """
    weekly, names = spread.counts.sum(axis=2), np.array(spread.names, dtype=object)
    ended = [int(np.flatnonzero(row)[-1]) for row in weekly]
    usual = np.array([_usual(row, end) for row, end in zip(weekly, ended, strict=True)])
    gone = usual * (weekly.shape[1] - 1 - np.array(ended)) >= EVIDENCE
    first, last = (ends.reindex(spread.names) for ends in (spread.first, spread.last))
    found: list[Drift] = []
    for place in sorted(np.flatnonzero(gone), key=lambda p: last.iloc[p]):
        day = last.iloc[place]
        if found and names[place] in found[-1].old:
            continue
        near = ((last - day).dt.days.between(0, NEAR_DAYS)).to_numpy() & gone
        stays = (weekly[:, ended[place] + 2 :] > 0).mean(axis=1) >= PRESENT / STEADY
        begun = ((first - day).dt.days.abs() <= NEAR_DAYS).to_numpy() & stays & ~near
        risen = "" if begun.any() else _risen(weekly, near, ended[place], names)
        if begun.any() or risen:
            old, new = tuple(names[near]), tuple(names[begun])
            found.append(Drift(old, last[near].max(), float(usual[near].sum()), new, risen))
    return found


def _usual(weekly: Array, ended: int) -> float:
    """Return the weekly rows of a value before it ended; 0 where it was not steady."""
    before = weekly[max(0, ended - STEADY) : ended]
    steady = len(before) == STEADY and (before > 0).sum() >= PRESENT
    return float(before.mean()) if steady and len(weekly) - 1 - ended >= SILENT else 0.0


def _risen(weekly: Array, gone: npt.NDArray[np.bool_], ended: int, names: Any) -> str:
    """Return the value that rose beyond its noise, by about as much as others lost, or ""."""
    before = weekly[:, ended - BESIDE : ended].mean(axis=1)
    after = weekly[:, ended + 1 :][:, :BESIDE].mean(axis=1)
    rise, noise = after - before, SPREAD * (before + after + 1) / BESIDE
    lost, wobble = before[gone].sum(), noise[gone].sum()
    gap = np.abs(rise - lost) / np.sqrt(noise + wobble)
    gap[(rise <= JUMP * np.sqrt(noise)) | gone] = np.inf
    return str(names[gap.argmin()]) if gap.min() < JUMP else ""


def _said(one: Drift) -> str:
    usual = f"{wording.number(one.weekly)} rows a week until {wording.day(one.last.date())}"
    into = (
        f"{one.risen} rose by as much" if one.risen else f"{wording.listing(one.begun)} began"
    )
    return f"{wording.listing(one.old)} ended (some {usual}) and {into}"
