"""Which periods a comparison takes, and what each side counts."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from insights.data import windows
from insights.errors import MethodError, ParamError
from insights.pack import Event

WEEKS = pd.date_range("2024-01-01", periods=104, freq="7D")
EVENTS = {
    "outage": Event(title="Outage", start=date(2025, 6, 4), kind="incident"),
    "launch": Event(title="Launch", start=date(2025, 6, 2), kind="launch"),
}


def usable(*out: int) -> pd.DataFrame:
    return pd.DataFrame({"period": WEEKS, "usable": [i not in out for i in range(len(WEEKS))]})


def chosen(compare: str, span: int = 4, *out: int) -> tuple[list[int], list[int]]:
    found = windows.choose(
        usable(*out), grain="week", compare=compare, span=span, events=EVENTS
    )
    at = {period: i for i, period in enumerate(WEEKS)}
    return [at[p] for p in found.before], [at[p] for p in found.after]


def test_previous_takes_the_periods_just_before():
    assert chosen("previous", 2) == ([100, 101], [102, 103])


def test_periods_that_are_not_usable_are_passed_over_and_named():
    assert chosen("previous", 2, 102) == ([99, 100], [101, 103])
    found = windows.choose(usable(102), grain="week", span=2)
    assert found.left_out == (WEEKS[102],)
    assert (
        found.words["after"].replace("\u00a0", " ") == "the 2 usable weeks to 28 December 2025"
    )


def test_a_year_back_is_52_weeks_so_that_weekdays_match():
    assert chosen("year", 2) == ([50, 51], [102, 103])
    assert chosen("year", 2, 50) == ([51], [102, 103])


def test_an_event_is_left_out_with_the_week_it_falls_into():
    """4 June is a Wednesday, so that its week holds both; 2 June is a Monday."""
    assert chosen("event:outage", 2) == ([72, 73], [75, 76])
    assert chosen("event:launch", 2) == ([72, 73], [74, 75])


def test_a_range_holds_whole_weeks_only():
    assert chosen("2024-01-03..2024-01-28", 2) == ([1, 2, 3], [102, 103])


@pytest.mark.parametrize(
    ("compare", "span", "said"),
    [
        ("yaer", 4, "compare is 'yaer'; did you mean 'year'? Use previous, year, event:NAME or "
         "a range such as 2025-01-06..2025-03-30."),
        ("previous", 0, "span is 0; it must be 1 week or more."),
        ("event:outrage", 4, "the pack has no event 'outrage'; did you mean 'outage'? It has "
         "outage, launch."),
        ("2024-02-30..2024-03-30", 4, "compare '2024-02-30..2024-03-30': 2024-02-30 is not a "
         "date."),
        ("2024-03-30..2024-02-01", 4, "compare '2024-03-30..2024-02-01': its end is before its "
         "start. Swap them."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(compare: str, span: int, said: str):
    with pytest.raises(ParamError) as error:
        chosen(compare, span)
    assert str(error.value) == said


def test_a_range_without_data_is_refused():
    with pytest.raises(MethodError) as error:
        chosen("2021-01-04..2021-02-28")
    assert str(error.value) == (
        "compare '2021-01-04..2021-02-28': no usable week stands on the side before. Choose "
        "another window: previous, year, event:NAME or a range such as 2025-01-06..2025-03-30."
    )
