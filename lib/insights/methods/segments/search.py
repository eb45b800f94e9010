"""Find the few combinations that, each with a move of its own, explain the leaves best."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import log

import numpy as np
import numpy.typing as npt

from insights.methods.segments.lattice import Lattice
from insights.methods.segments.leaves import ratio, sums
from insights.methods.segments.moves import Law, Moves, scatter, surprise

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

MOST = 0.8  # of what is left a segment may hold, so that there is a rest to judge it against


@dataclass(frozen=True, slots=True)
class Fit:
    """Segments taken out, each with a move of its own, and what every cell says beyond them."""

    picks: list[int]
    group: Ints  # of each leaf: 0 the rest, then the picks in order
    shift: Floats  # of each group
    own: Moves  # of leaves, against the shift of their group
    rest: Moves  # of leaves, against the shift of the rest
    variance: float  # of leaves' moves, beyond counting noise
    score: Floats  # of each cell, weighted
    information: Floats
    third: Floats


@dataclass(frozen=True)
class Scan:
    """One search: leaves, cells and what naming a cell costs."""

    law: Law
    lattice: Lattice
    alpha: float
    known: dict[int, tuple[Bools, Bools]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many leaves there are."""
        return len(self.law.weight)

    @property
    def cost(self) -> Floats:
        """The gain in log likelihood that a cell must bring, about a p-value of alpha."""
        return self.lattice.cost - log(5 * self.alpha)

    def cell(self, cell: int) -> tuple[Bools, Bools]:
        """Return the leaves of a cell, and the cells that hold any of them."""
        if cell not in self.known:
            leaves = self.lattice.leaves(cell)
            self.known[cell] = leaves, self.lattice.touching(leaves)
        return self.known[cell]

    def fit(self, picks: list[int], start: Fit | None, *, fixed: bool = False) -> Fit:
        """Estimate the move of every pick and of the rest, and the scatter unless ``fixed``."""
        group = np.zeros(self.count, dtype=np.int64)
        for place, cell in enumerate(picks, 1):
            group[self.cell(cell)[0]] = place
        variance = start.variance if start else 0.0
        shift = np.full(len(picks) + 1, start.shift[0] if start else 0.0)
        for _ in range(1 if start else 2):
            shift = self._shift(group, shift, variance)
            own = self.law.bent(shift[group], variance)
            if not fixed:
                variance = scatter(own, self.law.weight, group, variance)
        rest = own if not picks else self.law.bent(np.full(self.count, shift[0]), variance)
        f = 1 + rest.information * variance
        return Fit(
            picks,
            group,
            shift,
            own,
            rest,
            variance,
            self.lattice.sums(rest.score / f),
            self.lattice.sums(rest.information / f),
            self.lattice.sums(rest.lean(variance)),
        )

    def _shift(self, group: Ints, shift: Floats, variance: float) -> Floats:
        """Return the move that each group shares, by Newton's steps."""
        for _ in range(3):
            found = self.law.bent(shift[group], variance)
            weight = 1 / (1 + found.information * variance)
            inside = sums(group, found.information * weight)
            step = ratio(sums(group, found.score * weight), inside)
            most = np.inf if self.law.law == "mean" else 1.5
            shift = shift + np.clip(step, -most, most)
            if np.abs(step).max() < 1e-3:
                break
        return shift

    def gains(self, fit: Fit, others: list[int]) -> Floats:
        """Return what every cell gains, net of its cost, once ``others`` are taken out."""
        score = fit.score[self.lattice.all].sum() - fit.score[others].sum()
        information = fit.information[self.lattice.all].sum() - fit.information[others].sum()
        usable = self.lattice.usable.copy()
        for cell in others:
            usable &= ~self.cell(cell)[1]
        v = fit.information
        usable &= (v > 0) & (v <= MOST * information)
        v = np.where(usable, v, 1.0)
        if not usable.any():
            return np.full(len(v), -np.inf)
        other = np.where(usable, information - v, 1.0)
        z = (fit.score - v * score / information) * np.sqrt(1 / v + 1 / other)
        gain = surprise(z, fit.third / v**1.5) - self.cost
        return np.where(usable, gain, -np.inf)


def best(fit: Fit, gains: Floats, but: int = -1) -> tuple[int, float]:
    """Return the cell that gains most, the smaller of two that gain alike, and its gain."""
    gains = gains.copy()
    if but >= 0:
        gains[but] = -np.inf
    near = np.flatnonzero(gains >= gains.max() - 1e-7)
    cell = int(near[np.argmin(fit.information[near])])
    return cell, float(gains[cell])


def search(scan: Scan, plain: Fit, most: int) -> Fit:
    """Return the best set of at most ``most`` segments, before any is tested."""
    found = improve(scan, _fill(scan, plain, most), most)
    few = min(most, max(scan.count // 8, 1))  # moves that pass for scatter must leave a rest
    if found.variance > 0:
        bare = scan.fit([], replace(plain, variance=0.0), fixed=True)
        other = _fill(scan, bare, few, fixed=True)
        if sorted(other.picks) != sorted(found.picks):
            other = improve(scan, scan.fit(other.picks, other), most)
            found = max(found, other, key=lambda fit: _fitness(scan, fit, plain.rest))
    return found


def _fill(scan: Scan, fit: Fit, most: int, *, fixed: bool = False) -> Fit:
    """Add the best cell while it gains."""
    while len(fit.picks) < most:
        cell, gain = best(fit, scan.gains(fit, fit.picks))
        if not gain > 0:
            break
        picks = [*fit.picks, cell]
        grown = scan.fit(picks, fit, fixed=fixed)
        if fixed and (grown.group == 0).sum() < scan.count / 2:
            break
        fit = grown
    return fit


def improve(scan: Scan, fit: Fit, most: int) -> Fit:
    """Exchange, split, drop and add segments while that explains more."""
    for _ in range(8):
        picks = _exchange(scan, fit, most)
        if picks == fit.picks:
            grown = _fill(scan, fit, most)
            if grown.picks == fit.picks:
                break
            fit = grown
        else:
            fit = scan.fit(picks, fit)
    return fit


def _exchange(scan: Scan, fit: Fit, most: int) -> list[int]:
    """Return the picks after trying another cell, none, or two cells in the place of each."""
    picks = list(fit.picks)
    for old in fit.picks:
        at = picks.index(old)
        others = picks[:at] + picks[at + 1 :]
        gains = scan.gains(fit, others)
        cell, gain = best(fit, gains)
        if max(gain, gains[old]) <= 0:
            picks = others
        elif gain > gains[old] + 1e-6:
            picks[at] = cell
        elif len(picks) < most:
            pair = _pair(scan, fit, others, old, gains)
            if pair:
                picks = others + pair
    return picks


def _pair(scan: Scan, fit: Fit, others: list[int], old: int, alone: Floats) -> list[int]:
    """Return two cells that together gain more than the one they replace, or none."""
    first, gain = best(fit, alone, old)
    if not gain > 0:
        return []
    second, gain = best(fit, scan.gains(fit, [*others, first]), old)
    if not gain > 0:
        return []
    first, gain = best(fit, scan.gains(fit, [*others, second]), old)
    return [first, second] if gain + alone[second] > alone[old] + 1e-6 else []


def _fitness(scan: Scan, fit: Fit, moves: Moves) -> float:
    """Return how well a fit explains the leaves, net of the cost of its segments."""
    u, v, weight = moves.score, moves.information, scan.law.weight
    known = v > 0
    u, v, weight, group = u[known], v[known], weight[known], fit.group[known]
    f = 1 + v * fit.variance
    total = sums(group, v / f)
    between = ratio(sums(group, u / f) ** 2, total)
    inside = weight * (np.log(f) + u * u / (v * f) - u * u / v)
    return float(0.5 * between.sum() - 0.5 * inside.sum() - scan.cost[fit.picks].sum())
