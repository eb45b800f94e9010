"""Readouts on a dask.distributed cluster: two workers on this machine, one to be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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
from test_fleet import FIFTY, SOMETIMES, add_cell

distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")

CLUSTER = """
import distributed, sys, time
if __name__ == "__main__":
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    )
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
    cluster.close()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster in a process of its own, as it would be elsewhere."""
    script = tmp_path_factory.mktemp("cluster") / "cluster.py"
    script.write_text(CLUSTER)
    with subprocess.Popen(
        [sys.executable, str(script)],
        cwd=script.parent,
        env=bare(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        below = psutil.Process(process.pid).children(recursive=True)
        process.communicate(timeout=60)
    assert psutil.wait_procs(below, timeout=20)[1] == []  # also what forked on the workers


def test_a_fleet_runs_on_a_cluster_and_is_published_here(address: str, tmp_path: Path):
    root = make_root(tmp_path / "root", FIFTY[:3])
    add_cell(root, "import os\nos.environ['INSIGHTS_OUTPUTS']")
    words = command("run", "params/shop", "--readout", "each", "--dask", address, "--json")
    done = subprocess.run(words, cwd=root, env=bare(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["counts"] == {"published": 3}
    assert {run["engine"] for run in record["runs"]} == {"fork"}
    (run, *_) = sorted((root / "outputs" / "shop" / "each-shop-00" / "runs").iterdir())
    assert str(root / "outputs") in (run / "notebook.ipynb").read_text()
    assert_nothing_half(root / "outputs")


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_no_readout(address: str, tmp_path: Path):
    """The readout that was on it is run on another, and its child is gone with the worker."""
    root = make_root(tmp_path / "root", FIFTY[:3])
    add_cell(root, SOMETIMES)
    mark = root / "died-shop01"
    words = command("run", "params/shop", "--readout", "each", "--dask", address)
    with start(words, root) as process:
        until(lambda: mark.exists() and mark.read_text() != "")
        child = psutil.Process(int(mark.read_text()))
        worker = child.parents()[1]  # child, the process that forks, the worker
        os.kill(worker.pid, signal.SIGKILL)
        _, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert psutil.wait_procs([child], timeout=10)[1] == []
    assert [run["status"] for run in manifests(root / "outputs")] == ["published"] * 3
    pages = [name for name in files(root / "outputs" / "shop") if name.count("/") == 1]
    assert len([name for name in pages if name.endswith("index.html")]) == 3
    assert_nothing_half(root / "outputs")


@pytest.mark.parametrize("engine", ["fork", "papermill"])
def test_a_command_that_is_stopped_ends_its_readouts_on_the_workers(
    address: str, tmp_path: Path, engine: str
):
    root = make_root(tmp_path / "root", FIFTY[:3])
    add_cell(root, "import os\nopen(f'on-{os.getpid()}', 'w').close()\nwhile True: pass")
    words = command("run", "params/shop", "--readout", "each", "--dask", address)
    with start([*words, "--engine", engine], root) as process:
        until(lambda: len(list(root.glob("on-*"))) == 2)
        pids = [int(path.name[3:]) for path in root.glob("on-*")]
        running = [psutil.Process(pid) for pid in pids]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert psutil.wait_procs(running, timeout=20)[1] == []
    assert len(list(root.glob("on-*"))) == 2  # the third has not begun
    assert_nothing_half(root / "outputs")


def test_an_address_where_nobody_answers_is_bad_input(tmp_path: Path):
    root = make_root(tmp_path / "root", FIFTY[:1])
    words = command("run", "params/shop", "--dask", "tcp://127.0.0.1:9")
    done = subprocess.run(words, cwd=root, env=bare(), capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        "--dask tcp://127.0.0.1:9: no scheduler answers there. "
        "Give the address that dask scheduler prints, such as tcp://10.0.0.1:8786.\n"
    )
