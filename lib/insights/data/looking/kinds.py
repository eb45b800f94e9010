"""What a column's text says: days, numbers, yes or no; and what it cannot tell."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd
from ibis import BaseBackend
from ibis.expr.types import Table as Rows

from insights.data import reading, tables

Kind = Literal["day", "moment", "month", "year", "number", "share", "seconds", "flag", "text"]
LOOKED = "looked"  # the table that holds the file's rows, as text
SAMPLED = 20_000  # rows whose text is read to tell what a column holds
MOST = 0.98  # of a column's values, for it to be of a kind
CASTS: tuple[tuple[Kind, str], ...] = (  # the first of those that fit best
    ("moment", "timestamp"),
    ("moment", "timestamp month first"),
    ("moment", "timestamp day first"),
    ("seconds", "duration"),
    ("number", "number"),
    ("number", "number decimal comma"),
    ("share", "share"),
)
FLAGS = "^(yes|no|true|false|y|n|t|f)$"
MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
EITHER = r"^-?\d{1,3}[.,]\d{3}$"  # a thousand, or one and a bit
YEARS = (1900, 2100)
YEAR = re.compile(r"(^|_)(year|yr|wave)(_|$)")
NAMED = re.compile(
    r"(^|_)(id|ids|key|uuid|guid|number|no|nr|ref|code)$"
)  # names, no quantities
SWAPPED = "no day is beyond the 12th: day and month may be swapped"
THOUSANDS = "every comma or point may group thousands or begin a fraction"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an unknown file."""

    said: str  # its name in the file
    name: str  # its name in a pack
    filled: float  # share of rows with a value
    distinct: int
    longest: int  # signs of its longest text
    kind: Kind = "text"
    cast: str | None = None  # as source.yaml says it
    least: Any = None  # of days a Timestamp, of numbers a float
    most: Any = None
    whole: bool = False  # numbers without decimals
    unsure: str = ""  # what the text cannot tell


def column(backend: BaseBackend, raw: Rows, name: str, said: str) -> Column:
    """Return what one column of the table ``looked`` holds."""
    quoted, kind = tables.quoted(name), raw.schema()[name]
    n, there, distinct, longest = _figures(
        backend,
        f"count(*), count({quoted}), count(distinct {quoted}), "
        f"coalesce(max(length(cast({quoted} as varchar))), 0)",
    )
    found = Column(said, name, there / n, distinct, longest)
    if not there:
        return found
    if not kind.is_string():
        return _typed(backend, raw, found)
    return found if NAMED.search(name) else _read(backend, found)


def _figures(backend: BaseBackend, asked: str, source: str = f"memory.main.{LOOKED}") -> Any:
    return backend.raw_sql(f"select {asked} from {source}").fetchall()[0]


def _read(backend: BaseBackend, found: Column) -> Column:
    """Return a column of text as what nearly all of its values say."""
    quoted = tables.quoted(found.name)
    some_rows = f"using sample {SAMPLED} rows (reservoir, 1)"
    sample = f"(select {quoted} as x from memory.main.{LOOKED} {some_rows})"
    counts = [f"count({reading.cast('x', to)})" for _, to in CASTS]
    seen, flags, months, either, parted, *fits = _figures(
        backend,
        f"count(x), count(*) filter (regexp_matches(lower(x), '{FLAGS}')), "
        f"count(*) filter (regexp_matches(x, '{MONTH}')), "
        f"count(*) filter (regexp_matches(x, '{EITHER}')), "
        f"count(*) filter (regexp_matches(x, '[.,]')), {', '.join(counts)}",
        sample,
    )
    if not seen:
        return found
    if flags >= MOST * seen and found.distinct <= 4:
        return replace(found, kind="flag", cast="boolean")
    if months >= MOST * seen:
        return replace(found, kind="month")
    good = {to: n for (_, to), n in zip(CASTS, fits, strict=True) if n >= MOST * seen}
    if not good:
        return found
    to = max(good, key=lambda one: good[one])  # the first of the best
    kind = dict((cast, kind) for kind, cast in CASTS)[to]
    if kind == "moment":
        both = {"timestamp month first", "timestamp day first"} <= set(
            good
        ) and to != "timestamp"
        return _dated(backend, found, to, SWAPPED if both else "")
    unsure = THOUSANDS if kind == "number" and either and either == parted else ""
    return _measured(backend, replace(found, kind=kind, cast=to, unsure=unsure))


def _dated(backend: BaseBackend, found: Column, to: str, unsure: str) -> Column:
    """Return a column of dates, or of time stamps where any has a time of day."""
    sql = f"cast({reading.cast(tables.quoted(found.name), to)} as timestamp)"
    least, most, timed = _figures(
        backend, f"min({sql}), max({sql}), count(*) filter ({sql} <> date_trunc('day', {sql}))"
    )
    return replace(
        found,
        kind="moment" if timed else "day",
        cast=to if timed else to.replace("timestamp", "date"),
        least=pd.Timestamp(least),
        most=pd.Timestamp(most),
        unsure=unsure,
    )


def _measured(backend: BaseBackend, found: Column) -> Column:
    """Return a column of numbers with its range; years and shares are told by it."""
    quoted = tables.quoted(found.name)
    sql = reading.cast(quoted, found.cast) if found.cast else f"cast({quoted} as double)"
    least, most, whole = _figures(
        backend, f"min({sql}), max({sql}), bool_and({sql} = floor({sql}))"
    )
    made = replace(found, least=least, most=most, whole=bool(whole))
    if made.kind != "number":
        return made
    if made.whole and YEARS[0] <= least and most <= YEARS[1] and YEAR.search(made.name):
        return replace(made, kind="year", cast="integer")
    if not made.whole and least >= 0 and most <= 1:
        return replace(made, kind="share")
    return made


def _typed(backend: BaseBackend, raw: Rows, found: Column) -> Column:
    """Return a column that has a type already."""
    kind = raw.schema()[found.name]
    if kind.is_boolean():
        return replace(found, kind="flag")
    if kind.is_numeric():
        return (
            found
            if NAMED.search(found.name)
            else _measured(backend, replace(found, kind="number"))
        )
    if kind.is_date() or kind.is_timestamp():
        quoted = tables.quoted(found.name)
        stamps = f"cast({quoted} as timestamp)"
        least, most = _figures(backend, f"min({stamps}), max({stamps})")
        day: Kind = "day" if kind.is_date() else "moment"
        return replace(found, kind=day, least=pd.Timestamp(least), most=pd.Timestamp(most))
    return found
