"""Business minutes: exact against a loop over minutes, across clock changes and holidays."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import ibis
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from insights.data import series
from insights.data.hours import OPEN_S, between, calendar
from insights.pack.hours import Hours, days_of, minutes_of

BERLIN = {"timezone": "Europe/Berlin", "open": {"monday to friday": "09:00-17:00"}}
ALWAYS = {"timezone": "America/New_York", "open": {"every day": "00:00-24:00"}}
SPLIT = {
    "timezone": "Asia/Kolkata",
    "open": {
        "monday to friday": ["08:30-12:15", "13:00-18:45"],
        "saturday": "22:00-02:30",
        "sunday": "01:00-03:00",
    },
    "holidays": "IN",
}
UTC = ZoneInfo("UTC")


def hours(**schedules) -> Hours:
    of = {name.upper(): name for name in schedules}
    return Hours.model_validate(
        {"by": "market", "schedules": schedules, "of": of, "default": next(iter(schedules))}
    )


def open_seconds(said: Hours, rows: list[tuple[str, str, str]]) -> list[float | None]:
    frame = pd.DataFrame(rows, columns=["market", "begun", "ended"])
    for column in ("begun", "ended"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[ns]")
    found = between(ibis.memtable(frame.assign(n=range(len(frame)))), said, "begun", "ended")
    frame = found.select("n", OPEN_S).to_pandas().sort_values("n")
    return frame[OPEN_S].astype(object).where(frame[OPEN_S].notna(), None).tolist()


def slow(schedule, begun: pd.Timestamp, ended: pd.Timestamp) -> int:
    """Count minutes whose beginning is open, by the local clock of that instant."""
    zone, total, at = ZoneInfo(schedule.timezone), 0, begun
    closed = set(schedule.closed)
    if schedule.holidays:
        from holidays import country_holidays

        closed |= set(country_holidays(schedule.holidays, years=range(2023, 2027)))
    while at < ended:
        local = at.tz_localize(UTC).tz_convert(zone)
        total += any(is_open(schedule, closed, local, shift) for shift in (0, 1))
        at += pd.Timedelta(minutes=1)
    return total


def is_open(schedule, closed: set[date], local: pd.Timestamp, shift: int) -> bool:
    """Tell whether a span that began so many days before holds a local minute."""
    day = local.date() - timedelta(days=shift)
    minute = local.hour * 60 + local.minute + shift * 1440
    return day not in closed and any(
        start <= minute < end
        for days, spans in schedule.open.items()
        if day.weekday() in days_of(days)
        for start, end in map(minutes_of, spans)
    )


# --- by hand


def test_a_weekend_counts_nothing_and_a_working_day_eight_hours():
    said = hours(berlin=BERLIN)
    rows = [
        ("BERLIN", "2025-01-10 15:00", "2025-01-13 09:00"),  # Friday 16:00 to Monday 10:00
        ("BERLIN", "2025-01-11 00:00", "2025-01-12 23:59"),
        ("BERLIN", "2025-01-13 00:00", "2025-01-14 00:00"),
    ]
    assert open_seconds(said, rows) == [2 * 3600, 0, 8 * 3600]


def test_summer_and_winter_are_told_apart():
    """09:00 in Berlin is 08:00 UTC in winter and 07:00 UTC in summer."""
    said = hours(berlin=BERLIN)
    rows = [
        ("BERLIN", "2025-03-28 07:00", "2025-03-28 09:00"),
        ("BERLIN", "2025-03-31 07:00", "2025-03-31 09:00"),
    ]
    assert open_seconds(said, rows) == [3600, 7200]


def test_a_desk_that_never_closes_has_23_and_25_hours_when_clocks_change():
    said = hours(ny=ALWAYS)
    rows = [
        ("NY", "2025-03-09 05:00", "2025-03-10 04:00"),  # local midnight to midnight
        ("NY", "2025-11-02 04:00", "2025-11-03 05:00"),
    ]
    assert open_seconds(said, rows) == [23 * 3600, 25 * 3600]


def test_holidays_and_closed_days_count_nothing():
    said = hours(berlin=BERLIN | {"holidays": "DE", "closed": ["2025-10-02"]})
    rows = [
        ("BERLIN", f"2025-10-0{day} 00:00", f"2025-10-0{day + 1} 00:00") for day in (1, 2, 3)
    ]
    assert open_seconds(said, rows) == [8 * 3600, 0, 0]  # 3 October is a public holiday


def test_every_row_goes_by_its_own_schedule_and_others_by_the_default():
    said = hours(berlin=BERLIN, ny=ALWAYS)
    span = ("2025-01-13 00:00:30", "2025-01-13 12:00:00")
    rows = [(market, *span) for market in ("BERLIN", "NY", "other")]
    assert open_seconds(said, rows) == [4 * 3600, 12 * 3600 - 30, 4 * 3600]


def test_stamps_the_wrong_way_round_are_below_zero_and_missing_ones_are_nothing():
    said = hours(berlin=BERLIN)
    rows = [
        ("BERLIN", "2025-01-13 10:00", "2025-01-13 09:00"),
        ("BERLIN", "2025-01-13 10:00", None),
    ]
    assert open_seconds(said, rows) == [-3600, None]


# --- against the loop


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    day=st.sampled_from(["2025-03-07", "2025-03-29", "2025-10-25", "2025-11-01", "2025-08-14"]),
    start=st.integers(0, 2 * 1440),
    length=st.integers(0, 3 * 1440),
    name=st.sampled_from(["berlin", "ny", "split", "night"]),
)
def test_any_stretch_counts_the_minutes_that_a_loop_counts(day, start, length, name):
    night = {"timezone": "Europe/Berlin", "open": {"every day": ["23:30-03:15", "03:00-04:00"]}}
    said = hours(berlin=BERLIN, ny=ALWAYS, split=SPLIT, night=night)
    begun = pd.Timestamp(day) + pd.Timedelta(minutes=start)
    ended = begun + pd.Timedelta(minutes=length)
    (found,) = open_seconds(said, [(name.upper(), str(begun), str(ended))])
    assert found == 60 * slow(said.schedules[name], begun, ended)


def test_stretches_of_a_day_make_it_up_without_gaps():
    made = calendar(hours(berlin=BERLIN, split=SPLIT), date(2025, 3, 28), date(2025, 4, 2))
    for _, day in made.groupby(["schedule", "day"]):
        assert day["start"].iloc[0] == 0 and day["stop"].iloc[-1] == 86_400
        assert (day["stop"].to_numpy()[:-1] == day["start"].to_numpy()[1:]).all()


# --- a metric


ROWS = (
    "id,begun,ended,market\n"
    "1,2025-01-10 15:00:00,2025-01-13 09:00:00,DE\n"  # 2 hours open, 66 in all
    "2,2025-01-10 08:00:00,2025-01-10 12:00:00,DE\n"  # 4
    "3,2025-01-10 09:00:00,,DE\n"  # open: 7 hours until Friday evening, then 8 a working day
    "4,2025-01-10 09:00:00,2025-01-10 12:00:00,US\n"  # by the default, around the clock
)
METRIC = {
    "kind": "duration", "unit": "hours", "from": "begun", "to": "ended", "target": 3,
    "clock": "begun", "dimensions": ["market"],
}  # fmt: skip


def desk_of(desk):
    schedules = {"berlin": BERLIN, "around": ALWAYS}
    said = {"by": "market", "schedules": schedules, "of": {"DE": "berlin"}, "default": "around"}
    desk.info |= {"hours": said}
    desk.table(content=ROWS, key=["id"])
    return desk.metric("plain", **METRIC).metric("business", **METRIC, hours="business")


def test_business_hours_stand_beside_calendar_hours(desk):
    source = desk_of(desk).open()
    kept = {"by": ["market"], "end": "2025-01-14"}
    plain = series.build(source, "plain", **kept).set_index("market")
    business = series.build(source, "business", **kept).set_index("market")
    assert plain["value"].tolist() == [66, 3]
    assert business["value"].tolist() == [4, 3]
    assert business.loc["DE", ["events", "exposure"]].tolist() == [2, 3]
    assert business.loc["DE", "within"] == pytest.approx(1 / 3)
    assert business.loc["US"].equals(plain.loc["US"].rename("US").replace("plain", "business"))


def test_a_pack_without_schedules_has_no_business_hours(desk):
    desk.table(content=ROWS, key=["id"]).metric("business", **METRIC, hours="business")
    with pytest.raises(ValueError, match="business") as refused:
        desk.load()
    assert str(refused.value) == (
        f"{desk.folder}/{desk.line('metrics', 'hours: business')}: metric 'business' is in "
        "business hours; say under hours in pack.yaml when desks are open"
    )


def test_schedules_go_by_a_column_that_the_table_has(desk):
    desk_of(desk).info["hours"]["by"] = "markt"
    (fault,) = desk.faults()
    assert fault == (
        f"{desk.line('metrics', 'hours: business')}: metric 'business': hours go by column "
        "'markt', which is not there; did you mean 'market'? There are id, market, "
        "begun, ended."
    )


# --- what a schedule may say


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"open": {"mon": "09:00-17:00"}}, "'mon' is no weekday; did you mean 'monday'?"),
        ({"open": {"monday": "9-17"}}, "'9-17' is no span of hours; write it as 09:00-17:30"),
        (
            {"open": {"monday": "12:00-24:30"}},
            "'12:00-24:30' is no span of hours; write it as 09:00-17:30",
        ),
        (
            {"open": {"monday": []}},
            "it is never open; say when, such as 'monday to friday: 09:00-17:00'",
        ),
        (
            {"holidays": "XX"},
            "no public holidays are known for 'XX'; list days under closed",
        ),
    ],
)
def test_what_no_schedule_can_say_is_refused(said, sentence):
    with pytest.raises(ValidationError) as refused:
        hours(berlin=BERLIN | said)
    (error,) = refused.value.errors()
    assert error["msg"].removeprefix("Value error, ") == sentence


def test_a_schedule_that_is_not_there_is_refused():
    said = {"by": "market", "schedules": {"berlin": BERLIN}, "of": {"DE": "berlim"}}
    with pytest.raises(
        ValidationError, match="unknown schedule 'berlim'; did you mean 'berlin'"
    ):
        Hours.model_validate(said | {"default": "berlin"})
