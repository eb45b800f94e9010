"""Fast paths of importance against slow obvious loops and against statsmodels."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from insights.methods.drivers import importance, shares


def numbers(seed, n=300, p=4):
    """Correlated numbers and an outcome that goes with some of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    rows = pd.DataFrame(x, columns=list("abcdefghijklmnop")[:p])
    rows["kind"] = rng.choice(["x", "y", "z"], n)
    rows["y"] = x @ np.linspace(1, 0, p) + (rows["kind"] == "x") + rng.normal(0, 2, n)
    rows["bad"] = (rows["y"] > rows["y"].median()).astype(int)
    rows["score"] = pd.qcut(rows["y"], 4, labels=False) + 1
    rows["w"] = rng.uniform(0.3, 2, n)
    return rows


def worth(rows, names, outcome="y", weight=None):
    """R² of one subset, by least squares on dummies."""
    x = pd.get_dummies(rows[list(names)], drop_first=True, dtype=float)
    w = np.sqrt(np.ones(len(rows)) if weight is None else weight)
    full = np.column_stack([np.ones(len(rows)), x]) * w[:, None]
    y = rows[outcome].to_numpy(float)
    y = (y - np.average(y, weights=w**2)) * w
    rest = y - full @ np.linalg.lstsq(full, y, rcond=None)[0]
    return 1 - rest @ rest / (y @ y)


def slow_shapley(drivers, value):
    """Shapley values, one driver and one subset at a time."""
    p, parts = len(drivers), {}
    for name in drivers:
        rest = [other for other in drivers if other != name]
        parts[name] = sum(
            factorial(size) * factorial(p - size - 1) / factorial(p)
            * (value((*some, name)) - value(some))
            for size in range(p)
            for some in combinations(rest, size)
        )  # fmt: skip
    return pd.Series(parts)


@pytest.mark.parametrize("weights", [None, "w"])
def test_shares_equal_a_loop_over_subsets_with_groups_controls_and_weights(weights):
    rows = numbers(1)
    drivers, held = ["a", "kind", "c"], ("b",)
    found = importance(rows, outcome="y", drivers=drivers, controls=held, weights=weights)
    weight = None if weights is None else rows[weights].to_numpy()
    parts = slow_shapley(drivers, lambda some: worth(rows, (*held, *some), weight=weight))
    np.testing.assert_allclose(found.table["share"], parts / parts.sum(), rtol=1e-8)
    assert found.r2 == pytest.approx(worth(rows, ("a", "b", "c", "kind"), weight=weight))
    assert found.r2_controls == pytest.approx(worth(rows, held, weight=weight))


@pytest.mark.parametrize("cluster", [None, "who"])
def test_bootstrap_shares_equal_a_loop_over_samples(cluster):
    rows = numbers(2, n=120).assign(who=lambda f: np.arange(len(f)) // 4)
    drivers = ["a", "b", "kind"]
    found = importance(rows, outcome="y", drivers=drivers, cluster=cluster, bootstraps=100)
    design = found.fitted.design
    units = 30 if cluster else 120
    counts = shares.resampled(
        lambda at: np.eye(units)[at], units, cluster=None, bootstraps=100,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    named = pd.DataFrame(design.x, columns=["a", "b", "y_", "z_"]).assign(y=design.y)
    groups = {"a": ["a"], "b": ["b"], "kind": ["y_", "z_"]}
    for sample in (1, 50, 100):
        weight = counts[sample] if cluster is None else counts[sample][design.cluster]

        def value(some, weight=weight):
            columns = [column for name in some for column in groups[name]]
            return worth(named, columns, weight=weight) if some else 0.0

        parts = slow_shapley(drivers, value)
        np.testing.assert_allclose(found.draws.loc[sample - 1], parts / parts.sum(), rtol=1e-8)


def test_logit_shares_and_errors_equal_statsmodels():
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    rows = numbers(4)
    drivers = ["a", "b", "c"]

    def fit(some):
        x = np.column_stack([np.ones(len(rows)), rows[list(some)]])
        return GLM(rows["bad"], x, Binomial()).fit(tol=1e-12)

    found = importance(rows, outcome="bad", drivers=drivers, model="logit")
    parts = slow_shapley(drivers, lambda some: -fit(some).deviance)
    np.testing.assert_allclose(found.table["share"], parts / parts.sum(), rtol=1e-5)
    full, none = fit(drivers), fit(())
    assert found.r2 == pytest.approx(1 - full.deviance / none.deviance, rel=1e-6)
    x = np.column_stack([np.ones(len(rows)), rows[drivers]])
    mu = np.asarray(full.fittedvalues)
    bread = np.linalg.inv(x.T @ (x * (mu * (1 - mu))[:, None]))
    hat = np.einsum("ij,jk,ik->i", x, bread, x) * mu * (1 - mu)
    score = x * ((rows["bad"] - mu) / (1 - hat)).to_numpy()[:, None]
    hc3 = bread @ score.T @ score @ bread
    np.testing.assert_allclose(found.fitted.coef, full.params[1:], rtol=1e-6)
    np.testing.assert_allclose(found.fitted.cov[0][1:, 1:], hc3[1:, 1:], rtol=1e-4)
    ame = full.params.iloc[1] * (mu * (1 - mu)).mean()
    assert found.table.loc["a", "effect"] == pytest.approx(ame, rel=1e-6)


def test_ordinal_shares_and_coefficients_equal_statsmodels():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rows = numbers(5, n=150)
    drivers = ["a", "b", "c"]

    def fit(some):
        return OrderedModel(rows["score"], rows[list(some)], distr="logit").fit(
            method="bfgs", disp=0, gtol=1e-8, maxiter=500
        )

    found = importance(rows, outcome="score", drivers=drivers, model="ordinal")
    counts = rows["score"].value_counts()
    none = float((counts * np.log(counts / counts.sum())).sum())
    parts = slow_shapley(drivers, lambda some: fit(some).llf if some else none)
    np.testing.assert_allclose(found.table["share"], parts / parts.sum(), rtol=1e-4)
    full = fit(drivers)
    np.testing.assert_allclose(found.fitted.coef, full.params[:3], rtol=1e-4)
    np.testing.assert_allclose(
        np.sqrt(np.diag(found.fitted.cov[1]))[3:], full.bse[:3], rtol=2e-3
    )
    chance = np.asarray(full.predict(which="prob"))
    more = np.asarray(full.predict(rows[drivers].assign(a=rows["a"] + 1e-4), which="prob"))
    slope = ((more - chance) @ [1, 2, 3, 4]).mean() / 1e-4
    assert found.table.loc["a", "effect"] == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize(("model", "outcome"), [("logit", "bad"), ("ordinal", "score")])
def test_one_newton_step_is_as_good_as_a_full_fit_of_a_bootstrap_sample(model, outcome):
    rows = numbers(6, n=500)
    drivers = ["a", "b", "c", "d"]
    found = importance(rows, outcome=outcome, drivers=drivers, model=model, bootstraps=100)
    counts = shares.resampled(
        lambda at: np.eye(500)[at], 500, cluster=None, bootstraps=100,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    made = found.fitted.design
    sample = pd.DataFrame(made.x, columns=drivers).assign(y=made.y)
    full = [
        importance(
            sample.loc[np.repeat(np.arange(500), counts[i].astype(int))], outcome="y",
            drivers=drivers, model=model, bootstraps=100,
        ).table["share"]
        for i in range(1, 13)
    ]  # fmt: skip
    away = np.abs(np.array(full) - found.draws.iloc[:12].to_numpy())
    assert away.max() < 0.03


def test_relative_weights_equal_the_published_steps_and_lmg_of_two():
    """Johnson (2000): orthogonal counterparts by singular values, weights by squared paths."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(200, 5)) + rng.normal(size=(200, 1))
    y = x @ [1, 0.5, 0.2, 0, 0] + rng.normal(size=200)
    z = (x - x.mean(axis=0)) / x.std(axis=0) / np.sqrt(200)
    v = (y - y.mean()) / y.std() / np.sqrt(200)
    p, d, q = np.linalg.svd(z, full_matrices=False)
    near = p @ q
    path, beta = near.T @ z, near.T @ v
    slow = (path**2).T @ beta**2
    whole = np.column_stack([z, v])
    cross = (whole.T @ whole)[None]
    np.testing.assert_allclose(shares.relative_weights(cross, [1] * 5)[0], slow, rtol=1e-10)
    grouped = shares.relative_weights(cross, [2, 3])[0]
    np.testing.assert_allclose(grouped, [slow[:2].sum(), slow[2:].sum()])
    two = cross[:, [0, 1, 5]][:, :, [0, 1, 5]]
    lmg = shares.shapley(shares.left_by_subset(two, [1, 1]))[0]
    np.testing.assert_allclose(shares.relative_weights(two, [1, 1])[0], lmg, rtol=1e-10)


@pytest.mark.parametrize(
    ("model", "outcome"), [("linear", "y"), ("logit", "bad"), ("ordinal", "score")]
)
def test_beyond_twelve_drivers_shares_are_relative_weights(model, outcome):
    """Coefficients fall from 1 to 0 in equal steps."""
    rows = numbers(9, n=500, p=13)
    found = importance(rows, outcome=outcome, drivers=list(rows.columns[:13]), model=model)
    assert found.method == "Johnson"
    assert importance(rows, outcome="y", drivers=["a", "b"]).method == "LMG"
    assert found.table["share"].sum() == pytest.approx(1)
    assert stats.kendalltau(found.table["share"], -np.arange(13)).statistic > 0.6


def test_inflation_is_that_of_regressing_each_driver_on_the_others():
    rows = numbers(10)
    found = importance(rows, outcome="y", drivers=["a", "b", "c"], controls=["kind"])
    for name, rest in (("a", ["b", "c", "kind"]), ("b", ["a", "c", "kind"])):
        expected = 1 / (1 - worth(rows, rest, outcome=name))
        assert found.table.loc[name, "vif"] == pytest.approx(expected)


def test_linear_errors_are_hc3_or_clustered_and_never_below_the_models_own():
    from statsmodels.regression.linear_model import OLS

    rows = numbers(11).assign(who=lambda f: np.arange(len(f)) // 10)
    model = OLS(rows["y"], np.column_stack([np.ones(len(rows)), rows[["a", "b"]]]))
    own = model.fit().bse.iloc[1:]
    clusters = {"groups": rows["who"]}
    robust = {
        None: model.fit(cov_type="HC3").bse.iloc[1:],
        "who": model.fit(cov_type="cluster", cov_kwds=clusters).bse.iloc[1:],
    }
    for cluster, error in robust.items():
        table = importance(rows, outcome="y", drivers=["a", "b"], cluster=cluster).table
        df = 29 if cluster else 297
        half = (table["effect_upper"] - table["effect"]) / stats.t.ppf(0.975, df)
        np.testing.assert_allclose(half, np.maximum(error, own), rtol=1e-6)
        p = 2 * stats.t.sf(np.abs(table["effect"] / half), df)
        np.testing.assert_allclose(table["p_value"], p, rtol=1e-6)
