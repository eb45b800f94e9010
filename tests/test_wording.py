"""What every figure that becomes text has in common, whatever the figure."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights import wording

UNITS = st.sampled_from(["count", "share", "seconds", "minutes", "hours", "days", "score"])
OTHERS = st.sampled_from(["share", "seconds", "minutes", "hours", "days", "score"])
FIGURES = st.floats(-1e12, 1e12, allow_nan=False)
SHARES = st.floats(0, 1, exclude_min=True, exclude_max=True)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
NUMBER = re.compile(r"[+−]?(\d{1,3}(,\d{3})*|\d+)(\.\d+)?")


def decimals(text: str) -> int:
    digits = NUMBER.match(text)[0]
    return len(digits.partition(".")[2])


def value(text: str) -> float:
    return float(NUMBER.match(text)[0].replace("−", "-").replace(",", ""))


@given(x=FIGURES | st.floats(-1e-3, 1e-3), unit=UNITS)
def test_no_figure_is_minus_nothing_or_has_a_hyphen_for_a_minus(x, unit):
    for text in (wording.number(x, unit), wording.change(x, unit), wording.relative(x)):
        assert "-" not in text
        assert NUMBER.match(text), text
        if value(text) == 0:
            assert text[0] not in "+−"


@given(x=FIGURES, unit=UNITS)
def test_a_negative_figure_carries_a_minus_sign(x, unit):
    text = wording.number(x, unit)
    if value(text):
        assert text.startswith("\u2212") == (x < 0)


@given(x=FIGURES, unit=UNITS)
def test_a_change_says_its_direction(x, unit):
    text = wording.change(x, unit)
    if value(text):
        assert text[0] == ("+" if x > 0 else "\u2212")


@given(x=st.floats(-1e6, 1e6), unit=OTHERS)
def test_a_figure_is_rounded_and_never_changed(x, unit):
    text = wording.number(x, unit)
    whole = 100 * x if unit == "share" else x
    assert value(text) == pytest.approx(whole, abs=0.51 * 10 ** -decimals(text), rel=1e-9)


@given(lower=st.floats(-1e6, 1e6), upper=st.floats(-1e6, 1e6), unit=OTHERS)
def test_both_ends_of_a_range_have_the_same_decimals(lower, upper, unit):
    first, last = wording.span(lower, upper, unit).split(" to ")
    plain = {"0", "100"}  # the bounds themselves need none
    shown = [text for text in (first, last) if NUMBER.match(text)[0].lstrip("−") not in plain]
    assert len({decimals(text) for text in shown}) <= 1


@given(x=SHARES)
def test_a_share_between_none_and_all_never_prints_as_either(x):
    text = wording.number(x, "share").replace("\xa0", " ")
    if round(100 * x, 4) not in (0.0, 100.0):
        assert text not in ("0 %", "100 %")
        assert 0 < value(text) < 100


def test_the_bounds_print_plainly():
    assert [wording.number(x, "share") for x in (0, 1)] == ["0\xa0%", "100\xa0%"]


@pytest.mark.parametrize("x", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_figure_says_so(x):
    assert wording.number(x) == "no figure"
    assert wording.change(x, "share") == "no figure"
    assert wording.relative(x) == "no figure"


@given(x=FIGURES, unit=st.sampled_from(["share", "seconds", "minutes", "hours", "days"]))
def test_a_figure_never_parts_from_its_unit(x, unit):
    assert " " not in wording.number(x, unit)


@given(n=st.integers(0, 10**7))
def test_one_is_singular_and_all_else_plural(n):
    assert wording.count(n, "row").endswith("row" if n == 1 else "rows")
    assert wording.count(n, "day of data", "days of data").endswith(
        "1 day of data" if n == 1 else "days of data"
    )


@given(words=st.lists(st.text("abc", min_size=1), min_size=2, max_size=6))
def test_a_listing_has_one_and_before_its_last_word(words):
    text = wording.listing(words)
    assert text.count(" and ") == 1
    assert text.endswith(f" and {words[-1]}")
    assert text.count(", ") == len(words) - 2


@given(first=DAYS, n=st.integers(2, 30))
def test_days_in_a_row_are_one_range(first, n):
    run = [first + timedelta(days=i) for i in range(n)]
    text = wording.days(run)
    assert text.count(" to ") == 1
    assert text.endswith(wording.day(run[-1]))
    assert text.startswith(f"{first.day}\xa0")


@given(when=st.sets(DAYS, min_size=1, max_size=12))
def test_days_are_named_in_order_whatever_order_they_come_in(when):
    ordered = sorted(when)
    assert wording.days(ordered) == wording.days(ordered[::-1])


@given(text=st.text("ab .", min_size=1).map(str.strip).filter(bool))
def test_a_sentence_ends_once(text):
    made = wording.sentence(text)
    assert made.endswith(".")
    assert wording.sentence(made) == made
