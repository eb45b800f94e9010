"""What a pack knows of coming days, as forecasts take it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml

from insights import pack as packs
from insights.data import calendars
from insights.pack import Pack

SEGMENTS = {"all": {}, "market=TR": {"market": "TR"}, "market=XX": {"market": "XX"}}
METRIC = {
    "title": "Contacts", "table": "t", "kind": "count", "unit": "count", "better": "band",
    "owner": "Planning", "definition": "Contacts.", "clock": "day", "dimensions": ["market"],
}  # fmt: skip


def made(folder: Path, *, events: dict[str, object] | None = None, **info: object) -> Pack:
    (folder / "t.csv").write_text("day,market\n2025-01-06,TR\n")
    files = {
        "pack": {"title": "Acme", **info},
        "source": {"tables": {"t": {"path": "t.csv", "row": "a contact"}}},
        "metrics": {"metrics": {"contacts": METRIC}},
        "events": {"events": events or {}},
    }
    for stem, content in files.items():
        (folder / f"{stem}.yaml").write_text(yaml.safe_dump(content))
    return packs.load(folder)


def found(pack: Pack) -> pd.DataFrame:
    return calendars.events(pack, SEGMENTS, date(2025, 1, 1), date(2025, 12, 31))


def test_an_event_stands_on_each_of_its_days_in_every_segment(tmp_path: Path) -> None:
    event = {"title": "Outage", "start": "2025-03-01", "end": "2025-03-03", "kind": "incident"}
    rows = found(made(tmp_path, events={"outage": event}))
    assert [d.day for d in rows["ds"]] == [1, 2, 3]
    assert rows["unique_id"].isna().all()
    assert set(rows["kind"]) == {"incident"}


def test_an_event_of_one_market_stands_in_the_segments_within_it(tmp_path: Path) -> None:
    event = {
        "title": "Fair", "start": "2025-03-01", "kind": "launch", "where": {"market": "TR"},
    }  # fmt: skip
    rows = found(made(tmp_path, events={"fair": event}))
    assert list(rows["unique_id"]) == ["market=TR"]


def test_what_lies_outside_the_span_is_left_out(tmp_path: Path) -> None:
    event = {"title": "Old", "start": "2024-12-30", "end": "2025-01-02", "kind": "holiday"}
    assert len(found(made(tmp_path, events={"old": event}))) == 2


def test_public_holidays_stand_in_the_segments_of_their_country(tmp_path: Path) -> None:
    rows = found(made(tmp_path, holidays={"dimension": "market"}))
    assert set(rows["unique_id"]) == {"market=TR"}
    victory = rows[rows["ds"] == pd.Timestamp("2025-08-30")]
    assert list(victory["name"]) == ["Victory Day"]
    assert set(rows["kind"]) == {"holiday"}


def test_a_value_may_stand_for_a_country_by_another_name(tmp_path: Path) -> None:
    rows = found(made(tmp_path, holidays={"dimension": "market", "countries": {"XX": "DE"}}))
    german = rows[rows["unique_id"] == "market=XX"]
    assert "German Unity Day" in set(german["name"])


def test_an_unknown_country_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(packs_error()) as refused:
        made(tmp_path, holidays={"dimension": "market", "countries": {"XX": "Germany"}})
    assert "'Germany' is no country whose holidays are known; give its ISO 3166 code" in str(
        refused.value
    )


def packs_error() -> type[ValueError]:
    from insights.errors import ParamError

    return ParamError
