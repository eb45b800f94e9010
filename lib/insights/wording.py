"""Every rule that turns a number or a date into text; nothing else formats what is read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime

NBSP = "\u00a0"  # a figure and its unit never part at a line's end
MINUS = "\u2212"
NEIGHBOURS = {  # days between first days
    "day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366,
}  # fmt: skip
SUFFIX = {"seconds": "s", "minutes": "min", "hours": "h", "days": "d"}
SCALES = ((1e9, "bn"), (1e6, "M"))
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def number(x: float, unit: str = "count", *, like: Iterable[float] = ()) -> str:
    """Return a figure with its unit; ``like`` are figures beside it, to share decimals with.

    >>> number(7587867), number(106648), number(0.81430, "share"), number(47.78, "days")
    ('7.59\\xa0M', '106,648', '81.4\\xa0%', '47.8\\xa0d')
    >>> number(0.000656, "share"), number(0.5, "share", like=[0.000656]), number(1, "share")
    ('0.066\\xa0%', '50.000\\xa0%', '100\\xa0%')
    >>> number(float("nan"))
    'no figure'
    """
    if not math.isfinite(x):
        return "no figure"
    others = [y for y in like if math.isfinite(y)]
    if unit == "count":
        return _count(x)
    if unit == "share":
        places = max(_places(100 * y, upper=100.0) for y in [x, *others])
        return _signed(100 * x, places) + NBSP + "%"
    places = 2 if unit == "score" else max(_places(y) for y in [x, *others])
    return _signed(x, places) + (NBSP + SUFFIX[unit] if unit in SUFFIX else "")


def span(lower: float, upper: float, unit: str = "count") -> str:
    """Return a range in one format.

    >>> span(0.8561, 0.9871, "share")
    '85.6\\xa0% to 98.7\\xa0%'
    >>> span(0, 120089.2)
    '0 to 120,089'
    """
    return f"{number(lower, unit, like=[upper])} to {number(upper, unit, like=[lower])}"


def change(delta: float, unit: str = "count") -> str:
    """Return a signed difference; shares differ in points.

    >>> change(-0.0423, "share"), change(1200000), change(3.1, "days")
    ('−4.2\\xa0points', '+1.20\\xa0M', '+3.1\\xa0d')
    >>> change(0.0076, "share"), change(0, "share")
    ('+0.76\\xa0points', '0\\xa0points')
    """
    if not math.isfinite(delta):
        return "no figure"
    if unit == "share":
        text = _signed(100 * delta, _places(100 * delta)) + NBSP + "points"
    else:
        text = number(delta, unit)
    return f"+{text}" if delta > 0 and any(digit in text for digit in "123456789") else text


def target(x: float, unit: str = "count") -> str:
    """Return a figure that a person set, without decimals it was not given.

    >>> target(3, "days"), target(0.9, "share"), target(0.995, "share"), target(12000)
    ('3\\xa0d', '90\\xa0%', '99.5\\xa0%', '12,000')
    """
    if unit == "count":
        return number(x)
    scaled = round(100 * x, 6) if unit == "share" else x
    suffix = "%" if unit == "share" else SUFFIX.get(unit, "")
    return f"{scaled:,.10g}".replace("-", MINUS) + (NBSP + suffix if suffix else "")


def relative(ratio: float) -> str:
    """Return a relative change; 0.25 means a quarter more.

    >>> relative(-0.284), relative(0.05), relative(12.3)
    ('−28\\xa0%', '+5\\xa0%', '+1,230\\xa0%')
    """
    if not math.isfinite(ratio):
        return "no figure"
    text = _signed(100 * ratio, 0) + NBSP + "%"
    return f"+{text}" if round(100 * ratio) > 0 else text


def day(when: date, *, year: bool = True) -> str:
    """Return a date in words.

    >>> day(date(2025, 12, 29)), day(date(2025, 12, 29), year=False)
    ('29\\xa0December 2025', '29\\xa0December')
    """
    text = f"{when.day}{NBSP}{MONTHS[when.month - 1]}"
    return f"{text} {when.year}" if year else text


def moment(when: datetime) -> str:
    """Return a UTC time stamp in words.

    >>> moment(datetime(2026, 11, 22, 18, 5))
    '22\\xa0November 2026, 18:05 UTC'
    """
    return f"{day(when)}, {when:%H:%M} UTC"


def deadline(when: datetime) -> str:
    """Return a time by which something is due, as the clocks of its time zone show it.

    >>> deadline(datetime(2026, 11, 30, 7, 0))
    'Monday 30\\xa0November 2026, 07:00'
    """
    return f"{WEEKDAYS[when.weekday()]} {day(when)}, {when:%H:%M}"


def elapsed(seconds: float) -> str:
    """Return how long something took, in whole units of one kind.

    >>> elapsed(59), elapsed(26 * 3600 + 900), elapsed(3.6 * 86400)
    ('0\\xa0min', '26\\xa0h', '3\\xa0days')
    """
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    hours = minutes // 60
    return f"{hours}{NBSP}h" if hours < 72 else f"{hours // 24}{NBSP}days"


def size(octets: int) -> str:
    """Return how much room files take.

    >>> size(0), size(48_200), size(2_345_000_000)
    ('0\\xa0kB', '48\\xa0kB', '2,345.0\\xa0MB')
    """
    if octets < 1_000_000:
        return f"{octets / 1000:.0f}{NBSP}kB"
    return f"{octets / 1e6:,.1f}{NBSP}MB"


def period(first: date, grain: str) -> str:
    """Return a period by its first day.

    >>> period(date(2025, 12, 29), "week"), period(date(2025, 10, 1), "quarter")
    ('week of 29\\xa0December 2025', 'Q4 2025')
    >>> period(date(2025, 12, 1), "month"), period(date(2025, 12, 1), "day")
    ('December 2025', '1\\xa0December 2025')
    >>> period(date(2025, 1, 1), "year")
    '2025'
    """
    if grain == "week":
        return f"week of {day(first)}"
    if grain == "month":
        return f"{MONTHS[first.month - 1]} {first.year}"
    if grain == "quarter":
        return f"Q{(first.month + 2) // 3} {first.year}"
    if grain == "year":
        return str(first.year)
    return day(first)


def the_period(first: date, grain: str) -> str:
    """Return a period as the subject of a sentence.

    >>> the_period(date(2025, 12, 29), "week"), the_period(date(2025, 12, 1), "month")
    ('the week of 29\\xa0December 2025', 'December 2025')
    """
    return ("the " if grain == "week" else "") + period(first, grain)


def label(first: date, grain: str) -> str:
    """Return a period as it stands in a column of its kind.

    >>> label(date(2025, 12, 29), "week"), label(date(2025, 12, 1), "month")
    ('29\\xa0December 2025', 'December 2025')
    """
    return day(first) if grain in {"day", "week"} else period(first, grain)


def in_period(first: date, grain: str) -> str:
    """Return a period as it stands in a sentence.

    >>> in_period(date(2025, 12, 29), "week"), in_period(date(2025, 12, 1), "day")
    ('in the week of 29\\xa0December 2025', 'on 1\\xa0December 2025')
    """
    return {"week": "in the ", "day": "on "}.get(grain, "in ") + period(first, grain)


def days(when: Sequence[date], most: int = 3, *, grain: str = "day") -> str:
    """Return days, or periods by their first days, as ranges, oldest first.

    >>> days([date(2025, 9, 5), date(2025, 9, 6), date(2025, 9, 7), date(2025, 11, 9)])
    '5\\xa0September to 7\\xa0September 2025 and 9\\xa0November 2025'
    >>> days([date(2025, 9, 1), date(2025, 9, 8), date(2025, 9, 22)], grain="week", most=1)
    '1\\xa0September to 8\\xa0September 2025 and 1 more'
    >>> days([date(2025, 9, 1), date(2025, 10, 1)], grain="month")
    'September 2025 to October 2025'
    """
    runs: list[list[date]] = []
    for one in sorted(when):
        if runs and (one - runs[-1][-1]).days <= NEIGHBOURS[grain]:
            runs[-1].append(one)
        else:
            runs.append([one])
    texts = []
    for run in runs:
        first, last = run[0], run[-1]
        begins = label(first, grain)
        if first.year == last.year and grain in {"day", "week"}:
            begins = day(first, year=False)
        texts.append((f"{begins} to " if len(run) > 1 else "") + label(last, grain))
    left = sum(len(run) for run in runs[most:])
    return listing([*texts[:most], f"{left} more"] if left else texts)


def listing(words: Sequence[str]) -> str:
    """Join words as a sentence does.

    >>> listing(["a", "b", "c"]), listing(["a"]), listing([])
    ('a, b and c', 'a', '')
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number of things.

    >>> count(1, "measure"), count(3, "measure"), count(2, "day of data", "days of data")
    ('1 measure', '3 measures', '2 days of data')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def sentence(text: str) -> str:
    """Start a sentence with a capital and end it with a full stop.

    >>> sentence("the week is short")
    'The week is short.'
    """
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _count(x: float) -> str:
    for scale, name in SCALES:
        if abs(x) >= scale * 0.9995:
            return _signed(x / scale, 2) + NBSP + name
    return _signed(x, 0)


def _signed(x: float, places: int) -> str:
    text = f"{abs(x):,.{places}f}"
    if not float(text.replace(",", "")):
        return "0"
    if places and x in (100.0, -100.0):
        text = "100"
    return (MINUS if x < 0 else "") + text


def _places(x: float, upper: float = math.inf) -> int:
    """One decimal, more where that would hide the figure or its distance from a bound."""
    gap = min(abs(x), abs(upper - abs(x)) if abs(x) < upper else math.inf)
    if gap == 0 or gap >= 1 or math.isinf(gap):
        return 1
    return min(4, 1 - math.floor(math.log10(gap)))
