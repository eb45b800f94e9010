"""How a table is cleaned: columns renamed, cast, put in UTC and worked out as the pack says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
from ibis import BaseBackend, Schema
from ibis.expr import operations as ops
from ibis.expr.types import Table as Rows

from insights.data import reading, remembered
from insights.data.files import paths, reader, scratch
from insights.errors import ContractError, InsightsError, did_you_mean, some
from insights.pack import Table

OWN = ("memory", "main")  # our tables live in memory: a database file is only ever read
UNREAD = "_unread_"  # beside a cast column: the text of each value that could not be read
NONE = "(none)"  # the segment of rows that name none
TAKEN = {"_day", "_events", "_exposure"}  # what series.of_metric adds to a table
Wrong = tuple[str, str, str]  # part of the table's description, column, sentence


def prepare(
    backend: BaseBackend,
    name: str,
    table: Table,
    folder: Path,
    before: Mapping[str, Rows] | None = None,
) -> tuple[Rows, Rows]:
    """Return one table as read and renamed, and the same cleaned for use.

    Parameters
    ----------
    before
        The tables prepared so far: SQL may use them by name.

    Raises
    ------
    ContractError
        The table cannot be read, or lacks columns that its description names.
    """
    with readable(name):
        raw = read(backend, table, folder, before or {})
        require(name, unnamed(table, raw))
        raw = renamed(table, raw)
        rows = cleaned(table, raw)
        for column, expression in table.columns.items():
            rows = derived(rows, column, expression)
        require(name, lacking(table, rows))
        return raw, kept(backend, name, table, rows)


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what an engine raises over files and SQL into one sentence."""
    said = ""
    try:
        yield
    except InsightsError:
        raise
    except Exception as error:  # noqa: BLE001 - engines raise anything
        said = first_line(error)
    if said:
        raise ContractError(f"table '{name}' cannot be read: {said}")


def first_line(error: Exception) -> str:
    """Return the first line of what an engine says: those that follow may repeat the data."""
    return reading.said(error)


def read(backend: BaseBackend, table: Table, folder: Path, before: Mapping[str, Rows]) -> Rows:
    """Return a table as its origin has it, or the columns of it that ``take`` names."""
    if table.path is not None:
        return _read_files(backend, table, folder)
    rows = _queried(backend, table, before)
    return reading.columns_of(table, rows) if table.take else rows


def _queried(backend: BaseBackend, table: Table, before: Mapping[str, Rows]) -> Rows:
    """Return what SQL gives, or a table that the connection has."""
    if table.sql is not None:
        return backend.sql(_with(table.sql, before, backend), dialect=backend.name)
    schema, _, name = str(table.table).rpartition(".")
    if not schema and backend.name == "duckdb":  # in full: a view of ours may share its name
        return backend.table(name, database=(backend.current_catalog, "main"))
    return backend.table(name, database=schema or None)


def _read_files(backend: BaseBackend, table: Table, folder: Path) -> Rows:
    """Return what a table's files hold."""
    given, kind = paths(table, folder), reader(table)
    if kind == "parquet":
        rows = backend.read_parquet([str(path) for path in given], union_by_name=True)
        return reading.columns_of(table, rows) if table.take else rows
    texts = reading.plain(given, table.encoding, scratch(backend))
    if table.take:
        return reading.taken(backend, table, texts, kind)
    found = [str(path) for path in texts]
    if kind == "csv":  # skip=0: no row is passed over to make the others fit
        return backend.read_csv(found, header=True, skip=0, sample_size=-1, union_by_name=True)
    return backend.read_json(found, union_by_name=True)


def unnamed(table: Table, raw: Rows) -> list[Wrong]:
    """Return which columns that ``rename`` and ``cast`` name a table as read does not have."""
    after = [table.rename.get(column, column) for column in raw.columns]
    return _absent("rename", table.rename, raw.columns) + _absent("cast", table.cast, after)


def renamed(table: Table, raw: Rows) -> Rows:
    """Return a table with its columns renamed."""
    return raw.rename({new: old for old, new in table.rename.items()}) if table.rename else raw


def cleaned(table: Table, raw: Rows) -> Rows:
    """Return a table with its casts done and every time stamp in UTC, without a zone.

    Beside a cast column ``x`` stands ``_unread_x``: the text of a value that could not be read.
    """
    schema = raw.schema()
    casts = {
        column: reading.cast(
            quoted(column), to, text=schema[column].is_string(), zone=table.timezone
        )
        for column, to in table.cast.items()
    }
    for column, read_as in list(casts.items()):
        text = f"nullif(trim(cast({quoted(column)} as varchar)), '')"
        casts[UNREAD + column] = f"case when {read_as} is null then {text} end"
    rows = _with_columns(raw, casts)
    stamps = [column for column, kind in rows.schema().items() if kind.is_timestamp()]
    utc = {column: _utc(rows, column, table.timezone) for column in stamps}
    if utc and all(sql == quoted(column) for column, sql in utc.items()):  # UTC as they are
        return rows.select(*(c for c in rows.columns if c not in utc), *utc)
    return _with_columns(rows, utc)


def derived(rows: Rows, column: str, expression: str) -> Rows:
    """Return a table with one derived column; a time stamp with a zone becomes UTC."""
    rows = _with_columns(rows, {column: expression})
    kind = rows.schema()[column]
    if kind.is_timestamp() and kind.timezone is not None:
        rows = _with_columns(rows, {column: _utc(rows, column, "UTC")})
    return rows


def kept(backend: BaseBackend, name: str, table: Table, rows: Rows) -> Rows:
    """Return a table under its own name: each query is short, and text is parsed once.

    SQL over a database keeps none: it may read a table there that bears the same name.
    """
    if backend.name != "duckdb" or (
        table.path is None and (table.table or backend.current_catalog != OWN[0])
    ):
        return rows
    if table.path is None or reader(table) == "parquet":
        return backend.create_view(name, rows, database=OWN)
    return backend.create_table(name, rows, database=OWN)


def unkeyed(table: Table, rows: Rows) -> list[Wrong]:
    """Return which columns of its key, but those it derives, a table does not have."""
    return _absent(
        "key", [part for part in table.key if part not in table.columns], rows.columns
    )


def lacking(table: Table, rows: Rows) -> list[Wrong]:
    """Return what is wrong with a finished table's names and what is said of its columns."""
    arrived = [table.recorded_at] if table.recorded_at else []
    wrong = _absent("key", table.key, rows.columns)
    for part, named in (
        ("valid", table.valid),
        ("order", table.order),
        ("equals", table.equals),
    ):
        wrong += _absent(part, named, rows.columns)
    for column, who in table.grows.items():
        wrong += [
            ("grows", column, said)
            for *_, said in _absent("grows", (column, who), rows.columns)
        ]
    wrong += _absent("recorded_at", arrived, rows.columns)
    if arrived and not wrong and not is_time(rows, arrived[0]):
        kind = rows.schema()[arrived[0]]
        said = f"recorded_at '{arrived[0]}' is {kind}; it must be a date or a time stamp"
        wrong.append(("recorded_at", arrived[0], said))
    for column in sorted(TAKEN & set(rows.columns)):
        wrong.append(
            ("rename", column, f"column '{column}' bears a name that sums use; rename it")
        )
    return wrong


def require(name: str, absent: Iterable[Wrong]) -> None:
    """Refuse a table that lacks columns."""
    for _, _, said in absent:
        raise ContractError(f"table '{name}': {said}")


def quoted(name: str) -> str:
    """Return a name as SQL writes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def over(rows: Rows, chosen: str, rest: str = "") -> Rows:
    """Return ``select chosen from rows rest``: the one seam where SQL text enters."""
    text = f"{chosen} {rest}".encode()
    step = f"rows_{hashlib.sha256(text).hexdigest()[:8]}"
    named, select = rows.alias(step), f"select {chosen} from {step} {rest}"

    def asked() -> tuple[str, Schema]:
        made = named.sql(select, dialect="duckdb")
        return made.op().query, made.schema()

    nested = re.search(r"\bselect\b", f"{chosen} {rest}", re.IGNORECASE)
    key = None if nested else ("over", rows.get_backend().name, rows.schema(), select)
    query, kinds = remembered.once(key, asked)  # the engine need not be asked for the types
    return ops.SQLStringView(parent=named.op(), query=query, schema=kinds).to_expr()


def no_column(column: str, there: Iterable[str]) -> str:
    """Return that a column is not there, the nearest one that is, and which there are."""
    own = [name for name in there if not name.startswith(UNREAD)]
    hint = did_you_mean(column, own) or "."
    return f"column '{column}', which is not there{hint} There are {some(own, most=60)}."


def is_time(rows: Rows, column: str) -> bool:
    """Return whether a column holds dates or time stamps."""
    kind = rows.schema()[column]
    return bool(kind.is_date() or kind.is_timestamp())


def local_day(rows: Rows, column: str, zone: str) -> str:
    """Return SQL for a column's local day: dates as they are, UTC stamps in the pack's zone."""
    kind = rows.schema()[column]
    name = local_time(column, zone) if kind.is_timestamp() else quoted(column)
    return f"try_cast({name} as date)" if kind.is_string() else f"cast({name} as date)"


def local_time(column: str, zone: str) -> str:
    """Return SQL for a column of UTC stamps in the pack's zone."""
    name = quoted(column)
    return name if zone == "UTC" else f"({name} at time zone 'UTC') at time zone '{zone}'"


def segment(rows: Rows, dimension: str) -> Any:
    """Return a dimension's value as text; rows that name none are a segment of their own."""
    return rows[dimension].cast("string").fill_null(NONE)


def _with(sql: str, before: Mapping[str, Rows], backend: BaseBackend) -> str:
    """Return SQL that finds the pack's own tables by name, before those of the connection."""
    used = [name for name in before if re.search(rf"\b{re.escape(name)}\b", sql, re.IGNORECASE)]
    asked = f"select * from ({sql.strip().rstrip(';')}\n) as asked"  # so that it is one query
    if not used:
        return asked
    named = (
        f"{quoted(name)} as ({ibis.to_sql(before[name], dialect=backend.name)})"
        for name in used
    )
    return f"with {', '.join(named)} {asked}"


def _with_columns(rows: Rows, made: Mapping[str, str]) -> Rows:
    """Replace or add columns by SQL row expressions."""
    if not made:
        return rows
    left = [quoted(column) for column in rows.columns if column not in made]
    new = [f"({expression}\n) as {quoted(column)}" for column, expression in made.items()]
    return over(rows, ", ".join(left + new))


def _utc(rows: Rows, column: str, zone: str) -> str:
    """Return SQL for a stamp in UTC without a zone; by itself it is in the table's zone."""
    name = quoted(column)
    if rows.schema()[column].timezone is not None:
        return f"{name} at time zone 'UTC'"
    return name if zone == "UTC" else f"({name} at time zone '{zone}') at time zone 'UTC'"


def _absent(part: str, wanted: Iterable[str], there: Iterable[str]) -> list[Wrong]:
    """Return part, column and sentence for each column that a table does not have."""
    own = [column for column in there if not column.startswith(UNREAD)]
    missing = [column for column in wanted if column not in own]
    return [(part, column, f"{part} names {no_column(column, own)}") for column in missing]
