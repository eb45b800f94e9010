"""Carry the level and trend of many series without seasons ahead, all rows at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SMOOTH = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)
GRID = tuple(
    (alpha, alpha * beta, phi)
    for alpha in (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95)
    for beta in (0.0, 0.05, 0.15, 0.3)
    for phi in ((0.8, 0.9, 0.97) if beta else (0.9,))
)  # smoothing of the level, of the trend, and how much of the trend is left a period later
LONGEST = 500  # newest periods that a damped trend is fitted to
STEADY = tuple(
    (alpha, alpha * beta, 0.9) for alpha in (0.05, 0.1, 0.2, 0.4, 0.7) for beta in (0.0, 0.1)
)  # the same for the robust level
STATES = 20_000  # settings times rows at a time, which stay in the cache
CLIP = 2.0  # standard deviations beyond which a surprise moves the robust level no further


def theta(z: Floats, seen: Bools, first: npt.NDArray[np.int64], horizon: int) -> Floats:
    """Return the optimised theta forecast.

    Exponential smoothing plus a share, in [0, 1], of the line through all values so far. The
    smoothing is the best of a grid in one-step squares; share and first level are then least
    squares. Fiorucci et al. (2016), Int. J. Forecasting 32(4) 1151-1161.
    """
    from scipy.signal import lfilter  # here, as it takes half a second to load

    rows, width = z.shape
    begin = z[np.arange(rows), first][:, None]
    z = z - begin  # so that adding a constant adds it
    t, intercept, slope = _lines(z, np.arange(width) >= first[:, None])
    use = ((seen & (t >= 3))[:, 1:]).astype(float)
    best = np.full(rows, np.inf)
    kept = np.zeros((4, rows))  # smoothing, share, last level, correction of the first level
    for alpha in SMOOTH:
        level = lfilter([alpha], [1, alpha - 1], z, axis=1)
        miss = (z[:, 1:] - level[:, :-1]) * use
        left = (1 - alpha) ** np.maximum(t[:, 1:] - 1, 0)
        line = left * intercept[:, :-1] + (1 - (1 - alpha) * left) / alpha * slope[:, :-1]
        line, left = line * use, left * use
        ll, ss, ls = (line**2).sum(1), (left**2).sum(1) + 1e-3, (line * left).sum(1)
        ml, ms = (miss * line).sum(1), (miss * left).sum(1)
        det = ll * ss - ls**2
        plain = det > 1e-9 * ll * ss
        share = np.where(plain, (ml * ss - ms * ls) / np.where(plain, det, 1), 0.0).clip(0, 1)
        moved = (ms - share * ls) / ss
        squares = (miss**2).sum(1) - 2 * share * ml - 2 * moved * ms
        squares += share**2 * ll + moved**2 * ss + 2 * share * moved * ls
        better = squares < best
        best = np.where(better, squares, best)
        now = level[:, -1] + (1 - alpha) ** t[:, -1] * moved
        found = np.stack([np.full(rows, alpha), share, now, moved])
        kept = np.where(better, found, kept)
    alpha_, share, now, _ = (part[:, None] for part in kept)
    left = (1 - alpha_) ** t[:, -1:]
    line = left * intercept[:, -1:] + (1 - (1 - alpha_) * left) / alpha_ * slope[:, -1:]
    steps = np.arange(horizon)
    return np.asarray(begin + now + share * (line + slope[:, -1:] * steps))


def _lines(z: Floats, live: Bools) -> tuple[Floats, Floats, Floats]:
    """Return the age of every cell, and the line through all values up to it."""
    n = np.cumsum(live, axis=1).astype(float)
    value = np.where(live, z, 0.0)
    sum_y, sum_ty = np.cumsum(value, axis=1), np.cumsum(n * value, axis=1)
    sum_t, sum_tt = n * (n + 1) / 2, n * (n + 1) * (2 * n + 1) / 6
    spread = n * sum_tt - sum_t**2
    fit = spread > 0
    slope = np.where(fit, (n * sum_ty - sum_t * sum_y) / np.where(fit, spread, 1.0), 0.0)
    intercept = np.where(live, (sum_y - slope * sum_t) / np.maximum(n, 1), 0.0)
    return n, intercept, slope


def damped(z: Floats, seen: Bools, first: npt.NDArray[np.int64], horizon: int) -> Floats:
    """Return the damped-trend forecast whose one-step squares are the least of a grid.

    Gardner and McKenzie (1985), Management Science 31(10) 1237-1246; no trend is in the grid.
    """
    out = np.empty((len(z), horizon))
    step = STATES // len(GRID)
    for at in range(0, len(z), step):
        part = slice(at, at + step)
        out[part] = _damped(z[part], seen[part], first[part], horizon)
    return out


def _damped(z: Floats, seen: Bools, first: npt.NDArray[np.int64], horizon: int) -> Floats:
    alpha, beta, phi = (np.array(part)[:, None] for part in zip(*GRID, strict=True))
    cut = max(z.shape[1] - LONGEST, 0)
    z, seen, first = z[:, cut:], seen[:, cut:], np.maximum(first - cut, 0)
    width = z.shape[1]
    columns, known = np.ascontiguousarray(z.T), np.ascontiguousarray(seen.T)
    use = (seen & (np.arange(width) >= first[:, None] + 2)).T.astype(float)
    level = np.repeat(columns[:1], len(GRID), axis=0)
    trend, squares = np.zeros_like(level), np.zeros_like(level)
    for now in range(int(first.min()) + 1, width):
        step = phi * trend
        miss = np.where(known[now], columns[now] - level - step, 0.0)
        squares += use[now] * miss * miss
        level = level + step + alpha * miss
        trend = step + beta * miss
    return _ahead(level, trend, phi, squares, horizon)


def _ahead(level: Floats, trend: Floats, phi: Floats, loss: Floats, horizon: int) -> Floats:
    """Carry the state of the least loss ahead."""
    best, rows = loss.argmin(axis=0), np.arange(loss.shape[1])
    left = np.cumsum(phi[best] ** np.arange(1, horizon + 1), axis=1)
    return np.asarray(level[best, rows][:, None] + trend[best, rows][:, None] * left)


def robust(
    z: Floats, factor: Floats, seen: Bools, first: npt.NDArray[np.int64], horizon: int
) -> Floats:
    """Return the damped-trend forecast in which no single value counts for too much.

    A value beyond two standard deviations of the surprises before it is pulled in to there; a
    value of a small slot of the season moves the level less, as it says less about it. Gelper,
    Fried and Croux (2010), J. Forecasting 29(3) 285-300.
    """
    out = np.empty((len(z), horizon))
    weight = np.where(np.arange(z.shape[1]) >= first[:, None], np.abs(factor), np.nan)
    weight = np.where(np.isfinite(weight), weight / np.nanmean(weight, axis=1)[:, None], 0.0)
    step = STATES // len(STEADY)
    for at in range(0, len(z), step):
        part = slice(at, at + step)
        out[part] = _robust(z[part], weight[part], seen[part], first[part], horizon)
    return out


def _robust(
    z: Floats, weight: Floats, seen: Bools, first: npt.NDArray[np.int64], horizon: int
) -> Floats:
    alpha, beta, phi = (np.array(part)[:, None] for part in zip(*STEADY, strict=True))
    cut = max(z.shape[1] - LONGEST, 0)
    z, seen, first = z[:, cut:], seen[:, cut:], np.maximum(first - cut, 0)
    weight = weight[:, cut:]
    width = z.shape[1]
    columns, weights, known = (np.ascontiguousarray(part.T) for part in (z, weight, seen))
    usual = _usual_step(z, seen)
    head = np.arange(width) < first[:, None] + 10
    start = np.where(head & (np.arange(width) >= first[:, None]), z, np.nan)
    level = np.repeat(np.nanmedian(start, axis=1)[None], len(STEADY), axis=0)
    trend, loss = np.zeros_like(level), np.zeros_like(level)
    sigma = np.repeat(usual[None], len(STEADY), axis=0)
    begin = int(first.min())
    for now in range(begin, width):
        step, gain = phi * trend, 1 - (1 - alpha) ** weights[now]
        miss = np.where(known[now], columns[now] - level - step, 0.0)
        bound = CLIP / np.sqrt(np.maximum(weights[now], 0.05))
        away = np.abs(miss) / sigma
        loss += np.minimum(np.abs(miss), 3 * bound * usual) * np.sqrt(weights[now])
        miss = np.clip(miss, -bound * sigma, bound * sigma)
        told = known[now] * 0.1
        tells = 0.9 * np.minimum(weights[now], 1) * np.minimum(away**2, bound**2)
        sigma = np.clip(sigma * np.sqrt(1 - told + told * tells), 0.3 * usual, 10 * usual)
        level = level + step + gain * miss
        trend = step + beta / alpha * gain * miss
    return _ahead(level, trend, phi, loss, horizon)


def _usual_step(z: Floats, seen: Bools) -> Floats:
    """Return the usual size of a step between neighbours, as a standard deviation."""
    step = np.where(seen[:, 1:] & seen[:, :-1], np.abs(np.diff(z, axis=1)), np.nan)
    step = np.pad(step, ((0, 0), (1, 0)))  # one zero keeps empty rows from warning
    size = 1.2 * np.nanmedian(step, axis=1)
    least = 1e-3 * np.nanmean(step, axis=1) + 1e-9 * np.abs(z).max(axis=1) + 1e-300
    return np.asarray(np.maximum(size, least))


def revert(z: Floats, seen: Bools, length: int, horizon: int) -> Floats:
    """Return the median of the last ``length`` values, approached from the last one.

    How fast comes from the correlation of neighbours about that median.
    """
    recent = np.where(seen, z, np.nan)[:, -length:]
    recent = np.where(np.isfinite(recent).any(axis=1, keepdims=True), recent, z[:, -length:])
    middle = np.nanmedian(recent, axis=1)[:, None]
    away = np.nan_to_num(recent - middle)
    reach = 3 * 1.4826 * np.median(np.abs(away), axis=1)[:, None] + 1e-12
    away = away.clip(-reach, reach)
    below = (away[:, :-1] ** 2).sum(axis=1)
    rho = (away[:, 1:] * away[:, :-1]).sum(axis=1) / np.where(below > 0, below, 1.0)
    left = rho.clip(0, 0.995)[:, None] ** np.arange(1, horizon + 1)
    return np.asarray(middle + away[:, -1:] * left)
