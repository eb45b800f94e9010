"""Tests of what forecasting refuses, what it says, and what it draws."""

import numpy as np
import pandas as pd
import pytest

from insights.errors import ContractError, MethodError, ParamError
from insights.methods.forecasts import forecast

NOISE = np.random.default_rng(0).normal(size=400)
START = pd.Timestamp("2024-01-01")


def rows(n=60, name="a", start=START, freq="D", level=100.0):
    when = pd.date_range(start, periods=n, freq=freq)
    weekday = 1 + 0.2 * (np.arange(n) % 7 == 2)
    return pd.DataFrame({"unique_id": name, "ds": when, "y": level * weekday + NOISE[:n]})


def mixed():
    return pd.concat([rows(60), rows(12, start="2024-03-10", freq="7D")])


def far():
    late = rows()
    late.loc[59, "ds"] = pd.Timestamp("2062-01-01")
    return late


def party(**changes):
    event = {"unique_id": None, "ds": START, "name": "x", "kind": "holiday"} | changes
    return pd.DataFrame([event])


REFUSED = {
    "horizon": (
        rows(), {"horizon": 0}, ParamError,
        "forecast: horizon is 0. Give a whole number of at least 1.",
    ),
    "horizon as text": (
        rows(), {"horizon": "7"}, ParamError,
        "forecast: horizon is '7'. Give a whole number of at least 1.",
    ),
    "level": (
        rows(), {"levels": (80, 100)}, ParamError,
        "forecast: 100 is no level. Give per cents between 0 and 100, such as 80.",
    ),
    "no level": (
        rows(), {"levels": ()}, ParamError,
        "forecast: no level. Give per cents between 0 and 100, such as 80.",
    ),
    "frequency": (
        rows(), {"freq": "day"}, ParamError,
        "forecast: unknown freq 'day'. Give h, D, B, W (or W-MON ...), MS, ME, QS or QE.",
    ),
    "frequency with a near name": (
        rows(), {"freq": "M"}, ParamError,
        "forecast: unknown freq 'M'; did you mean 'MS'? "
        "Give h, D, B, W (or W-MON ...), MS, ME, QS or QE.",
    ),
    "policy": (
        rows(), {"missing": {"a": "skip"}}, ParamError,
        "forecast: missing is 'skip'. Give 'interpolate' or 'zero'.",
    ),
    "columns": (
        rows().drop(columns="y"), {}, ContractError,
        "forecast: columns lack: y. Give unique_id, ds and y.",
    ),
    "empty": (rows(0), {}, MethodError, "forecast: no rows. Give at least one series."),
    "time zone": (
        rows().assign(ds=rows()["ds"].dt.tz_localize("UTC")), {}, ContractError,
        "forecast: ds is not all dates. Give datetime64 without a time zone.",
    ),
    "text": (
        rows(3).assign(y=["1", "2,5", None]), {}, ContractError,
        "forecast: y is not a number in 2 of 3 rows: '1', '2,5'. "
        "Give numbers, and NaN for what is not known.",
    ),
    "twice, infinite, unnamed": (
        pd.concat([rows(3).assign(y=[np.inf, 1, 2]), rows(1), rows(1, name=None)]), {},
        ContractError,
        "forecast: 1 rows without a unique_id. Name each: None 2024-01-01. "
        "1 infinite values. Write a gap as NaN: a 2024-01-01. "
        "1 (unique_id, ds) that come twice. Sum or drop one: a 2024-01-01.",
    ),
    "future": (
        rows(), {"now": "2024-02-27"}, ContractError,
        "forecast: 2 rows after now (2024-02-27). Correct their dates or drop them: "
        "a 2024-02-28, a 2024-02-29.",
    ),
    "a date far ahead": (
        far(), {}, ContractError,
        "forecast: 1 of 1 series is after a gap longer than all rows before it: "
        "a (2062-01-01). Correct the date, or drop the row.",
    ),
    "no value": (
        pd.concat([rows(), rows(9, "b").assign(y=np.nan)]), {}, MethodError,
        "forecast: 1 of 2 series (b) is without a value. "
        "Leave them out, or give their values.",
    ),
    "another frequency": (
        rows(30, freq="7D"), {}, ContractError,
        "forecast: 1 of 1 series is of another or a mixed frequency than 'D': a (steps of 7). "
        "Give one frequency a call, or missing='zero' where a missing date is a zero.",
    ),
    "mixed frequencies": (
        mixed(), {}, ContractError,
        "forecast: 1 of 1 series is of another or a mixed frequency than 'D': a (steps of 7). "
        "Give one frequency a call, or missing='zero' where a missing date is a zero.",
    ),
    "off the grid": (
        rows(3, start="2024-01-01 05:00"), {}, ContractError,
        "forecast: 3 of 3 dates do not fit freq 'D': 2024-01-01 05:00, 2024-01-02 05:00, "
        "2024-01-03 05:00. Give one row a period, dated as freq says, or another freq.",
    ),
    "weekend among business days": (
        rows(7), {"freq": "B"}, ContractError,
        "forecast: 2 of 7 dates do not fit freq 'B': 2024-01-06, 2024-01-07. "
        "Give one row a period, dated as freq says, or another freq.",
    ),
    "event columns": (
        rows(), {"events": pd.DataFrame({"ds": [START]})}, ContractError,
        "forecast: events lack columns: unique_id, name, kind. "
        "Give unique_id (NA for every series), ds, name and kind.",
    ),
    "event kind": (
        rows(), {"events": party(kind="party")}, ContractError,
        "forecast: unknown kind of event: party. Give holiday, incident or launch.",
    ),
    "event date": (
        rows(), {"events": party(ds=None)}, ContractError,
        "forecast: ds of events is not all dates. Give datetime64 without a time zone.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", list(REFUSED))
def test_what_cannot_be_is_refused_in_full(what):
    history, options, error, message = REFUSED[what]
    with pytest.raises(error) as raised:
        forecast(history, **({"horizon": 7, "freq": "D"} | options))
    assert str(raised.value) == message


def test_dates_out_of_order_are_sorted_and_nan_is_a_gap():
    history = rows()
    gap = history.assign(y=history["y"].where(history.index != 20))
    plain = forecast(gap, horizon=3, freq="D")
    turned = forecast(gap.iloc[::-1], horizon=3, freq="D")
    pd.testing.assert_frame_equal(plain.table, turned.table)
    assert plain.notes == (
        "1 series lacks days, filled in from the same part of neighbouring seasons: a (1).",
    )


def test_an_event_of_an_unknown_series_is_left_out_and_said():
    result = forecast(rows(), horizon=3, freq="D", events=party(unique_id="zz"))
    assert result.notes == ("1 event left out; no such series: zz.",)


def test_what_months_cannot_tell_apart_is_said():
    when = party(ds=pd.Timestamp("2024-05-01"))
    result = forecast(rows(30, freq="MS"), horizon=3, freq="MS", events=when)
    assert result.notes == ("Holidays and launches are not told apart within a month.",)


# words


def test_one_series_says_its_average_its_range_and_its_replays():
    assert forecast(rows(90), horizon=7, freq="D").narrative() == (
        "The next 7 days from 31\xa0March 2024 are expected to average 103 a day, "
        "80\xa0% range 102 to 104; in replays from 12 earlier origins the forecast missed "
        "2\xa0% less than seasonal naive."
    )


def test_many_series_are_said_together():
    both = pd.concat([rows(90), rows(90, "b", level=50.0)])
    text = forecast(both, horizon=1, freq="D").narrative()
    assert text.startswith("The next 1 day from 31\xa0March 2024 is expected to average")
    assert " a day over 2 series together, 80\xa0% range " in text


def test_without_replays_or_range_the_sentence_says_so():
    assert forecast(rows(1), horizon=2, freq="D").narrative() == (
        "The next 2 days from 2\xa0January 2024 are expected to average 100 a day, for which "
        "there are too few values to give a range; there is too little history to replay it."
    )
    flat = rows(60).assign(y=5.0)
    assert forecast(flat, horizon=2, freq="D").narrative() == (
        "The next 2 days from 1\xa0March 2024 are expected to average 5.00 a day, "
        "80\xa0% range 5.00 to 5.00; in replays from 12 earlier origins nothing varied."
    )


def test_where_nothing_beats_seasonal_naive_the_sentence_says_so():
    exact = rows(60).assign(y=np.arange(60) % 7)
    text = forecast(exact, horizon=2, freq="D").narrative()
    assert text.endswith("nothing beat seasonal naive, so it is published.")


# charts


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_chart_shows_actual_forecast_bands_incidents_and_holidays():
    events = pd.concat([
        party(ds=START + pd.Timedelta(days=70), kind="incident", name="outage"),
        party(ds=START + pd.Timedelta(days=92), name="Easter"),
        party(ds=START + pd.Timedelta(days=80), name="Easter"),
    ])  # fmt: skip
    figure = forecast(rows(90), horizon=14, freq="D", events=events).plot()
    ax = figure.axes[0]
    styles = [line.get_linestyle() for line in ax.lines]
    assert styles[:3] == ["-", "None", "--"]
    assert ax.lines[1].get_markerfacecolor() == "#ffffff"
    assert len(ax.lines[1].get_xdata()) == 1
    assert np.isnan(ax.lines[0].get_ydata()).sum() == 1
    assert len(ax.collections) == 2
    assert texts(figure)[0] == "forecast"
    assert texts(figure)[-1] == "hollow: incident, left out\n▲ Easter"
    assert [t for t in texts(figure) if t.endswith("%")] == ["80\xa0%", "95\xa0%"]
    figure.draw_without_rendering()


def test_the_largest_series_is_drawn_unless_one_is_named():
    both = forecast(pd.concat([rows(60), rows(60, "big", level=900.0)]), horizon=7, freq="D")
    assert both.plot().axes[0].get_ylabel() == "big a day"
    assert both.plot("a").axes[0].get_ylabel() == "a a day"


def test_an_unknown_series_is_not_drawn():
    with pytest.raises(ParamError) as raised:
        forecast(rows(), horizon=7, freq="D").plot("b")
    assert str(raised.value) == "plot: no series 'b'. Give one that was forecast."


def test_a_forecast_without_intervals_can_be_drawn():
    forecast(rows(1), horizon=3, freq="D").plot().draw_without_rendering()


def test_no_paths_are_refused():
    with pytest.raises(ParamError) as raised:
        forecast(rows(), horizon=7, freq="D").sample_paths(0, np.random.default_rng(0))
    assert str(raised.value) == "sample_paths: n is 0. Ask for at least 1."
