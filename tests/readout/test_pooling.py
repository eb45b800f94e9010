"""Small groups are pooled before anything of them is shown."""

from __future__ import annotations

import pandas as pd

from insights.readout.pooling import pooled


def rows(**counts: tuple[float, float]) -> pd.DataFrame:
    made = [
        {"topic": name, "side": side, "events": n / 2, "exposure": n}
        for name, sides in counts.items()
        for side, n in zip(("before", "after"), sides, strict=True)
        if n
    ]
    return pd.DataFrame(made)


def exposures(found: pd.DataFrame) -> dict[str, list[float]]:
    sides = found.sort_values(["segment", "side"], ascending=[True, False])
    return {str(name): list(part["exposure"]) for name, part in sides.groupby("segment")}


def test_groups_large_enough_stay_as_they_are_and_are_named_in_words():
    found = pooled(rows(appeal_help=(40, 50), bug=(30, 20)), "topic", 10, count=False)
    assert exposures(found) == {"appeal help": [40, 50], "bug": [30, 20]}


def test_a_small_group_takes_the_next_smallest_with_it_so_that_it_cannot_be_told():
    given = rows(a=(400, 400), b=(50, 60), c=(3, 40))
    assert exposures(pooled(given, "topic", 10, count=False)) == {
        "Other (2 groups)": [53, 100],
        "a": [400, 400],
    }


def test_several_small_groups_that_are_enough_together_stay_among_themselves():
    given = rows(a=(400, 400), b=(50, 60), c=(6, 8), d=(7, 9))
    assert exposures(pooled(given, "topic", 10, count=False)) == {
        "Other (2 groups)": [13, 17],
        "a": [400, 400],
        "b": [50, 60],
    }


def test_a_group_on_one_side_alone_counts_nothing_on_the_other():
    found = pooled(rows(a=(40, 40), b=(0, 30)), "topic", 10, count=False)
    assert exposures(found) == {"a": [40, 40], "b": [0, 30]}


def test_of_a_count_the_events_are_the_cases():
    given = rows(a=(400, 400), b=(30, 40), c=(14, 16))  # 7 and 8 events
    assert set(exposures(pooled(given, "topic", 10, count=True))) == {"a", "Other (2 groups)"}
