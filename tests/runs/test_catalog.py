from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_notebook

from insights.readout import page
from insights.runs import catalog, manifest, prune
from insights.runs.engine import Job


def put(out: Path, run_id: str, started: str, **changes: Any) -> dict[str, Any]:
    """Write the manifest of a published run."""
    readout = changes.get("readout", "good")
    job = Job("shop", readout, "Good", Path("1_good.ipynb"), {})
    begun = manifest.begin(job, manifest.Run.begun(), commit=None, found={})
    run = begun | {"run_id": run_id, "started_at": started, "status": "published"} | changes
    file = out / "shop" / readout / "runs" / run_id / "manifest.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(run))
    return run


def test_runs_are_listed_newest_first(tmp_path: Path):
    put(tmp_path, "b", "2026-01-02T00:00:00+00:00")
    put(tmp_path, "a", "2026-01-03T00:00:00+00:00")
    put(tmp_path, "c", "2026-01-03T00:00:00+02:00")
    runs, problems = catalog.read(tmp_path)
    assert [run["run_id"] for run in runs] == ["a", "c", "b"]
    assert problems == []


def test_corrupt_and_foreign_manifests_are_reported_and_left_out(tmp_path: Path):
    runs = tmp_path / "shop" / "good" / "runs"
    for name, text in {"broken": "{", "binary": "\udcff", "list": "[]", "else": "{}"}.items():
        (runs / name).mkdir(parents=True)
        (runs / name / "manifest.json").write_bytes(text.encode(errors="surrogateescape"))
    put(tmp_path, "odd", "2026-01-02T00:00:00+00:00", status="wonderful")
    put(tmp_path, "naive", "2026-01-02T00:00:00")
    put(tmp_path, "moved", "2026-01-02T00:00:00+00:00", pack="other")
    put(tmp_path, "good", "2026-01-02T00:00:00+00:00")
    found, problems = catalog.read(tmp_path)
    assert [run["run_id"] for run in found] == ["good"]
    start = "shop/good/runs"
    assert problems == [
        f"{start}/binary/manifest.json is left out: it cannot be read",
        f"{start}/broken/manifest.json is left out: it cannot be read",
        f"{start}/else/manifest.json is left out: its 'run_id' is missing or of another kind",
        f"{start}/list/manifest.json is left out: it is not a manifest",
        f"{start}/moved/manifest.json is left out: it belongs to another folder",
        f"{start}/naive/manifest.json is left out: its start has no time zone",
        f"{start}/odd/manifest.json is left out: its status is none of "
        "published, published_with_warnings, failed",
    ]


def test_the_last_published_run_is_not_a_failed_one(tmp_path: Path):
    put(tmp_path, "a", "2026-01-02T00:00:00+00:00")
    put(tmp_path, "b", "2026-01-03T00:00:00+00:00", status="failed", error="no")
    last = catalog.last_published(tmp_path / "shop" / "good")
    assert last is not None and last["run_id"] == "a"
    assert catalog.last_published(tmp_path / "shop" / "none") is None


def test_the_index_is_rebuilt_from_manifests_and_escapes_what_they_say(tmp_path: Path):
    hostile = "<script>alert(1)</script>"
    put(tmp_path, "a", "2026-01-02T00:00:00+00:00", headline=hostile, title=hostile)
    assert catalog.write_index(tmp_path, page.index) == []
    text = (tmp_path / "index.html").read_text()
    assert hostile not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert list((tmp_path / ".building").iterdir()) == []


def put_fleet(out: Path, readouts: int, runs: int) -> None:
    """Write so many readouts, each with a page and so many runs."""
    for readout in range(readouts):
        name = f"r{readout:02}"
        for run in range(runs):
            start = f"2026-01-0{run + 1}T00:00:00+00:00"
            put(out, f"{name}-{run}", start, readout=name, where={}, metrics=["a"])
        (out / "shop" / name / "index.html").write_text("page")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The manifests that are read, each as often as it is."""
    read, asked = catalog._read, []
    monkeypatch.setattr(catalog, "_read", lambda file: asked.append(file) or read(file))
    return asked


def test_a_fleets_manifests_are_read_once_however_often_pages_ask_for_them(
    tmp_path: Path, asked: list[Path]
):
    """Of 30 readouts with 5 runs each: the last of each once, and one more after a new page."""
    put_fleet(tmp_path, 30, 5)
    pages = catalog.Pages(tmp_path)
    there = pages.targets("shop")
    assert len(asked) == 30
    for _ in range(10):
        assert pages.targets("shop") == there
    assert len(asked) == 30
    put(tmp_path, "r07-9", "2026-01-09T00:00:00+00:00", readout="r07", where={"a": "b"},
        metrics=["a"])  # fmt: skip
    fresh = tmp_path / "shop" / "r07" / "new"
    fresh.write_text("another page")
    fresh.replace(tmp_path / "shop" / "r07" / "index.html")
    assert pages.targets("shop") != there
    assert len(asked) == 31


def test_bringing_pages_up_to_date_reads_each_manifest_once_and_writes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[Path]
):
    put_fleet(tmp_path, 20, 3)
    monkeypatch.setattr(catalog.staging, "replace", None)
    catalog.relink(tmp_path, "shop")
    assert len(asked) == 20


def test_where_a_clock_was_set_back_the_page_that_stands_is_told_by_what_it_says(
    tmp_path: Path,
):
    """A run of a year ahead, then one of today, whose page stands though its name is older."""
    today = "2026-01-02T00:00:00+00:00"
    put(tmp_path, "20270102T000000Z-a", "2027-01-02T00:00:00+00:00", headline="Ahead.")
    run = put(tmp_path, "20260102T000000Z-b", today, headline="Today.")
    put(tmp_path, "20260101T000000Z-c", "2026-01-01T00:00:00+00:00", headline="Yesterday.")
    home = tmp_path / "shop" / "good"
    (home / "index.html").write_text(page.render(new_notebook(), run))
    assert catalog.last_published(home) == run
    assert catalog.Pages(tmp_path).last("shop/good") == run
    assert catalog.earlier(home, run | {"as_of": "2026-01-01"})[0] == run
    catalog.write_index(tmp_path, page.index)
    html = (tmp_path / "index.html").read_text()
    assert '<a href="shop/good/index.html">Today.</a>' in html
    went = prune.remove(tmp_path, "shop", prune.Rule(keep=1), datetime.now(UTC))
    assert [old.run_id for old in went] == ["20260101T000000Z-c"]
    shutil.rmtree(home / "runs" / run["run_id"])
    last = catalog.last_published(home)
    assert last is not None
    assert last["headline"] == "Ahead."
