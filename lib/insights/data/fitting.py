"""Which of somebody's files is which table of a pack? The one that has its columns."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from pathlib import Path

from ibis import BaseBackend

from insights.data import sources, tables
from insights.data.files import PACKED, READERS
from insights.data.reading import alike
from insights.errors import ContractError, InsightsError, ParamError, some
from insights.pack import Table


def fit(wanted: Mapping[str, Table], data: Path) -> dict[str, str]:
    """Return, a table, the path of the file that holds it, or a pattern of several.

    Parameters
    ----------
    wanted
        The tables that are files.
    data
        A file, or a folder with all of them.

    Raises
    ------
    ParamError
        There is no such file, none has a table's columns, or several do that do not belong
        together.
    """
    files = _files(data)
    backend = sources.connect("duckdb://")
    try:
        return {name: _of(backend, name, table, files, data) for name, table in wanted.items()}
    finally:
        backend.disconnect()


def _files(data: Path) -> list[Path]:
    """Return the files that may be tables."""
    if data.is_file():
        return [data]
    if not data.is_dir():
        raise ParamError(f"--data {data}: there is no such file or folder.")
    known = {*READERS, *PACKED}
    found = sorted(
        path
        for path in data.rglob("*")
        if path.is_file() and path.suffix.lower() in known and not path.name.startswith(".")
    )
    if not found:
        raise ParamError(f"--data {data}: no file in it ends in {some(sorted(known), 12)}.")
    return found


def _of(backend: BaseBackend, name: str, table: Table, files: list[Path], data: Path) -> str:
    """Return the path, or the pattern, of one table's files."""
    refused: dict[Path, str] = {}
    for path in files:
        if said := _misfit(backend, table, path):
            refused[path] = said
    found = [path for path in files if path not in refused]
    if not found:
        near = max(files, key=lambda path: _likeness(path, name, table))
        more = f" Of {len(files)} files none has its columns." if len(files) > 1 else ""
        raise ParamError(f"--data {data}: no table '{name}' in it.{more} {refused[near]}")
    best = max(_likeness(path, name, table) for path in found)
    closest = [path for path in found if _likeness(path, name, table) == best]
    if len(closest) == 1:
        return glob.escape(str(closest[0]))
    return _pattern(name, closest, files)


def _misfit(backend: BaseBackend, table: Table, path: Path) -> str:
    """Return why a file cannot be a table, or ""."""
    described = table.model_copy(update={"path": glob.escape(str(path))})
    try:
        with tables.readable(path.name):
            raw = tables.read(backend, described, Path(), {})
            tables.require(path.name, tables.unnamed(described, raw))
            rows = tables.renamed(described, raw)
            tables.require(path.name, tables.unkeyed(described, rows))
    except ContractError as error:
        return str(error)
    except InsightsError as error:
        return f"'{path.name}': {error}"
    return ""


def _likeness(path: Path, name: str, table: Table) -> int:
    """Return how far a file is called what a table is called."""
    own = alike(_stem(path))
    names = {alike(name), alike(_stem(Path(str(table.path))))}
    if own in names or own.removesuffix("data") in names:
        return 2
    return int(any(own.startswith(one) for one in names))


def _stem(path: Path) -> str:
    name = path.name
    while Path(name).suffix.lower() in {*READERS, *PACKED}:
        name = Path(name).stem
    return name


def _pattern(name: str, found: list[Path], files: list[Path]) -> str:
    """Return one pattern for files that belong together and for no other."""
    texts = [str(path) for path in found]
    start = os.path.commonprefix(texts)
    end = os.path.commonprefix([text[len(start) :][::-1] for text in texts])[::-1]
    start, end = start.rstrip("0123456789"), end.lstrip("0123456789")  # next year's too
    pattern = f"{glob.escape(start)}*{glob.escape(end)}"
    if {Path(one) for one in glob.glob(pattern)} & set(files) != set(found):
        names = some([path.name for path in found])
        raise ParamError(
            f"{len(found)} files can be table '{name}': {names}. "
            "Put those that belong together into a folder of their own."
        )
    return pattern
