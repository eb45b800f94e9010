"""Retention: old runs go whole, the page that stands never does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs_root import assert_nothing_half, bare, command, executed, files

from insights.cli import main
from insights.runs import catalog, manifest, prune, publish, staging
from insights.runs.engine import Job, Outcome
from insights.runs.manifest import Manifest, Run
from insights.runs.prune import Rule
from insights.runs.publish import Publisher
from insights.runs.secrets import Secrets

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
NB = "\u00a0"
STATUSES = ("published", "published_with_warnings", "failed")


def put(out: Path, day: int, status: str = "published", **changes: Any) -> Manifest:
    """Write a run that started some days ago, without running one."""
    started = NOW - timedelta(days=day)
    job = Job("shop", changes.pop("readout", "good"), "Good", Path("1_good.ipynb"), {})
    run = manifest.begin(
        job, Run(f"{started:%Y%m%dT%H%M%SZ}-0", started), commit=None, found={}
    )
    run |= {"status": status, "headline": "Orders rose."} | changes
    home = out / "shop" / job.readout
    (home / "runs" / run["run_id"]).mkdir(parents=True)
    (home / "runs" / run["run_id"] / "manifest.json").write_text(json.dumps(run))
    (home / "runs" / run["run_id"] / "index.html").write_text("x" * 1000)
    (home / "index.html").write_text("page")
    return run


def gone(out: Path, rule: Rule, *, dry: bool = False) -> list[str]:
    carry_out = prune.look if dry else prune.remove
    return [old.run_id for old in carry_out(out, "shop", rule, NOW)]


def left(out: Path, readout: str = "good") -> list[str]:
    return sorted(os.listdir(out / "shop" / readout / "runs"))


def test_the_newest_stay_and_the_rest_go_whole(tmp_path: Path):
    runs = [put(tmp_path, day) for day in range(5)]
    assert gone(tmp_path, Rule(keep=3), dry=True) == [runs[4]["run_id"], runs[3]["run_id"]]
    assert len(left(tmp_path)) == 5
    assert gone(tmp_path, Rule(keep=3)) == [runs[4]["run_id"], runs[3]["run_id"]]
    assert left(tmp_path) == sorted(run["run_id"] for run in runs[:3])
    assert gone(tmp_path, Rule(keep=3)) == []
    assert (tmp_path / "shop" / "good" / "index.html").read_text() == "page"
    assert_nothing_half(tmp_path)


def test_the_run_whose_page_stands_stays_however_old_it_is(tmp_path: Path):
    good = put(tmp_path, 90)
    for day in range(20):
        put(tmp_path, day, "failed", error="no")
    past = put(tmp_path, 30, stands=False)
    gone(tmp_path, Rule(keep=1))
    assert len(left(tmp_path)) == 3
    assert {good["run_id"], past["run_id"]} < set(left(tmp_path))
    last = catalog.last_published(tmp_path / "shop" / "good")
    assert last is not None
    assert last["run_id"] == good["run_id"]


def test_runs_that_failed_do_not_push_out_those_that_were_published(
    tmp_path: Path,
):
    good = [put(tmp_path, 7 * week)["run_id"] for week in range(4)]
    other = [put(tmp_path, day, "failed")["run_id"] for day in (1, 2, 3, 4, 5)]
    gone(tmp_path, Rule(keep=3))
    assert left(tmp_path) == sorted([*good[:3], *other[:3]])


def test_younger_runs_stay_however_many_they_are(tmp_path: Path):
    runs = [put(tmp_path, day) for day in (0, 10, 30, 31)]
    rule = Rule(keep=1, older_than=timedelta(days=30))
    assert gone(tmp_path, rule) == [runs[3]["run_id"]]


def test_what_cannot_be_read_stays(tmp_path: Path):
    for day in range(3):
        put(tmp_path, day)
    odd = tmp_path / "shop" / "good" / "runs" / "20200101T000000Z-0"
    odd.mkdir()
    (odd / "manifest.json").write_text("{")
    gone(tmp_path, Rule(keep=1))
    assert odd.name in left(tmp_path)


@given(
    st.lists(st.tuples(st.sampled_from(STATUSES), st.booleans()), min_size=1, max_size=8),
    st.integers(1, 4),
    st.one_of(st.none(), st.integers(0, 8)),
)
@settings(max_examples=40, deadline=None)
def test_what_stands_and_what_was_published_last_always_stay(
    tmp_path_factory: pytest.TempPathFactory,
    kinds: list[tuple[str, bool]],
    keep: int,
    days: int | None,
):
    out = tmp_path_factory.mktemp("o")
    runs = [put(out, day, status, stands=s) for day, (status, s) in enumerate(kinds)]
    before = catalog.last_published(out / "shop" / "good")
    published = [run for run in runs if run["status"].startswith("published")]
    age = None if days is None else timedelta(days=days)
    went = gone(out, Rule(keep, age))
    assert catalog.last_published(out / "shop" / "good") == before
    assert [run["run_id"] for run in published[:1] if run["run_id"] in went] == []
    assert sorted(went + left(out)) == sorted(run["run_id"] for run in runs)
    assert len(left(out)) >= min(keep, len(runs))
    assert gone(out, Rule(keep, age)) == []


def settle(out: Path, day: float, error: str | None = None) -> Manifest:
    started = NOW + timedelta(days=day)
    publisher = Publisher(out, out.parent, Secrets({}), publish.renderer())
    one = Job("shop", "good", "Good", Path("/r/notebooks/1_good.ipynb"), {})
    made = Run(f"{started:%Y%m%dT%H%M%SZ}-000001", started)
    return publisher.settle(one, made, Outcome(executed(), error, 0.1))


def test_while_others_publish_nothing_is_lost_and_nothing_is_half(tmp_path: Path):
    for day in range(6):
        put(tmp_path, day + 1)
    runs: list[Manifest] = []

    def publish_some() -> None:
        runs.extend(settle(tmp_path, day, "ValueError: no" if day % 2 else None)
                    for day in range(6))  # fmt: skip

    publishing = threading.Thread(target=publish_some)
    publishing.start()
    while publishing.is_alive():
        gone(tmp_path, Rule(keep=2))
        found, problems = catalog.read(tmp_path)
        assert problems == []
        assert found
    publishing.join()
    gone(tmp_path, Rule(keep=2))
    assert [run["status"] for run in runs] == ["published", "failed"] * 3
    assert left(tmp_path) == [run["run_id"] for run in runs[2:]]
    assert_nothing_half(tmp_path)


def test_it_waits_for_a_command_that_publishes(tmp_path: Path):
    for day in range(3):
        put(tmp_path, day)
    pruning = threading.Thread(target=gone, args=(tmp_path, Rule(keep=1)))
    with staging.held(tmp_path / "shop"):
        pruning.start()
        pruning.join(0.2)
        assert len(left(tmp_path)) == 3
    pruning.join(60)
    assert len(left(tmp_path)) == 1


KILLED = """
import os, pathlib, shutil, sys
from datetime import UTC, datetime
from insights.runs import prune
shutil.rmtree = lambda *_, **__: os.kill(os.getpid(), 9)
prune.remove(pathlib.Path(sys.argv[1]), "shop", prune.Rule(keep=1), datetime.now(UTC))
"""


def test_what_a_killed_prune_left_aside_the_next_removes(tmp_path: Path):
    for day in range(4):
        put(tmp_path, day)
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)])
    assert done.returncode == -9
    assert len(left(tmp_path)) == 1  # they went at once
    assert len(list(tmp_path.glob(".building/*/*"))) == 3
    assert gone(tmp_path, Rule(keep=1)) == []
    assert_nothing_half(tmp_path)


def test_a_disk_without_any_room_gets_some(tmp_path: Path):
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a tiny disk needs root")
    words = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(tmp_path)]
    if subprocess.run(words, capture_output=True).returncode:
        pytest.skip("no tiny disk can be mounted here")
    try:
        for day in range(6):
            put(tmp_path, day)
        with open(tmp_path / "filler", "wb", buffering=0) as filler, pytest.raises(OSError):
            while True:
                filler.write(b"x" * 4096)
        assert len(gone(tmp_path, Rule(keep=2))) == 4
        assert len(left(tmp_path)) == 2
        assert_nothing_half(tmp_path)
        (tmp_path / "room").write_bytes(b"x" * 8192)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_disk_that_has_no_folder_to_give_loses_the_oldest_run_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    runs = [put(tmp_path, day) for day in range(4)]
    real, asked = staging.folder, []

    def full_at_first(out: Path, name: str) -> Any:
        asked.append(left(tmp_path))
        if len(asked) == 1:
            raise OSError(28, "No space left on device")
        return real(out, name)

    monkeypatch.setattr(staging, "folder", full_at_first)
    assert len(gone(tmp_path, Rule(keep=2))) == 2
    assert asked == [
        sorted(run["run_id"] for run in runs),
        sorted(run["run_id"] for run in runs[:3]),
    ]
    assert left(tmp_path) == sorted(run["run_id"] for run in runs[:2])


def insights(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Run the command in this process."""
    before, sys.argv = sys.argv, ["insights", *map(str, words)]
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = before
    assert isinstance(ended.value.code, int)
    return ended.value.code, *capsys.readouterr()


def test_the_command_says_what_it_removed_and_the_list_no_longer_leads_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for day in range(12):
        put(tmp_path, day, page="index.html")
    put(tmp_path, 0, readout="other")
    insights(capsys, "list", "--out", tmp_path)
    before = files(tmp_path)
    code, out, err = insights(capsys, "prune", "--out", tmp_path, "--dry-run")
    oldest = tuple(f"shop/good/runs/{run}/" for run in left(tmp_path)[:2])
    octets = sum(len(text) for name, text in before.items() if name.startswith(oldest))
    said = f"2 runs would go, {octets / 1000:.0f}{NB}kB"
    assert (code, out, err) == (0, f"shop/good: {said}\n{said}.\n", "")
    assert files(tmp_path) == before
    code, out, _ = insights(capsys, "prune", "shop", "--out", tmp_path)
    assert (code, out) == (0, f"shop/good: {said}\n{said}.\n".replace("would go", "removed"))
    links = re.findall(r'href="([^"]+)"', (tmp_path / "index.html").read_text())
    assert len(links) == 2 + 5  # the list holds the last five
    assert all((tmp_path / link).is_file() for link in links)
    code, out, _ = insights(capsys, "prune", "--out", tmp_path)
    assert (code, out) == (0, f"0 runs removed, 0{NB}kB.\n")


def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    runs = [put(tmp_path, 4000 + day) for day in range(3)]
    words = ("prune", "--out", tmp_path, "--keep", 1, "--older-than", 1, "--json")
    _, out, _ = insights(capsys, *words)
    record = json.loads(out)
    (old, older) = record["removed"]
    assert (old["run_id"], older["run_id"]) == (runs[2]["run_id"], runs[1]["run_id"])
    assert record["octets"] == old["octets"] + older["octets"] > 2000
    assert (record["dry_run"], record["problems"]) == (False, [])


def test_a_pack_without_runs_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert insights(capsys, "prune", "shop", "--out", tmp_path)[::2] == (
        2,
        f"no run of pack 'shop' is in {tmp_path}. There are no runs at all.\n",
    )
    put(tmp_path, 0)
    assert insights(capsys, "prune", "params/shpo", "--out", tmp_path)[::2] == (
        2,
        f"no run of pack 'params/shpo' is in {tmp_path}; did you mean 'shop'? "
        "There are runs of shop.\n",
    )


def test_a_disk_that_will_not_have_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def stuck(*_: object) -> None:
        raise OSError(5, "Input/output error")

    put(tmp_path, 0)
    monkeypatch.setattr(prune, "remove", stuck)
    assert insights(capsys, "prune", "--out", tmp_path) == (
        1,
        f"0 runs removed, 0{NB}kB.\n",
        "the runs of shop could not be removed: OSError: [Errno 5] Input/output error\n",
    )


def test_the_installed_command_prunes(tmp_path: Path):
    put(tmp_path, 0)
    done = subprocess.run(
        command("prune", "--out", tmp_path), env=bare(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, f"0 runs removed, 0{NB}kB.\n")
