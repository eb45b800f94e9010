"""Fit moves of a few segments and of the rest, and say what any other would gain."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from insights.methods.segments.kin import SHARE, Family, families
from insights.methods.segments.lattice import Lattice
from insights.methods.segments.leaves import ratio, sums
from insights.methods.segments.moves import Law, Moves, scatter, surprise

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Pick: TypeAlias = tuple[int, ...]  # cells that share a move: one, or siblings

MOST = 0.8  # of what is left a segment may hold, so that there is a rest to judge it against


@dataclass(frozen=True, slots=True)
class Fit:
    """Segments taken out, each with a move of its own, and what every cell says beyond them."""

    picks: list[Pick]
    group: Ints  # of each leaf: 0 the rest, then the picks in order
    shift: Floats  # of each group
    own: Moves  # of leaves, against the shift of their group
    rest: Moves  # of leaves, against the shift of the rest
    variance: float  # of leaves' moves, beyond counting noise
    score: Floats  # of each cell, weighted
    information: Floats
    third: Floats

    @property
    def cells(self) -> list[int]:
        """The cells of all picks, in order."""
        return [cell for pick in self.picks for cell in pick]


@dataclass(frozen=True)
class Scan:
    """One search: leaves, cells and what naming a cell costs."""

    law: Law
    lattice: Lattice
    alpha: float
    known: dict[int, tuple[Bools, Bools]] = field(default_factory=dict)
    kin: dict[int | None, list[Family]] = field(default_factory=dict)
    sets: dict[Pick, Family] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many leaves there are."""
        return len(self.law.weight)

    @property
    def cost(self) -> Floats:
        """The gain in log likelihood that a cell must bring, about a p-value of alpha."""
        return self.lattice.cost - log(1 - SHARE) - log(5 * self.alpha)

    def price(self, pick: Pick) -> float:
        """Return minus the log of the share of the search of a pick."""
        if len(pick) > 1:
            return float(self.sets[pick].cost(len(pick))[-1])
        return float(self.lattice.cost[pick[0]]) - log(1 - SHARE)

    def families(self, cell: int | None) -> list[Family]:
        """Return the families of the parts of a cell and those it belongs to."""
        if cell not in self.kin:
            self.kin[cell] = families(self.lattice, cell)
        return self.kin[cell]

    def cell(self, cell: int) -> tuple[Bools, Bools]:
        """Return the leaves of a cell, and the cells that hold any of them."""
        if cell not in self.known:
            leaves = self.lattice.leaves(cell)
            self.known[cell] = leaves, self.lattice.touching(leaves)
        return self.known[cell]

    def group(self, picks: list[Pick]) -> Ints:
        """Return the place of each leaf among picks, from 1; 0 is the rest."""
        group = np.zeros(self.count, dtype=np.int64)
        for place, pick in enumerate(picks, 1):
            for cell in pick:
                group[self.cell(cell)[0]] = place
        return group

    def fit(self, picks: list[Pick], start: Fit | None, *, fixed: bool = False) -> Fit:
        """Estimate the move of every pick and of the rest, and the scatter unless ``fixed``."""
        group = self.group(picks)
        variance = start.variance if start else 0.0
        shift = self._from(start, picks) if start else np.zeros(1)
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

    def _from(self, start: Fit, picks: list[Pick]) -> Floats:
        """Return where the moves of picks probably are, given an earlier fit."""
        found = np.full(len(picks) + 1, start.shift[0])
        for place, pick in enumerate(picks, 1):
            if pick in start.picks:
                found[place] = start.shift[1 + start.picks.index(pick)]
            else:
                own = list(pick)
                step = start.score[own].sum() / max(start.information[own].sum(), 1e-12)
                found[place] += step if self.law.law == "mean" else np.clip(step, -1.5, 1.5)
        return found

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

    def gains(self, fit: Fit, others: list[Pick]) -> Floats:
        """Return what every cell gains, net of its cost, once ``others`` are taken out."""
        taken = [cell for pick in others for cell in pick]
        usable = self.lattice.usable.copy()
        for cell in taken:
            usable &= ~self.cell(cell)[1]
        rest = Rest.of(self, fit, taken)
        gain = rest.gain(fit.score, fit.information, fit.third) - self.cost
        return np.where(usable, gain, -np.inf)

    def gain(self, fit: Fit, pick: Pick, others: list[Pick]) -> float:
        """Return what a pick gains, net of its cost, once ``others`` are taken out."""
        rest = Rest.of(self, fit, [cell for other in others for cell in other])
        own = [np.array([x[list(pick)].sum()]) for x in (fit.score, fit.information, fit.third)]
        return float(rest.gain(*own)[0]) - self.price(pick) + log(5 * self.alpha)


@dataclass(frozen=True, slots=True)
class Rest:
    """All that no pick holds, against which a move is judged."""

    score: float
    information: float

    @classmethod
    def of(cls, scan: Scan, fit: Fit, taken: list[int]) -> Rest:
        """Return all but the cells taken."""
        whole = scan.lattice.all
        return cls(
            float(fit.score[whole].sum() - fit.score[taken].sum()),
            float(fit.information[whole].sum() - fit.information[taken].sum()),
        )

    def gain(self, score: Floats, information: Floats, third: Floats) -> Floats:
        """Return the gain in log likelihood of a move of their own, of parts of this rest."""
        fair = (information > 0) & (information <= MOST * self.information)
        v = np.where(fair, information, 1.0)
        other = np.where(fair, self.information - v, 1.0)
        mean = self.score / self.information if self.information > 0 else 0.0
        z = (score - v * mean) * np.sqrt(1 / v + 1 / other)
        return np.where(fair, surprise(z, third / v**1.5), -np.inf)


def fitness(scan: Scan, fit: Fit, moves: Moves) -> float:
    """Return how well a fit explains the leaves, net of the cost of its segments."""
    u, v, weight = moves.score, moves.information, scan.law.weight
    known = v > 0
    u, v, weight, group = u[known], v[known], weight[known], fit.group[known]
    f = 1 + v * fit.variance
    total = sums(group, v / f)
    between = ratio(sums(group, u / f) ** 2, total)
    inside = weight * (np.log(f) + u * u / (v * f) - u * u / v)
    cost = sum(scan.price(pick) - log(5 * scan.alpha) for pick in fit.picks)
    return float(0.5 * between.sum() - 0.5 * inside.sum() - cost)


def size(picks: list[Pick]) -> int:
    """Return how many cells picks hold."""
    return sum(map(len, picks))
