"""Tests of judging one period of many series against what each usually does."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from insights.errors import ContractError, MethodError, ParamError
from insights.methods.signals import judge, xmr
from insights.results import Result

FLOWRATE = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
QUIET = [10.0, 12.0, 11.0, 9.0, 10.0, 8.0, 11.0, 9.0, 12.0, 8.0, 10.0, 11.0, 9.0, 10.0]


def panel(series, *, start="2025-01-06", freq="7D", **columns):
    """One row a (series, period) from {name: values}; the last period is the one shown."""
    frames = [
        pd.DataFrame(
            {
                "series": name,
                "period": pd.date_range(start, periods=len(values), freq=freq),
                "value": np.asarray(values, dtype=float),
            }
        )
        for name, values in series.items()
    ]
    return pd.concat(frames, ignore_index=True).assign(**columns)


def rates(events, exposure):
    rows = panel({"rate": np.divide(events, exposure)})
    return rows.assign(events=events, exposure=exposure, kind="rate")


def verdict(rows, grain="week", **options):
    return judge(rows, grain=grain, shown=rows["period"].max(), **options)


def noise(seed, series=1, periods=40):
    return np.random.default_rng(seed).normal(100, 10, (series, periods))


# xmr: published numbers, rules, refusals


def test_limits_reproduce_the_nist_flow_rates():
    """NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2, individuals control chart.

    Printed there with 3/1.128: 55.8041 and 45.8159; the factor 2.66 moves the last digit.
    """
    table = xmr(FLOWRATE).table
    assert list(table.columns) == ["value", "mean", "lower", "upper", "signal", "rule"]
    assert table["mean"].iloc[0] == pytest.approx(50.81)
    assert table["upper"].iloc[0] == pytest.approx(55.8041, abs=1.5e-3)
    assert table["lower"].iloc[0] == pytest.approx(45.8159, abs=1.5e-3)
    assert not table["signal"].any()


def test_a_point_outside_the_limits_is_a_signal_and_no_other_point_is():
    table = xmr([*QUIET, 30.0, *QUIET]).table
    assert table.index[table["signal"]].tolist() == [14]
    assert table["rule"].iloc[14] == "outside the limits"


def test_eight_in_a_row_on_one_side_are_a_signal_and_seven_are_not():
    def values(length):
        return [11.0, 9.0] * 6 + [10.6, 10.4] * (length // 2) + [10.5] * (length % 2) + [6.0]

    eight, seven = xmr(values(8)).table, xmr(values(7)).table
    assert eight["rule"].tolist().count("8 in a row above the mean") == 8
    assert "8 in a row above the mean" not in seven["rule"].tolist()


def test_a_gap_breaks_a_run_and_takes_no_moving_range():
    """Four above, a gap, four above: no run; the jump across the gap widens nothing."""
    half = [10.2, 10.3, 10.2, 10.3]
    base = [9.0, 10.0, 9.0, 10.0, 9.0, 10.0]
    whole, gap = xmr([*base, *half, *half]).table, xmr([*base, *half, np.nan, *half]).table
    assert whole["signal"].any()
    assert not gap["signal"].any()
    values = [1.0, 2.0, np.nan, 50.0, 51.0]
    assert xmr(values).table["upper"].iloc[0] == pytest.approx(26.0 + 2.66)


def test_three_of_four_near_one_limit_are_a_signal_and_on_two_sides_are_not():
    base = [10.0, 11.0, 10.0, 9.0] * 5
    mean = xmr([*base, 12.0, 10.2, 12.0, 12.0, *base]).table
    assert mean["rule"].iloc[20] == mean["rule"].iloc[22] == "3 of 4 near the upper limit"
    assert mean["rule"].iloc[21] == ""
    assert not xmr([*base, 12.0, 8.0, 12.0, 10.0, *base]).table["signal"].any()


def test_a_constant_series_has_no_signal():
    assert not xmr([0.1 + 0.2] * 20).table["signal"].any()


def slow_rules(values, mean, reach):
    """Wheeler's three rules, one point and one window at a time."""
    hit = [abs(v - mean) > reach for v in values]
    for first in range(len(values) - 7):
        window = values[first : first + 8]
        if all(v > mean for v in window) or all(v < mean for v in window):
            hit[first : first + 8] = [True] * 8
    for first in range(len(values) - 3):
        at = range(first, first + 4)
        for sign in (1, -1):
            near = [i for i in at if sign * (values[i] - mean) > reach / 2]
            if len(near) >= 3 and not any(np.isnan(values[i]) for i in at):
                for i in near:
                    hit[i] = True
    return hit


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.booleans())
def test_the_rules_equal_a_slow_obvious_loop(seed, gaps):
    values = np.random.default_rng(seed).normal(size=40).cumsum() * 0.3 + 5
    if gaps:
        values[[7, 21]] = np.nan
    table = xmr(values).table
    reach = table["upper"].iloc[0] - table["mean"].iloc[0]
    assert table["signal"].tolist() == slow_rules(values, table["mean"].iloc[0], reach)


def test_xmr_says_how_many_points_break_a_rule():
    assert xmr(FLOWRATE).narrative() == (
        "None of 10 points breaks a rule; the limits 45.82 to 55.80 hold."
    )
    assert (
        xmr([*QUIET, 30.0]).narrative().startswith("1 of 15 points breaks a rule against the")
    )
    assert isinstance(xmr(FLOWRATE), Result)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (
            [1.0],
            MethodError,
            "xmr: 1 value. Give at least 2; limits come from the moves between neighbours.",
        ),
        (
            [1.0, np.nan, 2.0],
            MethodError,
            "xmr: no two values are neighbours. "
            "Give at least 2 in a row; limits come from the moves between neighbours.",
        ),
        (
            [1.0, np.inf, 2.0],
            ContractError,
            "xmr: 1 value is infinite. Write a gap as NaN.",
        ),
        (
            [[1.0, 2.0]],
            ContractError,
            "xmr: values have 2 dimensions. Give one series, one number a period.",
        ),
    ],
)
def test_xmr_refuses_what_has_no_limits(values, error, message):
    with pytest.raises(error) as raised:
        xmr(values)
    assert str(raised.value) == message


# judge: limits


def test_limits_of_a_long_uncorrelated_level_are_the_natural_process_limits():
    """400 normal scores in a random order: no correlation but by chance."""
    values = np.random.default_rng(5).permutation(stats.norm.ppf((np.arange(400) + 0.5) / 400))
    row = verdict(panel({"a": [*values, 0.0]})).table.loc["a"]
    natural = xmr(values).table.iloc[0]
    assert row["upper"] == pytest.approx(natural["upper"], rel=0.04)
    assert row["lower"] == pytest.approx(natural["lower"], rel=0.04)


def test_limits_of_eight_alternating_values_by_hand():
    """4, 6, 4, 6, ...: mean 5, every range 2, rho below 0, df 7; the squares give less."""
    row = verdict(panel({"a": [4.0, 6.0] * 4 + [5.0]})).table.loc["a"]
    reach = stats.t.isf(0.00135, 7) * 2 / 1.1283791671 * np.sqrt(1 + 1 / 8)
    assert row["rho"] == 0
    assert row["upper"] == pytest.approx(5 + reach)
    assert row["lower"] == pytest.approx(5 - reach)


def test_rate_limits_are_laneys_and_follow_each_periods_exposure():
    """z by hand: events 20, 30 in turn of 100: share 0.25, z ±1.1547, mean range 2.3094."""
    rows = rates([20, 30] * 4 + [25], [100] * 8 + [400])
    result = verdict(rows)
    limits = result.limits.set_index("period")
    sigma = 2 * (0.05 / np.sqrt(0.25 * 0.75 / 100)) / 1.1283791671
    reach = stats.t.isf(0.00135, 7) * sigma * np.sqrt(1 + 1 / 8)
    assert limits["centre"].iloc[-1] == pytest.approx(0.25)
    shown = 0.25 + reach * np.sqrt(0.25 * 0.75 / 400)
    assert limits["upper"].iloc[-1] == pytest.approx(shown)
    assert limits["upper"].iloc[0] == pytest.approx(0.25 + reach * np.sqrt(0.25 * 0.75 / 100))
    assert limits["lower"].iloc[0] == 0  # a share has a floor


def test_rate_limits_are_never_narrower_than_binomial_noise():
    """Shares that never leave 0.25 by more than a case: without the bound sigma is near 0."""
    rows = rates([250, 251, 249, 250, 251, 250, 249, 250, 251, 250], [1000] * 10)
    row = verdict(rows).table.loc["rate"]
    least = 3 * np.sqrt(0.25 * 0.75 / 1000)
    assert row["upper"] - row["centre"] > least
    assert row["state"] == "usual"


def test_the_period_shown_is_not_in_its_own_limits():
    base = noise(3)[0]
    tables = [verdict(panel({"a": [*base, last]})).table.loc["a"] for last in (100.0, 1e6)]
    assert tables[0][["centre", "lower", "upper"]].equals(
        tables[1][["centre", "lower", "upper"]]
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(6, 18))
def test_unlike_neighbours_give_every_period_the_ordinary_limits(seed, periods):
    """rho 0: mean ± t max(mean range / 1.128, standard deviation) sqrt(1 + 1/n)."""
    base = np.random.default_rng(seed).permutation(np.tile([-1.0, 1.0], periods))[:periods]
    base = base * np.linspace(1, 2, periods)
    result = verdict(panel({"a": [*base, 0.0]}))
    assume(result.table.loc["a", "rho"] == 0)
    sigma = max(np.abs(np.diff(base)).mean() / 1.1283791671, base.std(ddof=1))
    reach = stats.t.isf(0.00135, periods - 1) * sigma * np.sqrt(1 + 1 / periods)
    np.testing.assert_allclose(result.limits["upper"], base.mean() + reach)
    np.testing.assert_allclose(result.limits["lower"], base.mean() - reach)
    np.testing.assert_allclose(result.limits["centre"], base.mean(), atol=1e-12)


def test_alike_neighbours_give_limits_around_what_follows_by_hand():
    """6, 6, 4, 4, ...: mean 5; 6 pairs alike, 5 unlike: 1/12, corrected by (1 + 4/12)/12: 7/36.

    The last value is 4, one below; errors of one step are ±(1 - rho), ±(1 + rho), and for the
    first value, which follows none, sqrt(1 - rho²).
    """
    row = verdict(panel({"a": [6.0, 6.0, 4.0, 4.0] * 3 + [5.0]})).table.loc["a"]
    rho, n = 7 / 36, 12
    squares = (6 * (1 - rho) ** 2 + 5 * (1 + rho) ** 2 + 1 - rho**2) / (n - 2)
    ranges = 5 * 2 / 11 / 1.1283791671 * np.sqrt(1 + rho)
    lags = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    mean = (rho**lags).mean() / (1 - rho**2)  # variance of the mean, in one-step variances
    spread = max(squares, ranges**2) * (1 + (1 - rho) ** 2 * mean)
    spread += 1**2 * 2 * (1 - rho**2) / n  # error of rho, times how far the last value is
    assert row["rho"] == pytest.approx(rho)
    assert row["centre"] == pytest.approx(5 - rho)
    reach = stats.t.isf(0.00135, n - 2) * np.sqrt(spread)
    assert row["upper"] == pytest.approx(5 - rho + reach)
    assert row["lower"] == pytest.approx(5 - rho - reach)


def wandering(seed, rho=0.95, periods=60):
    x = np.random.default_rng(seed).normal(size=periods)
    for at in range(1, periods):
        x[at] += rho * x[at - 1]
    return x


def test_a_step_is_a_headline_at_its_onset_and_staying_there_is_no_news():
    before = wandering(5)
    onset = verdict(panel({"a": [*before, before[-1] + 6]})).table.loc["a"]
    assert (onset["state"], onset["side"]) == ("headline", "above")
    stayed = verdict(panel({"a": [*before, before[-1] + 6, before[-1] + 6]})).table.loc["a"]
    assert stayed["state"] == "usual"
    assert stayed["centre"] == pytest.approx(before[-1] + 6, abs=1.5)


def test_limits_widen_with_the_gap_towards_those_of_a_first_period():
    base = wandering(3, periods=40)
    widths = []
    for gap in (0, 1, 3, 60):
        rows = verdict(panel({"a": [*base, *[np.nan] * gap, base.mean()]})).limits
        widths.append((rows["upper"] - rows["lower"]).iloc[-1])
    first = (rows["upper"] - rows["lower"]).iloc[0]
    assert widths == sorted(widths)
    assert widths[1] > 1.2 * widths[0]
    assert widths[-1] == pytest.approx(first, rel=0.05)
    flat = [verdict(panel({"a": [*QUIET, *[np.nan] * gap, 10.0]})).table for gap in (0, 9)]
    assert flat[0].loc["a", "rho"] == 0
    assert flat[0].loc["a", "upper"] == pytest.approx(flat[1].loc["a", "upper"])


@pytest.mark.parametrize("seed", range(5))
def test_slow_growth_is_no_headline_after_two_years_and_a_jump_in_it_is(seed):
    """0.6 % a week in a count whose weeks differ by 8 %."""
    noisy = 1 + 0.08 * np.random.default_rng(seed).normal(size=105)
    noisy[-1] = 1.0
    values = 1e6 * noisy * 1.006 ** np.arange(105)
    grown = verdict(panel({"a": values}, floor=0.0)).table.loc["a"]
    assert grown["state"] == "usual"
    assert grown["centre"] == pytest.approx(values[-1], rel=0.1)
    jumped = verdict(panel({"a": [*values[:-1], 1.5 * values[-1]]}, floor=0.0)).table.loc["a"]
    assert (jumped["state"], jumped["side"]) == ("headline", "above")


def test_what_cannot_be_negative_surprises_less_above_than_below():
    """16 or 24, mean 20: 20 away is as likely on both sides, but for the gamma tail."""

    def p(last, **columns):
        return verdict(panel({"a": [16.0, 24.0] * 8 + [last]}, **columns)).table["p_value"].a

    assert p(40.0) == pytest.approx(p(0.0))
    assert p(40.0, floor=0.0) > 2 * p(0.0, floor=0.0)
    assert p(0.0, floor=0.0) == pytest.approx(p(0.0))


def test_spread_beyond_chance_does_not_shrink_with_exposure_where_p_is_told():
    """Shares 0.2 and 0.3 of 10,000: little of it chance; then 0.36, of 10,000 or a million."""
    events, exposure = [2_000, 3_000] * 8, [10_000] * 16
    usual_size = verdict(rates([*events, 3_600], [*exposure, 10_000])).table.loc["rate"]
    large = verdict(rates([*events, 360_000], [*exposure, 1_000_000])).table.loc["rate"]
    assert large["upper"] < usual_size["upper"]
    assert large["p_value"] == pytest.approx(usual_size["p_value"], rel=0.05)


def test_weekday_pattern_is_taken_out_and_put_back_on_the_raw_scale():
    """Sundays are ten times the rest; a usual Sunday is usual, a weekday so high is not."""
    rng = np.random.default_rng(4)
    days = pd.date_range("2025-01-06", periods=70, freq="D")
    factor = np.where(days.day_of_week == 6, 10.0, 1.0)
    values = 100 * factor * (1 + 0.03 * rng.normal(size=70))
    usual = verdict(panel({"a": values}, freq="D"), "day").table.loc["a"]  # ends on a Sunday
    assert days[-1].day_of_week == 6
    assert usual["state"] == "usual"
    assert usual["centre"] == pytest.approx(1000, rel=0.03)
    high = np.append(values[:64], 1000.0)
    row = verdict(panel({"a": high}, freq="D"), "day").table.loc["a"]
    assert row["state"] == "headline"
    assert row["centre"] == pytest.approx(100, rel=0.03)


def test_weekday_pattern_of_a_rate_is_taken_out_as_a_difference():
    days = pd.date_range("2025-01-06", periods=63, freq="D")
    share = np.where(days.day_of_week >= 5, 0.5, 0.2)
    events = (1000 * share).astype(int) + np.tile([3, -2, 1, -4, 2, 0, 4, -3, -1], 7)
    rows = panel({"r": events / 1000}, freq="D")
    rows = rows.assign(events=events, exposure=1000, kind="rate")
    row = verdict(rows, "day").table.loc["r"]
    assert row["centre"] == pytest.approx(0.5, abs=0.005)
    assert row["state"] == "usual"


def test_too_few_days_leave_the_weekdays_in_and_say_so():
    row = verdict(panel({"a": noise(1)[0][:20]}, freq="D"), "day").table.loc["a"]
    assert row["note"] == "weekdays are not told apart; that needs 4 of each"


def test_limits_stop_at_floor_and_ceiling():
    rows = panel({"a": [1.0, 5.0, 2.0, 8.0, 1.0, 4.0, 2.0, 9.0, 3.0]}, floor=0.0, ceiling=10.0)
    row = verdict(rows).table.loc["a"]
    assert (row["lower"], row["upper"]) == (0.0, 10.0)


def test_only_the_regime_shown_forms_limits_and_only_it_has_them():
    rows = panel({"a": [500.0] * 10 + QUIET + [10.0]})
    rows = rows.assign(baseline=[0] * 10 + [1] * 15)
    result = verdict(rows)
    assert result.table.loc["a", "centre"] == pytest.approx(np.mean(QUIET))
    assert result.limits["upper"].notna().tolist() == [False] * 10 + [True] * 15


def test_periods_that_are_not_usable_form_no_limits():
    rows = panel({"a": [*QUIET, 900.0, 10.0]}).assign(usable=[True] * 14 + [False, True])
    row = verdict(rows).table.loc["a"]
    assert row["centre"] == pytest.approx(np.mean(QUIET))
    assert row["n"] == 14


@pytest.mark.parametrize(
    ("grain", "freq", "start"),
    [
        ("month", "MS", "2023-01-01"),
        ("quarter", "QS", "2018-01-01"),
        ("day", "D", "2025-01-01"),
    ],
)
def test_neighbours_are_neighbours_at_every_grain(grain, freq, start):
    values = [*QUIET, 10.0]
    week = verdict(panel({"a": values})).table.loc["a"]
    other = verdict(panel({"a": values}, freq=freq, start=start), grain).table.loc["a"]
    assert other["upper"] == pytest.approx(week["upper"])


# judge: states


def test_a_planted_jump_is_the_only_headline_among_twenty_quiet_series():
    values = noise(8, 20)
    quiet = {f"s{i:02}": row for i, row in enumerate(values)}
    assert (verdict(panel(quiet)).table["state"] != "headline").all()
    moved = {**quiet, "s07": [*values[7][:-1], 200.0]}
    table = verdict(panel(moved)).table
    assert table.index[table["state"] == "headline"].tolist() == ["s07"]
    assert table.loc["s07", ["side", "rule"]].tolist() == ["above", "outside the limits"]


def test_outside_the_limits_among_too_many_series_is_only_watched():
    """Just outside is a headline alone; among 100 series as quiet as can be q is above 0.1."""
    base = noise(2)[0]
    edge = 1.001 * verdict(panel({"a": [*base, 100.0]})).table.loc["a", "upper"]
    alone = panel({"a": [*base, edge]})
    p = verdict(alone).table.loc["a", "p_value"]
    crowd = {f"q{i:03}": [*base, base.mean()] for i in range(99)}
    row = verdict(panel({"a": [*base, edge], **crowd})).table.loc["a"]
    assert 0.0001 < p < 0.01
    assert row["q_value"] == pytest.approx(100 * p)
    assert row["state"] == "watch"
    assert row["rule"].startswith("outside the limits")
    assert verdict(alone).table.loc["a", "state"] == "headline"


def test_eight_weeks_on_one_side_are_watched():
    row = verdict(panel({"a": [9.0, 11.0] * 15 + [10.9, 10.8] * 4})).table.loc["a"]
    assert row["state"] == "watch"
    assert (row["side"], row["rule"]) == ("above", "8 weeks in a row above the centre")


def test_three_of_four_weeks_near_a_limit_are_watched():
    row = verdict(panel({"a": [9.0, 11.0] * 15 + [6.5, 10.1, 6.5, 6.5]})).table.loc["a"]
    assert (row["side"], row["rule"]) == ("below", "3 of 4 weeks near the lower limit")


def test_a_run_that_has_a_gap_or_ended_before_the_period_shown_is_not_watched():
    run = [9.0, 11.0] * 15 + [10.9, 10.8] * 4
    gap = list(run)
    gap[-3] = np.nan
    assert verdict(panel({"a": gap})).table.loc["a", "state"] == "usual"
    assert verdict(panel({"a": [*run, 9.5]})).table.loc["a", "state"] == "usual"


def test_a_run_means_nothing_where_neighbours_resemble_each_other():
    wave = 100 + 10 * np.sin(np.arange(64) / 64 * 2 * np.pi * 2.2)
    row = verdict(panel({"a": wave + 0.3 * noise(1)[0].mean()})).table.loc["a"]
    assert row["rho"] > 0.3
    assert (row["state"], row["rule"]) == ("usual", "")


def test_every_way_to_have_no_verdict_is_named():
    rows = pd.concat(
        [
            panel({"short": [1.0, 2, 3, 4, 5, 6], "full": [*QUIET, 10.0]}, usable=True).assign(
                period=lambda f: (
                    f["period"] + pd.to_timedelta((f["series"] == "short") * 63, "D")
                )
            ),
            panel({"gone": QUIET, "empty": [*QUIET, np.nan]}, usable=True),
            panel({"broken": [*QUIET, 10.0]}).assign(usable=[True] * 14 + [False]),
        ]
    )
    table = verdict(rows).table
    assert table["state"].to_dict() == {
        "broken": "unusable",
        "empty": "missing",
        "full": "usual",
        "gone": "missing",
        "short": "short",
    }
    assert table["note"].to_dict() == {
        "broken": "the week shown is not usable",
        "empty": "no figure for the week shown",
        "full": "",
        "gone": "no figure for the week shown",
        "short": "5 usable earlier weeks; limits need 6",
    }
    assert table.loc["short", ["centre", "lower", "upper", "p_value"]].isna().all()
    assert table["p_value"].notna().sum() == 1


def test_a_move_from_a_constant_baseline_is_watched_without_a_p_value():
    rows = panel(
        {"same": [0.3] * 12, "moved": [0.3] * 11 + [0.4], "dust": [0.3] * 11 + [0.1 + 0.2]}
    )
    table = verdict(rows).table
    assert table["state"].to_dict() == {"same": "usual", "moved": "watch", "dust": "usual"}
    assert table["p_value"].isna().all()
    assert table.loc["moved", "rule"] == "differs from a baseline that never varied"
    assert table.loc["moved", "note"] == (
        "11 usable earlier weeks and no variation, so a move has no p-value"
    )


def test_a_rate_that_was_always_nought_is_watched_when_it_moves():
    table = verdict(rates([0] * 10 + [3], [500] * 11)).table
    assert table.loc["rate", "state"] == "watch"
    assert np.isnan(table.loc["rate", "p_value"])


# judge: calibration


@pytest.mark.parametrize(
    ("rho", "periods"), [(0.0, 8), (0.0, 52), (0.3, 26), (0.6, 15), (0.6, 52)]
)
def test_size_stays_below_one_and_a_half_times_nominal(rho, periods):
    """3,000 series in which nothing happens; the bench has the whole table."""
    values = np.random.default_rng(17).standard_normal((3_000, periods + 1))
    for at in range(1, periods + 1):
        values[:, at] = rho * values[:, at - 1] + np.sqrt(1 - rho**2) * values[:, at]
    weeks = pd.date_range("2023-01-02", periods=periods + 1, freq="7D")
    rows = pd.DataFrame(
        {
            "series": np.repeat([f"s{i}" for i in range(3_000)], periods + 1),
            "period": np.tile(weeks, 3_000),
            "value": values.ravel(),
        }
    )
    p = verdict(rows).table["p_value"]
    assert (p < 0.01).mean() < 0.015
    assert (p < 0.0027).mean() < 0.004
    assert 0.3 < (p < 0.5).mean() < 0.6


# judge: properties


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_row_order_and_further_columns_do_not_matter(seed, random):
    rows = panel({f"s{i}": row for i, row in enumerate(noise(seed, 3, 12))})
    order = list(range(len(rows)))
    random.shuffle(order)
    straight, mixed = verdict(rows), verdict(rows.iloc[order].assign(colour="red"))
    pd.testing.assert_frame_equal(straight.table, mixed.table)
    pd.testing.assert_frame_equal(straight.limits, mixed.limits)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(-1e3, 1e3), st.floats(0.01, 1e3))
def test_shifting_and_scaling_a_level_changes_no_p_value(seed, shift, scale):
    rows = panel({"a": noise(seed, 1, 20)[0], "b": noise(seed + 1, 1, 20)[0]})
    moved = rows.assign(value=rows["value"] * scale + shift)
    one, other = verdict(rows).table, verdict(moved).table
    np.testing.assert_allclose(one["p_value"], other["p_value"], rtol=1e-6)
    assert one["state"].tolist() == other["state"].tolist()


def test_a_further_series_changes_no_p_value_but_may_raise_q():
    rows = panel({"a": [*QUIET, 16.0]})
    both = pd.concat([rows, panel({"b": [*QUIET, 10.0]})])
    one, two = verdict(rows).table.loc["a"], verdict(both).table.loc["a"]
    assert one["p_value"] == two["p_value"]
    assert one["q_value"] < two["q_value"]


def test_the_rows_given_are_left_as_they_were():
    rows = panel({"a": [*QUIET, 10.0]})
    before = rows.copy()
    verdict(rows)
    pd.testing.assert_frame_equal(rows, before)


# judge: refusals


def spoiled(**changes):
    rows = panel({"a": [*QUIET, 10.0]}).assign(kind="level", events=1.0, exposure=2.0)
    for column, value in changes.items():
        rows[column] = rows[column].astype(object) if isinstance(value, str) else rows[column]
        rows.loc[3, column] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            panel({"a": QUIET}).drop(columns="value"),
            "judge: columns lack: value. Give series, period and value.",
        ),
        (
            pd.concat([panel({"a": QUIET}), panel({"a": QUIET[:2]})]),
            "judge: 2 (series, period) that come twice. Sum or drop one: "
            "a 2025-01-06, a 2025-01-13.",
        ),
        (
            spoiled(value=np.inf),
            "judge: 1 infinite values. Write a gap as NaN: a 2025-01-27.",
        ),
        (
            spoiled(kind="ratio"),
            "judge: unknown kind: ratio. Give level or rate.",
        ),
        (
            spoiled(kind="rate"),
            "judge: kind, floor or ceiling changes within a series: a. Give one a series.",
        ),
        (
            panel({"a": [0.5, 0.6]}, kind="rate", events=[1, 7], exposure=[2, 6]),
            "judge: 1 rates with negative counts, or events above exposure. Correct the "
            "counts: a 2025-01-13. 1 rates whose value is not events / exposure. "
            "Give value = events / exposure: a 2025-01-13.",
        ),
        (
            panel({"a": QUIET}).astype({"period": str}),
            "judge: period is not all dates. Give datetime64 without a time zone.",
        ),
        (
            panel({"a": QUIET}, usable=[None] + [True] * 13),
            "judge: empty cells in usable. Fill each or drop the column.",
        ),
    ],
)
def test_rows_off_their_contract_are_refused(rows, message):
    with pytest.raises(ContractError) as raised:
        judge(rows, grain="week", shown="2025-01-06")
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("grain", "start", "message"),
    [
        (
            "week",
            "2025-01-07",
            "judge: 2 of 2 periods are not whole weeks away from 2025-01-06: 2025-01-07, "
            "2025-01-14. Give each period by its first day.",
        ),
        (
            "month",
            "2025-01-07",
            "judge: 2 of 2 periods are not the first day of a month: 2025-01-07, 2025-01-14. "
            "Give each period by its first day.",
        ),
    ],
)
def test_a_period_that_is_no_first_day_is_refused(grain, start, message):
    with pytest.raises(ContractError) as raised:
        judge(panel({"a": [1, 2]}, start=start), grain=grain, shown="2025-01-06")
    assert str(raised.value) == message


def test_no_rows_an_unknown_grain_and_an_impossible_alpha_are_refused():
    rows = panel({"a": QUIET})
    with pytest.raises(MethodError) as none:
        judge(rows.iloc[:0], grain="week", shown="2025-01-06")
    with pytest.raises(ParamError) as grain:
        judge(rows, grain="weeks", shown="2025-01-06")
    with pytest.raises(ParamError) as alpha:
        judge(rows, grain="week", shown="2025-01-06", alpha=1)
    assert str(none.value) == "judge: no rows. Give at least one series."
    assert str(grain.value) == (
        "judge: unknown grain 'weeks'; did you mean 'week'? "
        "Give day, week, month, quarter or year."
    )
    assert str(alpha.value) == ("judge: alpha is 1. Give a share between 0 and 1, such as 0.1.")


# words and pictures


def said(*lasts, run=0, left=0):
    base = list(noise(3)[0])
    series = {f"m{i}": [*base, last] for i, last in enumerate(lasts)}
    length = len(base)
    series |= {f"w{i}": ([9.0, 11.0] * 20)[: length - 7] + [10.9, 10.8] * 4 for i in range(run)}
    series |= {f"x{i}": base for i in range(left)}
    return verdict(panel(series)).narrative()


def test_the_sentence_counts_what_moved_what_to_watch_and_what_had_no_verdict():
    assert said(300.0, 100.0) == "1 of 2 measures moved beyond its usual range."
    assert said(300.0, 0.0, 100.0, run=2, left=1) == (
        "2 of 5 measures moved beyond their usual range; 2 to watch; 1 could not be judged."
    )
    assert said(100.0, 101.0) == "None of 2 measures clearly moved beyond its usual range."
    assert said(100.0) == "The one measure judged did not clearly move beyond its usual range."
    assert said(300.0) == "1 of 1 measure moved beyond its usual range."
    none = verdict(panel({"a": [1.0, 2.0], "b": [1.0, 2.0]})).narrative()
    assert none == "None of 2 measures could be judged."
    one = verdict(panel({"a": [1.0, 2.0]})).narrative()
    assert one == "The one measure could not be judged."


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_a_chart_names_its_range_its_gap_its_break_and_the_value_shown():
    values = [20.0] * 3 + QUIET[:6] + [np.nan] * 4 + QUIET + [30.0]
    rows = panel({"share": values}).assign(baseline=[0] * 3 + [1] * 25)
    chart = verdict(rows).chart("share", unit="days", title="Delay")
    assert texts(chart) == [
        "usual\nrange",
        "definition changed",
        "no usable data",
        "30.0\u00a0d",
    ]
    assert chart.axes[0].get_title(loc="left") == "Delay"


def test_a_chart_shows_the_last_60_periods_or_as_many_as_asked_for_and_the_one_judged():
    rows = panel({"a": noise(1, periods=104)[0]})

    def drawn(shown, **options):
        result = judge(rows, grain="week", shown=rows["period"].iloc[shown])
        return len(result.chart("a", unit="count", **options).axes[0].lines[1].get_xdata())

    assert drawn(-1) == 60
    assert drawn(-1, most=200) == 104
    assert drawn(-10, most=4) == 10


def test_words_in_a_chart_stand_only_where_they_fit():
    """Two gaps of one week and breaks three weeks apart: no room for either's words twice."""
    values = [*QUIET, np.nan, *QUIET, np.nan, *QUIET, 10.0]
    rows = panel({"a": values}).assign(baseline=[0] * 20 + [1] * 3 + [2] * 22)
    chart = verdict(rows).chart("a", unit="count")
    assert texts(chart) == ["usual\nrange", "definition changed", "10"]
    assert sum(line.get_linestyle() == ":" for line in chart.axes[0].lines) == 2


def test_partial_periods_are_hollow():
    rows = panel({"a": [*QUIET, 10.0, 4.0]}).assign(usable=[True] * 15 + [False])
    chart = judge(rows, grain="week", shown=rows["period"].iloc[-2]).chart("a", unit="count")
    hollow = [line for line in chart.axes[0].lines if line.get_markerfacecolor() == "#ffffff"]
    assert [list(line.get_ydata()) for line in hollow] == [[4.0]]


def test_every_state_can_be_drawn():
    rows = panel({"short": [1.0, 2.0], "one": [3.0, np.nan], "flat": [4.0, 4.0]})
    result = verdict(rows)
    assert isinstance(result, Result)
    assert len(result.plot().axes) == 3
    for name in rows["series"].unique():
        result.chart(name, unit="count").draw_without_rendering()


def test_a_chart_of_an_unknown_series_is_refused():
    with pytest.raises(ParamError) as raised:
        verdict(panel({"accounts": [*QUIET, 10.0]})).chart("account", unit="count")
    assert str(raised.value) == (
        "chart: no series 'account'; did you mean 'accounts'? Give one that was judged."
    )
