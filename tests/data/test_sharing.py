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


@pytest.fixture
def source(desk) -> Source:
    """A pack with a page for each queue."""
    each = {"notebook": "1_scorecard", "title": "Each", "matrix": {"queue": "all"}}
    desk.file("readouts.yaml", yaml.safe_dump({"readouts": {"each": each}}))
    return desk_of(desk, tickets()).open()


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
