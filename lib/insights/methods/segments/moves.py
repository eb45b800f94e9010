"""How far leaves moved from a shared shift, and how much they scatter beyond counting noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from insights.methods.segments.leaves import Leaves, ratio, sums, sums_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FARTHEST = 30.0  # log odds ratio; beyond it every share is 0 or 1
PRIOR = 20  # cases; variances of few cases go with their means


@dataclass(frozen=True, slots=True)
class Moves:
    """What each leaf says about its own move beyond a shift.

    ``score`` / ``information`` estimates the move; without scatter, ``information`` is the
    variance of ``score`` and ``third`` its third cumulant.
    """

    score: Floats
    information: Floats
    third: Floats

    def lean(self, variance: float) -> Floats:
        """Return third cumulants of the scores, weighted for a scatter of ``variance``."""
        f = 1 + self.information * variance
        return self.third / f / f / f


class Law:
    """How events of one kind vary, given both windows of a leaf."""

    def __init__(self, leaves: Leaves) -> None:
        self.law = leaves.law
        events, size = leaves.events, leaves.exposure
        if self.law == "mean":
            variance = _case_variance(leaves) * ratio(size.sum(axis=0), size.prod(axis=0))
            both = (size > 0).all(axis=0) & (variance > 0)
            self.precision = ratio(both.astype(float), variance)
            self.change = np.subtract(*leaves.rates[::-1])
        else:
            self.after, self.both, self.size = events[1], events.sum(axis=0), size
        if self.law == "share":  # leaves that tell nothing stand as 1 of 1 against 0 of 1
            m, n = self.both, size.sum(axis=0)
            known = (m > 0) & (m < n) & (size > 0).all(axis=0)
            # finite-population correction: n / (n - 1) of whole cases
            self.known = ratio(np.where(known, n, 0.0), np.maximum(n - 1, n / 2))
            self.both = np.where(known, m, 1.0)
            self.size = np.where(known, size, 1.0)
        self.weight = np.ones(events.shape[1])
        if self.law != "mean":  # counting makes squares of small scores vary more than normal
            information = self.moves(np.zeros(events.shape[1])).information
            self.weight = information / (information + 0.5)

    def moves(self, shift: Floats) -> Moves:
        """Return scores against each leaf's shift: a log (odds) ratio, or a step of a mean."""
        if self.law == "mean":
            move = self.precision * (self.change - shift)
            return Moves(move, self.precision, np.zeros_like(move))
        shift = np.clip(shift, -FARTHEST, FARTHEST)
        if self.law == "share":
            return self._share(np.exp(shift))
        share = special.expit(shift)
        if self.law == "counts":
            after, before = share * self.size[1], (1 - share) * self.size[0]
            share = ratio(after, after + before)
        information = share * (1 - share) * self.both
        return Moves(self.after - share * self.both, information, information * (1 - 2 * share))

    def bent(self, shift: Floats, variance: float) -> Moves:
        """Return moves drawn as lines where each leaf probably is, not where its shift is.

        A leaf probably is at the most likely move given a scatter of ``variance``.
        """
        found = self.moves(shift)
        if self.law == "mean" or variance <= 0:
            return found
        most = 3 * np.sqrt(variance)
        score, step = found.score, np.zeros_like(shift)
        for _ in range(2):
            step = np.clip(score * variance / (1 + found.information * variance), -most, most)
            found = self.moves(shift + step)
            score = found.score + found.information * step
        return Moves(score, found.information, found.third)

    def _share(self, odds: Floats) -> Moves:
        """Return the moves of shares: the 2 by 2 table of a leaf, its margins held."""
        m, (nb, na) = self.both, self.size
        linear = odds * (na + m) + nb - m
        root = np.sqrt(np.maximum(linear**2 - 4 * (odds - 1) * odds * na * m, 0.0))
        plus = linear > 0  # the root that does not cancel
        far = linear + np.where(plus, root, -root)
        x = np.where(plus, 2 * odds * na * m, far) / np.where(plus, far, 2 * (odds - 1))
        a, b, c, d = (1 / np.maximum(cell, 1e-12) for cell in (x, m - x, na - x, nb - m + x))
        information = self.known / (a + b + c + d)
        third = information**3 * (a * a - b * b - c * c + d * d)
        return Moves(np.where(self.known > 0, self.after - x, 0.0), information, third)


def _case_variance(leaves: Leaves) -> Floats:
    """Return the variance of each leaf's cases, drawn to that of all by ``PRIOR`` cases."""
    assert leaves.squares is not None
    within = leaves.squares - ratio(leaves.events**2, leaves.exposure)
    own = np.maximum(within, 0.0).sum(axis=0)
    free = np.maximum(leaves.exposure - 1, 0.0).sum(axis=0)
    pooled = own.sum() / max(free.sum(), 1.0)
    return np.asarray((own + PRIOR * pooled) / (free + PRIOR), dtype=float)


def scatter(moves: Moves, weight: Floats, group: Ints, start: float) -> float:
    """Return the variance, beyond counting noise, of moves around their group's (REML)."""
    known = moves.information > 0
    u, v, weight = (x[known] for x in (moves.score, moves.information, weight))
    group = group[known]
    if not len(u):
        return 0.0
    variance, most = start, float(((u / v) ** 2).max())  # beyond it nothing tells
    for _ in range(12):
        f = 1 + v * variance
        total = sums(group, v / f)
        mean = ratio(sums(group, u / f), total)
        residual = u - mean[group] * v
        inside = ratio(sums(group, (v / f) ** 2), total)
        slope = (weight * (residual**2 - v * f) / f**2).sum() + inside.sum()
        step = slope / (weight * (v / f) ** 2).sum()
        new = min(max(variance + step, 0.0), most)
        if abs(new - variance) <= max(1e-3 * variance, 1e-6 / v.max()):
            return float(new)
        variance = new
    return float(variance)


def likelihood(moves: Moves, weight: Floats, group: Ints, variances: Floats) -> Floats:
    """Return the log likelihood (REML, of residuals by group) of each scatter."""
    known = moves.information > 0
    u, v, weight = (x[known] for x in (moves.score, moves.information, weight))
    group = group[known]
    count = int(group.max()) + 1
    f = 1 + variances[:, None] * v
    total = sums_of(group, v / f, count)
    mean = ratio(sums_of(group, u / f, count), total)
    squares = (u - mean[:, group] * v) ** 2 / (v * f)
    within = ((np.log(f) + squares) * weight).sum(axis=1)
    return np.asarray(-0.5 * (within + np.log(np.where(total > 0, total, 1.0)).sum(axis=1)))


def belief(moves: Moves, weight: Floats, group: Ints, most: float) -> tuple[Floats, Floats]:
    """Return scatters, as variances, and their chances; a priori all deviations are alike."""
    v = moves.information
    if not v.any() or not most > 0:
        return np.zeros(1), np.ones(1)
    typical = (weight * v * v).sum() / (weight * v).sum()
    deviations = np.append(0.0, np.geomspace(min(0.1 / np.sqrt(typical), most / 2), most, 14))
    fits = likelihood(moves, weight, group, deviations**2)
    near = np.flatnonzero(fits > fits.max() - 10)
    low, high = max(near[0] - 1, 0), min(near[-1] + 1, len(deviations) - 1)
    if high - low <= 6:
        deviations = np.linspace(deviations[low], deviations[high], 25)
        fits = likelihood(moves, weight, group, deviations**2)
    chance = np.exp(fits - fits.max()) * np.gradient(deviations)
    return deviations**2, chance / chance.sum()


def tail(z: Floats, skew: Floats) -> Floats:
    """Return two-sided chances of standard scores that lean (gamma of the same skewness)."""
    lean = np.where(np.abs(skew) < 1e-3, 1e-3, skew)
    shape = 4 / lean**2
    at = np.maximum(shape + z * 2 / lean, 0.0)
    one = np.where(
        (z > 0) == (lean > 0), special.gammaincc(shape, at), special.gammainc(shape, at)
    )
    one = np.where(np.abs(skew) < 1e-3, special.ndtr(-np.abs(z)), one)
    return np.asarray(np.minimum(2 * one, 1.0))


def surprise(z: Floats, skew: Floats) -> Floats:
    """Return half the deviance of standard scores that may lean."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.maximum(z * skew / 2, -1 + 1e-9)
        leaning = (4 / skew**2) * (t - np.log1p(t))
    return np.asarray(np.where(np.abs(z * skew) < 1e-3, z * z / 2, leaning))
