"""What tables are made of, so that what a pack says of one holds for those made of it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from insights.data.sources import Source
from insights.pack import Table

ARRIVED = ("recorded_at", "loaded_at", "ingested_at", "arrived_at")  # names that say it
MERGED = ("merged_into", "merged_into_id", "master_record_id")


@dataclass(frozen=True, slots=True)
class Declared:
    """What a pack says of a table's columns, its own words before those of its origins."""

    key: tuple[str, ...] = ()
    valid: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    order: tuple[tuple[str, ...], ...] = ()
    equals: Mapping[str, str] = field(default_factory=dict)
    grows: Mapping[str, str] = field(default_factory=dict)
    merged: str | None = None
    recorded_at: str | None = None


def declared(source: Source, name: str) -> Declared:
    """Return what holds for a table: of its origins, what speaks of columns that it keeps.

    A column that goes by one of the usual names for it says when a row arrived, or into which
    other it was merged, though the pack does not.
    """
    table, there = source.pack.source.tables[name], set(source.tables[name].columns)
    bases = [] if table.aggregated else made_of(source, name)
    own = there - set(table.columns)
    found = [declared(source, base) for base in bases]
    texts = " ".join([table.sql or "", *table.columns.values()])
    merged = next((c for c in MERGED if c in there and c not in texts), None)
    kept: dict[str, dict[str, object]] = {"valid": {}, "equals": {}, "grows": {}}
    for part, into in kept.items():
        for one in [*found, table]:
            for column, said in getattr(one, part).items():
                needed = {column} if part == "valid" else {column, *_columns(str(said))}
                if needed <= (there if one is table else own):
                    into[column] = said
    orders = [order for one in found for order in one.order] + [table.order]
    orders = [tuple(c for c in order if c in there) for order in orders]
    parent = origin(source, name)
    keys = declared(source, parent).key if parent else ()
    return Declared(
        key=table.key or (keys if set(keys) <= own else ()),
        valid=kept["valid"],  # type: ignore[arg-type]
        order=tuple(dict.fromkeys(order for order in orders if len(order) > 1)),
        equals=kept["equals"],  # type: ignore[arg-type]
        grows=kept["grows"],  # type: ignore[arg-type]
        merged=table.merged or (f"{merged} is not null" if merged else None),
        recorded_at=table.recorded_at or next((c for c in ARRIVED if c in own), None),
    )


def made_of(source: Source, name: str) -> list[str]:
    """Return the pack's tables that a table's SQL reads: it knows those before it alone."""
    tables = source.pack.source.tables
    read, before = _read(tables[name]), itertools.takewhile(lambda one: one != name, tables)
    return [one for one in before if one.casefold() in read]


def below(source: Source, name: str) -> list[str]:
    """Return every table that a table is made of by SQL, however far back."""
    found = [one for base in made_of(source, name) for one in (base, *below(source, base))]
    return list(dict.fromkeys(found))


def origin(source: Source, name: str) -> str | None:
    """Return the one table of which a table is some rows, every column as it was, or None."""
    tables = source.pack.source.tables
    tree = _parsed(tables[name].sql or "")
    if not isinstance(tree, exp.Select):
        return None
    plain = [isinstance(one, exp.Star) for one in tree.expressions] == [True]
    more = ("joins", "group", "distinct", "limit", "with_", "with", "laterals")
    if not plain or any(tree.args.get(part) for part in more):
        return None
    bases = made_of(source, name)
    return bases[0] if len(bases) == 1 and len(list(tree.find_all(exp.Table))) == 1 else None


def holder(source: Source, name: str, columns: set[str]) -> str:
    """Return the table furthest back that has the columns and so tells when, where and what.

    Tables joined to it, or conditions on its rows, change nothing in its stamps and labels.
    """
    tables = source.pack.source.tables
    if not tables[name].aggregated:
        for base in made_of(source, name):
            apart = columns & set(tables[name].columns)
            if not apart and columns <= set(source.tables[base].columns):
                return holder(source, base, columns)
    return name


def root(source: Source, name: str, columns: set[str]) -> str:
    """Return the table furthest back whose rows these are, while it has the columns."""
    tables = source.pack.source.tables
    while (base := origin(source, name)) is not None:
        if columns & set(tables[name].columns) or columns - set(source.tables[base].columns):
            break
        name = base
    return name


def _read(table: Table) -> set[str]:
    tree = _parsed(table.sql or "")
    return {one.name.casefold() for one in tree.find_all(exp.Table)} if tree else set()


def _columns(text: str) -> set[str]:
    tree = _parsed(text)
    return {one.name for one in tree.find_all(exp.Column)} if tree else set()


@lru_cache(maxsize=256)
def _parsed(text: str) -> exp.Expr | None:
    """Return SQL as a parser has it; None where it cannot be read, or there is none."""
    if not text:
        return None
    try:
        return sqlglot.parse_one(text, dialect="duckdb")
    except SqlglotError:
        return None
