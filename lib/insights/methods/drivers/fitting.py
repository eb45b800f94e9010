"""Fit the model with every driver: parameters, robust covariance, effects in outcome units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from insights.errors import MethodError
from insights.methods.drivers import cumulative, shares
from insights.methods.drivers.cumulative import Cases
from insights.methods.drivers.design import WHERE, Design
from insights.methods.drivers.reading import Floats

SEPARATED = 1e-4  # information left of that without drivers: an effect without bound


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model of the outcome: cut points (linear: minus the constant), then coefficients."""

    design: Design
    model: str
    theta: Floats
    cov: Floats  # in the order of theta: robust or by cluster, and by the model's assumptions
    df: float

    @property
    def cuts(self) -> int:
        """Return how many cut points there are."""
        return len(self.theta) - int(self.design.x.shape[1])

    @property
    def coef(self) -> Floats:
        """Return the coefficients, one a column."""
        return self.theta[self.cuts :]

    def t(self, level: float) -> float:
        """Return the quantile that an interval of this level reaches to."""
        return float(special.stdtrit(self.df, (1 + level) / 2))

    def wald(self, driver: int) -> float:
        """Return the p-value of all columns of a driver together being nought."""
        at = self.design.of(driver)
        b, cov = self.coef[at], self.cov[:, (self.cuts + at)[:, None], self.cuts + at]
        f = b @ np.linalg.pinv(cov, rcond=1e-12, hermitian=True) @ b / len(at)
        return float(special.fdtrc(len(at), self.df, f).max())

    def curve(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the expected outcome of rows, its slope by each cut, and the slope of that.

        What moves every cut down moves x b up: the sum over cuts, negated, is the slope by x b.
        """
        away = (x @ self.coef)[:, None] - self.theta[: self.cuts]
        if self.model == "linear":
            return away[:, 0], np.full_like(away, -1.0), np.zeros_like(away)
        rise = np.diff(self.design.scores)  # the score gained beyond each cut point
        above = special.expit(away)
        density = above * (1 - above) * rise
        return self.design.scores[0] + above @ rise, -density, -density * (1 - 2 * above)

    def slope(self, column: int) -> tuple[float, float]:
        """Return the average marginal effect of a column, and its standard error."""
        x, w = self.design.x, self.design.weight / self.design.size
        _, by_cut, bend = self.curve(x)
        mean, b = -float((w @ by_cut).sum()), float(self.coef[column])
        gradient = b * np.concatenate([w @ bend, -(w * bend.sum(axis=1)) @ x])
        gradient[self.cuts + column] += mean
        return b * mean, self._error(gradient)

    def shift(self, before: Floats, after: Floats) -> tuple[float, float, float, float]:
        """Return the mean outcome of two versions of the rows, the difference and its error."""
        w = self.design.weight / self.design.size
        (mean0, cut0, _), (mean1, cut1, _) = self.curve(before), self.curve(after)
        by_coef = (w * cut0.sum(axis=1)) @ before - (w * cut1.sum(axis=1)) @ after
        gradient = np.concatenate([w @ (cut1 - cut0), by_coef])
        start, end = float(w @ mean0), float(w @ mean1)
        return start, end, end - start, self._error(gradient)

    def _error(self, gradient: Floats) -> float:
        """Return the standard error of what has this gradient (delta method)."""
        return float(np.sqrt(np.maximum(gradient @ self.cov @ gradient, 0.0).max()))


def fit(design: Design, model: str) -> tuple[Fitted, Cases | None]:
    """Fit the model; a likelihood model also returns its cases, with standardised columns."""
    groups = design.clusters
    df = float(groups - 1 if groups else design.size - design.x.shape[1] - 1)
    if model == "linear":
        return _linear(design, df), None
    z = standard(design)
    data = cumulative.cases(z, design.code, design.weight)
    every = np.ones((1, z.shape[1]), dtype=bool)
    theta, deviance = cumulative.fit(data, cumulative.start(data)[None], every)
    _bounded(design, data, theta[0], settled=bool(np.isfinite(deviance[0])))
    cuts = data.cuts
    turn = np.eye(len(theta[0]))  # from standardised columns to those given
    turn[:cuts, cuts:] = design.mean / design.spread
    turn[cuts:, cuts:] = np.diag(1 / design.spread)
    cov = turn @ _sandwich(design, z, theta[0]) @ turn.T
    return Fitted(design, model, turn @ theta[0], cov, df), data


def standard(design: Design) -> Floats:
    """Return the columns with mean 0 and standard deviation 1."""
    return np.asarray((design.x - design.mean) / design.spread)


def rows(design: Design, z: Floats, theta: Floats) -> Callable[[slice], tuple[Floats, Floats]]:
    """Return what gives scores of a slice of rows, and upper triangles of information."""
    columns = z.shape[1]
    size, cuts = len(theta), len(theta) - columns
    place = np.zeros((size, size), dtype=int)
    place[np.triu_indices(size)] = np.arange(size * (size + 1) // 2)
    inner = place[cuts:, cuts:][np.triu_indices(columns)]
    code, eta = design.code, z @ theta[cuts:]

    def block(at: slice) -> tuple[Floats, Floats]:
        score = np.zeros((at.stop - at.start, size))
        information = np.zeros((at.stop - at.start, size * (size + 1) // 2))
        curve, slope = np.empty(len(score)), np.empty(len(score))
        for y in np.unique(code[at]):
            here = np.flatnonzero(code[at] == y)
            parts = cumulative.row_parts(eta[at][here, None], theta[None, :cuts], int(y))
            slope[here] = parts.score[:, 0]
            curve[here] = (parts.upper + parts.lower)[:, 0]
            rest, ratio = float(parts.rest[0]), float(parts.ratio[0])
            if y < cuts:
                score[here, y] = parts.toward_upper[:, 0] + ratio
                information[here, place[y, y]] = parts.upper[:, 0] + rest
                information[here[:, None], place[y, cuts:]] = -parts.upper * z[at][here]
            if y > 0:
                score[here, y - 1] = parts.toward_lower[:, 0] - ratio
                information[here, place[y - 1, y - 1]] = parts.lower[:, 0] + rest
                information[here[:, None], place[y - 1, cuts:]] = -parts.lower * z[at][here]
            if 0 < y < cuts:
                information[here, place[y - 1, y]] = -rest
        score[:, cuts:] = slope[:, None] * z[at]
        information[:, inner] = curve[:, None] * shares.pairs(z[at])
        w = design.weight[at, None]
        return w * score, w * information

    return block


def lost(design: Design, z: Floats, theta: Floats, at: slice) -> Floats:
    """Return what each row of a slice adds to the deviance of each set of parameters."""
    cuts = theta.shape[1] - z.shape[1]
    code, eta = design.code[at], z[at] @ theta[:, cuts:].T
    found = np.empty_like(eta)
    for y in np.unique(code):
        parts = cumulative.row_parts(eta[code == y], theta[:, :cuts], int(y))
        found[code == y] = -2 * (parts.log + parts.extra)
    return np.asarray(design.weight[at, None] * found)


def _linear(design: Design, df: float) -> Fitted:
    """Fit by weighted least squares, errors robust (HC3) or clustered."""
    from statsmodels.regression.linear_model import WLS  # a second of import

    z = np.column_stack([np.ones(design.size), standard(design)])
    model = WLS(design.y, z, weights=design.weight)
    if design.cluster is None:
        found = model.fit(cov_type="HC3")
    else:
        found = model.fit(cov_type="cluster", cov_kwds={"groups": design.cluster})
    turn = np.zeros((z.shape[1], z.shape[1]))
    turn[0, 0] = -1.0  # the cut point is minus the constant
    turn[0, 1:] = design.mean / design.spread
    turn[1:, 1:] = np.diag(1 / design.spread)
    own = model.fit().cov_params()
    cov = turn @ np.stack([found.cov_params(), own]) @ turn.T
    return Fitted(design, "linear", turn @ found.params, cov, df)


def _sandwich(design: Design, z: Floats, theta: Floats) -> Floats:
    """Return a likelihood model's covariances: robust or clustered, and by its assumptions.

    A row's leverage is what its own information weighs in that of all: trace(I^-1 I_row).
    """
    block, n, k = rows(design, z, theta), design.size, len(theta)
    places = list(shares.blocks(n, k * k))
    total = np.sum([block(at)[1].sum(axis=0) for at in places], axis=0)
    bread = np.linalg.inv(shares.symmetric(total, k))
    twice = (bread * (2 - np.eye(k)))[np.triu_indices(k)]
    score = np.concatenate([block(at)[0] for at in places])
    if design.cluster is None:
        leverage = np.concatenate([block(at)[1] @ twice for at in places])
        score = score / np.maximum(1 - leverage, 0.1)[:, None]
        factor = 1.0
    else:
        summed = np.zeros((design.clusters, k))
        np.add.at(summed, design.cluster, score)
        score, factor = summed, (n - 1) / (n - k) * design.clusters / (design.clusters - 1)
    return np.stack([factor * bread @ (score.T @ score) @ bread, bread])


def _bounded(design: Design, data: Cases, theta: Floats, *, settled: bool) -> None:
    """Refuse a driver for some values of which the outcome never varies."""
    cuts = data.cuts
    full = cumulative.evaluate(data, theta[None])[2][0]
    null = cumulative.evaluate(data, cumulative.start(data)[None])[2][0]
    own = [1 / np.diag(np.linalg.pinv(one, hermitian=True))[cuts:] for one in (full, null)]
    free = own[0] / own[1] <= SEPARATED
    if settled and not free.any():
        return
    worst = int((np.abs(theta[cuts:]) * (free if free.any() else 1)).argmax())
    column = design.columns[worst]
    name = f"{column.driver} = {column.level}" if column.level else column.driver
    raise MethodError(
        f"{WHERE}: for some values of '{name}' the outcome '{design.outcome}' never varies, so "
        "that the effect has no bound. Drop the driver or pool the level."
    )
