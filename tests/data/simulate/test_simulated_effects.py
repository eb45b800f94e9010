"""Each effect changes what it says, where and when it says, and not one value elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
from worlds import ALL, columns, differences, named, play, weeks_of

from insights.data.simulate import effects
from insights.data.simulate.world import DAY, code

SAFETY = ("items", "appeals", "qa_items", "exposure", "places")
SUPPORT = ("contacts", "surveys", "qa_contacts")


def untouched(found: dict[str, pd.DataFrame], *frames: str) -> None:
    """Assert that no row of these frames differs."""
    assert {name: len(found[name]) for name in frames} == dict.fromkeys(frames, 0)


def test_e1_moves_people_to_appeal_help_and_contents_everybody_a_little():
    found = differences("E1", range(67, 74))
    untouched(found, *SAFETY)
    rows = found["contacts"]
    late = rows["created"] >= effects.seconds(70)
    assert set(rows["what"]) == {"changed"}
    still_open = rows[~late]  # at the end of week 69; week 70 is staffed for other topics
    assert (still_open["first_reply"] >= effects.seconds(70)).all()
    moved = rows[["topic" in names for names in rows["columns"]]]
    assert weeks_of(moved, "created") == {70, 71, 72, 73}
    assert named(moved, "topic") == {"appeal_help"}
    assert not columns(rows) & {"created", "market", "user_type", "channel", "bot", "agent"}


def test_e2_adds_contacts_in_three_markets_and_holds_up_one_queue():
    found = differences("E2", range(28, 33))
    untouched(found, *SAFETY)
    rows = found["contacts"]
    assert named(rows, "queue") == {"account_access"}
    added = rows[rows["what"] == "added"]
    assert named(added, "market") == set(effects.E2_MARKETS)
    days = np.floor(added["created"] / DAY)
    assert (days.min(), days.max() + 1) == effects.E2_DAYS
    others = rows[rows["what"] == "changed"]
    assert (others["created"] // DAY >= effects.E2_DAYS[0]).all()
    assert (rows["what"] != "removed").all()
    assert not columns(others) & {"handle", "agent", "quality", "market"}


def test_e3_reaches_only_treated_markets_of_one_queue_wave_by_wave():
    found = differences("E3", range(42, 54))
    untouched(found, *SAFETY)
    for name in ("contacts", "surveys"):
        rows = found[name]
        assert named(rows, "topic") == {"payout"}
        assert named(rows, "market") == set(effects.E3_WAVES)
    rows = found["contacts"]
    for market, week in effects.E3_WAVES.items():
        here = rows[rows["market"] == code("market", market)[0]]
        assert min(weeks_of(here, "created")) == week
    assert set(rows["what"]) == {"changed"}
    assert "handle" not in columns(rows)


def test_e4_marks_chats_and_changes_nothing_else():
    found = differences("E4", range(60, 63))
    untouched(found, *SAFETY, "surveys", "qa_contacts")
    rows = found["contacts"]
    assert columns(rows) == {"greeting"}
    assert named(rows, "channel") == {"chat"}
    assert weeks_of(rows, "created") == {61, 62}


def test_e5_hurries_one_topic_and_harms_its_quality():
    found = differences("E5", range(83, 87))
    untouched(found, *SAFETY)
    rows = found["contacts"]
    assert named(rows, "topic") == {"account_access"}
    assert weeks_of(rows, "created") == {84, 85, 86}
    on, off = (play(on, range(83, 87))["contacts"] for on in (ALL, ALL - {"E5"}))
    here = on["hurried"]
    assert np.allclose(on["handle"][here], effects.E5_HANDLE * off["handle"][here])
    assert np.isfinite(on["reopened"][here]).sum() > np.isfinite(off["reopened"][here]).sum()
    assert on["qa_score"][here].mean() < off["qa_score"][here].mean()


def test_e6_changes_nothing_at_all():
    untouched(differences("E6", range(65, 69)), *SAFETY, *SUPPORT)


def test_e7_makes_spanish_measures_wrong_and_brings_contacts_days_later():
    found = differences("E7", range(54, 61))
    untouched(found, "exposure", "places")
    items = found["items"]
    assert columns(items) == {"wrong"}
    assert named(items, "market") == {"MX", "ES"}
    assert not items["human"].any()
    assert weeks_of(items, "enqueued") == {55, 56, 57, 58}
    assert named(found["appeals"], "market") == {"MX", "ES"}
    contacts = found["contacts"]
    assert named(contacts, "queue") <= {"appeal_help", "account_access"}
    added = contacts[contacts["what"] == "added"]
    assert len(added) and named(added, "market") <= {"MX", "ES"}
    assert weeks_of(added, "created") <= {55, 56, 57, 58, 59}
    assert not (contacts["what"] == "removed").any()


def test_e8_adds_automated_measures_of_one_policy():
    found = differences("E8", range(79, 82))
    untouched(found, "exposure", "places", "qa_items")
    items = found["items"]
    assert set(items["what"]) == {"added"}
    assert named(items, "policy") == {"harassment"}
    assert not items["human"].any()
    assert weeks_of(items, "enqueued") == {80, 81}


def test_e9_lifts_paydays_of_creators():
    """Days 304 to 310 are 31 October to 6 November 2024: one payday, no holiday, no fast."""
    found = differences("E9", [43, 44])
    untouched(found, *SAFETY)
    added = found["contacts"][found["contacts"]["what"] == "added"]
    assert named(added, "user_type") == {"creator"}
    assert set(added["topic"]) == set(code("topic", "payout"))
    assert {str(effects.on_day(day)) for day in np.unique(added["created"] // DAY)} == {
        "2024-11-01"
    }


def test_e9_quietens_the_turn_of_the_year_and_lifts_the_fast():
    first = differences("E9", [52])["contacts"]
    removed = first[first["what"] == "removed"]
    assert {str(effects.on_day(day)) for day in np.unique(removed["created"] // DAY)} == {
        "2024-12-30", "2024-12-31", "2025-01-01", "2025-01-02"
    }  # fmt: skip
    fast = differences("E9", [61])["contacts"]
    assert named(fast[fast["what"] == "added"], "market") == {"ID", "SA", "TR"}


def test_e10_makes_people_wrong_in_turkey_only():
    found = differences("E10", range(10, 14))
    untouched(found, "exposure", "places")
    items = found["items"]
    assert columns(items) == {"wrong"}
    assert named(items, "market") == {"TR"}
    assert items["human"].all() and items["wrong"].all()


def test_e11_replaces_agents_of_one_site_and_nothing_hangs_on_the_site():
    found = differences("E11", range(32, 35))
    untouched(found, *SAFETY)
    rows = found["contacts"]
    assert weeks_of(rows, "created") == {33, 34}
    agents = rows[["agent_code" in names for names in rows["columns"]]]
    assert named(agents, "site") == {"site_d"}
    others = rows[["agent_code" not in names for names in rows["columns"]]]
    assert not columns(others) & {"handle", "quality", "tenure", "site"}


def test_e12_moves_the_tail_of_one_queue_and_leaves_the_median():
    found = differences("E12", range(89, 99))
    untouched(found, *SAFETY)
    rows = found["contacts"]
    assert named(rows, "topic") == {"shop_order"}
    assert weeks_of(rows, "created") == set(range(90, 97))
    on, off = (play(on, range(89, 99))["contacts"] for on in (ALL, ALL - {"E12"}))
    here = (on["topic"] == code("topic", "shop_order")[0]) & ~on["bot"]
    here &= (on["created"] >= effects.seconds(90)) & (on["created"] < effects.seconds(97))
    with_, without = ((c["first_reply"] - c["created"])[here] for c in (on, off))
    assert np.median(with_) == np.median(without)
    assert np.quantile(with_, 0.9) > 1.2 * np.quantile(without, 0.9)


def test_e13_exposes_one_site_then_costs_accuracy_and_people():
    found = differences("E13", range(59, 72))
    assert named(found["contacts"], "queue") <= {"appeal_help", "account_access"}
    site = {"site_c"}
    exposure = found["exposure"]
    hours = exposure[["hours" in names for names in exposure["columns"]]]
    assert named(hours, "site") == site
    assert weeks_of(hours, "at") == set(range(60, 67))
    wrong = found["items"][["wrong" in names for names in found["items"]["columns"]]]
    assert named(wrong[weeks_in(wrong, 60, 67)], "site") == site
    left = found["places"]
    assert named(left, "site") == site and left["left"].all()
    assert weeks_of(left, "at") <= set(range(64, 71))


def weeks_in(rows: pd.DataFrame, first: int, end: int) -> pd.Series:
    return (rows["enqueued"] >= effects.seconds(first)) & (
        rows["enqueued"] < effects.seconds(end)
    )


def test_e14_is_an_artefact_of_the_survey_alone():
    found = differences("E14", range(38, 46))
    untouched(found, *SAFETY, "contacts", "qa_contacts")
    rows = found["surveys"]
    assert columns(rows) == {"score", "responded"}
    turned = rows[["score" in names for names in rows["columns"]]]
    days = np.floor(turned["sent"] / DAY)
    assert (days.min(), days.max() + 1) == effects.E14_REVERSED_DAYS
    assert (turned["score"] == 6 - turned["true_score"]).all()
    silent = rows[["responded" in names for names in rows["columns"]]]
    assert weeks_of(silent, "sent") == {40, 41, 42, 43}
    assert np.isinf(silent["responded"]).all()


def test_the_series_of_e15_are_the_same_with_every_effect_off():
    weeks = range(*(effects.EFFECTS["E15"].first_week, effects.EFFECTS["E15"].end_week or 0))
    on, off = (play(which, weeks)["contacts"] for which in (ALL, frozenset()))
    names = ("id", "created", "transfers", "escalated")
    for market in effects.NULL_MARKETS:
        for topic in effects.NULL_TOPICS:
            one, two = (
                (c["market"] == code("market", market)[0])
                & (c["topic"] == code("topic", topic)[0])
                for c in (on, off)
            )
            for name in names:
                np.testing.assert_array_equal(on[name][one], off[name][two])
    assert len(on["id"]) != len(off["id"])  # the others are not
