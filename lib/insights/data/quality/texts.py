"""Gates on text that stands where a number or a date should be."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from ibis.expr.types import Table as Rows
from sqlglot import exp

from insights import wording
from insights.data.quality.findings import Finding
from insights.data.quality.looking import Look, columns, days_of, shapes
from insights.data.tables import UNREAD, is_time, over, quoted

ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Sum, exp.Paren, exp.Coalesce)
COMPARED = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In)
UNTIMED = "try_cast({0} as timestamp) is null"
EXAMPLES = 1000  # different values, of which the shapes are told
GROUPED = r"^\s*-?[0-9]{1,3}([,. ][0-9]{3})+\s*$"  # 291,093,794


def clocks(look: Look) -> list[Finding]:
    """Find clocks that are text or that a cast could not read: no day holds such a row."""
    schema = look.source.tables[look.metric.table].schema()
    found = []
    for column in dict.fromkeys([look.metric.clock, *look.ends]):
        if schema[column].is_string():
            text, rows = quoted(column), look.all_rows()
            bad = over(rows, "*", f"where {text} is not null and {UNTIMED.format(text)}")
            said = _seen(bad, column, "date")
            trouble = said or "its values read as dates"
            remedy = f"Say cast: {{{column}: timestamp}} in source.yaml"
            remedy += ", or timestamp day first, or month first." if said else "."
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


def numbers(look: Look) -> list[Finding]:
    """Find text where a number is needed, such as "291,093,794" beside bare figures."""
    schema = look.source.tables[look.metric.table].schema()
    found = []
    for column in _figures(look):
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
            shape = shapes_of(rows.filter(text.re_search(GROUPED)), column)
            values = wording.count(grouped, "value")
            said = f"{values} such as {shape} beside {wording.count(plain, 'bare figure')}"
            said += _dated(look, column)
        message = f"{column}: {said}. Say cast: {{{column}: number}} in source.yaml."
        found.append(look.finding("mixed number formats", message))
    return found


def cast(look: Look) -> list[str]:
    """Return the columns with a declared cast that a metric adds up or compares."""
    apart = [*look.ends, look.metric.clock]
    return [c for c in look.reads if c in look.table.cast and c not in apart]


def unread(look: Look, days: pd.DataFrame) -> list[Finding]:
    """Find values that a declared cast could not read; their days lack something."""
    found = []
    for column in cast(look):
        bad = days.loc[days[UNREAD + column] > 0, "period"]
        if bad.empty:
            continue
        rows = look.dated_rows()
        what = "date" if is_time(rows, column) else "number"
        said = _seen(_with_unread(rows, column), UNREAD + column, what)
        message = f"{column}: {said}, {look.when(bad)}. Mend the source."
        found.append(look.finding(f"unreadable {what}s", message, bad))
    return found


def compared(look: Look) -> list[str]:
    """Return the columns that an expression compares with a number."""
    return list(dict.fromkeys(c.name for c in _named(look) if _is_compared(c)))


def told(n: int, shape: str, what: str) -> str:
    """Return in words how many values, of which shapes, are no ``what``."""
    verdict = f"is not a {what}" if n == 1 else f"are not {what}s"
    return f"{wording.count(n, 'value')} such as {shape} {verdict}"


def shapes_of(rows: Rows, column: str) -> str:
    """Return the shapes of a column's values; of many, those of some."""
    values = rows.select(column).distinct().limit(EXAMPLES).to_pandas()[column]
    return shapes(values.dropna().astype(str))


def _figures(look: Look) -> list[str]:
    """Return the columns that an expression adds up, or compares with a number."""
    found = [c.name for c in _named(look) if _is_added(c) or _is_compared(c)]
    return list(dict.fromkeys(found))


def _named(look: Look) -> list[exp.Column]:
    metric = look.metric
    texts = [metric.numerator, metric.denominator] if metric.kind != "distinct" else []
    return [column for text in texts if text for column in columns(text)]


def _is_added(column: exp.Column) -> bool:
    return column.parent is None or isinstance(column.parent, ARITHMETIC)


def _is_compared(column: exp.Column) -> bool:
    around = column.parent
    return isinstance(around, COMPARED) and any(map(_is_number, _beside(around, column)))


def _beside(around: exp.Expr, column: exp.Column) -> Iterator[exp.Expr]:
    return (part for part in around.iter_expressions() if part is not column)


def _is_number(part: exp.Expr) -> bool:
    inner = part.this if isinstance(part, exp.Neg) else part
    return isinstance(inner, exp.Literal) and not inner.is_string


def _dated(look: Look, column: str) -> str:
    """Return on which days text has separators; nothing where the clock cannot be read."""
    rows = look.dated_rows()
    days = days_of(rows.filter(rows[column].re_search(GROUPED)))
    return f", {look.when(days)}" if len(days) else ""


def _with_unread(rows: Rows, column: str) -> Rows:
    return over(rows, "*", f"where {quoted(UNREAD + column)} is not null")


def _seen(bad: Rows, column: str, what: str) -> str:
    """Return how many values are no ``what``, and their shapes; never the values."""
    n = int(bad.count().execute())
    return told(n, shapes_of(bad, column), what) if n else ""
