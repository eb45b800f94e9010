"""Say which steps a frequency takes, which seasons it can have, and count its periods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insights.errors import ParamError, did_you_mean

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Dates = npt.NDArray[np.datetime64]

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
KNOWN = ("h", "D", "B", "W", "MS", "ME", "QS", "QE")
ADVICE = "Give h, D, B, W (or W-MON ...), MS, ME, QS or QE."


@dataclass(frozen=True, slots=True)
class Clock:
    """One frequency: ``position`` numbers its periods, ``dates`` is the inverse."""

    freq: str
    noun: str  # hour, day, business day, week, month or quarter
    cycles: tuple[int, ...]  # seasons shorter than a year, in periods, each dividing the next
    year: int  # periods in a year where that is a season of its own, else 0
    position: Callable[[Dates], Ints]
    dates: Callable[[Ints], Dates]

    @property
    def season(self) -> int:
        """Periods after which seasonal naive repeats itself."""
        return self.cycles[-1] if self.cycles else 1

    @property
    def lag(self) -> int:
        """Periods between values that scale a score: the shortest season."""
        return self.cycles[0] if self.cycles else 1

    @property
    def day(self) -> int:
        """Periods in a day, at least 1."""
        return 24 if self.noun == "hour" else 1

    def off(self, when: Dates) -> Bools:
        """Say which dates the frequency does not know."""
        return np.asarray(self.dates(self.position(when)) != when)


def clock(freq: str, when: Dates) -> Clock:
    """Return the clock of a frequency; bare W and quarters take their anchor from the dates."""
    base, _, anchor = str(freq).partition("-")
    if base not in KNOWN or not _anchored(base, anchor):
        near = did_you_mean(str(freq), KNOWN) or "."
        raise ParamError(f"forecast: unknown freq '{freq}'{near} {ADVICE}")
    if base == "h":
        return Clock(freq, "hour", (24, 168), 0, _hours, lambda p: _stamps(p, "h"))
    if base == "D":
        return Clock(freq, "day", (7,), 365, _days, lambda p: _stamps(p, "D"))
    if base == "B":
        return Clock(freq, "business day", (5,), 261, _business, _from_business)
    if base == "W":
        first = WEEKDAYS.index(anchor) if anchor else _weekday(when)
        return Clock(
            freq, "week", (), 52, lambda d: (_days(d) + 3 - first) // 7,
            lambda p: _stamps(p * 7 - 3 + first, "D"),
        )  # fmt: skip
    end = base.endswith("E")
    if base in ("MS", "ME"):
        return Clock(freq, "month", (12,), 0, _months, lambda p: _month(p, end))
    month = MONTHS.index(anchor) if anchor else _month_of(when)
    shift = month % 3
    return Clock(
        freq, "quarter", (4,), 0, lambda d: (_months(d) - shift) // 3,
        lambda p: _month(p * 3 + shift, end),
    )  # fmt: skip


def _anchored(base: str, anchor: str) -> bool:
    """Say whether the part after the dash fits."""
    known = {"W": WEEKDAYS, "QS": MONTHS, "QE": MONTHS}.get(base, ())
    return not anchor or anchor in known


def _stamps(position: Ints, unit: str) -> Dates:
    """Return dates that lie so many units after 1970."""
    return np.asarray(position, dtype=np.int64).astype(f"datetime64[{unit}]").astype(STAMP)


STAMP = "datetime64[ns]"


def _hours(when: Dates) -> Ints:
    return when.astype("datetime64[h]").astype(np.int64)


def _days(when: Dates) -> Ints:
    return when.astype("datetime64[D]").astype(np.int64)


def _months(when: Dates) -> Ints:
    return when.astype("datetime64[M]").astype(np.int64)


def _business(when: Dates) -> Ints:
    weeks, day = np.divmod(_days(when) + 3, 7)  # 1970 began on a Thursday
    return weeks * 5 + np.minimum(day, 4)


def _from_business(position: Ints) -> Dates:
    weeks, day = np.divmod(position, 5)
    return _stamps(weeks * 7 + day - 3, "D")


def _month(position: Ints, end: bool) -> Dates:
    """Return the first or last day of a month."""
    months = np.asarray(position + end).astype("datetime64[M]").astype("datetime64[D]")
    return (months - np.timedelta64(int(end), "D")).astype(STAMP)


def _weekday(when: Dates) -> int:
    """Return the weekday most dates fall on, Monday 0."""
    return int(np.bincount((_days(when) + 3) % 7, minlength=7).argmax()) if len(when) else 6


def _month_of(when: Dates) -> int:
    """Return the month, January 0, of the quarter's remainder that most dates have."""
    return int(np.bincount(_months(when) % 3, minlength=3).argmax()) if len(when) else 0
