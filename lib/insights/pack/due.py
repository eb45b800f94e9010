"""When is a readout due? A day and a time of day, such as ``Monday 07:00``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from insights.errors import did_you_mean
from insights.wording import WEEKDAYS

EVERY_DAY, WORKING = "every day", "weekdays"
WAYS = "Write 'Monday 07:00', 'weekdays 07:00', 'every day 07:00' or 'day 3 07:00'"
LAST_IN_EVERY_MONTH = 28


@dataclass(frozen=True, slots=True)
class Due:
    """A day, a time of day and a time zone by which a page has to be there."""

    day: str  # "every day", "weekdays", a weekday, or "day 3" of the month
    at: time
    zone: str = "UTC"

    @classmethod
    def parse(cls, text: str, zone: str = "UTC") -> Due:
        """Read what a pack says.

        Raises
        ------
        ValueError
            It is no day and time; the message says what would be.
        """
        words, _, clock = " ".join(text.split()).rpartition(" ")
        return cls(_day(words, text), _clock(clock, text), zone)

    def __str__(self) -> str:
        return f"{self.day} {self.at:%H:%M}"

    def after(self, made: datetime) -> datetime:
        """Return when the page after one that was made at some time is due, in UTC.

        A page made on a due day is that day's, also where it was made before the hour: whoever
        wants it at seven starts earlier.
        """
        zone = ZoneInfo(self.zone)
        day = made.astimezone(zone).date() + timedelta(days=1)
        while not self._falls_on(day):
            day += timedelta(days=1)
        due = datetime.combine(day, self.at, zone)
        return due.astimezone(UTC)

    def _falls_on(self, day: date) -> bool:
        if self.day == EVERY_DAY:
            return True
        if self.day == WORKING:
            return day.weekday() < 5
        if self.day in WEEKDAYS:
            return WEEKDAYS[day.weekday()] == self.day
        return day.day == int(self.day.removeprefix("day "))


def checked(text: str) -> str:
    """Return a pack's words in their one spelling; a ValueError says what is wrong with them.

    >>> checked("monday 7:00"), checked("every day  18:30"), checked("day 3 07:00")
    ('Monday 07:00', 'every day 18:30', 'day 3 07:00')
    """
    return str(Due.parse(text))


def _day(words: str, text: str) -> str:
    known = {day.casefold(): day for day in (*WEEKDAYS, EVERY_DAY, WORKING)}
    if (day := known.get(words.casefold())) is not None:
        return day
    if found := re.fullmatch(r"day (\d{1,2})", words.casefold()):
        if not 1 <= int(found[1]) <= LAST_IN_EVERY_MONTH:
            last = LAST_IN_EVERY_MONTH
            raise ValueError(f"day {int(found[1])} is not in every month; use day 1 to {last}")
        return f"day {int(found[1])}"
    hint = did_you_mean(words, known.values()) if words else ""
    raise ValueError(f"'{text}' is no day and time{hint or '.'} {WAYS}")


def _clock(clock: str, text: str) -> time:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", clock)
    if found is None or not (int(found[1]) < 24 and int(found[2]) < 60):
        raise ValueError(f"'{text}' is no day and time. {WAYS}")
    return time(int(found[1]), int(found[2]))


DueTime = Annotated[str, AfterValidator(checked)]
