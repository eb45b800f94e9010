"""Split a change in a mean into other cases and other outcomes of like cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from insights import wording
from insights.errors import ContractError, MethodError, ParamError, did_you_mean, some
from insights.methods.changes.estimate import Estimate, reach
from insights.methods.changes.regression_fit import Cases, Floats, parts, tied
from insights.methods.changes.regression_result import PARTS, RegressionChange
from insights.methods.changes.rows import SIDES, require_options, sides_after

POOLED = ("pooled", "pooled with levels")
THREE = ("endowments", "coefficients", "interaction")
LEVEL = "level"
WHERE = "regression_change"


def regression_change(
    rows: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    reference: float | str = 0.5,
    metric: str = "Mean",
    unit: str = "score",
    level: float = 0.95,
) -> RegressionChange:
    """Split a change in a mean into other cases and other outcomes of like cases.

    Parameters
    ----------
    rows
        One row a case, any order: ``side`` "before" or "after"; the outcome; the drivers. All
        numeric and complete; a kind is given as columns of 0 and 1, one of them left out.
    outcome, drivers
        Columns: what changed, and what the cases are compared at.
    reference
        The slopes that other cases are valued at: a weight, 0 to 1, of those after against
        those before; "pooled" over all cases; or "pooled with levels", a level for each side.
    metric, unit
        Name and unit of the outcome: share, count, score, seconds, minutes, hours or days.
    level
        Chance, in (0, 1), that an interval holds its part.

    Returns
    -------
    RegressionChange
        ``table`` is indexed by driver, then "level", with ``mix`` (other cases) and ``rate``
        (other outcomes of like cases), in the outcome's unit; their total equals ``change`` to
        floating-point error. Of ``rate`` only the total has a meaning wherever 0 is on a
        driver's scale. ``threefold``: endowments (mix at the slopes before), coefficients (of
        the cases before) and interaction. ``detail``: means, slopes and bounds of every part.

    Raises
    ------
    ContractError
        A column lacks, is not numeric or not complete, or a side is neither.
    MethodError
        A side lacks, has too few cases, or drivers that cannot be told apart.
    ParamError
        No drivers, one named twice, an unknown reference or unit, or a level out of range.

    Notes
    -----
    Blinder (1973), J. Human Resources 8(4) 436-455; Oaxaca (1973), Int. Econ. Rev. 14(3)
    693-709; pooled slopes: Neumark (1988), J. Human Resources 23(3) 279-295; with a level a
    side: Jann (2008), Stata J. 8(4) 453-479. Least squares on each side. Intervals: delta
    method over cases, robust to unequal spread, with the drivers as drawn as the outcome.
    """
    require_options(WHERE, unit=unit, level=level, dispersion=1.0)
    names = _names(rows, outcome, drivers, reference)
    cases = _cases(rows, outcome, names)
    found = parts(cases, reference)
    index = pd.Index([*names, LEVEL], name="driver", dtype=object)
    before, after = (float(cases.outcome(after=side)[0][0]) for side in (False, True))
    whole = {name: _estimate(*part, level) for name, part in found.items()}
    return RegressionChange(
        metric=metric,
        unit=unit,
        table=pd.DataFrame({name: found[name][0] for name in PARTS}, index=index),
        before=before,
        after=after,
        total=whole["change"],
        detail=pd.DataFrame(_detail(cases, found, level), index=index),
        threefold=pd.DataFrame(
            [(whole[name].value, whole[name].lower, whole[name].upper) for name in THREE],
            index=pd.Index(THREE, name="part"),
            columns=["value", "lower", "upper"],
        ),
        mix=whole["mix"],
        rate=whole["rate"],
    )


def _estimate(value: Floats, push: Floats, level: float) -> Estimate:
    """Return the total of a part with its interval."""
    total, half = (
        float(value.sum()),
        reach(level) * float(np.sqrt((push.sum(axis=1) ** 2).sum())),
    )
    return Estimate(total, total - half, total + half)


def _detail(
    cases: Cases, found: dict[str, tuple[Floats, Floats]], level: float
) -> dict[str, Floats]:
    """Return what the parts are made of, and their bounds."""
    columns = {}
    for name, side in zip(SIDES, (False, True), strict=True):
        columns[f"mean_{name}"] = cases.mean(after=side)[0]
        columns[f"slope_{name}"] = cases.slopes(after=side).value
    for name in PARTS:
        value, push = found[name]
        half = reach(level) * np.sqrt((push**2).sum(axis=0))
        columns |= {name: value, f"{name}_lower": value - half, f"{name}_upper": value + half}
    return columns


def _names(
    rows: pd.DataFrame, outcome: str, drivers: Sequence[str], reference: float | str
) -> list[str]:
    """Return the drivers, or refuse options and columns that cannot be."""
    names = [drivers] if isinstance(drivers, str) else list(drivers)
    if not names:
        raise ParamError(f"{WHERE}: no drivers. Name at least one column.")
    if twice := sorted({name for name in names if [*names, outcome, LEVEL].count(name) > 1}):
        raise ParamError(
            f"{WHERE}: {some(twice)} is a driver twice, the outcome or 'level'. "
            "Name each column once; rename a column called level."
        )
    if isinstance(reference, str):
        if reference not in POOLED:
            near = did_you_mean(reference, POOLED) or "."
            raise ParamError(
                f"{WHERE}: unknown reference '{reference}'{near} "
                f"Give a weight, 0 to 1, or {wording.listing([repr(p) for p in POOLED])}."
            )
    elif not 0 <= reference <= 1:
        raise ParamError(f"{WHERE}: reference is {reference}. Give a weight, 0 to 1.")
    needed = ["side", outcome, *names]
    if lacking := [name for name in needed if name not in rows.columns]:
        raise ContractError(
            f"{WHERE}: columns lack: {some(lacking)}. Give {wording.listing(needed)}."
        )
    if text := [c for c in needed[1:] if not pd.api.types.is_numeric_dtype(rows[c])]:
        raise ContractError(
            f"{WHERE}: {some(text)} is not all numbers. Give a kind as columns of 0 and 1."
        )
    return names


def _cases(rows: pd.DataFrame, outcome: str, names: list[str]) -> Cases:
    """Lay the cases out, in an order of their own, or say what is wrong with them."""
    after = sides_after(WHERE, rows["side"])
    values = rows[[outcome, *names]].to_numpy(dtype=float, na_value=np.nan)
    bad = ~np.isfinite(values)
    if bad.any():
        where = [
            name for name, any_ in zip([outcome, *names], bad.any(axis=0), strict=True) if any_
        ]
        raise ContractError(
            f"{WHERE}: {int(bad.any(axis=1).sum()):,} of {len(values):,} rows have no finite "
            f"{some(where)}. Fill or drop them, and say which."
        )
    order = np.lexsort([*values.T, after])
    values, after = values[order], after[order]
    cases = Cases(np.column_stack([values[:, 1:], np.ones(len(values))]), values[:, 0], after)
    for name, own in zip(SIDES, (~after, after), strict=True):
        _enough(cases.x[own], name, names)
    return cases


def _enough(x: Floats, side: str, names: list[str]) -> None:
    """Refuse a side that cannot tell the slopes."""
    least = x.shape[1] + 1
    if len(x) < least:
        raise MethodError(
            f"{WHERE}: {len(x):,} rows {side} for {wording.count(len(names), 'driver')}. "
            f"Give at least {least:,}, or fewer drivers."
        )
    flat, told = ([names[at] for at in found] for found in tied(x[:, :-1]))
    if flat:
        raise MethodError(
            f"{WHERE}: {len(flat)} of {len(names)} drivers are the same in all cases {side}: "
            f"{some(flat)}. Drop each, or join its kind with another."
        )
    if told:
        raise MethodError(
            f"{WHERE}: {len(told)} of {len(names)} drivers {side} are told by the others: "
            f"{some(told)}. Drop each, and one column of every kind."
        )
