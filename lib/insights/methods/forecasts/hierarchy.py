"""Make forecasts of parts add up to forecasts of wholes, at every level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg

from insights.errors import ContractError, some

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAST = 4  # errors a series needs for a covariance


def reconcile(
    table: pd.DataFrame, hierarchy: pd.DataFrame, *, errors: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Change forecasts as little as their errors allow, so that parts add to wholes.

    Parameters
    ----------
    table
        As ``forecast`` gives it: ``unique_id``, ``ds``, ``mean`` and, where there are any,
        ``median``, ``lo-..`` and ``hi-..``; every series at the same dates.
    hierarchy
        ``unique_id``, ``parent``: the series is part of the parent; NA says it has none. A
        series may have several parents (market and queue). Series that are nobody's parent are
        the parts; a parent is the sum of all parts below it, each once, however many ways lead
        to it.
    errors
        ``unique_id``, ``error`` and what tells observations apart, such as ``origin`` and
        ``horizon``; ``Forecast.errors`` has them. Without it a series' variance is taken
        to be the number of its parts.

    Returns
    -------
    DataFrame
        The same rows in the same order. Means add up; no mean is negative unless one was.
        Median and intervals move with their mean: in proportion where nothing is negative, else
        by the difference. They are not narrowed by what reconciling gains.

    Raises
    ------
    ContractError
        Columns lack, series differ between table and hierarchy, a hierarchy goes in a
        circle, or dates differ between series.

    Notes
    -----
    Minimum trace with a shrunk covariance: Wickramasuriya, Athanasopoulos and Hyndman (2019),
    J. Am. Stat. Assoc. 114(526) 804-819; shrinkage by Schäfer and Strimmer (2005), Stat. Appl.
    Genet. Mol. Biol. 4(1) 32. Without errors, structural scaling: Athanasopoulos et al. (2017),
    Eur. J. Oper. Res. 262(1) 60-74. A negative part is set to 0 before it is added up: Di Fonzo
    and Girolimetto (2023), Int. J. Forecasting 39(1) 39-57.
    """
    if lacking := [c for c in ("unique_id", "ds", "mean") if c not in table.columns]:
        raise ContractError(
            f"reconcile: table lacks columns: {some(lacking)}. Give unique_id, ds and mean."
        )
    names, sums = _sums(hierarchy)
    wide = _wide(table, names)
    base = wide.to_numpy(dtype=float)
    weights = _structural(sums) if errors is None else _shrunk(errors, names)
    parts = _project(base, sums, weights)
    negative = bool((base < 0).any())
    whole = sums @ (parts if negative else np.maximum(parts, 0.0))
    return _moved(table, wide, whole, negative)


def _sums(hierarchy: pd.DataFrame) -> tuple[list[object], Floats]:
    """Return the series and the matrix that adds parts up to them."""
    if lacking := [c for c in ("unique_id", "parent") if c not in hierarchy.columns]:
        raise ContractError(
            f"reconcile: hierarchy lacks columns: {some(lacking)}. "
            "Give one row a (unique_id, parent)."
        )
    edges = hierarchy[hierarchy["parent"].notna()]
    names = list(dict.fromkeys([*hierarchy["unique_id"], *edges["parent"]]))
    place = {name: i for i, name in enumerate(names)}
    up = np.zeros((len(names), len(names)), dtype=bool)
    up[edges["parent"].map(place), edges["unique_id"].map(place)] = True
    leaf = ~up.any(axis=1)
    reach = np.eye(len(names), dtype=bool)
    for _ in names:
        wider = reach | ((up.astype(np.float32) @ reach.astype(np.float32)) > 0)
        if (wider == reach).all():
            break
        reach = wider
    circle = np.asarray((up & reach.T).any(axis=1))
    if circle.any():
        found = some(name for name, bad in zip(names, circle, strict=True) if bad)
        raise ContractError(
            f"reconcile: the hierarchy goes in a circle: {found}. Give each its wholes only."
        )
    return names, reach[:, leaf].astype(float)


def _wide(table: pd.DataFrame, names: list[object]) -> pd.DataFrame:
    """Return means, one row a series in the hierarchy's order, one column a date."""
    given = set(table["unique_id"])
    absent = [name for name in names if name not in given]
    extra = sorted(map(str, given - set(names)))
    if absent or extra:
        parts = [
            f"{len(found)} series {where}: {some(found)}"
            for found, where in (
                (absent, "only in the hierarchy"),
                (extra, "only in the table"),
            )
            if found
        ]
        raise ContractError(f"reconcile: {'; '.join(parts)}. Give every series in both.")
    if table.duplicated(["unique_id", "ds"]).any():
        raise ContractError("reconcile: (unique_id, ds) that come twice in table. Drop one.")
    wide = table.pivot_table(index="unique_id", columns="ds", values="mean", dropna=False)
    lacking = wide.isna().any(axis=1)
    if lacking.any():
        raise ContractError(
            f"reconcile: {int(lacking.sum())} of {len(wide)} series lack a mean at some date: "
            f"{some(wide.index[lacking])}. Forecast all from one origin."
        )
    return wide.reindex(names)


def _structural(sums: Floats) -> Floats:
    """Return the covariance of errors that all parts share alike."""
    return np.diag(sums.sum(axis=1))


def _shrunk(errors: pd.DataFrame, names: list[object]) -> Floats:
    """Return the covariance of the errors, its correlations shrunk towards none."""
    keys = [c for c in errors.columns if c not in ("unique_id", "error")]
    if "unique_id" not in errors or "error" not in errors or not keys:
        raise ContractError(
            "reconcile: errors lack columns. Give unique_id, error and what tells observations "
            "apart, such as origin and horizon."
        )
    wide = errors.pivot_table(index="unique_id", columns=keys, values="error")
    value = wide.reindex(names).to_numpy(dtype=float)
    count = np.isfinite(value).sum(axis=1)
    few = count < LEAST
    if few.any():
        found = some(name for name, bad in zip(names, few, strict=True) if bad)
        raise ContractError(
            f"reconcile: {int(few.sum())} of {len(names)} series have fewer than {LEAST} "
            f"errors: {found}. Give more, or leave errors out."
        )
    value = np.where(np.isfinite(value), value, 0.0)
    spread = np.sqrt((value**2).sum(axis=1) / count)
    spread = np.maximum(spread, 1e-6 * spread.max(initial=0.0) + 1e-12)
    unit = value / spread[:, None]
    n = value.shape[1]
    alike = unit @ unit.T / n
    squares = (unit**2) @ (unit**2).T / n - alike**2  # variance of one product
    off = ~np.eye(len(names), dtype=bool)
    total = (alike[off] ** 2).sum()
    shrink = float(np.clip(squares[off].sum() / n / total, 0, 1)) if total > 0 else 1.0
    alike = np.where(off, (1 - shrink) * alike, 1.0)
    return np.asarray(alike * np.outer(spread, spread))


def _project(base: Floats, sums: Floats, weights: Floats) -> Floats:
    """Return the parts whose sums are nearest to the forecasts, in units of their errors."""
    scaled = linalg.solve(weights, sums, assume_a="pos")
    return np.asarray(linalg.solve(sums.T @ scaled, scaled.T @ base, assume_a="pos"))


def _moved(
    table: pd.DataFrame, wide: pd.DataFrame, whole: Floats, negative: bool
) -> pd.DataFrame:
    """Return the table with the new means, and all else moved with them."""
    long = pd.Series(
        whole.ravel(), index=pd.MultiIndex.from_product([wide.index, wide.columns])
    )
    mean = long.reindex(pd.MultiIndex.from_frame(table[["unique_id", "ds"]])).to_numpy()
    before = table["mean"].to_numpy(dtype=float)
    others = [c for c in table.columns if c not in ("unique_id", "ds", "mean")]
    ratio = (before > 1e-12 * np.abs(before).max(initial=0.0)) & (not negative)
    factor = np.where(ratio, mean / np.where(ratio, before, 1.0), 1.0)
    shift = np.where(ratio, 0.0, mean - before)
    moved = {c: table[c].to_numpy(dtype=float) * factor + shift for c in others}
    return table.assign(mean=mean, **moved)
