"""Say what each series usually does in each period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insights.methods.signals import noise
from insights.methods.signals.panel import Panel

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

LEAST = 6  # usable earlier periods without which there are no limits
DAYS = 4  # of each weekday, without which its pattern is not taken out
NO_PATTERN = f"weekdays are not told apart; that needs {DAYS} of each"


@dataclass(frozen=True, slots=True)
class Usual:
    """What each series usually does in each period."""

    centre: Floats  # what follows the last value
    scale: Floats  # one standard unit of noise, in units of the value
    reach: Floats  # half the width of the limits before they are cut at floor and ceiling
    lower: Floats
    upper: Floats
    drawn: Bools  # limits exist and the period is of the regime shown
    noise: noise.Noise
    n: Floats  # periods in the baseline
    constant: Bools
    note: list[str]


def usual(data: Panel) -> Usual:
    """Estimate centre and limits of every series in every period of the regime shown."""
    base, n = data.base, data.base.sum(axis=1).astype(float)
    rate = data.rate[:, None]
    factor, offset, fitted, seasonal = _weekdays(data, base, n)
    factor, offset, line = _drift(data, base, factor, offset)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(base, (data.value - offset) / factor, 0.0).sum(axis=1) / n
        share = (
            np.where(base, data.events, 0.0).sum(axis=1)
            / np.where(base, data.exposure, 0.0).sum(axis=1)
        )  # fmt: skip
        middle = np.where(data.rate, share, level)[:, None]
        mean = np.where(rate, np.clip(middle + offset, 0.0, 1.0), middle * factor + offset)
        binomial = np.sqrt(np.maximum(mean * (1 - mean), 1e-300) / data.exposure)
        scale = np.where(rate, binomial, factor)
        away = (data.value - mean) / scale
        swing = np.where(base, np.abs(data.value - mean), 0.0).max(axis=1)
        constant = swing <= 1e-9 * np.maximum(np.abs(middle[:, 0]), 1e-300)
        least = np.where(data.rate, 1.0, 0.0)
        estimated = noise.estimate(
            away, data.known, base, fitted=fitted, least=least, line=line
        )
        centre = mean + estimated.lean * scale
        centre = np.where(rate, np.clip(centre, 0.0, 1.0), centre)
        reach = estimated.reach * scale
    long = (n >= LEAST)[:, None]
    edge = ~constant[:, None] & long
    lower = np.where(edge, np.fmax(centre - reach, data.floor[:, None]), np.nan)
    upper = np.where(edge, np.fmin(centre + reach, data.ceiling[:, None]), np.nan)
    wanting = data.seasonal & ~seasonal & (n >= LEAST)
    note = [NO_PATTERN if lacking else "" for lacking in wanting]
    return Usual(
        np.where(long, centre, np.nan), scale, reach, lower, upper,
        data.member & long, estimated, n, constant, note,
    )  # fmt: skip


def _drift(
    data: Panel, base: Bools, factor: Floats, offset: Floats
) -> tuple[Floats, Floats, noise.Line]:
    """Put a steady drift into factors and offsets; what cannot be below 0 grows by a ratio."""
    positive = np.where(base, data.value, 1.0).min(axis=1) > 0
    ratio = (~data.rate & (data.floor == 0) & positive)[:, None]
    flat = (data.value - offset) / factor
    logs = np.log(np.where(ratio & base, flat, 1.0))
    line = noise.drift(np.where(ratio, logs, flat), base)
    weight = np.where(base, np.where(data.rate[:, None], data.exposure, 1.0), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weight * line.rise).sum(axis=1) / weight.sum(axis=1)
    rise = np.where(line.clear[:, None], line.rise - mean[:, None], 0.0)
    grown = np.where(ratio, factor * np.exp(np.where(ratio, rise, 0.0)), factor)
    return grown, np.where(ratio, offset, offset + rise * factor), line


def _weekdays(data: Panel, base: Bools, n: Floats) -> tuple[Floats, Floats, Floats, Bools]:
    """Return factors and offsets by period, how many were fitted, and for which series."""
    size, series = data.value.shape, len(data.names)
    factor, offset = np.ones(size), np.zeros(size)
    fitted, told = np.zeros(series), np.zeros(series, dtype=bool)
    if not data.seasonal:
        return factor, offset, fitted, told
    count = np.stack([base[:, data.weekday == day].sum(axis=1) for day in range(7)], axis=1)
    told = ((count == 0) | (count >= DAYS)).all(axis=1) & (count[:, 0] > 0)
    fitted = np.where(told, (count > 0).sum(axis=1) - 1.0, 0.0)
    for row in np.flatnonzero(told):
        days, value = data.weekday[base[row]], data.value[row, base[row]]
        present = np.unique(days)
        ratio = not data.rate[row] and bool((value > 0).all())
        if data.rate[row]:
            share = [
                data.events[row, base[row]][days == d].sum()
                / data.exposure[row, base[row]][days == d].sum()
                for d in present
            ]
            effect = np.array(share) - data.events[row, base[row]].sum() / (
                data.exposure[row, base[row]].sum()
            )
        elif ratio:
            effect = np.array([np.median(value[days == d] / value.mean()) for d in present])
            effect = effect / effect.mean()
        else:
            effect = np.array([np.median(value[days == d]) for d in present])
            effect = effect - effect.mean()
        (factor if ratio else offset)[row] = _spread(effect, present, data.weekday, ratio)
    return factor, offset, fitted, told


def _spread(effect: Floats, present: Ints, weekday: Ints, ratio: bool) -> Floats:
    """Give every period its weekday's effect; a weekday never seen has none."""
    by_day = np.full(7, 1.0 if ratio else 0.0)
    by_day[present] = effect
    return np.asarray(by_day[weekday])
