"""Say what follows the last value of each series, and how unlikely a value is; arrays only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special  # scipy.stats says the same, and takes a second to import

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

D2 = 2 / np.sqrt(np.pi)  # mean range of two normal values, 1.128 standard deviations
TAIL = 0.00135  # beyond three standard deviations, one side
RHO_MAX = 0.95
RHO_ERROR = 2.0  # times the large-sample variance of rho; bench_signals has its price
SKEW_PRIOR = 15  # periods at which half of the skewness seen is believed
NEIGHBOURS = 0.3  # correlation of neighbours from which a line or a run says nothing
DRIFT, DRIFT_LEAST = 1.5, 20  # standard errors and periods from which a line is a drift


@dataclass(frozen=True, slots=True)
class Noise:
    """What many baselines say of each value; vectors have an entry a series, matrices a row."""

    sigma: Floats  # standard deviation of one value, given the last
    df: Floats
    rho: Floats  # correlation of neighbouring periods
    skew: Floats  # of one value, given the last
    lean: Floats  # matrix: how far from the long-run centre the last value makes this one
    width: Floats  # matrix: standard deviation of this value around what is expected

    @property
    def reach(self) -> Floats:
        """Half the width of the limits: three sigma, more when the baseline is short."""
        return np.asarray(-special.stdtrit(self.df, TAIL)[:, None] * self.width)


@dataclass(frozen=True, slots=True)
class Line:
    """The steady drift of many baselines; nought where there is none."""

    rise: Floats  # matrix: how far the line is from its middle
    lever: (
        Floats  # matrix: variance of the line, in variances of one value, beside the middle's
    )
    clear: Bools


def estimate(
    away: Floats, known: Bools, base: Bools, *, fitted: Floats, least: Floats, line: Line
) -> Noise:
    """Estimate what follows the last known value in each row of ``away``.

    ``away`` holds deviations from the long-run centre, known in ``known``; ``base`` marks those
    that form the estimates. The noise is read as an AR(1): a value that comes g periods after
    the last known one, d, is expected at rho**g d with variance s² (1 - rho**2g) / (1 - rho²).
    The errors of centre, line, weekdays and rho add to it. For s the larger of two estimates
    stands: the mean moving range, E|x[t] - x[t-1]| = 1.128 s / sqrt(1 + rho), which is
    Wheeler's at rho = 0, and the root mean square of the one-step errors. ``fitted`` counts
    the seasonal terms estimated beside the centre; ``least`` is a lower bound on s.
    """
    n = base.sum(axis=1).astype(float)
    d = np.where(known, away, 0.0)
    own = np.where(base, away, 0.0)
    pair = base[:, 1:] & base[:, :-1]
    pairs = pair.sum(axis=1).astype(float)
    rho = _rho(own, base, np.where(line.clear, 2.0, 1.0))
    last, gap = _last(d, known)
    lag, new = _ahead(rho, gap)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(base, (d - lag * last) / np.sqrt(new), 0.0)
        squares = (error**2).sum(axis=1)
        df = np.maximum(n - 1 - fitted - (rho > 0) - line.clear, 3.0)
        ranges = np.where(pair, np.abs(own[:, 1:] - own[:, :-1]), 0.0).sum(axis=1) / pairs
        moving = np.nan_to_num(ranges / D2 * np.sqrt(1 + rho))
        sigma = np.maximum(np.maximum(np.sqrt(squares / df), moving), least)
        skew = np.where(squares > 0, (error**3).sum(axis=1) / n / (squares / n) ** 1.5, 0.0)
        skew *= np.sqrt(n * (n - 1)) / (n - 2) * n / (n + SKEW_PRIOR)
    size, column = np.maximum(n, 1.0), rho[:, None]
    mean = _inflation(rho, size)[:, None] / (1 - column**2) * (1 / size[:, None] + line.lever)
    # a seasonal factor is a median: pi/2 of the variance of a mean of its days
    extra = (1 - lag) ** 2 * mean + (np.pi / 2 * fitted / size)[:, None]
    steep = np.where((column > 0) & (gap < np.inf), _slope(column, gap), 0.0)
    tilt = (steep * last) ** 2 * (RHO_ERROR * (1 - rho**2) / size)[:, None]
    width = np.sqrt(sigma[:, None] ** 2 * (new + extra) + tilt)
    return Noise(sigma, df, rho, skew, lag * last, width)


def drift(values: Floats, base: Bools) -> Line:
    """Find the series that drift steadily: a clear line, around which neighbours are unalike.

    Where neighbours are alike also around the line, following the last value does the work.
    """
    n = base.sum(axis=1).astype(float)
    at = np.arange(base.shape[1], dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        time = at - (np.where(base, at, 0.0).sum(axis=1) / n)[:, None]
        middle = np.where(base, values, 0.0).sum(axis=1) / n
        d = np.where(base, values - middle[:, None], 0.0)
        spread = np.where(base, time**2, 0.0).sum(axis=1)
        slope = (d * time).sum(axis=1) / spread
        rest = np.where(base, d - slope[:, None] * time, 0.0)
        rho = _rho(rest, base, np.full(len(n), 2.0))
        inflation = _inflation(rho, np.maximum(n, 1.0))
        variance = (rest**2).sum(axis=1) / np.maximum(n - 1 - inflation, 1.0) * inflation
        clear = np.abs(slope) > DRIFT * np.sqrt(variance / spread)
        lever = time**2 / spread[:, None]
    clear &= (n >= DRIFT_LEAST) & (rho <= NEIGHBOURS)
    drifts = clear[:, None]
    rise = np.where(drifts, slope[:, None] * time, 0.0)
    return Line(rise, np.where(drifts, lever, 0.0), clear)


def p_values(t: Floats, df: Floats, skew: Floats) -> Floats:
    """Return two-sided p-values of deviations in widths, never below Student's t.

    ``skew`` is the skewness towards the side of the move: the tail there is no lighter than a
    gamma's of that skewness, so that a count with a long right tail does not make headlines of
    its usual peaks.
    """
    one_side = special.stdtr(df, -np.abs(t))
    z = -special.ndtri(np.maximum(one_side, 1e-300))
    shape = 4 / np.clip(skew, 0.01, 4.0) ** 2
    gamma = special.gammaincc(shape, np.maximum(shape + z * np.sqrt(shape), 0.0))
    return np.asarray(np.minimum(2 * np.maximum(one_side, gamma), 1.0))


def _benjamini_hochberg(p: Floats) -> Floats:
    """Return the smallest rate of false discoveries at which each is one (Benjamini 1995)."""
    order = np.argsort(p)[::-1]
    adjusted = np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1))
    q = np.empty(len(p))
    q[order] = np.minimum(adjusted, 1.0)
    return q


def q_values(p: Floats) -> Floats:
    """Return Benjamini-Hochberg q-values; NaN stays NaN and does not count."""
    q = np.full(len(p), np.nan)
    judged = np.isfinite(p)
    if judged.any():
        q[judged] = _benjamini_hochberg(p[judged])
    return q


def _last(d: Floats, known: Bools) -> tuple[Floats, Floats]:
    """Return, for each period, the last known value before it and how long ago that was."""
    at = np.arange(d.shape[1])
    newest = np.maximum.accumulate(np.where(known, at, -1), axis=1)
    before = np.concatenate([np.full((len(d), 1), -1), newest[:, :-1]], axis=1)
    value = np.take_along_axis(d, np.maximum(before, 0), axis=1)
    return np.where(before >= 0, value, 0.0), np.where(before >= 0, at - before, np.inf)


def _ahead(rho: Floats, gap: Floats) -> tuple[Floats, Floats]:
    """Return rho to the power of the gap and the variance new since, one step being 1."""
    lag = rho[:, None] ** gap
    return lag, (1 - lag**2) / (1 - rho[:, None] ** 2)


def _slope(rho: Floats, gap: Floats) -> Floats:
    """Return how fast rho to the power of the gap changes with rho."""
    finite = np.where(gap < np.inf, gap, 1.0)
    return np.asarray(finite * rho ** (finite - 1))


def _rho(d: Floats, base: Bools, fitted: Floats) -> Floats:
    """Return the lag-1 correlation, corrected for its small-sample bias, between 0 and 0.95."""
    pair = base[:, 1:] & base[:, :-1]
    n, pairs = base.sum(axis=1), pair.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        products = np.where(pair, d[:, 1:] * d[:, :-1], 0.0).sum(axis=1)
        raw = products / pairs * (n - 1) / (d**2).sum(axis=1)
    raw = np.where(np.isfinite(raw) & (pairs >= 3), raw, 0.0)
    corrected = raw + (fitted + 4 * np.clip(raw, 0, 1)) / np.maximum(n, 1)
    return np.asarray(np.clip(corrected, 0, RHO_MAX))


def _inflation(rho: Floats, n: Floats) -> Floats:
    """Return n times the variance of a mean of n values of an AR(1) with unit variance."""
    full = (1 + rho) / (1 - rho) - 2 * rho * (1 - rho**n) / (n * (1 - rho) ** 2)
    return np.asarray(np.minimum(full, np.maximum(n / 2, 1.0)))
