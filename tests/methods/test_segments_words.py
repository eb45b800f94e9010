"""Tests of what the search for segments says, draws and refuses."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from insights.errors import ContractError, MethodError, ParamError
from insights.methods.segments import find
from insights.methods.segments.result import closing

MARKETS = [f"m{index:02}" for index in range(20)]
NB = "\u00a0"


def like(*after, before=100.0, exposure=1_000.0):
    """Twenty like markets; ``after`` gives (market, events, exposure) that differ."""
    rows = pd.DataFrame(
        [(m, s, before, exposure) for s in ("before", "after") for m in MARKETS],
        columns=["market", "side", "events", "exposure"],
    )
    for market, events, exposed in after:
        hit = (rows["market"] == market) & (rows["side"] == "after")
        rows.loc[hit, ["events", "exposure"]] = [events, exposed]
    return rows


def text(result):
    return result.narrative().replace(NB, " ").replace("\u2212", "-")


# narratives: up, down, none, one and many


def test_one_rise_is_said_with_its_range_the_rest_and_mix():
    found = find(like(("m07", 200.0, 1_000.0)), dims=["market"], metric="Failure rate")
    assert text(found) == (
        "Failure rate went from 10.0 % to 10.5 %, +0.50 points: "
        "+0.50 points (+0.34 points to +0.66 points) came from market m07, "
        "0 points (-0.59 points to +0.59 points) from everything else and 0 points from mix."
    )


def test_one_fall_of_a_total_is_said_without_mix():
    found = find(like(("m07", 30.0, 1.0), exposure=1.0), dims=["market"], kind="total")
    assert text(found) == (
        "Total went from 2,000 to 1,930, -70: -70 (-93 to -47) came from market m07 "
        "and 0 (-124 to +124) from everything else."
    )


def test_two_segments_are_joined_and_ordered_by_size():
    rows = like(("m03", 20.0, 1_000.0), ("m07", 300.0, 1_000.0))
    found = find(rows, dims=["market"])
    assert found.table["market"].tolist() == ["m07", "m03"]
    assert "came from market m07, -0.40 points (" in text(found)
    assert text(found).count("came from") == 1


def test_a_quiet_week_says_that_no_segment_stands_out_and_gives_the_range():
    found = find(like(("m07", 108.0, 1_000.0)), dims=["market"], metric="Failure rate")
    assert found.table.empty
    assert list(found.table.columns) == [
        "market", "before", "after", "share", "contribution", "lower", "upper",
        "unexpected_difference", "p_value", "q_value",
    ]  # fmt: skip
    assert text(found) == (
        "No segment stands out among 20 combinations. Failure rate went from 10.0 % to 10.0 %, "
        "+0.040 points, no clear change (-0.56 points to +0.64 points); "
        "0 points came from mix and +0.040 points (-0.56 points to +0.64 points) "
        "is not concentrated."
    )


def test_a_quiet_total_says_it_once():
    rows = like(exposure=1.0).assign(
        events=lambda f: f["events"].where(f["side"] == "before", 103.0)
    )
    found = find(rows, dims=["market"], kind="total", metric="Contacts")
    assert text(found) == (
        "No segment stands out among 20 combinations. Contacts went from 2,000 to 2,060, "
        "+60, no clear change (-65 to +185); it is not concentrated anywhere."
    )


def test_printed_parts_add_to_the_printed_change():
    rng = np.random.default_rng(1)
    for unit, size in (("share", 0.01), ("count", 1e4), ("count", 3e6), ("score", 2.0)):
        for _ in range(20):
            parts = rng.normal(0, size, 5)
            total, *texts = closing([parts.sum(), *parts], unit)
            assert sum(map(value, texts)) == pytest.approx(value(total), abs=1e-6 * size)


def value(printed):
    """Read a printed figure back."""
    figure, _, suffix = printed.replace("\u2212", "-").replace(",", "").partition(NB)
    return float(figure) * {"M": 1e6, "bn": 1e9, "points": 0.01}.get(suffix, 1.0)


def test_a_segment_left_out_of_the_table_is_nowhere_in_words_or_chart():
    """A page drops segments too small to show; their change joins everything else."""
    rows = like(("m03", 20.0, 1_000.0), ("m07", 300.0, 1_000.0))
    whole = find(rows, dims=["market"])
    less = replace(whole, table=whole.table.iloc[:1])
    assert "m03" not in less.narrative()
    assert "market m03" not in less.parts.index
    assert less.parts["contribution"].sum() == pytest.approx(whole.change)
    other, before = (r.parts.loc["everything else"] for r in (less, whole))
    assert other["upper"] - other["lower"] > before["upper"] - before["lower"]
    assert len(less.plot().axes[0].patches) == 3


# charts


def test_the_chart_has_a_labelled_bar_a_part():
    found = find(like(("m07", 200.0, 1_000.0)), dims=["market"])
    figure = found.plot()
    assert isinstance(figure, Figure)
    ax = figure.axes[0]
    assert [round(bar.get_width(), 6) for bar in ax.patches] == [0.005, 0, 0]
    words = [t.get_text().replace(NB, " ") for t in ax.texts]
    assert words == [
        "market m07", "+0.50 points", "everything else", "0 points", "mix", "0 points",
    ]  # fmt: skip


def test_an_empty_result_still_draws_what_remains():
    figure = find(like(), dims=["market"]).plot()
    assert len(figure.axes[0].patches) == 2


def test_a_name_from_data_is_drawn_as_it_is():
    rows = like(("m07", 200.0, 1_000.0)).replace({"market": {"m07": "$x^{$ <b>"}})
    figure = find(rows, dims=["market"]).plot()
    figure.canvas.draw()
    assert figure.axes[0].texts[0].get_text() == "market $x^{$ <b>"


# refusals

ROWS = like()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"kind": "rates"},
            "find: unknown kind 'rates'; did you mean 'rate'? Give rate or total.",
        ),
        ({"kind": "x"}, "find: unknown kind 'x'. Give rate or total."),
        ({"dims": []}, "find: no dimensions. Name at least one column in dims."),
        ({"dims": "market"}, "find: dims is the text 'market'. Give a list of columns."),
        (
            {"unit": "minute"},
            "find: unknown unit 'minute'; did you mean 'minutes'? Give one of share, count, "
            "score, seconds, minutes, hours, days.",
        ),
        (
            {"dims": ["market", "market"]},
            "find: dims names market more than once. Name each once.",
        ),
        (
            {"dims": ["share"]},
            "find: the result has its own columns named share. Rename the dimension.",
        ),
        ({"max_segments": 0}, "find: max_segments is 0. Give 1 or more."),
        ({"max_depth": 4}, "find: max_depth is 4. Give 1, 2 or 3."),
        ({"alpha": 0}, "find: alpha is 0. Give a chance between 0 and 1."),
        ({"level": 95}, "find: level is 95. Give a chance between 0 and 1."),
    ],
)
def test_a_setting_that_cannot_be_is_refused(options, message):
    with pytest.raises(ParamError) as refused:
        find(ROWS, **({"dims": ["market"]} | options))
    assert str(refused.value) == message


def without(side):
    return ROWS.assign(market=ROWS["market"].where(ROWS["side"] != side))


@pytest.mark.parametrize(
    ("rows", "dims", "message"),
    [
        (
            ROWS,
            ["market", "topic"],
            "find: 1 of 2 dimensions is not in rows: topic. "
            "Build the rows by every dimension in dims.",
        ),
        (
            ROWS.drop(columns=["side", "exposure"]),
            ["market"],
            "find: columns lack: side, exposure. Give side, events and exposure.",
        ),
        (
            ROWS.replace("after", "later"),
            ["market"],
            "find: unknown side: later. Give before or after.",
        ),
        (
            ROWS[ROWS["side"] == "before"],
            ["market"],
            "find: no rows of side after. Give rows of both windows.",
        ),
        (
            without("after"),
            ["market"],
            "find: market is missing on every row of side after. "
            "Build both sides by the same dimensions.",
        ),
        (
            ROWS.assign(market=ROWS["market"].where(ROWS["market"] != "m03")),
            ["market"],
            "find: 2 of 40 rows have no market. Name each, such as 'unknown'.",
        ),
        (
            ROWS.assign(events="many"),
            ["market"],
            "find: events is not numeric. Give a number a row.",
        ),
        (
            ROWS.assign(exposure=[0.0, -1.0, np.nan, 50.0, *[1_000.0] * 36]),
            ["market"],
            "find: 1 of 40 rows have no finite exposure. Fill or drop them. "
            "1 of 40 rows have exposure below 0. Correct the counts. "
            "1 of 40 rows have events but exposure 0. Correct the exposure. "
            "1 of 40 rows have more events than exposure. Correct the counts, or give "
            "events_sq for a mean and another unit for counts by exposure.",
        ),
        (
            ROWS.assign(events=-1.0),
            ["market"],
            "find: 40 of 40 rows have events below 0. Correct the counts.",
        ),
        (
            ROWS.assign(events_sq=1.0),
            ["market"],
            "find: 40 of 40 rows have events_sq below what their events allow. "
            "Give the sum of squares.",
        ),
    ],
)
def test_rows_that_break_the_contract_are_refused(rows, dims, message):
    with pytest.raises(ContractError) as refused:
        find(rows, dims=dims)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("rows", "kind", "message"),
    [
        (
            ROWS.assign(
                events=0.0, exposure=ROWS["exposure"].where(ROWS["side"] == "before", 0.0)
            ),
            "rate",
            "find: side after has no exposure. Choose a window that has some.",
        ),
        (
            ROWS.assign(events=ROWS["events"].where(ROWS["side"] == "after", 0.0)),
            "total",
            "find: side before has no events. Choose a window that has some.",
        ),
        (
            ROWS[ROWS["market"] == "m03"],
            "rate",
            "find: every row is one segment: market m03. Give rows of at least two segments.",
        ),
    ],
)
def test_data_that_cannot_answer_is_refused(rows, kind, message):
    with pytest.raises(MethodError) as refused:
        find(rows, dims=["market"], kind=kind)
    assert str(refused.value) == message


def test_squares_that_are_all_missing_are_no_squares():
    rows = like(("m07", 200.0, 1_000.0))
    one, two = (find(r, dims=["market"]) for r in (rows, rows.assign(events_sq=np.nan)))
    pd.testing.assert_frame_equal(one.table, two.table)
