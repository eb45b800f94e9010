"""Days without data, nearly empty days and backfill are found, and quiet sources left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from insights.data import quality, series

WEEK = pd.date_range("2024-01-01", "2025-06-29")  # Mondays to Sundays


def daily(volume=1000.0, seed=3, days=WEEK) -> pd.Series:
    rng = np.random.default_rng(seed)
    return pd.Series(volume * rng.lognormal(0, 0.1, len(days)).round(3), index=days)


def judged(volumes: pd.Series, grain="week"):
    frame = pd.DataFrame({"period": volumes.index, "volume": volumes.to_numpy()})
    return quality.feed(frame, grain=grain)


def states(feed) -> dict[str, list[str]]:
    kept = feed.table[~feed.table["state"].isin(["ok", "closed"])]
    return {s: list(g["period"].dt.strftime("%Y-%m-%d")) for s, g in kept.groupby("state")}


def platform(eu_dsa, name: str, grain="week"):
    metric = eu_dsa.pack.metrics["statements_filed"]
    days = series.days(eu_dsa, metric, where={"platform": name})
    whole = pd.DataFrame({"period": pd.date_range(days["period"].min(), days["period"].max())})
    return quality.feed(whole.merge(days, how="left"), grain=grain)


# --- planted


def test_a_steady_source_has_nothing_to_report():
    feed = judged(daily())
    assert states(feed) == {}
    assert [feed.says(state) for state in ("missing", "tiny", "backfill")] == ["", "", ""]
    assert feed.usable(feed.by_period.index, adds_up=True).all()


def test_a_day_without_data_is_missing_whether_blank_or_zero():
    volumes = daily()
    volumes["2025-03-04"] = np.nan
    volumes["2025-03-06":"2025-03-07"] = 0
    feed = judged(volumes)
    assert states(feed) == {"missing": ["2025-03-04", "2025-03-06", "2025-03-07"]}
    assert feed.says("missing") == (
        "3 days without any data: 4\xa0March 2025 and 6\xa0March to 7\xa0March 2025"
    )


def test_a_source_closed_on_sundays_does_not_miss_them():
    volumes = daily()
    volumes[volumes.index.day_of_week == 6] = np.nan
    volumes["2025-03-05"] = np.nan
    feed = judged(volumes)
    assert states(feed) == {"missing": ["2025-03-05"]}
    assert set(feed.table.loc[feed.table["state"] == "closed", "period"].dt.day_of_week) == {6}
    usable = feed.usable(feed.by_period.index, adds_up=True)
    assert usable[~usable].index.tolist() == [pd.Timestamp("2025-03-03")]


def test_a_nearly_empty_day_is_tiny():
    volumes = daily()
    volumes["2025-03-04"] = 20
    feed = judged(volumes)
    assert states(feed) == {"tiny": ["2025-03-04"]}
    usual = feed.table.set_index("period").loc["2025-03-04", "usual"]
    assert feed.says("tiny") == (
        f"1 day nearly empty (at most 20 against a usual {usual:,.0f}): 4\xa0March 2025"
    )


def test_a_low_day_of_a_source_that_swings_is_no_news():
    rng = np.random.default_rng(1)
    volumes = pd.Series(1000 * rng.lognormal(0, 1.2, len(WEEK)), index=WEEK)
    volumes["2025-03-04"] = 30
    assert states(judged(volumes)) == {}


def test_backfill_is_a_spike_after_days_without_data():
    volumes = daily()
    volumes["2025-03-03":"2025-03-05"] = np.nan
    volumes["2025-03-06"] = 8000
    feed = judged(volumes)
    assert states(feed)["backfill"] == ["2025-03-06"]
    assert feed.says("backfill").startswith(
        "1 day of backfill after days without data (up to 8,000 against a usual "
    )
    assert feed.says("backfill").endswith("): 6\xa0March 2025")


def test_a_spike_without_a_gap_is_a_spike_and_no_backfill():
    volumes = daily()
    volumes["2025-03-06"] = 8000
    assert states(judged(volumes)) == {}


def test_a_spike_long_after_a_gap_is_no_backfill():
    volumes = daily()
    volumes["2025-03-03"] = np.nan
    volumes["2025-03-17"] = 8000
    assert "backfill" in states(judged(volumes))
    volumes["2025-03-17"] = 1000
    volumes["2025-03-18"] = 8000
    assert "backfill" not in states(judged(volumes))


def test_a_sparse_source_may_well_have_nothing_on_a_day():
    rng = np.random.default_rng(2)
    volumes = pd.Series(rng.poisson(4, len(WEEK)).astype(float), index=WEEK)
    volumes["2025-03-03":"2025-03-09"] = np.nan
    assert states(judged(volumes)) == {}


def test_fewer_than_28_days_judge_nothing():
    volumes = daily(days=WEEK[:27])
    volumes.iloc[10] = np.nan
    volumes.iloc[12] = 1
    feed = judged(volumes)
    assert states(feed) == {}
    assert set(feed.table["state"]) == {"ok", "closed"}


def test_a_feed_that_ends_early_misses_the_days_up_to_the_end():
    volumes = daily()
    volumes["2025-06-26":] = np.nan
    feed = judged(volumes)
    assert states(feed)["missing"] == [f"2025-06-{day}" for day in range(26, 30)]
    last = pd.DatetimeIndex([pd.Timestamp("2025-06-23")])
    assert not feed.usable(last, adds_up=True).iloc[0]
    assert not feed.usable(last, adds_up=False).iloc[0]


def test_a_period_that_the_feed_does_not_reach_stands_for_nothing():
    feed = judged(daily())
    beyond = pd.DatetimeIndex([pd.Timestamp("2025-06-30")])
    assert not feed.usable(beyond, adds_up=True).iloc[0]
    assert not feed.usable(beyond, adds_up=False).iloc[0]


@pytest.mark.parametrize(
    ("lost", "total", "ratio"), [(0, True, True), (1, False, True), (2, False, False)]
)
def test_a_total_needs_every_day_and_a_ratio_four_fifths(lost, total, ratio):
    volumes = daily()
    volumes[pd.date_range("2025-03-03", periods=lost)] = np.nan
    feed = judged(volumes)
    week = pd.DatetimeIndex([pd.Timestamp("2025-03-03")])
    assert feed.usable(week, adds_up=True).iloc[0] == total
    assert feed.usable(week, adds_up=False).iloc[0] == ratio


def test_backfill_spoils_a_total_and_not_a_ratio():
    volumes = daily()
    volumes["2025-03-02"] = np.nan
    volumes["2025-03-03"] = 8000
    feed = judged(volumes)
    week = pd.DatetimeIndex([pd.Timestamp("2025-03-03")])
    assert not feed.usable(week, adds_up=True).iloc[0]
    assert feed.usable(week, adds_up=False).iloc[0]


def test_a_state_without_a_sentence_is_refused():
    with pytest.raises(ValueError, match="^no sentence for days that are closed$"):
        judged(daily()).says("closed")


def test_days_are_counted_in_the_pack_s_weeks():
    volumes = daily()
    volumes["2025-03-02"] = np.nan  # a Sunday
    frame = pd.DataFrame({"period": volumes.index, "volume": volumes.to_numpy()})
    sunday = quality.feed(frame, grain="week", week_starts="sunday")
    missing = sunday.by_period["missing"]
    assert missing[missing > 0].index.tolist() == [pd.Timestamp("2025-03-02")]


# --- real data


@pytest.fixture(scope="module")
def tiktok(eu_dsa):
    return platform(eu_dsa, "TikTok")


def test_tiktok_misses_41_days_35_of_them_in_a_row(tiktok):
    missing = states(tiktok)["missing"]
    assert len(missing) == 41
    hole = pd.date_range("2025-09-05", "2025-10-09").strftime("%Y-%m-%d")
    assert len(hole) == 35
    assert set(hole) <= set(missing)


def test_tiktok_s_nearly_empty_weeks_are_found(tiktok):
    for monday in pd.date_range("2025-11-10", "2025-12-08", freq="7D"):
        week = tiktok.by_period.loc[monday]
        assert week["tiny"] + week["missing"] >= 5, monday  # the fifth ends as filing resumes
    empty = pd.date_range("2025-11-10", "2025-12-08", freq="7D")
    assert not tiktok.usable(empty, adds_up=True).any()
    assert not tiktok.usable(empty, adds_up=False).any()


def test_tiktok_s_backfill_is_found(tiktok):
    assert "2024-06-18" in states(tiktok)["backfill"]


def test_tiktok_s_last_whole_week_stands(tiktok):
    last = pd.DatetimeIndex([pd.Timestamp("2025-12-29")])
    assert tiktok.usable(last, adds_up=True).iloc[0]


@pytest.mark.parametrize("name", ["LinkedIn", "Snapchat"])
def test_quiet_platforms_have_nothing_to_report(eu_dsa, name):
    found = states(platform(eu_dsa, name))
    assert found.get("missing", []) == []
    assert found.get("tiny", []) == []
