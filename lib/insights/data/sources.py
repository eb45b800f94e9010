"""Where the rows come from: a pack's connection and its tables, cleaned as the pack says."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import urlsplit

import ibis
import ibis.expr.datatypes as dt
import pandas as pd
import sqlglot
from ibis import BaseBackend
from ibis.expr.types import Table as Rows
from sqlglot import exp
from sqlglot.errors import SqlglotError

from insights import pack as packs
from insights.data import remembered
from insights.data.files import digest, paths
from insights.data.tables import local_day, over, prepare, quoted, segment
from insights.errors import ParamError, did_you_mean, some
from insights.pack import Pack

THREADS = "INSIGHTS_THREADS"  # the environment's word for how many the engine may use
BUILT_IN = {"memory", "system", "temp"}  # databases that DuckDB always has
Kept = Mapping[str, str | tuple[str, ...]]  # dimensions, and the value or values kept to
ORDERED = (dt.Numeric, dt.Temporal, dt.String)  # types that have a least and a largest value

__all__ = [
    "Source",
    "connect",
    "dimension_values",
    "fingerprints",
    "open_source",
    "opened",
    "paths",
    "prepare",
    "require_values",
]


@dataclass(frozen=True, slots=True)
class Source:
    """A pack with its connection open; tables are lazy expressions in its engine."""

    pack: Pack
    backend: BaseBackend
    raw: Mapping[str, Rows]  # as read and renamed, before casts
    tables: Mapping[str, Rows]  # cast, in UTC, with derived columns

    def rows(
        self,
        table: str,
        known_by: date | str | None = None,
        where: Kept | None = None,
    ) -> Rows:
        """Return a table; with ``known_by`` without the rows that arrived after that local day.

        A row that does not say when it arrived stays. ``where`` keeps dimensions to a value or
        to one of several.
        """
        rows = self.tables[table]
        arrived = self.pack.source.tables[table].recorded_at
        if arrived and known_by is not None:
            day = local_day(rows, arrived, self.pack.info.timezone)
            last = pd.Timestamp(known_by).date()
            rows = over(rows, "*", f"where ({day}) <= date '{last}' or ({day}) is null")
        for dimension, value in (where or {}).items():
            own = segment(rows, dimension)
            hit = own.isin(value) if isinstance(value, tuple) else own == str(value)
            rows = rows.filter(hit)
        return rows


@contextmanager
def opened(pack: Pack | Source | str | Path) -> Iterator[Source]:
    """Yield the pack's open source; one that is open already is passed on and left open."""
    if isinstance(pack, Source):
        yield pack
        return
    source = open_source(pack if isinstance(pack, Pack) else packs.load(pack))
    try:
        yield source
    finally:
        source.backend.disconnect()


def open_source(pack: Pack) -> Source:
    """Connect and prepare every table of a pack.

    Raises
    ------
    ContractError
        A table cannot be read, or lacks a column that ``source.yaml`` names.
    ParamError
        A secret is not set, or the connection cannot be made.
    """
    backend = connect(pack.source.connection, pack.folder)
    raw: dict[str, Rows] = {}
    tables: dict[str, Rows] = {}
    try:
        for name, table in pack.source.tables.items():
            raw[name], tables[name] = prepare(backend, name, table, pack.folder, tables)
    except BaseException:
        backend.disconnect()
        raise
    return Source(pack, backend, raw, tables)


def connect(url: str, folder: Path | None = None) -> BaseBackend:
    """Connect to an engine; a failure never repeats the URL, which may hold a secret.

    A DuckDB file is attached to read, never to write; its path is relative to ``folder``.
    """
    said = ""
    try:
        return _connected(packs.resolve_secrets(url), folder or Path())
    except ParamError:
        raise
    except Exception as error:  # noqa: BLE001 - drivers raise anything, and may repeat the URL
        said = type(error).__name__
    engine = re.match(r"([a-z][a-z0-9+]*)://", url)
    kind = engine[1] if engine else "secret"
    raise ParamError(  # not inside `except`: the driver's error must not hang on to this one
        f"cannot connect ({kind}, {said}). "
        "Check the connection in source.yaml, the network and the secrets it names."
    )


def fingerprints(source: Source, tables: list[str]) -> list[dict[str, Any]]:
    """Return, a table, where it comes from, how many rows it holds and a hash of its content.

    Files are hashed as ``files.digest`` says; SQL over the pack's own tables is known by its
    text and by theirs. What else comes over a connection is known by its SQL and, column by
    column, by how many values there are and the least and the largest.
    """
    known: dict[str, str] = {}
    mark = stamp(source)

    def one(name: str) -> dict[str, Any]:
        key = mark and ("fingerprint", mark, name)
        return dict(remembered.once(key, lambda: _fingerprint(source, name, known)))

    return [one(name) for name in tables]


def stamp(source: Source) -> str | None:
    """Return what tells the answers of a source from those of another, and of a later day.

    That is the pack, the day, and the files with their sizes and dates. None where rows come
    over a connection, for nobody can say when they change, and where no answer is kept.
    """
    if not remembered.keeps() or source.pack.source.connection != "duckdb://":
        return None
    made: list[object] = [source.pack.model_dump_json(), date.today()]
    for table in source.pack.source.tables.values():
        for path in paths(table, source.pack.folder) if table.path else ():
            found = path.stat()
            made.append((str(path), found.st_size, found.st_mtime_ns))
    return hashlib.sha256(repr(made).encode()).hexdigest()


def _fingerprint(source: Source, name: str, known: dict[str, str]) -> dict[str, Any]:
    """Return where one table comes from, how many rows it holds and a hash of its content."""
    table = source.pack.source.tables[name]
    via = f"table {table.table}" if table.table else "SQL over the connection"
    path = table.path and (Path(table.path).name if _is_full(table.path) else table.path)
    n = int(source.tables[name].count().execute())
    content = _content(source, name, known)[:16]
    return {"table": name, "origin": path or via, "rows": n, "fingerprint": content}


def _content(source: Source, name: str, known: dict[str, str]) -> str:
    """Return a hash of what a table holds; ``known`` keeps it for tables made of it."""
    table = source.pack.source.tables[name]
    if name not in known and table.path is not None:
        known[name] = digest(paths(table, source.pack.folder))
    elif name not in known:
        parts = [_content(source, one, known) for one in _made_of(source, name)]
        held = parts or _summary(source.tables[name]).to_json(date_format="iso")
        said = f"{table.sql or table.table} {held}"
        known[name] = hashlib.sha256(said.encode()).hexdigest()
    return known[name]


def _is_full(path: str) -> bool:
    """Tell whether a path says where on a machine a file lies, which no page repeats."""
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()


def _made_of(source: Source, name: str) -> list[str]:
    """Return the pack's tables that a table's SQL is made of, where it is made of nothing else.

    A function that the parser does not know, or that takes no argument, may tell the time or
    throw dice: what it gives is not made of tables.
    """
    described = source.pack.source.tables
    try:
        tree = sqlglot.parse_one(described[name].sql or "", dialect=source.backend.name)
    except SqlglotError:
        return []
    for function in tree.find_all(exp.Func):
        if isinstance(function, exp.Anonymous) or not any(function.args.values()):
            return []
    before = itertools.takewhile(lambda one: one != name, described)
    own = {one.casefold(): one for one in before}
    read = {
        ".".join(part.name for part in one.parts).casefold() for one in tree.find_all(exp.Table)
    }
    read -= {one.alias.casefold() for one in tree.find_all(exp.CTE)}
    return [own[one] for one in sorted(read)] if read <= own.keys() else []


def dimension_values(pack: Pack | Source, dimension: str) -> list[str]:
    """Return every value of a dimension that the data holds, sorted.

    Raises
    ------
    ParamError
        No metric of the pack declares the dimension.
    """
    with opened(pack) as source:
        known = source.pack.dimensions
        if dimension not in known:
            hint = did_you_mean(dimension, known) or "."
            there = f"The pack has {some(known)}." if known else "The pack has none."
            raise ParamError(f"unknown dimension '{dimension}'{hint} {there}")
        values: set[str] = set()
        for rows in _having(source, dimension):
            found = rows.select(value=rows[dimension].cast("string")).distinct()
            values |= set(found.to_pandas()["value"].dropna())
    return sorted(values)


def require_values(pack: Pack | Source, where: Mapping[str, str]) -> None:
    """Refuse a filter on a dimension, or a value of it, that the data does not know."""
    with opened(pack) as source:
        for dimension, value in where.items():
            if isinstance(value, str) and _holds(source, dimension, value):
                continue  # without reading every other value
            known = dimension_values(source, dimension)
            if value not in known:
                hint = did_you_mean(str(value), known)
                more = "" if hint else f" It has {some(known) if known else 'none'}."
                raise ParamError(f"the data has no {dimension} '{value}'{hint or '.'}{more}")


def _having(source: Source, dimension: str) -> list[Rows]:
    """Return the tables whose metrics have a dimension."""
    metrics = source.pack.metrics.values()
    names = dict.fromkeys(m.table for m in metrics if dimension in m.dimensions)
    return [source.tables[name] for name in names]


def _holds(source: Source, dimension: str, value: str) -> bool:
    """Tell whether any row has a value of a dimension."""
    if mark := stamp(source):  # the next readout will ask for another value
        key = ("values", mark, dimension)
        return value in remembered.once(key, lambda: dimension_values(source, dimension))
    for rows in _having(source, dimension):
        having = rows.filter(rows[dimension].cast("string") == value)
        if len(having.select(dimension).limit(1).to_pandas()):
            return True
    return False


def _connected(url: str, folder: Path) -> BaseBackend:
    backend = _backend(url, folder)
    if backend.name == "duckdb" and (threads := os.environ.get(THREADS)):
        backend.raw_sql(f"set threads = {int(threads)}")
    return backend


def _backend(url: str, folder: Path) -> BaseBackend:
    parts = urlsplit(url)
    place = parts.netloc + parts.path
    if parts.scheme != "duckdb" or place in ("", ":memory:") or place.startswith("md:"):
        return ibis.connect(url)
    backend = ibis.connect(f"duckdb://{'?' + parts.query if parts.query else ''}")
    file = folder / place
    name = file.stem if file.stem not in BUILT_IN else f"{file.stem}_file"
    try:
        text = str(file).replace("'", "''")
        backend.raw_sql(f"attach '{text}' as {quoted(name)} (read_only)")
        backend.raw_sql(f"use {quoted(name)}")
    except BaseException:
        backend.disconnect()
        raise
    return backend


def _summary(rows: Rows) -> pd.Series:
    """Return one row: how many rows, and each column's count, least and largest value."""
    figures: dict[str, Any] = {"n": rows.count()}
    for i, (column, kind) in enumerate(rows.schema().items()):
        figures[f"n{i}"] = rows[column].count()
        if isinstance(kind, ORDERED):
            figures[f"least{i}"] = rows[column].min().cast("string")
            figures[f"most{i}"] = rows[column].max().cast("string")
    row: pd.Series = rows.aggregate(**figures).to_pandas().iloc[0]
    return row
