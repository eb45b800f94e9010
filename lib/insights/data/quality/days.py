"""Gates on days: whether the source filed on every day it usually files, and how much."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from insights import wording
from insights.data import periods

TRAILING = 365  # days that say what a usual day is
ENOUGH = 28  # fewer days of history judge nothing
EXPECTED = 0.5  # a weekday on which the source files more often than not is expected
SPARSE = 10  # a source with fewer cases a day may well have none on a day
TINY, BACKFILL = 0.05, 4.0  # of a usual day
ROBUST = 5.0  # and this many robust standard deviations of log volume away
AFTER_GAP = 14  # days in which a source catches up
RATIO_COVER = 0.8  # of a period's expected days, for a ratio to stand for the period


@dataclass(frozen=True, slots=True)
class Feed:
    """How complete a source is, day by day.

    ``table`` has one row a day: ``period``, ``volume``, ``usual`` (median day of the year
    before), ``state`` in ok, missing, tiny, backfill, closed (no data expected).
    """

    table: pd.DataFrame
    grain: str
    week_starts: str = "monday"
    by_period: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        """Count the days of each state in each period."""
        days = self.table.assign(
            first=periods.of_days(self.table["period"], self.grain, self.week_starts)
        )
        counts = days.groupby(["first", "state"]).size().unstack(fill_value=0)  # noqa: PD010
        counts = counts.reindex(
            columns=["ok", "missing", "tiny", "backfill", "closed"], fill_value=0
        )
        object.__setattr__(self, "by_period", counts.rename_axis("period"))

    def usable(self, index: pd.DatetimeIndex, *, adds_up: bool) -> pd.Series:
        """Return whether each period stands for itself.

        A figure that adds up over days (``adds_up``) needs every expected day and no backfill;
        a ratio needs four fifths of its expected days.
        """
        n = self.by_period.reindex(index, fill_value=0)
        lacking = n["missing"] + n["tiny"]
        there = n["ok"] + n["backfill"]
        if adds_up:
            return (there > 0) & (lacking == 0) & (n["backfill"] == 0)
        return (there > 0) & (there >= RATIO_COVER * (there + lacking))

    def says(self, state: str) -> str:
        """Return one sentence on the days of a state, or "" where there are none."""
        if state not in {"missing", "tiny", "backfill"}:
            raise ValueError(f"no sentence for days that are {state}")
        days = self.table.loc[self.table["state"] == state]
        if days.empty:
            return ""
        when = wording.days([day.date() for day in days["period"]], most=4)
        n = wording.count(len(days), "day")
        most = wording.number(days["volume"].max())
        usual = wording.number(float(days["usual"].median()))
        if state == "missing":
            return f"{n} without any data: {when}"
        if state == "tiny":
            return f"{n} nearly empty (at most {most} against a usual {usual}): {when}"
        return (
            f"{n} of backfill after days without data "
            f"(up to {most} against a usual {usual}): {when}"
        )


def feed(days: pd.DataFrame, *, grain: str, week_starts: str = "monday") -> Feed:
    """Judge every day of a source against its own calendar and its own usual day.

    Parameters
    ----------
    days
        ``period`` (day, no gaps in the dates) and ``volume`` (NaN: no rows).

    Notes
    -----
    A weekday is expected where the source filed on more than half of them. A day is *tiny*
    below 5 % of the median of the year up to it and more than 5 robust standard deviations (of
    log volume) under it; *backfill* is above 4 times the median, as far over it, within a
    fortnight of a missing or tiny day. A source with fewer than 10 cases on its median day, or
    fewer than 28 days of data, is left alone.
    """
    table = days.sort_values("period", ignore_index=True)
    volume = table["volume"].where(table["volume"] > 0)
    logs = pd.Series(np.log(volume))
    centre = _usual(logs)
    spread = 1.4826 * _usual((logs - centre).abs())
    usual = pd.Series(np.exp(centre))
    weekday = table["period"].dt.day_of_week
    filed = volume.notna().groupby(weekday).transform("mean")
    judged = (volume.notna().sum() >= ENOUGH) & (usual >= SPARSE)
    missing = volume.isna() & (filed > EXPECTED) & judged
    closed = volume.isna() & ~missing
    low = centre - np.maximum(-np.log(TINY), ROBUST * spread)
    tiny = (logs < low) & judged
    lacking = missing | tiny
    after_gap = (
        lacking.shift(1, fill_value=False).astype(float).rolling(AFTER_GAP, min_periods=1).max()
        > 0
    )
    high = centre + np.maximum(np.log(BACKFILL), ROBUST * spread)
    backfill = (logs > high) & after_gap & judged
    state = np.select(
        [missing, closed, tiny, backfill], ["missing", "closed", "tiny", "backfill"], "ok"
    )
    return Feed(table.assign(usual=usual, state=state), grain, week_starts)


def _usual(values: pd.Series) -> pd.Series:
    """Return the median of the year up to each day; the first days have the first there is."""
    return values.rolling(TRAILING, min_periods=ENOUGH).median().bfill()
