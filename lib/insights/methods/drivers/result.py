"""What goes with an outcome: table, sentence and picture."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from insights import charts, wording
from insights.methods.drivers.fitting import Fitted
from insights.methods.drivers.words import chance, first, label, ranged, step

MOST = 7  # bars
SMALL = 0.01  # effects of one more below this are said for a standard deviation


@dataclass(frozen=True, slots=True)
class Importance:
    """How much of an outcome each driver explains; an association, never a cause."""

    table: pd.DataFrame  # index driver; see ``importance``
    metric: str
    unit: str
    method: str  # "LMG", or "Johnson" beyond 12 drivers
    n: int
    n_effective: float  # rows that would say as much unweighted (Kish)
    left_out: int  # rows with a missing value
    r2: float  # of drivers and controls; McFadden's for logit and ordinal
    r2_controls: float
    alpha: float
    level: float
    warnings: tuple[str, ...]
    fitted: Fitted = field(repr=False)
    draws: pd.DataFrame = field(repr=False)  # shares in the bootstrap samples

    @property
    def supported(self) -> list[str]:
        """Return the drivers with q below alpha, by share, the largest first."""
        known = self.table[self.table["q_value"] < self.alpha]
        return list(known.sort_values("rank").index)

    def narrative(self) -> str:
        """Return which driver goes with the outcome most, or that none does."""
        if not self.supported:
            return self._nothing()
        name = self.supported[0]
        row = self.table.loc[[name]].iloc[0]
        text = f"{first(label(name))} goes with {self.metric}"
        if len(self.table) > 1:
            text += (
                f" most: {wording.number(float(row['share']), 'share')} of what the "
                f"{len(self.table)} drivers explain "
                f"({wording.span(float(row['lower']), float(row['upper']), 'share')})"
            )
        return f"{text}; {self._step(row, name)}. {self._together()}"

    def plot(self) -> Figure:
        """Return the shares as bars, the largest first, with their intervals."""
        bars = self._bars()
        figure, ax = charts.figure(7, 0.5 + 0.78 * len(bars))
        for y, (name, bar) in enumerate(bars.iterrows()):
            look: dict[str, Any] = {"color": charts.ACTUAL}
            if not bar["supported"]:
                look = {"facecolor": charts.GREY, "edgecolor": charts.SOFT, "hatch": "///"}
            ax.barh(y, float(bar["share"]), height=0.34, linewidth=0, **look)
            span = [float(bar["lower"]), float(bar["upper"])]
            halo = [withStroke(linewidth=4, foreground=charts.PAPER)]
            ax.plot(span, [y, y], color=charts.INK, linewidth=1.6, path_effects=halo)
            _name(ax, y, str(name), bar)
        ax.set_ylim(len(bars) - 0.6, -0.75)
        ax.set_xlim(0, 1.02 * float(bars["upper"].max()))
        charts.no_ticks(ax, "y")
        charts.no_ticks(ax, "x")
        ax.spines["bottom"].set_visible(False)
        ax.axvline(0, color=charts.SOFT, linewidth=0.8)
        ax.set_xlabel(f"Share of what the {len(self.table)} drivers explain")
        return figure

    def _nothing(self) -> str:
        """Return that no driver is supported, and what could have been seen."""
        names = list(self.table.index)
        if len(names) == 1:
            who = f"{label(names[0])} does not go with {self.metric} beyond chance"
            least = chance(float(self.table["p_value"].min()))
        else:
            who = f"none of {len(names)} goes with {self.metric} beyond chance"
            least = f"lowest q {self.table['q_value'].min():.2g}"
        numeric = self.table["effect_sd"].notna()
        seen = self.table["detectable"]
        if numeric.any():
            seen = pd.Series(
                [seen[one] * self._spread(one) for one in self.table.index[numeric]]
            )
        kind = "a standard deviation more" if numeric.any() else "a difference between levels"
        size = step(float(seen.max()), self.unit).removeprefix("+")
        return (
            f"No supported driver: {who} ({least}, {self.n:,} rows). "
            f"An effect of {size} for {kind} would have been seen in 4 of 5 such samples."
        )

    def _step(self, row: pd.Series[Any], name: str) -> str:
        """Return the effect of a driver in words."""
        factor, what = 1.0, "one more"
        if row["contrast"] == "doubled":
            what = "a doubling"
        elif row["contrast"] == "1 against 0":
            what = "yes against no"
        elif row["contrast"]:
            what = str(row["contrast"])
        elif abs(row["effect"]) < SMALL:
            factor, what = self._spread(name), "a standard deviation more"
        bounds = (factor * row["effect_lower"], factor * row["effect_upper"])
        size = step(factor * row["effect"], self.unit)
        return f"{what} goes with {size} ({ranged(*bounds, self.unit)})"

    def _spread(self, name: str) -> float:
        """Return the standard deviation of a driver of numbers."""
        design = self.fitted.design
        return float(design.spread[design.of(design.drivers.index(name))[0]])

    def _together(self) -> str:
        """Return how many drivers are supported and what all explain."""
        many, of = len(self.supported), len(self.table)
        beyond = wording.number(self.r2 - self.r2_controls, "share")
        name = "R²" if self.fitted.model == "linear" else "McFadden's R²"
        held = " beyond the controls" if self.fitted.design.group.min() < 0 else ""
        rows = wording.count(self.n, "row")
        what = f"{beyond} of its spread{held} ({name}, {rows})"
        if of == 1:
            return f"It explains {what}."
        are = "is" if many == 1 else "are"
        return f"{many} of {of} drivers {are} supported; all together explain {what}."

    def _bars(self) -> pd.DataFrame:
        """Return what is drawn: the largest shares, the rest as one bar."""
        table = self.table.sort_values("rank").assign(
            supported=lambda t: t["q_value"] < self.alpha
        )
        bars = table[["share", "lower", "upper", "supported"]].rename(index=label)
        if len(bars) <= MOST:
            return bars
        rest = list(table.index[MOST - 1 :])
        tail = (1 - self.level) / 2
        lower, upper = np.quantile(self.draws[rest].sum(axis=1), [tail, 1 - tail])
        known = int(table.loc[rest, "supported"].sum())
        note = f"{len(rest)} others" + (f", {known} supported" if known else "")
        other = pd.DataFrame(
            {
                "share": table.loc[rest, "share"].sum(),
                "lower": lower,
                "upper": upper,
                "supported": known > 0,
            },
            index=[note],
        )
        return pd.concat([bars.iloc[: MOST - 1], other])


def _name(ax: Axes, y: float, name: str, bar: pd.Series[Any]) -> None:
    """Write a driver's name, share and interval above its bar."""
    text = textwrap.shorten(first(name), 34, placeholder=" …")
    ax.annotate(
        text, (0, y - 0.24), (0, 2), textcoords="offset points", va="bottom",
        color=charts.INK, fontsize=charts.POINTS, annotation_clip=False, parse_math=False,
    )  # fmt: skip
    known = bool(bar["supported"])
    value = wording.number(float(bar["share"]), "share")
    span = wording.span(float(bar["lower"]), float(bar["upper"]), "share")
    said = f"{value} ({span})" if known else f"{value}, not supported"
    ax.annotate(
        said, (1, y - 0.24), (0, 2), xycoords=ax.get_yaxis_transform(),
        textcoords="offset points", ha="right", va="bottom",
        color=charts.INK if known else charts.SOFT, fontsize=charts.POINTS,
        annotation_clip=False, parse_math=False,
    )  # fmt: skip
