"""Say which of the segments sought stand out, and how sure that is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from insights.methods.segments.fitting import Fit, Pick, Scan, size
from insights.methods.segments.leaves import ratio, sums_of
from insights.methods.segments.moves import belief, tail
from insights.methods.segments.search import improve, search

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST = 3  # leaves outside, below which nothing shows what is usual
TELLING = 0.5  # leaves' worth of information; below it the score of a peer is lumpy
PRIOR = 3.0  # peers' worth of belief that leaves alone scatter
MANY = 6  # peers from which on other segments of the same dims count among them ...
EXTREME = 9.0  # ... as if their squared score were this


def confirmed(scan: Scan, most: int, shown: int) -> tuple[Fit, Floats, float]:
    """Return the segments that stand, p-values of their cells and the variance of the scatter.

    The least sure one is dropped until all are sure; the rest is fitted anew each time.
    """
    plain = scan.fit([], None)
    u, v, weight = plain.rest.score, plain.rest.information, scan.law.weight
    squares, total = (weight * ratio(u * u, v)).sum(), (weight * v).sum()
    largest = 3 * float(np.sqrt(squares / total)) if total > 0 else 0.0
    fit = search(scan, plain, most, shown)
    while True:
        p, variance = judge(scan, fit, largest)
        if not fit.picks or p.max() <= scan.alpha:
            return fit, p, variance
        left = _without(scan, fit.picks, int(np.flatnonzero(p == p.max())[-1]))
        fit = improve(scan, scan.fit(left, fit), size(left))


def _without(scan: Scan, picks: list[Pick], worst: int) -> list[Pick]:
    """Return the picks without the cell at a place among theirs."""
    left: list[Pick] = []
    for pick in picks:
        kept = tuple(cell for at, cell in enumerate(pick) if at != worst)
        worst -= len(pick)
        if 1 < len(kept) < len(pick):
            scan.sets[kept] = scan.sets[pick]
        left += [kept] * bool(kept)
    return left


def judge(scan: Scan, fit: Fit, largest: float) -> tuple[Floats, float]:
    """Return the p-value of the cell of each pick for the whole search, and the mean scatter.

    Averaged over what the scatter may be, divided by the share of the search of each pick; of
    siblings, each must also stand out among all of its family.
    """
    variances, chance = belief(fit.own, scan.law.weight, fit.group, largest)
    mean, rest = float((variances * chance).sum()), fit.rest
    if not fit.picks or ((fit.group == 0) & (rest.information > 0)).sum() < FEWEST:
        return np.ones(len(fit.cells)), mean
    owner = np.repeat(np.arange(len(fit.picks)), [len(pick) for pick in fit.picks])
    first = np.unique(owner, return_index=True)[1]
    group = scan.group([(cell,) for cell in fit.cells])
    wide, df = _peers(scan, fit, owner)
    f = 1 + variances[:, None] * rest.information
    amounts = (rest.score / f, rest.information / f, rest.third / f / f / f)
    own = np.stack([sums_of(group, amount, len(owner) + 1) for amount in amounts])
    joint = np.stack([sums_of(owner, amount, len(first)) for amount in own[:, :, 1:]])
    alone = chance @ _chance(own[:, :, 1:], own[:, :, :1], wide, df)
    whole = chance @ _chance(joint, own[:, :, :1], wide[first], df[first])
    whole *= np.exp([scan.price(pick) for pick in fit.picks])
    among = [len(scan.sets[pick].cells) if len(pick) > 1 else 1 for pick in fit.picks]
    alone *= np.array(among)[owner]
    return np.minimum(np.maximum(whole[owner], alone), 1.0), mean


def _chance(own: Floats, rest: Floats, wide: Floats, df: Floats) -> Floats:
    """Return two-sided chances of moves so far from the rest's: score, information, third."""
    score, information, third = own
    away = score / information - rest[0] / rest[1]
    z = away / np.sqrt(1 / information + 1 / rest[1])
    normal = -np.sign(z) * special.ndtri(special.stdtr(df, -np.abs(z) / wide))
    return tail(normal, third / information**1.5)


def _peers(scan: Scan, fit: Fit, owner: Ints) -> Floats:
    """Return by how much the combinations of each cell's dims scatter too widely, and the df.

    Where whole markets wobble, a market must stand out among markets, not among leaves.
    """
    weight = (fit.group == 0) / (1 + fit.rest.information * fit.variance)
    score = scan.lattice.sums(fit.rest.score * weight)
    information = scan.lattice.sums(fit.rest.information * weight)
    u, v = (fit.rest.score * weight).sum(), (fit.rest.information * weight).sum()
    usable = scan.lattice.usable & (information > 0) & (information < v)
    usable &= scan.lattice.sums(scan.law.weight * (fit.group == 0)) > TELLING
    ends = [*scan.lattice.first, len(usable)]
    level = np.array([scan.lattice.subset(cell) for cell in fit.cells])
    found = np.empty((2, len(level)))
    for pick, at in enumerate(level):
        peers = np.flatnonzero(usable[ends[at] : ends[at + 1]]) + ends[at]
        own = information[peers]
        squares = (score[peers] - own * u / v) ** 2 / (own * (1 - own / v))
        others = int(((level == at) & (owner != owner[pick])).sum())
        others = others if len(peers) + others >= MANY else 0
        count = PRIOR + len(peers) + others
        square = max((PRIOR + squares.sum() + EXTREME * others) / count, 1.0)
        # one part is known and does not scatter: Satterthwaite's degrees of freedom
        found[:, pick] = square**0.5, min(count * (square / max(square - 1, 1e-9)) ** 2, 1e9)
    return found
