"""Gate on extracts: a log of what was active in a window lacks what ended before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from insights import wording
from insights.data.quality.findings import Finding
from insights.data.quality.looking import Facts, Look
from insights.data.tables import local_day, over

FEWEST = 20  # items begun before the first end
EVIDENCE = 12.0  # ends that should have come before: chance leaves out so many once in 160,000
GATE = "extraction window"


def findings(look: Look, facts: Facts) -> list[Finding]:
    """Find the days whose items are there only because they lasted into the window.

    Nothing ended before a day, though many items began before it, of which a dozen should have
    ended by then, going by those begun since: the extract holds what was active from that day.
    """
    if look.metric.kind != "duration" or look.table.aggregated:
        return []
    key = ("items", look.metric.table, look.metric.clock, *look.ends)
    wide = look.wide(look.metric.table)
    items = facts.anywhere(key, lambda: _items(replace(wide, end=facts.until)))
    if items["n"].sum() < 2 * FEWEST or items["ended"].isna().all():
        return []
    window = items["ended"].min()
    early = items[items["begun"] < window]
    expected = expected_ends(items, window)
    if early["n"].sum() < FEWEST or expected < EVIDENCE:
        return []
    n = int(early["n"].sum())
    begun, _ = look.ends
    message = (
        f"no item ended before {wording.day(window.date())}, though {n:,} began before it, of "
        f"which some {expected:,.0f} should have: the extract holds what was active from then "
        f"on, so that earlier days of {begun} are only what lasted"
    )
    days = pd.date_range(items["begun"].min(), window - pd.Timedelta(days=1))
    return [look.finding(GATE, message, days)]


def expected_ends(items: pd.DataFrame, window: pd.Timestamp) -> float:
    """Return how many items begun before a day should have ended before it.

    Parameters
    ----------
    items
        ``begun`` and ``ended`` (days; NaT: open) and ``n``.
    """
    since = items[items["begun"] >= window]
    total = float(since["n"].sum())
    if not total:
        return 0.0
    lasted = (since["ended"] - since["begun"]).dt.days
    by_day = since.groupby(lasted)["n"].sum()
    share = by_day.reindex(range(int(by_day.index.max() if len(by_day) else 0) + 1)).fillna(0)
    ended = share.cumsum().to_numpy() / total
    early = items[items["begun"] < window]
    room = (window - early["begun"]).dt.days.to_numpy() - 1
    reached = ended[np.clip(room, 0, len(ended) - 1)]
    return float((early["n"].to_numpy() * reached).sum())


def _items(look: Look) -> pd.DataFrame:
    """Return items by the day they began and the day they ended."""
    rows = look.rows()
    zone = look.source.pack.info.timezone
    begun, ended = (local_day(rows, column, zone) for column in look.ends)
    rows = over(rows, f"{begun} as begun, {ended} as ended", f"where ({begun}) is not null")
    counted = rows.group_by(["begun", "ended"]).agg(n=rows.count()).to_pandas()
    days = {c: pd.to_datetime(counted[c]).astype("datetime64[ns]") for c in ("begun", "ended")}
    found = pd.DataFrame({**days, "n": counted["n"]})
    return found[~(found["ended"] < found["begun"])]
