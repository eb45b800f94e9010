"""Tests of forecasting many series: planted truth, calendar, intervals, properties."""

import functools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.methods.forecasts import forecast
from insights.results import Result

WEEK = np.array([1.2, 1.1, 1.0, 1.0, 1.1, 0.9, 0.7])
START = pd.Timestamp("2024-01-01")  # a Monday
COLUMNS = ["unique_id", "ds", "mean", "median", "lo-80", "hi-80", "lo-95", "hi-95"]


def series(y, name="a", start=START, freq="D"):
    when = pd.date_range(start, periods=len(y), freq=freq)
    return pd.DataFrame({"unique_id": name, "ds": when, "y": np.asarray(y, dtype=float)})


def noise(seed, n, size=0.05):
    return np.exp(size * np.random.default_rng(seed).normal(size=n))


def weekly(n, level=200.0, seed=0, size=0.05):
    """Days with a weekday pattern, and noise in proportion."""
    return level * WEEK[np.arange(n) % 7] * noise(seed, n, size)


def many(count=4, n=140):
    return pd.concat([series(weekly(n, 100 * (i + 1), seed=i), f"s{i}") for i in range(count)])


def of(result, name):
    return result.table[result.table["unique_id"] == name].reset_index(drop=True)


@functools.cache
def four():
    return forecast(many(), horizon=14, freq="D")


def chosen(result, name="a"):
    rows = result.scores
    return set(rows.loc[(rows["unique_id"] == name) & rows["chosen"], "model"])


# shape


def test_the_table_has_one_row_a_series_and_period_after_its_last():
    result = four()
    assert isinstance(result, Result)
    assert list(result.table.columns) == COLUMNS
    assert len(result.table) == 4 * 14
    assert of(result, "s2")["ds"].tolist() == list(
        pd.date_range(START + pd.Timedelta(days=140), periods=14)
    )
    assert result.ids == ["s0", "s1", "s2", "s3"]
    assert result.notes == ()


def test_every_series_starts_after_its_own_last_row():
    short = series(weekly(120), "early")
    result = forecast(pd.concat([many(2), short]), horizon=3, freq="D")
    assert of(result, "early")["ds"].iloc[0] == START + pd.Timedelta(days=120)
    assert of(result, "s0")["ds"].iloc[0] == START + pd.Timedelta(days=140)


def test_levels_are_columns_as_asked_for():
    result = forecast(series(weekly(60)), horizon=2, freq="D", levels=(50, 99.5))
    assert list(result.table.columns)[4:] == ["lo-50", "hi-50", "lo-99.5", "hi-99.5"]


# planted truth


def test_a_weekday_pattern_is_found():
    result = four()
    for i in range(4):
        truth = 100 * (i + 1) * WEEK[np.arange(140, 154) % 7]
        np.testing.assert_allclose(of(result, f"s{i}")["median"], truth, rtol=0.07)


def test_hours_have_a_season_of_a_day_and_of_a_week():
    t = np.arange(24 * 7 * 5 + 48)
    day = 1 + 0.6 * np.sin(2 * np.pi * t / 24)
    weekend = np.where(t // 24 % 7 >= 5, 0.5, 1.0)
    truth = 300 * day * weekend
    y = truth * noise(3, len(t), 0.04)
    result = forecast(series(y[:-48], freq="h", start="2024-01-03"), horizon=48, freq="h")
    np.testing.assert_allclose(result.table["median"], truth[-48:], rtol=0.12)


def test_days_have_a_season_of_a_week_and_of_a_year():
    n = 3 * 365 + 28
    t = np.arange(n)
    truth = 200 * WEEK[t % 7] * np.exp(0.3 * np.sin(2 * np.pi * t / 365.25))
    rows = [series((truth * noise(i, n))[:-28], f"s{i}") for i in range(3)]
    result = forecast(pd.concat(rows), horizon=28, freq="D")
    for i in range(3):
        np.testing.assert_allclose(of(result, f"s{i}")["median"], truth[-28:], rtol=0.08)
        assert any("yearly season" in model for model in chosen(result, f"s{i}"))


def test_a_steady_trend_is_carried_on_and_damped():
    y = (100 + 2.0 * np.arange(73)) * noise(4, 73, 0.01)
    result = forecast(series(y[:60], freq="W-MON"), horizon=13, freq="W-MON")
    np.testing.assert_allclose(result.table["median"], 100 + 2.0 * np.arange(60, 73), rtol=0.05)


@pytest.mark.parametrize("since", [14, 28])
def test_after_a_lasting_shift_the_forecast_stands_at_the_new_level(since):
    y = weekly(200, seed=6)
    y[-since:] *= 1.6
    result = forecast(series(y), horizon=14, freq="D")
    assert result.table["median"].mean() == pytest.approx(1.6 * 200, rel=0.08)


def test_small_counts_have_whole_medians_and_a_mean_that_adds_up():
    rng = np.random.default_rng(8)
    lam = rng.uniform(0.3, 6, 12)[:, None] * WEEK[np.arange(228) % 7]
    y = rng.poisson(lam)
    rows = pd.concat([series(y[i, :200], f"q{i:02}") for i in range(12)])
    table = forecast(rows, horizon=28, freq="D").table
    actual = y[:, 200:].ravel()
    assert (table["median"] % 1 == 0).all()
    assert table["mean"].sum() == pytest.approx(lam[:, 200:].sum(), rel=0.06)
    assert np.mean((actual >= table["lo-80"]) & (actual <= table["hi-80"])) > 0.78
    assert np.mean((actual >= table["lo-95"]) & (actual <= table["hi-95"])) > 0.93


def test_seasonal_naive_is_published_where_nothing_beats_it():
    """Every weekday is a random walk of its own: the last week is all there is to know."""
    rng = np.random.default_rng(1)
    steps = rng.normal(size=(60, 7, 8)).cumsum(axis=0).reshape(420, 8)
    rows = pd.concat([series(1000 + 30 * steps[:, i], f"s{i}") for i in range(8)])
    result = forecast(rows, horizon=7, freq="D")
    naive = [
        name for name in result.ids if chosen(result, name) == {"seasonal naive", "published"}
    ]
    assert len(naive) >= 4
    last = rows[rows["unique_id"] == naive[0]]["y"].tail(7)
    np.testing.assert_allclose(of(result, naive[0])["median"], last)


def test_seasonal_naive_is_always_on_the_leaderboard():
    board = four().scores
    assert set(board.loc[board["model"] == "seasonal naive", "unique_id"]) == set(four().ids)
    week = forecast(series(weekly(30), freq="W-MON"), horizon=4, freq="W-MON").scores
    assert "seasonal naive" in set(week["model"])
    assert (board.loc[board["model"] == "published", "score"] < 1).all()


# intervals and paths


def test_intervals_hold_what_they_say_over_many_series():
    rng = np.random.default_rng(12)
    level = np.exp(rng.normal(0, 0.015, (40, 168)).cumsum(axis=1))
    y = 500 * level * WEEK[np.arange(168) % 7] * np.exp(0.08 * rng.normal(size=(40, 168)))
    rows = pd.concat([series(y[i, :140], f"s{i:02}") for i in range(40)])
    table = forecast(rows, horizon=28, freq="D").table
    actual = y[:, 140:].ravel()
    for level, band in ((80, (0.72, 0.88)), (95, (0.89, 0.99))):
        held = np.mean((actual >= table[f"lo-{level}"]) & (actual <= table[f"hi-{level}"]))
        assert band[0] < held < band[1]


def test_paths_are_distributed_as_the_table_says_and_never_negative():
    result = four()
    paths = result.sample_paths(4000, np.random.default_rng(0))
    assert paths.shape == (4000, 4, 14)
    for name, p in (("lo-80", 0.1), ("median", 0.5), ("hi-95", 0.975)):
        wanted = result.table[name].to_numpy().reshape(4, 14)
        np.testing.assert_allclose(np.quantile(paths, p, axis=0), wanted, rtol=0.03)
    counts = forecast(
        series(np.random.default_rng(4).poisson(1.5, 200)), horizon=7, freq="D"
    ).sample_paths(200, np.random.default_rng(0))
    assert (counts >= 0).all()
    assert (counts % 1 == 0).all()


def test_the_interval_of_a_sum_is_narrower_than_summed_bounds_and_holds():
    held, share = [], []
    for seed in range(14):
        rng = np.random.default_rng(seed)
        level = np.exp(rng.normal(0, 0.01, 168).cumsum())
        y = weekly(168, 300, seed=100 + seed, size=0.07) * level
        result = forecast(series(y[:140]), horizon=28, freq="D")
        total = result.sample_paths(500, rng)[:, 0].sum(axis=1)
        low, high = np.quantile(total, [0.1, 0.9])
        held.append(low <= y[140:].sum() <= high)
        share.append((high - low) / (result.table["hi-80"] - result.table["lo-80"]).sum())
    assert max(share) < 1
    assert np.mean(share) < 0.9
    assert np.mean(held) >= 0.5


def test_series_that_missed_together_move_together_in_paths():
    rng = np.random.default_rng(5)
    shock = np.exp(rng.normal(0, 0.04, 200).cumsum())
    rows = [series(weekly(200, 100, seed=i, size=0.02) * shock, f"s{i}") for i in range(6)]
    shared = forecast(pd.concat(rows), horizon=7, freq="D")
    alone = four()
    for result, low, high in ((shared, 0.4, 1.0), (alone, -0.3, 0.4)):
        paths = result.sample_paths(2000, np.random.default_rng(1))[:, :, 2]
        between = np.corrcoef(paths.T)[np.triu_indices(len(result.ids), 1)].mean()
        assert low < between < high


# properties


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 10_000))
def test_intervals_nest_by_level_and_widen_with_the_horizon_on_average(seed):
    rng = np.random.default_rng(seed)
    rows = pd.concat([series(50 + rng.normal(size=80).cumsum(), f"s{i}") for i in range(3)])
    table = forecast(rows, horizon=8, freq="D", levels=(50, 80, 95)).table
    order = table[["lo-95", "lo-80", "lo-50", "median", "hi-50", "hi-80", "hi-95"]]
    assert (np.diff(order.to_numpy(), axis=1) >= -1e-9).all()
    width = (table["hi-80"] - table["lo-80"]).to_numpy().reshape(3, 8).mean(axis=0)
    assert width[4:].mean() >= width[:4].mean() - 1e-9


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 10_000), st.sampled_from([0.001, 7.0, 1e6]))
def test_scaling_the_history_scales_the_forecast(seed, factor):
    rows = pd.concat([series(weekly(60, seed=seed + i), f"s{i}") for i in range(2)])
    small = forecast(rows, horizon=5, freq="D").table[COLUMNS[2:]]
    large = forecast(rows.assign(y=rows["y"] * factor), horizon=5, freq="D").table[COLUMNS[2:]]
    np.testing.assert_allclose(large, small * factor, rtol=1e-5)


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 10_000), st.sampled_from([-5.0, 3.0]))
def test_adding_a_constant_moves_the_forecast_of_what_may_be_negative(seed, shift):
    rng = np.random.default_rng(seed)
    rows = pd.concat([series(rng.normal(0, 10, 60) + 5 * WEEK[np.arange(60) % 7], f"s{i}")
                      for i in range(2)])  # fmt: skip
    before = forecast(rows, horizon=5, freq="D").table[COLUMNS[2:]]
    after = forecast(rows.assign(y=rows["y"] + shift), horizon=5, freq="D").table[COLUMNS[2:]]
    np.testing.assert_allclose(after, before + shift, rtol=1e-6, atol=1e-6)


@settings(deadline=None, max_examples=4)
@given(st.integers(0, 1000))
def test_row_order_and_names_do_not_matter(seed):
    rows = many(3, 60)
    mixed = rows.sample(frac=1, random_state=seed)
    plain = forecast(rows, horizon=5, freq="D")
    pd.testing.assert_frame_equal(forecast(mixed, horizon=5, freq="D").table, plain.table)
    turned = rows.assign(unique_id=rows["unique_id"].map({"s0": "z", "s1": "y", "s2": "x"}))
    other = forecast(turned, horizon=5, freq="D")
    np.testing.assert_allclose(of(other, "z")[COLUMNS[2:]], of(plain, "s0")[COLUMNS[2:]])
    assert rows.equals(many(3, 60))


def test_the_same_seed_gives_the_same_numbers():
    rows = series(np.random.default_rng(6).poisson(2, 120))
    tables = [forecast(rows, horizon=7, freq="D", seed=3).table for _ in range(2)]
    pd.testing.assert_frame_equal(*tables)


def test_weeks_known_every_other_time_still_have_a_range_that_holds():
    """No two neighbours are known: steps are those between values that follow each other."""
    held = []
    for seed in range(6):
        y = np.random.default_rng(seed).normal(100, 10, 128)
        rows = series(np.where(np.arange(120) % 2, np.nan, y[:120]), freq="7D")
        table = forecast(rows, horizon=8, freq="W-MON").table
        held += list((table["lo-80"] <= y[120:]) & (y[120:] <= table["hi-80"]))
    assert 0.55 <= np.mean(held) <= 0.95


@pytest.mark.filterwarnings("error")
def test_a_series_of_noughts_with_one_burst_has_no_width_and_no_warning():
    table = forecast(series(np.eye(120)[60] * 1e6, freq="7D"), horizon=8, freq="W-MON").table
    assert (table[["lo-80", "median", "hi-80"]] == 0).all().all()
