"""Take seasons out of many series at once, and put them back.

Rows are series, or series as they were at an earlier origin; all end in the last column. A slot
is a place in a season counted from there: slot 0 is the first period after the last column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TUNE = 2.0  # standard deviations of the noise beyond which a value loses weight in an index
ROUNDS = 4  # reweightings
LEAST_INDEX = 0.02  # a ratio to the level is never below


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Series without their seasons: y = factor * z + offset, in the past and ahead."""

    z: Floats
    factor: Floats
    factor_ahead: Floats
    offset_ahead: Floats

    def back(self, ahead: Floats) -> Floats:
        """Put the seasons back on forecasts of z."""
        return self.factor_ahead * ahead + self.offset_ahead


def fill(y: Floats, exists: Bools, size: int) -> Floats:
    """Fill what is not known from the same slot of neighbouring cycles, then from neighbours.

    Left of a series stands its first value.
    """
    rows, width = y.shape
    if size > 1:
        cycles = -(-width // size)
        wide = np.pad(y, ((0, 0), (cycles * size - width, 0)), constant_values=np.nan)
        slots = wide.reshape(rows, cycles, size).swapaxes(1, 2).reshape(-1, cycles)
        y_slots = np.full_like(slots, np.nan)
        some = np.isfinite(slots).any(axis=1)
        y_slots[some] = between(slots[some])
        whole = y_slots.reshape(rows, size, cycles).swapaxes(1, 2).reshape(rows, -1)
        y = np.where(np.isfinite(y) | ~exists, y, whole[:, -width:])
    return between(np.where(exists, y, np.nan))


def between(y: Floats) -> Floats:
    """Draw straight lines across what is not known and level ones at the ends."""
    width = y.shape[1]
    known, at = np.isfinite(y), np.arange(width)
    before = np.maximum.accumulate(np.where(known, at, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, at, width)[:, ::-1], axis=1)[:, ::-1]
    left = np.take_along_axis(y, np.where(before < 0, after, before).clip(0, width - 1), 1)
    right = np.take_along_axis(y, np.where(after >= width, before, after).clip(0), 1)
    span = np.where((before >= 0) & (after < width), after - before, 0)
    share = np.where(span > 0, (at - before) / np.maximum(span, 1), 0.0)
    return np.asarray(left + (right - left) * share)


def average(y: Floats, exists: Bools, size: int) -> tuple[Floats, Bools]:
    """Return the centred moving average over one season, and where it is whole.

    Beyond the places where it is whole it stays level; without any it is the mean.
    """
    width = y.shape[1]
    half = size // 2
    weight = np.ones(2 * half + 1) / size
    if size % 2 == 0:
        weight[[0, -1]] /= 2

    def rolled(values: Floats) -> Floats:
        total = np.cumsum(np.pad(values, ((0, 0), (half + 1, half))), axis=1)
        moving = (total[:, 2 * half + 1 :] - total[:, : -(2 * half + 1)]) / size
        if size % 2 == 0:
            wide = np.pad(values, ((0, 0), (half, half)))
            moving -= (wide[:, :width] + wide[:, 2 * half :]) / (2 * size)
        return moving

    inside = exists.astype(float)
    whole = np.asarray(rolled(inside) > 1 - 1e-9)
    trend = rolled(np.where(exists, y, 0.0))
    first, last = whole.argmax(axis=1), width - 1 - whole[:, ::-1].argmax(axis=1)
    at = np.clip(np.arange(width), first[:, None], last[:, None])
    mean = np.where(exists, y, 0.0).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    trend = np.take_along_axis(trend, at, axis=1)
    some = whole.any(axis=1, keepdims=True)
    return np.where(some, trend, mean[:, None]), whole


def index(
    y: Floats, seen: Bools, exists: Bools, size: int, ratio: Bools, *, decay: float, year: bool
) -> tuple[Floats, Floats]:
    """Return each row's season by slot and the share of it that is believed.

    Ratio of sums to a moving average (mean difference where ``ratio`` is False), reweighted as
    Huber does, older cycles discounted by ``decay``; then shrunk to none by the noise it may
    consist of, which takes the place of a test for a season. A season of a year is taken from
    where the average is whole, and smoothed where a year has more than 100 slots.
    """
    trend, whole = average(y, exists, size)
    use = seen & exists
    if year:
        use = np.where(((use & whole).sum(axis=1) >= size)[:, None], use & whole, use)
    mean = np.where(use, np.abs(y), 0.0).sum(axis=1) / np.maximum(use.sum(axis=1), 1)
    mean = np.maximum(mean, 1e-100)
    by_ratio = ratio[:, None]
    known = _cycles(use.astype(float), size)
    base = _cycles(np.where(use, np.where(by_ratio, trend, mean[:, None]), 0.0), size)
    value = _cycles(np.where(use, np.where(by_ratio, y, y - trend), 0.0), size)
    neutral = np.where(ratio, 1.0, 0.0)[:, None]
    found, weight = _huber(value, base, known, neutral, decay)
    gain = 1.0
    if year and size > 100:
        found, gain = _smooth(found, size)
    middle = found.mean(axis=1, keepdims=True)
    found = np.where(by_ratio, found / np.maximum(middle, 1e-9), found - middle)
    doubt = _doubt(value - base * found[:, None], base, known, weight, gain)
    swing = ((found - neutral) ** 2).sum(axis=1) / (size - 1)
    trust = np.clip(1 - doubt / np.maximum(swing, 1e-18), 0, 1)
    trust = np.where(exists.sum(axis=1) >= 2 * size, trust, 0.0)
    shrunk = neutral + (found - neutral) * trust[:, None]
    shrunk = np.where(by_ratio, np.maximum(shrunk, LEAST_INDEX), shrunk * mean[:, None])
    return shrunk, trust


def _cycles(values: Floats, size: int) -> Floats:
    """Return values as (row, cycle, slot), the newest cycle last."""
    rows, width = values.shape
    cycles = -(-width // size)
    wide = np.pad(values, ((0, 0), (cycles * size - width, 0)))
    return wide.reshape(rows, cycles, size)


def _huber(
    value: Floats, base: Floats, known: Floats, neutral: Floats, decay: float
) -> tuple[Floats, Floats]:
    """Return sum over sum by slot, reweighted as Huber does, and the last weights."""
    age = known * decay ** np.arange(known.shape[1])[::-1][:, None]
    weight = age
    for _ in range(ROUNDS):
        below = (weight * base).sum(axis=1)
        found = np.where(
            below > 0, (weight * value).sum(axis=1) / np.where(below > 0, below, 1), neutral
        )
        size = np.abs(value - base * found[:, None]) * known
        size = np.where(base > 0, size / np.where(base > 0, base, 1.0), 0.0)
        weight = age * np.minimum(1, TUNE * _typical(size, known) / np.maximum(size, 1e-12))
    return found, weight


def _doubt(noise: Floats, base: Floats, known: Floats, weight: Floats, gain: float) -> Floats:
    """Return the variance that noise alone gives an index, relative to the level."""
    count, total = known.sum(axis=(1, 2)), np.maximum(weight.sum(axis=(1, 2)), 1e-9)
    height = (weight * base).sum(axis=(1, 2)) / total
    variance = (weight * (noise * known) ** 2).sum(axis=(1, 2)) / total
    variance /= np.where(height > 0, height, 1.0) ** 2
    variance *= count / np.maximum(count - known.shape[2] / max(gain, 1.0), 1)
    often = weight.sum(axis=1) ** 2 / np.maximum((weight**2).sum(axis=1), 1e-12)
    return np.asarray(variance * (1 / np.maximum(often, 0.5)).mean(axis=1) / gain)


def _typical(size_of: Floats, known: Floats) -> Floats:
    """Return each row's usual size of the noise: by its median, at least 1/4 of its mean."""
    flat = np.where(known > 0, size_of, np.nan).reshape(len(size_of), -1)
    empty = ~np.isfinite(flat).any(axis=1)
    flat[empty] = 0.0
    median, mean = np.nanmedian(flat, axis=1), np.nanmean(flat, axis=1)
    usual = np.maximum(1.4826 * median, 0.25 * 1.2533 * mean)
    return np.asarray(usual[:, None, None] + 1e-12)


def _smooth(found: Floats, size: int) -> tuple[Floats, float]:
    """Smooth a season of a year over neighbouring slots; return what that gains in values."""
    spread = size / 36.5  # ten days
    away = np.minimum(np.arange(size), size - np.arange(size))
    kernel = np.exp(-0.5 * (away / spread) ** 2)
    kernel /= kernel.sum()
    smooth = np.fft.irfft(np.fft.rfft(found, axis=1) * np.fft.rfft(kernel), size, axis=1)
    return smooth, float(1 / (kernel**2).sum())


def adjust(
    y: Floats, seen: Bools, exists: Bools, sizes: tuple[int, ...], horizon: int, ratio: Bools,
    *, decay: float = 1.0, year: int = 0,
) -> Adjusted:  # fmt: skip
    """Take the seasons out, the shortest first; a year of ``year`` periods last."""
    rows, width = y.shape
    factor, offset = np.ones((rows, width + horizon)), np.zeros((rows, width + horizon))
    z = y
    for size in (*sizes, *((year,) if year else ())):
        annual = size == year
        found, _ = index(
            z, seen, exists, size, ratio, decay=1.0 if annual else decay, year=annual
        )
        places = (np.arange(width + horizon) - width) % size
        season = found[:, places]
        factor = np.where(ratio[:, None], factor * season, factor)
        offset = np.where(ratio[:, None], offset, offset + season)
        z = (y - offset[:, :width]) / factor[:, :width]
    return Adjusted(z, factor[:, :width], factor[:, width:], offset[:, width:])
