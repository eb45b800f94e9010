"""What must hold of the demo, quickly; ``make truth`` prints the whole table with misses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from . import (
    changes,
    forecasts,
    gates,
    nulls,
    plain,
    run,
    satisfaction,
    scoring,
    segments,
    signals,
    values,
    world,
)
from .scoring import BROKEN, FOUND, HELD, MISSED, MISSING, NOT_JUDGED, Row
from .world import World


@pytest.fixture(scope="module")
def demo() -> Iterator[World]:
    with world.demo("params/demo") as here:
        yield here


def test_counts_and_ratios_equal_truth_and_sampled_figures_hold_it(demo: World):
    rows = values.score(demo)
    judged = [row for row in rows if row.verdict != NOT_JUDGED]
    assert len(judged) >= 25
    assert [row for row in judged if row.verdict != HELD] == []
    assert sum(row.interval == "equal" for row in judged) >= 15


def test_weekly_figures_equal_plain_sql(demo: World):
    assert len(plain.QUERIES) >= 8
    assert [row.note for row in plain.score(demo)] == [""]


def test_weighting_brings_satisfaction_nearer_to_the_truth_and_does_not_reach_it(demo: World):
    """Who stays silent is more content: no weight by what is known of them undoes that."""
    gap = {
        name: (rows["value"] - rows["truth"]).mean()
        for name in ("csat", "csat_adjusted")
        for rows in [satisfaction.weekly(demo, name)]
    }
    assert -0.12 < gap["csat"] < gap["csat_adjusted"] - 0.01 < -0.01


def test_a_reversed_scale_and_a_wider_policy_are_no_news(demo: World):
    assert [row.verdict for row in gates.artefacts(demo)] == [FOUND, FOUND]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_kinds_of_dirt_are_named_and_no_canary_is_on_a_page(demo: World):
    rows = gates.dirt(demo)
    assert [row.effect for row in rows if row.verdict not in (FOUND, HELD)] == []
    assert len(rows) == 13


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_gates_are_quiet_on_clean_tables_of_twenty_seeds(demo: World):
    row = gates.quiet(demo)
    assert row.verdict == HELD, row.note


def test_the_login_outage_is_a_headline_in_its_three_markets_and_nowhere_else(demo: World):
    row = signals.incident(demo, next(one for one in signals.INCIDENTS if one.effect == "E2"))
    assert (row.verdict, row.found, row.alarms[:2]) == (FOUND, "3 of 3 in 2 weeks", "0 ")


def test_what_cannot_be_seen_at_this_scale_is_not_judged(demo: World):
    row = signals.incident(demo, next(one for one in signals.INCIDENTS if one.effect == "E7"))
    assert (row.verdict, row.note) == (NOT_JUDGED, "below scale, needs 0.156")


def test_series_that_nothing_touches_raise_at_most_one_alarm_in_thirty_quarters(demo: World):
    row = signals.nulls(demo)
    assert (row.verdict, row.found) == (HELD, "quiet")


@pytest.mark.slow
@pytest.mark.timeout(900)  # the first time, three operations are built
def test_pages_raise_at_most_one_alarm_in_thirty_quarters_with_every_effect_off(demo: World):
    (row,) = nulls.score(demo)
    assert (row.verdict, row.found) == (HELD, "quiet")


def test_the_mix_shift_comes_apart_exactly_and_is_told(demo: World):
    rate_change = scoring.method("changes", "rate_change")
    if rate_change is None:
        pytest.skip("insights.methods.changes is not built")
    first, start, end = map(pd.Timestamp, ("2024-09-09", "2025-05-05", "2025-12-29"))
    before, after = (changes.true_rows(demo, *days) for days in ((first, start), (start, end)))
    rows = changes.compared(before, after)
    found = rate_change(rows)
    assert changes.closure(found, rows) < 1e-9
    assert changes.simpson(found, "", rows).verdict == FOUND


def test_a_method_that_is_not_there_is_missing_and_never_passed(monkeypatch, demo: World):
    assert scoring.method("nothing_of_the_kind", "find") is None
    monkeypatch.setattr(forecasts.scoring, "method", lambda *_: None)
    assert {row.verdict for row in forecasts.score(demo)} == {MISSING}


def test_only_the_planted_combination_counts_as_located(demo: World):
    (login,) = (one for one in segments.SEARCHES if one.effect == "E2")
    login, dims = replace(login, dims=("topic", "market")), ["topic", "market"]

    def answer(*found: dict[str, str]) -> Callable[..., SimpleNamespace]:
        rows = pd.DataFrame(found, columns=dims).assign(contribution=100, lower=50, upper=170)
        return lambda *_, **__: SimpleNamespace(table=rows)

    where = [{"topic": "account_access", "market": market} for market in ("US", "BR", "ID")]
    exact = segments.located(demo, answer(*where), login)
    assert (exact.verdict, exact.found, exact.alarms) == (FOUND, "3 of 3", "0")
    assert (exact.error[:10], exact.interval) == ("521 -> 300", "no: 150 to 510")
    wide = segments.located(demo, answer({"topic": "account_access"}, {"topic": "bug"}), login)
    assert (wide.verdict, wide.found, wide.alarms) == (MISSED, "0 of 3", "1")
    assert wide.note == "near: account_access; also: bug"
    assert segments.located(demo, answer(), login).verdict == MISSED


def test_a_method_that_raises_is_broken_and_hides_no_other(demo: World, capsys):
    def score(_: World) -> list[Row]:
        raise ValueError("no such column\nand more")

    (row,) = run.safely(score, demo)
    assert (row.verdict, row.note) == (BROKEN, "ValueError: no such column")
    assert "Traceback" in capsys.readouterr().err


def test_the_table_prints_every_verdict_and_counts_them():
    rows = [
        Row("E1", "changes", "is it told", MISSED, found="no"),
        Row("E7", "segments", "where", NOT_JUDGED, note="below scale, needs 0.156"),
    ]
    lines = scoring.printed(rows).splitlines()
    assert lines[0].split("  ")[0] == "effect"
    assert lines[2].split() == ["E1", "changes", "is", "it", "told", "no", "missed"]
    assert lines[3].endswith("not judged: below scale, needs 0.156")
    assert lines[-1] == "2 rows: 1 missed, 1 not judged."
