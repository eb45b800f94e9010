"""Shares from samples: weights, strata and the number of cases they are worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from insights.data import weighting
from insights.methods import intervals

WEEK = pd.Timestamp("2025-01-06")


def sums(answers: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    events, exposure = answers * weights, weights
    return pd.DataFrame(
        {
            "period": [WEEK],
            "events": [events.sum()],
            "exposure": [exposure.sum()],
            "_ee": [(events**2).sum()],
            "_ed": [(events * exposure).sum()],
            "_dd": [(exposure**2).sum()],
        }
    )


def cells(rows: list[tuple[str, str, int, int, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["outcome", "topic", "asked", "events", "exposure"])
    return frame.assign(period=WEEK)


def test_plain_answers_are_worth_their_count():
    answers = np.array([1.0] * 7 + [0.0] * 13)
    found = weighting.effective(sums(answers, np.ones(20)))
    assert found["n_effective"].iloc[0] == pytest.approx(20)
    assert list(found.columns) == ["period", "events", "exposure", "n_effective"]


def test_unequal_weights_are_worth_fewer_answers_and_equal_ones_as_many():
    answers = np.tile([1.0, 0.0], 50)
    tens = weighting.effective(sums(answers, np.full(100, 10.0)))
    mixed = weighting.effective(sums(answers, np.repeat([1.0, 9.0], 50)))
    assert tens["n_effective"].iloc[0] == pytest.approx(100)
    # Kish (1965): (sum w)^2 / sum w^2 = 500^2 / 4,100
    assert mixed["n_effective"].iloc[0] == pytest.approx(500**2 / 4100)


def test_answers_that_all_agree_are_worth_what_their_weights_are():
    found = weighting.effective(sums(np.ones(100), np.repeat([1.0, 9.0], 50)))
    assert found["n_effective"].iloc[0] == pytest.approx(500**2 / 4100)


def test_the_weighted_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(5)
    held = []
    for _ in range(400):
        chance = np.where(rng.random(4000) < 0.3, 0.10, 0.02)
        satisfied = rng.random(4000) < np.where(chance > 0.05, 0.6, 0.9)
        drawn = rng.random(4000) < chance
        row = weighting.effective(sums(satisfied[drawn] * 1.0, 1 / chance[drawn])).iloc[0]
        share = row["events"] / row["exposure"]
        low, high = intervals.wilson(share * row["n_effective"], row["n_effective"])
        held.append(low <= 0.3 * 0.6 + 0.7 * 0.9 <= high)
    assert 0.91 <= np.mean(held) <= 0.98


def test_strata_are_weighted_to_all_who_were_asked():
    """Half were granted: 9 of 10 and 15 of 30 satisfied, so .5 x .9 + .5 x .5 = .7, not .6."""
    rows = cells([("granted", "bug", 100, 9, 10), ("declined", "bug", 100, 15, 30)])
    found = weighting.poststratified(rows, by=[], strata=["outcome", "topic"]).iloc[0]
    assert found["events"] / found["exposure"] == pytest.approx(0.7)
    assert found["cases"] == 40


def test_a_stratum_with_few_answers_joins_those_that_share_its_first_columns():
    """Granted bugs have 2 answers: they join granted payouts' small stratum, 4 of 6."""
    rows = cells(
        [
            ("granted", "bug", 50, 1, 2),
            ("granted", "payout", 50, 3, 4),
            ("declined", "bug", 100, 10, 40),
        ]
    )
    found = weighting.poststratified(rows, by=[], strata=["outcome", "topic"]).iloc[0]
    assert found["events"] / found["exposure"] == pytest.approx(0.5 * 4 / 6 + 0.5 * 10 / 40)


def test_nobody_answering_in_a_stratum_leaves_it_out():
    rows = cells([("granted", "bug", 100, 9, 10), ("declined", "bug", 100, 0, 0)])
    found = weighting.poststratified(rows, by=[], strata=["outcome", "topic"]).iloc[0]
    assert found["events"] / found["exposure"] == pytest.approx(0.9)


def test_the_stratified_interval_holds_the_truth_where_silence_depends_on_the_strata_alone():
    rng = np.random.default_rng(8)
    held, raw = [], []
    for _ in range(300):
        asked = rng.multinomial(2000, [0.55, 0.45])
        answered = rng.binomial(asked, [0.08, 0.20])
        good = rng.binomial(answered, [0.9, 0.5])
        rows = cells(
            [
                (o, "bug", *n)
                for o, n in zip("gd", zip(asked, good, answered, strict=True), strict=True)
            ]
        )
        row = weighting.poststratified(rows, by=[], strata=["outcome", "topic"]).iloc[0]
        share = row["events"] / row["exposure"]
        low, high = intervals.wilson(share * row["n_effective"], row["n_effective"])
        held.append(low <= 0.55 * 0.9 + 0.45 * 0.5 <= high)
        raw.append(good.sum() / answered.sum())
    assert 0.91 <= np.mean(held) <= 0.985
    assert np.mean(raw) < 0.66  # as answered it is 8 points too low
