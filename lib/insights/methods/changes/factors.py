"""Split a change in a product, or in any function of named factors, by factor."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from insights.errors import ContractError, MethodError, ParamError, some
from insights.methods.changes import words
from insights.methods.changes.drawing import most, waterfall
from insights.methods.changes.estimate import NO_COUNTS, Change, Estimate
from insights.methods.changes.rows import require_unit

Floats = npt.NDArray[np.float64]
Factors = Mapping[str, Any]

MOST = 12  # factors: 2**12 evaluations


@dataclass(frozen=True, slots=True)
class FactorChange(Change):
    """What each factor adds to the change of a function of all."""

    def printed_table(self) -> pd.DataFrame:
        """Return ``table`` in whole printed steps, which add to the printed change."""
        shown = self.printed()
        return self.table.assign(effect=shown.split(shown.change, list(self.table["effect"])))

    def narrative(self) -> str:
        """Return what moved and which factors it came from."""
        shown, steps = self.printed(), dict(self.printed_table()["effect"])
        said = words.moved(self.metric, shown, self.total, why_none=NO_COUNTS)
        if len(steps) == 1:
            return f"{said}. There is only one factor: it is all of the change."
        if not any(steps.values()):
            return f"{said}."
        return f"{said}: {words.came_from(shown, *words.largest(steps, 'factors'))}."

    def closure(self) -> str:
        """Return, as printed, explained + residual = change."""
        shown, steps = self.printed(), dict(self.printed_table()["effect"])
        residual = self.change - self.table["effect"].sum()
        return words.closure(shown, *words.largest(steps, "factors"), residual)

    def plot(self) -> Figure:
        """Return the waterfall from before to after, one row a factor."""
        values, steps = dict(self.table["effect"]), dict(self.printed_table()["effect"])
        bars = most(values, steps, "Other factors")
        return waterfall(self.printed(), self.before, self.after, bars)


def factor_change(
    before: Factors | pd.Series[Any],
    after: Factors | pd.Series[Any],
    *,
    of: Callable[[dict[str, Any]], float] | None = None,
    metric: str = "Product",
    unit: str = "score",
) -> FactorChange:
    """Split the change in a product of named factors, or in any function of them, by factor.

    Parameters
    ----------
    before, after
        Factor by name, the same names on both sides, at most 12. Each one number; with ``of``
        also an array, of any shape that ``of`` understands.
    of
        What the factors make, one number; by default their product. It is called 2**n times.
    metric
        Name used in the claim, e.g. "Cost".
    unit
        What the result is: share, count, score, seconds, minutes, hours or days.

    Returns
    -------
    FactorChange
        ``table`` is indexed by factor, in the order of ``before``, with ``effect``, whose total
        equals ``change`` to floating-point error. Factors carry no counts: no intervals.

    Raises
    ------
    ContractError
        The names differ between the sides, or a factor is not a finite number.
    MethodError
        ``of`` gives no finite number for some mix of the factors of both sides.
    ParamError
        No factors, more than 12, or an unknown unit.

    Notes
    -----
    An effect is the mean, over all orders in which the factors can be changed one by one, of
    what changing that factor adds: Das Gupta (1993), Standardization and Decomposition of
    Rates, US Bureau of the Census, P23-186; Shapley (1953), A value for n-person games, Annals
    of Mathematics Studies 28, 307-317.
    """
    where = "factor_change"
    require_unit(where, unit)
    old, new = ({str(k): v for k, v in side.items()} for side in (before, after))
    _require_factors(where, old, new, arrays=of is not None)
    names = list(old)
    value = _values(where, of or _product, old, new)
    n = len(names)
    masks = np.arange(2**n)
    size = np.array([int(mask).bit_count() for mask in masks])
    weight = np.array(
        [math.factorial(k) * math.factorial(n - k - 1) / math.factorial(n) for k in range(n)]
    )
    effects = []
    for at in range(n):
        without = masks[(masks >> at) & 1 == 0]
        gained = value[without | (1 << at)] - value[without]
        effects.append(float((weight[size[without]] * gained).sum()))
    index = pd.Index(names, name="factor", dtype=object)
    return FactorChange(
        metric=metric,
        unit=unit,
        table=pd.DataFrame({"effect": effects}, index=index),
        before=float(value[0]),
        after=float(value[-1]),
        total=Estimate(float(value[-1] - value[0]), math.nan, math.nan),
    )


def _values(
    where: str, of: Callable[[dict[str, Any]], float], old: Factors, new: Factors
) -> Floats:
    """Evaluate every mix of the sides; bit i of the place says that factor i is the new one."""
    found = np.empty(2 ** len(old))
    for mask in range(len(found)):
        mixed = {name: (new if mask >> i & 1 else old)[name] for i, name in enumerate(old)}
        result = np.asarray(of(mixed), dtype=float)
        if result.size != 1 or not np.isfinite(result).all():
            changed = some(name for i, name in enumerate(old) if mask >> i & 1) or "none"
            raise MethodError(
                f"{where}: no finite number with these factors as after: {changed}. "
                "Give a function that has one for every mix of the two sides."
            )
        found[mask] = result.item()
    return found


def _product(factors: dict[str, Any]) -> float:
    """Multiply the factors."""
    return math.prod(float(factor) for factor in factors.values())


def _require_factors(where: str, old: Factors, new: Factors, *, arrays: bool) -> None:
    """Refuse factors that cannot be compared."""
    if not 0 < len(old) <= MOST:
        raise ParamError(
            f"{where}: {len(old)} factors. Give 1 to {MOST}; join those that go together."
        )
    every = dict.fromkeys([*old, *new])
    if single := [name for name in every if (name in old) != (name in new)]:
        raise ContractError(
            f"{where}: {len(single)} of {len(every)} factors lack a side: {some(single)}. "
            "Give the same names before and after."
        )
    wrong = [
        f"{name} {side}"
        for name in old
        for side, factors in (("before", old), ("after", new))
        if not _usable(factors[name], arrays)
    ]
    if wrong:
        remedy = "finite numbers" if arrays else "one finite number each, or `of` for arrays"
        raise ContractError(
            f"{where}: {len(wrong)} of {2 * len(old)} values are not numbers: {some(wrong)}. "
            f"Give {remedy}."
        )


def _usable(factor: object, arrays: bool) -> bool:
    """Return whether a factor is a finite number, or an array of them."""
    try:
        values = np.asarray(factor, dtype=float)
    except (TypeError, ValueError):
        return False
    return bool(np.isfinite(values).all()) and (arrays or values.ndim == 0)
