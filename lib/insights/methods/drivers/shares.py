"""Divide what drivers explain among them, from matrices of cross-products; many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import factorial

import numpy as np

from insights.methods.drivers.reading import Floats, Ints

EXACT = 12  # drivers up to which every subset is looked at
BLOCK = 8192  # rows a block when cross-products are resampled
CELLS = 4_000_000  # numbers held at once while subsets are looked at
PIVOT = 1e-9  # of the diagonal: a column with less left follows from others


def symmetric(upper: Floats, size: int) -> Floats:
    """Return symmetric matrices from their upper triangles, the last axis."""
    rows, columns = np.triu_indices(size)
    full = np.empty((*upper.shape[:-1], size, size))
    full[..., rows, columns] = upper
    full[..., columns, rows] = upper
    return full


def pairs(left: Floats) -> Floats:
    """Return the products of every two columns, as the upper triangle of each row."""
    rows, columns = np.triu_indices(left.shape[1])
    return np.asarray(left[:, rows] * left[:, columns])


def resampled(
    block: Callable[[slice], Floats],
    size: int,
    *,
    cluster: Ints | None,
    bootstraps: int,
    rng: np.random.Generator,
    columns: int = 1,
) -> Floats:
    """Return the column sums of ``block`` over all rows, then over each bootstrap sample.

    Rows, or clusters where there are any, are drawn with replacement. Samples are drawn a block
    of rows at a time, so that memory does not grow with rows times bootstraps; the more columns
    a block has, the fewer rows.
    """
    places = list(blocks(size, columns))
    if cluster is not None:
        parts = [(cluster[at], block(at)) for at in places]
        summed = np.zeros((int(cluster.max()) + 1, parts[0][1].shape[1]))
        for codes, rows in parts:
            np.add.at(summed, codes, rows)
        return resampled(
            lambda at: summed[at], len(summed), cluster=None, bootstraps=bootstraps, rng=rng
        )
    lengths = np.array([at.stop - at.start for at in places])
    drawn = rng.multinomial(size, lengths / size, bootstraps)
    total: Floats = np.zeros(())
    for at, length, draws in zip(places, lengths, drawn.T, strict=True):
        counts = np.ones((bootstraps + 1, length))
        for sample, many in enumerate(draws, start=1):
            counts[sample] = np.bincount(rng.integers(0, length, many), minlength=length)
        total = total + counts @ block(at)
    return total


def swept(cross: Floats, columns: int) -> Floats:
    """Take the first columns out of the rest of each matrix, but for those without a pivot."""
    least = PIVOT * np.diagonal(cross, axis1=-2, axis2=-1)[..., :columns]
    for at in range(columns):
        pivot = cross[..., 0, 0]
        inverse = np.where(pivot > least[..., at], 1 / np.maximum(pivot, 1e-300), 0.0)
        taken = cross[..., 1:, :1] * cross[..., :1, 1:] * inverse[..., None, None]
        cross = cross[..., 1:, 1:] - taken
    return cross


def left_by_subset(cross: Floats, sizes: list[int]) -> Floats:
    """Return what each subset of groups leaves of the last diagonal entry.

    ``cross`` is (matrices, m, m): groups of columns of the given sizes, then the outcome. The
    answer is (matrices, 2 ** groups); bit j of the subset's number says whether group j is in.
    """
    order = np.argsort([-size for size in sizes], kind="stable")  # the widest first: less work
    starts = np.cumsum([0, *sizes])
    columns = np.concatenate([*(np.arange(starts[g], starts[g + 1]) for g in order), [-1]])
    widths = [sizes[g] for g in order]
    step = max(1, CELLS // _cells(widths))
    found = np.empty((len(cross), 2 ** len(sizes)))
    for first in range(0, len(cross), step):
        part = cross[first : first + step, None, columns[:, None], columns]
        for size in widths:
            part = np.concatenate([part[..., size:, size:], swept(part, size)], axis=1)
        found[first : first + step] = part[..., 0, 0]
    subset = np.arange(found.shape[1])
    return np.asarray(found[:, sum(((subset >> g) & 1) << i for i, g in enumerate(order))])


def weights(groups: int) -> Floats:
    """Return the matrix that turns the worth of each subset into Shapley values."""
    subset = np.arange(2**groups)
    size = sum((subset >> j) & 1 for j in range(groups))
    chance = np.array(
        [factorial(s) * factorial(groups - s - 1) / factorial(groups) for s in range(groups)]
    )
    member = (subset[:, None] >> np.arange(groups)) & 1
    inside = chance[np.maximum(size - 1, 0)][:, None]
    outside = chance[np.minimum(size, groups - 1)][:, None]
    return np.where(member == 1, inside, -outside)


def shapley(left: Floats) -> Floats:
    """Return each driver's part of what all explain, from what each subset leaves."""
    groups = int(np.log2(left.shape[-1]))
    return np.asarray((left[..., :1] - left) @ weights(groups))


def relative_weights(cross: Floats, sizes: list[int]) -> Floats:
    """Return each group's part by Johnson (2000), from cross-products with the outcome last.

    Predictors are replaced by the nearest uncorrelated ones; what those explain is handed back
    by the squared correlations.
    """
    scale = np.sqrt(np.maximum(np.diagonal(cross, axis1=-2, axis2=-1)[..., :-1], 1e-300))
    r = cross[..., :-1, :-1] / (scale[..., :, None] * scale[..., None, :])
    value, vector = np.linalg.eigh(r)
    value = np.maximum(value, 0.0)
    inverse = np.where(value > PIVOT, 1 / np.sqrt(np.maximum(value, PIVOT)), 0.0)
    root = (vector * np.sqrt(value)[..., None, :]) @ np.swapaxes(vector, -1, -2)
    back = (vector * inverse[..., None, :]) @ np.swapaxes(vector, -1, -2)
    beta = (back @ (cross[..., :-1, -1] / scale)[..., None])[..., 0]
    part = ((root**2) @ (beta**2)[..., None])[..., 0]
    return np.stack([g.sum(-1) for g in np.split(part, np.cumsum(sizes)[:-1], axis=-1)], -1)


def divided(cross: Floats, sizes: list[int]) -> Floats:
    """Return the parts of each group, summing to 1, for each matrix of cross-products."""
    if len(sizes) > EXACT:
        return whole(relative_weights(cross, sizes))
    return whole(shapley(left_by_subset(cross, sizes)))


def whole(parts: Floats) -> Floats:
    """Return parts as shares of their sum; what rounding makes negative is 0."""
    parts = np.maximum(parts, 0.0)
    return np.asarray(parts / np.maximum(parts.sum(axis=-1, keepdims=True), 1e-300))


def _cells(widths: list[int]) -> int:
    """Return how many numbers the widest step of ``left_by_subset`` holds for one matrix."""
    remaining = np.concatenate([np.cumsum(widths[::-1])[::-1], [0]]) + 1
    return int(max(2**at * m**2 for at, m in enumerate(remaining)))


def blocks(size: int, columns: int = 1) -> Iterator[slice]:
    """Cut rows into blocks, shorter where each row has many columns."""
    step = min(BLOCK, max(CELLS // columns, 1))
    for first in range(0, size, step):
        yield slice(first, min(first + step, size))
