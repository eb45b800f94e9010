"""Which groups are too small to show, and what they are pooled into."""

from __future__ import annotations

import pandas as pd

from insights import wording


def pooled(rows: pd.DataFrame, dimension: str, least: int, *, count: bool) -> pd.DataFrame:
    """Return comparison rows by one dimension as ``segment``, the small ones pooled.

    Parameters
    ----------
    rows
        ``side``, the dimension, ``events``, ``exposure`` and perhaps ``events_sq``.
    least
        A group with fewer cases on a side than this, and not none, is pooled; a second one goes
        with it, so that it cannot be told from the total.
    count
        Whether cases are the events (a count) or the exposure (a rate).
    """
    sums = [c for c in ("events", "exposure", "events_sq") if c in rows]
    own = rows.groupby([dimension, "side"], as_index=False)[sums].sum()
    own = own.rename(columns={dimension: "segment"})
    own = own.assign(segment=own["segment"].astype(str).str.replace("_", " "))
    names = _small(own, "events" if count else "exposure", least)
    if names:
        other = f"Other ({wording.count(len(names), 'group')})"
        own = own.assign(segment=own["segment"].where(~own["segment"].isin(names), other))
        own = own.groupby(["segment", "side"], as_index=False)[sums].sum()
    return _both_sides(own, sums)


def _small(own: pd.DataFrame, cases: str, least: int) -> set[str]:
    """Return the groups to pool."""
    wide = own.pivot_table(index="segment", columns="side", values=cases, aggfunc="sum")
    wide = wide.fillna(0.0)
    small = ((wide > 0) & (wide < least)).any(axis=1)
    if not small.any():
        return set()
    names = list(wide.index[small])
    rest = wide.index[~small]
    held = wide.loc[names]
    if len(rest) > 1 and (len(names) == 1 or (held.sum() < least).any()):
        names.append(str(wide.loc[rest].sum(axis=1).idxmin()))
    return {str(name) for name in names}


def _both_sides(own: pd.DataFrame, sums: list[str]) -> pd.DataFrame:
    """Give a group that stands on one side alone a row of nothing on the other."""
    names = own["segment"].unique()
    index = pd.MultiIndex.from_product([names, ["before", "after"]], names=["segment", "side"])
    full = own.set_index(["segment", "side"])[sums].reindex(index, fill_value=0.0)
    return full.reset_index()
