"""What an unknown file holds: how it is written, its columns, how many rows."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ibis import BaseBackend
from ibis.expr.types import Table as Rows

from insights.data import reading, tables
from insights.data.files import paths, reader, scratch
from insights.data.looking.kinds import LOOKED, Column, Kind, column
from insights.errors import ContractError
from insights.pack import Table

MOST_COLUMNS = 200
RESERVED = {
    "period", "metric", "events", "exposure", "events_sq", "value", "p90", "within", "volume",
    "cases", "n_effective", "side", "asked",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Looked:
    """A file as it was found; ``rows`` are in the engine, cast, under the pack's names."""

    backend: BaseBackend
    path: Path
    table: Table
    rows: Rows
    columns: tuple[Column, ...]
    n: int
    repeated: int  # rows that are equal to another in every column
    notes: tuple[str, ...]  # on how the file is written

    def of(self, *kinds: Kind) -> list[Column]:
        """Return the columns of some kinds."""
        return [one for one in self.columns if one.kind in kinds]


def look(backend: BaseBackend, path: Path) -> Looked:
    """Return what a file holds.

    Parameters
    ----------
    backend
        A DuckDB connection of one's own, which the rows stay in.
    path
        CSV, JSON or Parquet, packed or not.

    Raises
    ------
    ContractError
        The file cannot be read, or holds no row.
    """
    table = Table(path=glob.escape(str(path)), row="one row")
    names, notes, table = _names(backend, table, reader(table))
    if len(names) > MOST_COLUMNS:
        raise ContractError(
            f"'{path.name}' has {len(names)} columns; {MOST_COLUMNS} are looked at. "
            "Keep those that matter."
        )
    take = {own: (said,) for own, said in _own_names(backend, names).items()}
    table = table.model_copy(update={"take": take})
    with tables.readable(path.name):
        raw = tables.read(backend, table, Path(), {})
        raw = backend.create_table(LOOKED, raw, database=tables.OWN)
    n = int(raw.count().execute())
    if not n:
        raise ContractError(f"'{path.name}' holds no row under its header. Export it again.")
    repeated = n - int(raw.distinct().count().execute())
    columns = tuple(column(backend, raw, own, said[0]) for own, said in take.items())
    casts = {c.name: c.cast for c in columns if c.cast is not None}
    table = table.model_copy(update={"cast": casts})
    return Looked(backend, path, table, tables.cleaned(table, raw), columns, n, repeated, notes)


def _names(
    backend: BaseBackend, table: Table, kind: str
) -> tuple[list[str], tuple[str, ...], Table]:
    """Return a file's own names, how it is written, and its description so far."""
    given = paths(table, Path())
    if kind == "parquet":
        return list(tables.read(backend, table, Path(), {}).columns), (), table
    notes = []
    encoding = _encoding(given)
    if encoding is not None:
        table = table.model_copy(update={"encoding": encoding})
        notes.append(f"its text is not UTF-8; {encoding} reads it, as the commonest other one")
    texts = reading.plain(given, encoding, scratch(backend))
    if kind == "json":
        with tables.readable(given[0].name):
            key, names = _json_names(backend, texts)
        return names, tuple(notes), table.model_copy(update={"records": key})
    header = reading.header(texts[0])
    signs = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    notes.append(f"values stand between {signs[header.delimiter]}")
    return [name for name in header.columns if name.strip()], tuple(notes), table


def _json_names(backend: BaseBackend, texts: list[Path]) -> tuple[str | None, list[str]]:
    """Return the key that holds the records, where they are a list in an object, and theirs."""
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in texts)
    objects = (
        f"select json from read_json_objects([{listed}], format = 'auto', "
        f"maximum_object_size = {1 << 28})"
    )
    keys = "select distinct unnest(json_keys(record)) as key from ({0}) order by key"
    own = keys.format(f"select json as record from ({objects})")
    names = [row[0] for row in backend.raw_sql(own).fetchall()]
    for name in names:
        place = f'$."{name}"[0]'.replace("'", "''")
        asked = f"select bool_and(json_type(json, '{place}') = 'OBJECT') from ({objects})"
        if backend.raw_sql(asked).fetchall()[0][0]:
            path = f'$."{name}"[*]'.replace("'", "''")
            held = f"select unnest(json_extract(json, '{path}')) as record from ({objects})"
            return name, [row[0] for row in backend.raw_sql(keys.format(held)).fetchall()]
    return None, names


def _encoding(given: list[Path]) -> str | None:
    """Return an encoding for plain text that is no UTF-8; of packed text the reader says it."""
    for path in given:
        with path.open("rb") as file:
            start = file.read(1 << 22)
        if start[:2] in {b"\x1f\x8b", b"PK", b"\xff\xfe", b"\xfe\xff"}:
            continue
        try:
            start.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.end < len(start) - 4:  # not a sign that the piece cuts in two
                return "cp1252"
    return None


def _own_names(backend: BaseBackend, names: Sequence[str]) -> dict[str, str]:
    """Return, a name for a pack, the file's: lower case, no keyword, none twice."""
    asked = "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
    taken = RESERVED | {row[0] for row in backend.raw_sql(asked).fetchall()}
    made: dict[str, str] = {}
    for said in names:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", said.strip())
        own = "_".join(re.findall(r"[a-z0-9]+", words.lower())) or "column"
        own = own if own[0].isalpha() else f"c_{own}"
        own = f"{own}_" if own in taken else own
        stem, i = own, 1
        while own in made:
            i += 1
            own = f"{stem}_{i}"
        made[own] = said.strip()
    return made
