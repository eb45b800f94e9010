"""Split a change in a rate into the composition of nested dimensions and the rates in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from insights.errors import ParamError, some
from insights.methods.changes import words
from insights.methods.changes.drawing import Bar, waterfall
from insights.methods.changes.estimate import NO_SQUARES, Change, Estimate, around, reach
from insights.methods.changes.rates import filled, ratio, variance_of_change, variance_of_rates
from insights.methods.changes.rows import cells, require_options, require_sides
from insights.methods.changes.tree import errors, split, tree

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NestedChange(Change):
    """Split of a change in an overall rate by nested dimensions."""

    dims: tuple[str, ...]
    detail: pd.DataFrame  # segment, component, value, lower, upper: one row a cell of `table`
    parts: pd.DataFrame  # index component; value, lower, upper: sums over segments

    def narrative(self) -> str:
        """Return what moved and which components it came from, the outermost first."""
        shown = self.printed()
        said = words.moved(self.metric, shown, self.total, why_none=NO_SQUARES)
        parts = [Estimate(*row) for row in self.parts.itertuples(index=False)]
        if not any(part.direction for part in (self.total, *parts)):
            return f"{said}."
        steps = shown.split(shown.change, list(self.parts["value"]))
        *mixes, rates = self._names()
        names = [*(f"the {mix}" for mix in mixes), rates]
        return f"{said}: {words.came_from(shown, names, steps)}."

    def closure(self) -> str:
        """Return, as printed, explained + residual = change."""
        shown, values = self.printed(), list(self.parts["value"])
        steps = shown.split(shown.change, values)
        return words.closure(shown, self._names(), steps, self.change - sum(values))

    def plot(self) -> Figure:
        """Return the waterfall from before to after, one row a component."""
        shown, values = self.printed(), list(self.parts["value"])
        steps = shown.split(shown.change, values)
        bars = [
            Bar(name[:1].upper() + name[1:], value, step)
            for name, value, step in zip(self._names(), values, steps, strict=True)
        ]
        return waterfall(shown, self.before, self.after, bars)

    def _names(self) -> list[str]:
        """Say what each component is."""
        inner = zip(self.dims[1:], self.dims, strict=False)
        mixes = [f"mix of {self.dims[0]}", *(f"mix of {b} within {a}" for b, a in inner)]
        return [*mixes, f"rates within {self.dims[-1]}"]


def nested_change(
    rows: pd.DataFrame,
    *,
    dims: Sequence[str],
    metric: str = "Rate",
    unit: str = "share",
    level: float = 0.95,
    dispersion: float = 1.0,
    seed: int = 0,
) -> NestedChange:
    """Split the change in a rate into the composition of nested dimensions and rates in them.

    Parameters
    ----------
    rows
        One row a (leaf, side), any order; several are summed. One column a dimension, str;
        ``side`` "before" or "after"; ``events``, ``exposure`` and optional ``events_sq`` as for
        ``rate_change``. A leaf without a row on one side has no exposure there; a value of the
        first dimension needs rows on both. Further columns are ignored.
    dims
        Dimensions from the outermost in, e.g. market, then topic within market.
    metric
        Name used in the claim, e.g. "Reopen rate".
    unit
        What events / exposure is: share, count, score, seconds, minutes, hours or days.
    level
        Chance, in (0, 1), that an interval holds its part.
    dispersion
        Variance in units of counting noise, >= 1.
    seed
        Of the bootstrap behind the intervals of the parts.

    Returns
    -------
    NestedChange
        ``table`` is indexed by segment, the values of the first dimension, with ``mix_<dim>``
        for each dimension and ``rate``; its cells add to ``change`` to floating-point error.
        ``parts`` has their sums over segments.

    Raises
    ------
    ContractError
        Columns lack, a value of the first dimension lacks one of the two sides, or counts
        cannot be.
    MethodError
        A side has no rows or no exposure.
    ParamError
        No or repeated dimensions, an unknown unit, ``level`` outside (0, 1) or ``dispersion``
        below 1.

    Notes
    -----
    ``rate_change`` level by level: what it calls rate by one dimension is the change of each
    segment's own rate, which the next dimension splits in the same way. So ``mix_<first>`` is
    the mix of ``rate_change`` by that dimension, whatever lies inside. The order of nesting is
    the reader's and is not averaged over. Kitagawa (1955), J. Am. Stat. Assoc. 50(272)
    1168-1194, symmetric form. A node without exposure on one side has the composition and the
    rates of the other there: it is all mix of its own level.

    Intervals: normal, standard errors from 1,000 draws of a parametric bootstrap (exposures
    Poisson, rates normal); that of the change by the delta method.
    """
    where = "nested_change"
    names = _require_dims(where, dims)
    require_options(where, unit=unit, level=level, dispersion=dispersion)
    laid = cells(where, rows, names, unit=unit)
    shape = tree(laid.keys)
    tops = [str(top) for top in laid.keys[0][shape.starts[1]]]
    require_sides(where, tops, np.logical_or.reduceat(laid.given, shape.starts[1], axis=1))
    rate, spread = filled(ratio(laid.events, laid.exposure)), variance_of_rates(laid, unit)
    table = pd.DataFrame(
        split(shape, laid.exposure, rate),
        index=pd.Index(tops, name="segment", dtype=object),
        columns=[*(f"mix_{name}" for name in names), "rate"],
    )
    half = [
        reach(level) * np.sqrt(dispersion) * error
        for error in errors(shape, laid.exposure, rate, spread, np.random.default_rng(seed))
    ]
    cell = pd.DataFrame(
        {
            "segment": np.repeat(tops, table.shape[1]),
            "component": list(table.columns) * len(tops),
            "value": table.to_numpy().ravel(),
        }
    )
    parts = pd.DataFrame({"value": table.sum()}).rename_axis("component")
    before, after = laid.events.sum(axis=1) / laid.exposure.sum(axis=1)
    variance = variance_of_change(laid.exposure, rate, spread) * dispersion
    return NestedChange(
        metric=metric,
        unit=unit,
        table=table,
        dims=tuple(names),
        detail=_bounded(cell, half[0].ravel()),
        parts=_bounded(parts, half[1]),
        before=float(before),
        after=float(after),
        total=around(float(after - before), variance, level),
    )


def _bounded(values: pd.DataFrame, half: Floats) -> pd.DataFrame:
    """Add the bounds to values."""
    return values.assign(lower=values["value"] - half, upper=values["value"] + half)


def _require_dims(where: str, dims: Sequence[str]) -> list[str]:
    """Refuse dimensions that do not nest."""
    if isinstance(dims, str):
        raise ParamError(f"{where}: dims is the text '{dims}'. Give a list, outermost first.")
    names = list(dims)
    if not names:
        raise ParamError(f"{where}: no dims. Give at least one.")
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise ParamError(f"{where}: dims come twice: {some(twice)}. Give each once.")
    taken = {"side", "events", "exposure", "events_sq"}
    if wrong := [name for name in names if name in taken]:
        raise ParamError(f"{where}: not a dimension: {some(wrong)}. Rename the column.")
    return names
