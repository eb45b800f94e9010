"""Fit a line that bends once, and say by simulation whether and where it does; arrays only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from insights.methods.drivers.reading import Bools, Floats
from insights.methods.drivers.shares import blocks

GRID = 100  # places where the line may bend
EDGE, SIDE = 0.05, 10  # share of rows, and rows, that stay on either side of a bend
FLAT = 1e-6  # a hinge that is less than this beside the line is the line

Range = tuple[float, float, float]  # estimate, lower, upper


@dataclass(frozen=True, slots=True, eq=False)
class Kink:
    """One bend: where, and how steep before and after; slopes by one more of x."""

    place: Range
    before: Range
    after: Range
    line: Range  # slope without a bend
    p_bend: float  # how often a straight line would look so bent
    p_any: float  # how often no relation would look so much like one
    height: float  # fitted y at the bend
    middle: tuple[float, float]  # means of x and y, on the line without a bend


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """Unit vectors that a bent line is made of: level, slope, and what each hinge adds."""

    level: Floats
    slope: Floats
    length: float  # of the slope's column
    hinge: Floats  # rows by places
    size: Floats  # of each hinge's own part
    lean: Floats  # how much of each hinge is a slope
    where: Floats

    def slopes(self, b: Floats, gain: Floats) -> tuple[Floats, Floats]:
        """Return slopes before and after the best place of each row of gains."""
        best = (gain**2).argmax(axis=1)
        more = np.take_along_axis(gain, best[:, None], axis=1)[:, 0] / self.size[best]
        before = (b - more * self.lean[best]) / self.length
        return before, before + more


def kink(
    x: Floats, y: Floats, weight: Floats, *, level: float, draws: int, rng: np.random.Generator
) -> Kink:
    """Fit y = a + b x + d max(x - bend, 0) by weighted least squares over a grid of bends.

    Every test compares the sample with samples in which the residuals of the model under test
    change their signs at random (wild bootstrap), so that errors may differ from row to row.
    """
    frame, root = _frame(x, weight), np.sqrt(weight)
    flat = root * y
    flat = flat - frame.level * (frame.level @ flat)
    b = float(frame.slope @ flat)
    straight = flat - frame.slope * b
    gain = frame.hinge.T @ straight
    best = int((gain**2).argmax())
    bent = straight - frame.hinge[:, best] * gain[best]
    kept = [np.ones(len(x)) - frame.level**2]  # 1 - leverage, of each model
    kept += [kept[0] - frame.slope**2]
    kept += [kept[1] - frame.hinge[:, best] ** 2]
    residuals = [r / k for r, k in zip((flat, straight, bent), kept, strict=True)]
    none, one, two = _signed(frame, residuals, draws, rng)
    expected = gain[best] * (frame.hinge.T @ frame.hinge[:, best])
    drawn = expected + two[:, 1:]
    lost = (drawn**2).max(axis=1) - drawn[:, best] ** 2
    inside = frame.where[gain[best] ** 2 - gain**2 <= np.quantile(lost, level)]
    own, many = frame.slopes(np.array([b]), gain[None]), frame.slopes(b + two[:, 0], drawn)
    middle = (float(weight @ x / weight.sum()), float(weight @ y / weight.sum()))
    return Kink(
        place=(float(frame.where[best]), float(inside.min()), float(inside.max())),
        before=_range(own[0][0], many[0], level),
        after=_range(own[1][0], many[1], level),
        line=_range(b / frame.length, (b + one[:, 0]) / frame.length, level),
        p_bend=_p((gain**2).max(), (one[:, 1:] ** 2).max(axis=1)),
        p_any=_p(b**2 + (gain**2).max(), none[:, 0] ** 2 + (none[:, 1:] ** 2).max(axis=1)),
        height=_height(x, weight, middle, frame.where[best], (own[0][0], own[1][0])),
        middle=middle,
    )


def places(x: Floats) -> Floats:
    """Return values where the line may bend: rows stay on either side."""
    values = np.sort(x)
    edge = max(int(EDGE * len(x)), SIDE)
    inner: Floats = values[edge:-edge]
    inner = inner[(inner > values[0]) & (inner < values[-1])]
    if not len(inner):
        return inner
    return np.asarray(
        np.unique(np.quantile(inner, np.linspace(0, 1, GRID), method="inverted_cdf"))
    )


def _frame(x: Floats, weight: Floats) -> _Frame:
    """Return the unit vectors of all bent lines, rows scaled by the root of their weight."""
    root, where = np.sqrt(weight), places(x)
    level = root / np.linalg.norm(root)
    slope = root * x - level * (level @ (root * x))
    length = float(np.linalg.norm(slope))
    slope = slope / length
    hinge = root[:, None] * np.maximum(x[:, None] - where, 0.0)
    lean = slope @ hinge
    hinge = hinge - np.outer(level, level @ hinge) - np.outer(slope, lean)
    size = np.linalg.norm(hinge, axis=0)
    bends: Bools = size > FLAT * length
    return _Frame(
        level, slope, length, hinge[:, bends] / size[bends], size[bends], lean[bends],
        where[bends],
    )  # fmt: skip


def _signed(
    frame: _Frame, residuals: list[Floats], draws: int, rng: np.random.Generator
) -> list[Floats]:
    """Return what slope and hinges find in each set of residuals with random signs."""
    basis = np.column_stack([frame.slope, frame.hinge])
    found = [np.zeros((draws, basis.shape[1])) for _ in residuals]
    for at in blocks(len(basis)):
        signs = 2.0 * rng.integers(0, 2, (draws, at.stop - at.start), dtype=np.int8) - 1
        for total, residual in zip(found, residuals, strict=True):
            total += signs @ (basis[at] * residual[at, None])
    return found


def _range(estimate: float, drawn: Floats, level: float) -> Range:
    """Return an estimate with the percentiles of it in simulated samples."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(estimate), float(min(low, estimate)), float(max(high, estimate))


def _p(seen: float, drawn: Floats) -> float:
    """Return how often a simulated sample shows as much; never nought."""
    return float((1 + (drawn >= seen).sum()) / (1 + len(drawn)))


def _height(
    x: Floats,
    weight: Floats,
    middle: tuple[float, float],
    bend: float,
    slopes: tuple[float, float],
) -> float:
    """Return the fitted y at the bend: the bent line runs through the mean of y."""
    away = weight / weight.sum()
    below, above = away @ np.minimum(x - bend, 0.0), away @ np.maximum(x - bend, 0.0)
    return float(middle[1] - slopes[0] * below - slopes[1] * above)
