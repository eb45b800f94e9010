"""The what-changed page over the small operation: what it finds, says and refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from operation import FIRST, LAST_WEEK, METRICS, WEEKS, plant, queues

from insights.errors import MethodError, ParamError
from insights.methods.changes import RateChange
from insights.readout import changed, choices
from insights.readout import changed_words as words
from insights.readout.changed import WhatChanged

PackMaker = Callable[..., Path]
WHOLE = {"queue": "*"}


def page(
    folder: Path,
    metric: str = "contacts",
    *,
    where: dict[str, str] | None = None,
    compare: str = "previous",
    span: int = 4,
    as_of: str = "",
) -> WhatChanged:
    run = choices.start(str(folder), where=where or WHOLE, metrics=[metric], as_of=as_of)
    return changed.build(run, compare=compare, span=span)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def shifted() -> pd.DataFrame:
    """Half the year in, Safety takes half of Billing's contacts; every queue solves more."""
    rows = queues()
    day, late = pd.to_datetime(rows["day"]), FIRST + pd.Timedelta(weeks=WEEKS // 2)
    rng = np.random.default_rng(11)
    rows["contacts"] = rows["contacts"].astype(float)
    rows.loc[(rows["queue"] == "Safety") & (day >= late), "contacts"] *= 3.0
    rows["contacts"] = rows["contacts"].astype(int)
    chance = rows["queue"].map({"Appeals": 0.85, "Billing": 0.80, "Safety": 0.50})
    rows["solved"] = rng.binomial(rows["contacts"], chance + 0.02 * (day >= late))
    return rows


def test_a_quiet_month_has_no_clear_change_and_no_place(make_pack: PackMaker) -> None:
    quiet = page(make_pack(), "solved_share")
    assert plain(words.headline(quiet)).startswith("Solved in a day: no clear change, 8")
    assert words.places(quiet) == []
    assert words.next_steps(quiet) == []


def test_a_week_that_jumped_is_put_into_its_queue(make_pack: PackMaker) -> None:
    rows = plant(queues(), "contacts", LAST_WEEK, 1.5)
    jumped = page(make_pack(rows), span=1)
    said = plain(words.headline(jumped))
    assert said.startswith("Contacts rose from 21,")
    assert "came from Safety" in said
    (step,) = words.next_steps(jumped)
    assert step["text"] == "Find out what happened, first in Safety, which carries most."
    assert (step["owner"], plain(step["by"])) == ("Operations", "19 October 2025")


def test_a_total_that_fell_while_every_queue_rose_says_so(make_pack: PackMaker) -> None:
    late = FIRST + pd.Timedelta(weeks=WEEKS // 2)
    compare = f"{FIRST.date()}..{(late - pd.Timedelta(days=1)).date()}"
    simpson = page(make_pack(shifted()), "solved_share", compare=compare, span=WEEKS // 2)
    assert isinstance(simpson.lead, RateChange)
    assert simpson.lead.simpson
    assert simpson.lead.rate.value == pytest.approx(0.02, abs=0.004)
    said = plain(words.headline(simpson))
    assert "although all 3 queues rose: the composition moved." in said
    assert words.not_this(simpson)[2][1].startswith("Yes, in part: the mix by queue")


def test_the_parts_add_to_the_change_and_equal_a_plain_sum(make_pack: PackMaker) -> None:
    rows = shifted()
    found = page(make_pack(rows), "contacts", span=2)
    week = (pd.to_datetime(rows["day"]) - FIRST).dt.days // 7
    after = rows[week >= WEEKS - 2].groupby("queue")["contacts"].sum()
    before = rows[(week >= WEEKS - 4) & (week < WEEKS - 2)].groupby("queue")["contacts"].sum()
    parts = found.lead.table["part"]
    assert parts.to_dict() == pytest.approx((after - before).to_dict())
    assert parts.sum() == pytest.approx(found.lead.change, abs=1e-9)


def test_an_event_and_a_break_between_the_windows_are_said(make_pack: PackMaker) -> None:
    start = LAST_WEEK.date().isoformat()
    metrics = {
        **METRICS,
        "contacts": {
            **METRICS["contacts"],
            "breaks": [{"date": start, "why": "chats count as contacts"}],
        },
    }
    events = {
        "fire": {"title": "A fire drill", "start": start, "end": start, "kind": "incident"}
    }
    folder = make_pack(metrics=metrics, events={"events": events})
    care = [plain(text) for text in words.care(page(folder, span=1))]
    assert care == [
        "The definition changed on 6 October 2025, when chats count as contacts: part of the "
        "change may be the definition's.",
        "A fire drill, from 6 October 2025, lies in the window after alone.",
    ]


def test_with_one_queue_alone_there_is_nothing_to_split_by(make_pack: PackMaker) -> None:
    alone = page(make_pack(), where={"queue": "Safety"})
    assert alone.dimension == ""
    assert alone.segments is None
    assert words.drill(alone) == []
    assert words.headline(alone)


def test_small_groups_stand_in_no_table_and_no_sentence(make_pack: PackMaker) -> None:
    rows = queues()
    tiny = rows[rows["queue"] == "Billing"].assign(
        queue="Tiny", contacts=0, solved=0, reopened=0
    )
    tiny.loc[tiny.index[::10], "contacts"] = 1
    folder = make_pack(pd.concat([rows, tiny], ignore_index=True), table={"volume": "1"})
    found = page(folder, "contacts")
    assert "Tiny" not in found.lead.table.index
    assert "Other (2 groups)" in found.lead.table.index


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            {"kind": "distinct", "numerator": "queue", "unit": "count"},
            "metric 'odd' counts different things, and one may stand in two segments; its "
            "change has no parts. Choose a count or a ratio.",
        ),
        (
            {
                "kind": "ratio", "numerator": "solved", "denominator": "contacts",
                "unit": "share", "poststratify": ["queue"],
            },
            "metric 'odd' is weighted to all rows, and its segments are not; its change has no "
            "parts. Choose the same measure as answered.",
        ),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_refused(
    make_pack: PackMaker, kind: dict[str, object], said: str
) -> None:
    odd = {"title": "Odd", "better": "band", "definition": "Odd.", **kind}
    with pytest.raises(ParamError) as error:
        page(make_pack(metrics={"odd": odd}), "odd")
    assert str(error.value) == said


def test_one_metric_at_a_time(make_pack: PackMaker) -> None:
    run = choices.start(str(make_pack()), where=WHOLE)
    with pytest.raises(ParamError) as error:
        changed.build(run)
    assert str(error.value) == ("a change is explained one metric at a time; this run has 3.")


def test_a_range_without_data_is_refused(make_pack: PackMaker) -> None:
    with pytest.raises(MethodError) as error:
        page(make_pack(), compare="2020-01-06..2020-02-02")
    assert str(error.value).startswith(
        "compare '2020-01-06..2020-02-02': no usable week stands on the side before."
    )
