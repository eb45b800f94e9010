"""How many hours and people work that can wait takes, period by period."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from insights import wording
from insights.errors import ContractError, MethodError, ParamError, did_you_mean, some
from insights.methods.staffing.flows import Flow
from insights.methods.staffing.live import SHRINKAGE, require

Setting = float | Mapping[str, float]

HOURS = {"day": 8.0, "week": 40.0, "month": 520 / 3, "quarter": 520.0}  # paid, of one person
WHOLE = {"day": 1, "week": 7}  # days of a period
ROUNDING = 1e-9  # of one person or of one item
COLUMNS = [
    "queue", "period", "volume", "work_hours", "hours_needed", "people_needed",
    "hours_available", "gap", "backlog_left", "bound",
]  # fmt: skip


def from_forecast(table: pd.DataFrame, level: str = "hi-80") -> pd.DataFrame:
    """Return the volumes to staff from: one column of a table of forecasts.

    Parameters
    ----------
    table
        One row a series and date: unique_id, ds, mean, median, lo-80, hi-80 ...
    level
        The column to staff from: an upper bound, so that most outcomes are covered; the mean
        is short about half the time.

    Returns
    -------
    DataFrame
        queue, period, volume (at least 0) and level, as ``flow`` takes it.

    Raises
    ------
    ContractError
        The table has no such series or date columns.
    ParamError
        The table has no such level.
    """
    lacks = [name for name in ("unique_id", "ds") if name not in table]
    if lacks:
        raise ContractError(
            f"from_forecast: the table lacks {some(lacks)}. Give the table of a forecast."
        )
    if level not in table or level in ("unique_id", "ds"):
        known = [str(name) for name in table if name not in ("unique_id", "ds")]
        near = did_you_mean(level, known) or "."
        raise ParamError(f"from_forecast: no level '{level}'{near} Give one of {some(known)}.")
    rows = table[["unique_id", "ds", level]].set_axis(["queue", "period", "volume"], axis=1)
    return rows.assign(volume=rows["volume"].clip(lower=0), level=level)


def flow(
    volume: pd.DataFrame,
    *,
    handle_minutes: Setting,
    occupancy: Setting,
    shrinkage: Setting,
    backlog: Setting = 0.0,
    clear_by: date | None = None,
    hours_available: Setting | None = None,
    severe_share: Setting | None = None,
    severe_cap_hours: float | None = None,
    person_hours: float | None = None,
    grain: str = "week",
) -> Flow:
    """Return the hours and people that deferred work takes in each queue and period.

    Parameters
    ----------
    volume
        One row a queue and period: ``queue``; ``period``, first day, datetime64; ``volume``,
        items that arrive, >= 0. Optional ``backlog``, items open when the period begins (the
        queue's first row counts); ``hours_available``; ``level``, of ``from_forecast``.
    handle_minutes
        Mean handle time of an item, > 0. This and the next are one number or one a queue.
    occupancy
        Share of time at work that handles items, in (0, 1].
    shrinkage
        Share of paid time that is off the queue, in [0, 1).
    backlog
        Items open at the start, >= 0.
    clear_by
        The backlog is worked off in equal parts from the first period to the one that holds
        this day, which may lie beyond the last; by default what hours are spare work on it.
    hours_available
        Paid hours on hand a period, >= 0.
    severe_share
        Share of handle time spent on severe content, in [0, 1].
    severe_cap_hours
        The most hours one person may handle severe content in a period, > 0.
    person_hours
        Paid hours of one person in a period; by default 8 a day, 40 a week, 520 a quarter.
    grain
        day, week, month or quarter: what a period is.

    Returns
    -------
    Flow
        ``table`` by queue, then period: ``work_hours`` is items x handle time / occupancy /
        (1 - shrinkage), in paid hours; ``hours_needed`` is more where the cap on severe content
        takes more people than the work (``bound`` is then "severe cap", else "work");
        ``people_needed``; ``hours_available`` (NaN where not given); ``gap``, available less
        needed; ``backlog_left``, items open at the period's end with the hours available,
        or, where these are not given, with the hours needed.

    Raises
    ------
    ContractError
        The frame lacks columns or rows, repeats a queue and period, or holds values that
        cannot be.
    ParamError
        A setting is outside its range or lacks a queue.
    MethodError
        The backlog cannot be cleared by the date with the hours available.
    """
    rows = _rows(volume)
    if grain not in HOURS:
        raise ParamError(f"flow: grain is '{grain}'. Give one of {some(HOURS)}.")
    own = HOURS[grain] if person_hours is None else person_hours
    require("flow", "person_hours", own, own > 0, "a finite number above 0")
    if (severe_share is None) != (severe_cap_hours is None):
        raise ParamError(
            "flow: only one of severe_share and severe_cap_hours is given. Give both or none."
        )
    cap = np.inf
    if severe_cap_hours is not None:
        cap = severe_cap_hours
        require("flow", "severe_cap_hours", cap, cap > 0, "a finite number above 0")
    rows["minutes"] = _setting(rows, "handle_minutes", handle_minutes)
    rows["busy"] = _setting(rows, "occupancy", occupancy)
    rows["away"] = _setting(rows, "shrinkage", shrinkage)
    rows["severe"] = _setting(
        rows, "severe_share", 0.0 if severe_share is None else severe_share
    )
    rows["open"] = _setting(rows, "backlog", backlog)
    if hours_available is None and "hours_available" not in rows:
        rows["hours_available"] = np.nan
    else:
        rows["hours_available"] = _setting(rows, "hours_available", hours_available)
    rows["due"], rows["ends"] = 0.0, False
    if clear_by is not None:
        rows["due"], rows["ends"] = _due(rows, pd.Timestamp(clear_by), grain)
    table = _needs(rows, own, cap)
    if clear_by is not None:
        _cleared(table, clear_by)
    start = rows.groupby("queue", sort=False)["open"].first()
    return Flow(table[COLUMNS], float(start.sum()), _level(rows), own, grain)


def _rows(volume: pd.DataFrame) -> pd.DataFrame:
    """Return the rows by queue and period, or refuse what cannot be staffed."""
    lacks = [name for name in ("queue", "period", "volume") if name not in volume]
    if lacks:
        raise ContractError(f"flow: volume lacks {some(lacks)}. Give queue, period and volume.")
    if volume.empty:
        raise ContractError("flow: volume has no periods. Give at least one row.")
    if not pd.api.types.is_datetime64_dtype(volume["period"]):
        raise ContractError(
            f"flow: period is {volume['period'].dtype}. Give the first days as datetime64."
        )
    if not pd.api.types.is_numeric_dtype(volume["volume"]):
        raise ContractError(f"flow: volume is {volume['volume'].dtype}. Give a number a row.")
    rows = volume.reset_index(drop=True).astype({"volume": float})
    faults: dict[str, pd.Series[bool]] = {
        "have no queue or period": rows[["queue", "period"]].isna().any(axis=1),
        "have no finite volume": ~np.isfinite(rows["volume"]),
        "have a negative volume": rows["volume"] < 0,
        "repeat a queue and period": rows.duplicated(["queue", "period"]),
    }
    for fault, where in faults.items():
        if where.any():
            bad = rows.loc[where, ["queue", "period"]]
            shown = some(f"{q} {str(p)[:10]}" for q, p in bad.itertuples(index=False))
            raise ContractError(
                f"flow: {where.sum()} of {len(volume)} rows {fault}: {shown}."
                " Give one row a queue and period, with a volume of at least 0."
            )
    return rows.sort_values(["queue", "period"], ignore_index=True)


RANGES = {
    "handle_minutes": (lambda x: x > 0, "a finite number above 0"),
    "occupancy": (lambda x: 0 < x <= 1, "a share above 0 and at most 1"),
    "shrinkage": (lambda x: 0 <= x < 1, SHRINKAGE),
    "severe_share": (lambda x: 0 <= x <= 1, "a share of at least 0 and at most 1"),
    "backlog": (lambda x: x >= 0, "a finite number of at least 0"),
    "hours_available": (lambda x: x >= 0, "a finite number of at least 0"),
}


def _setting(rows: pd.DataFrame, name: str, given: Setting | None) -> pd.Series[float]:
    """Return a setting on every row: from its column, one number, or one a queue."""
    if name in ("backlog", "hours_available") and name in rows:
        if given is not None and given != 0.0:
            raise ParamError(
                f"flow: {name} is given twice. Leave out the column or the option."
            )
        values = rows[name].astype(float)
        if name == "backlog":
            values = values.groupby(rows["queue"]).transform(lambda of: of.iloc[0])
    elif isinstance(given, Mapping):
        lacks = sorted({str(queue) for queue in rows["queue"] if queue not in given})
        if lacks:
            raise ParamError(f"flow: {name} lacks {some(lacks)}. Give one for every queue.")
        values = rows["queue"].map(dict(given)).astype(float)
    else:
        values = pd.Series(float(given or 0.0), index=rows.index)
    passes, order = RANGES[name]
    for value in values.unique():
        require("flow", name, value, bool(passes(value)), order)
    return values


def _due(
    rows: pd.DataFrame, clear_by: pd.Timestamp, grain: str
) -> tuple[pd.Series[float], pd.Series[bool]]:
    """Return the items of the backlog that are due, and which rows hold the last of them."""
    by = rows.groupby("queue", sort=False)["period"]
    in_time = rows["period"] <= clear_by
    early = by.transform("min") > clear_by
    if early.any():
        raise ParamError(
            f"flow: clear_by is {wording.day(clear_by)}, before the first period of"
            f" {some(rows.loc[early, 'queue'].unique())}. Give a later date."
        )
    last = by.transform("max")
    if grain in WHOLE:
        later = (clear_by - last).dt.days // WHOLE[grain]
    else:
        months = 12 * (clear_by.year - last.dt.year) + clear_by.month - last.dt.month
        later = months // (3 if grain == "quarter" else 1)
    later = later.clip(lower=0)
    many = in_time.groupby(rows["queue"]).transform("sum") + later
    final = rows["period"] == rows["period"].where(in_time).groupby(rows["queue"]).transform(
        "max"
    )
    return (rows["open"] / many).where(in_time, 0.0), final & (later == 0)


def _needs(rows: pd.DataFrame, own: float, cap: float) -> pd.DataFrame:
    """Return the table; every queue is linear in items, so hours an item say it all."""
    handling = rows["minutes"] / 60
    work = handling / rows["busy"] / (1 - rows["away"])
    capped = handling * rows["severe"] / cap * own
    each = np.maximum(work, capped)
    items = rows["volume"] + rows["due"]
    needed = items * each
    table = rows.assign(
        work_hours=items * work,
        hours_needed=needed,
        people_needed=np.ceil(needed / own - ROUNDING).astype(int),
        gap=rows["hours_available"] - needed,
        bound=np.where(capped > work, "severe cap", "work"),
        each=each,
        capacity=(rows["hours_available"].fillna(needed) / each),
    )
    left = [_left(part) for _, part in table.groupby("queue", sort=False)]
    return table.assign(backlog_left=np.concatenate(left))


def _left(queue: pd.DataFrame) -> list[float]:
    """Return the items open at each period's end of one queue."""
    left = float(queue["open"].iloc[0])
    ends = []
    for arrived, done in zip(queue["volume"], queue["capacity"], strict=True):
        left = left + arrived - done
        left = left if left > ROUNDING * (1 + arrived) else 0.0
        ends.append(left)
    return ends


def _cleared(table: pd.DataFrame, clear_by: date) -> None:
    """Refuse a date by which the hours available do not clear the backlog."""
    late = table[table["ends"] & (table["backlog_left"] > 0) & (table["open"] > 0)]
    if len(late):
        hours = float((late["backlog_left"] * late["each"]).sum())
        shown = some(
            f"{queue} ({wording.number(left)} left)"
            for queue, left in zip(late["queue"], late["backlog_left"], strict=True)
        )
        raise MethodError(
            f"flow: the backlog of {shown} cannot be cleared by {wording.day(clear_by)} with"
            f" the hours available. Add {wording.number(hours, 'hours')}, or give a later date."
        )


def _level(rows: pd.DataFrame) -> str | None:
    """Return the forecast's level that the volumes are, where all rows are of one."""
    levels = set(rows["level"]) if "level" in rows else set()
    return str(levels.pop()) if len(levels) == 1 else None
