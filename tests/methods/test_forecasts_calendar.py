"""Tests of gaps, closed days, short series and dated events in forecasts."""

import numpy as np
import pandas as pd
import pytest

from insights.methods.forecasts import forecast

WEEK = np.array([1.2, 1.1, 1.0, 1.0, 1.1, 0.9, 0.7])
START = pd.Timestamp("2024-01-01")  # a Monday
NUMBERS = ["mean", "median", "lo-80", "hi-80", "lo-95", "hi-95"]


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


def happening(days, name, kind, who=None):
    when = [START + pd.Timedelta(days=int(d)) for d in days]
    return pd.DataFrame({"unique_id": who, "ds": when, "name": name, "kind": kind})


def of(result, name):
    return result.table[result.table["unique_id"] == name].reset_index(drop=True)


def chosen(result, name="a"):
    rows = result.scores
    return set(rows.loc[(rows["unique_id"] == name) & rows["chosen"], "model"])


# missing, closed, cold


def test_a_missing_date_is_not_a_zero_unless_declared_so():
    rng = np.random.default_rng(2)
    rows = pd.concat([series(rng.poisson(20, 140), f"s{i}") for i in range(8)])
    gaps = rows[rng.random(len(rows)) > 0.3]
    left = forecast(gaps, horizon=7, freq="D").table["mean"].mean()
    zero = forecast(gaps, horizon=7, freq="D", missing="zero").table["mean"].mean()
    assert left == pytest.approx(20, rel=0.05)
    assert zero == pytest.approx(14, rel=0.1)
    one = forecast(gaps, horizon=7, freq="D", missing={"s3": "zero"}).table
    means = one.groupby("unique_id")["mean"].mean()
    assert means["s3"] < 17 < means.drop("s3").min()


def test_a_value_that_is_nan_is_never_a_zero():
    y = weekly(140)
    y[40:60] = np.nan
    y[-2:] = np.nan
    result = forecast(series(y), horizon=7, freq="D", missing="zero")
    assert result.table["ds"].iloc[0] == START + pd.Timedelta(days=140)
    np.testing.assert_allclose(result.table["median"], 200 * WEEK, rtol=0.1)
    assert result.notes == (
        "1 series lacks days, filled in from the same part of neighbouring seasons: a (22).",
    )


@pytest.mark.parametrize("given_zero", [True, False])
def test_closed_weekdays_are_forecast_as_zero(given_zero):
    rows = series(np.where(np.arange(140) % 7 >= 5, 0, np.round(weekly(140))))
    if not given_zero:
        rows = rows[rows["ds"].dt.day_of_week < 5]
    result = forecast(rows, horizon=7, freq="D")
    closed = result.table["ds"].dt.day_of_week >= 5
    assert (result.table.loc[closed, NUMBERS] == 0).all(axis=None)
    np.testing.assert_allclose(
        result.table.loc[~closed, "median"].sort_index(), 200 * WEEK[
            result.table.loc[~closed, "ds"].dt.day_of_week], rtol=0.12)  # fmt: skip
    assert result.notes == (
        "1 series closed in part of each week, forecast as 0 there: a (Sat and Sun).",
    )


def test_a_new_series_takes_the_shape_of_its_siblings():
    new = series(50 * WEEK[[4, 5, 6]], "new", start=START + pd.Timedelta(days=137))
    result = forecast(pd.concat([many(), new]), horizon=7, freq="D")
    days = of(result, "new")["ds"].dt.day_of_week
    np.testing.assert_allclose(of(result, "new")["median"], 50 * WEEK[days], rtol=0.08)
    width = of(result, "new")["hi-95"] / of(result, "new")["lo-95"]
    assert width.between(1.1, 2).all()
    assert result.notes == (
        "1 series has fewer than two seasons, forecast from their own level and the shape of "
        "4 other series: new (3 days).",
    )
    assert chosen(result, "new") == {"siblings' shape"}


def test_a_lone_short_series_repeats_its_season_and_one_value_has_no_interval():
    ten = forecast(series(weekly(10, size=0)), horizon=7, freq="D")
    np.testing.assert_allclose(ten.table["median"], 200 * WEEK[np.arange(10, 17) % 7])
    assert ten.notes == (
        "1 series has fewer than two seasons, forecast as their last season again: "
        "a (10 days).",
    )
    one = forecast(series([5.0]), horizon=2, freq="D")
    assert one.table["mean"].tolist() == [5, 5]
    assert one.table["lo-80"].isna().all()
    assert one.notes == (
        "1 series has fewer than two seasons, forecast as their own mean: a (1 day).",
        "One value gives no interval: a.",
    )


def test_what_never_varied_has_no_width():
    result = forecast(series([0.0] * 60), horizon=3, freq="D")
    assert (result.table[NUMBERS] == 0).all(axis=None)
    assert result.notes == ("1 series never varied, so the forecast has no width: a (0).",)
    assert (forecast(series([-3.0] * 60), horizon=3, freq="D").table["hi-95"] == -3).all()


# calendar


def test_an_incident_is_left_out_and_said():
    y = weekly(140, seed=9)
    spoiled = y.copy()
    spoiled[128:136] *= 3
    out = happening(range(128, 136), "outage", "incident", "a")
    clean = forecast(series(y), horizon=14, freq="D").table["median"]
    masked = forecast(series(spoiled), horizon=14, freq="D", events=out)
    np.testing.assert_allclose(masked.table["median"], clean, rtol=0.06)
    assert masked.notes == ("Incidents (outage) masked, in days a series: a (8).",)
    assert (masked.history["state"] == "masked").sum() == 8


def test_a_holiday_acts_again_with_the_day_after_and_only_where_it_was_felt():
    """Payday halves its day and adds a third to the next, in one of two groups of series."""
    days = [10, 38, 66, 94, 122, 150]
    rows = []
    for i in range(6):
        y = weekly(140, seed=20 + i)
        for day in days[:-1]:
            y[day] *= 0.5 if i < 3 else 1
            y[day + 1] *= 1.3 if i < 3 else 1
        rows.append(series(y, f"s{i}"))
    history = pd.concat(rows)
    with_it = forecast(history, horizon=14, freq="D", events=happening(days, "pay", "holiday"))
    bare = forecast(history, horizon=14, freq="D")
    ratio = with_it.table["median"] / bare.table["median"]
    ratio = ratio.to_numpy().reshape(6, 14)
    np.testing.assert_allclose(ratio[:3, 10], 0.5, rtol=0.12)
    np.testing.assert_allclose(ratio[:3, 11], 1.3, rtol=0.12)
    np.testing.assert_allclose(ratio[3:, 10:12], 1, atol=0.12)
    np.testing.assert_allclose(ratio[:, :9], 1, atol=0.08)


def test_a_holiday_never_seen_before_changes_nothing_and_is_said():
    rows = series(weekly(140))
    new = happening([145], "first", "holiday")
    result = forecast(rows, horizon=14, freq="D", events=new)
    pd.testing.assert_frame_equal(result.table, forecast(rows, horizon=14, freq="D").table)
    assert result.notes == ("No effect known of first: no earlier one lies in the history.",)


def test_a_holiday_in_noise_is_shrunk_to_almost_nothing():
    rows = series(weekly(140, seed=31, size=0.2))
    result = forecast(
        rows, horizon=14, freq="D", events=happening([25, 52, 79, 106, 145], "x", "holiday")
    )
    bare = forecast(rows, horizon=14, freq="D").table["median"]
    assert (result.table["median"] / bare).between(0.8, 1.2).all()


def test_a_launch_lifts_the_week_after_it_and_a_weeks_holiday_its_week():
    y = weekly(182, seed=33)
    for day in (30, 86, 142):
        y[day : day + 7] *= 1.5
    events = happening([30, 86, 142, 184], "release", "launch")
    lift = forecast(series(y), horizon=14, freq="D", events=events).table["median"]
    assert lift.iloc[3:8].mean() / lift.iloc[10:14].mean() > 1.25
    weeks = 100 * noise(34, 80, 0.02)
    weeks[[20, 40, 60]] *= 0.6
    closed = happening([142, 282, 422, 562], "shut", "holiday")
    week = forecast(series(weeks, freq="W-MON"), horizon=4, freq="W-MON", events=closed)
    np.testing.assert_allclose(week.table["median"], [60, 100, 100, 100], rtol=0.1)


def test_paths_of_one_series_are_those_of_the_same_law() -> None:
    """Asked alone or with the others, a series has the same distribution."""
    rng = np.random.default_rng(5)
    days = pd.date_range("2024-01-01", periods=140)
    history = pd.concat(
        [
            pd.DataFrame({"unique_id": name, "ds": days, "y": rng.poisson(level, len(days))})
            for name, level in (("a", 50), ("b", 500))
        ]
    )
    made = forecast(history, horizon=5, freq="D")
    alone = made.sample_paths(4000, np.random.default_rng(1), ids=["b"])
    together = made.sample_paths(4000, np.random.default_rng(2))[:, [1]]
    assert alone.shape == (4000, 1, 5)
    assert alone.mean(axis=0) == pytest.approx(together.mean(axis=0), rel=0.02)
    assert alone.std(axis=0) == pytest.approx(together.std(axis=0), rel=0.1)
