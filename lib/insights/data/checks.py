"""What is wrong with a pack once its tables are open: columns, expressions, time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlglot
from ibis import BaseBackend
from ibis.expr.types import Table as Rows
from pydantic import ValidationError
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from insights.data import sources, tables
from insights.errors import ContractError, InsightsError
from insights.pack import Draft, Fault, Table

EXPRESSIONS = ("numerator", "denominator", "mirror")
COLUMNS = ("clock", "from", "to")
METRICS = ("metrics", "metrics")
TABLES = ("source", "tables")
TAKEN = {
    "period",
    "metric",
    "events",
    "exposure",
    "events_sq",
    "value",
    "p90",
    "within",
    "volume",
    "cases",
    "n_effective",
    "side",
    "asked",
}
ADDS_UP = "adds up rows; say what one row adds, the sums are made for you"
Check = Callable[[str, Rows], str]  # what is wrong with a text for these rows, or ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A table open for its metrics, and the derived columns that could not be worked out."""

    rows: Rows
    unsure: frozenset[str]
    sound: frozenset[str] = frozenset()  # expressions that the engine has taken


def faults(draft: Draft) -> list[Fault]:
    """Return what the data say against a pack, whether or not its YAML is clean.

    Opens every table whose own description is sound, and checks each metric's expressions
    against its columns, so that one misspelt key does not hide a missing column.
    """
    source = draft.raw.get("source") or {}
    url = source.get("connection", "duckdb://")
    if not isinstance(url, str) or not isinstance(source.get("tables"), dict):
        return []
    try:
        backend = sources.connect(url, draft.folder)
    except InsightsError as error:
        return [draft.fault(str(error), "source", "connection")]
    try:
        return sorted(set(_all(draft, backend, source["tables"])))
    finally:
        backend.disconnect()


def _all(draft: Draft, backend: BaseBackend, described: dict[str, Any]) -> Iterator[Fault]:
    opened: dict[str, Opened] = {}
    for name, given in described.items():
        table = _sound(given)
        if table is None:
            continue  # the pack's own reader has said so
        try:
            yield from _table(draft, backend, str(name), table, opened)
        except ContractError as error:
            yield draft.fault(str(error), *TABLES, name)
    for name, given in _metrics(draft).items():
        if given.get("table") in opened:
            yield from _metric(draft, name, given, opened[given["table"]])
    from insights.data import study_checks  # it asks this module back

    yield from study_checks.faults(draft, opened)


def _expressions(draft: Draft, table: str) -> list[str]:
    """Return every expression that a table's metrics give as text."""
    own = [given for given in _metrics(draft).values() if given.get("table") == table]
    texts = [given.get(field) for given in own for field in EXPRESSIONS]
    return [text for text in texts if isinstance(text, str)]


def _metrics(draft: Draft) -> dict[str, dict[str, Any]]:
    """Return the metrics as they are written."""
    metrics = (draft.raw.get("metrics") or {}).get("metrics")
    written = metrics if isinstance(metrics, dict) else {}
    return {str(name): given for name, given in written.items() if isinstance(given, dict)}


def _sound(given: Any) -> Table | None:
    """Return a table from what is sound in its description; the reader says the rest."""
    try:
        return Table.model_validate(given)
    except ValidationError as error:
        bad = {part["loc"][0] for part in error.errors() if part["loc"]}
    if not isinstance(given, dict) or not bad:
        return None
    try:
        sound = {key: value for key, value in given.items() if key not in bad}
        return Table.model_validate({"row": "", **sound})
    except ValidationError:
        return None


def _table(
    draft: Draft, backend: BaseBackend, name: str, table: Table, opened: dict[str, Opened]
) -> Iterator[Fault]:
    """Check one table in the order in which it is prepared, and open it for its metrics."""
    before = {known: one.rows for known, one in opened.items()}
    with tables.readable(name):
        raw = tables.read(backend, table, draft.folder, before)
    wrong = tables.unnamed(table, raw)
    if not wrong:
        with tables.readable(name):
            rows = tables.cleaned(table, tables.renamed(table, raw))
        unsure: set[str] = set()
        for column, text in table.columns.items():
            if names(text) & unsure:
                unsure.add(column)  # what it builds on is wrong; that has been said
            elif said := trouble(text, rows):
                unsure.add(column)
                wrong.append(("columns", column, f"{column}: {said}"))
            else:
                rows = tables.derived(rows, column, text)
        wrong += [one for one in tables.lacking(table, rows) if one[1] not in unsure]
        if not wrong:
            with tables.readable(name):
                rows = tables.kept(backend, name, table, rows)
        said_of = [("equals", column, text) for column, text in table.equals.items()]
        said_of += [("merged", "", table.merged)] if table.merged else []
        sound = _taken(
            [table.volume, *_expressions(draft, name), *(t for *_, t in said_of)], rows
        )
        for part, column, text in said_of:
            if text not in sound and not names(text) & unsure:
                wrong.append((part, column, f"{part}: {trouble(text, rows)}"))
        if table.volume not in sound and not names(table.volume) & unsure:
            wrong += [("volume", "", f"volume: {trouble(table.volume, rows)}")]
        opened[name] = Opened(rows, frozenset(unsure), sound)
    for part, column, said in wrong:
        yield draft.fault(f"table '{name}': {said}", *_place(table, name, part, column))


def _place(table: Table, name: str, part: str, column: str) -> tuple[str | int, ...]:
    """Return the path of what is wrong in source.yaml."""
    inner: tuple[str | int, ...] = ()
    if part in {"rename", "cast", "columns", "valid", "equals", "grows"}:
        inner = (column,)
    elif part in {"key", "order"}:
        inner = (getattr(table, part).index(column),)
    return (*TABLES, name, part, *inner)


def _metric(draft: Draft, name: str, given: dict[str, Any], table: Opened) -> Iterator[Fault]:
    listed, strata = given.get("dimensions"), given.get("poststratify")
    parts: list[tuple[str, Any, Check, tuple[str | int, ...]]] = [
        *((field, given.get(field), _no_expression, (field,)) for field in EXPRESSIONS),
        *((field, given.get(field), _no_time, (field,)) for field in COLUMNS),
    ]
    for i, dimension in enumerate(listed if isinstance(listed, list) else []):
        parts.append(("dimensions", dimension, _no_dimension, ("dimensions", i)))
    for i, column in enumerate(strata if isinstance(strata, list) else []):
        parts.append(("poststratify", column, _no_dimension, ("poststratify", i)))
    if given.get("hours") == "business":
        parts.append(("hours", _hours_by(draft), _no_schedule, ("hours",)))
    for field, text, check, place in parts:
        if not isinstance(text, str) or names(text) & table.unsure:
            continue
        if check is _no_expression and text in table.sound:
            continue
        if said := check(text, table.rows):
            yield draft.fault(f"metric '{name}': {field}{said}", *METRICS, name, *place)


def _hours_by(draft: Draft) -> Any:
    """Return the column that says whose business hours hold, as it is written."""
    said = (draft.raw.get("pack") or {}).get("hours")
    return said.get("by") if isinstance(said, dict) else None


def _no_schedule(column: str, rows: Rows) -> str:
    there = column in rows.columns
    return "" if there else f" go by {tables.no_column(column, rows.columns)}"


def _no_expression(text: str, rows: Rows) -> str:
    said = trouble(text, rows)
    return said and f": {said}"


def _no_time(column: str, rows: Rows) -> str:
    if column not in rows.columns:
        return f" names {tables.no_column(column, rows.columns)}"
    kind = rows.schema()[column]
    if tables.is_time(rows, column) or kind.is_string():  # of text, a gate says what it holds
        return ""
    return f" '{column}' is {kind}; it must be a date or a time stamp"


def _no_dimension(column: str, rows: Rows) -> str:
    if column not in rows.columns:
        return f" names {tables.no_column(column, rows.columns)}"
    if column in TAKEN:
        return f" names column '{column}', a name that results use; rename it in source.yaml"
    return ""


def trouble(text: str, rows: Rows) -> str:
    """Return what keeps an expression from being worked out on each row, or ""."""
    if said := _unreadable(text, rows):
        return said
    said = _refused([text], rows)
    if "GROUP BY" in said:
        return f"'{text}' {ADDS_UP}"
    return said and f"'{text}' cannot be worked out: {said}"


def _taken(texts: Iterable[str], rows: Rows) -> frozenset[str]:
    """Return the expressions that the engine takes; if it refuses one, it is asked for each."""
    read = [text for text in dict.fromkeys(texts) if not _unreadable(text, rows)]
    if _refused(read, rows):
        read = [text for text in read if not _refused([text], rows)]
    return frozenset(read)


def _refused(texts: list[str], rows: Rows) -> str:
    """Return why the engine's own binder refuses expressions over one row, or ""."""
    made = [f"({text}\n) as _checked{i}" for i, text in enumerate(texts)]
    try:
        tables.over(rows, ", ".join([tables.quoted(rows.columns[0]), *made]))
    except Exception as error:  # noqa: BLE001 - engines raise anything
        return tables.first_line(error)
    return ""


def _unreadable(text: str, rows: Rows) -> str:
    """Return what a parser finds wrong with an expression over a table's columns, or ""."""
    try:
        trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except SqlglotError as error:
        return f"'{text}' is not SQL: {_why(error)}"
    if said := _no_row_expression(text, trees):
        return said
    folded = {column.casefold() for column in rows.columns}
    for column in sorted(_columns(trees[0])):
        if column.casefold() not in folded:
            return f"'{text}' names {tables.no_column(column, rows.columns)}"
    return ""


def names(text: str) -> set[str]:
    """Return the columns that a text names; none where it is not SQL."""
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except SqlglotError:
        return set()
    return {column for tree in trees if tree is not None for column in _columns(tree)}


def _columns(tree: exp.Expr) -> set[str]:
    """Return the columns that a tree names, of ``address.city`` the first part."""
    return {column.parts[0].name for column in tree.find_all(exp.Column)}


def _no_row_expression(text: str, trees: list[exp.Expr]) -> str:
    whole = exp.Query | exp.Command | exp.DDL | exp.DML
    if len(trees) != 1 or isinstance(trees[0], whole) or trees[0].find(exp.Query):
        return f"'{text}' is a query; give an expression over the columns of one row"
    if trees[0].find(exp.AggFunc, exp.Window):
        return f"'{text}' {ADDS_UP}"
    if trees[0].find(exp.Explode, exp.Star):
        return f"'{text}' gives more than one value; give one a row"
    return ""


def _why(error: SqlglotError) -> str:
    """Return what a parser says, without the names of its own classes."""
    said = (
        error.errors[0]["description"] if isinstance(error, ParseError) else "a quote is open"
    )
    return "a part of it is missing" if "<class" in said else said
