"""Tests of the split of a change in a mean by regression."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.errors import ContractError, MethodError, ParamError
from insights.methods.changes import RegressionChange, rate_change, regression_change
from insights.results import Result

KINDS = ["LTHS", "some.college", "college", "advanced.degree"]


@pytest.fixture(scope="module")
def chicago():
    """Hourly wages of 666 people in Chicago and what a published program makes of them."""
    root = Path(__file__).parents[2]
    folder = (root / os.environ.get("INSIGHTS_SHARED", "../shared")).resolve() / "data"
    if not folder.is_dir():
        said = f"no public data at {folder}; set INSIGHTS_SHARED"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    answers = folder / "published_answers"
    rows = pd.read_csv(answers / "oaxaca_chicago" / "chicago.csv").dropna()
    side = np.where(rows["foreign.born"] == 1, "before", "after")
    expected = json.loads((answers / "expected.json").read_text())["oaxaca_chicago"]
    return rows.assign(wage=np.exp(rows["ln.real.wage"]), side=side), expected


def week(seed, *, slope=0.3, wait=2.0, level=0.0, count=400):
    """Scores that fall with the wait, in two windows that may differ in either."""
    rng = np.random.default_rng(seed)
    sides = []
    for side, mean, drop, shift in (("before", 2.0, 0.3, 0.0), ("after", wait, slope, level)):
        hours, chat = rng.gamma(4, mean / 4, count), rng.binomial(1, 0.4, count)
        score = 4 - drop * hours + 0.5 * chat + shift + rng.normal(0, 0.5, count)
        sides.append(pd.DataFrame({"score": score, "hours": hours, "chat": chat, "side": side}))
    return pd.concat(sides, ignore_index=True)


def split(rows, **options):
    options = {"outcome": "score", "drivers": ["hours", "chat"], "metric": "Score"} | options
    return regression_change(rows, **options)


def text(result):
    return result.narrative().replace("\u00a0", " ").replace("\u2212", "-")


# published numbers


def test_wages_of_natives_and_immigrants_split_to_the_printed_digits(chicago):
    """Hlavac (2014), oaxaca: Blinder-Oaxaca decomposition in R; its data chicago, 7 digits."""
    rows, expected = chicago
    names = {"-1 (pooled, no group dummy)": "pooled",
             "-2 (pooled, with group dummy)": "pooled with levels"}  # fmt: skip
    for given_, answer in expected["twofold_explained_by_weight"].items():
        reference = names.get(given_) or float(given_)
        found = regression_change(
            rows, outcome="wage", drivers=expected["x"], reference=reference
        )
        assert round(found.mix.value, 7) == answer
    assert (found.before, found.after) == pytest.approx((14.56725, 17.58282), abs=5e-6)
    assert round(found.change, 6) == expected["gap"]
    counts = rows["side"].value_counts()
    assert (counts["after"], counts["before"]) == (expected["nA"], expected["nB"])
    assert found.threefold["value"].round(7).to_dict() == expected["threefold"]


def test_errors_are_near_those_of_the_published_bootstrap(chicago):
    """The same source, standard errors by bootstrap, themselves within a few per cent."""
    rows, expected = chicago
    three = regression_change(rows, outcome="wage", drivers=expected["x"]).threefold
    error = (three["upper"] - three["lower"]) / 2 / 1.959964
    for name, answer in expected["threefold_se_boot"].items():
        assert error[name] == pytest.approx(answer, rel=0.06)


# planted truth


def test_longer_waits_are_mix_and_a_lower_level_is_not():
    longer = split(week(1, wait=4.0, count=4_000))
    assert longer.mix.value == pytest.approx(-0.6, abs=0.06)
    assert abs(longer.rate.value) < 0.06
    lower = split(week(2, level=-0.6, count=4_000))
    assert lower.rate.value == pytest.approx(-0.6, abs=0.06)
    assert abs(lower.mix.value) < 0.06


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = {"mix": 0, "rate": 0, "change": 0}
    for seed in range(100):
        found = split(week([5, seed], wait=3.0, slope=0.4, level=-0.1, count=120))
        # means 2 and 3, slopes -.3 and -.4: mix -.35, rest 2.5 times -.1 and -.1
        truth = {"mix": -0.35, "rate": -0.35, "change": -0.7}
        parts = {"mix": found.mix, "rate": found.rate, "change": found.total}
        for name, part in parts.items():
            held[name] += part.lower <= truth[name] <= part.upper
    assert all(88 <= count <= 100 for count in held.values()), held


def test_columns_of_0_and_1_give_the_mix_and_rate_of_segments():
    """With kinds alone a regression is the table of rates: Kitagawa's symmetric split."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"kind": rng.choice(list("abc"), 900), "side": "before"})
    rows.loc[400:, "side"] = "after"
    rows["score"] = rng.normal(0, 1, 900) + (rows["kind"] == "b") - 0.5 * (rows["kind"] == "c")
    for kind in "bc":
        rows[kind] = (rows["kind"] == kind).astype(float)
    found = split(rows, drivers=["b", "c"])
    cells = rows.groupby(["kind", "side"])["score"].agg(["sum", "size"]).reset_index()
    cells.columns = ["segment", "side", "events", "exposure"]
    plain = rate_change(cells, unit="score")
    assert found.mix.value == pytest.approx(plain.mix.value, abs=1e-12)
    assert found.rate.value == pytest.approx(plain.rate.value, abs=1e-12)


# properties


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10_000),
    st.one_of(st.floats(0, 1), st.sampled_from(["pooled", "pooled with levels"])),
)
def test_parts_add_to_the_change_by_driver_in_two_and_in_three(seed, reference):
    rows = week(seed, wait=3.0, slope=0.5, count=40)
    found = split(rows, reference=reference)
    plain = rows.groupby("side")["score"].mean()
    assert found.change == pytest.approx(plain["after"] - plain["before"], abs=1e-9)
    assert found.table.to_numpy().sum() == pytest.approx(found.change, abs=1e-9)
    assert found.threefold["value"].sum() == pytest.approx(found.change, abs=1e-9)
    steps = found.printed_table()
    assert steps.to_numpy().sum() == found.printed().change


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-50, 50))
def test_neither_order_nor_a_drivers_scale_changes_the_parts(seed, factor, shift):
    rows = week(seed, wait=3.0, count=60)
    first = split(rows)
    other = split(rows.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(first.detail, other.detail)
    moved = split(rows.assign(hours=rows["hours"] * factor + shift))
    assert moved.mix.value == pytest.approx(first.mix.value, abs=1e-8)
    assert moved.rate.lower == pytest.approx(first.rate.lower, abs=1e-8)


@pytest.mark.parametrize(("factor", "shift"), [(1.7e6, 1.7e14), (1e-200, 0.0), (1e200, 0.0)])
def test_a_driver_that_is_a_time_stamp_or_tiny_or_huge_is_as_good_as_any(factor, shift):
    rows = week(7, wait=3.0)
    first, other = split(rows), split(rows.assign(hours=rows["hours"] * factor + shift))
    assert other.mix.value == pytest.approx(first.mix.value, abs=1e-5)
    assert other.rate.upper == pytest.approx(first.rate.upper, abs=1e-5)


def test_the_sides_swapped_give_the_same_parts_with_the_other_sign():
    rows = week(6, wait=3.0)
    swapped = rows["side"].map({"before": "after", "after": "before"})
    there, back = split(rows), split(rows.assign(side=swapped))
    assert back.mix.value == pytest.approx(-there.mix.value)
    assert back.rate.upper == pytest.approx(-there.rate.lower)


# sentences


def test_a_fall_is_told_with_its_parts_and_where_most_of_the_mix_is():
    found = split(week(1, wait=4.0))
    assert text(found) == (
        "Score fell from 3.64 to 2.97, -0.67 (-0.77 to -0.57): -0.64 (-0.75 to -0.54) goes "
        "with cases that differ in hours and chat (most in hours, -0.62); -0.03 (-0.13 to "
        "+0.07, not clear) is the change of like cases."
    )
    assert found.closure().startswith("Explained + residual = change: ")
    assert isinstance(found, Result)
    assert isinstance(found, RegressionChange)
    assert len(found.plot().axes) == 1


def test_a_rise_with_one_driver_names_it_once():
    found = split(week(2, level=0.5), drivers=["hours"])
    assert text(found) == (
        "Score rose from 3.586 to 4.143, +0.557 (+0.471 to +0.645): +0.010 (-0.027 to +0.047, "
        "not clear) goes with cases that differ in hours; +0.547 (+0.469 to +0.626) is the "
        "change of like cases."
    )


def test_nothing_clear_is_told_without_parts():
    assert text(split(week(9))).startswith("Score: no clear change, ")
    assert " came from " not in text(split(week(9)))
    assert "goes with" not in text(split(week(9)))


def test_a_part_that_prints_as_0_is_not_told_as_clear():
    rows = week(1)
    still = split(rows.assign(score=3.0))
    assert text(still) == (
        "Score: no clear change, 3.00 before and 3.00 after, 0 (its interval is within "
        "rounding)."
    )
    score = 10.0 * (rows["side"] == "after") + 1e-4 * rows["hours"] + 1e-6 * rows["score"]
    tiny = split(rows.assign(score=score, hours=rows["hours"] + score))
    assert tiny.mix.direction == 1
    assert text(tiny) == (
        "Score rose from 0 to 10.00, +10.00 (its interval is within rounding): 0 (its interval "
        "is within rounding) goes with cases that differ in hours and chat; +10.00 (its "
        "interval is within rounding) is the change of like cases."
    )


def test_many_drivers_are_counted(chicago):
    rows, expected = chicago
    found = regression_change(rows, outcome="wage", drivers=expected["x"], metric="Wage")
    assert "goes with cases that differ in 6 drivers; +" in text(found)


# refusals


@pytest.mark.parametrize(
    ("change", "options", "error", "said"),
    [
        ({}, {"drivers": []}, ParamError, "no drivers. Name at least one column."),
        ({}, {"drivers": ["hours", "hours"]}, ParamError,
         "hours is a driver twice, the outcome or 'level'. Name each column once; rename a "
         "column called level."),
        ({}, {"reference": "poled"}, ParamError,
         "unknown reference 'poled'; did you mean 'pooled'? Give a weight, 0 to 1, or 'pooled' "
         "and 'pooled with levels'."),
        ({}, {"reference": 1.5}, ParamError, "reference is 1.5. Give a weight, 0 to 1."),
        ({}, {"drivers": ["wait"]}, ContractError,
         "columns lack: wait. Give side, score and wait."),
        ({"chat": "yes"}, {}, ContractError,
         "chat is not all numbers. Give a kind as columns of 0 and 1."),
        ({"side": "during"}, {}, ContractError,
         "unknown side: during. Give before or after."),
        ({"hours": np.nan}, {}, ContractError,
         "800 of 800 rows have no finite hours. Fill or drop them, and say which."),
        ({"side": "after"}, {}, MethodError, "no rows before. Give rows of both sides."),
        ({"chat": 1.0}, {}, MethodError,
         "1 of 2 drivers are the same in all cases before: chat. Drop each, or join its kind "
         "with another."),
        ({"side": ["during", np.nan] * 400}, {}, ContractError,
         "unknown side: during, nan. Give before or after."),
    ],
)  # fmt: skip
def test_what_cannot_be_split_is_refused_in_one_sentence(change, options, error, said):
    with pytest.raises(error) as raised:
        split(week(1).assign(**change), **options)
    assert str(raised.value) == f"regression_change: {said}"


def test_drivers_that_tell_each_other_are_refused():
    rows = week(1)
    with pytest.raises(MethodError) as raised:
        split(rows.assign(chat=3 * rows["hours"] + 1))
    assert str(raised.value) == (
        "regression_change: 1 of 2 drivers before are told by the others: chat. Drop each, and "
        "one column of every kind."
    )


def test_a_side_of_few_cases_is_refused():
    rows = week(1)
    few = pd.concat([rows[:3], rows[rows["side"] == "after"]])
    with pytest.raises(MethodError) as raised:
        split(few)
    assert str(raised.value) == (
        "regression_change: 3 rows before for 2 drivers. Give at least 4, or fewer drivers."
    )
