"""Sparklines: what is drawn for gaps, limits that move, hollow points and degenerate series."""

import math
import re
from xml.etree import ElementTree

import pytest

from insights.errors import ContractError
from insights.readout.sparkline import sparkline

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(1)</script>'


def drawn(
    values, lower=None, upper=None, *, usable=None, hollow=None, hit=False, label="a line"
):
    """Draw and parse: a picture that is not well-formed fails here."""
    return ElementTree.fromstring(
        sparkline(
            values,
            lower,
            upper,
            usable=[True] * len(values) if usable is None else usable,
            hollow=[False] * len(values) if hollow is None else hollow,
            hit=hit,
            label=label,
        )
    )


def of(svg, kind):
    return [part for part in svg if part.get("class") == kind]


def test_the_line_breaks_at_a_gap_and_the_gap_is_one_grey_bar():
    svg = drawn([1, 2, None, 9, 3, 4], usable=[True, True, True, False, True, True])
    assert [len(line.get("points").split()) for line in of(svg, "ln")] == [2, 2]
    (bar,) = of(svg, "gap")
    assert float(bar.get("width")) == pytest.approx(2 * 156 / 5, abs=0.1)


def test_a_value_that_may_not_be_read_does_not_set_the_scale():
    svg = drawn([1, 2, 1000], usable=[True, True, False])
    assert of(svg, "ln")[0].get("points") == "5.0,38.0 83.0,6.0"


def test_the_last_final_value_is_marked_and_later_ones_are_open():
    svg = drawn([1, 2, 3], hollow=[False, False, True])
    assert of(svg, "now")[0].get("cx") == "83.0"
    assert [circle.get("cx") for circle in of(svg, "open")] == ["161.0"]


def test_a_signal_is_marked_as_one():
    assert len(of(drawn([1, 2], hit=True), "sig")) == 1
    assert of(drawn([1, 2], hit=False), "sig") == []


def test_constant_limits_are_one_box_and_moving_limits_are_steps():
    assert len(of(drawn([1, 2, 3], 0, 4), "band")) == 1
    steps = of(drawn([1, 2, 3], [0, 0, 2], [4, 4, 5]), "band")
    assert [step.get("x") for step in steps] == ["0.0", "122.0"]


def test_limits_of_a_period_that_cannot_be_read_do_not_set_the_scale():
    svg = drawn([1, 2, 1.5, 2], 0, [4, 4, 1e6, 4], usable=[True, True, False, True])
    assert [float(band.get("y")) for band in of(svg, "band")] == [6.0, 6.0]


def test_the_band_stops_where_there_is_no_limit_on_either_side():
    svg = drawn([1, 2, 3, 4, 5], [0, 0, None, 1, 1], [4, 4, None, 5, 5])
    assert len(of(svg, "band")) == 2


def test_a_range_with_one_side_runs_to_the_edge():
    (band,) = of(drawn([1, 2, 3], None, 2), "band")
    assert float(band.get("y")) + float(band.get("height")) == pytest.approx(44)


def test_no_values_at_all_are_one_grey_bar():
    svg = drawn([None, math.nan, None], 1, 2)
    assert len(of(svg, "gap")) == 1
    assert of(svg, "ln") + of(svg, "now") == []


def test_no_periods_are_an_empty_picture():
    assert len(drawn([])) == 0


def test_a_single_value_is_a_dot_at_the_right():
    svg = drawn([5])
    assert of(svg, "now")[0].get("cx") == "161.0"
    assert of(svg, "ln") == []


def test_a_constant_series_runs_through_the_middle():
    assert of(drawn([3, 3, 3]), "ln")[0].get("points") == "5.0,22.0 83.0,22.0 161.0,22.0"


def test_nothing_is_drawn_outside_the_picture():
    values = [(-1) ** i * 10.0**i for i in range(12)]
    for name, top in (("x", 168), ("cx", 168), ("y", 44), ("cy", 44)):
        places = [float(part.get(name)) for part in drawn(values, -5, 5) if part.get(name)]
        assert all(0 <= place <= top for place in places)


def test_hostile_text_is_only_a_label():
    svg = drawn([1, 2], label=HOSTILE)
    assert svg.get("aria-label") == HOSTILE
    assert {part.tag for part in svg.iter()} == {"svg", "polyline", "circle"}


def test_everything_is_coloured_by_the_style_sheet():
    text = sparkline([1, 2], 0, 3, usable=[True] * 2, hollow=[False] * 2, hit=True, label="a")
    assert not re.search(r"style=|fill=|stroke=", text)


@pytest.mark.parametrize(
    ("usable", "lower", "message"),
    [
        ([True], 0, "sparkline: 2 values but 1 of usable. Give one a period."),
        ([True] * 2, [0.0] * 3, "sparkline: 2 values but 3 of lower. Give one a period."),
    ],
)
def test_a_sequence_of_another_length_is_refused(usable, lower, message):
    with pytest.raises(ContractError) as error:
        drawn([1, 2], lower, usable=usable)
    assert str(error.value) == message
