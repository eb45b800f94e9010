"""One question for every page of a matrix, where answers are kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

import pandas as pd

from insights.data import remembered, sources
from insights.data.sources import Source

Figures = dict[str, pd.DataFrame]  # by name
Ask = Callable[[list[str], Mapping[str, str]], Figures]  # of dimensions kept apart, and kept to


def figures(
    source: Source,
    said: Hashable,
    ask: Ask,
    *,
    by: Sequence[str],
    where: Mapping[str, str] | None,
) -> Figures:
    """Return what ``ask`` does, asked about all values of a dimension that has a page for each.

    A question about one value is asked about all of them at once: the next page will ask it
    too. Where answers are not kept it is asked as it is.

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
    split = [one for one in kept if one not in by and _has_pages_for_each(source, one)]
    rest = {name: value for name, value in kept.items() if name not in split}
    key = ("figures", mark, said, tuple(by), tuple(split), tuple(sorted(rest.items())))
    whole = remembered.once(key, lambda: ask([*by, *split], rest))
    return {
        name: _kept_to(rows, {one: kept[one] for one in split}) for name, rows in whole.items()
    }


def _has_pages_for_each(source: Source, dimension: str) -> bool:
    return any(dimension in readout.matrix for readout in source.pack.readouts.values())


def _kept_to(rows: pd.DataFrame, where: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows of one value of each dimension, without its column."""
    hit = pd.Series(True, index=rows.index)
    for dimension, value in where.items():
        hit &= rows[dimension] == value
    return rows[hit].drop(columns=list(where)).reset_index(drop=True)
