"""Intervals of sampled shares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from insights.methods import intervals
from insights.methods.intervals import wilson


def test_wilson_gives_the_published_interval() -> None:
    """Newcombe (1998), Stat. Med. 17: 857-872, table I, method 3: 81 of 263."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_wilson_of_nothing_seen_starts_at_zero() -> None:
    """Newcombe (1998), table I, method 3: 0 of 20."""
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_wilson_of_nothing_counted_has_no_bounds() -> None:
    assert all(math.isnan(bound) for bound in wilson(0, 0))


@given(st.integers(0, 500), st.integers(1, 500), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_equals_statsmodels_and_nests_by_level(
    events: int, more: int, level: float
) -> None:
    found = wilson(events, events + more, level)
    other = proportion_confint(events, events + more, alpha=1 - level, method="wilson")
    assert found == pytest.approx(other, abs=1e-12)
    wider = wilson(events, events + more, 0.999)
    assert wider[0] <= found[0] + 1e-12
    assert found[0] <= found[1] <= wider[1] + 1e-12


def test_counting_noise_alone_has_a_dispersion_of_about_one():
    rng = np.random.default_rng(3)
    found = [intervals.dispersion(rng.poisson(900, 52)) for _ in range(200)]
    assert 1.0 <= np.mean(found) < 1.2


def test_a_wobble_beyond_counting_is_found_for_counts_and_shares():
    rng = np.random.default_rng(4)
    wobble = np.exp(rng.normal(0, 0.1, (200, 52)))  # 1 + 900 x .1^2 = 10 times the variance
    counts = [intervals.dispersion(rng.poisson(900 * w)) for w in wobble]
    assert 8 < np.median(counts) < 12
    chances = np.clip(0.3 * wobble, 0, 1)  # 1 + 900 x .3 x .1^2 / .7 = 4.9 times
    shares = [intervals.dispersion(rng.binomial(900, p), np.full(52, 900)) for p in chances]
    assert 3.9 < np.median(shares) < 5.7


def test_too_few_periods_tell_no_dispersion_and_holes_are_passed_over():
    assert intervals.dispersion([1, 900, 1, 900, 1]) == 1.0
    holes = [100, np.nan, 140, 90, 120, 95, np.nan, 130]
    assert intervals.dispersion(holes) == intervals.dispersion([100, 140, 90, 120, 95, 130])
    assert intervals.dispersion([0, 0, 0, 0, 0, 0, 0]) == 1.0
