"""Forecast series too short to tell a season, by the shape of their siblings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from insights.methods.forecasts.clock import Clock
from insights.methods.forecasts.law import PROBS
from insights.methods.forecasts.models import Rows
from insights.methods.forecasts.seasons import index

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

SHAPE, LAST, MEAN = "siblings' shape", "last season", "own mean"
LEAST = 5  # values without which a series is short, whatever its seasons
SEASONS = 3  # seasons that a sibling must have


@dataclass(frozen=True, slots=True)
class Cold:
    """Forecasts of the short series, with how far they may miss as shares of the forecast."""

    center: Floats  # (short series, horizon)
    scale: Floats
    grids: Floats  # one row a short series: quantiles of the miss in units of scale, at PROBS
    model: list[str]  # by short series: SHAPE, LAST or MEAN
    siblings: int


def short(rows: Rows, clock: Clock) -> Bools:
    """Say which series have fewer than two seasons."""
    known = rows.seen.sum(axis=1)
    return np.asarray((known < 2 * clock.lag) | (known < LEAST))


def warm_up(rows: Rows, at: Ints, ahead: Ints, clock: Clock, which: Bools) -> Cold:
    """Forecast the short series: their own level times the shape of their siblings.

    ``at`` and ``ahead`` are the positions of the cells and of what is forecast. How far such a
    forecast misses is learnt from the siblings, each cut to as few values. Without siblings the
    last season is repeated, or the mean where there is no whole one; how far that misses is
    then a t with the spread of the values themselves.
    """
    at = at[:, -rows.y.shape[1] :]
    size = (int(which.sum()), ahead.shape[1])
    able = ~which & rows.floor & (rows.seen.sum(axis=1) >= SEASONS * clock.season)
    shape = _shape(rows, at, clock, able)
    center, scale = np.empty(size), np.empty(size)
    grids, model = np.empty((size[0], len(PROBS))), []
    for k, i in enumerate(np.flatnonzero(which)):
        values = rows.y[i, rows.seen[i]]
        n = len(values)
        if able.any() and rows.floor[i]:
            form = shape[at[i, rows.seen[i]] % len(shape)]
            center[k] = _level(values, form) * shape[ahead[i] % len(shape)]
            scale[k] = center[k]
            grids[k] = _misses(rows, at, shape, able, n, size[1])
            model.append(SHAPE)
            continue
        whole = 1 < clock.lag <= int(rows.length[i])
        center[k] = values.mean()
        if whole:
            center[k] = rows.y[i, -clock.lag :][np.arange(size[1]) % clock.lag]
        scale[k] = values.std(ddof=1) * np.sqrt(1 + 1 / n) if n > 1 else np.nan
        grids[k] = special.stdtrit(max(n - 1, 1), PROBS)
        model.append(LAST if whole else MEAN)
    return Cold(center, scale, grids, model, int(able.sum()))


def _level(values: Floats, shape: Floats) -> float:
    """Return how high a series stands over a shape: sum over sum, which zeros do not upset."""
    return float(values.sum() / max(shape.sum(), 1e-9))


def _shape(rows: Rows, at: Ints, clock: Clock, able: Bools) -> Floats:
    """Return the mean season of the siblings, by position modulo its length; mean 1."""
    shape = np.ones(clock.season)
    if not able.any():
        return shape
    some = rows.take(able)
    y = some.y
    whole = np.ones((len(y), clock.season))
    for size in clock.cycles:
        found, _ = index(
            y, some.seen, some.exists, size, np.ones(len(y), dtype=bool), decay=1.0, year=False
        )
        columns = (np.arange(y.shape[1]) - y.shape[1]) % size
        y = y / found[:, columns]
        whole *= found[:, np.arange(clock.season) % size]
    first = at[able, -1] + 1  # the position that slot 0 stands for
    places = (first[:, None] + np.arange(clock.season)) % clock.season
    turned = np.empty_like(whole)
    np.put_along_axis(turned, places, whole, axis=1)
    shape = turned.mean(axis=0)
    return np.asarray(shape / shape.mean())


def _misses(rows: Rows, at: Ints, shape: Floats, able: Bools, n: int, horizon: int) -> Floats:
    """Return quantiles of what siblings miss, as shares, when forecast from ``n`` values."""
    pool = []
    width = rows.y.shape[1]
    for cut in range(horizon, max(width - n, horizon) + 1, max(horizon, (width - n) // 6, 1)):
        past = slice(width - cut - n, width - cut)
        later = slice(width - cut, width - cut + horizon)
        fit = able & (rows.first <= width - cut - n)
        known = np.where(rows.seen, rows.y, 0.0)[fit]
        form = np.where(rows.seen[fit], shape[at[fit] % len(shape)], 0.0)
        below = form[:, past].sum(axis=1)
        level = known[:, past].sum(axis=1) / np.where(below > 0, below, 1.0)
        ahead = level[:, None] * shape[at[fit][:, later] % len(shape)]
        use = rows.seen[fit][:, later] & (ahead > 0)
        pool.append((known[:, later] / np.where(use, ahead, 1.0) - 1)[use])
    flat = np.concatenate(pool) if pool else np.zeros(0)
    return np.asarray(np.quantile(flat, PROBS)) if len(flat) else np.full(len(PROBS), np.nan)
