from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from runs_root import assert_nothing_half, executed, files, manifests

from insights.runs import publish
from insights.runs.engine import Job, Outcome
from insights.runs.manifest import Manifest, Run
from insights.runs.publish import Publisher
from insights.runs.secrets import Secrets

JOB = Job("shop", "good", "Good", Path("/r/notebooks/1_good.ipynb"), {"pack": "params/shop"})
NOTHING = Secrets({})


def publisher(out: Path, **changes: Any) -> Publisher:
    return Publisher(
        out=out, root=out.parent, secrets=NOTHING, page=publish.renderer(), **changes
    )


def settle(
    out: Path, notebook: str | None, error: str | None = None, **changes: Any
) -> Manifest:
    outcome = Outcome(notebook, error, 1.5)
    return replace(publisher(out), **changes).settle(JOB, Run.begun(1.5), outcome)


def last_page(out: Path) -> str:
    return (out / "shop" / "good" / "index.html").read_text()


def without_banner(page: str) -> str:
    return publish.renderer().with_banner(page, "")


def test_a_good_run_is_published_with_what_its_blocks_say(tmp_path: Path):
    out = tmp_path / "outputs"
    run = settle(out, executed())
    home = out / "shop" / "good"
    assert sorted(files(home)) == [
        "index.html",
        *(
            f"runs/{run['run_id']}/{n}"
            for n in ("index.html", "manifest.json", "notebook.ipynb")
        ),
    ]
    assert manifests(out) == [run]
    assert last_page(out) == (home / "runs" / run["run_id"] / "index.html").read_text()
    said = {
        k: run[k] for k in ("status", "headline", "as_of", "data_through", "state", "error")
    }
    assert said == {
        "status": "published",
        "headline": "Orders rose to 3.",
        "as_of": "2026-01-05",
        "data_through": "2026-01-10",
        "state": "none",
        "error": None,
    }
    assert run["inputs"][0]["fingerprint"] == "aaaa"
    assert run["advanced"] is None
    assert run["seconds"]["execute"] == 1.5 <= run["seconds"]["total"]
    assert_nothing_half(out)


def test_the_notebook_names_its_places_from_the_root(tmp_path: Path):
    out = tmp_path / "outputs"
    run = settle(out, executed())
    folder = out / "shop" / "good" / "runs" / run["run_id"]
    text = (folder / "notebook.ipynb").read_text()
    assert f'"outputs/shop/good/runs/{run["run_id"]}/notebook.ipynb"' in text
    assert '"notebooks/1_good.ipynb"' in text
    assert str(tmp_path) not in text and "insights-x" not in text


@pytest.mark.parametrize(
    "told",
    [
        {"gates": [{"gate": "keys", "metric": "orders", "level": "fail", "message": "x"}]},
        {"care": ["Few orders."]},
        {"state": "refused"},
    ],
)
def test_a_failed_gate_or_a_line_of_care_is_a_warning(tmp_path: Path, told: dict[str, Any]):
    assert settle(tmp_path / "o", executed(**told))["status"] == "published_with_warnings"


def test_a_figure_that_is_no_number_is_null_in_the_manifest(tmp_path: Path):
    gates = [{"gate": "keys", "metric": "orders", "level": "warn", "share": float("nan")}]
    run = settle(tmp_path / "o", executed(gates=gates))
    assert run["gates"][0]["share"] is None
    assert manifests(tmp_path / "o") == [run]


def test_a_gate_that_only_warns_is_none(tmp_path: Path):
    gates = [{"gate": "keys", "metric": "orders", "level": "warn", "message": "x"}]
    assert settle(tmp_path / "o", executed(gates=gates))["status"] == "published"


def test_the_page_says_when_the_data_have_not_advanced(tmp_path: Path):
    out = tmp_path / "o"
    first = settle(out, executed())
    assert "have not advanced" not in last_page(out)
    same = settle(out, executed())
    assert same["advanced"] is False
    at = publish.manifest.moment(first["started_at"])
    assert f"The data have not advanced since the run of {at}." in last_page(out)
    new = settle(out, executed(fingerprint="bbbb"))
    assert new["advanced"] is True
    assert "have not advanced" not in last_page(out)


def test_a_rerun_of_the_past_is_kept_beside_the_page_that_stands(tmp_path: Path):
    out = tmp_path / "o"
    settle(out, executed(as_of="2026-11-09"))
    page = last_page(out)
    past = replace(JOB, parameters={**JOB.parameters, "as_of": "2026-11-04"})
    outcome = Outcome(executed(as_of="2026-11-02"), None, 1.5)
    again = publisher(out).settle(past, Run.begun(1.5), outcome)
    assert (again["status"], again["stands"]) == ("published", False)
    assert last_page(out) == page
    assert (out / "shop" / "good" / "runs" / again["run_id"] / "index.html").is_file()
    newer = settle(out, executed(as_of="2026-11-16"))
    assert newer["stands"]
    assert last_page(out) != page


def test_a_failed_run_puts_a_banner_on_the_last_good_page_until_the_next_good_one(
    tmp_path: Path,
):
    out = tmp_path / "o"
    good = settle(out, executed())
    before = last_page(out)
    bad = settle(out, executed(), "ZeroDivisionError: division by <zero>")
    at, was = (publish.manifest.moment(run["started_at"]) for run in (bad, good))
    assert (
        f"The run of {at} failed: ZeroDivisionError: division by &lt;zero&gt;. "
        f"This is the page of {was}."
    ) in last_page(out)
    assert without_banner(last_page(out)) == before
    assert sorted(files(out / "shop" / "good" / "runs" / bad["run_id"])) == [
        "manifest.json",
        "notebook.ipynb",
    ]
    assert (bad["status"], bad["page"], bad["headline"]) == ("failed", None, None)
    settle(out, executed())
    assert 'class="banner"' not in last_page(out)
    assert_nothing_half(out)


def test_without_an_earlier_page_a_failed_run_shows_none(tmp_path: Path):
    out = tmp_path / "o"
    run = settle(out, None, "the kernel died")
    assert sorted(files(out)) == [f"shop/good/runs/{run['run_id']}/manifest.json"]


def test_a_half_written_notebook_counts_as_none(tmp_path: Path):
    run = settle(tmp_path / "o", executed()[:300], "the kernel died")
    assert run["error"] == "the kernel died"
    assert list((tmp_path / "o").rglob("*.ipynb")) == []


def test_a_page_with_faults_is_not_published(tmp_path: Path):
    run = settle(tmp_path / "o", executed(tags=["figure"]))
    assert run["status"] == "failed"
    assert run["error"] == (
        "the page is not fit to publish: Cell 3 is tagged 'figure' and drew none, nor said why."
    )
    assert list((tmp_path / "o").rglob("*.html")) == []


def test_a_page_that_cannot_be_made_fails_its_own_run(tmp_path: Path):
    def broken(*_: object) -> str:
        raise KeyError("kick")

    page = replace(publish.renderer(), render=broken)
    run = settle(tmp_path / "o", executed(), page=page)
    assert run["error"] == "the page could not be made: KeyError: 'kick'"


def test_output_that_holds_a_secret_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SHOP_TOKEN", "hunter2-hunter2")
    secrets = Secrets.of_environment(["SHOP_TOKEN"])
    out = tmp_path / "o"
    for run in (
        settle(out, executed(text="token=hunter2-hunter2"), secrets=secrets),
        settle(out, executed(headline="hunter2-hunter2"), secrets=secrets),
        settle(out, executed(text="hunter2-hunter2"), "ValueError: no", secrets=secrets),
    ):
        assert run["status"] == "failed"
        assert run["error"] == (
            "its output holds the value of secret:SHOP_TOKEN; nothing of it was published"
        )
    run = settle(out, executed(), "OSError: no db://me:hunter2-hunter2@h", secrets=secrets)
    assert run["error"] == (
        "the message is withheld, for it holds the value of secret:SHOP_TOKEN"
    )
    assert not any(b"hunter2" in content for content in files(out).values())
    assert_nothing_half(out)


def test_hostile_text_is_text_on_the_page(tmp_path: Path):
    hostile = "<script>alert(1)</script>"
    out = tmp_path / "o"
    job = replace(JOB, title=hostile, parameters={"where": {"channel": hostile}})
    run = publisher(out).settle(job, Run.begun(), Outcome(executed(headline=hostile), None, 0))
    assert run["status"] == "published"
    assert "<script" not in last_page(out)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a tiny disk needs root")
    command = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no tiny disk can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_the_earlier_page_and_no_half_run(tiny_disk: Path):
    good = settle(tiny_disk, executed())
    before = last_page(tiny_disk)
    run = settle(tiny_disk, executed(text="x" * 400_000))
    assert run["status"] == "failed"
    assert run["error"] == "it could not be published: the disk is full"
    assert without_banner(last_page(tiny_disk)) == before
    assert_nothing_half(tiny_disk)
    by_id = sorted([good, run], key=lambda run: run["run_id"])
    assert sorted(manifests(tiny_disk), key=lambda run: run["run_id"]) == by_id


def test_a_disk_without_any_room_leaves_everything_as_it_was(tiny_disk: Path):
    settle(tiny_disk, executed())
    (tiny_disk / "filler").write_bytes(b"")
    with open(tiny_disk / "filler", "wb", buffering=0) as filler:
        while True:
            try:
                filler.write(b"x" * 1024)
            except OSError:
                break
    before = files(tiny_disk)
    run = settle(tiny_disk, executed())
    assert run["error"] == (
        "it could not be published: the disk is full "
        "(it could not be recorded: the disk is full) "
        "(the earlier page stands as it was: the disk is full)"
    )
    assert files(tiny_disk) == before
    assert_nothing_half(tiny_disk)
