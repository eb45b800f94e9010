"""Forecast many series by every model that may be published; none is chosen here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insights.methods.forecasts import levels
from insights.methods.forecasts.clock import Clock
from insights.methods.forecasts.seasons import Adjusted, adjust

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

NAIVE, SEASONAL = "naive", "seasonal naive"
MOVING = 0.8  # what an older cycle counts in a season that moves
CYCLES = (4, 16)  # seasons of which the typical one is taken
LEVEL = (2, 8)  # shortest seasons of which the level is the median
LEVEL_WEEKS = (12, 48)  # the same where no season is shorter than a year
YEARS = 2.5  # years of history from which a season of a year is tried


@dataclass(frozen=True, slots=True)
class Rows:
    """Series as they stood at their origins, filled, all ending in the last column."""

    y: Floats
    seen: Bools  # known, and not masked as an incident
    first: Ints
    floor: Bools  # never negative, so that seasons may be ratios

    @property
    def exists(self) -> Bools:
        """Which cells lie within a series."""
        return np.asarray(np.arange(self.y.shape[1]) >= self.first[:, None])

    @property
    def length(self) -> Ints:
        """Periods of each row."""
        return np.asarray(self.y.shape[1] - self.first)

    def take(self, which: Bools) -> Rows:
        """Return some rows, without columns in which none of them exists."""
        cut = int(self.first[which].min())
        return Rows(
            self.y[which, cut:], self.seen[which, cut:], self.first[which] - cut,
            self.floor[which],
        )  # fmt: skip


def core(name: str) -> bool:
    """Say whether a model is of those that are published where no other is clearly better."""
    return name in (
        "theta",
        "damped trend",
        "theta, added season",
        "damped trend, added season",
    )


def squared(name: str) -> bool:
    """Say whether a model aims at the mean, so that its forecasts add up."""
    return name.startswith(("theta", "damped trend", "mean season"))


def candidates(rows: Rows, clock: Clock, horizon: int) -> dict[str, Floats]:
    """Return (rows, horizon) forecasts by name; NaN where a model needs more history."""
    sizes = tuple(size for size in clock.cycles if size <= rows.y.shape[1])
    out = {NAIVE: np.repeat(rows.y[:, -1:], horizon, axis=1)}
    out[SEASONAL] = _last(rows, sizes[-1] if sizes else clock.year or 1, horizon)
    if sizes:
        _typical(out, rows, sizes[-1], horizon)
    _trends(out, _ways(rows, sizes, clock, horizon), rows, clock, horizon)
    floor = rows.floor[:, None]
    return {name: np.where(floor, np.maximum(f, 0.0), f) for name, f in out.items()}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to take the seasons out of some rows."""

    tag: str
    which: Ints
    base: Adjusted
    reverts: bool


def _ways(rows: Rows, sizes: tuple[int, ...], clock: Clock, horizon: int) -> list[Way]:
    """Take the seasons out as ratios, as differences, as they move, and with a year's."""

    def way(tag: str, *, ratio: bool = True, decay: float = 1.0, year: int = 0) -> Way:
        which = np.flatnonzero(rows.length >= YEARS * year)
        by_ratio = rows.floor[which] & ratio
        base = adjust(
            rows.y[which], rows.seen[which], rows.exists[which], sizes, horizon, by_ratio,
            decay=decay, year=year,
        )  # fmt: skip
        return Way(tag, which, base, not year and decay == 1.0)

    ways = [way("")]
    if sizes:
        ways += [way(", added season", ratio=False), way(", moving season", decay=MOVING)]
    if clock.year and (rows.length >= YEARS * clock.year).any():
        ways.append(way(", yearly season", year=clock.year))
    return ways


def _trends(
    out: dict[str, Floats], ways: list[Way], rows: Rows, clock: Clock, horizon: int
) -> None:
    """Carry level and trend ahead, all ways in one go, and put the seasons back."""
    which = np.concatenate([way.which for way in ways])
    z = np.concatenate([way.base.z for way in ways])
    factor = np.concatenate([way.base.factor for way in ways])
    seen, first = rows.seen[which], rows.first[which]
    ahead = {
        "damped trend": levels.damped(z, seen, first, horizon),
        "theta": levels.theta(z, seen, first, horizon),
        "robust trend": levels.robust(z, factor, seen, first, horizon),
    }
    lengths = [k * clock.lag for k in LEVEL] if clock.cycles else LEVEL_WEEKS
    for name, length in zip(("short level", "long level"), lengths, strict=True):
        ahead[name] = levels.revert(z, seen, length, horizon)
    for name, found in ahead.items():
        at = 0
        for way in ways:
            part, at = found[at : at + len(way.which)], at + len(way.which)
            if way.reverts or not name.endswith("level"):
                out[name + way.tag] = np.full((len(rows.y), horizon), np.nan)
                out[name + way.tag][way.which] = way.base.back(part)


def _typical(out: dict[str, Floats], rows: Rows, size: int, horizon: int) -> None:
    """Add the middle and the mean of the last few seasons, slot by slot."""
    slots = np.arange(horizon) % size
    known = np.where(rows.seen, rows.y, np.nan)
    for most in CYCLES:
        cycles = min(most, rows.y.shape[1] // size)
        recent = known[:, -cycles * size :].reshape(-1, cycles, size)
        lacking = ~np.isfinite(recent).any(axis=1, keepdims=True)
        recent = np.where(lacking, rows.y[:, -size:][:, None], recent)
        out[f"typical season of {most}"] = np.nanmedian(recent, axis=1)[:, slots]
    out[f"mean season of {most}"] = np.nanmean(recent, axis=1)[:, slots]


def _last(rows: Rows, size: int, horizon: int) -> Floats:
    """Repeat the last season, or the last value where there is none."""
    width = rows.y.shape[1]
    if size >= width:
        return np.repeat(rows.y[:, -1:], horizon, axis=1)
    found = rows.y[:, width - size + np.arange(horizon) % size]
    return np.where((rows.length > size)[:, None], found, rows.y[:, -1:])
