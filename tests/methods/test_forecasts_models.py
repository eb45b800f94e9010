"""Tests of the models that forecasts are made of, against slow loops and hand numbers."""

import numpy as np
import pandas as pd
import pytest

from insights.methods.forecasts import levels, seasons
from insights.methods.forecasts.clock import clock
from insights.methods.forecasts.models import Rows, candidates

WEEK = np.array([1.2, 1.1, 1.0, 1.0, 1.1, 0.9, 0.7])


def walk(seed, rows=3, width=40):
    rng = np.random.default_rng(seed)
    return 50 + rng.normal(size=(rows, width)).cumsum(axis=1)


def everything(z):
    return np.ones(z.shape, dtype=bool), np.zeros(len(z), dtype=np.int64)


# levels against slow, obvious loops


def slow_theta(y, horizon):
    """One smoothing at a time, one line a period, least squares by the library."""
    best, begin = None, y[0]
    y = y - begin
    for alpha in levels.SMOOTH:
        level, miss, line, left = y[0], [], [], []
        for t in range(1, len(y) + 1):
            if t >= 2:
                slope, start = (
                    np.polyfit(np.arange(1, t), y[: t - 1], 1) if t > 2 else (0, y[0])
                )
                rest = (1 - alpha) ** (t - 1)
                if t >= 3:
                    miss.append(y[t - 1] - level)
                    line.append(rest * start + (1 - (1 - alpha) ** t) / alpha * slope)
                    left.append(rest)
                level = alpha * y[t - 1] + (1 - alpha) * level
        design = np.column_stack([line, left])
        small = np.array([[0.0, np.sqrt(1e-3)]])
        share, moved = np.linalg.lstsq(
            np.vstack([design, small]), np.append(miss, 0.0), rcond=None
        )[0]
        if not 0 <= share <= 1:
            share = np.clip(share, 0, 1)
            moved = (design[:, 1] @ (miss - share * design[:, 0])) / (
                design[:, 1] @ design[:, 1] + 1e-3
            )
        squares = ((miss - design @ [share, moved]) ** 2).sum() + 1e-3 * moved**2
        if best is None or squares < best[0] - 1e-12:
            best = squares, alpha, share, moved, level
    _, alpha, share, moved, level = best
    n = len(y)
    slope, start = np.polyfit(np.arange(1, n + 1), y, 1)
    rest = (1 - alpha) ** n
    now = level + rest * moved
    return [
        begin
        + now
        + share * (rest * start + (1 - (1 - alpha) ** (n + 1)) / alpha * slope + slope * k)
        for k in range(horizon)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_theta_equals_a_slow_obvious_loop(seed):
    z = walk(seed)
    found = levels.theta(z, *everything(z), 6)
    for row, got in zip(z, found, strict=True):
        np.testing.assert_allclose(got, slow_theta(row, 6), rtol=1e-6)


def slow_damped(y, horizon):
    """One setting of the grid and one period at a time."""
    best = np.inf
    for alpha, beta, phi in levels.GRID:
        level, trend, squares = y[0], 0.0, 0.0
        for t in range(1, len(y)):
            miss = y[t] - level - phi * trend
            squares += miss**2 if t >= 2 else 0.0
            level = level + phi * trend + alpha * miss
            trend = phi * trend + beta * miss
        if squares < best:
            best = squares
            ahead = [level + trend * sum(phi**k for k in range(1, h + 1))
                     for h in range(1, horizon + 1)]  # fmt: skip
    return ahead


def test_a_damped_trend_equals_a_slow_obvious_loop():
    z = walk(4)
    found = levels.damped(z, *everything(z), 5)
    for row, got in zip(z, found, strict=True):
        np.testing.assert_allclose(got, slow_damped(row, 5), rtol=1e-9)


def test_rows_do_not_touch_each_other():
    z = walk(5, rows=7)
    seen, first = everything(z)
    for model in (levels.theta, levels.damped):
        whole = model(z, seen, first, 4)
        alone = [model(z[[i]], seen[[i]], first[[i]], 4)[0] for i in range(7)]
        np.testing.assert_allclose(whole, alone)
    factor = np.ones_like(z)
    whole = levels.robust(z, factor, seen, first, 4)
    alone = [levels.robust(z[[i]], factor[[i]], seen[[i]], first[[i]], 4)[0] for i in range(7)]
    np.testing.assert_allclose(whole, alone)


@pytest.mark.parametrize("model", ["theta", "damped"])
def test_what_lies_left_of_a_series_does_not_count(model):
    """Twenty columns more to the left, filled with the first value, change nothing."""
    z = walk(6)
    wide = np.pad(z, ((0, 0), (20, 0)), mode="edge")
    seen = np.pad(np.ones(z.shape, dtype=bool), ((0, 0), (20, 0)))
    run = getattr(levels, model)
    np.testing.assert_allclose(
        run(wide, seen, np.full(3, 20), 5), run(z, *everything(z), 5), rtol=1e-9
    )


def test_one_wild_value_hardly_moves_the_robust_level():
    rng = np.random.default_rng(1)
    z = 100 + rng.normal(0, 2, (1, 60))
    wild = z.copy()
    wild[0, -2] = 900.0
    seen, first = everything(z)
    calm = levels.robust(z, np.ones_like(z), seen, first, 3)
    shaken = levels.robust(wild, np.ones_like(z), seen, first, 3)
    assert np.abs(shaken - calm).max() < 4
    assert np.abs(levels.damped(wild, seen, first, 3) - calm).max() > 20


def test_a_return_to_the_level_by_hand():
    """Median of the last 4 is 10; the last value is 2 above; neighbours give rho 0."""
    z = np.array([[99.0, 8.0, 10.0, 10.0, 12.0]])
    seen, _ = everything(z)
    np.testing.assert_allclose(levels.revert(z, seen, 4, 3), [[10, 10, 10]])
    alike = np.array([[8.0, 9.0, 10.0, 11.0, 12.0]])  # away -2 -1 0 1 2: 4 over 6
    rho = 4 / 6
    np.testing.assert_allclose(
        levels.revert(alike, np.ones((1, 5), dtype=bool), 5, 2),
        [[10 + 2 * rho, 10 + 2 * rho**2]],
    )


# seasons


def test_a_ratio_season_is_found_and_noise_has_none():
    rng = np.random.default_rng(2)
    t = np.arange(140)
    noise = 100 * np.exp(0.05 * rng.normal(size=(2, 140)))
    y = noise * np.vstack([WEEK[t % 7], np.ones(140)])
    seen, _ = everything(y)
    ratio = np.ones(2, dtype=bool)
    found, trust = seasons.index(y, seen, seen, 7, ratio, decay=1.0, year=False)
    np.testing.assert_allclose(found[0], WEEK[np.arange(140, 147) % 7], rtol=0.06)
    assert trust[0] > 0.98
    assert trust[1] < 0.5
    np.testing.assert_allclose(found[1], 1, atol=0.02)


def test_a_season_is_put_back_where_it_was_taken_out():
    t = np.arange(84)
    y = (100 * WEEK[t % 7])[None]
    seen, _ = everything(y)
    base = seasons.adjust(y, seen, seen, (7,), 7, np.array([True]))
    np.testing.assert_allclose(base.z, 100, rtol=1e-6)
    np.testing.assert_allclose(base.back(np.full((1, 7), 100.0)), y[:, :7], rtol=1e-6)


def test_gaps_are_filled_from_the_same_slot_of_neighbouring_seasons():
    """A missing Tuesday is the mean of the Tuesdays around it, not of Monday and Wednesday."""
    y = np.array([[1.0, 20, 3, 1, np.nan, 3, 1, 40, 3]])
    exists = np.ones(y.shape, dtype=bool)
    assert seasons.fill(y, exists, 3)[0, 4] == pytest.approx(30)
    assert seasons.fill(y, exists, 1)[0, 4] == pytest.approx(2)


def test_the_average_of_a_season_is_the_classical_centred_one():
    """Four quarters: half weights at both ends (2 x 4 average)."""
    y = np.array([[1.0, 2, 3, 4, 5, 6, 7, 9]])
    found, whole = seasons.average(y, np.ones(y.shape, dtype=bool), 4)
    assert whole[0].tolist() == [False, False, True, True, True, True, False, False]
    assert found[0, 2] == pytest.approx((0.5 * 1 + 2 + 3 + 4 + 0.5 * 5) / 4)
    assert found[0, 5] == pytest.approx((0.5 * 4 + 5 + 6 + 7 + 0.5 * 9) / 4)


# candidates by hand


def quarters(values):
    y = np.array([values], dtype=float)
    seen, first = everything(y)
    when = pd.date_range("2020-01-01", periods=len(values), freq="QS").to_numpy(
        "datetime64[ns]"
    )
    return Rows(y, seen, first, np.array([True])), clock("QS", when)


def test_naive_models_repeat_the_last_value_season_and_typical_season():
    rows, ticks = quarters([1, 2, 3, 4, 10, 20, 30, 40, 5, 6, 7, 8])
    found = candidates(rows, ticks, 5)
    assert found["naive"][0].tolist() == [8] * 5
    assert found["seasonal naive"][0].tolist() == [5, 6, 7, 8, 5]
    assert found["typical season of 4"][0].tolist() == [5, 6, 7, 8, 5]
    assert found["mean season of 16"][0, 0] == pytest.approx((1 + 10 + 5) / 3)


# frequencies


@pytest.mark.parametrize(
    ("freq", "start"),
    [("h", "2024-02-28"), ("D", "2024-02-26"), ("B", "2024-02-26"), ("W-WED", "2024-01-03"),
     ("W", "2024-01-01"), ("MS", "2024-01-01"), ("ME", "2024-01-31"), ("QS", "2024-02-01"),
     ("QE", "2024-03-31"), ("QS-FEB", "2024-02-01")],
)  # fmt: skip
def test_a_clock_numbers_periods_without_gaps_and_back(freq, start):
    step = {"W": "7D", "QS": "QS-FEB"}.get(freq, freq)
    when = pd.date_range(start, periods=40, freq=step).to_numpy("datetime64[ns]")
    ticks = clock(freq, when)
    assert (np.diff(ticks.position(when)) == 1).all()
    assert (ticks.dates(ticks.position(when)) == when).all()
    assert not ticks.off(when).any()
    assert ticks.off(when + np.timedelta64(17, "m")).all()
