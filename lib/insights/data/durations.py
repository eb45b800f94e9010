"""How long things took, counting what is still open: Kaplan-Meier on started minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table as Rows

from insights.data.tables import segment
from insights.pack import Metric

MINUTES_PER = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0, "days": 1440.0}
MINUTES, CLOSED, ITEMS = "_minutes", "_closed", "_items"
ROUNDING = 1e-9  # a curve that is at one half but for rounding is at one half


def summarise(
    rows: Rows,
    metric: Metric,
    *,
    by: list[str],
    bucket: Callable[[Rows], Any],
    cutoff: pd.Timestamp | None,
) -> pd.DataFrame:
    """Return median, 90th percentile and share within target a period and segment.

    Items not ended by the ``cutoff`` (UTC; default: the last end or start there is) count as
    open and are censored there, never dropped. The engine groups by started minutes (rounded
    up); nothing finer leaves it.

    Returns
    -------
    DataFrame
        ``period``, the dimensions, ``events`` (ended), ``exposure`` (all), ``value`` (median:
        the first time by which half have ended) and ``p90`` in the metric's unit, ``within``
        (share that ended within target). NaN where too many are open to tell.
    """
    found = counted(rows, metric, by=by, bucket=bucket, cutoff=cutoff).to_pandas()
    unit = MINUTES_PER.get(metric.unit, 60.0)
    target = 60 * float(metric.target or 0)
    made = [
        dict(zip(["period", *by], key, strict=True)) | _summary(group, target, unit)
        for key, group in found.groupby(["period", *by], sort=True)
    ]
    columns = ["period", *by, "events", "exposure", "value", "p90", "within"]
    out = pd.DataFrame(made, columns=columns)
    out["period"] = pd.to_datetime(out["period"]).astype("datetime64[ns]")
    return out


def counted(
    rows: Rows,
    metric: Metric,
    *,
    by: list[str],
    bucket: Callable[[Rows], Any],
    cutoff: pd.Timestamp | None = None,
) -> Rows:
    """Return how many items ended, or were still open, after how many started minutes."""
    begun = rows[str(metric.start)].cast("timestamp")
    ended = rows[str(metric.end)].cast("timestamp")
    if cutoff is None:
        last = rows.aggregate(begun=begun.max(), ended=ended.max()).to_pandas().iloc[0].dropna()
        cutoff = pd.Timestamp(last.max()) if len(last) else pd.Timestamp(0)
    now = ibis.literal(cutoff).cast("timestamp")
    closed = (ended <= now).fill_null(False)
    minutes = (closed.ifelse(ended, now).epoch_seconds() - begun.epoch_seconds()) / 60
    keys = {"period": bucket(rows), **{d: segment(rows, d) for d in by}}
    known = rows.mutate(**keys, **{MINUTES: minutes.ceil(), CLOSED: closed}).filter(
        begun <= now
    )
    return known.group_by(["period", *by, MINUTES, CLOSED]).agg(**{ITEMS: known.count()})


def _summary(group: pd.DataFrame, target: float, unit: float) -> dict[str, float]:
    """Return one group's figures by Kaplan-Meier, with counts of equal minutes as weights."""
    n = group[ITEMS].to_numpy(dtype=float)
    closed = group[CLOSED].to_numpy(dtype=bool)
    minutes = group[MINUTES].to_numpy(dtype=float)
    figures = {"events": float(n[closed].sum()), "exposure": float(n.sum())}
    if not closed.any():
        within = 0.0 if minutes.max() >= target else np.nan
        return figures | {"value": np.nan, "p90": np.nan, "within": within}
    from statsmodels.duration.survfunc import SurvfuncRight  # a second to import; few need it

    curve = SurvfuncRight(minutes, closed.astype(int), freq_weights=n)
    times, left = curve.surv_times, curve.surv_prob  # `left`: the share that has not ended yet
    reached = left[times <= target]
    known = minutes.max() >= target or left[-1] < ROUNDING
    return figures | {
        "value": _first(times, left <= 0.5 + ROUNDING) / unit,
        "p90": _first(times, left <= 0.1 + ROUNDING) / unit,
        "within": float(1 - reached[-1] if len(reached) else 0.0) if known else np.nan,
    }


def _first(times: Any, hit: Any) -> float:
    return float(times[hit][0]) if hit.any() else float("nan")
