"""Every kind of dirt is caught by a gate that names it, with rows and days."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from insights import pack as packs
from insights.data import quality, simulate, sources
from insights.data.daily import VOLUME
from insights.data.quality import Finding, Look, Seen, see

SCALE, SEED, WEEKS = 0.015, 4, 60
ARTEFACT = "E14"  # an answer scale that was reversed is dirt as well: a gate must fire
FIRES = {  # dirt: the gate, and a metric that it must stop (warn: that it must be said of)
    "D1": ("exact duplicates", "items_actioned", "fail"),
    "D2": ("duplicate keys", "contact_volume", "fail"),
    "D4": ("mixed time zones", "contact_volume", "fail"),
    "D5": ("times out of order", "reopen_rate", "fail"),
    "D6": ("mixed number formats", "unseen_share", "fail"),
    "D7": ("changed labels", "contact_volume", "warn"),
    "D8": ("late arrivals", "qa_score", "fail"),
    "D9": ("codes among answers", "csat", "fail"),
    "D10": ("reused ids", "handle_time", "warn"),
    "D11": ("merged rows counted", "contact_volume", "fail"),
    "D12": ("personal data", "csat", "warn"),
}


@contextmanager
def judged(folder: Path, place: Path) -> Iterator[dict[str, Seen]]:
    """Yield what the gates say of every metric of the demo's pack over other tables."""
    shutil.copytree(packs.root() / "params" / "demo", place)
    text = (place / "source.yaml").read_text().replace("simulated:", f"{folder}/")
    (place / "source.yaml").write_text(text)
    with sources.opened(packs.load(place)) as source:
        looks = [Look(source, name, m, {}) for name, m in source.pack.metrics.items()]
        yield dict(zip(source.pack.metrics, see(looks, until=None), strict=True))


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("dirty")
    options = {"scale": SCALE, "seed": SEED, "weeks": WEEKS, "without": [ARTEFACT]}
    truth = simulate.build(place / "tables", dirt=["all"], **options)
    with judged(truth.folder, place / "pack") as seen:
        return {"seen": seen, "laid": {one["dirt_id"]: one for one in truth.record["dirt"]}}


def of(seen: Seen, gate: str) -> list[Finding]:
    return [finding for finding in seen.findings if finding.gate == gate]


def counted(message: str) -> int:
    """Return the first count of a message."""
    return int(re.findall(r"(\d[\d,]*)", message)[0].replace(",", ""))


@pytest.mark.parametrize("kind", FIRES)
def test_each_kind_is_caught_by_a_gate_of_its_name(kind: str, dirty: dict[str, Any]):
    gate, metric, level = FIRES[kind]
    found = of(dirty["seen"][metric], gate)
    assert [one.level for one in found] == [level] * len(found) and found
    assert re.search(r"20\d\d", found[0].message) and counted(found[0].message)


@pytest.mark.parametrize(("kind", "near"), [("D5", 0.05), ("D9", 0.02), ("D11", 0.02)])
def test_rows_and_days_are_those_that_were_laid(kind: str, near: float, dirty: dict[str, Any]):
    gate, metric, _ = FIRES[kind]
    (found,) = of(dirty["seen"][metric], gate)
    said = dirty["laid"][kind]
    days = {f"{day:%Y-%m-%d}" for day in found.days}
    assert counted(found.message) == pytest.approx(said["rows"], rel=near)
    assert len(days & set(said["days"])) >= 0.98 * len(days | set(said["days"]))


def test_the_gap_and_its_backfill_are_named_day_by_day(dirty: dict[str, Any]):
    days = dirty["seen"]["overturn_rate"].days
    assert days is not None
    whole = pd.DataFrame({"period": pd.date_range(days["period"].min(), days["period"].max())})
    feed = quality.feed(whole.merge(days[["period", VOLUME]], how="left"), grain="week")
    states = feed.table.set_index("period")["state"]
    said = dirty["laid"]["D3"]
    assert states[said["days"][0] : said["days"][40]].eq("missing").all()
    assert states[said["backfill"]].eq("backfill").all()
    assert "41 days without any data" in feed.says("missing")


def test_the_zone_gate_names_the_market_and_both_offsets(dirty: dict[str, Any]):
    (found,) = of(dirty["seen"]["contact_volume"], "mixed time zones")
    turn = pd.Timestamp(dirty["laid"]["D4"]["clocks_change"])
    assert found.message.count("of market US read") == 2
    assert "6 hours earlier" in found.message and "5 hours earlier" in found.message
    assert "of market" in found.message and "language" not in found.message
    assert turn in found.days


def test_the_label_gate_names_what_ended_and_what_began(dirty: dict[str, Any]):
    (found,) = of(dirty["seen"]["contact_volume"], "changed labels")
    assert "live_gifts ended" in found.message and "live began" in found.message


def test_no_canary_is_in_any_message(dirty: dict[str, Any]):
    said = " ".join(f.message for seen in dirty["seen"].values() for f in seen.findings)
    assert not [one for one in dirty["laid"]["D12"]["canaries"] if one in said]
    assert "@" not in said


def test_metrics_that_read_none_of_it_go_on(dirty: dict[str, Any]):
    for name in ("backlog", "shrinkage", "severe_hours", "breaks_taken"):
        assert dirty["seen"][name].findings == []


def test_a_clean_operation_passes_every_gate(tmp_path: Path):
    """Its planted effects are news, not dirt; 20 seeds are in the table of truth."""
    options = {"scale": 0.01, "seed": 100, "weeks": WEEKS, "without": [ARTEFACT]}
    truth = simulate.build(tmp_path / "tables", **options)
    with judged(truth.folder, tmp_path / "pack") as seen:
        assert {name: one.findings for name, one in seen.items() if one.findings} == {}
        assert all(one.asked for one in seen.values())
