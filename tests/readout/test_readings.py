"""The figures that a run keeps, and what holding two runs' figures together finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from operation import LAST_WEEK, METRICS, plant, queues

from insights.readout import card as cards
from insights.readout import changed, choices, readings, since
from insights.readout.readings import PAST

PackMaker = Callable[..., Path]
BEFORE = LAST_WEEK - pd.Timedelta(weeks=1)


def of_scorecard(folder: Path, as_of: pd.Timestamp) -> list[dict[str, Any]]:
    run = choices.start(str(folder), as_of=as_of.date())
    return readings.of_card(cards.build(run))


def run(kept: list[dict[str, Any]], as_of: pd.Timestamp) -> dict[str, Any]:
    return {
        "run_id": "r",
        "started_at": "2025-10-13T07:00:00+00:00",
        "as_of": as_of.date().isoformat(),
        "readings": kept,
    }


def held(
    make_pack: PackMaker, then: pd.DataFrame, now: pd.DataFrame | None = None
) -> since.Since:
    """Return this week's figures held against last week's, over data that may have changed."""
    last = run(of_scorecard(make_pack(then, name="then"), BEFORE), BEFORE)
    later = then if now is None else now
    found = since.compare(
        run(of_scorecard(make_pack(later, name="now"), LAST_WEEK), LAST_WEEK), last, last
    )
    assert found is not None
    return found


def test_every_measure_is_kept_with_its_range_and_past(make_pack: PackMaker):
    kept = of_scorecard(make_pack(), LAST_WEEK)
    assert sorted(one["key"] for one in kept) == ["contacts", "reopened_share", "solved_share"]
    rows = queues()
    rows = rows[rows["queue"] == "Safety"].assign(day=lambda t: pd.to_datetime(t["day"]))
    for one in kept:
        assert one["lower"] < one["value"] < one["upper"]
        assert (one["kind"], one["grain"], one["news"]) == ("range", "week", False)
        assert one["period"] == LAST_WEEK.date().isoformat()
        assert len(one["past"]) == PAST
    contacts = next(one for one in kept if one["key"] == "contacts")
    for first, value in [*contacts["past"], [contacts["period"], contacts["value"]]]:
        days = pd.date_range(first, periods=7)
        assert rows.loc[rows["day"].isin(days), "contacts"].sum() == value


def test_a_quiet_week_is_no_clear_change_and_restates_nothing(make_pack: PackMaker):
    found = held(make_pack, queues())
    assert len(found.steps) == 3
    assert not any(step.clear for step in found.steps)
    assert found.restated == ()


def test_a_planted_jump_is_more_than_noise(make_pack: PackMaker):
    found = held(make_pack, plant(queues(), "solved", LAST_WEEK, 0.9))
    assert [s.reading["key"] for s in found.steps if s.clear] == ["solved_share"]


def test_rows_that_came_late_restate_the_weeks_they_belong_to(make_pack: PackMaker):
    then = queues()
    found = held(make_pack, then, plant(then, "solved", BEFORE, 0.97))
    assert {(r.reading["key"], r.period) for r in found.restated} == {
        ("solved_share", BEFORE.date().isoformat())
    }
    assert not any(step.clear for step in found.steps)


def test_how_a_figure_is_made_is_told_from_what_is_said_about_it(make_pack: PackMaker):
    def made(name: str, **changed: Any) -> str:
        metrics = {k: dict(v) for k, v in METRICS.items()}
        metrics["contacts"] |= changed
        one = of_scorecard(make_pack(name=name, metrics=metrics), LAST_WEEK)
        return next(str(r["made"]) for r in one if r["key"] == "contacts")

    plain = made("a")
    assert made("b", title="Calls", definition="Calls received.", owner="Ana") == plain
    assert made("c", numerator="contacts - reopened") != plain


def test_a_change_is_kept_with_its_interval(make_pack: PackMaker):
    chosen = choices.start(str(make_pack()), where={"queue": "*"}, metrics=["contacts"])
    page = changed.build(chosen)
    change, contacts = readings.of_change(page)
    assert (change["kind"], contacts["kind"]) == ("change", "range")
    assert change["title"] == "Contacts, change"
    assert change["value"] == pytest.approx(page.lead.change)
    assert change["lower"] < change["value"] < change["upper"]
