"""How much of the time between two stamps a desk was open, worked out in the engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table as Rows

from insights.pack.hours import Hours, Schedule, days_of, minutes_of

OPEN_S = "_open_s"  # seconds open between the two stamps
MARGIN = 2  # days beyond the stamps, for time zones and hours past midnight


def between(rows: Rows, hours: Hours, begun: str, ended: str) -> Rows:
    """Return rows with the seconds between two of their stamps during which a desk was open.

    Parameters
    ----------
    rows
        Stamps in UTC without a zone; ``hours.by`` says whose schedule holds.
    begun, ended
        Names of the two columns. Where the second is the earlier one, seconds are below zero.

    Returns
    -------
    Table
        The rows with ``_open_s``; null where a stamp is.
    """
    ends = rows.aggregate(
        first=ibis.least(rows[begun].min(), rows[ended].min()),
        last=ibis.greatest(rows[begun].max(), rows[ended].max()),
    ).to_pandas()
    if ends.isna().any(axis=None):
        return rows.mutate(**{OPEN_S: ibis.null("float64")})
    first, last = (pd.Timestamp(ends[end].iloc[0]).date() for end in ("first", "last"))
    table = ibis.memtable(calendar(hours, first, last))
    whose = rows[hours.by].cast("string")
    cases = [(whose == value, name) for value, name in hours.of.items()]
    named = ibis.cases(*cases, else_=hours.default) if cases else ibis.literal(hours.default)
    found = rows.mutate(_schedule=named)
    for column in (begun, ended):
        found = _reached(found, table, column)
    passed = found[f"_until_{ended}"] - found[f"_until_{begun}"]
    return found.mutate(**{OPEN_S: passed})


def calendar(hours: Hours, first: date, last: date) -> pd.DataFrame:
    """Return every schedule as stretches that are open or closed, one after another.

    Returns
    -------
    DataFrame
        ``schedule``, ``day`` (UTC), ``start`` and ``stop`` (seconds of that day; the stretches
        of a day add up to it), ``is_open`` (0 or 1) and ``before`` (seconds open since the
        calendar began).
    """
    days = pd.date_range(pd.Timestamp(first) - pd.Timedelta(days=MARGIN), last)
    made = [_stretches(s, days).assign(schedule=name) for name, s in hours.schedules.items()]
    return pd.concat(made, ignore_index=True)


def opened(schedule: Schedule, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Return when a schedule opens and closes, from one local day to another, in UTC.

    Spans that touch or overlap are one. A time that clocks skip is the next one there is; of
    one that they repeat, opening is the first and closing the second.
    """
    days = pd.date_range(first, last)
    days = days[~days.isin(pd.DatetimeIndex(list(_closed(schedule, first, last))))]
    spans = []
    for said, times in schedule.open.items():
        of_day = days[days.day_of_week.isin(days_of(said))]
        for start, end in map(minutes_of, times):
            spans.append(
                pd.DataFrame(
                    {"opens": of_day + pd.Timedelta(minutes=start),
                     "closes": of_day + pd.Timedelta(minutes=end)}
                )
            )  # fmt: skip
    local = pd.concat(spans, ignore_index=True)
    utc = pd.DataFrame(
        {
            "opens": _utc(local["opens"], schedule.timezone, first=True),
            "closes": _utc(local["closes"], schedule.timezone, first=False),
        }
    ).sort_values(["opens", "closes"], ignore_index=True)
    until = utc["closes"].cummax().shift(1)
    block = (~(utc["opens"] <= until)).cumsum()
    return utc.groupby(block).agg(opens=("opens", "min"), closes=("closes", "max"))


def _utc(local: pd.Series, zone: str, *, first: bool) -> pd.Series:
    repeated = np.full(len(local), first)
    aware = local.dt.tz_localize(zone, ambiguous=repeated, nonexistent="shift_forward")
    utc: pd.Series = aware.dt.tz_convert("UTC").dt.tz_localize(None)
    return utc


def _closed(schedule: Schedule, first: pd.Timestamp, last: pd.Timestamp) -> set[date]:
    """Return public holidays and the days that the pack closes itself."""
    found = set(schedule.closed)
    if schedule.holidays:
        from holidays import country_holidays  # takes long, and few packs need it

        country, _, part = schedule.holidays.partition("-")
        years = range(first.year, last.year + 1)
        found |= set(country_holidays(country, subdiv=part or None, years=years))
    return found


def _stretches(schedule: Schedule, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return a schedule's stretches over UTC days."""
    start, stop = days[0], days[-1] + pd.Timedelta(days=1)
    margin = pd.Timedelta(days=MARGIN)
    spans = opened(schedule, start - margin, stop + margin)
    ends_of_spans = spans.to_numpy(dtype="datetime64[ns]").ravel()
    inside = np.clip(ends_of_spans, start.to_datetime64(), stop.to_datetime64())
    midnights = pd.date_range(start, stop).to_numpy(dtype="datetime64[ns]")
    cuts = pd.DatetimeIndex(np.unique(np.concatenate([midnights, inside])))
    begins, ends = cuts[:-1], cuts[1:]
    place = np.searchsorted(spans["opens"].to_numpy(), begins.to_numpy(), side="right") - 1
    closes = spans["closes"].to_numpy()[np.maximum(place, 0)]
    is_open = (place >= 0) & (begins.to_numpy() < closes)
    day = begins.normalize()
    length = (ends - begins).total_seconds().to_numpy()
    worked = np.where(is_open, length, 0.0)
    first_s = (begins - day).total_seconds().to_numpy()
    return pd.DataFrame(
        {
            "day": day.date, "start": first_s, "stop": first_s + length,
            "is_open": is_open.astype(float), "before": worked.cumsum() - worked,
        }
    )  # fmt: skip


def _reached(rows: Rows, table: Rows, column: str) -> Rows:
    """Return rows with the seconds open from the calendar's beginning to a stamp."""
    own = table.rename({f"_{name}_{column}": name for name in table.columns})
    stamp = rows[column]
    midnight = stamp.truncate("D")
    rows = rows.mutate(
        **{
            f"_on_{column}": stamp.date(),
            f"_s_{column}": stamp.epoch_seconds() - midnight.epoch_seconds(),
        }
    )
    second = rows[f"_s_{column}"]
    joined = rows.left_join(
        own,
        [
            rows["_schedule"] == own[f"_schedule_{column}"],
            rows[f"_on_{column}"] == own[f"_day_{column}"],
            second >= own[f"_start_{column}"],
            second < own[f"_stop_{column}"],
        ],
    )
    since = joined[f"_s_{column}"] - joined[f"_start_{column}"]
    reached: Any = joined[f"_before_{column}"] + joined[f"_is_open_{column}"] * since
    return joined.mutate(**{f"_until_{column}": reached})
