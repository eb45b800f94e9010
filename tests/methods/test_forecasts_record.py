"""Published forecasts held against what came."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.errors import ContractError
from insights.methods.forecasts import Record, record

MONDAY = pd.Timestamp("2025-01-06")


def week(n: int) -> pd.Timestamp:
    return MONDAY + pd.Timedelta(weeks=n)


def log(
    means: list[float],
    *,
    naive: list[float] | None = None,
    half: float = 10.0,
    origin: int = 0,
    segment: str = "all",
) -> pd.DataFrame:
    """Return one origin's forecasts: means, a range of so much around each, last season's."""
    rows = []
    for step, mean in enumerate(means, start=1):
        figures = [("published", np.nan, mean)]
        figures += [("published", 0.1, mean - half), ("published", 0.9, mean + half)]
        figures += [
            ("published", 0.025, mean - 2 * half),
            ("published", 0.975, mean + 2 * half),
        ]
        if naive is not None:
            figures.append(("seasonal naive", np.nan, naive[step - 1]))
        for model, quantile, value in figures:
            rows.append(
                {
                    "segment": segment, "model": model, "origin": week(origin),
                    "period": week(origin + step), "horizon": step, "quantile": quantile,
                    "value": value,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def weekly(means: list[float], **options: Any) -> pd.DataFrame:
    """Return the forecasts of as many origins, each of the week that follows."""
    logs = [log([mean], origin=at, **options) for at, mean in enumerate(means)]
    return pd.concat(logs, ignore_index=True)


def came(values: list[float], *, first: int = 1, segment: str = "all") -> pd.DataFrame:
    when = [week(first + i) for i in range(len(values))]
    return pd.DataFrame({"unique_id": segment, "ds": when, "y": values})


def made(rows: pd.DataFrame, actual: pd.DataFrame, main: str = "all") -> Record:
    return record(rows, actual, metric="Contacts", main=main)


def said(found: Record) -> str:
    return found.narrative().replace("\u00a0", " ")


def test_scores_are_those_worked_out_by_hand() -> None:
    """Misses −10, 0, +30 of 100, 100, 200: WAPE 40/400, bias +20/400; two of three in range."""
    rows = log([90, 100, 230], naive=[100, 120, 200])
    found = made(rows, came([100, 100, 200]))
    row = found.table.loc["all"]
    assert row["n"] == 3
    assert row["wape"] == pytest.approx(0.1)
    assert row["bias"] == pytest.approx(0.05)
    assert row["naive_wape"] == pytest.approx(0.05)
    assert row["covered_80"] == pytest.approx(2 / 3)
    assert row["covered_95"] == pytest.approx(2 / 3)


def test_a_slow_loop_gives_the_same() -> None:
    rng = np.random.default_rng(3)
    logs = [log(list(rng.uniform(50, 150, 5)), origin=o) for o in range(6)]
    actual = came(list(rng.uniform(50, 150, 9)))
    found = made(pd.concat(logs), actual)
    known = dict(zip(actual["ds"], actual["y"], strict=True))
    missed = size = side = inside = n = 0.0
    for rows in logs:
        for _, figure in rows[rows["quantile"].isna()].iterrows():
            if figure["period"] in known:
                y = known[figure["period"]]
                missed, side = missed + abs(figure["value"] - y), side + figure["value"] - y
                size, n = size + y, n + 1
                inside += figure["value"] - 10 <= y <= figure["value"] + 10
    row = found.table.loc["all"]
    assert row["n"] == n
    assert row["wape"] == pytest.approx(missed / size)
    assert row["bias"] == pytest.approx(side / size)
    assert row["covered_80"] == pytest.approx(inside / n)


def test_what_has_not_come_true_is_not_scored() -> None:
    found = made(log([100, 100, 100]), came([100]))
    assert found.scored == 1
    assert made(log([100]), came([100], first=5)).scored == 0


def test_of_figures_published_twice_the_first_counts() -> None:
    again = pd.concat([log([100]), log([200])])
    assert made(again, came([100])).table.loc["all", "wape"] == 0


def test_forecasts_that_are_always_too_low_drift_and_scattered_ones_do_not() -> None:
    low = made(weekly([90] * 8), came([100] * 8))
    assert low.drift == 1
    assert "They drift: they are too low more often than chance would have it." in said(low)
    assert made(weekly([110] * 8), came([100] * 8)).drift == -1
    mixed = made(weekly([90, 110] * 4), came([100] * 8))
    assert mixed.drift == 0
    assert said(mixed).endswith("They do not drift to one side.")


def test_few_forecasts_say_nothing_of_drift() -> None:
    """Weeks that were forecast at once miss together: eight of them are one miss, not eight."""
    for rows in (weekly([90] * 5), log([90] * 8)):
        found = made(rows, came([100] * 8))
        assert found.drift == 0
        assert said(found).endswith(
            "There are too few forecasts yet to say whether they drift."
        )
    hit = made(weekly([90] * 5 + [100] * 3), came([100] * 8))
    assert said(hit).endswith("They do not drift to one side.")


def test_forecasts_that_are_right_seldom_drift_however_often_they_are_made() -> None:
    """A walk forecast by its last value, and skewed weeks by their mean and median."""
    drifts = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        walk = 100 + np.cumsum(rng.normal(0, 3, 56))
        logs = [log([walk[at]] * 8, origin=at) for at in range(0, 48, 8)]
        drifts += made(pd.concat(logs), came(list(walk[1:]))).drift != 0
        skewed = rng.lognormal(3, 0.8, 40)
        rows = weekly([float(np.exp(3 + 0.32))] * 40)
        middle = rows[rows["quantile"].isna()].assign(quantile=0.5, value=np.exp(3))
        drifts += made(pd.concat([rows, middle]), came(list(skewed))).drift != 0
    assert drifts <= 8


def test_weeks_without_anything_have_no_share_to_miss_by() -> None:
    found = made(log([10, 20]), came([0, 0]))
    assert said(found) == (
        "Of Contacts, 2 figures forecast since 6 January 2025 have come true: 0 came each "
        "time, so that there is no share by which they missed; 1 of 2 lay within the 80 % "
        "range. There are too few forecasts yet to say whether they drift."
    )


def test_a_forecast_without_a_range_or_a_value_is_not_counted_as_held() -> None:
    rows = log([100, 100, 100])
    bare = rows["quantile"].notna() & (rows["horizon"] == 2)
    empty = rows["value"].where(rows["horizon"] != 3)
    found = made(rows.assign(value=empty)[~bare], came([100, 100, 100]))
    assert found.scored == 2
    assert found.table.loc["all", "wape"] == 0
    assert "; 1 of 1 lay within the 80 % range." in said(found)


def test_what_came_told_twice_is_refused() -> None:
    actual = came([100, 100])
    with pytest.raises(ContractError) as refused:
        made(log([100, 100]), pd.concat([actual, actual[:1]]))
    assert str(refused.value) == (
        "record: 1 of 3 rows of what came repeat a unique_id and ds. Give one row of each."
    )


def test_the_sentence_holds_the_misses_the_side_and_the_range() -> None:
    found = made(log([90, 100], naive=[80, 80]), came([100, 100]))
    assert said(found) == (
        "Of Contacts, 2 figures forecast since 6 January 2025 have come true: they missed by "
        "5.0 % (last season again: 20.0 %), 5.0 % too low on the whole; 2 of 2 lay within the "
        "80 % range. There are too few forecasts yet to say whether they drift."
    )
    one = made(log([110]), came([100]))
    assert "1 figure forecast since 6 January 2025 has come true" in said(one)
    assert "10.0 % too high on the whole" in said(one)
    exact = made(log([100]), came([100]))
    assert "neither too low nor too high on the whole" in said(exact)
    none = made(log([100]), came([]))
    assert said(none) == "No forecast that was published earlier has come true yet."


def test_segments_are_scored_apart() -> None:
    rows = pd.concat([log([90]), log([100], segment="queue=chat")])
    actual = pd.concat([came([100]), came([100], segment="queue=chat")])
    found = made(rows, actual)
    assert found.table["wape"].to_dict() == pytest.approx({"all": 0.1, "queue=chat": 0.0})


def test_a_week_without_a_figure_breaks_the_line() -> None:
    rows = log([100, 100, 100, 100])
    figure = made(rows, came([100, 110, np.nan, 90])).plot()
    line = figure.axes[0].lines[0]
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)).sum() == 1


def test_a_log_without_its_columns_is_refused() -> None:
    with pytest.raises(ContractError) as refused:
        made(log([1.0]).drop(columns=["quantile", "model"]), came([1.0]))
    assert str(refused.value) == (
        "record: the log lacks model, quantile. Give segment, model, origin, period, horizon, "
        "quantile, value."
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(1, 1e6), min_size=1, max_size=8),
    st.floats(0.1, 100),
)
def test_scaling_everything_changes_no_score(values: list[float], factor: float) -> None:
    rows, actual = log([1.1 * v for v in values]), came(values)
    scaled = made(
        rows.assign(value=rows["value"] * factor), actual.assign(y=actual["y"] * factor)
    )
    row = made(rows, actual).table.loc["all"]
    assert scaled.table.loc["all", "wape"] == pytest.approx(row["wape"], rel=1e-6)
    assert row["wape"] == pytest.approx(0.1)
