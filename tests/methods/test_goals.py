"""Tests of the chance that a goal is met by its date."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.errors import ContractError, MethodError, ParamError
from insights.methods.goals import chance
from insights.methods.intervals import wilson
from insights.results import Result

NARROW = str.maketrans("\u00a0", " ")
FOUR = [[10, 10], [10, 20], [20, 20], [30, 30]]  # sums 20, 30, 40, 60


def said(result):
    return result.narrative().translate(NARROW)


def test_the_chance_is_the_share_of_paths_that_reach_the_target_counting_equality():
    goal = chance(FOUR, target=40, better="higher")
    assert goal.chance == 0.5
    assert (goal.lower, goal.upper) == wilson(2, 4)
    assert (goal.needed_rate, goal.forecast_rate) == (20, 18.75)
    assert chance(FOUR, target=40, better="lower").chance == 0.75
    assert chance(FOUR, target=52, better="higher", actual=12).needed_rate == 20


def test_a_mean_counts_the_periods_that_are_over():
    """Two periods over with 30 in all; a mean of 15 over four takes 30 more, 15 a period."""
    goal = chance(FOUR, target=15, better="higher", kind="mean", actual=30, elapsed=2)
    assert goal.needed_rate == 15
    assert goal.chance == 0.75
    assert goal.expected == pytest.approx((30 + 37.5) / 4)


def test_a_level_is_held_against_its_last_period_and_changes_from_now():
    goal = chance(FOUR, target=20, better="lower", kind="last", actual=40)
    assert goal.chance == 0.75
    assert goal.needed_rate == -10
    assert goal.forecast_rate == -10  # 40 to 20 on average


def test_a_ratio_is_sum_over_sum_with_what_is_in_already():
    """5 of 100 so far; 90 of 1,000 expected: 95 / 1,100; 10 % takes 105 of the 1,000."""
    goal = chance(
        [[40, 50]], exposures=[[400, 600]], target=0.1, better="lower", actual=5,
        actual_exposure=100, unit="share",
    )  # fmt: skip
    assert goal.expected == pytest.approx(95 / 1100)
    assert goal.needed_rate == pytest.approx(0.105)
    assert goal.forecast_rate == pytest.approx(0.09)


def test_only_periods_up_to_the_date_count():
    goal = chance(FOUR, target=20, better="higher", by_period=1)
    assert goal.chance == 0.5
    assert len(goal.fan) == 1


def test_the_chance_finds_the_planted_one_and_joint_paths_matter():
    """Eight normal weeks of 100 +- 10 that move together: the sum is 800 +- 80."""
    rng = np.random.default_rng(7)
    paths = 100 + 10 * rng.standard_normal((20000, 1)) + np.zeros(8)
    goal = chance(paths, target=880, better="higher")
    assert goal.lower < math.erfc(math.sqrt(0.5)) / 2 < goal.upper
    alone = chance(100 + 10 * rng.standard_normal((20000, 8)), target=880, better="higher")
    assert alone.chance < 0.01


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(-50, 150),
    st.sampled_from(["sum", "mean", "last"]),
    st.integers(1, 5),
)
def test_a_constant_run_at_the_needed_rate_just_meets_the_target(seed, target, kind, periods):
    rng = np.random.default_rng(seed)
    paths = rng.normal(20, 5, (50, periods))
    goal = chance(paths, target=target, better="higher", kind=kind, actual=7, elapsed=2)
    steps = np.full((1, periods), goal.needed_rate)
    run = 7 + steps.cumsum(axis=1) if kind == "last" else steps
    again = chance(run, target=target, better="higher", kind=kind, actual=7, elapsed=2)
    assert again.expected == pytest.approx(target, abs=1e-6)
    assert again.chance == 1
    harder = chance(paths, target=target + 5, better="higher", kind=kind, actual=7, elapsed=2)
    assert harder.chance <= goal.chance
    shuffled = chance(
        rng.permutation(paths), target=target, better="higher", kind=kind, actual=7, elapsed=2
    )
    assert shuffled.chance == goal.chance
    assert goal.lower - 1e-12 <= goal.chance <= goal.upper + 1e-12


def test_the_sentence_holds_the_chance_the_range_and_what_it_takes():
    rng = np.random.default_rng(3)
    paths = rng.normal(366, 60, (2000, 8))
    goal = chance(paths, target=3280, better="higher", name="the goal for contacts")
    share = round(100 * goal.chance)
    low, high = f"{goal.expected_lower:,.0f}", f"{goal.expected_upper:,.0f}"
    more = round(100 * (goal.needed_rate / goal.forecast_rate - 1))
    assert said(goal) == (
        f"The chance to meet the goal for contacts of at least 3,280 in 8 weeks is {share} %:"
        f" {goal.expected:,.0f} is expected, 80 % range {low} to {high}. It would take at least"
        f" 410 a week from here, {more} % more than forecast."
    )


def test_sentences_of_other_kinds_and_ends():
    start = "The chance to meet the goal of "
    assert said(chance(FOUR, target=30, better="lower", by_period=1)) == (
        start + "at most 30 in 1 week is over 99 %: 18 is expected, 80 % range 10 to 27."
        " It would take at most 30 a week from here, 71 % more than forecast."
    )
    assert said(chance([[20, 20]], target=40, better="higher")).endswith(", as forecast.")
    assert said(chance(FOUR, target=40, better="higher", actual=60)).endswith(
        "What has come in meets it already."
    )
    assert said(chance(FOUR, target=40, better="lower", actual=60)) == (
        start + "at most 40 in 2 weeks is under 1 %: 98 is expected, 80 % range 83 to 114."
        " What has come in is past it already."
    )
    assert said(chance(FOUR, target=20, better="lower", kind="last", actual=60)).endswith(
        "It would take a change of at most \u221220 a week from here; \u221220 is forecast."
    )
    ratio = chance([[40, 50]], exposures=[[400, 600]], target=0.1, better="lower", unit="share")
    assert said(ratio).endswith("It would take at most 10.0 % from here; 9.0 % is forecast.")
    assert said(chance([[0, 0]], target=4, better="higher")).endswith(
        "It would take at least 2.00 a week from here; 0 is forecast."
    )


def test_a_goal_is_a_result_and_draws():
    goal = chance(FOUR, target=40, better="higher")
    assert isinstance(goal, Result)
    assert goal.table.loc["the goal", "chance"] == 0.5
    assert goal.plot().axes
    assert chance(FOUR, target=19, better="higher", by_period=1).plot().axes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"better": "up"}, "better is 'up'. Give 'higher' or 'lower'."),
        ({"kind": "max"}, "kind is 'max'. Give 'sum', 'mean' or 'last'."),
        ({"target": math.nan}, "target is nan. Give a finite number."),
        ({"actual": math.inf}, "actual is inf. Give a finite number."),
        ({"elapsed": -1}, "elapsed is -1. Give a count of at least 0."),
        ({"by_period": 3}, "by_period is 3. Give one from 1 to 2, the periods of the paths."),
        (
            {"kind": "mean", "exposures": FOUR},
            "kind is 'mean' with exposures. Leave it at 'sum': events over exposure.",
        ),
        (
            {"exposures": FOUR, "actual_exposure": -1},
            "actual_exposure is -1. Give a finite number of at least 0.",
        ),
    ],
)
def test_an_option_that_cannot_be_is_refused(options, message):
    with pytest.raises(ParamError) as caught:
        chance(FOUR, **({"target": 40, "better": "higher"} | options))
    assert str(caught.value) == f"chance: {message}"


@pytest.mark.parametrize(
    ("paths", "exposures", "error", "message"),
    [
        ([1, 2], None, ContractError,
         "paths have 1 dimension. Give an array of paths by periods."),
        (np.zeros((5, 0)), None, ContractError,
         "paths have 5 paths of 0 periods. Give at least one of each."),
        ([[1, np.nan]], None, ContractError,
         "1 of 2 values of paths are not finite. Draw paths from a forecast that has a range in"
         " every period."),
        ([[1, 2]], FOUR, ContractError,
         "exposures are 4 by 2, paths 1 by 2. Give the exposures of the same futures."),
        ([[1, 2]], [[0, 2]], MethodError,
         "1 of 2 exposures are 0 or less. Give exposures above 0."),
    ],
)  # fmt: skip
def test_paths_that_cannot_be_are_refused(paths, exposures, error, message):
    with pytest.raises(error) as caught:
        chance(paths, exposures=exposures, target=1, better="higher")
    assert str(caught.value) == f"chance: {message}"
