"""How long things took, counting what is still open: Kaplan-Meier on started minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table as Rows

from insights.data import hours as opening
from insights.data.tables import segment
from insights.pack import Metric
from insights.pack.hours import Hours

MINUTES_PER = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0, "days": 1440.0}
MINUTES, CLOSED, ITEMS = "_minutes", "_closed", "_items"
BEGUN, UNTIL = "_begun", "_until"
SLOW = 0.9
ROUNDING = 1e-9  # a curve that is at one half but for rounding is at one half


def summarise(
    rows: Rows,
    metric: Metric,
    *,
    by: list[str],
    bucket: Callable[[Rows], Any],
    cutoff: pd.Timestamp | None,
    hours: Hours | None = None,
) -> pd.DataFrame:
    """Return median, 90th percentile and share within target a period and segment.

    Items not ended by the ``cutoff`` (UTC; default: the last end or start there is) count as
    open and are censored there, never dropped. The engine groups by started minutes (rounded
    up); nothing finer leaves it. A metric in business hours counts minutes in which ``hours``
    say that the desk was open.

    Returns
    -------
    DataFrame
        ``period``, the dimensions, ``events`` (ended), ``exposure`` (all), ``value`` (median:
        the first time by which half have ended; or the metric's own quantile) and ``p90`` in
        the metric's unit, ``within`` (share that ended within target). NaN where too many are
        open to tell.
    """
    found = counted(rows, metric, by=by, bucket=bucket, cutoff=cutoff, hours=hours).to_pandas()
    out = figures(
        found,
        ["period", *by],
        target=60 * float(metric.target or 0),
        unit=MINUTES_PER.get(metric.unit, 60.0),
    )
    out["period"] = pd.to_datetime(out["period"]).astype("datetime64[ns]")
    return out.assign(value=out["p90"]) if metric.quantile == SLOW else out


def counted(
    rows: Rows,
    metric: Metric,
    *,
    by: list[str],
    bucket: Callable[[Rows], Any],
    cutoff: pd.Timestamp | None = None,
    hours: Hours | None = None,
) -> Rows:
    """Return how many items ended, or were still open, after how many started minutes."""
    begun = rows[str(metric.start)].cast("timestamp")
    ended = rows[str(metric.end)].cast("timestamp")
    if cutoff is None:
        last = rows.aggregate(begun=begun.max(), ended=ended.max()).to_pandas().iloc[0].dropna()
        cutoff = pd.Timestamp(last.max()) if len(last) else pd.Timestamp(0)
    now = ibis.literal(cutoff).cast("timestamp")
    closed = (ended <= now).fill_null(False)
    until = closed.ifelse(ended, now)
    keys = {"period": bucket(rows), **{d: segment(rows, d) for d in by}}
    if metric.hours == "business":
        assert hours is not None  # a pack that lacks them is refused
        known = rows.mutate(**keys, **{CLOSED: closed, BEGUN: begun, UNTIL: until})
        known = opening.between(known.filter(begun <= now), hours, BEGUN, UNTIL)
        known = known.mutate(**{MINUTES: (known[opening.OPEN_S] / 60).ceil()})
    else:
        minutes = (until.epoch_seconds() - begun.epoch_seconds()) / 60
        known = rows.mutate(**keys, **{MINUTES: minutes.ceil(), CLOSED: closed}).filter(
            begun <= now
        )
    return known.group_by(["period", *by, MINUTES, CLOSED]).agg(**{ITEMS: known.count()})


def figures(
    found: pd.DataFrame, keys: list[str], *, target: float, unit: float
) -> pd.DataFrame:
    """Return each group's figures, in ``unit`` minutes, by Kaplan-Meier.

    Parameters
    ----------
    found
        ``keys``, ``_minutes``, ``_closed`` (false: open then) and ``_items``, how many.
    keys
        Columns that name a group.
    target
        Minutes.

    Returns
    -------
    DataFrame
        ``keys`` and the figures of ``summarise``.

    Notes
    -----
    Kaplan and Meier (1958), J. Am. Stat. Assoc. 53(282): 457-481.
    """
    items = found[ITEMS].astype(float)
    ended = items.where(found[CLOSED].astype(bool), 0.0)
    times = found.assign(events=ended, exposure=items)
    times = times.groupby([*keys, MINUTES], as_index=False)[["events", "exposure"]].sum()
    group = times.groupby(keys)["exposure"]
    there = group.transform("sum") - group.cumsum() + times["exposure"]  # open just before
    times["left"] = 1 - times["events"] / there
    times["left"] = times.groupby(keys)["left"].cumprod()  # the share that has not ended yet
    made = times.groupby(keys)[["events", "exposure"]].sum()
    for name, share in (("value", 0.5), ("p90", 0.1)):
        hit = times[times["left"] <= share + ROUNDING]
        made[name] = hit.groupby(keys)[MINUTES].first() / unit
    reached = times[times[MINUTES] <= target].groupby(keys)["left"].last()
    last = times.groupby(keys)[[MINUTES, "left"]].last()
    known = (last[MINUTES] >= target) | (last["left"] < ROUNDING)
    within = 1 - reached.reindex(made.index).fillna(1.0)
    return made.assign(within=within.where(known)).reset_index()
