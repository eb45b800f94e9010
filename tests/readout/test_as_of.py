"""A past week comes back as it was, whatever has arrived since."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from operation import LAST_WEEK, METRICS, plant, queues

from insights.errors import ParamError
from insights.readout import card as cards
from insights.readout import caveats, checking, choices, sentences
from insights.readout.card import Scorecard

PackMaker = Callable[..., Path]


def said(card: Scorecard) -> dict[str, object]:
    """Everything that a page prints of a card, but how fresh the data are."""
    return {
        "headline": sentences.headline(card),
        "why": sentences.why(card),
        "facts": sentences.facts(card),
        "do": sentences.do(card),
        "care": caveats.care(card),
        "checks": [r for r in checking.rows(card) if r["gate"] != "partial last period"],
        "gaps": checking.gap_rows(card),
        "table": card.table.to_json(double_precision=15, date_format="iso"),
        "limits": card.signals.limits.to_json(double_precision=15, date_format="iso"),
    }


def test_a_past_week_gives_the_same_page_after_more_data_have_arrived(
    make_pack: PackMaker,
) -> None:
    rows = plant(queues(), "solved", LAST_WEEK - pd.Timedelta(weeks=3), 0.8)
    shown = LAST_WEEK - pd.Timedelta(weeks=3)
    then = rows[pd.to_datetime(rows["day"]) < shown + pd.Timedelta(days=10)]
    first = cards.build(choices.start(str(make_pack(then, name="then"))))
    again = cards.build(choices.start(str(make_pack(rows, name="now")), as_of=shown.date()))
    assert first.run.as_of == again.run.as_of == shown
    assert first.state == "signal"
    assert said(first) == said(again)
    assert first.run.freshness != again.run.freshness


def test_rows_recorded_later_are_kept_out_of_a_past_week(make_pack: PackMaker) -> None:
    """A correction recorded yesterday must not change last month's page."""
    rows = queues().assign(recorded=lambda frame: frame["day"])
    shown = LAST_WEEK - pd.Timedelta(weeks=3)
    late = rows[pd.to_datetime(rows["day"]).between(shown, shown + pd.Timedelta(days=6))]
    late = late.assign(solved=0, contacts=500, recorded=LAST_WEEK.date().isoformat())
    table = {"recorded_at": "recorded", "key": ["queue", "day", "recorded"]}
    before = make_pack(rows, name="before", table=table)
    after = make_pack(pd.concat([rows, late]), name="after", table=table)
    plain = make_pack(
        pd.concat([rows, late]), name="plain", table={"key": ["queue", "day", "recorded"]}
    )
    day = shown.date()
    assert said(cards.build(choices.start(str(before), as_of=day))) == said(
        cards.build(choices.start(str(after), as_of=day))
    )
    untold = cards.build(choices.start(str(plain), as_of=day))
    assert untold.state == "signals", "without recorded_at the correction shows"


def test_a_metric_that_needs_longer_is_shown_for_its_last_final_week(
    make_pack: PackMaker,
) -> None:
    metrics = {**METRICS, "reopened_share": {**METRICS["reopened_share"], "mature_after": 14}}
    planted = plant(queues(), "reopened", LAST_WEEK - pd.Timedelta(weeks=2), 2.0)
    card = cards.build(choices.start(str(make_pack(planted, metrics=metrics))))
    slow = card.measure("reopened_share")
    assert card.run.as_of == LAST_WEEK
    assert slow.shown == LAST_WEEK - pd.Timedelta(weeks=2)
    assert card.judged("reopened_share")["period"] == slow.shown
    assert card.moved == [slow]
    assert "in the week of 22\u00a0September 2025" in sentences.headline(card)
    assert caveats.care(card) == [
        "Reopened is shown for the week of 22\u00a0September 2025, its last final one."
    ]


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        ("yesterday", "as_of is 'yesterday'; it must be a date such as 2025-12-29."),
        (
            "2025-10-20",
            "as_of is '2025-10-20', but the data end on 12\u00a0October 2025; "
            "the last complete week is the week of 6\u00a0October 2025.",
        ),
        ("2024-12-25", "as_of is '2024-12-25', but the data begin on 6\u00a0January 2025."),
    ],
)
def test_an_as_of_that_cannot_be_is_refused(
    make_pack: PackMaker, as_of: str, message: str
) -> None:
    with pytest.raises(ParamError) as raised:
        choices.start(str(make_pack()), as_of=as_of)
    assert str(raised.value) == message
