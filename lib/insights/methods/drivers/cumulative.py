"""The proportional-odds model, of which logit is the case of two outcomes; many fits at once.

statsmodels 0.15 has no ordinal model that takes weights, its GLM gives HC0 where HC3 is asked,
and neither fits thousands of subsets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special

from insights.methods.drivers.reading import Bools, Floats, Ints
from insights.methods.drivers.shares import pairs, symmetric

STEPS = 100
CLOSE = 1e-6  # of the deviance without drivers: a Newton step from here ends at its square
BATCH = 32  # subsets worked on at once
PRODUCT = 250_000  # multiplications at once: more make a matrix product share out its threads


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Rows sorted by outcome; log P = log F(cut[y] - x b) - F(cut[y - 1] - x b), F logistic."""

    x: Floats  # rows by columns
    weight: Floats
    ends: Ints  # where each outcome's rows end

    @property
    def cuts(self) -> int:
        """Return how many cut points there are."""
        return len(self.ends) - 1

    def rows(self, outcome: int) -> slice:
        """Return where the rows of one outcome stand."""
        return slice(int(self.ends[outcome - 1]) if outcome else 0, int(self.ends[outcome]))

    def tiles(self) -> Iterator[tuple[int, slice]]:
        """Return each outcome's rows, so few at a time that products stay small."""
        step = max(PRODUCT // (BATCH * self.x.shape[1]), 8)
        for outcome in range(len(self.ends)):
            all_ = self.rows(outcome)
            for first in range(all_.start, all_.stop, step):
                yield outcome, slice(first, min(first + step, all_.stop))


def cases(x: Floats, code: Ints, weight: Floats) -> Cases:
    """Return sorted rows as cases, equal neighbours counted together."""
    new = np.ones(len(code), dtype=bool)
    new[1:] = (code[1:] != code[:-1]) | (x[1:] != x[:-1]).any(axis=1)
    first = np.flatnonzero(new)
    x, code, weight = x[first], code[first], np.add.reduceat(weight, first)
    ends = np.searchsorted(code, np.arange(code.max() + 1), side="right")
    return Cases(x, weight, ends)


def start(data: Cases) -> Floats:
    """Return the parameters of the model without columns: its cut points, then noughts."""
    total = np.array([data.weight[data.rows(y)].sum() for y in range(len(data.ends))])
    below = np.cumsum(total)[:-1] / total.sum()
    return np.concatenate([special.logit(below), np.zeros(data.x.shape[1])])


def fit(
    data: Cases, theta: Floats, member: Bools, *, pattern: Floats | None = None
) -> tuple[Floats, Floats]:
    """Fit the model with each subset of columns by damped Newton steps.

    ``theta`` (subsets, cuts + columns) starts, ``member`` (subsets, columns) says which columns
    are in. ``pattern`` is an information matrix whose correlations stand in for each subset's
    own, which spares most of the work; only the way to the optimum depends on it. Returns
    parameters and deviances; a subset that does not settle has a NaN deviance.
    """
    found = [
        _fit(data, theta[at : at + BATCH], member[at : at + BATCH], pattern)
        for at in range(0, len(theta), BATCH)
    ]
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


def _fit(
    data: Cases, theta: Floats, member: Bools, pattern: Floats | None
) -> tuple[Floats, Floats]:
    """Fit a batch of subsets; a step that makes matters worse is halved."""
    free = np.concatenate([np.ones((len(theta), data.cuts), dtype=bool), member], axis=1)
    good = np.where(free, theta, 0.0)
    best = np.full(len(theta), np.inf)
    result = np.full(len(theta), np.nan)
    move = np.zeros_like(good)
    null = -2 * float(evaluate(data, start(data)[None])[0][0])
    active = np.arange(len(theta))
    for _ in range(STEPS):
        trial = good[active] + move[active]
        value, gradient, information = evaluate(data, trial, pattern=pattern)
        deviance = -2 * value
        better = deviance <= best[active] + CLOSE * null
        at = active[better]
        good[at], best[at] = trial[better], deviance[better]
        newton = _solved(information[better], gradient[better], free[at])
        gap = (newton * gradient[better]).sum(axis=1)
        move[at] = newton
        move[active[~better]] /= 2
        done = gap < CLOSE * null
        result[at[done]] = deviance[better][done] - gap[done]  # what the step gains
        good[at[done]] += newton[done]
        active = np.setdiff1d(active, at[done], assume_unique=True)
        if not len(active):
            break
    return good, result


def near(theta: Floats, information: Floats, member: Bools) -> Floats:
    """Return where each subset's optimum would be if the deviance were quadratic."""
    cuts = len(theta) - member.shape[1]
    free = np.concatenate([np.ones((len(member), cuts), dtype=bool), member], axis=1)
    many = np.broadcast_to(information, (len(member), *information.shape))
    return _solved(many, np.broadcast_to(information @ theta, free.shape), free)


def _solved(information: Floats, gradient: Floats, free: Bools) -> Floats:
    """Solve for the free parameters; the others stay put."""
    both = free[:, :, None] & free[:, None, :]
    square = np.where(both, information, 0.0)
    eye = np.arange(free.shape[1])
    # a little on the diagonal: what the rows do not tell stays where it is
    square[:, eye, eye] += np.where(free, 1e-12 * square[:, eye, eye] + 1e-12, 1.0)
    right = np.where(free, gradient, 0.0)
    return np.asarray(np.linalg.solve(square, right[..., None])[..., 0])


def evaluate(
    data: Cases, theta: Floats, *, pattern: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return log-likelihood, gradient and information of each row of parameters.

    With a ``pattern`` the information has its own diagonal and the pattern's correlations.
    """
    k, columns = data.cuts, data.x.shape[1]
    size, many = k + columns, len(theta)
    beta = np.ascontiguousarray(theta[:, k:].T)
    value, gradient = np.zeros(many), np.zeros((many, size))
    information = np.zeros((many, size, size))
    inner = np.zeros((columns if pattern is not None else columns * (columns + 1) // 2, many))
    for y, at in data.tiles():
        x, w = data.x[at], data.weight[at]
        parts = row_parts(x @ beta, theta[:, :k], y)
        own = float(w.sum())
        value += w @ parts.log + parts.extra * own
        gradient[:, k:] += ((w[:, None] * parts.score).T) @ x
        curve = w[:, None] * (parts.upper + parts.lower)
        _add_products(inner, x, curve, squares=pattern is not None)
        _add_cuts(gradient, information, x, w, parts, y)
    if pattern is None:
        information[:, k:, k:] = symmetric(inner.T, columns)
        return value, gradient, information
    diagonal = np.concatenate([np.einsum("mii->mi", information)[:, :k], inner.T], axis=1)
    scale = np.sqrt(diagonal / np.diag(pattern))
    return value, gradient, pattern * scale[:, :, None] * scale[:, None, :]


def _add_cuts(
    gradient: Floats, information: Floats, x: Floats, w: Floats, parts: RowParts, y: int
) -> None:
    """Add what rows of one outcome say of the cut points around it."""
    k, own = gradient.shape[1] - x.shape[1], float(w.sum())
    rest = parts.rest * own  # what two neighbouring cut points say of each other
    for cut, density, shift, sign in (
        (y, parts.upper, parts.toward_upper, 1.0),
        (y - 1, parts.lower, parts.toward_lower, -1.0),
    ):
        if not 0 <= cut < k:
            continue
        gradient[:, cut] += w @ shift + sign * parts.ratio * own
        weighted = w[:, None] * density
        information[:, cut, cut] += weighted.sum(axis=0) + rest
        cross = weighted.T @ x
        information[:, cut, k:] -= cross
        information[:, k:, cut] -= cross
    if 0 < y < k:
        information[:, y, y - 1] -= rest
        information[:, y - 1, y] -= rest


def _add_products(total: Floats, x: Floats, curve: Floats, *, squares: bool) -> None:
    """Add what rows weigh in squares, or products of every two columns, few rows at a time."""
    step = max(PRODUCT // (BATCH * len(total)), 8)
    for first in range(0, len(x), step):
        at = slice(first, first + step)
        total += (x[at] ** 2 if squares else pairs(x[at])).T @ curve[at]


@dataclass(frozen=True, slots=True, eq=False)
class RowParts:
    """What rows of one outcome add to log-likelihood and its derivatives."""

    log: Floats  # without ``extra``
    extra: Floats  # log(1 - exp(-distance of the cut points)); one entry a subset
    score: Floats  # by x b
    toward_upper: Floats  # by the upper cut point, without ``ratio``
    toward_lower: Floats  # by the lower cut point, without ``ratio``
    upper: Floats  # density at the upper cut point
    lower: Floats  # density at the lower cut point
    ratio: Floats  # 1 / (exp(distance of the cut points) - 1); one entry a subset
    rest: Floats


def row_parts(eta: Floats, cuts: Floats, y: int) -> RowParts:
    """Return the parts of rows whose outcome is ``y``; ``eta`` is (rows, subsets)."""
    k = cuts.shape[1]
    top, bottom = y == k, y == 0
    upper = np.ones_like(eta) if top else special.expit(cuts[:, y] - eta)
    lower = np.zeros_like(eta) if bottom else special.expit(cuts[:, y - 1] - eta)
    ratio = extra = np.zeros(len(cuts))
    if not top and not bottom:
        apart = cuts[:, y] - cuts[:, y - 1]
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            ratio = np.where(apart > 0, 1 / np.expm1(apart), np.nan)  # crossed: no likelihood
            extra = np.log(-np.expm1(-apart))
    return RowParts(
        log=np.log(np.maximum(upper * (1 - lower), 1e-300)),
        extra=extra,
        score=upper + lower - 1,
        toward_upper=1 - upper,
        toward_lower=-lower,
        upper=upper * (1 - upper),
        lower=lower * (1 - lower),
        ratio=ratio,
        rest=ratio * (1 + ratio),
    )
