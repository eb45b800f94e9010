"""Are planted changes located in the right segments, at the scale at which truth says so?"""

from __future__ import annotations

import pytest

from . import segments, world
from .scoring import FOUND

ENOUGH = 0.62  # of full scale: the language gap needs that many reviews


def test_the_login_outage_and_the_slow_tail_are_located_on_the_demo():
    with world.demo("params/demo") as here:
        rows = {row.effect: row for row in segments.score(here)}
    assert (rows["E2"].verdict, rows["E2"].found, rows["E2"].alarms) == (FOUND, "3 of 3", "0")
    assert rows["E2"].interval.startswith("yes: ")
    assert (rows["E12"].verdict, rows["E12"].found) == (FOUND, "1 of 1")


@pytest.mark.slow
@pytest.mark.timeout(900)  # the first time, an operation nine times the demo's is built
def test_what_the_demo_is_too_small_for_is_located_in_an_operation_that_is_not():
    with world.demo("params/demo", ENOUGH) as here:
        rows = segments.score(here)
    assert {row.effect: (row.verdict, row.found) for row in rows} == {
        "E2": (FOUND, "3 of 3"),
        "E7": (FOUND, "2 of 2"),
        "E10": (FOUND, "1 of 1"),
        "E12": (FOUND, "1 of 1"),
    }
    assert {row.alarms for row in rows} == {"0"}
