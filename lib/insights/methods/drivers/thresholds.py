"""Say where an outcome starts to move with a driver: binned means and a line that may bend."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from insights import wording
from insights.errors import ContractError, MethodError, ParamError, did_you_mean
from insights.methods.drivers import reading
from insights.methods.drivers.kink import Kink, Range, kink, places
from insights.methods.drivers.reading import Floats
from insights.methods.drivers.threshold import Threshold
from insights.methods.drivers.words import label
from insights.methods.intervals import wilson

WHERE = "thresholds"
SCALES = ("linear", "log")
ROWS = 60
VALUES = 5  # different values of the driver
BIN = 10  # rows
UNKNOWN = (np.nan, np.nan, np.nan)


def thresholds(
    frame: pd.DataFrame,
    *,
    outcome: str,
    driver: str,
    bins: int = 10,
    scale: str = "linear",
    weights: str | None = None,
    bootstraps: int = 500,
    level: float = 0.95,
    seed: int = 0,
    metric: str | None = None,
    unit: str | None = None,
    driver_unit: str = "",
) -> Threshold:
    """Find where an outcome starts to move with a driver, or moves at another pace.

    Parameters
    ----------
    frame
        One row a response or ticket, any order; rows with a missing value are left out.
    outcome
        Column of numbers, or 0 and 1.
    driver
        Column of numbers with at least 5 different values.
    bins
        Groups of about equal size whose means are shown, at least 2; fewer where a group would
        have fewer than 10 rows.
    scale
        linear, or log: the line is fitted to log2(1 + driver), as for waits, and a slope is for
        a doubling of 1 + driver. Bins and bend stay in the driver's unit.
    weights
        Column of survey weights, >= 0; 0 leaves a row out.
    bootstraps
        Simulated samples, at least 100 and 2 / (1 - level).
    level
        Chance, in (0, 1), that an interval holds what it is for; 1 - level is also the chance
        of a threshold, or of a relation, where there is none.
    seed
        Of the simulation; the order of rows changes no number.
    metric
        Name of the outcome in sentences; by default the column's.
    unit, driver_unit
        How ``wording`` writes the outcome (by default share for 0 and 1, else score) and the
        driver (hours, days ...).

    Returns
    -------
    Threshold
        ``table`` has a row a bin: low and high (smallest and largest driver in it), n, mean,
        lower, upper, middle (median driver in it). ``shape`` is "threshold", "line" or "none";
        without a threshold ``break_at`` and its bounds are NaN, and the two slopes are one.

    Raises
    ------
    ContractError
        Columns lack or hold what they cannot.
    MethodError
        Too few rows or different values, or nothing varies.
    ParamError
        An unknown scale or an impossible option.

    Notes
    -----
    Hansen (2017), J. Bus. Econ. Stat. 35(2): 228-240, regression kink with an unknown
    threshold: least squares over 100 places; the largest gain over a straight line, and of line
    and bend together over a constant, against wild bootstrap samples; the interval holds the
    places that F does not refuse, with a bootstrap limit. A bend counts only where there is a
    relation at all. Slopes: the same samples, each with its own bend. Means: Wilson (1927) for
    0 and 1, else Student's t; with weights, for Kish's effective number of rows.
    """
    _options(outcome, driver, scale, bins, bootstraps, level)
    x, y, weight = _rows(frame, outcome, driver, weights)
    _possible(outcome, driver, x, y, scale)
    fitted = np.log2(1 + x) if scale == "log" else x
    rng = np.random.default_rng(seed)
    found = kink(fitted, y, weight / weight.mean(), level=level, draws=bootstraps, rng=rng)
    shape, bend, before, after = _shaped(found, scale, 1 - level)
    share = set(np.unique(y)) == {0.0, 1.0}
    return Threshold(
        table=_bins(x, y, weight, bins=bins, level=level, share=share),
        curve=_curve(found, fitted, shape, scale),
        driver=driver,
        metric=metric or label(outcome),
        unit=unit or ("share" if share else "score"),
        driver_unit=driver_unit,
        scale=scale,
        shape=shape,
        break_at=bend[0],
        break_lower=bend[1],
        break_upper=bend[2],
        slope_before=before[0],
        slope_after=after[0],
        before_range=before[1:],
        after_range=after[1:],
        p_value=found.p_bend,
        p_relation=found.p_any,
        n=len(y),
        n_effective=float(weight.sum() ** 2 / (weight**2).sum()),
        left_out=len(frame) - len(y),
    )


def _options(
    outcome: str, driver: str, scale: str, bins: int, bootstraps: int, level: float
) -> None:
    """Refuse options that cannot be."""
    if scale not in SCALES:
        near = did_you_mean(scale, SCALES) or "."
        raise ParamError(f"{WHERE}: unknown scale '{scale}'{near} Give linear or log.")
    if outcome == driver:
        raise ParamError(f"{WHERE}: '{driver}' is both outcome and driver. Give two columns.")
    reading.least(WHERE, "bins", bins, 2)
    reading.samples(WHERE, bootstraps, level)


def _rows(
    frame: pd.DataFrame, outcome: str, driver: str, weights: str | None
) -> tuple[Floats, Floats, Floats]:
    """Return driver, outcome and weight of the rows that have all, sorted by what they hold."""
    reading.named(WHERE, frame, [n for n in (outcome, driver, weights) if n is not None])
    y = reading.numbers(WHERE, frame[outcome], "outcome")
    x = reading.numbers(WHERE, frame[driver], "driver")
    gaps = {outcome: np.isnan(y), driver: np.isnan(x)}
    weight = reading.weighed(WHERE, frame, weights, gaps)
    keep = reading.whole(WHERE, frame, gaps)
    order = np.lexsort([weight[keep], y[keep], x[keep]])
    return x[keep][order], y[keep][order], weight[keep][order]


def _possible(outcome: str, driver: str, x: Floats, y: Floats, scale: str) -> None:
    """Refuse rows that no bend can be seen in."""
    if len(y) < ROWS:
        raise MethodError(f"{WHERE}: {len(y)} rows with both values. Give at least {ROWS}.")
    reading.varies(WHERE, outcome, "outcome", y)
    if scale == "log" and (below := int((x < 0).sum())) > 0:
        raise ContractError(
            f"{WHERE}: driver '{driver}' is negative in {wording.count(below, 'row')}. "
            "Give scale='linear'."
        )
    values = len(np.unique(x))
    if values < VALUES or not len(places(x)):
        raise MethodError(
            f"{WHERE}: driver '{driver}' has {wording.count(values, 'different value')}, or "
            f"nearly all rows at one end. Give one with {VALUES} or more, spread out."
        )


def _shaped(found: Kink, scale: str, alpha: float) -> tuple[str, Range, Range, Range]:
    """Return the shape, then bend, slope before and slope after as far as it has them."""
    if found.p_any > alpha or found.p_bend > alpha:
        shape = "none" if found.p_any > alpha else "line"
        return shape, UNKNOWN, found.line, found.line
    if scale == "linear":
        return "threshold", found.place, found.before, found.after
    place, lower, upper = (float(np.exp2(at) - 1) for at in found.place)
    return "threshold", (place, lower, upper), found.before, found.after


def _curve(found: Kink, x: Floats, shape: str, scale: str) -> pd.DataFrame:
    """Return the corners of the line that is supported, in the driver's unit."""
    ends = np.array([x.min(), x.max()])
    at = ends
    if shape == "none":
        value = np.full(2, found.middle[1])
    elif shape == "line":
        value = found.middle[1] + found.line[0] * (ends - found.middle[0])
    else:
        at = np.array([ends[0], found.place[0], ends[1]])
        away = at - found.place[0]
        slope = np.where(away < 0, found.before[0], found.after[0])
        value = found.height + slope * away
    return pd.DataFrame({"driver": np.exp2(at) - 1 if scale == "log" else at, "value": value})


def _bins(
    x: Floats, y: Floats, weight: Floats, *, bins: int, level: float, share: bool
) -> pd.DataFrame:
    """Return the mean outcome of groups of about equal size; equal values stay together."""
    many = max(2, min(bins, len(x) // BIN))
    edges = np.unique(np.quantile(x, np.linspace(0, 1, many + 1)[1:-1], method="inverted_cdf"))
    code = np.searchsorted(edges, x, side="left")
    ends = [int(end) for end in np.flatnonzero(np.diff(code)) + 1]
    starts = [0]
    for end in ends:  # a group too small joins its neighbour
        if end - starts[-1] >= BIN and len(x) - end >= BIN:
            starts.append(end)
    rows = []
    for first, last in zip(starts, [*starts[1:], len(x)], strict=True):
        at = slice(first, last)
        mean, lower, upper = _mean(y[at], weight[at], level, share=share)
        middle = float(np.median(x[at]))
        rows.append((x[first], x[last - 1], last - first, mean, lower, upper, middle))
    names = ["low", "high", "n", "mean", "lower", "upper", "middle"]
    return pd.DataFrame(rows, columns=names)


def _mean(y: Floats, weight: Floats, level: float, *, share: bool) -> Range:
    """Return a weighted mean and its interval."""
    n = float(weight.sum() ** 2 / (weight**2).sum())
    mean = float(weight @ y / weight.sum())
    if share:
        return mean, *wilson(mean * n, n, level)
    spread = float(weight @ (y - mean) ** 2 / weight.sum()) * n / (n - 1)
    half = float(special.stdtrit(n - 1, (1 + level) / 2)) * np.sqrt(spread / n)
    return mean, mean - half, mean + half
