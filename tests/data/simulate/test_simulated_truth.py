"""truth.json: its form, and that its numbers are those of tables with and without an effect."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from conftest import Read

from insights.data import simulate
from insights.data.simulate import EFFECTS, Truth
from insights.data.simulate.world import LABELS

MEASURE = {
    "metric": str, "unit": str, "segment": dict, "start": str, "end": str,
    "with_effect": float, "without_effect": float, "size": float, "cases": int,
    "observed_share": float,
}  # fmt: skip
OPTIONAL = ("days", "relative", "standard_error", "z", "smallest_scale")


def measures(truth: Truth, effect: str) -> list[dict]:
    return next(e for e in truth.record["effects"] if e["effect_id"] == effect)["measures"]


def measure(truth: Truth, effect: str, metric: str, **segment: str) -> dict:
    wanted = {name: value.split() for name, value in segment.items()}
    return next(
        m for m in measures(truth, effect) if m["metric"] == metric and m["segment"] == wanted
    )


def within(rows: pd.DataFrame, found: dict, clock: str) -> pd.DataFrame:
    """Return the rows of a table that a measure is about."""
    rows = rows[(rows[clock] >= found["start"]) & (rows[clock] < found["end"])]
    for name, values in found["segment"].items():
        rows = rows[rows[name].isin(values)]
    return rows


def test_truth_json_has_every_effect_with_all_its_fields(truth: Truth):
    record = json.loads((truth.folder / "truth.json").read_text())
    assert record == truth.record
    stated = [record[name] for name in ("schema", "seed", "scale", "weeks", "start", "end")]
    assert stated == [1, 7, 0.02, 104, "2024-01-01", "2025-12-29"]
    assert record["hidden_end"] == "2026-03-30"
    assert [effect["effect_id"] for effect in record["effects"]] == list(EFFECTS)
    for effect in record["effects"]:
        assert effect["status"] == "planted"
        assert all(effect[name] for name in ("name", "kind", "mechanism", "detectable_by"))
        assert effect["measures"] or effect["effect_id"] == "E15"
        for found in effect["measures"]:
            assert set(found) == {*MEASURE, *OPTIONAL}
            assert {n for n, kind in MEASURE.items() if not isinstance(found[n], kind)} == set()
            assert "2024-01-01" <= found["start"] < found["end"] <= "2025-12-29"
            for name, values in found["segment"].items():
                assert set(values) <= set(LABELS[name])


def test_e15_lists_at_least_thirty_null_series(truth: Truth):
    series = truth.record["effects"][-1]["null_series"]
    assert len(series) >= 30
    assert len({json.dumps(row) for row in series}) == len(series)


def test_planted_sizes_come_out_near_what_was_meant(truth: Truth):
    """Wide bounds: at a fiftieth of full scale a size is a draw, but its order holds."""
    size = {
        "E1": measure(truth, "E1", "csat_true")["size"],
        "E1 topic": measure(truth, "E1", "csat_true", topic="account_access")["size"],
        "E2": measures(truth, "E2")[0]["relative"],
        "E3": measures(truth, "E3")[0]["size"],
        "E5": measure(truth, "E5", "reopen_rate", topic="account_access")["size"],
        "E5 handle": measure(truth, "E5", "handle_minutes", topic="account_access")["relative"],
        "E8": measure(truth, "E8", "measures", policy="harassment")["relative"],
        "E9": measures(truth, "E9")[0]["relative"],
        "E10": measure(truth, "E10", "accuracy", market="TR")["size"],
        "E14": measure(truth, "E14", "response_rate")["size"],
    }
    meant = {
        "E1": (-0.035, -0.015), "E1 topic": (0.008, 0.035), "E2": (0.6, 1.0),
        "E3": (-0.25, -0.11), "E5": (0.008, 0.03), "E5 handle": (-0.101, -0.099),
        "E8": (0.45, 0.55), "E9": (0.28, 0.42), "E10": (-0.055, -0.025),
        "E14": (-0.06, -0.035),
    }  # fmt: skip
    assert {n: size[n] for n, (low, high) in meant.items() if not low <= size[n] <= high} == {}


@pytest.mark.parametrize("effect", ["E4", "E6"])
def test_what_has_no_effect_has_a_size_of_exactly_zero_and_no_scale(truth: Truth, effect: str):
    for found in measures(truth, effect):
        assert (found["size"], found["smallest_scale"]) == (0.0, None)


def test_e6_acts_on_three_markets_that_were_worst_before(truth: Truth, table: Read):
    markets = measures(truth, "E6")[0]["segment"]["market"]
    surveys = table("surveys")
    before = surveys[surveys["responded_at"].between("2025-03-10", "2025-04-06 23:59:59.999")]
    level = (before["score"] >= 4).groupby(before["market"]).mean()
    assert set(markets) == set(level.nsmallest(3).index)


def test_with_effect_is_what_the_tables_hold(truth: Truth, table: Read):
    contacts, surveys = table("contacts"), table("surveys")
    found = measure(truth, "E2", "contact_volume", topic="account_access", market="US BR ID")
    assert len(within(contacts, found, "created_at")) == found["with_effect"] == found["cases"]
    found = measure(truth, "E2", "first_reply_p90", topic="account_access")
    rows = within(contacts[~contacts["is_bot"].astype(bool)], found, "created_at")
    hours = (rows["first_reply_at"] - rows["created_at"]).dt.total_seconds() / 3600
    assert hours.quantile(0.9) == pytest.approx(found["with_effect"], rel=1e-9)
    found = measure(truth, "E14", "csat_raw")
    rows = within(surveys, found, "sent_at").dropna(subset="score")
    assert (rows["score"] >= 4).mean() == pytest.approx(found["with_effect"], abs=1e-9)
    found = measure(truth, "E8", "measures", policy="harassment")
    rows = within(table("mod_items"), found, "enqueued_at")
    assert (rows["action"] != "none").sum() == found["with_effect"]
    found = measure(truth, "E5", "qa_score", queue="account_access")
    rows = within(table("qa"), found, "reviewed_at")
    assert rows["score"].mean() == pytest.approx(found["with_effect"], abs=2e-4)


def test_without_effect_is_what_a_build_without_it_holds(tmp_path: Path):
    made = [
        simulate.build(tmp_path / name, scale=0.01, seed=2, weeks=36, without=off)
        for name, off in (("with", ()), ("without", ("E2",)))
    ]
    rows = pd.read_parquet(made[1].folder / "contacts.parquet")
    found = measure(made[0], "E2", "contact_volume", topic="account_access", market="US BR ID")
    assert len(within(rows, found, "created_at")) == found["without_effect"]
    found = measure(made[0], "E2", "first_reply_p90", topic="account_access")
    rows = within(rows[~rows["is_bot"].astype(bool)], found, "created_at")
    hours = (rows["first_reply_at"] - rows["created_at"]).dt.total_seconds() / 3600
    assert hours.quantile(0.9) == pytest.approx(found["without_effect"], rel=1e-9)
    status = {e["effect_id"]: e["status"] for e in made[1].record["effects"]}
    assert (status["E2"], status["E9"], status["E3"]) == ("off", "planted", "outside")
    assert measures(made[1], "E2") == [] and measures(made[1], "E3") == []


def test_smallest_scale_is_where_z_reaches_four_and_a_week_is_published(truth: Truth):
    found = measure(truth, "E5", "reopen_rate", topic="account_access")
    assert found["smallest_scale"] == pytest.approx(0.02 * (4 / found["z"]) ** 2, rel=0.01)
    found = measure(truth, "E1", "appeal_help_share")
    weeks = (pd.Timestamp(found["end"]) - pd.Timestamp(found["start"])).days / 7
    assert found["smallest_scale"] == pytest.approx(
        0.02 * 10 / (found["cases"] / weeks), rel=0.01
    )
    unseen = measure(truth, "E7", "wrong_share", market="MX ES")
    assert unseen["size"] > 0.01 and unseen["smallest_scale"] is None
