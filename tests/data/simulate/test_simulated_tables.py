"""The tables of a build: the same twice, identities, public anchors, nothing hidden in them."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import Read

from insights.data import simulate
from insights.data.simulate import Truth, queues
from insights.data.simulate.tables import FIELDS, SOURCES
from insights.data.simulate.world import DAY, World

CUT = pd.Timestamp("2025-12-29")
CLOCK = {
    "contacts": "created_at", "surveys": "sent_at", "mod_items": "enqueued_at",
    "appeals": "filed_at", "qa": "reviewed_at", "staffing": "date", "exposure": "date",
    "backlog": "date", "users": "date",
}  # fmt: skip


def digests(folder: Path) -> dict[str, str]:
    """Return a hash of every frame of a build."""
    found = {}
    for path in sorted(folder.rglob("*.parquet")):
        frame = pd.read_parquet(path)
        rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
        found[str(path.relative_to(folder))] = hashlib.sha256(rows.tobytes()).hexdigest()
    return found


def test_the_same_seed_gives_the_same_tables_and_another_seed_others(tmp_path: Path):
    made = [
        digests(simulate.build(tmp_path / name, scale=0.005, seed=seed, weeks=20).folder)
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    assert made[0] == made[1]
    same = {name for name in made[0] if made[0][name] == made[2][name]}
    assert same == {"users.parquet", "truth/users.parquet"}  # growth is given, not drawn


def test_an_effect_switched_off_leaves_the_tables_it_does_not_touch(tmp_path: Path):
    """E2 is about contacts: decisions, exposure and staffing do not know of it."""
    with_, without = (
        digests(simulate.build(tmp_path / name, scale=0.005, weeks=34, without=off).folder)
        for name, off in (("with", ()), ("without", ("E2",)))
    )
    same = {name.removesuffix(".parquet") for name in with_ if with_[name] == without[name]}
    untouched = {"mod_items", "appeals", "staffing", "exposure"}
    assert untouched | {f"truth/{name}" for name in untouched} <= same
    assert not {"contacts", "surveys", "backlog"} & same


def test_an_earlier_build_is_replaced_and_leaves_nothing_beside_it(tmp_path: Path):
    place = tmp_path / "here"
    simulate.build(place, scale=0.003, weeks=20, seed=1)
    first = digests(place)
    simulate.build(place, scale=0.003, weeks=20, seed=2)
    assert set(digests(place)) == set(first) and digests(place) != first
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_every_table_holds_the_columns_it_promises_and_no_truth(table: Read, truth: Truth):
    for name in SOURCES:
        assert list(table(name)) == list(FIELDS[name])
    every = {column for name in SOURCES for column in FIELDS[name]}
    assert not {word for word in every if "true" in word or "latent" in word or "wrong" in word}
    assert {path.name for path in truth.folder.iterdir()} == {
        "truth", "truth.json", *(f"{name}.parquet" for name in SOURCES)
    }  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_hidden_weeks_are_under_truth_and_never_in_a_source_table(name: str, table: Read):
    seen = pd.to_datetime(table(name)[CLOCK[name]])
    hidden = pd.to_datetime(table(f"truth/{name}")[CLOCK[name]])
    assert seen.max() < CUT <= hidden.min()
    assert (hidden.max() - CUT).days >= 90
    times = [column for column, kind in FIELDS[name].items() if kind == "time"]
    for column in times:
        assert table(name)[column].max() < CUT


def test_ids_are_unique_and_refer_to_rows_that_exist(table: Read):
    for name, key in (("contacts", "contact_id"), ("mod_items", "item_id"),
                      ("surveys", "survey_id"), ("appeals", "appeal_id")):  # fmt: skip
        ids = pd.concat([table(name)[key], table(f"truth/{name}")[key]])
        assert ids.is_unique
    assert table("surveys")["contact_id"].isin(table("contacts")["contact_id"]).all()
    assert table("appeals")["item_id"].isin(table("mod_items")["item_id"]).all()


def test_events_of_a_contact_come_in_order(table: Read):
    rows = table("contacts")
    names = ["created_at", "first_reply_at", "first_resolved_at", "reopened_at"]
    for before, after in zip(names, names[1:], strict=False):
        known = rows[after].notna()
        assert (rows.loc[known, before] <= rows.loc[known, after]).all()
    solved = rows["status"] == "solved"
    assert (rows["last_resolved_at"].notna() == solved).all()
    assert 0 < (~solved).mean() < 0.03


def test_the_backlog_identity_holds_every_day_queue_and_market(table: Read):
    rows = table("backlog").sort_values(["queue", "market", "date"])
    before = rows.groupby(["queue", "market"])["open"].shift(fill_value=0)
    flow = rows["created"] + rows["reopened"] - rows["solved"]
    assert (rows["open"] == before + flow).all()
    assert rows["open"].max() > 0


def test_the_backlog_is_what_the_contacts_say(table: Read):
    contacts, backlog = table("contacts"), table("backlog")
    for day in ("2024-03-05", "2024-08-07", "2025-11-30", "2025-12-28"):
        end = pd.Timestamp(day) + pd.Timedelta(days=1)
        first_open = (contacts["created_at"] < end) & ~(contacts["first_resolved_at"] < end)
        again = (contacts["reopened_at"] < end) & ~(contacts["last_resolved_at"] < end)
        found = contacts[first_open | again].groupby("queue").size()
        stated = backlog[pd.to_datetime(backlog["date"]) == day].groupby("queue")["open"].sum()
        pd.testing.assert_series_equal(found, stated, check_names=False, check_dtype=False)


def test_queues_agree_with_one_contact_at_a_time():
    """Served in order: work starts when the queue is free, the contact there, the desk open."""
    world = World(0.01, 5, 20, frozenset())
    capacity = queues.staffed(world, 0.0)
    rng = np.random.default_rng(0)
    arrived = np.sort(rng.uniform(0, 20 * DAY, 400))
    work = capacity.daily[:20, 0].sum() / 420 * rng.lognormal(0, 0.5, 400)
    desk = queues.Desk()
    half = 170
    queue = np.zeros(400, dtype=int)
    start = np.concatenate(
        [desk.serve(capacity, queue[part], arrived[part], work[part])
         for part in (slice(0, half), slice(half, None))]
    )  # fmt: skip
    free = 0.0
    for index in range(400):
        day = int(arrived[index] // DAY)
        share = (arrived[index] - day * DAY - queues.OPENS) / (queues.CLOSES - queues.OPENS)
        staffed = capacity.before[day, 0] + min(max(share, 0), 1) * capacity.daily[day, 0]
        taken = max(free, staffed)
        free = taken + work[index]
        day = int(np.searchsorted(capacity.before[:, 0], taken + 1e-3, side="right")) - 1
        share = (taken - capacity.before[day, 0]) / capacity.daily[day, 0]
        at = day * DAY + queues.OPENS + share * (queues.CLOSES - queues.OPENS)
        assert start[index] == pytest.approx(max(at, arrived[index]), abs=0.1)
    hours = (start % DAY) / 3600
    assert hours.min() >= 5 - 1e-6 and hours.max() <= 23 + 1e-6
    assert (start - arrived).max() > 3600


def test_overall_figures_are_near_the_public_ones(truth: Truth):
    """Tolerances hold the published range, and sampling at this scale."""
    found = truth.record["anchors"]
    near = {
        "response_rate": (0.11, 0.13), "automation_share": (0.93, 0.95),
        "proactive_rate": (0.98, 0.993), "within_24h": (0.92, 0.95),
        "appeal_rate": (0.05, 0.06), "overturn_rate": (0.44, 0.48),
        "overturn_visibility": (0.48, 0.52), "overturn_account": (0.39, 0.45),
        "overturn_live": (0.29, 0.36), "unseen_share": (0.77, 0.82),
        "notice_hours_p50": (5.3, 6.3), "csat_true": (0.73, 0.78),
        "sla_attainment": (0.80, 0.95), "reopen_rate": (0.05, 0.10),
        "human_accuracy": (0.90, 0.95), "first_reply_hours_p50": (4.0, 12.0),
    }  # fmt: skip
    assert set(found) == {*near, "csat_raw"}
    assert {
        name for name, (low, high) in near.items() if not low <= found[name] <= high
    } == set()
    assert 0.08 <= found["csat_true"] - found["csat_raw"] <= 0.11


def test_overall_figures_are_those_of_the_tables(truth: Truth, table: Read):
    found = truth.record["anchors"]
    surveys, items, contacts = table("surveys"), table("mod_items"), table("contacts")
    scored = surveys["score"].dropna()
    assert (scored >= 4).mean() == pytest.approx(found["csat_raw"], abs=2e-3)
    assert surveys["score"].notna().mean() == pytest.approx(found["response_rate"], abs=2e-3)
    measures = items[items["action"].notna() & (items["action"] != "none")]
    automated = measures["decision_auto"].astype(bool)
    assert automated.mean() == pytest.approx(found["automation_share"], abs=1e-3)
    gates = measures["action"] == "age_restricted"
    assert gates.mean() > 0.02 and not automated[gates].any()
    assert len(table("appeals")) / len(measures) == pytest.approx(
        found["appeal_rate"], abs=1e-3
    )
    met = contacts["sla_met"].dropna().astype(bool)
    assert met.mean() == pytest.approx(found["sla_attainment"], abs=3e-3)


def test_true_satisfaction_is_known_of_every_contact_under_truth_only(
    table: Read, truth: Truth
):
    known = table("truth/csat")
    every = pd.concat([table("contacts")["contact_id"], table("truth/contacts")["contact_id"]])
    assert set(known["contact_id"]) == set(every)
    asked = known[known["surveyed"].astype(bool)]
    merged = asked.merge(table("surveys"), on="contact_id")
    usual = merged[merged["score"].notna() & (merged["sent_at"].dt.year == 2025)]
    assert (usual["true_score"] == usual["score"]).all()


def test_staffing_adds_up_and_shrinkage_is_near_practice(table: Read):
    rows = table("staffing")
    lost = rows["shrinkage_planned"] + rows["shrinkage_unplanned"]
    assert np.allclose(rows["productive_h"], rows["scheduled_h"] * (1 - lost))
    assert 0.28 < lost.mean() < 0.32
    handled = table("contacts")["handle_s"].sum() / 3600
    assert 0.6 < handled / rows["capacity_h"].sum() < 1.0


def test_users_grow_as_the_contacts_do(table: Read):
    users, contacts = table("users"), table("contacts")
    totals = users.groupby("date")["monthly_users"].sum()
    assert 1.3 < totals.iloc[-1] / totals.iloc[0] < 1.5
    year = contacts["created_at"].dt.year.value_counts()
    grown = totals.iloc[364:].mean() / totals.iloc[:364].mean()
    assert year[2025] / year[2024] == pytest.approx(grown, rel=0.05)


def test_agents_and_moderators_are_pseudonyms_of_one_form(table: Read):
    agents = table("contacts")["agent_key"].dropna().unique()
    moderators = table("exposure")["moderator_key"].unique()
    assert all(len(key) == 15 and key.startswith("ag_") for key in agents)
    assert all(len(key) == 15 and key.startswith("mo_") for key in moderators)
    assert set(table("mod_items")["moderator_key"].dropna()) <= set(moderators) | {
        *table("truth/exposure")["moderator_key"], *table("mod_items")["moderator_key"].dropna()
    }  # fmt: skip


def test_files_are_plain_parquet_with_times_without_a_zone(truth: Truth):
    schema = pq.read_schema(truth.folder / "contacts.parquet")
    assert str(schema.field("created_at").type) == "timestamp[ms]"
    assert str(schema.field("market").type) == "string"
    assert schema.metadata is None


def test_memory_does_not_grow_with_weeks(tmp_path: Path):
    def peak(weeks: int) -> float:
        tracemalloc.start()
        simulate.build(tmp_path / str(weeks), scale=0.04, weeks=weeks, without=("E9", "E10"))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(60) < 1.5 * peak(20)
