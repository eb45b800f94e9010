"""Tests of what splits of a change say and draw: sentences, closure, rounding, waterfalls."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from insights.methods.changes import count_change, factor_change, nested_change, rate_change
from insights.methods.changes.printing import printed

SPACE, MINUS = "\u00a0", "\u2212"
FIGURE = re.compile(rf"[+{MINUS}]?\d[\d,]*(?:\.\d+)?")


def sides(before, after):
    """Rows from {segment: (events, exposure)}, or {segment: events}, of each side."""
    return pd.DataFrame(
        [
            (name, side, *np.atleast_1d(counts))
            for side, cells in (("before", before), ("after", after))
            for name, counts in cells.items()
        ]
    ).set_axis(
        ["segment", "side", "events", "exposure"][: 2 + np.size(counts_of(before))], axis=1
    )


def counts_of(cells):
    return next(iter(cells.values()))


def e1(n, names=("account", "monetisation", "appeal_help", "safety")):
    """The simulator's E1: every topic up 2.0 points, the mix moved (domain.md 6.3)."""
    rates, shares = [0.86, 0.80, 0.52, 0.68], [[45, 20, 15, 20], [32, 18, 30, 20]]
    return sides(
        *(
            {
                name: (share * n / 100 * (rate + 0.02 * side), share * n / 100)
                for name, rate, share in zip(names, rates, shares[side], strict=True)
            }
            for side in (0, 1)
        )
    )


def plain(text):
    return text.replace(SPACE, " ").replace(MINUS, "-")


def figures(text):
    """Every figure in a text, as a number of its last printed decimals."""
    return [float(x.replace(",", "").replace(MINUS, "-")) for x in FIGURE.findall(text)]


# sentences


def test_a_total_that_falls_though_every_segment_rose_is_said_in_words():
    change = rate_change(e1(100_000), metric="Solved satisfied")
    assert plain(change.narrative()) == (
        "Solved satisfied fell from 76.1 % to 73.1 %, -3.0 points (-3.4 to -2.6), although all "
        "4 segments rose: the composition moved. -5.0 came from the mix of segments and +2.0 "
        "from rates within them; appeal_help carries most, -2.8."
    )
    assert plain(change.closure()) == (
        "Explained + residual = change: -3.0 + 0 = -3.0 points (mix -5.0, rate +2.0)."
    )


def test_a_total_that_rises_though_most_segments_fell_is_said_in_words():
    rows = e1(100_000)
    rows["side"] = rows["side"].map({"before": "after", "after": "before"})
    still = rows["segment"].eq("safety")
    rows["events"] = rows["events"].where(~still, 0.7 * rows["exposure"])
    change = rate_change(rows, metric="Solved satisfied")
    assert change.simpson
    assert "rose from" in change.narrative()
    assert "although 3 of 4 segments with 80.0\u00a0% of the cases fell: the" in (
        change.narrative()
    )


def test_rates_that_did_not_clearly_move_are_said_not_to_have():
    change = rate_change(e1(3_000), metric="Solved satisfied")
    assert not change.simpson
    assert plain(change.narrative()) == (
        "Solved satisfied fell from 76.1 % to 73.1 %, -3.0 points (-5.2 to -0.8): -5.0 came "
        "from the mix of segments and +2.0 from rates within them, no clear change (-0.1 to "
        "+4.1); appeal_help carries most, -2.8."
    )


def test_a_rise_names_mix_rates_and_the_segment_that_carries_most():
    rows = sides(
        {"chat": (100, 1000), "email": (300, 1000)}, {"chat": (50, 500), "email": (450, 1500)}
    )
    assert plain(rate_change(rows, metric="Reopen rate").narrative()) == (
        "Reopen rate rose from 20.0 % to 25.0 %, +5.0 points (+2.4 to +7.6): +5.0 came from "
        "the mix of segments and 0 from rates within them, no clear change (-2.6 to +2.6); "
        "chat carries most, +3.1."
    )


def test_no_clear_change_gives_the_interval_and_nothing_else():
    rows = sides({"a": (50, 100), "b": (30, 100)}, {"a": (52, 100), "b": (29, 100)})
    assert plain(rate_change(rows, metric="Reopen rate").narrative()) == (
        "Reopen rate: no clear change, 40.0 % before and 40.5 % after, +0.5 points "
        "(-9.1 to +10.1)."
    )


def test_no_clear_change_still_gives_parts_that_cancel():
    rows = sides(
        {"a": (5_000, 10_000), "b": (1_000, 10_000)},
        {"a": (2_000, 5_000), "b": (4_000, 15_000)},
    )
    assert plain(rate_change(rows, metric="Reopen rate").narrative()) == (
        "Reopen rate: no clear change, 30.00 % before and 30.00 % after, 0 points (-0.90 to "
        "+0.90): -6.67 came from the mix of segments and +6.67 from rates within them."
    )


def test_one_segment_locates_nothing():
    rate = rate_change(sides({"a": (500, 1000)}, {"a": (600, 1000)}), metric="Share")
    assert plain(rate.narrative()) == (
        "Share rose from 50.0 % to 60.0 %, +10.0 points (+5.7 to +14.3). "
        "There is only one segment, so nothing can be located."
    )
    count = count_change(sides({"a": 100}, {"a": 200}), metric="Contacts")
    assert plain(count.narrative()) == (
        "Contacts rose from 100 to 200, +100 (+66 to +134). "
        "There is only one segment, so nothing can be located."
    )
    factor = factor_change({"a": 1.0}, {"a": 2.0})
    assert plain(factor.narrative()) == (
        "Product rose from 1.00 to 2.00, +1.00 (no interval: the factors carry no counts). "
        "There is only one factor: it is all of the change."
    )


def test_counts_name_three_segments_and_pool_the_others():
    before = {"a": 1000, "b": 500, "c": 300, "d": 20, "e": 20}
    after = {"a": 1300, "b": 450, "c": 301, "d": 22}
    change = count_change(sides(before, after), metric="Contacts")
    assert plain(change.narrative()) == (
        "Contacts rose from 1,840 to 2,073, +233 (+110 to +356): +300 came from a, -50 from b, "
        "-20 from e and +3 from 2 other segments."
    )
    assert plain(change.closure()) == (
        "Explained + residual = change: +233 + 0 = +233 (a +300, b -50, e -20, 2 other "
        "segments +3)."
    )
    quiet = count_change(sides({"a": 100, "b": 50}, {"a": 104, "b": 49}), metric="Contacts")
    assert plain(quiet.narrative()) == (
        "Contacts: no clear change, 150 before and 153 after, +3 (-31 to +37)."
    )


def test_factors_are_named_and_have_no_interval():
    change = factor_change(
        {"contacts": 1000, "minutes": 12.0, "price": 0.5},
        {"contacts": 1100, "minutes": 11.0, "price": 0.5},
        metric="Cost",
    )
    assert plain(change.narrative()) == (
        "Cost rose from 6,000.00 to 6,050.00, +50.00 (no interval: the factors carry no "
        "counts): +575.00 came from contacts, -525.00 from minutes and 0 from price."
    )
    still = factor_change({"a": 0.1, "b": 3.0}, {"a": 0.3, "b": 1.0}, metric="Cost")
    assert plain(still.narrative()) == (
        "Cost: no change, 0.30 before and 0.30 after, 0 (no interval: the factors carry no "
        "counts): +0.40 came from a and -0.40 from b."
    )


def test_nested_components_are_named_from_the_outside_in():
    rows = e1(100_000).rename(columns={"segment": "topic"})
    rows["market"] = np.where(rows["topic"].isin(["account", "safety"]), "FR", "DE")
    change = nested_change(rows, dims=["market", "topic"], metric="Solved satisfied")
    assert plain(change.narrative()) == (
        "Solved satisfied fell from 76.1 % to 73.1 %, -3.0 points (-3.4 to -2.6): -1.9 came "
        "from the mix of market, -3.1 from the mix of topic within market and +2.0 from rates "
        "within topic."
    )
    assert plain(change.closure()) == (
        "Explained + residual = change: -3.0 + 0 = -3.0 points (mix of market -1.9, mix of "
        "topic within market -3.1, rates within topic +2.0)."
    )


def test_an_interval_narrower_than_the_rounding_says_so():
    rows = sides({"a": (8e8, 1e9), "b": (1e8, 1e9)}, {"a": (8.2e8, 1e9), "b": (1e8, 1e9)})
    assert "+1.0\u00a0points (its interval is within rounding)" in rate_change(rows).narrative()


# rounding


counts = st.lists(
    st.tuples(
        st.integers(0, 900), st.integers(0, 900), st.integers(0, 900), st.integers(1, 900)
    ),
    min_size=2,
    max_size=12,
)


@settings(deadline=None, max_examples=50)
@given(counts, st.sampled_from([1, 7, 400]))
def test_printed_parts_of_a_rate_add_to_what_is_printed(cells, times):
    assume(sum(a + b for a, b, _, _ in cells))
    change = rate_change(
        sides(
            {f"s{i}": (a * times, (a + b) * times) for i, (a, b, _, _) in enumerate(cells)},
            {f"s{i}": (c * times, (c + d) * times) for i, (_, _, c, d) in enumerate(cells)},
        )
    )
    shown, steps = change.printed(), change.printed_table()
    assert steps.to_numpy().sum() == shown.change
    unit = 10.0**-shown.places
    exact = 100 * change.table.to_numpy()
    assert (np.abs(steps.to_numpy() * unit - exact) < 2.6 * unit).all()
    explained, residual, total, *parts = figures(change.closure())
    assert explained + residual == pytest.approx(total)
    assert sum(parts) == pytest.approx(total)
    before, after, moved = figures(change.narrative())[:3]
    assert before + moved == pytest.approx(after)
    assert moved == pytest.approx(total)
    assert moved == pytest.approx(100 * change.change, abs=1.01 * unit)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 10**10), st.integers(0, 10**10)), min_size=1, max_size=12
    ),
    st.sampled_from([1, 10**3, 10**6]),
)
def test_printed_parts_of_a_count_add_to_what_is_printed(cells, divisor):
    change = count_change(
        sides(*({f"s{i}": c[k] // divisor for i, c in enumerate(cells)} for k in (0, 1)))
    )
    explained, residual, total, *parts = figures(
        re.sub(r"\w*s\d+ |\d+ other segments ", "", change.closure())
    )
    assert explained + residual == pytest.approx(total)
    assert sum(parts) == pytest.approx(total, rel=1e-6)
    before, after, moved = figures(change.narrative())[:3]
    assert before + moved == pytest.approx(after, rel=1e-9, abs=1e-6)
    assert change.printed_table()["part"].sum() == change.printed().change


@pytest.mark.parametrize(
    ("before", "after", "unit", "text"),
    [
        (0.761, 0.731, "share", "76.1 %, 73.1 %, -3.0 points"),
        (0.7614, 0.7306, "share", "76.14 %, 73.06 %, -3.08 points"),  # 76.1 - 3.1 is no 73.1
        (0.9997, 0.985, "share", "99.970 %, 98.500 %, -1.470 points"),
        (0.00066, 0.00071, "share", "0.0660 %, 0.0710 %, +0.0050 points"),
        (1_840, 2_073, "count", "1,840, 2,073, +233"),
        (1_234_000, 1_236_100, "count", "1,234,000, 1,236,100, +2,100"),
        (1.2e6, 1.5e6, "count", "1.20 M, 1.50 M, +0.30 M"),
        (3.664e10, 3.7e10, "count", "36.64 bn, 37.00 bn, +0.36 bn"),
        (47.8, 46.0, "days", "47.8 d, 46.0 d, -1.8 d"),
        (4.125, 4.25, "score", "4.125, 4.250, +0.125"),
        (0.5, 0.5, "share", "50.0 %, 50.0 %, 0 points"),
    ],
)
def test_levels_and_the_change_share_one_rounding(before, after, unit, text):
    shown = printed(before, after, unit=unit)
    said = [shown.level(shown.before), shown.level(shown.after), shown.delta(shown.change)]
    assert plain(", ".join(said)) == text


def test_the_remainder_goes_to_the_largest_parts_one_step_each():
    shown = printed(0.0, 0.3, unit="share")
    assert shown.split(10, [0.0034, 0.0034, 0.0032]) == [4, 3, 3]
    assert shown.split(3, [0.0004] * 8) == [1, 1, 1, 0, 0, 0, 0, 0]
    assert shown.split(-2, [-0.0006, -0.0006, -0.0006]) == [0, -1, -1]


def test_a_bound_beside_nought_is_not_printed_as_nought():
    shown = printed(0.400, 0.410, unit="share", bounds=(0.0003, 0.0197))
    assert plain(shown.span(0.0003, 0.0197)) == "+0.03 to +1.97"


# pictures


def texts(figure):
    return [plain(text.get_text()) for text in figure.axes[0].texts]


def rows_of(figure):
    return [plain(label.get_text()) for label in figure.axes[0].get_yticklabels()]


def test_the_waterfall_goes_from_before_by_mix_and_rates_to_after():
    figure = rate_change(e1(100_000)).plot()
    assert rows_of(figure) == [
        "Before", "Mix of segments", "Rate in account", "Rate in appeal_help",
        "Rate in safety", "Rate in monetisation", "After",
    ]  # fmt: skip
    labels = texts(figure)
    assert labels[0] == "76.1 %"
    assert labels[-1] == "73.1 %"
    assert sum(figures(" ".join(labels[1:-1]).replace("-", MINUS))) == pytest.approx(-3.0)
    bars = [patch for patch in figure.axes[0].patches if patch.get_width()]
    assert bars[0].get_width() == pytest.approx(-0.0498)
    ends = [bar.get_x() + bar.get_width() for bar in bars]
    assert [bar.get_x() for bar in bars[1:]] == pytest.approx(ends[:-1])
    assert ends[-1] == pytest.approx(0.7312)


@pytest.mark.parametrize(("segments", "rows"), [(1, 1), (7, 7), (8, 7), (9, 8), (30, 8)])
def test_at_most_seven_segments_are_drawn_by_name(segments, rows):
    before = {f"s{i:02}": 100 for i in range(segments)}
    after = {f"s{i:02}": 200 - i for i in range(segments)}
    names = rows_of(count_change(sides(before, after)).plot())
    assert len(names) == rows + 2
    if segments > 7:
        assert names[-2] == f"Other segments ({segments - rows + 1})"


def test_every_figure_stands_inside_the_picture():
    long = ["a" * 60, "monetisation and payout in the shop of creators", "$x$", "b"]
    wide = count_change(sides(dict.fromkeys(long, 10**9), dict.fromkeys(long, 3 * 10**9)))
    for change in (
        rate_change(e1(1_000, names=long)),
        rate_change(sides({"a": (5, 10)}, {"a": (5, 10)})),
        rate_change(e1(1_000), unit="score"),
        wide,
        factor_change({"a": 1e12, "b": 2.0}, {"a": 1e12, "b": 1.0}),
        nested_change(e1(1_000), dims=["segment"]),
    ):
        figure = change.plot()
        figure.draw_without_rendering()
        box = figure.bbox.padded(1)
        for text in [*figure.axes[0].texts, *figure.axes[0].get_yticklabels()]:
            assert box.contains(*text.get_window_extent().min)
            assert box.contains(*text.get_window_extent().max)


def test_a_dollar_sign_in_a_name_starts_no_formula():
    figure = count_change(sides({"$\\frac$": 1, "b": 2}, {"$\\frac$": 9, "b": 2})).plot()
    figure.draw_without_rendering()
    assert rows_of(figure)[1] == "\\$\\frac\\$"


def test_figures_beyond_whole_numbers_are_split_at_once():
    """Sums of floats this large are off by more steps than could be given one by one."""
    before, after = ({name: 0.1e60 * size for name in "abc"} for size in (1, 2))
    change = count_change(sides(before, after).set_axis(["segment", "side", "events"], axis=1))
    assert change.printed_table()["part"].sum() == change.printed().change
