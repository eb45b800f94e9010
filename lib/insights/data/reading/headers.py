"""Which columns an export has, whatever they are called this year."""

from __future__ import annotations

import csv
import gzip
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from insights.errors import ContractError, did_you_mean, some

DELIMITERS = (",", ";", "\t", "|")
HEAD = 1 << 16  # characters that hold a header
LOOKED_AT = 10  # first rows, for a header under a title
FULL = 0.6  # of the cells of the fullest of them; a title fills fewer


@dataclass(frozen=True, slots=True)
class Header:
    """What separates a text file's values, what stands before its header, and its columns."""

    delimiter: str
    skip: int
    columns: tuple[str, ...]


def alike(name: str) -> str:
    """Return a name without case, spaces and signs: what two vintages of it share.

    >>> alike("Timely response?"), alike("timely_response"), alike(" ZIP  code")
    ('timelyresponse', 'timelyresponse', 'zipcode')
    """
    folded = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in folded if sign.isalnum()) or name.strip()


def header(path: Path, take: Mapping[str, Sequence[str]] | None = None) -> Header:
    """Return a text file's header: of its first rows the one that holds most wanted columns.

    Raises
    ------
    ContractError
        The file has no text.
    """
    wanted = [{alike(one) for one in names} for names in (take or {}).values()]
    text = _head(path)
    best, made = (-1, -1), None
    for delimiter in DELIMITERS:
        before, rows = 0, list[tuple[int, list[str]]]()
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        for row, _ in zip(_rows(reader), range(LOOKED_AT), strict=False):
            rows.append((before, row))
            before = reader.line_num
        first = _first_full(row for _, row in rows)
        for at, (before, row) in enumerate(rows):
            there = {alike(cell) for cell in row}
            score = (sum(bool(one & there) for one in wanted), len(row) if at == first else 0)
            if score > best and any(cell.strip() for cell in row):
                best, made = score, Header(delimiter, before, tuple(row))
    if made is None:
        raise ContractError(f"'{path.name}' holds no text. Export it again.")
    return made


def _first_full(rows: Iterable[list[str]]) -> int:
    """Return which row is the first that is no title: most of the cells are filled."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    return next((at for at, n in enumerate(filled) if n >= FULL * max(filled)), 0)


def _rows(reader: Iterable[list[str]]) -> Iterable[list[str]]:
    """Yield rows up to where the start of a file stops being CSV."""
    try:
        yield from reader
    except csv.Error:  # a quote that the start of the file does not close
        return


def _head(path: Path) -> str:
    packed = path.suffix.lower() == ".gz"
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        return file.read(HEAD).decode("utf-8-sig", errors="replace")


def chosen(
    take: Mapping[str, Sequence[str]],
    optional: Iterable[str],
    there: Sequence[str],
    shown: str,
) -> dict[str, int | None]:
    """Return which column each wanted one is; None where an optional one is not there.

    Parameters
    ----------
    take
        Wanted column: what it may be called; the first name that is there counts.
    there
        The columns that there are.
    shown
        What they are the columns of.

    Raises
    ------
    ContractError
        A wanted column is not there, or there twice.
    """
    keys = [alike(name) for name in there]
    made: dict[str, int | None] = {}
    for name, names in take.items():
        made[name] = next(
            (i for one in names if (i := _place(one, there, keys, name, shown)) is not None),
            None,
        )
    if lacking := [n for n, place in made.items() if place is None and n not in set(optional)]:
        name = lacking[0]
        names = some([f"'{one}'" for one in take[name]])
        own = [one.strip() for one in there if one.strip()]
        hints = (did_you_mean(one, own) for one in take[name])
        hint = next((one for one in hints if one), "")
        more = f" {len(lacking)} are missing: {some(lacking)}." if len(lacking) > 1 else ""
        raise ContractError(
            f"{shown} has no column {names}{hint or '.'}{more} It has {some(own, 60)}. "
            f"Name the column of '{name}' under take in source.yaml, or call it optional."
        )
    return made


def _place(
    wanted: str, there: Sequence[str], keys: list[str], name: str, shown: str
) -> int | None:
    """Return where a column stands, by its very name or one like it."""
    exact = [i for i, own in enumerate(there) if own == wanted]
    found = exact or [i for i, key in enumerate(keys) if key == alike(wanted)]
    if len(found) > 1:
        both = some([f"'{there[i].strip()}'" for i in found])
        raise ContractError(
            f"{shown} has {len(found)} columns for '{name}': {both}. Remove or rename one."
        )
    return found[0] if found else None
