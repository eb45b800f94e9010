"""What goes with an outcome: published numbers, planted truth, properties."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from insights.methods.drivers import importance
from insights.results import Result

COLUMNS = [
    "share", "lower", "upper", "effect", "effect_lower", "effect_upper", "p_value", "q_value",
    "vif",
]  # fmt: skip
ITEMS = ["complaints", "privileges", "learning", "raises", "critical", "advance"]
SFO = ["food", "screens", "sign", "art", "walkways", "store"]
SATISFACTION = [
    "first_reply_hours", "resolution_hours", "granted", "quality", "reopened", "transfers",
    "topic", "device", "macro_count",
]  # fmt: skip
WAITS = ["first_reply_hours", "resolution_hours"]
NULL = {"device", "macro_count"}


@pytest.fixture(scope="module")
def public():
    folder = Path(__file__).parents[2] / os.environ.get("INSIGHTS_SHARED", "../shared") / "data"
    if not folder.is_dir():
        said = f"no public data at {folder}; set INSIGHTS_SHARED"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    return folder


def satisfaction(seed, n):
    """Tickets whose satisfaction is known; two drivers do nothing, one of them by topic."""
    rng = np.random.default_rng(seed)
    topic = rng.choice(["account", "payout", "appeal", "safety"], n, p=[0.4, 0.2, 0.25, 0.15])
    rows = pd.DataFrame(
        {
            "first_reply_hours": rng.lognormal(1.5, 1, n),
            "resolution_hours": rng.lognormal(3, 1, n),
            "granted": rng.random(n) < 0.6,
            "quality": rng.normal(size=n),
            "reopened": (rng.random(n) < 0.09).astype(int),
            "transfers": (rng.random(n) < 0.12).astype(int),
            "topic": topic,
            "device": rng.choice(["ios", "android", "web"], n, p=[0.4, 0.5, 0.1]),
            "macro_count": rng.poisson(np.where(topic == "appeal", 3, 1)),
        }
    )
    latent = (
        1.9
        - 0.22 * np.log2(1 + rows["first_reply_hours"])
        - 0.10 * np.log2(1 + rows["resolution_hours"])
        + 0.9 * rows["granted"]
        + 0.55 * rows["quality"]
        - 0.60 * rows["reopened"]
        - 0.45 * rows["transfers"]
        - 0.70 * (topic == "appeal")
    )
    latent = latent + 0.6 * rng.logistic(size=n)
    score = 1 + np.searchsorted([-0.5, 0.3, 1.0, 1.8], latent)
    return rows.assign(latent=latent, score=score, satisfied=(score >= 4).astype(int))


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


# published


def test_attitude_has_the_published_coefficients_and_shares(public):
    """Chatterjee and Price (1977), supervisor data, n = 30; LMG and general dominance of R²."""
    rows = pd.read_csv(public / "published_answers/attitude.csv")
    found = importance(rows, outcome="rating", drivers=ITEMS)
    assert list(found.table.columns[:9]) == COLUMNS
    b = [0.6132, -0.0731, 0.3203, 0.0817, 0.0384, -0.2171]
    np.testing.assert_allclose(found.table["effect"], b, atol=5e-5)
    assert -found.fitted.theta[0] == pytest.approx(10.787, abs=5e-4)
    assert found.r2 == pytest.approx(0.7326, abs=5e-5)
    parts = found.table["share"] * found.r2
    lmg = [0.3708, 0.0509, 0.1558, 0.1203, 0.0066, 0.0282]
    np.testing.assert_allclose(parts, lmg, atol=5e-5)
    printed = json.loads((public / "published_answers/expected.json").read_text())
    dominance = printed["dominance_attitude"]["general_dominance_r2"]
    np.testing.assert_allclose(parts[list(dominance)], list(dominance.values()), atol=5e-4)
    assert found.supported == ["complaints"]


def test_airport_survey_has_the_published_fit(public):
    """San Francisco airport 2010-2018, six core items, codes 0 and 6 nulled (domain.md 2.3)."""
    rows = pd.read_csv(public / "surveys/sfo_survey_2010_2017.csv.gz", low_memory=False)
    rows = rows[[*SFO, "all"]].replace({0: np.nan, 6: np.nan})
    found = importance(rows, outcome="all", drivers=SFO, bootstraps=100)
    assert (found.n, found.left_out) == (17_003, 11_662)
    assert found.r2 == pytest.approx(0.547, abs=5e-4)
    b = [0.154, 0.151, 0.141, 0.133, 0.118, 0.110]
    np.testing.assert_allclose(found.table["effect"], b, atol=5e-4)
    assert found.supported[0] == "food"


@pytest.mark.parametrize("model", ["linear", "ordinal"])
def test_the_null_ticket_file_has_no_supported_driver(public, model):
    """Synthetic tickets whose rating depends on nothing: the negative control."""
    rows = pd.read_csv(public / "support/kaggle_support_tickets_synthetic_null.csv")
    drivers = [
        "Customer_Age", "Customer_Gender", "Ticket_Type", "Ticket_Subject", "Ticket_Priority",
        "Ticket_Channel",
    ]  # fmt: skip
    found = importance(
        rows, outcome="Customer_Satisfaction_Rating", drivers=drivers, model=model,
        metric="rating",
    )  # fmt: skip
    assert found.supported == []
    assert found.narrative().startswith(
        "No supported driver: none of 6 goes with rating beyond"
    )


# planted


@pytest.fixture(scope="module")
def truth():
    """LMG shares of the latent satisfaction itself, from 40,000 other tickets."""
    options = {"drivers": SATISFACTION, "log": WAITS, "bootstraps": 100}
    return importance(satisfaction(99, 40_000), outcome="latent", **options).table["share"]


@pytest.mark.parametrize(
    ("model", "outcome"), [("linear", "score"), ("logit", "satisfied"), ("ordinal", "score")]
)
def test_planted_drivers_are_found_in_order_and_null_ones_are_not(model, outcome, truth):
    found = importance(
        satisfaction(11, 2_500), outcome=outcome, drivers=SATISFACTION, log=WAITS, model=model,
        bootstraps=100,
    )  # fmt: skip
    tau = stats.kendalltau(truth, found.table["share"]).statistic
    assert tau >= 0.7
    assert not set(found.supported) & NULL
    assert len(found.supported) >= 6  # of seven
    effect = found.table["effect"]
    assert (effect[["granted", "quality"]] > 0).all()
    assert (
        effect[["first_reply_hours", "resolution_hours", "reopened", "transfers"]] < 0
    ).all()
    assert found.table.loc["topic", "contrast"] == "appeal against account"
    assert effect["topic"] < 0


def test_a_driver_that_only_follows_topic_is_null_once_topic_is_held():
    """Macros are used more on appeals, which satisfy less: a trap without topic."""
    rows = satisfaction(3, 4_000)
    options = {"outcome": "score", "drivers": ["quality", "macro_count"], "bootstraps": 100}
    assert "macro_count" in importance(rows, **options).supported
    held = importance(rows, controls=["topic"], **options)
    assert held.supported == ["quality"]
    assert held.r2_controls > 0.01
    assert "beyond the controls" in held.narrative()


def test_null_drivers_are_supported_in_few_of_many_samples():
    """40 samples in which nothing goes with the score; the bench has the whole table."""
    hits = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = pd.DataFrame(rng.normal(size=(400, 5)), columns=list("abcde"))
        rows["skewed"] = rng.lognormal(0, 1.5, 400)
        rows["rare"] = rng.random(400) < 0.05
        rows["kind"] = rng.choice(["x", "y", "z"], 400)
        rows["score"] = rng.choice([1, 2, 3, 4, 5], 400, p=[0.1, 0.05, 0.1, 0.25, 0.5])
        names = list(rows.columns.drop("score"))
        hits += bool(importance(rows, outcome="score", drivers=names, bootstraps=100).supported)
    assert hits <= stats.binom.ppf(0.999, 40, 0.1)


# properties


MODELS = st.sampled_from([("linear", "y"), ("logit", "bad"), ("ordinal", "score")])


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000), MODELS, st.booleans())
def test_shares_add_up_intervals_hold_them_and_order_changes_nothing(seed, kind, weighted):
    rows = numbers(seed, n=80)
    options = {
        "outcome": kind[1], "model": kind[0], "weights": "w" if weighted else None,
        "bootstraps": 100,
    }  # fmt: skip
    one = importance(rows, drivers=["a", "b", "kind"], **options)
    table = one.table
    assert table["share"].sum() == pytest.approx(1, abs=1e-9)
    assert (table["lower"] <= table["share"]).all() and (table["share"] <= table["upper"]).all()
    assert (table["lower"] >= 0).all()
    steps = table["p_value"].sort_values() * [3, 2, 1]  # Holm (1979)
    holm = steps.cummax().clip(upper=1)
    np.testing.assert_allclose(table["q_value"], holm[table.index])
    assert (table["rank_lower"] <= table["rank"]).all()
    assert sorted(table["rank"]) == [1, 2, 3]
    mixed = rows.sample(frac=1, random_state=seed)
    other = importance(mixed, drivers=["kind", "b", "a"], **options)
    pd.testing.assert_frame_equal(table, other.table.loc[table.index], rtol=1e-6)
    assert isinstance(one, Result)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000), MODELS, st.floats(0.01, 100), st.floats(-50, 50))
def test_the_unit_of_a_driver_changes_its_effect_alone(seed, kind, factor, shift):
    rows = numbers(seed, n=80)
    options = {
        "outcome": kind[1], "model": kind[0], "drivers": ["a", "b", "c"], "bootstraps": 100,
    }  # fmt: skip
    one = importance(rows, **options).table
    other = importance(rows.assign(a=rows["a"] * factor + shift), **options).table
    same = ["share", "lower", "upper", "p_value", "vif", "effect_sd"]
    pd.testing.assert_frame_equal(one[same], other[same], rtol=1e-4, atol=1e-6)
    assert other.loc["a", "effect"] * factor == pytest.approx(one.loc["a", "effect"], rel=1e-4)


def test_whole_weights_give_the_shares_of_repeated_rows():
    rows = numbers(12).assign(w=lambda f: 1 + np.arange(len(f)) % 3)
    repeated = rows.loc[rows.index.repeat(rows["w"])]
    for model, outcome in (("linear", "y"), ("logit", "bad"), ("ordinal", "score")):
        options = {"outcome": outcome, "drivers": ["a", "b", "kind"], "model": model}
        weighted = importance(rows, weights="w", **options)
        long = importance(repeated, **options)
        columns = ["share", "effect", "vif"]
        # which level differs most clearly hangs on errors, and those on the number of rows
        np.testing.assert_allclose(
            weighted.table.loc[["a", "b"], columns], long.table.loc[["a", "b"], columns],
            rtol=1e-5,
        )  # fmt: skip
        kish = rows["w"].sum() ** 2 / (rows["w"] ** 2).sum()
        assert (weighted.n, weighted.n_effective) == (300, pytest.approx(kish))
        assert long.n_effective == pytest.approx(long.n)


def test_the_kind_of_yes_and_no_and_of_text_changes_nothing():
    """Yes/no as bool, number, nullable or object; text as text or category; ordered outcome."""
    rows = satisfaction(1, 300)
    options = {"drivers": ["granted", "device", "quality"], "bootstraps": 100}
    one = importance(rows, outcome="score", model="ordinal", **options).table
    for granted in (
        rows["granted"].astype(float), rows["granted"].astype("boolean"),
        rows["granted"].astype(object),
    ):  # fmt: skip
        other = rows.assign(
            granted=granted,
            device=rows["device"].astype("category"),
            score=pd.Categorical(rows["score"], ordered=True),
        )
        found = importance(other, outcome="score", model="ordinal", **options).table
        pd.testing.assert_frame_equal(one, found)


def test_intervals_nest_by_level_and_the_rows_given_stay_as_they_were():
    rows = numbers(13)
    before = rows.copy()
    wide, narrow = (
        importance(rows, outcome="y", drivers=["a", "b", "kind"], level=level).table
        for level in (0.99, 0.8)
    )
    for name in ("", "effect_", "rank_"):
        assert (wide[f"{name}lower"] <= narrow[f"{name}lower"]).all()
        assert (wide[f"{name}upper"] >= narrow[f"{name}upper"]).all()
    pd.testing.assert_frame_equal(rows, before)


def test_rows_without_a_value_are_left_out_and_counted():
    rows = numbers(14)
    gaps = rows.copy()
    gaps.loc[:9, "a"] = np.nan
    gaps.loc[5:19, "kind"] = None
    gaps.loc[20:24, "w"] = 0
    found = importance(gaps, outcome="y", drivers=["a", "kind"], weights="w")
    assert (found.n, found.left_out) == (275, 25)
    whole = importance(rows.loc[25:], outcome="y", drivers=["a", "kind"], weights="w")
    pd.testing.assert_frame_equal(found.table, whole.table)
