"""Say which of the segments sought stand out, and how sure that is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from insights.methods.segments.leaves import ratio, sums
from insights.methods.segments.moves import belief, tail
from insights.methods.segments.search import Fit, Scan, improve, search

Floats = npt.NDArray[np.float64]

FEWEST = 3  # leaves outside, below which nothing shows what is usual
TELLING = 0.5  # leaves' worth of information; below it the score of a peer is lumpy
PRIOR = 3.0  # peers' worth of belief that leaves alone scatter
MANY = 6  # peers from which on other segments of the same dims count among them ...
EXTREME = 9.0  # ... as if their squared score were this


def confirmed(scan: Scan, most: int) -> tuple[Fit, Floats, float]:
    """Return the segments that stand, their p-values and the variance of the scatter.

    The least sure one is dropped until all are sure; the rest is fitted anew each time.
    """
    plain = scan.fit([], None)
    u, v, weight = plain.rest.score, plain.rest.information, scan.law.weight
    squares, total = (weight * ratio(u * u, v)).sum(), (weight * v).sum()
    largest = 3 * float(np.sqrt(squares / total)) if total > 0 else 0.0
    fit = search(scan, plain, most)
    while True:
        p, variance = judge(scan, fit, largest)
        if not fit.picks or p.max() <= scan.alpha:
            return fit, p, variance
        worst = np.flatnonzero(p == p.max())[-1]
        left = [cell for at, cell in enumerate(fit.picks) if at != worst]
        fit = improve(scan, scan.fit(left, fit), len(left))


def judge(scan: Scan, fit: Fit, largest: float) -> tuple[Floats, float]:
    """Return the p-value of each pick for the whole search, and the mean of the scatter.

    Averaged over what the scatter may be, divided by the share of the search of each cell.
    """
    variances, chance = belief(fit.own, scan.law.weight, fit.group, largest)
    mean, rest = float((variances * chance).sum()), fit.rest
    if not fit.picks or ((fit.group == 0) & (rest.information > 0)).sum() < FEWEST:
        return np.ones(len(fit.picks)), mean
    found = np.zeros(len(fit.picks))
    wide, df = _peers(scan, fit)
    for variance, weight in zip(variances, chance, strict=True):
        f = 1 + rest.information * variance
        u = sums(fit.group, rest.score / f)
        v = sums(fit.group, rest.information / f)
        third = sums(fit.group, rest.lean(variance))[1:]
        mine = v[1:]
        z = (u[1:] / mine - u[0] / v[0]) / np.sqrt(1 / mine + 1 / v[0])
        normal = -np.sign(z) * special.ndtri(special.stdtr(df, -np.abs(z) / wide))
        found += weight * tail(normal, third / mine**1.5)
    return np.minimum(found * np.exp(scan.lattice.cost[fit.picks]), 1.0), mean


def _peers(scan: Scan, fit: Fit) -> Floats:
    """Return by how much the combinations of each pick's dims scatter too widely, and the df.

    Where whole markets wobble, a market must stand out among markets, not among leaves.
    """
    weight = (fit.group == 0) / (1 + fit.rest.information * fit.variance)
    score = scan.lattice.sums(fit.rest.score * weight)
    information = scan.lattice.sums(fit.rest.information * weight)
    u, v = (fit.rest.score * weight).sum(), (fit.rest.information * weight).sum()
    usable = scan.lattice.usable & (information > 0) & (information < v)
    usable &= scan.lattice.sums(scan.law.weight * (fit.group == 0)) > TELLING
    ends = [*scan.lattice.first, len(usable)]
    level = [scan.lattice.subset(cell) for cell in fit.picks]
    found = np.empty((2, len(level)))
    for pick, at in enumerate(level):
        peers = np.flatnonzero(usable[ends[at] : ends[at + 1]]) + ends[at]
        own = information[peers]
        squares = (score[peers] - own * u / v) ** 2 / (own * (1 - own / v))
        others = level.count(at) - 1
        others = others if len(peers) + others >= MANY else 0
        count = PRIOR + len(peers) + others
        square = max((PRIOR + squares.sum() + EXTREME * others) / count, 1.0)
        # one part is known and does not scatter: Satterthwaite's degrees of freedom
        found[:, pick] = square**0.5, min(count * (square / max(square - 1, 1e-9)) ** 2, 1e9)
    return found
