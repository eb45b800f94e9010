"""Share a change out: what came from each segment, from mix and from everything else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insights.methods.segments.leaves import Leaves, ratio, sums

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parts:
    """One entry a group, the rest first and then the segments; ``mix`` is overall.

    ``error`` holds standard errors: of each group, of mix, of the whole change.
    """

    before: Floats
    after: Floats
    share: Floats
    contribution: Floats
    unexpected: Floats
    mix: float | None
    error: Floats


def parts(leaves: Leaves, group: Ints, shift: float, variance: float) -> Parts:
    """Share the change out over groups of leaves; ``shift`` is the move of the rest."""
    count = int(group.max()) + 1

    if leaves.law == "total":
        return _totals(leaves, group, variance)
    whole = leaves.exposure.sum(axis=1, keepdims=True)
    weight = leaves.exposure / whole  # of each leaf in each overall rate
    both = ratio(leaves.exposure.prod(axis=0), leaves.exposure.sum(axis=0))
    matched = sums(group, both, count)
    share = sums(group, weight.mean(axis=0), count)
    part = ratio(share, matched)[group] * both  # of each leaf's own change in its group's
    rates = leaves.rates
    contribution = sums(group, part * (rates[1] - rates[0]))
    change = float((weight[1] * rates[1] - weight[0] * rates[0]).sum())
    exposed = np.stack([sums(group, side, count) for side in leaves.exposure])
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.stack([sums(group, side, count) for side in leaves.events]) / exposed
    like = np.stack([ratio(sums(group, both * side, count), matched) for side in rates])

    noise = _noise(leaves, group, variance)
    squares = [(ours**2 * noise).sum() for ours in (weight - part, weight)]
    return Parts(
        before=own[0],
        after=own[1],
        share=share,
        contribution=contribution,
        unexpected=like[1] - _moved(like[0], shift, leaves.law),
        mix=change - float(contribution.sum()),
        error=np.sqrt([*sums(group, part**2 * noise.sum(axis=0), count), *squares]),
    )


def _totals(leaves: Leaves, group: Ints, variance: float) -> Parts:
    """Share out the change of a total."""
    count = int(group.max()) + 1
    before, after = (sums(group, side, count) for side in leaves.events)
    noise = (leaves.variances() + leaves.events**2 * variance / 2).sum(axis=0)
    squares = sums(group, noise, count)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(before > 0, before * (after[0] / before[0]), 0.0)
    return Parts(
        before=before,
        after=after,
        share=(before / before.sum() + after / after.sum()) / 2,
        contribution=after - before,
        unexpected=after - expected,
        mix=None,
        error=np.sqrt(np.append(squares, [0.0, squares.sum()])),
    )


def _noise(leaves: Leaves, group: Ints, variance: float) -> Floats:
    """Return the variance of each rate: counting, and half the scatter of moves."""
    events, exposure = (x.sum(axis=0) for x in (leaves.events, leaves.exposure))
    mean = ratio(sums(group, events), sums(group, exposure))
    rate = np.asarray((events + mean[group]) / (exposure + 1), dtype=float)
    slope: dict[str, Floats] = {
        "share": rate * (1 - rate),
        "counts": rate,
        "mean": np.ones_like(rate),
    }
    scatter = slope[leaves.law] ** 2 * variance / 2
    return np.asarray(leaves.variances(group) + np.where(leaves.exposure > 0, scatter, 0.0))


def _moved(rate: Floats, shift: float, law: str) -> Floats:
    """Return rates moved as the rest was."""
    if law == "mean":
        return np.asarray(rate + shift)
    if law == "counts":
        return np.asarray(rate * np.exp(shift))
    odds = rate * np.exp(shift)
    return ratio(odds, 1 - rate + odds)
