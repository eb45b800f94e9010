"""A metric's definition in words and in each engine's SQL."""

from __future__ import annotations

import pytest

from insights.data import explain
from insights.errors import ParamError


@pytest.fixture
def pack(desk):
    desk.table(content="day,queue,score\n2025-03-01,mail,5\n")
    desk.metric(
        "csat",
        title="Satisfied",
        kind="ratio",
        unit="share",
        definition="answers of 4 or 5",
        numerator="score >= 4",
        denominator="score is not null",
        dimensions=["queue"],
        breaks=[{"date": "2025-01-01", "why": "new form"}],
        mature_after=1,
    )
    desk.metric(
        "wait",
        kind="duration",
        unit="hours",
        clock="day",
        **{"from": "day", "to": "day"},
        target=8,
    )
    return desk.load()


def test_the_words_come_first(pack):
    assert explain.text(pack, "csat").split("\n-- DuckDB")[0].splitlines() == [
        "Satisfied (csat)",
        "Answers of 4 or 5.",
        "",
        "kind        ratio, in share; band is better",
        "numerator   score >= 4",
        "denominator score is not null",
        "clock       day, the date of the event",
        "final       1 day after a period ends",
        "owner       Ana",
        "dimensions  queue",
        "guards      none",
        "comparable  no",
        "break       1\xa0January 2025: new form",
    ]


def test_each_engine_s_sql_follows(pack):
    duckdb, postgres = explain.text(pack, "csat").split("-- DuckDB\n")[1].split("-- Postgres\n")
    assert "AS DOUBLE)" in duckdb
    assert "AS DOUBLE PRECISION)" in postgres
    for sql in (duckdb, postgres):
        assert "score >= 4" in sql
        assert 'FROM "tickets"' in sql


def test_a_duration_names_its_ends_and_target(pack):
    text = explain.text(pack, "wait")
    assert "measured    from day to day, open items as censored\ntarget      8 h\n" in text
    assert "-- Postgres" in text


def test_an_unknown_metric_is_refused(pack):
    with pytest.raises(ParamError) as raised:
        explain.text(pack, "cast")
    assert str(raised.value) == (
        "unknown metric 'cast'; did you mean 'csat'? The pack has csat, wait."
    )


@pytest.mark.parametrize("metric", ["automated_share", "statements_filed", "filing_delay"])
def test_the_real_pack_explains_itself(eu_dsa, metric):
    text = explain.text(eu_dsa.pack, metric)
    assert "the date it was filed" in text
    assert text.count("-- ") == 2
