"""Gates on rows: doubled keys, impossible figures, text where a number or a date should be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import pandas as pd
import sqlglot
from ibis.expr.types import Table as Rows
from sqlglot import exp

from insights import wording
from insights.data import series
from insights.data.quality import scales
from insights.data.quality.findings import Finding
from insights.data.sources import Source
from insights.data.tables import UNREAD, is_time, over, quoted, segment
from insights.errors import some
from insights.pack import Metric, Table

EXAMPLES = 5
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Sum, exp.Paren, exp.Coalesce)
UNTIMED = "try_cast({0} as timestamp) is null"
GROUPED = r"^\s*-?[0-9]{1,3}([,. ][0-9]{3})+\s*$"  # 291,093,794


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

    def rows(self, **changed: Any) -> Rows:
        """Return the rows with ``_events``, ``_exposure`` and ``_day`` worked out."""
        metric = self.metric.model_copy(update=changed) if changed else self.metric
        return series.of_metric(
            self.source, metric, where=self.where, end=self.end, known_by=self.known_by
        )

    def all_rows(self) -> Rows:
        """Return the rows with or without a readable day."""
        rows = self.source.rows(self.metric.table, self.known_by)
        for dimension, value in self.where.items():
            rows = rows.filter(segment(rows, dimension) == value)
        return rows

    def finding(self, gate: str, message: str, days: Iterable[Any] | None = None) -> Finding:
        """Return a failed gate; ``days`` hold the rows concerned."""
        found = (
            () if days is None else tuple(sorted(pd.to_datetime(pd.unique(pd.Series(days)))))
        )
        return Finding(gate, self.name, "fail", message, found)

    def when(self, days: Iterable[Any]) -> str:
        """Return which days rows belong to, in words."""
        verb = "dated" if self.metric.clock_is == "event" else "filed"
        return (
            f"{verb} {wording.days(sorted({day.date() for day in pd.to_datetime(list(days))}))}"
        )


Doubles = dict[tuple[str, str, date | None], list[Finding]]  # by table, clock and last day


def row_findings(look: Look, doubles: Doubles | None = None) -> list[Finding]:
    """Return what the row gates say of one metric; later ones need what the first found.

    ``doubles`` keeps what was found of doubled keys, for further metrics of the same rows.
    """
    if untimed := _clocks(look):
        return untimed
    if text := _texts(look):
        return text
    known = {} if doubles is None else doubles
    place = (look.metric.table, look.metric.clock, look.end)
    if place not in known:
        known[place] = _double_keys(look)
    again = [replace(finding, metric=look.name) for finding in known[place]]
    return _unread(look) + again + _impossible(look) + _reversed(look)


def _clocks(look: Look) -> list[Finding]:
    """Find clocks that are text or that a cast could not read: no day holds such a row."""
    rows = look.all_rows()
    found = []
    for column in dict.fromkeys([look.metric.clock, *_ends(look.metric)]):
        if rows.schema()[column].is_string():
            text = quoted(column)
            bad = over(rows, "*", f"where {text} is not null and {UNTIMED.format(text)}")
            said = _seen(bad, column, "date")
            trouble = said or "its values read as dates"
            remedy = f"Say cast: {{{column}: timestamp}} in source.yaml."
            message = f"{column} is text: {trouble}. {remedy}"
        elif UNREAD + column in rows.columns and column not in look.table.columns:
            bad = _with_unread(rows, column)
            said = _seen(bad, UNREAD + column, "date")
            message = f"{column}: {said}. Mend the source." if said else ""
        else:
            message = ""
        if message:
            found.append(look.finding("unreadable dates", message))
    return found


def _texts(look: Look) -> list[Finding]:
    """Find text where a number is needed, such as "291,093,794" beside bare figures."""
    rows = look.all_rows()
    schema = rows.schema()
    found = []
    for column in _added_up(look.metric):
        if column not in schema or not schema[column].is_string():
            continue
        text = rows[column]
        counts = rows.aggregate(
            grouped=text.re_search(GROUPED).sum(), plain=text.try_cast("float64").count()
        )
        grouped, plain = (int(n) for n in counts.to_pandas().fillna(0).iloc[0])
        said = "is text where a number is needed"
        if grouped and plain:
            shape = _shape(rows.filter(text.re_search(GROUPED)), column)
            values = wording.count(grouped, "value")
            said = f"{values} such as {shape} beside {wording.count(plain, 'bare figure')}"
        message = f"{column}: {said}. Say cast: {{{column}: number}} in source.yaml."
        found.append(look.finding("mixed number formats", message))
    return found


def _unread(look: Look) -> list[Finding]:
    """Find values that a declared cast could not read; their days lack something."""
    columns = [c for c in _reads(look.metric, look.table) if c in look.table.cast]
    columns = [c for c in columns if c not in _ends(look.metric) and c != look.metric.clock]
    if not columns:
        return []
    rows = look.rows(kind="count", numerator="1", denominator=None)
    unread = {column: rows[UNREAD + column].count() for column in columns}
    by_day = rows.group_by(series.DAY).agg(**unread).to_pandas()
    found = []
    for column in columns:
        bad = by_day[by_day[column] > 0]
        if bad.empty:
            continue
        what = "date" if is_time(rows, column) else "number"
        said = _seen(_with_unread(rows, column), UNREAD + column, what)
        message = f"{column}: {said}, {look.when(bad[series.DAY])}. Mend the source."
        found.append(look.finding(f"unreadable {what}s", message, bad[series.DAY]))
    return found


def _double_keys(look: Look) -> list[Finding]:
    """Find rows that stand more than once; a case's key may be private: its shape is shown."""
    key = list(look.table.key)
    if not key:
        return []
    rows = look.rows()
    parts = {part: rows[part].cast("string") for part in key}
    groups = rows.group_by(**parts).agg(_n=rows.count(), _days=rows[series.DAY].collect())
    bad = groups.filter(groups["_n"] > 1).order_by(key).to_pandas()
    if bad.empty:
        return []
    shown = [" / ".join(one) for one in bad[key].fillna("nothing").to_numpy()]
    examples = some(shown, EXAMPLES) if look.table.aggregated else f"such as {_shapes(shown)}"
    days = [day for held in bad["_days"] for day in held]
    extra = int((bad["_n"] - 1).sum())
    verb = "stands" if len(bad) == 1 else "stand"
    message = (
        f"{wording.count(len(bad), 'key')} {verb} more than once "
        f"({wording.count(extra, 'row')} too many), {look.when(days)}: {examples}"
    )
    return [look.finding("duplicate keys", message, days)]


def _impossible(look: Look) -> list[Finding]:
    """Find numerators above denominators, counts below zero, ends before beginnings."""
    rows, metric = look.rows(), look.metric
    hits: dict[str, tuple[Any, str, str]] = {}
    if metric.kind == "ratio" and metric.unit == "share":
        above = rows[series.EVENTS] > rows[series.EXPOSURE].fill_null(0)
        hits["above"] = (above, "numerator above denominator", "more than there was to count")
    if metric.kind in {"ratio", "count"} and metric.unit in {"count", "share"}:
        below = (rows[series.EVENTS] < 0).fill_null(False)
        if metric.kind == "ratio":
            below = below | (rows[series.EXPOSURE] < 0).fill_null(False)
        hits["below"] = (below, "negative counts", "less than nothing")
    if metric.kind == "duration":
        begun, ended = _ends(metric)
        hits["backwards"] = (rows[ended] < rows[begun], "ended before it began", "")
    if not hits:
        return []
    counts = {name: hit.sum() for name, (hit, _, _) in hits.items()}
    by_day = rows.group_by(series.DAY).agg(**counts).to_pandas().fillna(0)
    found = []
    for name, (_, gate, than) in hits.items():
        bad = by_day[by_day[name] > 0]
        if bad.empty:
            continue
        n = int(bad[name].sum())
        verb = ("count" if than else "end") + ("s" if n == 1 else "")
        rest = than or ("before it begins" if n == 1 else "before they begin")
        trouble = f"{verb} {rest}"
        message = f"{wording.count(n, 'row')} {trouble}, {look.when(bad[series.DAY])}"
        found.append(look.finding(gate, message, bad[series.DAY]))
    return found


def _reversed(look: Look) -> list[Finding]:
    """Find days with a reversed answer scale, in the rows shown and in the whole table."""
    if look.metric.mirror is None:
        return []
    until = {"end": look.end, "known_by": look.known_by}
    parts = [
        scales.reversed_days(look.source, look.metric, where=where, **until)
        for where in ([look.where, {}] if look.where else [{}])
    ]
    found = max(parts, key=len)
    if found.empty:
        return []
    message = scales.message(found)
    return [look.finding("reversed scale", message, found["period"])]


def _ends(metric: Metric) -> list[str]:
    """Return a duration's two columns."""
    return [metric.start, metric.end] if metric.start and metric.end else []


def _reads(metric: Metric, table: Table) -> list[str]:
    """Return the columns that a metric's expressions read, derived ones taken apart."""
    wanted = [text for text in (metric.numerator, metric.denominator) if text]
    columns = dict.fromkeys(c.name for text in wanted for c in _columns(text))
    for name, expression in reversed(
        table.columns.items()
    ):  # each may build on those before it
        if name in columns:
            columns.pop(name)
            columns |= dict.fromkeys(c.name for c in _columns(expression))
    return list(columns)


def _added_up(metric: Metric) -> list[str]:
    """Return the columns that an expression adds up as they are, not those it compares."""
    texts = [metric.numerator, metric.denominator] if metric.kind != "distinct" else []
    columns = [column for text in texts if text for column in _columns(text)]
    plain = [c for c in columns if c.parent is None or isinstance(c.parent, ARITHMETIC)]
    return list(dict.fromkeys(c.name for c in plain))


@lru_cache(maxsize=512)
def _columns(text: str) -> tuple[exp.Column, ...]:
    return tuple(sqlglot.parse_one(text, dialect="duckdb").find_all(exp.Column))


def _with_unread(rows: Rows, column: str) -> Rows:
    return over(rows, "*", f"where {quoted(UNREAD + column)} is not null")


def _seen(bad: Rows, column: str, what: str) -> str:
    """Return how many values are no ``what``, and their shapes; never the values."""
    n = int(bad.count().execute())
    if not n:
        return ""
    verdict = f"is not a {what}" if n == 1 else f"are not {what}s"
    return f"{wording.count(n, 'value')} such as {_shape(bad, column)} {verdict}"


def _shape(rows: Rows, column: str) -> str:
    values = rows.select(column).distinct().limit(1000).to_pandas()[column]
    return _shapes(values.dropna().astype(str))


def _shapes(values: Iterable[str]) -> str:
    """Return up to three different values with their digits as 9 and their letters as a.

    The shape of 31/02/2025 is '99/99/9999': enough to mend a format, too little to tell on
    anyone.
    """
    shapes = {re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", value))[:24] for value in values}
    return some([f"'{shape}'" for shape in sorted(shapes)], 3)
