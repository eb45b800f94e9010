"""How sure is a share that comes from a sample: weights, strata, what they are worth."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

LEAST = 5  # answers that a stratum needs; a smaller one joins its neighbours
SQUARES = ("_ee", "_ed", "_dd")  # sums of events², events x exposure, exposure²


def effective(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with ``n_effective``: the simple random sample that is worth as much.

    ``_ee``, ``_ed`` and ``_dd`` hold the sums that the variance of a weighted ratio needs; they
    are taken out. For plain 0/1 answers the number is their count.

    Notes
    -----
    Linearised variance of a ratio: Cochran (1977), Sampling Techniques, 3rd ed., 153-155.
    """
    ee, ed, dd = (rows[name] for name in SQUARES)
    exposure = rows["exposure"].where(rows["exposure"] > 0)
    share = rows["events"] / exposure
    variance = (ee - 2 * share * ed + share**2 * dd) / exposure**2
    kish = exposure**2 / dd.where(dd > 0)
    worth = share * (1 - share) / variance.where(variance > 1e-15)
    return rows.drop(columns=list(SQUARES)).assign(n_effective=worth.fillna(kish))


def poststratified(
    cells: pd.DataFrame, *, by: Sequence[str], strata: Sequence[str]
) -> pd.DataFrame:
    """Return shares of answers weighted to everyone who was asked.

    Parameters
    ----------
    cells
        One row a period, segment and stratum: ``period``, the columns of ``by`` and ``strata``,
        ``asked``, ``events`` and ``exposure`` (answers).
    by
        Dimensions that are kept.
    strata
        Columns whose makeup is known for all who were asked, the most telling one first.

    Returns
    -------
    DataFrame
        ``period``, ``by``, ``events`` and ``exposure`` (so that their ratio is the weighted
        share and exposure the answers), ``cases`` (answers) and ``n_effective``.

    Notes
    -----
    Holt and Smith (1979), J. R. Stat. Soc. A 142(1): 33-46. A stratum with fewer than 5 answers
    is pooled with the others that share its first columns.
    """
    keys = ["period", *by]
    pooled = _pooled(cells, keys, list(strata))
    asked = pooled["asked"] / pooled.groupby(keys)["asked"].transform("sum")
    own = pooled["events"] / pooled["exposure"]
    overall = pooled.groupby(keys)["events"].transform("sum")
    overall = overall / pooled.groupby(keys)["exposure"].transform("sum")
    near = (pooled["events"] + overall) / (pooled["exposure"] + 1)  # never quite 0 or 1
    made = pooled.assign(
        _share=asked * own, _variance=asked**2 * near * (1 - near) / pooled["exposure"]
    )
    sums = made.groupby(keys, as_index=False, sort=True)[
        ["_share", "_variance", "exposure"]
    ].sum()
    share, exposure = sums["_share"], sums["exposure"]
    worth = share * (1 - share) / sums["_variance"].where(sums["_variance"] > 0)
    return sums[keys].assign(
        events=share * exposure,
        exposure=exposure,
        cases=exposure,
        n_effective=worth.where(worth > 0, exposure),
    )


def _pooled(cells: pd.DataFrame, keys: list[str], strata: list[str]) -> pd.DataFrame:
    """Pool strata with too few answers, column by column from the last."""
    kept = cells.copy()
    sums = ["asked", "events", "exposure"]
    for depth in range(len(strata), 0, -1):
        small = kept["exposure"] < LEAST
        kept[strata[depth - 1]] = kept[strata[depth - 1]].astype(object).mask(small, "(pooled)")
        kept = kept.groupby([*keys, *strata], as_index=False, dropna=False)[sums].sum()
    # those who were asked where nobody answered count as the average
    return kept[kept["exposure"] > 0]
