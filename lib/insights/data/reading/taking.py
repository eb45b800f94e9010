"""The columns that a pack takes from its files, as text, by what they are called there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import ibis
from ibis import BaseBackend
from ibis.expr.types import Table as Rows

from insights.data.reading.headers import Header, alike, chosen, header
from insights.errors import ContractError
from insights.pack import Table

OBJECT = 1 << 24  # bytes that one JSON object may have
BLANK = "nullif(trim({0}), '')"


def taken(backend: BaseBackend, table: Table, files: Sequence[Path], kind: str) -> Rows:
    """Return a table of files with the columns that ``take`` names, all of them text.

    Parameters
    ----------
    files
        As ``unpacking.plain`` leaves them; each may call and order its columns in its own way.
    kind
        ``csv`` or ``json``.

    Raises
    ------
    ContractError
        A file lacks a column, has one twice, or holds no records.
    """
    parts = _csv(table, files) if kind == "csv" else [_json(backend, table, files)]
    text = " union all ".join(parts)
    name = f"taken_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    backend.raw_sql(f"create or replace view memory.main.{name} as {text}")
    return backend.table(name, database=("memory", "main"))


def columns_of(table: Table, rows: Rows) -> Rows:
    """Return rows that have types already with the columns that ``take`` names."""
    shown = f"'{table.path}'" if table.path else f"table '{table.table}'"
    shown = "the query" if table.sql else shown
    places = chosen(table.take, table.optional, rows.columns, shown)
    return rows.select(
        **{
            name: ibis.null("string") if place is None else rows[rows.columns[place]]
            for name, place in places.items()
        }
    )


def _csv(table: Table, files: Sequence[Path]) -> list[str]:
    """Return one query for all files of the same header."""
    groups: dict[Header, list[Path]] = {}
    for path in files:
        groups.setdefault(header(path, table.take), []).append(path)
    made = []
    for one, paths in groups.items():
        places = chosen(table.take, table.optional, one.columns, f"'{paths[0].name}'")
        picked = [
            f"{'cast(null as varchar)' if place is None else BLANK.format(f'c{place}')} "
            f"as {_name(name)}"
            for name, place in places.items()
        ]
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(one.columns)))
        options = (
            f"delim = {_text(one.delimiter)}, skip = {one.skip}, header = true, quote = '\"', "
            f"escape = '\"', auto_detect = false, columns = {{{columns}}}"
        )
        made.append(f"select {', '.join(picked)} from read_csv({_list(paths)}, {options})")
    return made


def _json(backend: BaseBackend, table: Table, files: Sequence[Path]) -> str:
    """Return one query for all records of JSON files, lists or lines."""
    shown = f"'{files[0].name}'" if len(files) == 1 else f"'{table.path}'"
    records = _records(backend, table.records, files, shown)
    asked = f"select distinct unnest(json_keys(record)) as key from ({records}) order by key"
    keys = [row[0] for row in backend.raw_sql(asked).fetchall()]
    if not keys:
        raise ContractError(f"{shown} holds no record. Export it again.")
    steps = {
        name: [[one] if one in keys else one.split(".") for one in names]
        for name, names in table.take.items()
    }
    heads = {name: [one[0] for one in named] for name, named in steps.items()}
    chosen(heads, table.optional, keys, shown)
    own = {alike(key): key for key in keys} | {key: key for key in keys}
    picked = []
    for name, named in steps.items():
        there = [(own.get(head, own.get(alike(head))), rest) for head, *rest in named]
        paths = [".".join(f'"{part}"' for part in (key, *rest)) for key, rest in there if key]
        values = [f"json_extract_string(record, {_text('$.' + path)})" for path in paths]
        value = BLANK.format(f"coalesce({', '.join(['null', *values])})")
        picked.append(f"{value} as {_name(name)}")
    return f"select {', '.join(picked)} from ({records})"


def _records(backend: BaseBackend, key: str | None, files: Sequence[Path], shown: str) -> str:
    """Return a query for records: a file's objects, or those in their list of a name."""
    size = max(OBJECT, *(_size(path) for path in files)) if key else OBJECT
    objects = (
        f"select json from read_json_objects({_list(files)}, format = 'auto', "
        f"maximum_object_size = {size})"
    )
    if key is None:
        return f"select json as record from ({objects})"
    place = f'$."{key}"'
    held = f"json_type(json, {_text(place)}) = 'ARRAY'"
    asked = f"select count(*), count(*) filter ({held}) from ({objects})"
    n, having = backend.raw_sql(asked).fetchall()[0]
    if 0 < having < n:
        raise ContractError(
            f"{n - having} of the {n} objects in {shown} have no list '{key}'. Remove them."
        )
    if not having:  # records as they are
        return f"select json as record from ({objects})"
    listed = _text(place + "[*]")
    return f"select unnest(json_extract(json, {listed})) as record from ({objects})"


def _size(path: Path) -> int:
    """Return how many bytes of text a file holds."""
    with path.open("rb") as file:
        if path.suffix.lower() != ".gz":
            return path.stat().st_size
        file.seek(-4, 2)
        return int.from_bytes(file.read(4), "little")


def _list(paths: Sequence[Path]) -> str:
    return f"[{', '.join(_text(str(path)) for path in paths)}]"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
