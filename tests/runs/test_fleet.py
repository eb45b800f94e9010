"""Many readouts at once, and what can happen to them: nothing is lost, earlier pages stand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest
from runs_root import (
    assert_nothing_half,
    bare,
    command,
    files,
    make_root,
    manifests,
    start,
    until,
)

pytestmark = pytest.mark.usefixtures("no_process_left")

FIFTY = [f"shop {n:02}" for n in range(50)]
SOMETIMES = """
import os, pathlib, time
mark = pathlib.Path("died-" + where["channel"].replace(" ", ""))
if where["channel"] == "shop 01" and not mark.exists():
    mark.write_text(str(os.getpid()))
    time.sleep(600)
"""


def fleet(root: Path, *words: object) -> dict[str, Any]:
    """Run the command to its end and return what it says, with its exit code."""
    done = subprocess.run(
        command("run", "params/shop", "--readout", "each", "--json", *words),
        cwd=root,
        env=bare(),
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    return {"code": done.returncode, "said": done.stderr, **json.loads(done.stdout)}


def status(said: dict[str, Any]) -> dict[str, str]:
    return {run["readout"]: run["status"] for run in said["runs"]}


def events(out: Path) -> list[dict[str, Any]]:
    """Return the log's events; every line is whole."""
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def add_cell(root: Path, code: str) -> None:
    """Put one more cell at the end of the notebook that every readout here runs."""
    path = root / "notebooks" / "1_good.ipynb"
    found = json.loads(path.read_text())
    found["cells"].append({**found["cells"][-1], "id": "more", "source": code})
    path.write_text(json.dumps(found))


def test_one_poisoned_parameter_of_fifty_fails_alone_and_is_all_that_is_run_again(
    tmp_path: Path,
):
    root = make_root(tmp_path / "root", FIFTY)
    out = root / "outputs"
    add_cell(
        root, "import os\nassert where['channel'] != 'shop 13' or os.path.exists('healed')"
    )
    first = fleet(root, "--jobs", "4")
    assert first["code"] == 1
    assert first["counts"] == {"published": 49, "failed": 1}
    assert status(first)["each-shop-13"] == "failed"
    assert (
        first["said"]
        .splitlines()[-1]
        .endswith("49 published and 1 failed. Failed: shop/each-shop-13.")
    )
    assert "a minute, about" in first["said"]
    assert {run["engine"] for run in first["runs"]} == {"fork"}
    before = files(out / "shop")
    (root / "healed").touch()
    second = fleet(root, "--jobs", "4")
    assert second["code"] == 0
    assert second["counts"] == {"published": 1, "skipped": 49}
    assert before.items() <= files(out / "shop").items()
    assert fleet(root)["counts"] == {"skipped": 50}
    assert fleet(root, "--force", "--set", "channel=shop 00")["counts"] == {"published": 1}
    ended = [event for event in events(out) if event["event"] == "command ended"]
    assert [event.get("skipped", 0) for event in ended] == [0, 49, 50, 0]
    assert_nothing_half(out)


def test_a_child_that_is_killed_is_run_once_more(tmp_path: Path):
    root = make_root(tmp_path / "root", FIFTY[:3])
    add_cell(root, SOMETIMES)
    mark = root / "died-shop01"
    words = command("run", "params/shop", "--readout", "each", "--jobs", "2")
    with start(words, root) as process:
        until(lambda: mark.exists() and mark.read_text() != "")
        os.kill(int(mark.read_text()), signal.SIGKILL)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    found = {run["readout"]: run["note"] for run in manifests(root / "outputs")}
    assert found == {
        "each-shop-00": None,
        "each-shop-01": "the first attempt was lost",
        "each-shop-02": None,
    }
    (again,) = [e for e in events(root / "outputs") if e["event"] == "run is tried again"]
    assert again["why"] == "the process that ran the notebook was killed (SIGKILL)"


def test_a_cell_error_is_not_tried_again(tmp_path: Path):
    root = make_root(tmp_path / "root", FIFTY[:1])
    add_cell(root, "open('tries', 'a').write('x')\n1 / 0")
    assert fleet(root)["counts"] == {"failed": 1}
    assert (root / "tries").read_text() == "x"


def test_killed_outright_the_next_run_does_only_what_is_missing(tmp_path: Path):
    root = make_root(tmp_path / "root", FIFTY[:4])
    out = root / "outputs"
    add_cell(root, SOMETIMES)
    words = command("run", "params/shop", "--readout", "each", "--jobs", "1")
    with start(words, root) as process:
        until((root / "died-shop01").exists)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.communicate()
    assert psutil.wait_procs(children, timeout=10)[1] == []
    (whole,) = manifests(out)
    assert whole["readout"] == "each-shop-00"
    before = files(out / "shop")
    said = fleet(root)
    assert said["counts"] == {"published": 3, "skipped": 1}
    assert status(said)["each-shop-00"] == "skipped"
    assert before.items() <= files(out / "shop").items()
    assert_nothing_half(out)


def test_two_fleets_at_once_leave_every_page_whole(tmp_path: Path):
    root = make_root(tmp_path / "root", FIFTY[:6])
    out = root / "outputs"
    words = command("run", "params/shop", "--readout", "each", "--force", "--json")
    with start(words, root) as one, start(words, root) as other:
        both = one, other
        said = [json.loads(process.communicate(timeout=240)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [record["counts"] for record in said] == [{"published": 6}] * 2
    found = manifests(out)
    assert len({run["run_id"] for run in found}) == 12
    for n in range(6):
        page = (out / "shop" / f"each-shop-{n:02}" / "index.html").read_text()
        ids = [run["run_id"] for run in found if run["readout"] == f"each-shop-{n:02}"]
        assert sum(one in page for one in ids) == 1
    begun = [event["command"] for event in events(out) if event["event"] == "command began"]
    assert len(set(begun)) == 2
    assert_nothing_half(out)


def test_the_engine_can_be_chosen_and_must_be_known(tmp_path: Path):
    root = make_root(tmp_path / "root", FIFTY[:1])
    said = fleet(root, "--engine", "papermill")
    assert [run["engine"] for run in said["runs"]] == ["papermill"]
    done = subprocess.run(
        command("run", "params/shop", "--engine", "frok"),
        cwd=root,
        env=bare(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "--engine frok: unknown engine; did you mean 'fork'? Say fork or papermill.\n"
    )


def test_memory_is_limited_with_either_engine(tmp_path: Path):
    root = make_root(tmp_path / "root", FIFTY[:1])
    add_cell(root, "x = bytearray(4_000_000_000)")
    for engine in ("fork", "papermill"):
        said = fleet(root, "--engine", engine, "--memory", "2500")
        assert [run["error"] for run in said["runs"]] == ["MemoryError"]


def test_no_file_holds_the_value_of_a_secret_whatever_comes_of_the_run(tmp_path: Path):
    """The connection is a secret; one readout succeeds, one fails with it in the message."""
    root = make_root(tmp_path / "root", FIFTY[:2])
    source = root / "params" / "shop" / "source.yaml"
    source.write_text(source.read_text().replace("duckdb://", "secret:SHOP_DB", 1))
    add_cell(root, "import os\nassert where['channel'] == 'shop 00', os.environ['SHOP_DB']")
    value = "duckdb://?threads=1"
    words = command("run", "params/shop", "--readout", "each", "--json")
    env = bare({"SHOP_DB": value})
    done = subprocess.run(words, cwd=root, env=env, capture_output=True, text=True)
    record = json.loads(done.stdout)
    assert record["counts"] == {"published": 1, "failed": 1}
    (error,) = [run["error"] for run in record["runs"] if run["error"]]
    assert error == "its output holds the value of secret:SHOP_DB; nothing of it was published"
    for text in (done.stdout.encode(), done.stderr.encode(), *files(root / "outputs").values()):
        assert value.encode() not in text
        assert b"threads=1" not in text
