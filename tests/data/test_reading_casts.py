"""What a text says and what it does not: every cast reads its forms, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis import BaseBackend

from insights.data.reading import cast


@pytest.fixture(scope="module")
def engine() -> Iterator[BaseBackend]:
    made = ibis.connect("duckdb://")
    yield made
    made.disconnect()


def read(engine: BaseBackend, to: str, *texts: str, **said: Any) -> list[Any]:
    """Return what a cast makes of texts; time stamps in UTC."""
    values = ", ".join("('" + text.replace("'", "''") + "')" for text in texts)
    rows = engine.sql(f"select * from (values {values}) as v(x)")
    made = rows.alias("s").sql(
        f"select ({cast('x', to, **said)}) as y from s", dialect="duckdb"
    )
    if made.schema()["y"].is_timestamp():
        made = made.mutate(y=made["y"].cast("string"))
    return [None if v is None or v != v else v for v in made.to_pandas()["y"].tolist()]


def test_a_number_may_group_its_thousands_and_nothing_else(engine):
    texts = ["291,093,794", "1 005", "1'234.5", "-2", "+.5", "1e3", " 5 "]
    assert read(engine, "number", *texts) == [291093794, 1005, 1234.5, -2, 0.5, 1000, 5]
    wrong = ["3,5", "12,34,567", "1.234.567", "nan", "inf", "n/a", "", "1,2345", "5%"]
    assert read(engine, "number", *wrong) == [None] * len(wrong)


def test_a_decimal_comma_is_read_where_the_pack_says_so(engine):
    texts = ["1.234,5", "3,5", "1234", "-0,25", "1.234"]
    assert read(engine, "number decimal comma", *texts) == [1234.5, 3.5, 1234, -0.25, 1234]
    assert read(engine, "number decimal comma", "1.5", "1,234.5") == [None, None]


@settings(max_examples=30, deadline=None)
@given(n=st.integers(-(10**12), 10**12))
def test_grouped_and_bare_figures_are_the_same_number(engine, n):
    there = read(engine, "number", f"{n:,}", f"{n}", f"{n:,}".replace(",", " "))
    assert there == [n, n, n]


def test_a_share_is_within_one_or_has_its_sign(engine):
    assert read(engine, "share", "0.76", "76.28%", "76 %", "1", "0") == [
        0.76, pytest.approx(0.7628), 0.76, 1, 0,
    ]  # fmt: skip
    assert read(engine, "share", "76", "-0.1", "120%", "x") == [None] * 4


def test_a_duration_is_seconds_whatever_a_spreadsheet_made_of_it(engine):
    texts = ["0:05:30", "12:05:30 AM", "12:00:17 am", "1:00:00 PM", "36:15:00", "00:00:05.5"]
    assert read(engine, "duration", *texts) == [330, 330, 17, 46800, 130500, 5.5]
    assert read(engine, "duration", "1 day, 2:03:04", "2 days 00:00:01") == [93784, 172801]
    assert read(engine, "duration", "5:30", "330", "0:99:00", "-0:05:30") == [None] * 4


def test_two_parts_of_a_duration_mean_what_the_pack_says(engine):
    assert read(engine, "duration m:ss", "5:30", "0:05:30") == [330, 330]
    assert read(engine, "duration h:mm", "5:30", "0:05:30") == [19800, 330]


@settings(max_examples=30, deadline=None)
@given(seconds=st.integers(0, 86399))
def test_a_clock_time_and_its_duration_are_the_same(engine, seconds):
    hours, rest = divmod(seconds, 3600)
    clock = f"{hours % 12 or 12}:{rest // 60:02}:{rest % 60:02} {'PM' if hours >= 12 else 'AM'}"
    plain = f"{hours}:{rest // 60:02}:{rest % 60:02}"
    assert read(engine, "duration", clock, plain) == [seconds, seconds]


MARCH = date(2025, 3, 4)


@pytest.mark.parametrize("order", ["month first", "day first"])
def test_a_day_is_read_in_the_order_that_the_pack_says(engine, order):
    first, then = (3, 4) if order == "month first" else (4, 3)
    texts = [f"{first}/{then}/2025", f"0{first}-0{then}-2025", f"{first}.{then}.25"]
    texts += [f"{first}/{then}/2025 11:59:59 PM", "2025-03-04", "4-Mar-2025", "Mar 4, 2025"]
    found = read(engine, f"date {order}", *texts)
    assert [one.date() for one in found] == [MARCH] * len(texts)
    other = "13/30/2025" if order == "day first" else "30/13/2025"
    assert read(engine, f"date {order}", other, "30.2.2025", "later", "") == [None] * 4


def test_a_day_without_an_order_starts_with_its_year(engine):
    """The engine alone reads 3-4-25 as the year 3."""
    (found,) = read(engine, "date", "2025-03-04 10:00")
    assert found.date() == MARCH
    assert read(engine, "date", "3-4-25", "03/04/2025", "2025-02-30") == [None] * 3


def test_an_offset_wins_over_the_zone_of_the_table(engine):
    """The engine alone drops the offset of a text."""
    texts = ["2025-03-14T10:00:00+02:00", "2025-03-14T10:00:00Z", "2025-03-14 10:00:00"]
    texts += ["2025-03-14T10:00:00.000+0000", "2025-07-14 10:00", "2025-03-14"]
    found = read(engine, "timestamp", *texts, zone="Europe/Berlin")
    assert [one[:16] for one in found] == [
        "2025-03-14 08:00",
        "2025-03-14 10:00",
        "2025-03-14 09:00",
        "2025-03-14 10:00",
        "2025-07-14 08:00",
        "2025-03-13 23:00",
    ]
    slashed = read(engine, "timestamp month first", "3/14/2025 1:20", zone="America/New_York")
    assert slashed[0][:16] == "2025-03-14 05:20"


def test_an_epoch_is_seconds_or_milliseconds(engine):
    found = read(engine, "timestamp epoch", "1741946400", "1741946400000", "x")
    assert [one and one[:16] for one in found] == ["2025-03-14 10:00"] * 2 + [None]
    assert datetime(2025, 3, 14, 10).isoformat(" ")[:16] == found[0][:16]


def test_a_list_is_a_json_array(engine):
    found = read(engine, "list", '["A", "B"]', "[]", "A", '{"a": 1}', '["A"')
    assert [None if one is None else list(one) for one in found] == [
        ["A", "B"],
        [],
        None,
        None,
        None,
    ]


def test_columns_that_have_types_are_cast_as_the_engine_does(engine):
    assert cast("x", "date", text=False) == "try_cast(x as date)"
    assert cast("x", "integer") == "try_cast(x as integer)"
