"""The first sentence in its states, in full text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from operation import LAST_WEEK, METRICS, plant, queues

from insights.readout import card as cards
from insights.readout import choices, sentences
from insights.readout.card import Scorecard

PackMaker = Callable[..., Path]


def card_of(folder: object, **chosen: object) -> Scorecard:
    return cards.build(choices.start(str(folder), **chosen))  # type: ignore[arg-type]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_nothing_moved_leads_with_the_largest_volume(make_pack: PackMaker) -> None:
    card = card_of(make_pack())
    assert card.state == "none"
    assert plain(sentences.headline(card)) == (
        "Safety received 7,119 contacts in the week of 6 October 2025, within the usual "
        "6,657 to 7,344; none of 3 measures moved clearly."
    )
    assert sentences.do(card) == []


def test_nothing_moved_but_a_goal_is_missed_leads_with_the_gap(make_pack: PackMaker) -> None:
    goals = {"solve": {"metric": "solved_share", "target": 0.9, "rationale": "agreed"}}
    actions = {
        "staff": {
            "metric": "solved_share",
            "when": "off_goal",
            "do": "staff it",
            "within_days": 2,
        }
    }
    card = card_of(make_pack(goals={"goals": goals}, actions={"actions": actions}))
    assert plain(sentences.headline(card)) == (
        "Of the contacts Safety received in the week of 6 October 2025, 80.6 % were solved "
        "in a day, 9.4 points under the goal of at least 90 %; "
        "none of 3 measures moved clearly."
    )
    (step,) = sentences.do(card)
    assert {key: plain(text) for key, text in step.items()} == {
        "text": "Staff it.",
        "owner": "Operations",
        "by": "14 October 2025",
        "because": "Solved in a day is 9.4 points under the goal of at least 90 %",
    }


def test_one_signal_leads_with_the_figure_its_side_and_its_range(make_pack: PackMaker) -> None:
    card = card_of(make_pack(plant(queues(), "solved", LAST_WEEK, 0.8)))
    assert card.state == "signal"
    assert plain(sentences.headline(card)) == (
        "Of the contacts Safety received in the week of 6 October 2025, 64.5 % were solved "
        "in a day, below the usual 78.2 % to 81.9 %."
    )
    assert [plain(text) for text in sentences.why(card)] == [
        "Of what guards it, “Reopened” stayed in its usual range."
    ]
    (step,) = sentences.do(card)
    assert step["text"] == "Find out why “Solved in a day” moved, before the next readout."


def test_several_signals_lead_with_the_strongest_and_name_the_others(
    make_pack: PackMaker,
) -> None:
    rows = plant(plant(queues(), "solved", LAST_WEEK, 0.8), "reopened", LAST_WEEK, 1.6)
    card = card_of(make_pack(rows))
    assert card.state == "signals"
    assert plain(sentences.headline(card)) == (
        "Of the contacts Safety received in the week of 6 October 2025, 64.5 % were solved "
        "in a day, below the usual 78.2 % to 81.9 %. "
        "1 more of 3 measures moved: “Reopened” (above usual)."
    )
    assert [plain(text) for text in sentences.why(card)] == [
        "Of what guards it, “Reopened” moved too (above usual)."
    ]


def test_an_empty_week_cannot_be_judged_and_says_which_can(make_pack: PackMaker) -> None:
    rows = queues()
    days = pd.to_datetime(rows["day"])
    rows = rows[~((rows["queue"] == "Safety") & (days >= LAST_WEEK))]
    card = card_of(make_pack(rows))
    assert card.state == "unusable"
    assert plain(sentences.headline(card)) == (
        "The week of 6 October 2025 cannot be judged for Safety: no data. "
        "The last week that can is the week of 29 September 2025."
    )
    (step,) = sentences.do(card)
    assert step["text"] == "Mend the data before anything is decided on them."


def test_when_gates_refuse_every_measure_that_is_the_headline(make_pack: PackMaker) -> None:
    rows = queues().astype({"contacts": object})
    rows.loc[5, "contacts"] = "1,012"
    metrics = {name: METRICS[name] for name in ("contacts", "solved_share")}
    metrics["solved_share"] = {**metrics["solved_share"], "guards": []}
    card = card_of(make_pack(rows, metrics=metrics, table={"volume": "1"}))
    assert card.state == "refused"
    assert plain(sentences.headline(card)) == (
        "No figure can be shown for Safety in the week of 6 October 2025: "
        "quality gates refused all 2 measures (mixed number formats)."
    )


def test_too_little_history_is_said_instead_of_a_range(make_pack: PackMaker) -> None:
    rows = queues()
    rows = rows[pd.to_datetime(rows["day"]) >= LAST_WEEK - pd.Timedelta(weeks=3)]
    card = card_of(make_pack(rows))
    assert plain(sentences.headline(card)) == (
        "Safety received 7,119 contacts in the week of 6 October 2025; "
        "there is too little history to say what is usual."
    )


def test_a_title_without_a_sentence_gets_a_plain_one(make_pack: PackMaker) -> None:
    card = card_of(make_pack(plant(queues(), "reopened", LAST_WEEK, 2.0)))
    assert plain(sentences.headline(card)).startswith(
        "Reopened was 10.2 % for Safety in the week of 6 October 2025, above the usual 4."
    )


def test_words_in_data_that_look_like_a_sentence_s_words_stay_as_they_are(
    make_pack: PackMaker,
) -> None:
    rows = queues().replace({"queue": {"Safety": "{value} {period}"}})
    card = card_of(make_pack(rows, pack={"where": {"queue": "{value} {period}"}}))
    assert sentences.headline(card).startswith("{value} {period} received 7,119 contacts")


@pytest.mark.parametrize(
    ("grain", "said"),
    [
        ("day", "on 12 October 2025"),
        ("month", "in September 2025"),
        ("quarter", "in Q3 2025"),
    ],
)
def test_every_grain_words_its_own_period(make_pack: PackMaker, grain: str, said: str) -> None:
    card = card_of(make_pack(), grain=grain)
    assert said in plain(sentences.headline(card))


def test_a_share_from_a_sample_has_its_interval_and_a_full_count_has_none(
    make_pack: PackMaker,
) -> None:
    full, sampled = (
        make_pack(),
        make_pack(name="sampled", table={"sampled": True, "aggregated": True}),
    )
    assert sentences.interval(card_of(full).measure("solved_share")) == ""
    said = plain(sentences.interval(card_of(sampled).measure("solved_share")))
    assert said == "95 % interval 79.7 % to 81.5 %"


def test_a_group_below_the_threshold_is_neither_printed_nor_drawn(make_pack: PackMaker) -> None:
    """40 contacts on a page that shows no fewer than 50: no figure, and no point in a chart."""
    rows = plant(plant(queues(), "contacts", LAST_WEEK, 0.006), "solved", LAST_WEEK, 0.005)
    rows = plant(rows, "reopened", LAST_WEEK, 0.0)
    card = card_of(make_pack(rows, pack={"min_group": 50}, table={"volume": "1"}))
    assert int(card.measure("contacts").now["events"]) < 50
    limits = card.signals.limits
    drawn = limits.loc[limits["period"] == LAST_WEEK].set_index("series")["value"]
    for name in ("contacts", "solved_share", "reopened_share"):
        assert sentences.value(card, card.measure(name)) == "no figure"
        assert pd.isna(drawn[name])


def test_a_band_is_missed_on_either_side_and_met_within(make_pack: PackMaker) -> None:
    for low, high, said in (
        (6500, 7500, "met"),
        (8000, 9000, "{} under"),
        (3000, 4000, "{} over"),
    ):
        goal = {"metric": "contacts", "low": low, "high": high, "rationale": "Staffed."}
        card = card_of(make_pack(name=f"band{low}", goals={"goals": {"staffed": goal}}))
        target, value = card.targets["contacts"], card.measure("contacts").now["value"]
        gap = max(low - value, value - high)
        assert target.gap == pytest.approx(gap)
        bound, away = sentences.goal(card.measure("contacts").metric, target)
        assert plain(bound) == f"{low:,} to {high:,}"
        assert plain(away) == said.format(f"{gap:,.0f}")
