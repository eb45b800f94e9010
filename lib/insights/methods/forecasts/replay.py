"""Replay earlier origins, keep score, and choose what is published."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insights.methods.forecasts.clock import Clock
from insights.methods.forecasts.models import SEASONAL, Rows, candidates, core, squared

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

ORIGINS = (6, 12)  # replayed origins: of many series, and of few
FEW = 12  # series below which more origins are replayed
LEAST = 0.4  # share of a history that a replay leaves
PRIOR = 8.0  # origins that the average series counts for in the score of one
MARGIN = 1.08  # by which a model outside the core must beat it
NEAR = 1.04  # models within this of the best are combined: their median is published


@dataclass(frozen=True, slots=True)
class Replay:
    """Forecasts of every model from now (origin 0) and from earlier origins."""

    names: list[str]
    ahead: Floats  # (model, origin, series, horizon)
    actual: Floats  # (origin, series, horizon); NaN where not known, masked or beyond the end
    noise: Floats  # (origin, series): mean step between neighbours before the origin
    scale: Floats  # (series,): mean step over a season, which makes an error a MASE

    @property
    def error(self) -> Floats:
        """Misses of every model at earlier origins."""
        return self.actual[None, 1:] - self.ahead[:, 1:]


def cuts(lengths: Ints, clock: Clock, horizon: int) -> Ints:
    """Return how many periods each replay leaves out, fewest first.

    Origins are a horizon apart where there is history for it, nearer where there is not.
    """
    many = ORIGINS[1] if len(lengths) < FEW else ORIGINS[0]
    typical = float(np.median(lengths))
    room = int(typical - max(2 * clock.season + 2, LEAST * typical, 5))
    if room < 1:
        room = int(typical - max(2 * clock.lag + 1, 4))
    if room < 1:
        return np.zeros(0, dtype=np.int64)
    step = int(np.clip(room // many, 1, horizon))
    return step * np.arange(1, min(many, room // step) + 1)


def replay(
    y: Floats, seen: Bools, scored: Bools, first: Ints, floor: Bools, clock: Clock, horizon: int
) -> Replay:
    """Forecast from now and from earlier origins, all in one go.

    ``scored`` says which cells are fit to be compared with a forecast.
    """
    series, width = y.shape
    left_out = np.r_[0, cuts(width - first, clock, horizon)]
    shape = (len(left_out), series)
    part_y, part_seen = np.empty((*shape, width)), np.zeros((*shape, width), dtype=bool)
    begin = np.empty(shape, dtype=np.int64)
    actual = np.full((*shape, horizon), np.nan)
    target = np.where(scored, y, np.nan)
    for k, cut in enumerate(left_out):
        part_y[k] = np.pad(y[:, : width - cut], ((0, 0), (cut, 0)), mode="edge")
        part_seen[k, :, cut:] = seen[:, : width - cut]
        begin[k] = np.minimum(first + cut, width - 1)
        known = target[:, width - cut : width - cut + horizon]
        actual[k, :, : known.shape[1]] = known
    least = np.maximum(max(2 * clock.lag + 1, 4), LEAST * (width - first))
    able = part_seen.sum(axis=2) >= least
    able[0] = True
    flat = Rows(
        part_y.reshape(-1, width), part_seen.reshape(-1, width), begin.ravel(),
        np.tile(floor, len(left_out)),
    )  # fmt: skip
    found = candidates(flat.take(able.ravel()), clock, horizon)
    ahead = np.full((len(found), *shape, horizon), np.nan)
    for m, one in enumerate(found.values()):
        ahead[m][able] = one
    actual[~able] = np.nan
    noise = _steps(part_y, part_seen, clock.lag)
    scale = _steps(y[None], seen[None], clock.lag, share=1.0)[0]
    return Replay(list(found), ahead, actual, np.where(able, noise, np.nan), scale)


def _steps(y: Floats, seen: Bools, lag: int, share: float = 0.5) -> Floats:
    """Return the mean step over ``lag`` periods in the newest share of each row.

    Where gaps leave none, between values that follow each other.
    """
    both = seen[..., lag:] & seen[..., :-lag]
    left = both[..., ::-1].cumsum(axis=-1)[..., ::-1]
    both &= left <= np.maximum(share * left.max(axis=-1, keepdims=True), 30)
    step = np.where(both, np.abs(y[..., lag:] - y[..., :-lag]), 0.0)
    mean = np.asarray(step.sum(axis=-1) / np.maximum(both.sum(axis=-1), 1))
    for at in map(tuple, np.argwhere(~both.any(axis=-1) & (seen.sum(axis=-1) > 1))):
        mean[at] = np.abs(np.diff(y[at][seen[at]])).mean()
    return mean


@dataclass(frozen=True, slots=True)
class Choice:
    """Which models are combined: now (origin 0), and at each origin as the others have it."""

    chosen: Bools  # (model, origin, series)
    naive: Bools  # (series,): no model scores better than seasonal naive

    def median(self, ahead: Floats) -> Floats:
        """Return the median of the chosen models, (origin, series, horizon)."""
        many = self.chosen.any(axis=(1, 2))
        return _median(np.where(self.chosen[many][..., None], ahead[many], np.nan))

    def mean(self, ahead: Floats) -> Floats:
        """Return the mean of the chosen models, (origin, series, horizon)."""
        return _mean(np.where(self.chosen[..., None], ahead, np.nan))


def choose(replayed: Replay, *, squares: bool = False) -> Choice:
    """Choose the models of each series by their replayed misses.

    A model's misses relative to the core's, at the same origins, are averaged over all series,
    and each series leaves that average as far as its own origins allow. The best are combined.
    What is combined at an earlier origin is chosen by the others, so that its miss is honest.
    """
    names = replayed.names
    power = 2 if squares else 1
    known = np.isfinite(replayed.error)
    cells = known.sum(axis=3)
    size = np.where(known, np.abs(replayed.error), 0.0) ** power
    loss = (size.sum(axis=3) / np.maximum(cells, 1)) ** (1 / power)
    share = (cells / replayed.actual.shape[2]).max(axis=0)  # of a whole horizon, by origin
    inside = np.array([core(name) for name in names])
    base = _mean(np.where(cells[inside] > 0, loss[inside], np.nan))  # (origin, series)
    weight = np.where((cells > 0) & (base > 0), share, 0.0)
    above = _others(weight * loss)
    below = _others(weight * np.nan_to_num(base))
    origins = _others(weight)
    fit = (below > 1e-12 * below.max(initial=0.0)) & (origins > 1e-9)
    own = np.where(fit, above / np.where(fit, below, 1.0), 1.0)
    many = fit.sum(axis=2)
    logs = np.where(fit, np.log(np.maximum(own, 1e-3)), 0.0).sum(axis=2)
    unknown = np.where(inside, 1.0, np.inf)[:, None]
    general = np.where(many > 0, np.exp(logs / np.maximum(many, 1)), unknown)[..., None]
    origins = np.where(fit, origins, 0.0)
    shrunk = (origins * own + PRIOR * general) / (origins + PRIOR)
    there = np.isfinite(replayed.ahead).all(axis=3)
    allowed = np.array([not squares or squared(name) for name in names])[:, None, None]
    raw = np.where(there & allowed, shrunk, np.inf)
    judged = raw * np.where(inside, 1.0, MARGIN)[:, None, None]
    chosen = (judged <= NEAR * judged.min(axis=0)) & np.isfinite(judged)
    return Choice(chosen, raw[names.index(SEASONAL), 0] <= raw[:, 0].min(axis=0))


def _others(values: Floats) -> Floats:
    """Return sums over origins: over all, then without each of them."""
    total = values.sum(axis=1, keepdims=True)
    return np.concatenate([total, np.maximum(total - values, 0.0)], axis=1)


def scores(replayed: Replay) -> Floats:
    """Return each model's mean absolute miss over replayed cells, in steps over a season."""
    known = np.isfinite(replayed.error)
    total = np.where(known, np.abs(replayed.error), 0.0).sum(axis=(1, 3))
    many = known.sum(axis=(1, 3))
    fit = (many > 0) & (replayed.scale > 0)
    return np.where(
        fit, total / np.maximum(many, 1) / np.where(fit, replayed.scale, 1.0), np.nan
    )


def closer(
    actual: Floats, ours: Floats, theirs: Floats, *, prior: float = PRIOR, most: float = 1.0
) -> Bools:
    """Say for which series the first of two forecasts misses at most ``most`` times the other.

    All are (origin, series, horizon).

    A series that was replayed seldom is judged by all of them.
    """
    miss, other = np.abs(actual - ours)[1:], np.abs(actual - theirs)[1:]
    both = np.isfinite(miss) & np.isfinite(other)
    above, below = (np.where(both, m, 0.0).sum(axis=(0, 2)) for m in (miss, other))
    told = (above > 0) & (below > 0)
    ratio = np.log(np.where(told, above, 1.0) / np.where(told, below, 1.0))
    origins = np.where(told, both.any(axis=2).sum(axis=0), 0)
    general = ratio[told].mean() if told.any() else 0.0
    drawn = (origins * ratio + prior * general) / np.maximum(origins + prior, 1)
    return np.asarray(drawn <= np.log(most))


def _mean(values: Floats) -> Floats:
    """Return the mean over the first axis of what is known."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _median(values: Floats) -> Floats:
    """Return the median over the first axis of what is known; NaN where nothing is."""
    ordered = np.sort(values, axis=0)  # NaN last
    count = np.isfinite(values).sum(axis=0)
    low, high = (np.maximum(count - 1, 0) // 2), (count // 2).clip(0, len(values) - 1)
    pick = [np.take_along_axis(ordered, at[None], axis=0)[0] for at in (low, high)]
    return np.where(count > 0, (pick[0] + pick[1]) / 2, np.nan)
