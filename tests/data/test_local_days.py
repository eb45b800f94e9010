"""A row lands in the right local day and period, whatever the zone of its source."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

BERLIN = {"title": "Desk", "timezone": "Europe/Berlin"}


def stamped(desk, stamps, **said):
    """A table of time stamps as text in a CSV, and a metric on them."""
    desk.table(
        content="id,at\n" + "".join(f"{i},{at}\n" for i, at in enumerate(stamps)), **said
    )
    return desk.metric(clock="at")


def per_day(desk) -> dict[str, float]:
    rows = desk.build(grain="day")
    return dict(zip(rows["period"].dt.strftime("%m-%d"), rows["events"], strict=True))


def hours(first: str, n: int) -> list[str]:
    return [f"{t:%Y-%m-%d %H:%M:%S}" for t in pd.date_range(first, periods=n, freq="h")]


def test_a_naive_stamp_of_a_declared_zone_becomes_utc(desk):
    stamped(desk, ["2025-01-15 00:30:00", "2025-07-15 00:30:00"], timezone="Europe/Berlin")
    found = desk.open().tables["tickets"].order_by("id").to_pandas()["at"]
    assert found.tolist() == [
        pd.Timestamp("2025-01-14 23:30"),
        pd.Timestamp("2025-07-14 22:30"),
    ]


def test_a_stamp_with_a_zone_becomes_utc_whatever_the_table_s_zone(desk):
    stamped(desk, ["2025-01-15T00:30:00+05:30", "2025-01-15T00:30:00Z"], timezone="Asia/Tokyo")
    found = desk.open().tables["tickets"].order_by("id").to_pandas()["at"]
    assert found.tolist() == [
        pd.Timestamp("2025-01-14 19:00"),
        pd.Timestamp("2025-01-15 00:30"),
    ]


def test_a_parquet_stamp_with_a_zone_becomes_utc(desk):
    duckdb.sql("select timestamptz '2025-01-15 00:30:00+05:30' as at").write_parquet(
        str(desk.folder / "t.parquet")
    )
    desk.table(path="t.parquet").metric(clock="at")
    assert desk.rows() == [(pd.Timestamp("2025-01-14 19:00"),)]


def test_a_derived_stamp_with_a_zone_becomes_utc_too(desk):
    desk.info = BERLIN
    desk.table(content="id,unix\n1,1736983800\n", columns={"at": "to_timestamp(unix)"})
    desk.metric(clock="at")
    assert desk.rows() == [(1, 1736983800, pd.Timestamp("2025-01-15 23:30"))]
    assert per_day(desk) == {"01-16": 1}


def test_the_local_day_comes_from_the_pack_s_zone(desk):
    stamped(desk, ["2025-01-15 23:30:00"])
    assert per_day(desk) == {"01-15": 1}
    desk.info = BERLIN
    assert per_day(desk) == {"01-16": 1}
    desk.info = {"title": "Desk", "timezone": "America/New_York"}
    assert per_day(desk) == {"01-15": 1}


def test_a_source_in_the_pack_s_own_zone_keeps_its_days(desk):
    desk.info = BERLIN
    stamped(desk, ["2025-01-15 00:00:00", "2025-01-15 23:59:59"], timezone="Europe/Berlin")
    assert per_day(desk) == {"01-15": 2}


def test_a_date_is_no_time_stamp_and_is_never_moved(desk):
    desk.info = {"title": "Desk", "timezone": "America/New_York"}
    desk.table(content="id,day\n1,2025-01-15\n", timezone="Asia/Tokyo", cast={"day": "date"})
    assert per_day(desk.metric()) == {"01-15": 1}


def test_a_spring_day_has_23_hours(desk):
    """Hourly rows in UTC over 29 to 31 March 2025 in Berlin."""
    desk.info = BERLIN
    stamped(desk, hours("2025-03-28 23:00", 24 + 23 + 24))
    assert per_day(desk) == {"03-29": 24, "03-30": 23, "03-31": 24}


def test_an_autumn_day_has_25_hours(desk):
    """Hourly rows in UTC over 25 to 27 October 2025 in Berlin."""
    desk.info = BERLIN
    stamped(desk, hours("2025-10-24 22:00", 24 + 25 + 24))
    assert per_day(desk) == {"10-25": 24, "10-26": 25, "10-27": 24}


def test_local_stamps_of_an_hour_that_comes_twice_are_all_kept(desk):
    desk.info = BERLIN
    local = pd.date_range("2025-10-25", "2025-10-28", freq="h", tz="Europe/Berlin")[:-1]
    stamped(desk, [f"{t:%Y-%m-%d %H:%M:%S}" for t in local], timezone="Europe/Berlin")
    assert per_day(desk) == {"10-25": 24, "10-26": 25, "10-27": 24}


def test_local_stamps_over_the_skipped_hour_are_all_kept(desk):
    desk.info = BERLIN
    local = pd.date_range("2025-03-29", "2025-04-01", freq="h", tz="Europe/Berlin")[:-1]
    stamped(desk, [f"{t:%Y-%m-%d %H:%M:%S}" for t in local], timezone="Europe/Berlin")
    assert per_day(desk) == {"03-29": 24, "03-30": 23, "03-31": 24}


DAYS = ["2024-12-29", "2024-12-30", "2024-12-31", "2025-01-01", "2025-01-04", "2025-01-05"]


@pytest.mark.parametrize(
    ("grain", "starts", "expected"),
    [
        ("week", "monday", {"2024-12-23": 1, "2024-12-30": 5}),
        ("week", "sunday", {"2024-12-29": 5, "2025-01-05": 1}),
        ("week", "saturday", {"2024-12-28": 4, "2025-01-04": 2}),
        ("month", "monday", {"2024-12-01": 3, "2025-01-01": 3}),
        ("quarter", "monday", {"2024-10-01": 3, "2025-01-01": 3}),
    ],
)
def test_periods_over_the_end_of_a_year(desk, grain, starts, expected):
    desk.info = {"title": "Desk", "week_starts": starts}
    desk.table(content="day\n" + "\n".join(DAYS) + "\n").metric()
    rows = desk.build(grain=grain)
    found = dict(zip(rows["period"].dt.strftime("%Y-%m-%d"), rows["events"], strict=True))
    assert found == expected


def test_arrival_is_judged_by_the_local_day(desk):
    """A row recorded at 23:30 UTC on the 15th arrived on the 16th in Berlin."""
    desk.info = BERLIN
    desk.table(
        content="day,seen\n2025-01-15,2025-01-15 22:30:00\n2025-01-15,2025-01-15 23:30:00\n",
        recorded_at="seen",
    ).metric()
    assert desk.build(grain="day", known_by="2025-01-15")["events"].tolist() == [1]
    assert desk.build(grain="day", known_by="2025-01-16")["events"].tolist() == [2]


def test_a_row_that_does_not_say_when_it_arrived_is_kept(desk):
    desk.table(content="day,seen\n2025-01-15,\n2025-01-15,2025-03-01\n", recorded_at="seen")
    assert desk.metric().build(grain="day", known_by="2025-01-20")["events"].tolist() == [1]
