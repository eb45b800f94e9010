"""Where answers are kept, one question is asked for all pages; each page gets the same rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import yaml
from pandas.testing import assert_frame_equal
from ticketing import desk_of, tickets

from insights.data import daily, remembered, series
from insights.data.sources import Source

END = pd.Timestamp("2025-02-16").date()
QUEUES = ["mail", "chat", "(none)", "fax"]


def with_pages(desk, queues: str | list[str]) -> Source:
    """A pack with a page for each queue, or for some."""
    each = {"notebook": "1_scorecard", "title": "Each", "matrix": {"queue": queues}}
    desk.file("readouts.yaml", yaml.safe_dump({"readouts": {"each": each}}))
    return desk_of(desk, tickets()).open()


@pytest.fixture
def source(desk) -> Source:
    return with_pages(desk, "all")


def asked(held: dict[Any, Any]) -> int:
    return sum(key[0] == "figures" for key in held)


@pytest.mark.parametrize("said", [{}, {"end": END}, {"known_by": END}, {"grain": "month"}])
def test_a_series_of_one_value_is_that_of_all_kept_to_it(source, kept, monkeypatch, said):
    pages = [(name, queue) for name in source.pack.metrics for queue in QUEUES]
    shared = [series.build(source, name, where={"queue": q}, **said) for name, q in pages]
    monkeypatch.setattr(remembered, "_kept", False)
    for (name, queue), rows in zip(pages, shared, strict=True):
        alone = series.build(source, name, where={"queue": queue}, **said)
        assert_frame_equal(rows, alone, rtol=1e-12, obj=f"{name} of {queue}")
    durations = "end" not in said and "known_by" not in said  # theirs end with their own rows
    assert asked(kept) == len(source.pack.metrics) - durations


def test_days_of_one_value_are_those_of_all_kept_to_it(source, kept, monkeypatch):
    asks = {
        name: daily.Ask(metric, {"odd": "id % 2 = 1"})
        for name, metric in source.pack.metrics.items()
    }
    shared = [daily.read(source, asks, where={"queue": queue}) for queue in QUEUES]
    assert asked(kept) == 2  # one a clock
    monkeypatch.setattr(remembered, "_kept", False)
    for queue, days in zip(QUEUES, shared, strict=True):
        alone = daily.read(source, asks, where={"queue": queue})
        for name, rows in days.items():
            assert_frame_equal(rows, alone[name], rtol=1e-12, obj=f"{name} of {queue}")


@pytest.mark.parametrize("name", ["tickets", "wait", "weighted"])
def test_of_listed_values_no_others_are_asked_for(desk, kept, monkeypatch, name):
    source = with_pages(desk, ["mail", "(none)", "fax"])
    shared = {
        queue: series.build(source, name, where={"queue": queue}, end=END) for queue in QUEUES
    }
    (own,) = [rows[name] for key, rows in kept.items() if key[0] == "figures" and key[4]]
    assert set(own["queue"]) == {"mail", "(none)"}
    assert asked(kept) == 2  # chat has no page: it is asked about as it is
    monkeypatch.setattr(remembered, "_kept", False)
    for queue, rows in shared.items():
        alone = series.build(source, name, where={"queue": queue}, end=END)
        assert_frame_equal(rows, alone, rtol=1e-12, obj=f"{name} of {queue}")


def test_what_a_page_does_to_its_rows_does_not_reach_the_next(source, kept):
    for where in ({}, {"queue": "mail"}):
        first = series.build(source, "agents", where=where)
        before = first.copy()
        first.loc[:, "value"] = 0.0
        assert_frame_equal(series.build(source, "agents", where=where), before)


def test_a_dimension_without_pages_of_its_own_is_asked_about_as_it_is(desk, kept):
    source = desk_of(desk, tickets()).open()
    for queue in QUEUES[:2]:
        series.build(source, "agents", where={"queue": queue})
    assert asked(kept) == 2
