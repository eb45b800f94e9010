"""Say what the outcome would be if rows that do worse in one driver did as well as others."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from insights import charts, wording
from insights.errors import MethodError, ParamError, did_you_mean
from insights.methods.drivers import reading
from insights.methods.drivers.design import Design
from insights.methods.drivers.reading import Floats
from insights.methods.drivers.result import Importance
from insights.methods.drivers.words import first, label, ranged, step

WHERE = "what_if"
SLACK = 1e-9  # of the largest value: no difference
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The mean outcome as it is, and as the model has it once rows are moved."""

    driver: str
    metric: str
    unit: str
    driver_unit: str
    value: float  # where rows are moved to
    quantile: float | None
    worse: str  # "above" or "below": the rows that move
    moved: float  # share of rows that move
    before: float  # mean outcome the model gives to the rows as they are
    after: float
    lower: float  # of the change
    upper: float
    verified_by: str | None

    @property
    def effect(self) -> float:
        """Return the change of the mean outcome."""
        return self.after - self.before

    @property
    def clear(self) -> bool:
        """Say whether the interval leaves out no change."""
        return self.lower > 0 or self.upper < 0

    @property
    def table(self) -> pd.DataFrame:
        """Return one row: what moves, where to, and what that goes with."""
        names = ("value", "moved", "before", "after", "effect", "lower", "upper")
        row = {name: [getattr(self, name)] for name in names}
        return pd.DataFrame(row, index=pd.Index([self.driver], name="driver"))

    def narrative(self) -> str:
        """Return the change, its interval and what kind of evidence it rests on."""
        span = ranged(self.lower, self.upper, self.unit)
        said = f"{step(self.effect, self.unit)} ({span})"
        if not self.clear:
            points = " points" if self.unit == "share" else ""
            said = f"no clear change in {self.metric} ({span}{points})"
        share = wording.number(self.moved, "share")
        how = "by association"
        if self.verified_by is not None:
            how = f"verified by the action '{self.verified_by}'"
        return (
            f"{first(self._where())}, for the {share} of rows {self.worse} it: {said}"
            f"{f' in {self.metric}' if self.clear else ''}, {how}."
        )

    def plot(self) -> Figure:
        """Return the mean outcome now and then, with the interval of the change."""
        figure, ax = charts.figure(7, 2.6)
        ends = [self.before + self.lower, self.before + self.upper]
        color = charts.ACTUAL if self.clear else charts.SOFT
        ax.axvline(self.before, color=charts.SOFT, linewidth=1, linestyle=":", zorder=0.5)
        ax.plot([self.before], [0], "o", color=charts.SOFT, markersize=9)
        ax.plot(ends, [1, 1], color=color, linewidth=2.4)
        ax.plot([self.after], [1], "o", color=color, markersize=10)
        low, high = min(self.before, *ends), max(self.before, *ends)
        named = ((self.before, "now"), (self.after, f"with {self._where(most=26)}"))
        for y, (mean, name) in enumerate(named):
            ax.annotate(
                f"{wording.number(mean, self.unit)} {name}", (0, y), (0, 12),
                xycoords=ax.get_yaxis_transform(), textcoords="offset points", va="bottom",
                color=charts.INK, fontsize=charts.POINTS, annotation_clip=False,
                parse_math=False,
                path_effects=[withStroke(linewidth=3, foreground=charts.PAPER)],
            )  # fmt: skip
        ax.set_xlim(low - 0.06 * (high - low), high + 0.06 * (high - low))
        ax.set_ylim(1.4, -0.75)
        ax.set_xlabel(f"mean {self.metric}" + ("" if self.clear else ": no clear change"))
        charts.no_ticks(ax, "y")
        charts.no_ticks(ax, "x")
        return figure

    def _where(self, most: int = 99) -> str:
        """Return the driver, shortened to so many letters, and where it is moved to."""
        value = wording.number(self.value, self.driver_unit)
        name = textwrap.shorten(label(self.driver), most, placeholder=" …")
        if self.quantile is None:
            return f"{name} at {value}"
        whole = round(100 * self.quantile)
        ending = "th" if 10 < whole < 20 else ENDINGS.get(whole % 10, "th")
        return f"{name} at the {whole}{ending} percentile ({value})"


def what_if(
    result: Importance,
    *,
    driver: str,
    quantile: float | None = None,
    to: float | None = None,
    better: str = "higher",
    driver_unit: str = "",
    verified_by: str | None = None,
) -> WhatIf:
    """Move the rows that do worse in one driver to a value of it, all else as it is.

    Parameters
    ----------
    result
        What ``importance`` returned; its model is asked, at its level.
    driver
        One of its drivers, of numbers or yes and no.
    quantile
        Where to, as a quantile of the driver, in (0, 1); by default 0.25. A value that occurs.
    to
        Or where to, in the driver's own unit (hours also where it entered with ``log``).
    better
        Whether a "higher" or a "lower" outcome is better. With the sign of the coefficient that
        says which rows do worse: only those move.
    driver_unit
        How ``wording`` writes the driver: hours, days, share ...
    verified_by
        Name of an action that has verified that moving the driver moves the outcome; without
        one the sentence says association.

    Returns
    -------
    WhatIf
        ``before`` and ``after`` are means of what the model expects; the interval of their
        difference takes the rows as given and the parameters as estimated.

    Raises
    ------
    MethodError
        No row does worse than the value, or the value is beyond all that was seen.
    ParamError
        Not a driver, not a number, or options that contradict each other.

    Notes
    -----
    Delta method on the coefficients with the errors of ``importance``: Greene (2012),
    Econometric Analysis, 7th ed., 17.3.2.
    """
    design = result.fitted.design
    at = _column(design, driver)
    quantile = _options(better, quantile, to)
    log = design.columns[at].log
    own = np.exp2(design.x[:, at]) - 1 if log else design.x[:, at]
    value = _value(own, design.weight, quantile, to)
    more_is_worse = (result.fitted.coef[at] < 0) == (better == "higher")
    slack = SLACK * np.abs(own).max()  # what a logarithm and back leaves
    worse = own > value + slack if more_is_worse else own < value - slack
    side = "above" if more_is_worse else "below"
    _possible(driver, own, value, worse, side)
    after = design.x.copy()
    after[worse, at] = np.log2(1 + value) if log else value
    start, end, _, error = result.fitted.shift(design.x, after)
    reach = result.fitted.t(result.level) * error
    return WhatIf(
        driver=driver,
        metric=result.metric,
        unit=result.unit,
        driver_unit=driver_unit,
        value=value,
        quantile=quantile,
        worse=side,
        moved=float(design.weight[worse].sum() / design.weight.sum()),
        before=start,
        after=end,
        lower=end - start - reach,
        upper=end - start + reach,
        verified_by=verified_by,
    )


def _options(better: str, quantile: float | None, to: float | None) -> float | None:
    """Refuse options that contradict each other; return the quantile, None where ``to`` is."""
    if better not in ("higher", "lower"):
        raise ParamError(f"{WHERE}: better is '{better}'. Give higher or lower.")
    if to is not None:
        if quantile is not None:
            raise ParamError(f"{WHERE}: both quantile and to are given. Give one of them.")
        return None
    quantile = 0.25 if quantile is None else quantile
    reading.share_option(WHERE, "quantile", quantile)
    return quantile


def _column(design: Design, driver: str) -> int:
    """Return the one column of a numeric driver."""
    if driver not in design.drivers:
        near = did_you_mean(driver, design.drivers) or "."
        raise ParamError(f"{WHERE}: no driver '{driver}'{near} Give one of the result's.")
    at = int(design.of(design.drivers.index(driver))[0])
    if design.columns[at].level:
        raise ParamError(f"{WHERE}: '{driver}' is text. Give a driver of numbers.")
    return at


def _value(own: Floats, weight: Floats, quantile: float | None, to: float | None) -> float:
    """Return where rows are moved to, in the driver's own unit."""
    if quantile is None:
        assert to is not None
        return float(to)
    return float(np.quantile(own, quantile, weights=weight, method="inverted_cdf"))


def _possible(driver: str, own: Floats, value: float, worse: reading.Bools, side: str) -> None:
    """Refuse a value that nobody has had, or that moves nobody."""
    low, high = float(own.min()), float(own.max())
    slack = SLACK * max(abs(low), abs(high))
    if not low - slack <= value <= high + slack:
        raise MethodError(
            f"{WHERE}: {value:g} is beyond all values of '{driver}' seen "
            f"({low:g} to {high:g}). Give one between them."
        )
    if not worse.any():
        raise MethodError(
            f"{WHERE}: no row has '{driver}' {side} {value:g}, which is worse. "
            "Give a value that rows would move to."
        )
