"""Say which points of one series lie beyond its natural process limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from insights import charts, wording
from insights.errors import ContractError, MethodError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

RUN = 8  # points in a row on one side of the mean
NATURAL = 2.66  # 3 / 1.128: three standard deviations, read from the mean moving range
OUTSIDE = "outside the limits"


@dataclass(frozen=True, slots=True)
class XmR:
    """Natural process limits of one series and the points that break a rule."""

    table: (
        pd.DataFrame
    )  # value, mean, lower, upper, signal, rule; one row a point, in the order given

    def narrative(self) -> str:
        """Return how many points break a rule."""
        hits, points = int(self.table["signal"].sum()), int(self.table["value"].notna().sum())
        lower, upper = (float(self.table[name].iloc[0]) for name in ("lower", "upper"))
        limits = f"the limits {wording.span(lower, upper, 'score')}"
        if not hits:
            return f"None of {wording.count(points, 'point')} breaks a rule; {limits} hold."
        verb = "breaks" if hits == 1 else "break"
        return f"{hits} of {wording.count(points, 'point')} {verb} a rule against {limits}."

    def plot(self) -> Figure:
        """Return the values against their limits, with the points that break a rule marked."""
        figure, ax = charts.figure()
        table, at = self.table, np.arange(len(self.table))
        lower, mean, upper = (float(table[name].iloc[0]) for name in ("lower", "mean", "upper"))
        ax.axhspan(lower, upper, color=charts.BAND, linewidth=0)
        ax.axhline(mean, color=charts.SOFT, linewidth=1)
        ax.plot(at, table["value"], color=charts.ACTUAL, marker="o", markersize=4)
        hit = table["signal"].to_numpy(dtype=bool)
        ax.plot(at[hit], table["value"][hit], "o", color=charts.SIGNAL, markersize=8)
        charts.right_label(ax, (lower + upper) / 2, "usual range")
        charts.value_ticks(ax, "score")
        charts.no_ticks(ax, "x")
        return figure


def xmr(values: Sequence[float] | Floats | pd.Series[Any]) -> XmR:
    """Set natural process limits over all values and mark the points that break a rule.

    Parameters
    ----------
    values
        At least two numbers in time order; NaN is a gap, across which no moving range is taken
        and which ends every run.

    Returns
    -------
    XmR
        ``table`` has one row a value: ``value``, ``mean``, ``lower``, ``upper``, ``signal``
        (bool) and ``rule`` (text, "" without a signal). A run marks all its points.

    Raises
    ------
    ContractError
        The values are not one-dimensional or hold an infinity.
    MethodError
        Fewer than two values, or no two neighbours to take a moving range from.

    Notes
    -----
    Wheeler (2000), Understanding Variation, 2nd ed.: mean ± 2.66 mean moving range. Rules: a
    point outside the limits; eight in a row on one side of the mean; three of four in a row
    nearer to the same limit than to the mean.
    """
    data = np.asarray(values, dtype=float)
    _refuse(data)
    mean = float(np.nanmean(data))
    ranges = np.abs(np.diff(data))
    reach = NATURAL * float(np.nanmean(ranges))
    hits = rules(data, mean, reach)
    index = values.index if isinstance(values, pd.Series) else pd.RangeIndex(len(data))
    table = pd.DataFrame({"value": data, "mean": mean, "lower": mean - reach}, index=index)
    texts = ["; ".join(text for text, hit in hits.items() if hit[i]) for i in range(len(data))]
    return XmR(
        table.assign(upper=mean + reach, signal=[bool(text) for text in texts], rule=texts)
    )


def rules(values: Floats, mean: float, reach: float) -> dict[str, Bools]:
    """Return, by rule, which points take part in breaking it."""
    known = np.isfinite(values)
    away = np.where(known, values - mean, 0.0)
    slack = 1e-9 * max(abs(mean), reach)  # rounding is not a signal
    hits = {OUTSIDE: np.abs(away) > reach + slack}
    for side, sign in (("above", 1), ("below", -1)):
        hits[f"{RUN} in a row {side} the mean"] = _windows(sign * away > slack, RUN, RUN)
    for limit, sign in (("upper", 1), ("lower", -1)):
        near = _windows(sign * away > reach / 2 + slack, 4, 3, known)
        hits[f"3 of 4 near the {limit} limit"] = near
    return hits


def _windows(hit: Bools, size: int, least: int, known: Bools | None = None) -> Bools:
    """Mark the hits of each window of ``size`` known points that holds at least ``least``."""
    marked = np.zeros_like(hit)
    for end in range(size, len(hit) + 1):
        window = slice(end - size, end)
        if hit[window].sum() >= least and (known is None or known[window].all()):
            marked[window] |= hit[window]
    return marked


def _refuse(data: Floats) -> None:
    """Refuse what has no moving range."""
    if data.ndim != 1:
        raise ContractError(
            f"xmr: values have {data.ndim} dimensions. Give one series, one number a period."
        )
    if (infinite := int(np.isinf(data).sum())) > 0:
        raise ContractError(
            f"xmr: {wording.count(infinite, 'value is', 'values are')} infinite. "
            "Write a gap as NaN."
        )
    known = np.isfinite(data)
    if known.sum() < 2:
        raise MethodError(
            f"xmr: {wording.count(int(known.sum()), 'value')}. "
            "Give at least 2; limits come from the moves between neighbours."
        )
    if not (known[1:] & known[:-1]).any():
        raise MethodError(
            "xmr: no two values are neighbours. "
            "Give at least 2 in a row; limits come from the moves between neighbours."
        )
