"""Dirt lies where the record says it lies, and nowhere else; clean tables stay as they were."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from insights.data import simulate
from insights.data.simulate import DIRT
from insights.data.simulate.dirt import lay
from insights.data.simulate.tables import FIELDS
from insights.data.simulate.world import World
from insights.errors import ParamError

SCALE, SEED, WEEKS = 0.005, 11, 40
WORLD = World(SCALE, SEED, WEEKS, frozenset(simulate.EFFECTS))
Laid = Callable[..., tuple[Path, dict[str, dict[str, Any]]]]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("clean") / "operation"
    return simulate.build(place, scale=SCALE, seed=SEED, weeks=WEEKS).folder


@pytest.fixture
def laid(clean: Path, tmp_path: Path) -> Laid:
    """Lay kinds of dirt over a copy of the clean tables."""

    def over(*names: str) -> tuple[Path, dict[str, dict[str, Any]]]:
        place = tmp_path / "-".join(names)
        shutil.copytree(clean, place)
        return place, {one["dirt_id"]: one for one in lay(place, WORLD, names)}

    return over


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{name}.parquet")


def days(stamps: pd.Series) -> list[str]:
    return sorted(set(stamps.dropna().dt.strftime("%Y-%m-%d")))


def unlike(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return which cells of two frames of the same rows differ."""
    one, other = one.astype(object), other[one.columns].astype(object)
    return (one != other) & ~(one.isna() & other.isna())


def changed(clean: Path, dirty: Path, record: dict[str, Any]) -> pd.DataFrame:
    """Return the clean rows that dirt changed, and see that it changed no other column."""
    before, after = read(clean, record["table"]), read(dirty, record["table"])
    cells = unlike(before, after)
    assert set(cells.columns[cells.any()]) == set(record["columns"])
    return before[cells.any(axis=1)]


def test_a_clean_build_knows_no_dirt(clean: Path):
    assert "dirt" not in json.loads((clean / "truth.json").read_text())


def test_exact_duplicates_are_whole_rows_written_twice(clean: Path, laid: Laid):
    dirty, record = laid("D1")
    before, after = read(clean, "mod_items"), read(dirty, "mod_items")
    copies = after[after.duplicated()]
    assert len(copies) == len(after) - len(before) == record["D1"]["rows"]
    assert record["D1"]["rows"] == round(0.006 * len(before))
    assert days(copies["enqueued_at"]) == record["D1"]["days"]


def test_doubled_ids_differ_in_what_they_say(clean: Path, laid: Laid):
    dirty, record = laid("D2")
    after = read(dirty, "contacts")
    doubled = after[after["contact_id"].duplicated()]
    assert len(doubled) == record["D2"]["rows"] == round(0.003 * len(read(clean, "contacts")))
    assert not after.duplicated().any()
    assert days(doubled["created_at"]) == record["D2"]["days"]


def test_a_gap_of_41_days_is_dated_into_the_two_days_after(clean: Path, laid: Laid):
    dirty, record = laid("D3")
    said = record["D3"]
    hit = changed(clean, dirty, said)
    after = read(dirty, "appeals")
    gap, backfill = said["days"][:41], said["backfill"]
    assert len(said["days"]) == 43 and said["days"][41:] == backfill
    for clock in ("filed_at", "decided_at"):
        seen = after[clock].dt.strftime("%Y-%m-%d")
        assert not seen.isin(gap).any()
        assert seen.isin(backfill).sum() > 5 * len(after) / (7 * WEEKS)
    assert len(hit) == said["rows"]
    assert (after["decided_at"] >= after["filed_at"])[after["decided_at"].notna()].all()


def test_one_market_writes_local_time_on_both_sides_of_a_change_of_the_clocks(
    clean: Path, laid: Laid
):
    dirty, record = laid("D4")
    said, turn = record["D4"], pd.Timestamp(record["D4"]["clocks_change"])
    hit = changed(clean, dirty, said)
    assert set(hit["market"]) == {"US"} and len(hit) == said["rows"]
    assert (days(hit["created_at"])[0], days(hit["created_at"])[-1]) == (
        said["start"], said["end"]
    )  # fmt: skip
    after = read(dirty, "contacts").loc[hit.index]
    hours = (after["created_at"] - hit["created_at"]).dt.total_seconds() / 3600
    side = hit["created_at"] < turn + pd.Timedelta(hours=8)
    assert {tuple(sorted(set(hours[side]))), tuple(sorted(set(hours[~side])))} == {
        (-6.0,), (-5.0,)
    }  # fmt: skip


def test_contacts_solved_before_they_were_created(clean: Path, laid: Laid):
    dirty, record = laid("D5")
    hit = changed(clean, dirty, record["D5"])
    after = read(dirty, "contacts")
    bad = after["first_resolved_at"] < after["created_at"]
    assert bad.sum() == len(hit) == record["D5"]["rows"] == round(0.002 * len(after))
    assert days(after["created_at"][bad]) == record["D5"]["days"]
    assert (after["last_resolved_at"] < after["created_at"]).equals(bad)


def test_numbers_become_text_with_separators(clean: Path, laid: Laid):
    dirty, record = laid("D6")
    before = read(clean, "mod_items")["views_at_action"]
    after = read(dirty, "mod_items")["views_at_action"]
    assert after.str.contains(",").sum() == record["D6"]["rows"] == (before >= 1000).sum()
    assert np.allclose(after.str.replace(",", "").astype(float), before.round(), equal_nan=True)


def test_one_label_is_renamed_and_one_merged_from_a_day_on(clean: Path, laid: Laid):
    dirty, record = laid("D7")
    said = record["D7"]
    hit = changed(clean, dirty, said)
    since = pd.Timestamp(said["start"])
    after = read(dirty, "contacts")
    late = after["created_at"] >= since
    assert (hit["created_at"] >= since).all() and len(hit) == said["rows"]
    assert not {"live_gifts", "bug"} & set(after["topic"][late])
    assert "live" not in set(after["topic"][~late]) and "live" in set(after["topic"][late])


def test_late_rows_say_so_and_those_to_come_are_not_there(clean: Path, laid: Laid):
    dirty, record = laid("D8")
    before, after = read(clean, "qa"), read(dirty, "qa")
    waited = (after["recorded_at"] - after["reviewed_at"]).dt.total_seconds() / 86_400
    assert (waited > 7).sum() == record["D8"]["rows"]
    assert waited.min() >= 0 and waited.max() < 40
    assert record["D8"]["rows"] == pytest.approx(0.05 * len(before), rel=0.25)
    assert len(before) - len(after) == record["D8"]["not_arrived"] > 0
    assert days(after["reviewed_at"][waited > 7]) == record["D8"]["days"]


def test_codes_stand_where_nobody_answered(clean: Path, laid: Laid):
    dirty, record = laid("D9")
    hit = changed(clean, dirty, record["D9"])
    assert hit["score"].isna().all() and len(hit) == record["D9"]["rows"]
    scores = read(dirty, "surveys")["score"]
    assert set(scores[~scores.between(1, 5)].dropna()) == {0, 6, 11, 99}


def test_an_agents_id_goes_to_somebody_new(clean: Path, laid: Laid):
    dirty, record = laid("D10")
    said = record["D10"]
    changed(clean, dirty, said)
    after = read(dirty, "contacts").sort_values("created_at").dropna(subset=["agent_key"])
    falls = after.groupby("agent_key")["agent_tenure_weeks"].diff() < 0
    assert after.loc[falls, "agent_key"].nunique() == said["ids"]
    assert after.loc[falls, "created_at"].min().strftime("%Y-%m-%d") >= said["reused_from"]
    reused = after[after["agent_key"].isin(after.loc[falls, "agent_key"])]
    assert (reused["created_at"] >= said["reused_from"]).sum() == said["rows"]


def test_merged_contacts_name_the_one_that_stays(clean: Path, laid: Laid):
    dirty, record = laid("D11")
    before, after = read(clean, "contacts"), read(dirty, "contacts")
    gone = after[after["merged_into"].notna()]
    assert len(gone) == len(after) - len(before) == record["D11"]["rows"]
    assert set(gone["merged_into"].astype("int64")) <= set(before["contact_id"])
    assert not after["contact_id"].duplicated().any()
    assert days(gone["created_at"]) == record["D11"]["days"]


def test_every_canary_is_in_a_comment_or_a_tag_and_nowhere_else(clean: Path, laid: Laid):
    dirty, record = laid("D12")
    after = read(dirty, "surveys")
    text = " ".join(after["comment"].dropna()) + " ".join(after["tags"].dropna())
    canaries = record["D12"]["canaries"]
    assert len(set(canaries)) == len(canaries) == record["D12"]["rows"]
    assert all(one in text for one in canaries)
    assert any("@" in one for one in canaries) and any("+1 555" in one for one in canaries)


@pytest.mark.parametrize("name", ["D1", "D5", "D9"])
def test_one_kind_lies_the_same_whatever_else_is_laid(name: str, laid: Laid):
    _, alone = laid(name)
    _, among = laid(*DIRT)
    assert alone[name]["rows"] == among[name]["rows"]
    assert alone[name]["days"] == among[name]["days"]


def test_all_kinds_together_leave_every_other_table_and_the_truth_alone(
    clean: Path, laid: Laid
):
    dirty, record = laid(*DIRT)
    assert list(record) == list(DIRT)
    touched = {kind.table for kind in DIRT.values()}
    for path in sorted(clean.rglob("*.parquet")):
        name = path.relative_to(clean)
        same = path.read_bytes() == (dirty / name).read_bytes()
        assert same == (str(name.with_suffix("")) not in touched), name
    for name in touched:
        assert list(read(dirty, name))[: len(FIELDS[name])] == list(FIELDS[name])


def test_a_build_lays_what_it_is_asked_and_says_so(tmp_path: Path):
    options = {"scale": 0.002, "weeks": 20, "seed": 3}
    one = simulate.build(tmp_path / "a", dirt=["D9", "D2"], **options)
    two = simulate.build(tmp_path / "b", dirt=["D2", "D9"], **options)
    every = simulate.build(tmp_path / "c", dirt=["all"], **options)
    assert [kind["dirt_id"] for kind in one.record["dirt"]] == ["D2", "D9"]
    assert one.record == two.record == json.loads((one.folder / "truth.json").read_text())
    assert [kind["dirt_id"] for kind in every.record["dirt"]] == list(DIRT)
    for name in ("contacts", "surveys"):
        assert read(one.folder, name).equals(read(two.folder, name))


def test_an_unknown_kind_is_refused(tmp_path: Path):
    with pytest.raises(ParamError) as refused:
        simulate.build(tmp_path / "new", dirt=["D1", "D13"])
    every = ", ".join(f"D{number}" for number in range(1, 13))
    assert str(refused.value) == (f"unknown dirt 'D13'; did you mean 'D3'? There are {every}.")
    assert list(tmp_path.iterdir()) == []
