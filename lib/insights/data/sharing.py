"""One question for every page of a matrix, where answers are kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

import pandas as pd

from insights.data import remembered, sources
from insights.data.sources import Kept, Source

ALL = "all"
Figures = dict[str, pd.DataFrame]  # by name
Ask = Callable[[list[str], Kept], Figures]  # of dimensions kept apart, and kept to


def figures(
    source: Source,
    said: Hashable,
    ask: Ask,
    *,
    by: Sequence[str],
    where: Mapping[str, str] | None,
) -> Figures:
    """Return what ``ask`` does, asked about all values of a dimension that have a page.

    A question about one of them is asked about all at once: the next page will ask it too.
    Where answers are not kept it is asked as it is.

    Parameters
    ----------
    said
        All that the answer rests on beside the source, ``by`` and ``where``.
    ask
        Takes the dimensions to keep apart and those to keep to one value; its frames have a
        column of text for each of the first.
    """
    kept = {name: str(value) for name, value in (where or {}).items()}
    if (mark := sources.stamp(source)) is None:
        return ask([*by], kept)
    split = {}
    for one in kept.keys() - set(by):
        pages = _pages(source, one)
        if pages == ALL or kept[one] in pages:
            split[one] = pages
    rest: dict[str, str | tuple[str, ...]] = {k: v for k, v in kept.items() if k not in split}
    rest |= {one: pages for one, pages in split.items() if pages != ALL}
    key = ("figures", mark, said, tuple(by), tuple(sorted(split)), tuple(sorted(rest.items())))
    whole = remembered.once(key, lambda: ask([*by, *sorted(split)], rest))
    return {
        name: _kept_to(rows, {one: kept[one] for one in split}) for name, rows in whole.items()
    }


def _pages(source: Source, dimension: str) -> str | tuple[str, ...]:
    """Return which values of a dimension readouts are repeated for."""
    listed = [
        r.matrix[dimension] for r in source.pack.readouts.values() if dimension in r.matrix
    ]
    if ALL in listed:
        return ALL
    return tuple(sorted({str(value) for values in listed for value in values}))


def _kept_to(rows: pd.DataFrame, where: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows of one value of each dimension, without its column."""
    hit = pd.Series(True, index=rows.index)
    for dimension, value in where.items():
        hit &= rows[dimension] == value
    return rows[hit].drop(columns=list(where)).reset_index(drop=True)
