"""Which files are a table's, how they are read, and whether they are the same as last time."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable
from functools import cache
from glob import glob
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from insights.errors import ContractError, some
from insights.pack import Table

SAMPLE, SIMULATED = "sample:", "simulated:"
PACKED = (".gz", ".zst", ".zip")
READERS = {
    ".csv": "csv", ".tsv": "csv", ".parquet": "parquet",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip
WHOLE = 1 << 30  # up to so many bytes in all, every byte is hashed
PIECE = 1 << 20  # beyond, the first, middle and last piece of each file


def reader(table: Table) -> str:
    """Return the file format of a table: declared, or by the file's ending."""
    if table.format:
        return table.format
    name = Path(table.path or "")
    suffix = Path(name.stem).suffix if name.suffix.lower() in PACKED else name.suffix
    if name.suffix.lower() == ".zip" and suffix.lower() not in READERS:
        return "csv"
    if suffix.lower() not in READERS:
        known = some(READERS, most=9)
        raise ContractError(
            f"'{table.path}': its ending does not tell the format ({known}). "
            "Say format: csv, parquet or json."
        )
    return READERS[suffix.lower()]


def paths(table: Table, folder: Path) -> list[Path]:
    """Return a table's files.

    ``sample:`` is shipped data, ``simulated:`` the demo's, built when first asked for; others
    are relative to the pack.
    """
    given = table.path or ""
    if given.startswith(SAMPLE):
        place = str(files("insights.data") / "samples" / given.removeprefix(SAMPLE))
    elif given.startswith(SIMULATED):
        from insights.data.simulate import cache  # few packs need it

        place = str(cache.demo() / given.removeprefix(SIMULATED))
    else:
        place = str(folder / given)
    found = sorted(Path(one) for one in glob(place, recursive=True))
    if not found and Path(place).exists():  # a name that only looks like a pattern
        found = [Path(place)]
    if not found:
        raise ContractError(
            f"no file matches '{given}'. Give a path relative to the pack's folder."
        )
    return found


def scratch(owner: object) -> Callable[[], Path]:
    """Return what makes, when first asked, a folder that goes when its owner goes."""

    @cache
    def folder() -> Path:
        made = TemporaryDirectory(prefix="insights-")
        weakref.finalize(owner, made.cleanup)
        return Path(made.name)

    return folder


def digest(found: list[Path]) -> str:
    """Return a hash of what files hold; names, places and dates of files do not enter it.

    Notes
    -----
    The same content gives the same hash on every machine. Up to 1 GiB in all, every byte
    counts; beyond that, a file of more than 3 MiB counts by its size and its first, middle and
    last MiB (the last holds a Parquet file's statistics).
    """
    sizes = {path: path.stat().st_size for path in found}
    whole = sum(sizes.values()) <= WHOLE
    total = hashlib.sha256()
    for path, size in sizes.items():
        with path.open("rb") as file:
            if whole or size <= 3 * PIECE:
                total.update(hashlib.file_digest(file, "sha256").digest())
                continue
            total.update(str(size).encode())
            for start in (0, (size - PIECE) // 2, size - PIECE):
                file.seek(start)
                total.update(file.read(PIECE))
    return total.hexdigest()
