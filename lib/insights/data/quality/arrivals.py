"""Gate on arrival: rows that come after their figure was called final."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from insights import wording
from insights.data import series
from insights.data.quality.findings import Finding
from insights.data.quality.looking import Facts, Look
from insights.data.tables import is_time, local_day, over

COMPLETE = 0.99  # of its rows: a day that has so many is final
LATE_DAYS = 7
FEWEST = 100  # rows that can tell
LONGEST = 180  # days
GATE = "late arrivals"


def findings(look: Look, facts: Facts) -> list[Finding]:
    """Find days that had not all of their rows when the pack calls them final."""
    arrived = look.declared.recorded_at
    if arrived is None or arrived == look.metric.clock:
        return []
    if not is_time(look.source.tables[look.metric.table], arrived):
        return []
    wide, key = look.wide(look.metric.table), ("lags", look.metric.table, look.metric.clock)
    lags = facts.anywhere(key, lambda: _lags(replace(wide, end=facts.until), arrived))
    if lags["n"].sum() < FEWEST:
        return []
    now = pd.Timestamp(look.known_by) if look.known_by else lags["day"].max()
    share = completeness(lags, now)
    needed = int(np.argmax(share >= COMPLETE))
    mature = look.metric.mature_after
    if needed <= max(mature, 1):
        return []
    after = min(LATE_DAYS, needed - 1)
    late = lags[lags["lag"] > after]
    part = wording.number(1 - float(share[after]), "share")
    last = look.end or now.date()
    days = pd.date_range(now - pd.Timedelta(days=needed - 1), pd.Timestamp(last))
    message = (
        f"{wording.count(int(late['n'].sum()), 'row')}, {part} of all, arrived more than "
        f"{wording.count(after, 'day')} late, {look.when(late['day'])}; it takes {needed} days "
        f"until {wording.number(COMPLETE, 'share')} are there, and the pack calls figures "
        f"final after {wording.count(mature, 'day')}. Say mature_after: {needed}"
    )
    return [look.finding(GATE, message, days, "fail" if len(days) else "warn")]


def completeness(lags: pd.DataFrame, now: pd.Timestamp) -> np.ndarray:
    """Return which share of a day's rows are there after 0, 1, 2 ... days.

    Parameters
    ----------
    lags
        ``day``, ``lag`` (days until arrival, >= 0) and ``n``; rows yet to arrive are not there.
    now
        The day as known by which the rows were read.

    Notes
    -----
    The product-limit estimate for what is truncated on the right, Kalbfleisch and Lawless
    (1989), J. Am. Stat. Assoc. 84(406): 360-372; in claims reserving the chain ladder.
    """
    age = (now - lags["day"]).dt.days.to_numpy()
    lag, n = lags["lag"].to_numpy(), lags["n"].to_numpy(dtype=float)
    longest = int(min(lag.max(initial=0), LONGEST))
    share = np.ones(longest + 1)
    for step in range(longest, 0, -1):
        seen = (age >= step) & (lag <= step)
        there = n[seen].sum()
        came = n[seen & (lag == step)].sum()
        share[step - 1] = share[step] * (1 - came / there if there else 1.0)
    return share


def _lags(look: Look, arrived: str) -> pd.DataFrame:
    """Return rows by day and by days until they arrived."""
    rows = look.dated_rows()
    came = local_day(rows, arrived, look.source.pack.info.timezone)
    rows = over(rows, f"{series.DAY}, {came} as _came", f"where ({came}) is not null")
    counted = rows.group_by([series.DAY, "_came"]).agg(n=rows.count()).to_pandas()
    day, came_on = (pd.to_datetime(counted[c]) for c in (series.DAY, "_came"))
    lag = (came_on - day).dt.days.clip(lower=0)
    found = pd.DataFrame({"day": day, "lag": lag, "n": counted["n"]})
    return found.groupby(["day", "lag"])["n"].sum().reset_index()
