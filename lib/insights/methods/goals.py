"""How likely a goal is met by its date, and what run rate it would take."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from insights import charts, wording
from insights.errors import ContractError, MethodError, ParamError
from insights.methods.intervals import wilson

Floats = npt.NDArray[np.float64]

RANGE = 0.8  # of the outcomes, in the sentence and in the chart
KINDS = ("sum", "mean", "last")
SIDES = {"higher": "at least", "lower": "at most"}


@dataclass(frozen=True, slots=True)
class GoalChance:
    """The chance that a goal is met by its date, and the run rate that would meet it."""

    chance: float
    lower: float  # of the chance: only what a limited number of paths leaves open
    upper: float
    target: float
    better: str
    expected: float  # mean outcome by the date
    expected_lower: float  # 80 % range of the outcome
    expected_upper: float
    needed_rate: float  # a period from now on; of a level, its change a period
    forecast_rate: float  # the same, as the paths have it on average
    paths: int
    fan: pd.DataFrame  # index period ahead, from 1: lower, median, upper of the outcome so far
    kind: str  # sum, mean, last or ratio
    name: str
    unit: str
    grain: str

    @property
    def table(self) -> pd.DataFrame:
        """Return one row: the goal, its chance, the outcome expected and the run rates."""
        names = (
            "target", "chance", "lower", "upper", "expected", "expected_lower",
            "expected_upper", "needed_rate", "forecast_rate",
        )  # fmt: skip
        row = {name: [getattr(self, name)] for name in names}
        return pd.DataFrame(row, index=pd.Index([self.name], name="goal"))

    @property
    def said(self) -> str:
        """The chance in whole per cent; paths never tell that it is none or certain."""
        if self.chance < 0.005 or self.chance > 0.995:
            bound = 0.01 if self.chance < 0.5 else 0.99
            side = "under" if self.chance < 0.5 else "over"
            return f"{side} {wording.target(bound, 'share')}"
        return wording.target(round(self.chance, 2), "share")

    def narrative(self) -> str:
        """Return the chance, the outcome expected with its range, and the rate it takes."""
        range_ = wording.span(self.expected_lower, self.expected_upper, self.unit)
        goal = f"{self.name} of {SIDES[self.better]} {wording.target(self.target, self.unit)}"
        periods = wording.count(len(self.fan), self.grain)
        return (
            f"The chance to meet {goal} in {periods} is {self.said}:"
            f" {wording.number(self.expected, self.unit)} is expected,"
            f" {wording.target(RANGE, 'share')} range {range_}. {self._takes()}"
        )

    def plot(self) -> Figure:
        """Return the outcome so far by period, its 80 % range and the goal."""
        figure, ax = charts.figure(7, 3.4)
        x = self.fan.index.to_numpy(float)
        marker = "o" if len(x) == 1 else ""
        low, high = self.fan["lower"].to_numpy(float), self.fan["upper"].to_numpy(float)
        ax.fill_between(x, low, high, color=charts.FORECAST, alpha=0.25, linewidth=0)
        median = self.fan["median"].to_numpy(float)
        ax.plot(x, median, color=charts.FORECAST, linestyle="--", marker=marker)
        ax.axhline(self.target, color=charts.INK, linewidth=1.2)
        ax.margins(x=0.03, y=0.12)
        _name_ends(ax, self.target, float(median[-1]), self.unit)
        text = f"chance {self.said}"
        ax.annotate(
            text, (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points",
            ha="left", va="bottom", fontsize=charts.POINTS + 1, fontweight="bold",
            color=charts.INK,
        )  # fmt: skip
        charts.value_ticks(ax, self.unit)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.set_xlabel(f"{self.grain}s ahead; shaded: {wording.target(RANGE, 'share')} range")
        return figure

    def _takes(self) -> str:
        """Say the run rate from here, against the one forecast."""
        bound = SIDES[self.better]
        rate, usual = self.needed_rate, self.forecast_rate
        unit = "score" if self.unit == "count" and 0 < abs(rate) < 10 else self.unit
        per = " from here" if self.kind == "ratio" else f" a {self.grain} from here"
        if self.kind == "last":
            return (
                f"It would take a change of {bound} {wording.change(rate, unit)}{per};"
                f" {wording.change(usual, unit)} is forecast."
            )
        if rate < 0 or (rate == 0 and self.better == "higher"):
            met = self.better == "higher"
            return f"What has come in {'meets it already' if met else 'is past it already'}."
        text = f"It would take {bound} {wording.number(rate, unit)}{per}"
        if usual <= 0 or self.kind == "ratio":
            return f"{text}; {wording.number(usual, unit)} is forecast."
        more = rate / usual - 1
        if round(100 * more) == 0:
            return f"{text}, as forecast."
        size = wording.relative(abs(more)).lstrip("+")
        return f"{text}, {size} {'more' if more > 0 else 'less'} than forecast."


def chance(
    paths: npt.ArrayLike,
    *,
    target: float,
    better: str,
    by_period: int | None = None,
    kind: str = "sum",
    actual: float = 0.0,
    elapsed: int = 0,
    exposures: npt.ArrayLike | None = None,
    actual_exposure: float = 0.0,
    name: str = "the goal",
    unit: str = "count",
    grain: str = "week",
) -> GoalChance:
    """Return the chance that a goal is met by its date, from joint futures.

    Parameters
    ----------
    paths
        (n, periods): one row a possible future, drawn jointly over periods, in the goal's unit
        or, with ``exposures``, events.
    target
        The goal, in the unit of the outcome.
    better
        "higher" is met at the target or above, "lower" at it or below.
    by_period
        The period ahead, from 1, at whose end the goal falls due; by default the last.
    kind
        What is held against the target: the "sum" of actual and coming periods, their "mean",
        or the "last" period's level.
    actual
        What has come in so far: the sum of elapsed periods; for "last" the level now.
    elapsed
        Periods already in ``actual``, for "mean".
    exposures
        (n, periods), > 0, of the same futures: the outcome is then events over exposure,
        actual and coming together (sum over sum, never a mean of rates).
    actual_exposure
        Exposure that belongs to ``actual``, >= 0.
    name, unit, grain
        For the sentence: what the goal is called, how ``wording`` writes its value, and
        what a period is.

    Returns
    -------
    GoalChance
        ``lower`` and ``upper`` hold the chance with 95 % certainty as far as the number of
        paths goes; whether the paths themselves are right shows in the forecast's record.
        ``needed_rate`` is the value a period, equal in all, that just meets the target: of a
        "last" the change a period, of a ratio the rate at the exposure expected.

    Raises
    ------
    ParamError
        An option cannot be.
    ContractError
        The paths or exposures are not of the shape above or hold values that cannot be.

    Notes
    -----
    Interval of the chance: Wilson (1927), J. Am. Stat. Assoc. 22(158): 209-212.
    """
    y = _array(paths, "paths")
    periods = y.shape[1] if by_period is None else by_period
    _options(better, kind, target, actual, elapsed, exposures is not None)
    if not 1 <= periods <= y.shape[1]:
        raise ParamError(
            f"chance: by_period is {by_period}. Give one from 1 to {y.shape[1]}, the periods of"
            " the paths."
        )
    y = y[:, :periods]
    if exposures is None:
        so_far, needed = _plain(y, kind, target, actual, elapsed)
        usual = float(so_far[:, -1].mean() - actual) / periods
        usual = usual if kind == "last" else float(y.mean())
    else:
        n = _exposure(exposures, periods, y, actual_exposure)
        total = actual_exposure + n.cumsum(axis=1)
        so_far = (actual + y.cumsum(axis=1)) / total
        coming = float(n.sum(axis=1).mean())
        needed = (target * (actual_exposure + coming) - actual) / coming
        usual = float(y.sum() / n.sum())
    return _result(
        so_far,
        target=float(target),
        better=better,
        needed_rate=needed,
        forecast_rate=usual,
        kind=kind if exposures is None else "ratio",
        name=name,
        unit=unit,
        grain=grain,
    )


def _result(
    so_far: Floats,
    *,
    target: float,
    better: str,
    needed_rate: float,
    forecast_rate: float,
    kind: str,
    name: str,
    unit: str,
    grain: str,
) -> GoalChance:
    """Return the answer from the outcome so far on every path."""
    final = so_far[:, -1]
    # a target met to rounding error is met
    slack = 1e-9 * max(abs(target), abs(needed_rate), float(np.abs(final).max()))
    met = final >= target - slack if better == "higher" else final <= target + slack
    tail = (1 - RANGE) / 2
    fan = pd.DataFrame(
        np.quantile(so_far, [tail, 0.5, 1 - tail], axis=0).T,
        columns=["lower", "median", "upper"],
        index=pd.RangeIndex(1, so_far.shape[1] + 1, name="ahead"),
    )
    low, high = wilson(float(met.sum()), len(met))
    return GoalChance(
        chance=float(met.mean()),
        lower=low,
        upper=high,
        target=target,
        better=better,
        expected=float(final.mean()),
        expected_lower=float(fan["lower"].iloc[-1]),
        expected_upper=float(fan["upper"].iloc[-1]),
        needed_rate=needed_rate,
        forecast_rate=forecast_rate,
        paths=len(met),
        fan=fan,
        kind=kind,
        name=name,
        unit=unit,
        grain=grain,
    )


def _plain(
    y: Floats, kind: str, target: float, actual: float, elapsed: int
) -> tuple[Floats, float]:
    """Return the outcome so far on every path, and the run rate that meets the target."""
    periods = y.shape[1]
    if kind == "last":
        return y, (target - actual) / periods
    so_far = actual + y.cumsum(axis=1)
    if kind == "mean":
        so_far = so_far / (elapsed + np.arange(1, periods + 1))
        target = target * (elapsed + periods)
    return so_far, (target - actual) / periods


def _array(values: npt.ArrayLike, what: str) -> Floats:
    """Return paths as numbers, or refuse them."""
    array = np.asarray(values, dtype=float)
    if array.ndim != 2:
        raise ContractError(
            f"chance: {what} have {wording.count(array.ndim, 'dimension')}. Give an array of"
            " paths by periods."
        )
    if not array.size:
        raise ContractError(
            f"chance: {what} have {array.shape[0]} paths of"
            f" {wording.count(array.shape[1], 'period')}. Give at least one of each."
        )
    bad = int((~np.isfinite(array)).sum())
    if bad:
        raise ContractError(
            f"chance: {bad} of {array.size} values of {what} are not finite. Draw paths from a"
            " forecast that has a range in every period."
        )
    return array


def _exposure(values: npt.ArrayLike, periods: int, y: Floats, actual: float) -> Floats:
    """Return the exposures of the same futures, or refuse them."""
    n = _array(values, "exposures")
    if n.shape[0] != y.shape[0] or n.shape[1] < periods:
        raise ContractError(
            f"chance: exposures are {n.shape[0]} by {n.shape[1]}, paths {y.shape[0]} by"
            f" {periods}. Give the exposures of the same futures."
        )
    n = n[:, :periods]
    if not (n > 0).all():
        raise MethodError(
            f"chance: {int((n <= 0).sum())} of {n.size} exposures are 0 or less. Give exposures"
            " above 0."
        )
    if not (math.isfinite(actual) and actual >= 0):
        raise ParamError(
            f"chance: actual_exposure is {actual:g}. Give a finite number of at least 0."
        )
    return n


def _options(
    better: str, kind: str, target: float, actual: float, elapsed: int, ratio: bool
) -> None:
    """Refuse options that cannot be."""
    if better not in SIDES:
        raise ParamError(f"chance: better is '{better}'. Give 'higher' or 'lower'.")
    if kind not in KINDS:
        raise ParamError(f"chance: kind is '{kind}'. Give 'sum', 'mean' or 'last'.")
    if ratio and kind != "sum":
        raise ParamError(
            f"chance: kind is '{kind}' with exposures. Leave it at 'sum': events over exposure."
        )
    for name, value in (("target", target), ("actual", actual)):
        if not math.isfinite(value):
            raise ParamError(f"chance: {name} is {value:g}. Give a finite number.")
    if elapsed < 0:
        raise ParamError(f"chance: elapsed is {elapsed}. Give a count of at least 0.")


def _name_ends(ax: Axes, target: float, median: float, unit: str) -> None:
    """Name the goal and the median at their right ends, apart where they are close."""
    low, high = ax.get_ylim()
    room = 0.09 * (high - low)
    middle, side = (target + median) / 2, 1 if target >= median else -1
    near = abs(target - median) < 2 * room
    places = (middle + side * room, middle - side * room) if near else (target, median)
    texts = (f"goal {wording.target(target, unit)}", f"median {wording.number(median, unit)}")
    for place, text, color in zip(places, texts, (charts.INK, charts.FORECAST), strict=True):
        charts.right_label(ax, place, text.replace(" ", "\n", 1) if not near else text, color)
