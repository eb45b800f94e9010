"""Sets of siblings: combinations alike but for one dimension's value, which moved alike."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, log

import numpy as np
import numpy.typing as npt

from insights.methods.segments.lattice import Lattice

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

SHARE = 0.2  # of the search that sets have; single combinations have the rest


@dataclass(frozen=True, slots=True)
class Family:
    """All combinations that differ in the value of one dimension alone."""

    cells: Ints
    share: float  # of the search that the family has

    def cost(self, most: int) -> Floats:
        """Return minus the log of the share of one set by its size, 1 to ``most``.

        There are no sets of one or of all, and the larger ones share less.
        """
        sizes = np.arange(1, most + 1)
        ways = np.array([comb(len(self.cells), size) for size in sizes.tolist()], dtype=float)
        cost = (sizes - 1) * log(2) + np.log(np.maximum(ways, 1.0)) - log(self.share)
        return np.where((sizes > 1) & (sizes < len(self.cells)), cost, np.inf)


def families(lattice: Lattice, cell: int | None) -> list[Family]:
    """Return the families of a cell's parts, and those that it belongs to.

    With no cell, those of one dimension.
    """
    every = np.ones(len(lattice.place[0]), dtype=bool)
    if cell is None:
        return [
            _family(lattice, subset, (), every)
            for subset in lattice.subsets
            if len(subset) == 1
        ]
    own = lattice.subsets[lattice.subset(cell)]
    leaves = lattice.leaves(cell)
    found = [
        _family(lattice, subset, own, leaves)
        for subset in lattice.subsets
        if len(subset) == len(own) + 1 and set(own) < set(subset)
    ]
    leaf = int(np.flatnonzero(leaves)[0])
    for dim in own:
        above = tuple(d for d in own if d != dim)
        found.append(_family(lattice, own, above, lattice.beside(leaf, above)))
    return found


def _family(
    lattice: Lattice, subset: tuple[int, ...], above: tuple[int, ...], leaves: Bools
) -> Family:
    """Return the cells of a subset of dimensions that hold some of these leaves."""
    at = lattice.subsets.index(subset)
    cells = np.unique(lattice.place[at][leaves]) + lattice.first[at]
    ways = lattice.ways(len(subset)) * len(subset) * (lattice.count(above) if above else 1)
    return Family(cells[lattice.usable[cells]], SHARE / ways)


def alike(u: Floats, v: Floats, cost: Floats) -> Ints:
    """Return which siblings, two or more, explain most by one move, net of their cost.

    ``u`` / ``v`` estimates each one's own move; ``cost`` is by the size of the set, from 1.
    Given a move, those that it fits best are the best set of their size; then it is theirs.
    """
    found, most = np.zeros(0, dtype=np.int64), -np.inf
    z = u / np.sqrt(v)
    for start in (int(np.argmax(z)), int(np.argmin(z))):
        move = u[start] / v[start]
        for _ in range(3):
            order = np.argsort(move * move * v / 2 - move * u, kind="stable")[: len(cost)]
            score, information = np.cumsum(u[order]), np.cumsum(v[order])
            gain = score**2 / information / 2 - cost[: len(order)]
            size = int(np.argmax(gain)) + 1
            if gain[size - 1] > most:
                found, most = order[:size], float(gain[size - 1])
            move = score[size - 1] / information[size - 1]
    return found
