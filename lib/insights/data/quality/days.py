"""Gates on days: whether the source filed on every day it usually files, and how much."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from insights import wording
from insights.data import periods

TRAILING = 365  # days that say what a usual day is
ENOUGH = 28  # fewer days of history judge nothing
EXPECTED = 0.5  # a weekday on which the source files more often than not is expected
SPARSE = 10  # a source with fewer cases a day may well have none on a day
TINY, BACKFILL = 0.05, 4.0  # of a usual day
ROBUST = 5.0  # and this many robust standard deviations of log volume away
AFTER_GAP = 14  # days in which a source catches up
LEVEL_DAYS = 4  # in a row, at the least, that may be held level
FEW = 0.1  # of the changes from day to day: the smallest ones
LEVEL_RISK = 1e-3  # of such a row anywhere by chance
RATIO_COVER = 0.8  # of a period's expected days, for a ratio to stand for the period


@dataclass(frozen=True, slots=True)
class Feed:
    """How complete a source is, day by day.

    ``table`` has one row a day: ``period``, ``volume``, ``usual`` (median day of the year
    before), ``state`` in ok, missing, tiny, backfill, closed (no data expected) and ``level``:
    whether the day is one of several whose volumes are improbably alike.
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

    def days(self, state: str) -> pd.Series:
        """Return the days that are missing, tiny, backfill or level."""
        hit = self.table["level"] if state == "level" else self.table["state"] == state
        found: pd.Series = self.table.loc[hit, "period"]
        return found

    def says(self, state: str) -> str:
        """Return one sentence on the days of a state, or "" where there are none."""
        if state not in {"missing", "tiny", "backfill", "level"}:
            raise ValueError(f"no sentence for days that are {state}")
        days = self.table.loc[self.days(state).index]
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
        if state == "level":
            least = wording.number(days["volume"].min(), like=[days["volume"].max()])
            return (
                f"{n} held level as by a limit on the export ({least} to {most} a day): {when}"
            )
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
    fewer than 28 days of data, is left alone. Days are *level* where four or more in a row
    change from day to day by less than chance allows, going by how the source's days change
    otherwise (Fisher's combination; the risk of one such row anywhere is 1 in 1,000).
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
    level = _level(logs.where(judged)) & (state == "ok")
    return Feed(table.assign(usual=usual, state=state, level=level), grain, week_starts)


def _level(logs: pd.Series) -> npt.NDArray[np.bool_]:
    """Return which days belong to a row whose volumes are improbably alike.

    Notes
    -----
    Fisher (1932), Statistical Methods for Research Workers, section 21.1: minus the sum of the
    logs of k uniform p values is a Gamma variate of shape k.
    """
    step = logs.diff().abs().clip(lower=pd.Series(np.exp(-logs)) / 2)  # half a case
    rank = step.rank(method="max") / step.notna().sum()
    few = step.quantile(FEW)
    chance = rank.where(step >= few, FEW * step / few)  # as even near nothing as up to there
    small = chance.le(FEW).to_numpy()
    run = pd.Series(np.cumsum(np.r_[True, small[1:] != small[:-1]]))
    weight = pd.Series(-np.log(chance.fillna(1.0).to_numpy()))
    steps, total = run.groupby(run).transform("size"), weight.groupby(run).transform("sum")
    rare = special.gammaincc(steps, total) < LEVEL_RISK / max(1, len(logs))
    hit = small & rare & (steps >= LEVEL_DAYS - 1).to_numpy()
    return np.asarray(hit | np.r_[hit[1:], False])  # a step is between a day and the one before


def _usual(values: pd.Series) -> pd.Series:
    """Return the median of the year up to each day; the first days have the first there is."""
    return values.rolling(TRAILING, min_periods=ENOUGH).median().bfill()
