"""How much all drivers explain, each driver's part of it, and the same in bootstrap samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from insights.methods.drivers import cumulative, fitting, shares
from insights.methods.drivers.cumulative import Cases
from insights.methods.drivers.design import CONTROL, Design
from insights.methods.drivers.fitting import Fitted
from insights.methods.drivers.reading import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """Shares of what the drivers explain beyond the controls."""

    share: Floats  # one a driver, adding to 1
    draws: Floats  # bootstraps by drivers
    r2: float  # of all columns
    r2_controls: float
    alone: Floats  # p-value of each driver without the others
    vif: Floats


def explained(
    design: Design,
    fitted: Fitted,
    data: Cases | None,
    *,
    bootstraps: int,
    rng: np.random.Generator,
) -> Explained:
    """Divide what the drivers explain, in the sample and in bootstrap samples of it."""
    vif = _inflation(design)
    if data is None:
        return _linear(design, vif, bootstraps, rng)
    return _likelihood(design, fitted, data, vif, bootstraps, rng)


def _sizes(design: Design) -> list[int]:
    """Return how many columns each driver has."""
    return [len(design.of(j)) for j in range(len(design.drivers))]


def _linear(
    design: Design, vif: Floats, bootstraps: int, rng: np.random.Generator
) -> Explained:
    """Divide R², from cross-products of the sample and of its bootstrap samples."""
    order = np.argsort(design.group, kind="stable")  # controls first
    controls = int((design.group == CONTROL).sum())
    middle = design.weight @ design.y / design.size
    y = (design.y - middle) / np.sqrt(design.weight @ (design.y - middle) ** 2 / design.size)
    ones = np.ones(design.size)
    z = np.column_stack([ones, fitting.standard(design)[:, order], y])

    def block(at: slice) -> Floats:
        return design.weight[at, None] * shares.pairs(z[at])

    total = shares.resampled(
        block, design.size, cluster=design.cluster, bootstraps=bootstraps, rng=rng
    )
    cross = shares.swept(shares.symmetric(total, z.shape[1]), 1)
    beyond = shares.swept(cross, controls)
    parts = shares.divided(beyond, _sizes(design))
    every = shares.swept(beyond[:1], beyond.shape[-1] - 1)[0, 0, 0]
    whole, left = cross[0, -1, -1], beyond[0, -1, -1]
    alone = np.array([_beyond(design, beyond[0], j) for j in range(len(design.drivers))])
    return Explained(parts[0], parts[1:], 1 - every / whole, 1 - left / whole, alone, vif)


def _beyond(design: Design, cross: Floats, driver: int) -> float:
    """Return the p-value of an F test of one driver beyond the controls, without the others."""
    own = design.of(driver) - int((design.group[: design.of(driver)[0]] == CONTROL).sum())
    at = np.append(own, len(cross) - 1)
    left = float(shares.swept(cross[None, at[:, None], at], len(own))[0, 0, 0])
    df = max(design.effective - len(own) - int((design.group == CONTROL).sum()) - 1, 1.0)
    f = (cross[-1, -1] - left) / len(own) / max(left / df, 1e-300)
    return float(special.fdtrc(len(own), df, max(f, 0.0)))


def _likelihood(
    design: Design,
    fitted: Fitted,
    data: Cases,
    vif: Floats,
    bootstraps: int,
    rng: np.random.Generator,
) -> Explained:
    """Divide the deviance of the sample, and what it would be in bootstrap samples."""
    cuts, z = data.cuts, fitting.standard(design)
    level = fitted.theta[:cuts] - design.mean @ fitted.coef
    theta = np.concatenate([level, fitted.coef * design.spread])
    information = cumulative.evaluate(data, theta[None])[2][0]
    none = np.zeros((1, z.shape[1]), dtype=bool)
    null = _fits(data, theta, information, none)[1][0]
    each, left = _fits(data, theta, information, _members(design))
    gain = np.maximum(left[0] - left[_single(design)], 0.0) * design.effective / design.size
    alone = special.gammaincc(np.array(_sizes(design)) / 2, gain / 2)
    if len(design.drivers) <= shares.EXACT:
        parts = _by_deviance(design, z, theta, information, each, bootstraps, rng)
    else:
        parts = _by_coefficients(design, z, theta, bootstraps, rng)
    return Explained(parts[0], parts[1:], 1 - left[-1] / null, 1 - left[0] / null, alone, vif)


def _members(design: Design) -> Bools:
    """Return which columns each subset of drivers holds: none first, all last."""
    many = len(design.drivers)
    inside = np.eye(many + 2, many, -1) == 1  # beyond the limit: none, each alone and all
    inside[-1] = True
    if many <= shares.EXACT:
        inside = (np.arange(2**many)[:, None] >> np.arange(many)) & 1 == 1
    padded = np.column_stack([inside, np.ones(len(inside), dtype=bool)])  # CONTROL is the last
    return np.asarray(padded[:, design.group])


def _single(design: Design) -> Ints:
    """Return where ``_members`` has each driver alone."""
    each = np.arange(len(design.drivers))
    return 2**each if len(each) <= shares.EXACT else each + 1


def _fits(
    data: Cases, theta: Floats, information: Floats, member: Bools
) -> tuple[Floats, Floats]:
    """Return parameters and deviance of the model with each subset of columns."""
    begin = cumulative.near(theta, information, member)
    crossed = (np.diff(begin[:, : data.cuts], axis=1) <= 0).any(axis=1)
    begin[crossed] = cumulative.start(data)
    found = cumulative.fit(data, begin, member, pattern=information)
    assert np.isfinite(found[1]).all()  # the likelihood is concave, and has a maximum
    return found


def _by_deviance(
    design: Design,
    z: Floats,
    theta: Floats,
    information: Floats,
    each: Floats,
    bootstraps: int,
    rng: np.random.Generator,
) -> Floats:
    """Return shares of the deviance: of the sample, then of its bootstrap samples.

    A subset's deviance in a bootstrap sample is that of its parameters in the sample, summed
    over the rows drawn, less what one Newton step with the scores of the full model gains.
    """
    rows, cuts = fitting.rows(design, z, theta), len(theta) - z.shape[1]

    def block(at: slice) -> Floats:
        return np.column_stack([rows(at)[0], fitting.lost(design, z, each, at)])

    total = shares.resampled(
        block, design.size, cluster=design.cluster, bootstraps=bootstraps, rng=rng,
        columns=len(each) + len(theta),
    )  # fmt: skip
    score = total[:, : len(theta)].copy()
    score[0] = 0.0  # at the optimum
    gain = np.einsum("bi,bi->b", score, np.linalg.solve(information, score.T).T)
    many = np.broadcast_to(information, (len(total), *information.shape))
    cross = _bordered(design, cuts, many, score, gain)
    return shares.whole(
        shares.shapley(total[:, len(theta) :] + shares.left_by_subset(cross, _sizes(design)))
    )


def _by_coefficients(
    design: Design, z: Floats, theta: Floats, bootstraps: int, rng: np.random.Generator
) -> Floats:
    """Return shares of the quadratic form b' A b: of the sample, then of bootstrap samples.

    A bootstrap sample's coefficients are one Newton step from the sample's.
    """
    rows, size = fitting.rows(design, z, theta), len(theta)
    total = shares.resampled(
        lambda at: np.column_stack(rows(at)), design.size, cluster=design.cluster,
        bootstraps=bootstraps, rng=rng, columns=size * size,
    )  # fmt: skip
    information = shares.symmetric(total[:, size:], size)
    score = total[:, :size].copy()
    score[0] = 0.0  # at the optimum
    ridge = 1e-10 * np.einsum("bii->bi", information)[:, :, None] * np.eye(size)
    moved = theta + np.linalg.solve(information + ridge, score[..., None])[..., 0]
    cuts = size - z.shape[1]
    moved[:, np.append(np.ones(cuts, dtype=bool), design.group == CONTROL)] = 0.0
    pull = (information @ moved[..., None])[..., 0]
    form = np.einsum("bi,bi->b", moved, pull)
    return shares.divided(_bordered(design, cuts, information, pull, form), _sizes(design))


def _bordered(
    design: Design, cuts: int, information: Floats, pull: Floats, form: Floats
) -> Floats:
    """Return drivers' information with a border, cut points and controls taken out."""
    size = information.shape[-1]
    cross = np.empty((len(information), size + 1, size + 1))
    cross[:, :-1, :-1] = information
    cross[:, :-1, -1] = cross[:, -1, :-1] = pull
    cross[:, -1, -1] = form
    group = np.concatenate([np.full(cuts, CONTROL), design.group, [len(design.drivers)]])
    place = np.argsort(group, kind="stable")
    return shares.swept(cross[:, place[:, None], place], int((group == CONTROL).sum()))


def _inflation(design: Design) -> Floats:
    """Return how much others inflate the variance of each driver (Fox and Monette 1992)."""
    z = fitting.standard(design)
    r = (design.weight[:, None] * z).T @ z / design.size
    found = []
    for j in range(len(design.drivers)):
        own = design.of(j)
        rest = np.setdiff1d(np.arange(len(r)), own)
        logs = [np.linalg.slogdet(r[np.ix_(at, at)])[1] for at in (own, rest)]
        found.append(np.exp((sum(logs) - np.linalg.slogdet(r)[1]) / len(own)))
    return np.array(found)
