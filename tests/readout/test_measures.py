"""Measures read together hold what each metric's own series, and each peer's, would say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from operation import LAST_WEEK, METRICS, queues

from insights.data import series
from insights.readout import card as cards
from insights.readout import choices

PackMaker = Callable[..., Path]
KINDS = {
    "open": {"kind": "count", "unit": "count", "numerator": "reopened", "snapshot": "last"},
    "queues": {"kind": "distinct", "unit": "count", "numerator": "queue"},
    "effort": {
        "kind": "ratio",
        "unit": "minutes",
        "numerator": "solved * 7.3",
        "denominator": "contacts",
        "comparable": "yes",
        "mature_after": 9,
    },
}


@pytest.mark.parametrize("as_of", ["", "2025-08-06"])
@pytest.mark.parametrize("grain", ["day", "week", "month"])
def test_every_measure_equals_its_own_series(
    make_pack: PackMaker, grain: str, as_of: str
) -> None:
    rows = queues()
    rows = rows[~rows["day"].between("2025-03-03", "2025-03-09")]  # a week without data
    said = {"title": "x", "better": "band", "definition": "x"}
    metrics = {**METRICS, **{name: {**said, **kind} for name, kind in KINDS.items()}}
    run = choices.start(str(make_pack(rows, metrics=metrics)), grain=grain, as_of=as_of)
    for measure in cards.build(run).measures:
        found = measure.rows.set_index("period")
        alone = series.build(run.source, measure.name, grain=grain, where=run.where)
        alone = alone.set_index("period").reindex(found.index)
        assert found.index[-1] == measure.shown
        alone["value"] = alone["value"].where(~(found["value"].isna() & (found["why"] != "")))
        for column in ("events", "exposure", "value"):
            np.testing.assert_allclose(found[column], alone[column], rtol=1e-12)


def test_peers_equal_their_own_series(make_pack: PackMaker) -> None:
    """Billing lacks a day: its sum does not stand for the week, its shares do."""
    rows = queues()
    gone = (rows["queue"] == "Billing") & (rows["day"] == LAST_WEEK.date().isoformat())
    metrics = {**METRICS, "contacts": {**METRICS["contacts"], "comparable": "yes"}}
    run = choices.start(str(make_pack(rows[~gone], metrics=metrics, pack={"min_group": 5})))
    peers = cards.build(run).peers
    for name, others in {
        "contacts": ["Appeals"],
        "solved_share": ["Appeals", "Billing"],
        "reopened_share": ["Appeals", "Billing"],
    }.items():
        own = [
            series.build(run.source, name, where={"queue": queue}).iloc[-1] for queue in others
        ]
        assert all(row["period"] == LAST_WEEK for row in own)
        assert peers[name].n == len(others)
        assert peers[name].median == pytest.approx(
            pd.Series([row["value"] for row in own]).median(), rel=1e-12
        )
