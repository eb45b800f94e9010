"""Where an outcome starts to move with a driver."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from insights.errors import ContractError, MethodError, ParamError
from insights.methods.drivers import thresholds
from insights.methods.drivers.kink import kink, places
from insights.methods.intervals import wilson
from insights.results import Result


def waits(seed=0, n=1500, bend=3.0, after=-0.6, before=0.0):
    """Scores that stand still up to 2 ** bend - 1 hours and fall with each doubling beyond."""
    rng = np.random.default_rng(seed)
    hours = rng.lognormal(1.8, 1, n)
    doubled = np.log2(1 + hours)
    mean = before * doubled + (after - before) * np.maximum(doubled - bend, 0)
    rows = pd.DataFrame({"hours": hours, "score": 4 + mean + rng.normal(0, 0.8, n)})
    return rows.assign(good=(rng.random(n) < 0.85 + 0.3 * mean.clip(-2)).astype(int))


def text(found):
    return found.replace("\u00a0", " ")


def found_in(rows, **options):
    given_ = {"outcome": "score", "driver": "hours", "scale": "log", **options}
    return thresholds(rows, **given_)


# planted


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("outcome", ["score", "good"])
def test_a_planted_bend_lies_in_its_interval_with_its_slopes(seed, outcome):
    """Seven hours: 2 ** 3 - 1; slopes for a doubling."""
    found = found_in(waits(seed, n=3_000), outcome=outcome, level=0.99)
    after = -0.6 if outcome == "score" else -0.18
    assert found.shape == "threshold"
    assert found.break_lower <= 7 <= found.break_upper
    assert found.break_lower < found.break_at < found.break_upper
    assert found.before_range[0] <= 0 <= found.before_range[1]
    assert found.after_range[0] <= after <= found.after_range[1]
    assert found.slope_after < found.slope_before


def test_a_straight_line_has_no_threshold_and_noise_no_relation():
    """5 % of samples may; each count is within binomial noise of that."""
    bent = related = 0
    for seed in range(30):
        rows = waits(seed, n=200, before=-0.3, after=-0.3)
        bent += found_in(rows, bootstraps=199).shape == "threshold"
        rows["score"] = np.random.default_rng(seed).permutation(rows["score"])
        related += found_in(rows, bootstraps=199).shape != "none"
    limit = stats.binom.ppf(0.999, 30, 0.05)
    assert bent <= limit
    assert related <= limit


def test_without_a_threshold_there_is_no_place_and_one_slope():
    line = found_in(waits(1, before=-0.3, after=-0.3))
    assert line.shape == "line"
    assert np.isnan([line.break_at, line.break_lower, line.break_upper]).all()
    assert line.slope_before == line.slope_after
    assert line.before_range[0] <= -0.3 <= line.before_range[1]


# against slow loops


def test_the_fit_equals_least_squares_at_each_place():
    """Weighted least squares on constant, driver and hinge, one place at a time."""
    rng = np.random.default_rng(3)
    rows = waits(2, n=200)
    x, y, w = rows["hours"].to_numpy(), rows["score"].to_numpy(), rng.uniform(0.5, 2, 200)
    found = kink(x, y, w, level=0.95, draws=100, rng=rng)

    def fit(place):
        a = np.column_stack([np.ones(200), x, np.maximum(x - place, 0)]) * np.sqrt(w)[:, None]
        b, rest = np.linalg.lstsq(a, y * np.sqrt(w), rcond=None)[:2]
        return float(rest[0]), b

    best = min(places(x), key=lambda place: fit(place)[0])
    b = fit(best)[1]
    assert found.place[0] == best
    assert found.before[0] == pytest.approx(b[1])
    assert found.after[0] == pytest.approx(b[1] + b[2])
    assert found.height == pytest.approx(b[0] + b[1] * best)
    line = np.polyfit(x, y, 1, w=np.sqrt(w))
    assert found.line[0] == pytest.approx(line[0])


def test_bins_are_means_of_rows_with_wilson_or_students_intervals():
    rows = waits(4, n=500)
    table = found_in(rows, bins=5).table
    assert table["n"].between(98, 102).all()
    for _, row in table.iterrows():
        inside = rows.loc[rows["hours"].between(row["low"], row["high"]), "score"]
        assert len(inside) == row["n"]
        ends = stats.t.interval(0.95, len(inside) - 1, inside.mean(), stats.sem(inside))
        assert (row["mean"], row["lower"], row["upper"]) == pytest.approx(
            (inside.mean(), *ends)
        )
        assert row["middle"] == rows.loc[inside.index, "hours"].median()
    share = found_in(rows, outcome="good", bins=5).table.iloc[0]
    assert (share["lower"], share["upper"]) == pytest.approx(
        wilson(share["mean"] * share["n"], share["n"])
    )


def test_equal_values_share_a_bin_and_small_bins_join_a_neighbour():
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"hours": rng.choice([0, 1, 2, 3, 4, 9], 300, p=[0.5, 0.2, 0.1, 0.1,
                         0.08, 0.02]), "score": rng.normal(size=300)})  # fmt: skip
    table = found_in(rows).table
    assert (table["n"] >= 10).all()
    assert table["n"].sum() == 300
    assert (table["high"].to_numpy()[:-1] < table["low"].to_numpy()[1:]).all()
    assert table["high"].iloc[0] == 0


# properties


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000), st.floats(0.1, 10), st.floats(-20, 20))
def test_row_order_and_units_change_no_more_than_they_must(seed, factor, shift):
    rows = waits(seed, n=150)
    options = {"scale": "linear", "bootstraps": 100}
    one = found_in(rows, **options)
    mixed = rows.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(one.table, found_in(mixed, **options).table)
    other = found_in(rows.assign(hours=rows["hours"] * factor + shift), **options)
    assert (other.shape, other.p_value) == (one.shape, one.p_value)
    assert other.slope_after * factor == pytest.approx(one.slope_after)
    if one.shape == "threshold":
        assert other.break_upper == pytest.approx(one.break_upper * factor + shift)
        assert one.break_lower <= one.break_at <= one.break_upper


def test_weights_of_one_change_nothing_and_missing_rows_are_left_out():
    rows = waits(6, n=300).assign(w=1.0)
    plain, weighted = found_in(rows), found_in(rows, weights="w")
    pd.testing.assert_frame_equal(plain.table, weighted.table)
    assert (plain.break_at, plain.p_value) == (weighted.break_at, weighted.p_value)
    gaps = rows.copy()
    gaps.loc[:9, "hours"] = np.nan
    gaps.loc[5:14, "score"] = np.nan
    gaps.loc[15:19, "w"] = 0
    found = found_in(gaps, weights="w")
    assert (found.n, found.left_out) == (280, 20)
    uneven = found_in(rows.assign(w=np.resize([1.0, 3.0], 300)), weights="w")
    assert uneven.n_effective == pytest.approx(240)


# words and pictures


def test_each_shape_has_its_sentence_and_its_picture():
    shapes = {
        "threshold": found_in(waits(7), driver_unit="hours", metric="satisfaction"),
        "line": found_in(waits(1, before=-0.3, after=-0.3), metric="satisfaction"),
        "none": found_in(waits(9, after=0), scale="linear"),
    }
    said = {}
    for shape, found in shapes.items():
        assert found.shape == shape
        assert isinstance(found, Result)
        figure = found.plot()
        figure.draw_without_rendering()
        said[shape] = text(figure.axes[0].texts[0].get_text())
    bent, line, none = (text(found.narrative()) for found in shapes.values())
    found = shapes["threshold"]
    assert bent.startswith(
        f"Satisfaction bends at {found.break_at:.1f} h of hours ({found.break_lower:.1f} h to "
        f"{found.break_upper:.1f} h): a doubling goes with "
    )
    assert f" up to there and with −{-found.slope_after:.2f} (−" in bent
    assert bent.endswith(" beyond (p = 0.002, 1,500 rows).")
    assert line.startswith(
        "No threshold: satisfaction goes with hours at one pace, a doubling with −0."
    )
    assert "; a bend is within chance (p = " in line
    assert none.startswith("No relation: score does not move with hours beyond chance (p = ")
    assert none.endswith(" 1,500 rows); the means of 10 groups are "
                         + text(none.split(" are ")[-1]))  # fmt: skip
    assert said == {
        "threshold": f"bends at {found.break_at:.1f} h",
        "line": "no threshold",
        "none": "no relation",
    }


# refusals


def flat(n=100, **columns):
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"hours": rng.lognormal(1, 1, n), "score": rng.normal(size=n)})
    return rows.assign(**columns)


@pytest.mark.parametrize(
    ("rows", "options", "error", "message"),
    [
        (
            flat(), {"scale": "logs"}, ParamError,
            "thresholds: unknown scale 'logs'; did you mean 'log'? Give linear or log.",
        ),
        (
            flat(), {"driver": "score"}, ParamError,
            "thresholds: 'score' is both outcome and driver. Give two columns.",
        ),
        (
            flat(), {"bins": 1}, ParamError,
            "thresholds: bins is 1. Give at least 2.",
        ),
        (
            flat(), {"level": 0.999}, ParamError,
            "thresholds: bootstraps is 500. Give at least 2000.",
        ),
        (
            flat(), {"driver": "hour"}, ContractError,
            "thresholds: no column 'hour' in the frame; did you mean 'hours'? "
            "Give one that it has.",
        ),
        (
            flat(hours="long"), {}, ContractError,
            "thresholds: driver 'hours' is not a number: 'long'. Give numbers.",
        ),
        (
            flat(hours=np.arange(100) - 3), {}, ContractError,
            "thresholds: driver 'hours' is negative in 3 rows. Give scale='linear'.",
        ),
        (
            flat(40), {}, MethodError,
            "thresholds: 40 rows with both values. Give at least 60.",
        ),
        (
            flat(score=2.0), {}, MethodError,
            "thresholds: outcome 'score' is 2 in all 100 rows. Give rows in which it varies.",
        ),
        (
            flat(hours=np.resize([1, 2, 3], 100)), {}, MethodError,
            "thresholds: driver 'hours' has 3 different values, or nearly all rows at one end. "
            "Give one with 5 or more, spread out.",
        ),
        (
            flat(hours=[*[0] * 95, 1, 2, 3, 4, 5]), {}, MethodError,
            "thresholds: driver 'hours' has 6 different values, or nearly all rows at one end. "
            "Give one with 5 or more, spread out.",
        ),
    ],
)  # fmt: skip
def test_input_that_cannot_be_is_refused_in_one_sentence(rows, options, error, message):
    with pytest.raises(error) as raised:
        found_in(rows, **options)
    assert str(raised.value) == message
