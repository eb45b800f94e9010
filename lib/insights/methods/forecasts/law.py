"""Say how far a forecast may miss: from replayed misses, pooled over series and horizons."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

PROBS = np.r_[
    0.0005, 0.001, 0.0025, 0.005, np.arange(0.01, 0.9901, 0.01), 0.995, 0.9975, 0.999, 0.9995
]
TRUST = 20.0  # replayed origins with which the pooled misses count for half, a t shape for half
FREEDOM = 5.0  # of that t
RECENT = 0.85  # what an origin counts for beside the one after it
T_MEAN = 0.949  # mean size of a t with five degrees of freedom
ALIKE = 0.5  # correlation of the misses of two periods where replays say little
POWERS = (0.0, 0.5, 1.0)  # of the forecast that the size of a miss may follow within a season


@dataclass(frozen=True, slots=True)
class Law:
    """The distribution of what is coming; matrices are (series, horizon)."""

    center: Floats  # median
    mean: Floats
    scale: Floats  # NaN where no interval is known
    shape: Ints  # (series,): row of ``grids``
    grids: Floats  # quantiles of misses in units of scale, at PROBS
    count: Bools  # (series,): negative binomial about ``mean`` instead
    spread: Floats  # (series,): variance = mean + spread * mean^2
    mapped: Floats  # what PROBS become for counts, as replays say
    floor: Bools  # (series,)
    shut: Bools  # closed: 0 for sure
    root: Floats  # (horizon, horizon): makes draws of one series move together over time
    common: float  # correlation of misses between series, in [0, 1]

    @property
    def median(self) -> Floats:
        """Return what is as likely exceeded as not."""
        return self.quantile(0.5)

    def quantile(self, p: float) -> Floats:
        """Return what stays below with chance ``p``."""
        miss = np.array([np.interp(p, PROBS, grid) for grid in self.grids])[self.shape]
        found = self.center + self._missed(miss[:, None], self.scale)
        if p < 0.5:
            found = np.minimum(found, self.center)
        found = np.maximum(found, self.center) if p > 0.5 else found
        found = self.center if p == 0.5 else found
        if self.count.any():
            found = found.copy()
            level = float(np.interp(p, PROBS, self.mapped))
            found[self.count] = self.typical(self.mean[None], level)[0, self.count]
        return self._bounded(found)

    def paths(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw (n, series, horizon) joint paths."""
        series, horizon = self.center.shape
        shared = rng.standard_normal((n, 1, horizon))
        alone = rng.standard_normal((n, series, horizon))
        mixed = np.sqrt(self.common) * shared + np.sqrt(1 - self.common) * alone
        p = special.ndtr(mixed @ self.root.T)
        out = np.empty_like(p)
        for i in range(series):
            if self.count[i]:
                level = np.interp(p[:, i], PROBS, self.mapped)
                for h in range(horizon):
                    table = _table(self.mean[i, h], self.spread[i])
                    out[:, i, h] = np.searchsorted(table, level[:, h])
            else:
                miss = np.interp(p[:, i], PROBS, self.grids[self.shape[i]])
                out[:, i] = self.center[i] + self._missed(miss, self.scale[i])
        return self._bounded(out)

    @staticmethod
    def _missed(miss: Floats, scale: Floats) -> Floats:
        """Return misses in units of y; nothing that never varied is missed."""
        return np.where(scale == 0, 0.0, miss * scale)

    def typical(self, mean: Floats, level: float | None = None) -> Floats:
        """Return quantiles, by default medians, of counts about (origin, series, horizon)."""
        out = np.full(mean.shape, np.nan)
        level = float(np.interp(0.5, PROBS, self.mapped)) if level is None else level
        for k, i, h in np.argwhere(np.isfinite(mean) & self.count[:, None]):
            out[k, i, h] = np.searchsorted(_table(mean[k, i, h], self.spread[i]), level)
        return out

    def _bounded(self, found: Floats) -> Floats:
        """Keep to what can be: no negative where the history has none, 0 where closed."""
        found = np.where(self.floor[:, None], np.maximum(found, 0.0), found)
        return np.where(self.shut, 0.0, found)

    def of(self, series: Ints) -> Law:
        """Return the law of some of the series."""
        names = ("center", "mean", "scale", "shape", "count", "spread", "floor", "shut")
        return replace(self, **{name: getattr(self, name)[series] for name in names})

    def moved(self, factor: Floats, offset: Floats, doubt: Floats) -> Law:
        """Return the law with effects of the calendar put on; ``doubt`` is their error."""
        center, mean = (part * factor + offset for part in (self.center, self.mean))
        scale = np.sqrt((self.scale * factor) ** 2 + doubt**2)
        return replace(self, center=center, mean=mean, scale=scale)


def _table(mean: float, spread: float) -> Floats:
    """Return the chances of at most 0, 1, 2 ... of a negative binomial."""
    size = 1 / max(spread, 1e-6)
    most = int(mean + 12 * np.sqrt(mean + spread * mean**2)) + 12
    k = np.arange(most)
    steps = (k + size) / (k + 1) * mean / (size + mean)  # of a chance to the next
    return np.cumsum(np.cumprod(np.r_[(1 + mean / size) ** -size, steps]))


def learn(
    center: Floats, mean: Floats, actual: Floats, noise: Floats, *, count: Bools, floor: Bools,
    rng: np.random.Generator,
) -> Law:  # fmt: skip
    """Learn the law from replays.

    ``center`` and ``mean`` are (origin, series, horizon), now first; ``actual`` is the same,
    nothing for now; ``noise`` (origin, series) is the usual step.
    """
    horizon = center.shape[2]
    known = np.isfinite(actual) & np.isfinite(center) & (noise > 0)[:, :, None]
    plain = known & ~count[:, None]
    power = _power(center, actual, noise, plain & floor[:, None])
    unit = noise[:, :, None] * np.where(floor[:, None], _followed(center, power), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        miss = np.where(plain, (actual - center) / unit, np.nan)
    wider = np.arange(1, horizon + 1) ** _growth(miss)
    others, own = _own(miss / wider)
    miss = miss / wider / np.where(others > 0, others, 1.0)[:, :, None]  # or all were 0
    grid = _pooled(miss)
    spread, mapped, chance = _counts(mean, actual, known & count[:, None], count, rng)
    score = np.where(np.isfinite(miss), _ranked(miss), special.ndtri(chance))
    root, common = _together(score)
    return Law(
        center[0], mean[0], unit[0] * wider * own[:, None],
        np.zeros(center.shape[1], dtype=np.int64), grid[None], count, spread, mapped, floor,
        np.zeros(center.shape[1:], dtype=bool), root, common,
    )  # fmt: skip


def _followed(center: Floats, power: float) -> Floats:
    """Return how the size of a miss follows the forecast within its horizon."""
    middle = center.mean(axis=2, keepdims=True)
    share = np.maximum(center, 0.0) / np.where(middle > 0, middle, 1.0)
    return np.where(middle > 0, np.maximum(share, 0.05) ** power, 1.0)


def _power(center: Floats, actual: Floats, noise: Floats, use: Bools) -> float:
    """Return the power under which replayed misses are the most likely, as Laplace errors."""
    if not use.any():
        return 0.0
    losses = []
    for power in POWERS:
        unit = np.where(use, noise[:, :, None] * _followed(center, power), 1.0)
        miss = np.abs(np.where(use, actual - center, 0.0)) / unit
        losses.append(np.log(unit[use]).mean() + np.log(max(miss[use].mean(), 1e-300)))
    return POWERS[int(np.argmin(losses))]


def _growth(miss: Floats) -> float:
    """Return the power of the horizon with which misses grow, in [0, 1]."""
    size = np.abs(miss)
    count = np.isfinite(size).sum(axis=(0, 1))
    if miss.shape[2] < 2 or count.min() < 2:
        return 0.25
    most = np.nanquantile(size, 0.95)
    mean = np.nanmean(np.minimum(size, most), axis=(0, 1))
    if not (mean > 0).all():
        return 0.25
    x, y = np.log(np.arange(1, len(mean) + 1)), np.log(mean)
    x_mid, y_mid = np.average(x, weights=count), np.average(y, weights=count)
    slope = (count * (x - x_mid) * (y - y_mid)).sum() / (count * (x - x_mid) ** 2).sum()
    return float(np.clip(slope, 0.0, 1.0))


def _own(miss: Floats) -> tuple[Floats, Floats]:
    """Return each series' usual miss, drawn towards that of all by what few origins can say.

    First (origin, series) as the other origins say, by which misses are counted; then (series,)
    as all say.
    """
    known = np.isfinite(miss)
    cells = known.sum(axis=2)
    size = np.where(known, np.abs(miss), 0.0).sum(axis=2) / np.maximum(cells, 1)
    seen = cells > 0
    origins = seen.sum(axis=0)
    total = size.sum(axis=0)
    mean = total / np.maximum(origins, 1)
    fit = (origins > 2) & (mean > 0)
    if fit.sum() < 3:
        general = mean[origins > 0].mean() if (origins > 0).any() else 1.0
        return np.full(size.shape, general), np.full(len(mean), general)
    away = np.where(seen, size - mean, 0.0)[:, fit]
    noise = float(np.median((away**2).sum(axis=0) / (origins[fit] - 1) / mean[fit] ** 2))
    logs = np.log(mean[fit])
    middle = float(logs.mean())
    between = max(float(logs.var(ddof=1)) - noise * float((1 / origins[fit]).mean()), 0.0)

    def drawn(mean: Floats, origins: Ints) -> Floats:
        told = (origins > 0) & (mean > 0)
        share = between / (between + noise / np.maximum(origins, 1) + 1e-12)
        logs = np.log(np.where(told, mean, 1.0))
        return np.exp(np.where(told, middle + share * (logs - middle), middle))

    left = origins - seen
    others = (total - np.where(seen, size, 0.0)) / np.maximum(left, 1)
    return drawn(others, left), drawn(mean, origins)


def _pooled(miss: Floats) -> Floats:
    """Return quantiles of the pooled misses at PROBS, mixed with a t where they are few.

    Newer origins count for more (Barber et al. 2023, Ann. Statist. 51(2) 816-845).
    """
    known = np.isfinite(miss)
    if not known.any():
        return np.full(len(PROBS), np.nan)
    weight = np.broadcast_to(RECENT ** np.arange(len(miss))[:, None, None], miss.shape)[known]
    pool = miss[known]
    order = pool.argsort()
    pool, weight = pool[order], weight[order]
    place = (np.cumsum(weight) - weight / 2) / weight.sum()
    few = special.stdtrit(FREEDOM, PROBS) / T_MEAN * np.average(np.abs(pool), weights=weight)
    many = known.any(axis=2).sum()
    trust = many / (many + TRUST)
    return np.asarray(trust * np.interp(PROBS, place, pool) + (1 - trust) * few)


def _counts(
    mean: Floats, actual: Floats, use: Bools, count: Bools, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Return the spread of each count, what PROBS become, and the chance of each actual."""
    chance = np.full(actual.shape, np.nan)
    spread = np.zeros(actual.shape[1])
    if not use.any():
        return spread, PROBS.copy(), chance
    size = np.where(use, np.maximum(mean, 1e-6), 0.0)
    above = np.where(use, (actual - size) ** 2 - size, 0.0).sum(axis=(0, 2))
    below = (size**2).sum(axis=(0, 2))
    prior = below[count].mean()
    general = max(float(above[count].sum() / below[count].sum()), 0.0)
    spread = np.where(count, np.maximum((above + prior * general) / (below + prior), 0.0), 0.0)
    k, mu = actual[use], size[use]
    r = 1 / np.maximum(np.broadcast_to(spread[:, None], use.shape)[use], 1e-6)
    top = special.betainc(r, k + 1, r / (r + mu))
    bottom = np.where(k > 0, special.betainc(r, np.maximum(k, 1), r / (r + mu)), 0.0)
    chance[use] = np.clip(bottom + rng.random(len(k)) * (top - bottom), 1e-4, 1 - 1e-4)
    steps = (np.arange(8) + 0.5) / 8  # the share of each value's chance that lies below
    even = np.quantile(bottom[:, None] + (top - bottom)[:, None] * steps, PROBS)
    many = int(use.any(axis=2).sum())
    trust = many / (many + TRUST)
    return spread, np.asarray(trust * even + (1 - trust) * PROBS), chance


def _ranked(miss: Floats) -> Floats:
    """Return misses as normal scores of their ranks."""
    known = np.isfinite(miss)
    out = np.full(miss.shape, np.nan)
    order = miss[known].argsort().argsort()
    out[known] = special.ndtri((order + 0.5) / max(known.sum(), 1))
    return out


def _together(score: Floats) -> tuple[Floats, float]:
    """Return how misses move together: over the horizon of one series, and between series."""
    horizon = score.shape[2]
    known = np.isfinite(score)
    value = np.where(known, score, 0.0)
    square = (value**2).sum() / max(known.sum(), 1)
    alike = np.full(horizon, ALIKE)
    for lag in range(1, horizon):
        both = known[..., lag:] & known[..., :-lag]
        if square > 0 and both.any():
            product = (value[..., lag:] * value[..., :-lag]).sum() / both.sum()
            many = int(both.any(axis=2).sum())
            trust = many / (many + TRUST)
            alike[lag] = trust * np.clip(product / square, 0, 1) + (1 - trust) * ALIKE
    root = together(alike)
    many = known.sum(axis=1)
    mean = value.sum(axis=1) / np.maximum(many, 1)
    enough = many >= 2
    if not enough.any():
        return root, 0.0
    squares, size = float((mean[enough] ** 2).mean()), float(many[enough].mean())
    return root, float(np.clip((squares * size - 1) / (size - 1), 0.0, 0.95))


def together(alike: Floats) -> Floats:
    """Return the root of a correlation that depends on the distance in time alone."""
    alike = np.r_[1.0, alike[1:]]
    steps = np.arange(len(alike))
    values, vectors = np.linalg.eigh(alike[np.abs(np.subtract.outer(steps, steps))])
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(root / np.sqrt((root**2).sum(axis=1, keepdims=True)))
