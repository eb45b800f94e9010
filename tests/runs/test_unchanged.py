"""What is run again, and what is not: a page that would only be made again is left alone."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from runs_root import executed, files, make_root, manifests

from insights import pack as packs
from insights.data import sources
from insights.runs import engine, plan, publish, unchanged
from insights.runs.engine import Job, Outcome
from insights.runs.manifest import Run
from insights.runs.secrets import Secrets


@pytest.fixture
def own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_root(tmp_path / "root", ("web", "shop"))
    monkeypatch.chdir(root)
    return root


def jobs(versions: str = "1", **settings: str) -> dict[str, Job]:
    """Return the jobs of the small pack that run for each channel, by readout."""
    draft = packs.read("shop")
    assert draft.pack is not None
    asked = plan.Request(["each", "good"], settings)
    with sources.opened(draft.pack) as source:
        made = plan.jobs(
            draft.pack,
            asked,
            values=lambda dimension: sources.dimension_values(source, dimension),
            require=lambda where: sources.require_values(source, where),
        )
        made = unchanged.with_recipes(made, draft, source, {"python": versions})
    return {job.readout: job for job in made}


def publisher(root: Path) -> publish.Publisher:
    return publish.Publisher(root / "out", root, Secrets({}), publish.renderer())


def published(root: Path, job: Job, ago: float = 0, **said: str) -> None:
    """Publish a job's page, begun some seconds ago, without running its notebook."""
    publisher(root).settle(job, Run.begun(ago), Outcome(executed(**said), None, 1))


def test_a_page_stands_until_something_it_is_made_of_changes(own_root: Path):
    job = jobs()["good"]
    out = own_root / "out"
    assert unchanged.standing(out, job) is None
    published(own_root, job)
    (run,) = manifests(out)
    assert unchanged.standing(out, jobs()["good"]) == run
    assert unchanged.standing(out, jobs(versions="2")["good"]) is None
    assert unchanged.standing(out, jobs(weeks="4")["good"]) is None
    assert unchanged.standing(out, jobs()["each-web"]) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("params/shop/orders.csv", "9,2026-01-09,web\n"),
        ("params/shop/metrics.yaml", "    mature_after: 3\n"),
        ("notebooks/1_good.ipynb", "\n"),
    ],
)
def test_data_pack_and_notebook_each_count(own_root: Path, name: str, text: str):
    out, job = own_root / "out", jobs()["good"]
    published(own_root, job)
    changed = own_root / name
    before = changed.read_text()
    changed.write_text(before + text)
    assert unchanged.standing(out, jobs()["good"]) is None
    changed.write_text(before)
    os.utime(changed, (0, 0))  # when a file was written does not count
    assert unchanged.standing(out, jobs()["good"]) is not None


def test_after_a_failure_a_readout_is_run_though_nothing_changed(own_root: Path):
    out, job = own_root / "out", jobs()["good"]
    published(own_root, job, ago=20)
    publisher(own_root).settle(job, Run.begun(10), Outcome(None, "no such table", 1))
    assert unchanged.standing(out, job) is None
    published(own_root, job)
    assert unchanged.standing(out, job) is not None


def test_a_page_that_is_gone_or_another_run_s_does_not_stand(own_root: Path):
    out, job = own_root / "out", jobs()["good"]
    published(own_root, job)
    page = out / "shop" / "good" / "index.html"
    text = page.read_text()
    page.unlink()
    assert unchanged.standing(out, job) is None
    page.write_text(text.replace(manifests(out)[0]["run_id"], "another"))
    assert unchanged.standing(out, job) is None


def test_a_rerun_of_the_past_does_not_count_as_the_page_that_stands(own_root: Path):
    out, job = own_root / "out", jobs()["good"]
    published(own_root, job, ago=10)
    past = replace(job, recipe="past", parameters={**job.parameters, "as_of": "2025-12-29"})
    published(own_root, past, as_of="2025-12-29")
    assert [run["stands"] for run in manifests(out)] == [True, False]
    assert unchanged.standing(out, job) is not None
    assert unchanged.standing(out, past) is None


def test_data_that_reach_the_day_of_the_run_say_something_else_tomorrow(own_root: Path):
    """The notebook's data end in January 2026; here the clock says the same."""
    out, job = own_root / "out", jobs()["good"]
    published(own_root, job)
    (file,) = out.rglob("manifest.json")
    run = json.loads(file.read_text())
    run["data_through"] = run["started_at"][:10]
    file.write_text(json.dumps(run))
    begun = date.fromisoformat(run["started_at"][:10])
    assert unchanged.standing(out, job, begun) is not None
    assert unchanged.standing(out, job, begun + timedelta(days=1)) is None


def test_a_clock_that_is_set_back_loses_nothing_and_skips_nothing_wrongly(own_root: Path):
    """A run a year ahead, then one of today on other data, then the data of before again."""
    out, job = own_root / "out", jobs()["good"]
    ahead = Run.begun(-365 * 86400)
    publisher(own_root).settle(job, ahead, Outcome(executed(), None, 1))
    first = files(out / "shop" / "good" / "runs")
    other = replace(job, recipe="other")
    published(own_root, other, headline="Orders fell to 2.")
    page = (out / "shop" / "good" / "index.html").read_text()
    (today,) = [run for run in manifests(out) if run["recipe"] == "other"]
    assert today["status"] == "published"
    assert today["run_id"] in page
    assert all(run["seconds"]["total"] >= 0 for run in manifests(out))
    kept = files(out / "shop" / "good" / "runs")
    assert {name: kept[name] for name in first} == first
    assert unchanged.standing(out, job) is None  # its page is not the one that stands


def test_copies_of_a_pack_elsewhere_are_other_pages(own_root: Path):
    here = jobs()["good"]
    shutil.copytree(own_root / "params" / "shop", own_root / "params" / "kiosk")
    draft = packs.read("kiosk")
    assert draft.pack is not None
    with sources.opened(draft.pack) as source:
        made = plan.jobs(draft.pack, plan.Request(["good"]), values=list, require=print)
        (there,) = unchanged.with_recipes(made, draft, source, {"python": "1"})
    assert there.recipe != here.recipe


def test_the_engine_and_why_it_was_another_one_are_in_the_manifest(own_root: Path):
    job = jobs()["good"]
    outcome = Outcome(executed(), None, 1, "fork", "the first attempt was lost")
    run = publisher(own_root).settle(job, Run.begun(), outcome)
    assert (run["engine"], run["note"]) == ("fork", "the first attempt was lost")
    assert engine.ENGINES == ("fork", "papermill")
