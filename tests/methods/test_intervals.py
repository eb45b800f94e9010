"""Intervals of sampled shares."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

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
