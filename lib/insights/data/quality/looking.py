"""What the gates look at, and the few words that all of them use."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any, Literal, TypeVar

import pandas as pd
import sqlglot
from ibis.expr.types import Table as Rows
from sqlglot import exp

from insights import wording
from insights.data import remembered, series
from insights.data.quality import lineage
from insights.data.quality.findings import Finding
from insights.data.quality.lineage import Declared
from insights.data.sources import Source
from insights.errors import some
from insights.pack import Metric, Table

WIDESPREAD = 0.05  # of the rows: beyond, no row is at fault, a column means something else

T = TypeVar("T")


@dataclass(slots=True)
class Facts:
    """What one round of gates has found out so far; metrics of the same rows ask only once."""

    until: date | None = None  # the last day of any look
    mark: Hashable = None  # where answers are kept: of the source and the day it is known by
    held: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is known of the rows looked at, or find it out."""
        if key not in self.held:
            self.held[key] = make()
        known: T = self.held[key]
        return known

    def anywhere(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is known of whole tables, which other readouts may have found out."""
        place = self.mark and (self.mark, self.until, key)
        return self.once(("anywhere", key), lambda: remembered.once(place, make))


@dataclass(frozen=True, slots=True)
class Look:
    """What the gates look at: one metric's rows, up to a day, as known by a day."""

    source: Source
    name: str
    metric: Metric
    where: Mapping[str, str]
    end: date | None = None
    known_by: date | None = None

    @property
    def table(self) -> Table:
        """The description of the table that the metric reads."""
        return self.source.pack.source.tables[self.metric.table]

    @property
    def declared(self) -> Declared:
        """What the pack says of the columns of the table, or of those it is made of."""
        return lineage.declared(self.source, self.metric.table)

    @property
    def bases(self) -> list[str]:
        """Every table that the metric's is made of by SQL."""
        return lineage.below(self.source, self.metric.table)

    @property
    def table_columns(self) -> tuple[str, ...]:
        """Every column of the table."""
        return tuple(self.source.tables[self.metric.table].columns)

    @property
    def ends(self) -> list[str]:
        """A duration's two columns."""
        start, end = self.metric.start, self.metric.end
        return [start, end] if start and end else []

    @property
    def reads(self) -> list[str]:
        """The columns that the metric's expressions read, derived ones taken apart."""
        wanted = [text for text in (self.metric.numerator, self.metric.denominator) if text]
        return reads(wanted, self.table)

    @property
    def touches(self) -> set[str]:
        """Every column that the figure depends on: expressions, clock, ends and weights."""
        metric = self.metric
        return {*self.reads, metric.clock, *self.ends, *metric.poststratify, *self.where}

    def rows(self) -> Rows:
        """Return the rows with ``_events``, ``_exposure`` and ``_day`` worked out."""
        return series.of_metric(
            self.source, self.metric, where=self.where, end=self.end, known_by=self.known_by
        )

    def dated_rows(self) -> Rows:
        """Return the rows with ``_day``, whatever the metric's own figures are made of."""
        plain = {"kind": "count", "numerator": "1", "denominator": None}
        return replace(self, metric=self.metric.model_copy(update=plain)).rows()

    def wide(self, table: str) -> Look:
        """Return a look at all rows of a table by the metric's clock, kept to nothing."""
        metric = self.metric.model_copy(update={"table": table})
        return replace(self, metric=metric, where={}, end=None)

    def all_rows(self) -> Rows:
        """Return the rows with or without a readable day, up to any day."""
        return self.source.rows(self.metric.table, self.known_by, self.where)

    def finding(
        self,
        gate: str,
        message: str,
        days: Iterable[Any] | None = None,
        level: Literal["fail", "warn"] = "fail",
    ) -> Finding:
        """Return what a gate found; ``days`` hold the rows concerned."""
        found = (
            () if days is None else tuple(sorted(pd.to_datetime(pd.unique(pd.Series(days)))))
        )
        return Finding(gate, self.name, level, message, found)

    def when(self, days: Iterable[Any]) -> str:
        """Return which days rows belong to, in words."""
        return f"{self.verb} {said_days(days)}"

    @property
    def verb(self) -> str:
        """How a row and its day belong together."""
        return "dated" if self.metric.clock_is == "event" else "filed"


def days_of(rows: Rows) -> pd.Series:
    """Return the different days of dated rows."""
    found: pd.Series = rows.select(series.DAY).distinct().to_pandas()[series.DAY]
    return found


def said_days(days: Iterable[Any]) -> str:
    """Return days in words."""
    return wording.days(sorted({day.date() for day in pd.to_datetime(list(days))}))


def said_span(first: Any, last: Any) -> str:
    """Return the first and the last day of something that may skip days between."""
    one, other = (wording.day(pd.Timestamp(end).date()) for end in (first, last))
    return one if one == other else f"{one} to {other}"


def reads(texts: Iterable[str], table: Table) -> list[str]:
    """Return the columns that expressions read, a table's derived ones taken apart."""
    names = dict.fromkeys(c.name for text in texts for c in columns(text))
    for name, expression in reversed(table.columns.items()):  # each builds on those before it
        if name in names:
            names.pop(name)
            names |= dict.fromkeys(c.name for c in columns(expression))
    return list(names)


@lru_cache(maxsize=512)
def columns(text: str) -> tuple[exp.Column, ...]:
    """Return the columns of an expression, as a parser has them."""
    return tuple(sqlglot.parse_one(text, dialect="duckdb").find_all(exp.Column))


def shapes(values: Iterable[str]) -> str:
    """Return up to three different values with their digits as 9 and their letters as a.

    The shape of 31/02/2025 is '99/99/9999': enough to mend a format, too little to tell on
    anyone.
    """
    made = {re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", value))[:24] for value in values}
    return some([f"'{shape}'" for shape in sorted(made)], 3)
