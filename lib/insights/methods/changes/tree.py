"""Split a change by nested dimensions, for one set of counts or many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insights.methods.changes.rates import filled, ratio

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRAWS = 1000  # of the bootstrap: a standard error is known to 2 %
AT_ONCE = 200_000  # leaves in the draws of a batch


@dataclass(frozen=True, slots=True)
class Tree:
    """Where the nodes of each level stand among the leaves; level 0 is the whole."""

    starts: list[Ints]  # by level: the first leaf of each node
    parents: list[Ints]  # by level: the place of each node's parent, one level up
    tops: list[Ints]  # by level: the first node under each node of level 1

    @property
    def depth(self) -> int:
        """How many dimensions are nested."""
        return len(self.starts) - 1


def tree(keys: list[npt.NDArray[np.object_]]) -> Tree:
    """Return the nodes of sorted leaves from their values by dimension, outermost first."""
    starts, new = [np.zeros(1, dtype=np.int64)], np.zeros(len(keys[0]), dtype=bool)
    for key in keys:
        new = new | np.append(True, key[1:] != key[:-1])
        starts.append(np.flatnonzero(new))
    parents = [starts[0]]
    for above, own in zip(starts, starts[1:], strict=False):
        parents.append(np.searchsorted(above, own, side="right") - 1)
    return Tree(starts, parents, [np.searchsorted(own, starts[1]) for own in starts])


def split(shape: Tree, exposure: Floats, rate: Floats) -> Floats:
    """Return each top segment's components: a mix a dimension, then the rate.

    ``exposure`` and ``rate`` have the lines before and after and a column a leaf; before these
    may stand further axes, which the answer keeps.
    """
    events = exposure * rate
    above = exposure.sum(axis=-1, keepdims=True)
    whole = filled(ratio(events.sum(axis=-1, keepdims=True), above))
    weight = np.ones_like(above[..., 0, :])
    parts = []
    for level in range(1, shape.depth + 1):
        parent, starts = shape.parents[level], shape.starts[level]
        under = np.add.reduceat(exposure, starts, axis=-1)
        own = filled(ratio(np.add.reduceat(events, starts, axis=-1), under))
        share = filled(ratio(under, above[..., parent]))
        weight = weight[..., parent]
        apart = own.mean(axis=-2) - whole.mean(axis=-2)[..., parent]
        mix = weight * (share[..., 1, :] - share[..., 0, :]) * apart
        parts.append(np.add.reduceat(mix, shape.tops[level], axis=-1))
        weight = weight * share.mean(axis=-2)
        above, whole = under, own
    within = weight * (whole[..., 1, :] - whole[..., 0, :])
    parts.append(np.add.reduceat(within, shape.tops[-1], axis=-1))
    return np.stack(parts, axis=-1)


def errors(
    shape: Tree, exposure: Floats, rate: Floats, variance: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the standard errors of ``split`` and of its sums over segments, by bootstrap."""
    centre = split(shape, exposure, rate)
    if np.isnan(variance).any():
        return np.full_like(centre, np.nan), np.full(centre.shape[1], np.nan)
    noise, batch = np.sqrt(variance), max(1, AT_ONCE // exposure.size)
    moments = np.zeros((2, *centre.shape)), np.zeros((2, centre.shape[1]))
    for done in range(0, DRAWS, batch):
        size = (min(batch, DRAWS - done), *exposure.shape)
        drawn = rng.poisson(exposure, size).astype(float)
        away = split(shape, drawn, rate + noise * rng.standard_normal(size)) - centre
        for moment, each in zip(moments, (away, away.sum(axis=1)), strict=True):
            moment[0] += each.sum(axis=0) / DRAWS
            moment[1] += (each**2).sum(axis=0) / DRAWS
    cells, sums = (np.sqrt(np.maximum(second - first**2, 0)) for first, second in moments)
    return cells, sums
