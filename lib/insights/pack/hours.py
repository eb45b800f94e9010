"""When a desk is open: schedules by weekday in their own time zone, and whose they are."""

from __future__ import annotations

import re
from typing import Annotated, get_args

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from insights.errors import did_you_mean
from insights.pack.fields import Date, Model, Name, TimeZone, Weekday

WEEKDAYS: tuple[str, ...] = get_args(Weekday)
EVERY = "every day"
SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
DAY = 24 * 60


def days_of(said: str) -> tuple[int, ...]:
    """Return the weekdays, 0 for Monday, of "monday", "monday to friday" or "every day".

    >>> days_of("saturday to monday")
    (5, 6, 0)
    """
    if said == EVERY:
        return tuple(range(7))
    first, _, last = said.partition(" to ")
    ends = [_weekday(first), _weekday(last or first)]
    return tuple((ends[0] + n) % 7 for n in range((ends[1] - ends[0]) % 7 + 1))


def minutes_of(said: str) -> tuple[int, int]:
    """Return minutes of the day of "09:00-17:30"; past 1,440 they are of the next day.

    >>> minutes_of("22:00-06:00")
    (1320, 1800)
    """
    parts = SPAN.fullmatch(said)
    if parts is None:
        raise ValueError(f"'{said}' is no span of hours; write it as 09:00-17:30")
    start, end = 60 * int(parts[1]) + int(parts[2]), 60 * int(parts[3]) + int(parts[4])
    if end > DAY or start == end:
        raise ValueError(f"'{said}' is no span of hours; write it as 09:00-17:30")
    return start, end if end > start else end + DAY


def _weekday(name: str) -> int:
    if name not in WEEKDAYS:
        hint = did_you_mean(name, WEEKDAYS) or "; write 'monday', 'monday to friday'"
        raise ValueError(f"'{name}' is no weekday{hint}")
    return WEEKDAYS.index(name)


def _open(said: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    if not any(said.values()):
        raise ValueError("it is never open; say when, such as 'monday to friday: 09:00-17:00'")
    for days, spans in said.items():
        days_of(days)
        for span in spans:
            minutes_of(span)
    return said


def _country(code: str) -> str:
    """Refuse a country, or a part of one, whose holidays are not known."""
    from holidays import list_supported_countries  # takes long, and few packs need it

    known = list_supported_countries()
    country, _, part = code.partition("-")
    if country not in known or (part and part not in known[country]):
        raise ValueError(f"no public holidays are known for '{code}'; list days under closed")
    return code


def _spans(value: object) -> object:
    """Take one span as a list of one."""
    return (value,) if isinstance(value, str) else value


Spans = Annotated[tuple[str, ...], Field(strict=False), BeforeValidator(_spans)]


class Schedule(Model):
    """Opening hours of a week, in local time; an hour that clocks repeat counts twice."""

    timezone: TimeZone
    open: Annotated[dict[str, Spans], AfterValidator(_open)]
    holidays: Annotated[str, AfterValidator(_country)] | None = None  # DE, or DE-BE of a part
    closed: tuple[Date, ...] = Field((), strict=False)  # further days


class Hours(Model):
    """Which schedule holds for which rows."""

    by: str  # the column whose value says it
    schedules: dict[Name, Schedule]
    of: dict[str, str] = {}  # value: schedule
    default: str  # the schedule of every other value

    @field_validator("schedules")
    @classmethod
    def _some(cls, schedules: dict[str, Schedule]) -> dict[str, Schedule]:
        if not schedules:
            raise ValueError("name at least one schedule")
        return schedules

    @model_validator(mode="after")
    def _known(self) -> Hours:
        for name in (*self.of.values(), self.default):
            if name not in self.schedules:
                hint = did_you_mean(name, self.schedules) or "."
                raise ValueError(f"unknown schedule '{name}'{hint}")
        return self
