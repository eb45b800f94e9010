"""Gates on rows: doubled keys, impossible figures, text where a number or a date should be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import pandas as pd
import sqlglot
from ibis.expr.types import Table as Rows
from sqlglot import exp

from insights import wording
from insights.data import daily, series
from insights.data.quality import scales
from insights.data.quality.findings import Finding
from insights.data.sources import Source
from insights.data.tables import UNREAD, is_time, over, quoted
from insights.errors import some
from insights.pack import Metric, Table

EXAMPLES = 5
IMPOSSIBLE = {  # what is counted: the gate, and what such a row counts
    "above": ("numerator above denominator", "more than there was to count"),
    "below": ("negative counts", "less than nothing"),
    "backwards": ("ended before it began", ""),
}
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Sum, exp.Paren, exp.Coalesce)
UNTIMED = "try_cast({0} as timestamp) is null"
NUMBER = "cast(({0}\n) as double)"
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
        """Return the rows with or without a readable day, up to any day."""
        return self.source.rows(self.metric.table, self.known_by, self.where)

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


@dataclass(frozen=True, slots=True)
class Seen:
    """What the gates say of one metric, and the days that they read to tell."""

    findings: list[Finding]
    days: pd.DataFrame | None  # see ``daily.read``; None where text is in the way


def row_findings(look: Look) -> list[Finding]:
    """Return what the row gates say of one metric."""
    return see([look], until=look.end)[0].findings


def see(looks: Sequence[Look], *, until: date | None) -> list[Seen]:
    """Look at metrics with the same ``where`` and ``known_by`` together, in few queries.

    Days are read up to ``until``, the last day of any look; a metric is judged up to its own.
    Later gates need what the first found.
    """
    text = {look.name: _clocks(look) or _texts(look) for look in looks}
    sound = [look for look in looks if not text[look.name]]
    days = _days(sound, until)
    kept = [replace(look, where={}) for look in sound if look.metric.mirror and look.where]
    everywhere = _days(kept, until)
    doubled: dict[str, bool] = {}
    seen = []
    for look in looks:
        if text[look.name]:
            seen.append(Seen(text[look.name], None))
            continue
        own = daily.within(days[look.name], end=look.end)
        found = _unread(look, own) + _double_keys(look, doubled) + _impossible(look, own)
        if look.metric.mirror:
            wide = daily.within(everywhere.get(look.name, own), end=look.end)
            found += _reversed(look, own, wide)
        seen.append(Seen(found, days[look.name]))
    return seen


def _days(looks: Sequence[Look], until: date | None) -> dict[str, pd.DataFrame]:
    """Return what each look's metric, and what its gates count, add up to by day."""
    if not looks:
        return {}
    first = looks[0]
    asks = {look.name: daily.Ask(look.metric, _counts(look)) for look in looks}
    return daily.read(first.source, asks, where=first.where, end=until, known_by=first.known_by)


def _counts(look: Look) -> dict[str, str]:
    """Return, as SQL over one row, what the gates count."""
    metric = look.metric
    counts = {UNREAD + c: f"{quoted(UNREAD + c)} is not null" for c in _cast(look)}
    parts = [NUMBER.format(text) for text in series.expressions(metric).values()]
    if metric.kind == "ratio" and metric.unit == "share":
        counts["above"] = f"{parts[0]} > coalesce({parts[1]}, 0)"
    if metric.kind in {"ratio", "count"} and metric.unit in {"count", "share"}:
        counts["below"] = " or ".join(f"{part} < 0" for part in parts)
    if metric.kind == "duration":
        begun, ended = map(quoted, _ends(metric))
        counts["backwards"] = f"{ended} < {begun}"
    if metric.mirror is not None:
        counts |= scales.counts(parts[0], parts[1], NUMBER.format(metric.mirror))
    return counts


def _clocks(look: Look) -> list[Finding]:
    """Find clocks that are text or that a cast could not read: no day holds such a row."""
    schema = look.source.tables[look.metric.table].schema()
    found = []
    for column in dict.fromkeys([look.metric.clock, *_ends(look.metric)]):
        if schema[column].is_string():
            text, rows = quoted(column), look.all_rows()
            bad = over(rows, "*", f"where {text} is not null and {UNTIMED.format(text)}")
            said = _seen(bad, column, "date")
            trouble = said or "its values read as dates"
            remedy = f"Say cast: {{{column}: timestamp}} in source.yaml."
            message = f"{column} is text: {trouble}. {remedy}"
        elif UNREAD + column in schema and column not in look.table.columns:
            bad = _with_unread(look.all_rows(), column)
            said = _seen(bad, UNREAD + column, "date")
            message = f"{column}: {said}. Mend the source." if said else ""
        else:
            message = ""
        if message:
            found.append(look.finding("unreadable dates", message))
    return found


def _texts(look: Look) -> list[Finding]:
    """Find text where a number is needed, such as "291,093,794" beside bare figures."""
    schema = look.source.tables[look.metric.table].schema()
    found = []
    for column in _added_up(look.metric):
        if column not in schema or not schema[column].is_string():
            continue
        rows = look.all_rows()
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


def _cast(look: Look) -> list[str]:
    """Return the columns with a declared cast that a metric adds up or compares."""
    apart = [*_ends(look.metric), look.metric.clock]
    reads = _reads(look.metric, look.table)
    return [c for c in reads if c in look.table.cast and c not in apart]


def _unread(look: Look, days: pd.DataFrame) -> list[Finding]:
    """Find values that a declared cast could not read; their days lack something."""
    found = []
    for column in _cast(look):
        bad = days.loc[days[UNREAD + column] > 0, "period"]
        if bad.empty:
            continue
        rows = look.rows(kind="count", numerator="1", denominator=None)
        what = "date" if is_time(rows, column) else "number"
        said = _seen(_with_unread(rows, column), UNREAD + column, what)
        message = f"{column}: {said}, {look.when(bad)}. Mend the source."
        found.append(look.finding(f"unreadable {what}s", message, bad))
    return found


def _double_keys(look: Look, doubled: dict[str, bool]) -> list[Finding]:
    """Find rows that stand more than once; a case's key may be private: its shape is shown.

    ``doubled`` keeps whether a table has any, for further metrics of the same rows.
    """
    key, table = list(look.table.key), look.metric.table
    if key and table not in doubled:
        doubled[table] = _has_doubles(look.all_rows(), key)
    if not key or not doubled[table]:
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


def _has_doubles(rows: Rows, key: list[str]) -> bool:
    """Tell whether any key stands more than once; nested values are compared as text."""
    parts = [rows[p].cast("string") if rows[p].type().is_nested() else rows[p] for p in key]
    most = rows.group_by(parts).agg(_n=rows.count())["_n"].max().execute()
    return bool(pd.notna(most) and most > 1)


def _impossible(look: Look, days: pd.DataFrame) -> list[Finding]:
    """Find numerators above denominators, counts below zero, ends before beginnings."""
    found = []
    for name, (gate, than) in IMPOSSIBLE.items():
        if name not in days or (bad := days[days[name] > 0]).empty:
            continue
        n = int(bad[name].sum())
        verb = ("count" if than else "end") + ("s" if n == 1 else "")
        rest = than or ("before it begins" if n == 1 else "before they begin")
        trouble = f"{verb} {rest}"
        message = f"{wording.count(n, 'row')} {trouble}, {look.when(bad['period'])}"
        found.append(look.finding(gate, message, bad["period"]))
    return found


def _reversed(look: Look, *parts: pd.DataFrame) -> list[Finding]:
    """Find days with a reversed answer scale, in the rows shown and in the whole table."""
    found = max(map(scales.reversed_days, parts), key=len)
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
