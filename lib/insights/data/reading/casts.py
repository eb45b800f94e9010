"""What a text says: numbers, shares, durations, dates; what it does not say plainly is NULL.

In source.yaml ``cast`` names, beside any SQL type:

``number``, ``number decimal comma``
    1,234.5 or 1.234,5; a comma that groups no thousands is no number.
``share``
    0.76 or 76 %; beyond 1 without a sign it is no share.
``duration``, ``duration m:ss``, ``duration h:mm``
    seconds, of h:mm:ss, days and h:mm:ss, or a clock time (12:05:30 AM is 5.5 minutes).
``date`` and ``timestamp``, each with ``month first`` or ``day first``
    what starts with the year is read either way; an offset or Z wins over the table's zone.
``timestamp epoch``
    seconds, or milliseconds, since 1970.
``list``
    a JSON array in a cell, as a list of text.
"""

from __future__ import annotations

import itertools

TEXT = "trim(cast({0} as varchar))"
SEPARATORS = "[, '’]"
GROUPED = r"^[-+]?\d{1,3}([, '’]\d{3})+(\.\d+)?$"
PLAIN = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
YEAR_FIRST = r"^\d{4}[-/]"
ZONED = r":\d\d(\.\d+)?\s*(Z|z|UTC|GMT|[+-]\d\d(:?\d\d)?)$"
TWO_DIGITS = r"^\d{1,2}/\d{1,2}/\d{2}(\D|$)"
SIGNS = r"^(\d{1,2})[-.](\d{1,2})[-.](\d{2,4})"
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
WORDS = ("%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%B %d, %Y")  # the month by name
DAYS = {"month first": "%m/%d/%{0}", "day first": "%d/%m/%{0}"}
LONG = r"^((\d+) days?,? \+?)?(\d+):([0-5]?\d):([0-5]?\d(\.\d+)?)$"
CLOCK = r"^(1[0-2]|0?\d):([0-5]\d):([0-5]\d) ?([AaPp])[Mm]$"
PAIR = r"^(\d+):([0-5]?\d(\.\d+)?)$"


def cast(column: str, to: str, *, text: bool = True, zone: str = "UTC") -> str:
    """Return SQL that reads a column as a type, and gives NULL where a value does not fit.

    Parameters
    ----------
    column
        SQL of a column, quoted.
    to
        One of the module's types, or any SQL type.
    text
        Whether the column is text; of other columns dates and time stamps are cast as they are.
    zone
        The time zone of time stamps that carry none. Of text they become instants.
    """
    said, value = " ".join(to.lower().split()), TEXT.format(column)
    if said in {"number", "number decimal comma"}:
        return _number(value, comma="comma" in said)
    if said == "share":
        return _share(value)
    if said in {"duration", "duration m:ss", "duration h:mm"}:
        return _duration(value, said.removeprefix("duration").strip())
    if said == "list":
        return (
            f"case when json_valid({value}) and json_type({value}) = 'ARRAY' "
            f"""then from_json({value}, '["VARCHAR"]') end"""
        )
    kind, _, order = said.partition(" ")
    if kind in {"date", "timestamp"} and (order in DAYS or (text and not order)):
        return _time(value, kind, order, zone)
    if said == "timestamp epoch":
        seconds = f"try_cast({value} as double)"
        thousands = f"case when abs({seconds}) >= 1e11 then 1000 else 1 end"
        return f"to_timestamp({seconds} / {thousands})"
    return f"try_cast({column} as {to})"


def _matches(value: str, pattern: str) -> str:
    """Return SQL that tells whether a text is of a form."""
    return f"regexp_matches({value}, '{_quoted(pattern)}')"


def _quoted(pattern: str) -> str:
    return pattern.replace("'", "''")


def _number(value: str, *, comma: bool) -> str:
    """Return SQL for a number; separators are taken out only where they group thousands."""
    if comma:
        value = f"translate({value}, '.,', ',.')"
    bare = f"regexp_replace({value}, '{_quoted(SEPARATORS)}', '', 'g')"
    return (
        f"case when {_matches(value, PLAIN)} then try_cast({value} as double) "
        f"when {_matches(value, GROUPED)} then try_cast({bare} as double) end"
    )


def _share(value: str) -> str:
    per_cent = f"try_cast(trim(rtrim({value}, '%')) as double) / 100"
    bare = f"try_cast({value} as double)"
    share = f"case when {value} like '%\\%' escape '\\' then {per_cent} else {bare} end"
    return f"case when {share} between 0 and 1 then {share} end"


def _duration(value: str, two: str) -> str:
    """Return SQL for seconds."""

    def part(pattern: str, n: int) -> str:
        return f"coalesce(try_cast(regexp_extract({value}, '{pattern}', {n}) as double), 0)"

    long = " + ".join(
        f"{seconds} * {part(LONG, n)}"
        for n, seconds in ((2, 86400), (3, 3600), (4, 60), (5, 1))
    )
    noon = f"case when lower({value}) like '%pm' then 43200 else 0 end"
    clock = (
        f"{noon} + 3600 * ({part(CLOCK, 1)} % 12) + 60 * {part(CLOCK, 2)} + {part(CLOCK, 3)}"
    )
    made = (
        f"when {_matches(value, LONG)} then {long} when {_matches(value, CLOCK)} then {clock}"
    )
    if two:
        first, second = (60, 1) if two == "m:ss" else (3600, 60)
        short = f"{first} * {part(PAIR, 1)} + {second} * {part(PAIR, 2)}"
        made += f" when {_matches(value, PAIR)} then {short}"
    return f"case {made} end"


def _time(value: str, kind: str, order: str, zone: str) -> str:
    """Return SQL for a date, or for a time stamp as an instant."""
    naive = f"case when {_matches(value, YEAR_FIRST)} then try_cast({value} as timestamp) end"
    if order:
        naive = f"coalesce({naive}, {_ordered(value, order)})"
    if kind == "date":
        return f"cast({naive} as date)"
    instant = f"try_cast({value} as timestamptz)"
    return (
        f"case when {_matches(value, ZONED)} and {_matches(value, YEAR_FIRST)} then {instant} "
        f"else ({naive}) at time zone '{zone}' end"
    )


def _ordered(value: str, order: str) -> str:
    """Return SQL for a time stamp whose day and month stand in a declared order."""
    slashed = f"regexp_replace({value}, '{SIGNS}', '\\1/\\2/\\3')"

    def formats(*days: str) -> str:
        return ", ".join(f"'{d}{t}'" for d, t in itertools.product(days, TIMES))

    short = f"try_strptime({slashed}, [{formats(DAYS[order].format('y'))}])"
    full = f"try_strptime({slashed}, [{formats(DAYS[order].format('Y'), *WORDS)}])"
    return f"case when {_matches(slashed, TWO_DIGITS)} then {short} else {full} end"
