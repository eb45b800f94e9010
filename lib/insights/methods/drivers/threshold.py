"""Where an outcome starts to move with a driver: table, sentence and picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from insights import charts, wording
from insights.methods.drivers.reading import Floats
from insights.methods.drivers.words import chance, first, label, ranged, step

TICKS = 0.16  # of the width that two labels of the axis need between them


@dataclass(frozen=True, slots=True)
class Threshold:
    """Binned means and the line through them: bent, straight or level."""

    table: pd.DataFrame  # a row a bin: low, high, n, mean, lower, upper, middle
    curve: pd.DataFrame  # corners of the line: driver, value
    driver: str
    metric: str
    unit: str
    driver_unit: str
    scale: str
    shape: str  # threshold, line or none
    break_at: float
    break_lower: float
    break_upper: float
    slope_before: float  # for one more of the driver; log: for a doubling of 1 + driver
    slope_after: float
    before_range: tuple[float, float]
    after_range: tuple[float, float]
    p_value: float  # of the bend, against a straight line
    p_relation: float  # of line and bend, against no relation
    n: int
    n_effective: float
    left_out: int

    def narrative(self) -> str:
        """Return where the outcome bends, that it moves at one pace, or that it does not."""
        rows = wording.count(self.n, "row")
        name, more = label(self.driver), "a doubling" if self.scale == "log" else "one more"
        before = (
            f"{step(self.slope_before, self.unit)} ({ranged(*self.before_range, self.unit)})"
        )
        if self.shape == "none":
            low, high = self.table["mean"].min(), self.table["mean"].max()
            groups = wording.count(len(self.table), "group")
            return (
                f"No relation: {self.metric} does not move with {name} beyond chance "
                f"({chance(self.p_relation)}, {rows}); the means of {groups} are "
                f"{wording.span(low, high, self.unit)}."
            )
        if self.shape == "line":
            return (
                f"No threshold: {self.metric} goes with {name} at one pace, {more} with "
                f"{before}; a bend is within chance ({chance(self.p_value)}, {rows})."
            )
        after = f"{step(self.slope_after, self.unit)} ({ranged(*self.after_range, self.unit)})"
        place = wording.number(self.break_at, self.driver_unit)
        span = wording.span(self.break_lower, self.break_upper, self.driver_unit)
        return (
            f"{first(self.metric)} bends at {place} of {name} ({span}): {more} goes with "
            f"{before} up to there and with {after} beyond ({chance(self.p_value)}, {rows})."
        )

    def plot(self) -> Figure:
        """Return binned means with intervals, the line, and the bend with its interval."""
        figure, ax = charts.figure(7, 4)
        middle = self._at(self.table["middle"])
        if self.shape == "threshold":
            ends = self._at(np.array([self.break_lower, self.break_upper]))
            ax.axvspan(*ends, color=charts.BAND, linewidth=0, zorder=0.4)
            ax.axvline(
                float(self._at(self.break_at)), color=charts.SIGNAL, linestyle=":",
                linewidth=1.6,
            )  # fmt: skip
        corners = self._corners()
        ax.plot(*corners, color=charts.SOFT, linewidth=1.6, linestyle="--")
        ax.vlines(middle, self.table["lower"], self.table["upper"], color=charts.ACTUAL)
        ax.plot(middle, self.table["mean"], "o", color=charts.ACTUAL, markersize=6)
        ax.margins(x=0.06, y=0.22)
        charts.value_ticks(ax, self.unit)
        ax.set_ylabel(f"mean {self.metric}")
        ax.set_xlabel(first(label(self.driver)))
        self._ticks(ax)
        said = {"line": "no threshold", "none": "no relation"}.get(self.shape)
        text = said or f"bends at {wording.number(self.break_at, self.driver_unit)}"
        ax.annotate(
            text, (0.98, 0.97), xycoords="axes fraction", ha="right", va="top",
            color=charts.SOFT if said else charts.SIGNAL, fontweight="bold",
            fontsize=charts.POINTS,
        )  # fmt: skip
        return figure

    def _at(self, value: object) -> Floats:
        """Return where a value of the driver stands on the axis."""
        x = np.asarray(value, dtype=float)
        return np.log2(1 + x) if self.scale == "log" else x

    def _corners(self) -> tuple[Floats, Floats]:
        """Return the line as far as the bins reach."""
        x, y = self._at(self.curve["driver"]), self.curve["value"].to_numpy(dtype=float)
        ends = self._at(self.table["middle"].iloc[[0, -1]])
        inner = x[(x > ends[0]) & (x < ends[1])]
        at = np.concatenate([ends[:1], inner, ends[1:]])
        return at, np.interp(at, x, y)

    def _ticks(self, ax: Axes) -> None:
        """Put round values of the driver on the horizontal axis, with room between them."""
        low, high = ax.get_xlim()
        if self.scale == "log":
            powers = 10.0 ** np.arange(-2, 7)
            values = np.sort(np.concatenate([[0.0], powers, 2 * powers, 5 * powers]))
        else:
            values = np.asarray(MaxNLocator(5).tick_values(low, high))
        kept: list[float] = []
        for value in values:
            at = float(self._at(value)) if value >= 0 or self.scale == "linear" else low - 1
            far = not kept or at - float(self._at(kept[-1])) >= TICKS * (high - low)
            if low <= at <= high and far:
                kept.append(float(value))
        ax.xaxis.set_major_locator(FixedLocator([float(self._at(v)) for v in kept]))
        ax.set_xticklabels([wording.target(v, self.driver_unit) for v in kept])
