"""Least squares on each side of a change, and how far each case moves every part of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

Floats = npt.NDArray[np.float64]
Parts = dict[str, tuple[Floats, Floats]]  # by name: value by driver; push, case by driver


@dataclass(frozen=True, slots=True)
class Slopes:
    """Slopes, the level last, and how far each case moves them: their errors are its sums."""

    value: Floats
    push: Floats  # case by slope

    def __add__(self, other: Slopes) -> Slopes:
        """Return the sum of two sets of slopes of the same cases."""
        return Slopes(self.value + other.value, self.push + other.push)

    def __mul__(self, weight: float) -> Slopes:
        """Return slopes times a number."""
        return Slopes(self.value * weight, self.push * weight)


@dataclass(frozen=True, slots=True)
class Cases:
    """What was seen on both sides: cases before, then cases after."""

    x: Floats  # case by driver; a last column of 1
    y: Floats
    after: npt.NDArray[np.bool_]

    def mean(self, *, after: bool) -> tuple[Floats, Floats]:
        """Return the mean of the drivers on a side, and how far each case moves it."""
        own = self.after == after
        mean = self.x[own].mean(axis=0)
        return mean, self._spread(own[:, None] * (self.x - mean), own)

    def outcome(self, *, after: bool) -> tuple[Floats, Floats]:
        """Return the mean outcome of a side, and how far each case moves it."""
        own = self.after == after
        mean = self.y[own].mean(keepdims=True)
        return mean, self._spread((own * (self.y - mean))[:, None], own)

    def slopes(self, *, after: bool) -> Slopes:
        """Return the slopes of a side."""
        own = self.after == after
        found = least_squares(self.x[own], self.y[own])
        push = np.zeros_like(self.x)
        push[own] = found.push
        return Slopes(found.value, push)

    def pooled(self, *, levels: bool) -> Slopes:
        """Return the slopes over all cases, with a level for each side or one for both."""
        x = np.column_stack([self.x, self.after]) if levels else self.x
        found = least_squares(x, self.y)
        size = self.x.shape[1]
        return Slopes(found.value[:size], found.push[:, :size])

    def _spread(self, apart: Floats, own: npt.NDArray[np.bool_]) -> Floats:
        """Return deviations as pushes of a mean."""
        count = int(own.sum())
        return np.asarray(apart / count * np.sqrt(count / (count - 1)))


def least_squares(x: Floats, y: Floats) -> Slopes:
    """Return the slopes that fit best; pushes are those of White's HC1."""
    q, r = linalg.qr(x, mode="economic")
    count, size = x.shape
    inverse = linalg.solve_triangular(r, np.eye(size))
    value = inverse @ (q.T @ y)
    push = (q @ inverse.T) * (y - x @ value)[:, None]
    return Slopes(value, push * np.sqrt(count / (count - size)))


def tied(x: Floats) -> tuple[list[int], list[int]]:
    """Return the columns that do not vary, and those that the ones before already tell."""
    apart = x - x.mean(axis=0)
    size = np.abs(apart).max(axis=0)
    still = size <= 1e-9 * np.abs(x).max(axis=0)
    kept: list[int] = []
    told: list[int] = []
    for at in np.flatnonzero(~still).tolist():
        left = apart[:, at] / size[at]
        q = linalg.qr(apart[:, kept] / size[kept], mode="economic")[0] if kept else None
        if q is not None and np.sqrt(((left - q @ (q.T @ left)) ** 2).mean()) < 1e-7:
            told.append(at)
        else:
            kept.append(at)
    return np.flatnonzero(still).tolist(), told


def parts(cases: Cases, reference: float | str) -> Parts:
    """Return every part of the change by driver, and of the change itself."""
    old, new = cases.slopes(after=False), cases.slopes(after=True)
    if isinstance(reference, str):
        at = cases.pooled(levels=reference == "pooled with levels")
    else:
        at = new * reference + old * (1 - reference)
    (first, moves_first), (last, moves_last) = (
        cases.mean(after=side) for side in (False, True)
    )
    step = (last - first, moves_last - moves_first)
    more = new + old * -1.0
    outcome = [cases.outcome(after=side) for side in (False, True)]
    return {
        "mix": _product(step, at),
        "rate": _sum(
            _product((last, moves_last), new + at * -1.0),
            _product((first, moves_first), at + old * -1.0),
        ),
        "endowments": _product(step, old),
        "coefficients": _product((first, moves_first), more),
        "interaction": _product(step, more),
        "change": (outcome[1][0] - outcome[0][0], outcome[1][1] - outcome[0][1]),
    }


def _product(mean: tuple[Floats, Floats], slopes: Slopes) -> tuple[Floats, Floats]:
    """Return means times slopes, and how far each case moves that."""
    value, push = mean
    return value * slopes.value, push * slopes.value + value * slopes.push


def _sum(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Return the sum of two parts."""
    return one[0] + other[0], one[1] + other[1]
