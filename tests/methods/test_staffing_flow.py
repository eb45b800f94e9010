"""Tests of how many hours and people deferred work takes."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.errors import ContractError, MethodError, ParamError
from insights.methods import staffing
from insights.results import Result

NARROW = str.maketrans("\u00a0", " ")


def said(result):
    return result.narrative().translate(NARROW)


def volumes(queues, start="2026-01-05", **columns):
    frames = [
        pd.DataFrame(
            {
                "queue": queue,
                "period": pd.date_range(start, periods=len(values), freq="7D"),
                "volume": values,
            }
        )
        for queue, values in queues.items()
    ]
    return pd.concat(frames).assign(**columns)


USUAL = {"handle_minutes": 6, "occupancy": 0.8, "shrinkage": 0.25}  # 1/6 hour an item


def test_hours_are_volume_times_handle_time_over_occupancy_and_presence():
    """1,200 items x 6 minutes = 120 hours; / .8 = 150 at work; / .75 = 200 paid; 5 people."""
    table = staffing.flow(volumes({"email": [1200, 1201]}), **USUAL).table
    assert table["hours_needed"].tolist() == pytest.approx([200, 1201 / 6])
    assert table["people_needed"].tolist() == [5, 6]
    assert table["hours_available"].isna().all()
    assert list(table.columns[:3]) == ["queue", "period", "volume"]


def test_a_backlog_burns_down_in_equal_parts_to_the_date():
    flow = staffing.flow(
        volumes({"email": [600] * 4}), **USUAL, backlog=900, clear_by=date(2026, 1, 19)
    )
    assert flow.table["hours_needed"].tolist() == pytest.approx([150, 150, 150, 100])
    assert flow.table["backlog_left"].tolist() == pytest.approx([600, 300, 0, 0])
    assert said(flow) == (
        "Queue email takes 137.5 h a week on average over 4 weeks, at most 150.0 h, 4 people,"
        " in the week of 5 January 2026. The backlog of 900 is cleared in the week of"
        " 19 January 2026."
    )


@pytest.mark.parametrize(
    ("grain", "firsts", "day", "parts"),
    [
        ("day", ["2026-01-05", "2026-01-06"], date(2026, 1, 14), 10),
        ("week", ["2026-01-05", "2026-01-12"], date(2026, 2, 1), 4),
        ("week", ["2026-01-05", "2026-01-12"], date(2026, 2, 2), 5),
        ("month", ["2026-01-01", "2026-02-01"], date(2027, 2, 28), 14),
        ("quarter", ["2026-01-01", "2026-04-01"], date(2026, 12, 31), 4),
    ],
)
def test_a_date_beyond_the_last_period_leaves_the_parts_that_come_later(
    grain, firsts, day, parts
):
    rows = pd.DataFrame({"queue": "email", "period": pd.to_datetime(firsts), "volume": 60})
    settings = USUAL | {"backlog": 840, "clear_by": day, "grain": grain}
    table = staffing.flow(rows, **settings).table
    assert table["hours_needed"].tolist() == pytest.approx([10 + 840 / parts / 6] * 2)
    assert table["backlog_left"].iloc[-1] == pytest.approx(840 * (1 - 2 / parts))
    short = staffing.flow(rows, **settings, hours_available=10).table
    assert short["backlog_left"].tolist() == pytest.approx([840, 840])


def test_people_are_named_where_they_peak_apart_from_hours():
    """239 and 239 items are 79.7 hours and a person each; 246 and 120 are 61 hours, 2 and 1."""
    flow = staffing.flow(volumes({"email": [239, 246], "chat": [239, 120]}), **USUAL)
    assert said(flow) == (
        "The 2 queues take 70.3 h a week on average over 2 weeks, at most 79.7 h, 2 people, in"
        " the week of 5 January 2026, and 3 people in the week of 12 January 2026."
    )


def test_hours_that_are_not_there_become_backlog():
    flow = staffing.flow(
        volumes({"email": [600, 900, 300], "chat": [60, 60, 60]}),
        **USUAL,
        hours_available={"email": 100, "chat": 10},
    )
    email = flow.table[flow.table["queue"] == "email"]
    assert email["gap"].tolist() == pytest.approx([0, -50, 50])
    assert email["backlog_left"].tolist() == pytest.approx([0, 300, 0])
    assert said(flow) == (
        "The 2 queues take 110.0 h a week on average over 3 weeks, at most 160.0 h, 5 people,"
        " in the week of 12 January 2026. The hours available fall short in 1 of 3 weeks, by"
        " 50.0 h in all, all of it in email. A backlog of up to 300 builds up and"
        " is cleared in the week of 19 January 2026."
    )


def test_a_backlog_that_grows_is_said():
    flow = staffing.flow(
        volumes({"email": [600, 600]}), **USUAL, backlog=60, hours_available=90
    )
    assert said(flow).endswith(
        "The backlog goes from 60 to 180 at the end of the week of 12 January 2026."
    )


def test_nobody_exceeds_the_cap_on_severe_content():
    """60 severe hours a week with 5 a person take 12 people; the work alone takes 3."""
    rows = volumes({"graphic": [600]})
    flow = staffing.flow(rows, **USUAL, severe_share=1, severe_cap_hours=5)
    row = flow.table.iloc[0]
    assert (row["people_needed"], row["bound"]) == (12, "severe cap")
    assert row["work_hours"] == pytest.approx(100)
    assert row["hours_needed"] == pytest.approx(480)
    loose = staffing.flow(rows, **USUAL, severe_share=0.1, severe_cap_hours=5).table.iloc[0]
    assert (loose["people_needed"], loose["bound"]) == (3, "work")
    assert (
        said(flow) == "Queue graphic takes 480.0 h, 12 people, in the week of 5 January 2026."
    )


def test_capped_queues_are_named_and_covered_hours_said():
    flow = staffing.flow(
        volumes({"graphic": [600, 600]}),
        **USUAL,
        severe_share=1,
        severe_cap_hours=5,
        hours_available=480,
    )
    assert said(flow) == (
        "Queue graphic takes 480.0 h a week on average over 2 weeks, at most 480.0 h, 12"
        " people, in the week of 5 January 2026; the cap on severe content sets the number in"
        " graphic. The hours available cover all of 2 weeks."
    )


def test_columns_of_the_frame_stand_in_for_options():
    rows = volumes({"email": [600, 600]}, backlog=[300, 0], hours_available=[150.0, 100.0])
    table = staffing.flow(rows, **USUAL).table
    assert table["backlog_left"].tolist() == [0, 0]
    assert table["hours_available"].tolist() == [150, 100]


def test_a_forecast_is_staffed_from_its_quantile():
    table = pd.DataFrame(
        {
            "unique_id": "email",
            "ds": pd.to_datetime(["2026-01-05"]),
            "mean": 500.0,
            "lo-80": -4.0,
            "hi-80": 600.0,
        }
    )
    flow = staffing.flow(staffing.from_forecast(table), **USUAL)
    assert said(flow) == (
        "Queue email takes 100 h, 3 people, in the week of 5 January 2026 at the upper end of"
        " the forecast's 80 % range."
    )
    assert staffing.from_forecast(table, "lo-80")["volume"].tolist() == [0]
    mean = staffing.flow(staffing.from_forecast(table, "mean"), **USUAL)
    assert said(mean).endswith("at the forecast's mean.")
    with pytest.raises(ParamError) as caught:
        staffing.from_forecast(table, "hi-90")
    assert str(caught.value) == (
        "from_forecast: no level 'hi-90'; did you mean 'hi-80'? Give one of mean, lo-80, hi-80."
    )
    with pytest.raises(ContractError) as caught:
        staffing.from_forecast(table.drop(columns="ds"))
    assert str(caught.value) == (
        "from_forecast: the table lacks ds. Give the table of a forecast."
    )


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.floats(0, 1e5), min_size=1, max_size=6),
    st.floats(0, 1e5),
    st.floats(0, 2e4),
    st.randoms(use_true_random=False),
)
def test_items_are_kept_and_row_order_does_not_matter(arrived, backlog, hours, random):
    rows = volumes({"a": arrived, "b": arrived[::-1]})
    before = rows.copy()
    options = USUAL | {"backlog": backlog, "hours_available": hours}
    table = staffing.flow(rows, **options).table
    pd.testing.assert_frame_equal(rows, before)
    order = random.sample(range(len(rows)), len(rows))
    pd.testing.assert_frame_equal(staffing.flow(rows.iloc[order], **options).table, table)
    left = backlog
    for value, end in zip(
        arrived, table.loc[table["queue"] == "a", "backlog_left"], strict=True
    ):
        left = max(0.0, left + value - hours * 6)
        assert end == pytest.approx(left, abs=1e-3)


def refusal(error, rows=None, **options):
    rows = volumes({"email": [600, 600]}) if rows is None else rows
    with pytest.raises(error) as caught:
        staffing.flow(rows, **(USUAL | options))
    return str(caught.value).translate(NARROW)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"handle_minutes": 0}, "handle_minutes is 0. Give a finite number above 0."),
        ({"occupancy": 0}, "occupancy is 0. Give a share above 0 and at most 1."),
        ({"occupancy": 1.2}, "occupancy is 1.2. Give a share above 0 and at most 1."),
        ({"shrinkage": 1}, "shrinkage is 1. Give a share of at least 0 and below 1."),
        ({"shrinkage": math.nan}, "shrinkage is nan. Give a share of at least 0 and below 1."),
        ({"backlog": -1}, "backlog is -1. Give a finite number of at least 0."),
        ({"hours_available": -1}, "hours_available is -1. Give a finite number of at least 0."),
        ({"person_hours": 0}, "person_hours is 0. Give a finite number above 0."),
        ({"grain": "year"}, "grain is 'year'. Give one of day, week, month, quarter."),
        ({"occupancy": {"chat": 0.8}}, "occupancy lacks email. Give one for every queue."),
        (
            {"severe_share": 0.5},
            "only one of severe_share and severe_cap_hours is given. Give both or none.",
        ),
        (
            {"severe_share": 2, "severe_cap_hours": 5},
            "severe_share is 2. Give a share of at least 0 and at most 1.",
        ),
        (
            {"severe_share": 0.5, "severe_cap_hours": 0},
            "severe_cap_hours is 0. Give a finite number above 0.",
        ),
        (
            {"clear_by": date(2026, 1, 1), "backlog": 5},
            "clear_by is 1 January 2026, before the first period of email. Give a later date.",
        ),
    ],
)
def test_a_setting_outside_its_range_is_refused(options, message):
    assert refusal(ParamError, **options) == f"flow: {message}"


def test_rows_that_cannot_be_staffed_are_refused():
    rows = volumes({"email": [600.0, 600.0]}).reset_index(drop=True)
    rule = " Give one row a queue and period, with a volume of at least 0."
    bad = rows.assign(volume=[600.0, -1.0])
    said_ = "flow: 1 of 2 rows have a negative volume: email 2026-01-12."
    assert refusal(ContractError, bad) == said_ + rule
    bad = rows.assign(volume=[np.nan, 600.0])
    said_ = "flow: 1 of 2 rows have no finite volume: email 2026-01-05."
    assert refusal(ContractError, bad) == said_ + rule
    bad = rows.assign(period=rows["period"].where([True, False]))
    said_ = "flow: 1 of 2 rows have no queue or period: email NaT."
    assert refusal(ContractError, bad) == said_ + rule
    bad = pd.concat([rows, rows.head(1)])
    said_ = "flow: 1 of 3 rows repeat a queue and period: email 2026-01-05."
    assert refusal(ContractError, bad) == said_ + rule
    said_ = "flow: volume has no periods. Give at least one row."
    assert refusal(ContractError, rows.head(0)) == said_
    said_ = "flow: volume lacks period. Give queue, period and volume."
    assert refusal(ContractError, rows.drop(columns="period")) == said_
    said_ = "flow: period is int64. Give the first days as datetime64."
    assert refusal(ContractError, rows.assign(period=[1, 2])) == said_
    said_ = "flow: period is datetime64[us, UTC]. Give the first days as datetime64."
    zoned = rows["period"].astype("datetime64[us]").dt.tz_localize("UTC")
    assert refusal(ContractError, rows.assign(period=zoned)) == said_
    said_ = "flow: volume is object. Give a number a row."
    assert refusal(ContractError, rows.assign(volume=np.array(["x", 1], dtype=object))) == said_
    said_ = "flow: handle_minutes lacks 1. Give one for every queue."
    by_text = {"handle_minutes": {"1": 6}}
    assert refusal(ParamError, rows.assign(queue=1), **by_text) == said_
    said_ = "flow: backlog is given twice. Leave out the column or the option."
    assert refusal(ParamError, rows.assign(backlog=5), backlog=5) == said_


def test_a_backlog_that_cannot_be_cleared_in_time_is_refused_with_what_it_takes():
    """2 weeks x 110 hours = 1,320 items; 1,200 arrive and 300 wait: 180 left, 30 hours."""
    options = {"backlog": 300, "clear_by": date(2026, 1, 12)}
    assert refusal(MethodError, hours_available=110, **options) == (
        "flow: the backlog of email (180 left) cannot be cleared by 12 January 2026 with the"
        " hours available. Add 30.0 h, or give a later date."
    )
    flow = staffing.flow(
        volumes({"email": [600, 600]}), **USUAL, hours_available=125, **options
    )
    assert flow.table["backlog_left"].iloc[-1] == 0


def test_a_flow_is_a_result_and_draws_with_and_without_hours_available():
    rows = volumes({name: [600, 900] for name in "abcdef"})
    short = staffing.flow(rows, **USUAL, hours_available=120)
    for result in (short, staffing.flow(rows, **USUAL)):
        assert isinstance(result, Result)
        assert result.plot().axes
    assert len(short.plot().axes) == 4
    assert short.plot().axes[-1].get_xlabel() == "2 more queues not shown"
