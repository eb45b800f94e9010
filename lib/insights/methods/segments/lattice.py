"""Number every attribute combination, so that sums over all are a pass over the leaves."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, log

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lattice:
    """Every attribute combination that occurs, one cell each, subset after subset."""

    subsets: list[tuple[int, ...]]  # which dimensions a combination names
    place: list[Ints]  # one array a subset: the cell of each leaf, from 0
    first: Ints  # first cell of each subset
    usable: Bools  # of each cell: no cell that names fewer dimensions holds the same leaves
    cost: Floats  # of each cell: minus the log of its share of the search

    @property
    def all(self) -> slice:
        """The cells of one subset, which hold every leaf once."""
        return slice(0, int(self.first[1]) if len(self.first) > 1 else len(self.usable))

    def sums(self, values: Floats) -> Floats:
        """Return the sum over the leaves of every cell."""
        return np.concatenate([np.bincount(place, values) for place in self.place])

    def subset(self, cell: int) -> int:
        """Return the place of a cell's subset."""
        return int(np.searchsorted(self.first, cell, side="right")) - 1

    def leaves(self, cell: int) -> Bools:
        """Return which leaves a cell holds."""
        at = self.subset(cell)
        return np.asarray(self.place[at] == cell - self.first[at])

    def beside(self, leaf: int, dims: tuple[int, ...]) -> Bools:
        """Return which leaves have a leaf's values in these dimensions."""
        if not dims:
            return np.ones(len(self.place[0]), dtype=bool)
        place = self.place[self.subsets.index(dims)]
        return np.asarray(place == place[leaf])

    def count(self, dims: tuple[int, ...]) -> int:
        """Return how many cells of these dimensions there are to choose from."""
        at = self.subsets.index(dims)
        ends = [*self.first, len(self.usable)]
        return max(int(self.usable[ends[at] : ends[at + 1]].sum()), 1)

    def ways(self, depth: int) -> float:
        """Return one over the share of the search of a subset of so many dimensions."""
        sizes = [len(subset) for subset in self.subsets]
        return _ways(depth, max(sizes), sizes.count(1))

    def touching(self, leaves: Bools) -> Bools:
        """Return which cells hold any of these leaves."""
        hit = np.zeros(len(self.usable), dtype=bool)
        for place, first in zip(self.place, self.first, strict=True):
            hit[place[leaves] + first] = True
        return hit


def lattice(codes: Ints, max_depth: int) -> Lattice:
    """Return the cells of every subset of up to ``max_depth`` dimensions.

    ``codes`` is leaf by dimension. Each depth has half the share of the search that the one
    above has, each subset the same of its depth, and each cell the same of its subset.
    """
    count = len(codes)
    sizes = codes.max(axis=0) + 1
    varied = [int(d) for d in np.flatnonzero(sizes > 1)]
    depths = range(1, min(max_depth, len(varied)) + 1)
    subsets = [s for depth in depths for s in combinations(varied, depth)]
    place: dict[tuple[int, ...], Ints] = {}
    held: dict[tuple[int, ...], Ints] = {}
    usable, cost = [], []
    for subset in subsets:
        at = _number(codes[:, subset], sizes[list(subset)])
        place[subset], held[subset] = at, np.bincount(at)
        one = np.empty(len(held[subset]), dtype=np.int64)
        one[at] = np.arange(count)  # a leaf of each cell
        fine = held[subset] < count
        for above in combinations(subset, len(subset) - 1) if len(subset) > 1 else ():
            fine &= held[above][place[above][one]] > held[subset]
        ways = _ways(len(subset), len(depths), len(varied)) * max(int(fine.sum()), 1)
        usable.append(fine)
        cost.append(np.full(len(fine), log(ways)))
    starts = np.cumsum([0, *map(len, usable)])[:-1]
    return Lattice(
        subsets, list(place.values()), starts, np.concatenate(usable), np.concatenate(cost)
    )


def _ways(depth: int, deepest: int, dims: int) -> float:
    """Return one over the share of the search of a subset of so many dimensions."""
    return comb(dims, depth) * (2 - 2.0 ** (1 - deepest)) * 2.0 ** (depth - 1)


def _number(codes: Ints, sizes: Ints) -> Ints:
    """Return the number of each distinct row, from 0, in the order of their codes."""
    key = np.zeros(len(codes), dtype=np.int64)
    for column, size in zip(codes.T, sizes, strict=True):
        key = key * size + column
    room = int(np.prod(sizes.astype(float)))
    if room > 4 * len(codes) + 1000:
        return np.unique(key, return_inverse=True)[1]
    seen = np.bincount(key, minlength=room) > 0
    return (np.cumsum(seen) - 1)[key]
