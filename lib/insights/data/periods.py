"""Which period a day belongs to, and which periods lie between two days."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pandas as pd

from insights.errors import ParamError, did_you_mean
from insights.pack import Grain, Weekday

WEEKDAYS = get_args(Weekday)
GRAINS: tuple[str, ...] = get_args(Grain)
MONTHS = {"month": 1, "quarter": 3, "year": 12}


def require_grain(grain: str) -> None:
    """Refuse a grain that there is not.

    >>> require_grain("weak")
    Traceback (most recent call last):
    insights.errors.ParamError: grain is 'weak'; it must be day, week, month, quarter or year; did you mean 'week'?
    """  # noqa: E501
    if grain not in GRAINS:
        hint = did_you_mean(grain, GRAINS)
        raise ParamError(
            f"grain is '{grain}'; it must be day, week, month, quarter or year{hint}"
        )


def first_day(when: date | str, grain: str, week_starts: str = "monday") -> pd.Timestamp:
    """Return the first day of the period that holds a day.

    >>> first_day("2026-01-04", "week"), first_day("2026-01-04", "week", "sunday")
    (Timestamp('2025-12-29 00:00:00'), Timestamp('2026-01-04 00:00:00'))
    >>> first_day("2025-11-30", "quarter"), first_day("2025-11-30", "year")
    (Timestamp('2025-10-01 00:00:00'), Timestamp('2025-01-01 00:00:00'))
    """
    day = pd.Timestamp(when).normalize()
    if grain == "week":
        return day - pd.Timedelta(days=(day.day_of_week - WEEKDAYS.index(week_starts)) % 7)
    if grain == "month":
        return day.replace(day=1)
    if grain == "quarter":
        return day.replace(month=3 * (day.quarter - 1) + 1, day=1)
    if grain == "year":
        return day.replace(month=1, day=1)
    return day


def step(period: pd.Timestamp, grain: str, n: int = 1) -> pd.Timestamp:
    """Return the first day of the period ``n`` periods later (earlier where negative).

    >>> step(pd.Timestamp("2025-12-29"), "week")
    Timestamp('2026-01-05 00:00:00')
    >>> step(pd.Timestamp("2025-10-01"), "quarter", -1)
    Timestamp('2025-07-01 00:00:00')
    """
    if grain == "week":
        return period + pd.Timedelta(days=7 * n)
    if grain == "day":
        return period + pd.Timedelta(days=n)
    return period + pd.DateOffset(months=n * MONTHS[grain])


def last_day(period: pd.Timestamp, grain: str) -> pd.Timestamp:
    """Return the last day of the period that starts on ``period``.

    >>> last_day(pd.Timestamp("2024-02-01"), "month")
    Timestamp('2024-02-29 00:00:00')
    """
    return step(period, grain) - pd.Timedelta(days=1)


def between(first: pd.Timestamp, last: pd.Timestamp, grain: str) -> pd.DatetimeIndex:
    """Return the first days of all periods from one period to another, both included.

    >>> between(pd.Timestamp("2025-12-22"), pd.Timestamp("2026-01-05"), "week").size
    3
    """
    freq = {"day": "D", "week": "7D", "month": "MS", "quarter": "QS", "year": "YS"}[grain]
    return pd.date_range(first, last, freq=freq, name="period")


def of_days(days: pd.Series, grain: str, week_starts: str = "monday") -> pd.Series:
    """Return the first day of each day's period.

    >>> of_days(pd.Series(pd.to_datetime(["2026-01-04", "2026-01-05"])), "week").dt.day.tolist()
    [29, 5]
    """
    if grain == "week":
        back = (days.dt.day_of_week - WEEKDAYS.index(week_starts)) % 7
        first: pd.Series = days - pd.to_timedelta(back, unit="D")
    elif grain == "day":
        first = days
    else:
        first = days.dt.to_period(
            {"month": "M", "quarter": "Q", "year": "Y"}[grain]
        ).dt.start_time
    return first
