"""What a file's columns are for: which day a row belongs to, what names it, what splits it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from insights import wording
from insights.data.looking import sums
from insights.data.looking.kinds import NAMED, Column
from insights.data.looking.profile import Looked
from insights.errors import ContractError, some

BEGUN = re.compile(
    r"(^|_)(creat|open|receiv|report|start|submit|beg[iu]n|call|filed|sent|asked|interview|"
    r"date|day|time|timestamp|ts)"
)
LATER = re.compile(
    r"updat|modif|clos|resol|solv|end|complet|due|birth|purchase|expir|deliver|sync|edit"
)
PERSON = re.compile(
    r"name|mail|organi[sz]ation|account|phone|fax|address|street|agent|assignee|moderator|owner|user|customer|requester|"
    r"employee|contact_?id|author|comment|narrative|descri|text|body|note|url|link|ip$|zip|post_?code|lat|lon"
)
SPLITS = re.compile(
    r"channel|type|priorit|market|region|countr|queue|team|product|categor|topic|platform|language|source|origin|reason|segment|borough|severity|policy"
)
DIMENSIONS = 4
VALUES = (2, 30)  # of a dimension
SHORT = 4  # signs of a code; beyond, it is somebody's or something's number
LONGEST_KEY = 40  # signs
SLOT = 300  # seconds
HALF = 0.5  # of the usual rows of a period; below, it is thin
THIN = 2  # periods at the end of a file, for it to thin out
UNITS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
MOST_FILLED = 0.95
ENOUGH_ROWS = 10  # a period, for its figure to say something
ENOUGH_PERIODS = 8
SPANS = {"day": 1, "week": 7, "month": 30.4, "quarter": 91.3, "year": 365.25}


@dataclass(frozen=True, slots=True)
class Choice:
    """A column, or an expression over some, and why it was chosen."""

    name: str
    why: str
    sql: str | None = None  # of a column that is worked out


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns of a file are for."""

    clock: Choice
    first: pd.Timestamp
    last: pd.Timestamp
    grain: str
    grain_why: str
    key: Choice | None
    entity: Column | None  # what several rows are about: the case of a log
    dimensions: tuple[Choice, ...]
    aggregated: bool  # a row is a day's sum
    once: bool  # rows that are equal to another are counted once
    ends: Choice | None  # the day after which a file thins out, as an SQL date


def roles(looked: Looked) -> Roles:
    """Return what the columns of a file are for.

    Raises
    ------
    ContractError
        No column says when.
    """
    clock, first, last = _clock(looked)
    unique = [c for c in looked.columns if c.distinct == looked.n and c.filled == 1]
    aggregated = _is_daily(looked, clock) and sums.total(looked) is not None
    entity = None if unique else _entity(looked)
    once = bool(looked.repeated) and (entity is not None or _has_times(looked))
    grain, why = _grain(looked, clock, first, last, aggregated=aggregated)
    key = _key(looked, unique, clock, aggregated=aggregated)
    taken = {clock.name, key.name if key else "", entity.name if entity else ""}
    dimensions = () if aggregated else _dimensions(looked, taken)
    ends = None if aggregated or clock.sql is not None else _thins_out(looked, clock, grain)
    return Roles(
        clock, first, last, grain, why, key, entity, dimensions, aggregated, once, ends
    )


def _clock(looked: Looked) -> tuple[Choice, pd.Timestamp, pd.Timestamp]:
    """Return the column that dates a row, with its first and last day."""
    dated = [c for c in looked.of("day", "moment") if c.filled > 0.5]
    if dated:
        best = max(dated, key=_as_clock)
        others = [c.name for c in dated if c is not best]
        more = f" Other dates: {some(others)}." if others else ""
        name = "the only one" if len(dated) == 1 else "the likeliest, by name, to begin a row"
        why = (
            f"a date in {wording.number(best.filled, 'share')} of rows, from "
            f"{wording.day(best.least.date())} to {wording.day(best.most.date())}; "
            f"{name}.{more}"
        )
        if best.unsure:
            why += f" CHECK: {best.unsure}."
        return Choice(best.name, why), best.least.normalize(), best.most.normalize()
    return _clock_of_parts(looked)


def _clock_of_parts(looked: Looked) -> tuple[Choice, pd.Timestamp, pd.Timestamp]:
    """Return a clock that is worked out from a month or a year."""
    for column in looked.of("month"):
        sql = f"last_day(cast({column.name} || '-01' as date))"
        return _worked_out(
            looked, sql, f"'{column.said}' says the month; a row stands at its last day."
        )
    years = looked.of("year")
    if not years:
        raise ContractError(
            f"no column of '{looked.path.name}' is a date, a month or a year: it has "
            f"{some([c.said for c in looked.columns], 60)}. Add when each row happened."
        )
    year = years[0]
    months = [
        c
        for c in looked.of("number")
        if c.whole
        and c.name in {"month", "mon", "month_number"}
        and c.least >= 1
        and c.most <= 12
    ]
    if months:
        sql = f"last_day(make_date({year.name}, cast({months[0].name} as integer), 1))"
        why = (
            f"'{year.said}' and '{months[0].said}' say the month; a row stands at its last day."
        )
    else:
        sql = f"make_date({year.name}, 12, 31)"
        why = f"'{year.said}' says the year, no column the day; a row stands at its end."
    return _worked_out(looked, sql, why)


def _worked_out(
    looked: Looked, sql: str, why: str
) -> tuple[Choice, pd.Timestamp, pd.Timestamp]:
    from insights.data import tables

    rows = tables.derived(looked.rows, "row_day", sql)
    span = (
        rows.aggregate(first=rows["row_day"].min(), last=rows["row_day"].max())
        .to_pandas()
        .iloc[0]
    )
    return Choice("row_day", why, sql), pd.Timestamp(span["first"]), pd.Timestamp(span["last"])


def _as_clock(column: Column) -> tuple[int, float, int]:
    """Return how good a clock a column is: by name, then by how full it is."""
    name = column.name
    score = 2 * bool(BEGUN.search(name)) - 3 * bool(LATER.search(name))
    return score, round(column.filled, 2), column.kind == "moment"


def _is_daily(looked: Looked, clock: Choice) -> bool:
    """Tell whether no two rows share a day, or a slot of five minutes or more."""
    column = next((c for c in looked.columns if c.name == clock.name), None)
    if column is None or column.distinct < looked.n:
        return False
    if column.kind == "day":
        return True
    stamp = looked.rows[column.name]
    between = (stamp.epoch_seconds() % SLOT != 0).sum().execute()
    return int(between) == 0 and all(c.kind == "number" or c is column for c in looked.columns)


def _has_times(looked: Looked) -> bool:
    return any(c.kind == "moment" and c.distinct > looked.n / 2 for c in looked.columns)


def _entity(looked: Looked) -> Column | None:
    """Return what several rows are about, by a name such as CaseID."""
    named = [
        c
        for c in looked.columns
        if NAMED.search(c.name) and c.filled > MOST_FILLED and 2 * c.distinct >= VALUES[1]
    ]
    within = [c for c in named if looked.n / 100 < c.distinct < 0.9 * looked.n]
    return max(within, key=lambda c: c.distinct, default=None)


def _key(
    looked: Looked, unique: list[Column], clock: Choice, *, aggregated: bool
) -> Choice | None:
    """Return the column that no two rows share, where its name says that it should be one."""
    if aggregated:
        return Choice(clock.name, "no two rows share it")
    named = [c for c in unique if NAMED.search(c.name)] or [
        c
        for c in unique
        if c.kind == "text" and c.longest <= LONGEST_KEY and not PERSON.search(c.name)
    ][:1]
    if not named:
        return None
    return Choice(named[0].name, f"{looked.n:,} rows, each with its own")


def _grain(
    looked: Looked, clock: Choice, first: pd.Timestamp, last: pd.Timestamp, *, aggregated: bool
) -> tuple[str, str]:
    """Return the finest period that holds enough rows, often enough."""
    if clock.sql is not None:
        grain = "year" if "12, 31" in clock.sql else "month"
        return grain, f"finer than a {grain} the file does not say"
    days = (last - first).days + 1
    for grain, length in SPANS.items():
        if grain == "day" and days / SPANS["week"] >= ENOUGH_PERIODS:
            continue
        rows = looked.n * length / days
        enough = aggregated or rows >= ENOUGH_ROWS
        if enough and (days / length >= ENOUGH_PERIODS or grain == "day"):
            count = wording.count(round(days / length), grain)
            return grain, f"{count} with {rows:,.0f} rows each"
    return (
        ("week", "too few rows for a usual range")
        if days >= 14
        else ("day", "all that there is")
    )


def _thins_out(looked: Looked, clock: Choice, grain: str) -> Choice | None:
    """Return from which day on a file holds less than half of what is usual, to its end.

    An extract of what was going on in a window ends so: its last cases are missing.
    """
    rows = looked.rows
    period = rows[clock.name].cast("date").truncate(UNITS[grain])
    counts = rows.group_by(period=period).agg(n=rows.count()).to_pandas().dropna()
    n = counts.set_index(pd.to_datetime(counts["period"]))["n"].sort_index().iloc[:-1]
    usual = float(n.median()) if len(n) else 0.0
    full = n.index[n >= usual * HALF]
    thin = n[n.index > full[-1]] if len(full) else n
    if len(n) < ENOUGH_PERIODS or len(thin) < THIN:
        return None
    most = wording.count(int(thin.max()), "row")
    why = (
        f"from {wording.day(thin.index[0].date())} on it holds at most {most} a {grain} where "
        f"{usual:,.0f} are usual, as an extract does that misses its last cases"
    )
    return Choice(
        wording.day((thin.index[0] - pd.Timedelta(days=1)).date()),
        why,
        f"{thin.index[0]:%Y-%m-%d}",
    )


def _dimensions(looked: Looked, taken: set[str]) -> tuple[Choice, ...]:
    """Return columns with a few values that many rows share and that name no person."""
    least, most = VALUES
    good = [
        c
        for c in looked.columns
        if c.kind in ("text", "flag")
        and c.name not in taken
        and least <= c.distinct <= most
        and c.filled > 0.5
        and not PERSON.search(c.name)
        and not (NAMED.search(c.name) and c.longest > SHORT)
    ]
    good.sort(key=lambda c: not SPLITS.search(c.name))  # otherwise as in the file
    return tuple(Choice(c.name, f"{c.distinct} values") for c in good[:DIMENSIONS])
