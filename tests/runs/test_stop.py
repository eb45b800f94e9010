"""The command is stopped from outside, at bad moments: nothing half done, no process stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from runs_root import (
    assert_nothing_half,
    bare,
    command,
    executed,
    files,
    make_root,
    manifests,
    start,
    until,
)

from insights.runs import publish
from insights.runs.engine import Job, Outcome
from insights.runs.manifest import Run
from insights.runs.secrets import Secrets

pytestmark = pytest.mark.usefixtures("no_process_left")

SLOW_PAGE = """
import pathlib, sys, time
from insights.readout import page
made = page.render

def render(*words):
    pathlib.Path("rendering").touch()
    time.sleep(600)
    return made(*words)

page.render = render
from insights.cli import main
sys.argv = ["insights", *sys.argv[1:]]
main()
"""


@pytest.fixture
def own_root(tmp_path: Path) -> Path:
    """A root in which both readouts have a page already, made without a kernel."""
    root = make_root(tmp_path / "root")
    out = root / "outputs"
    publisher = publish.Publisher(out, root, Secrets({}), publish.renderer())
    for name in ("1_good", "4_slow"):
        job = Job("shop", name[2:], "", root / "notebooks" / f"{name}.ipynb", {})
        publisher.settle(job, Run.begun(), Outcome(executed(), None, 1))
    return root


def pages(root: Path) -> dict[str, bytes]:
    """Return every page but the list of pages and the log."""
    own = ("index.html", "log.jsonl")
    return {k: v for k, v in files(root / "outputs").items() if k not in own}


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_while_a_notebook_runs(own_root: Path, signum: int, code: int):
    """As Ctrl-C does it, the signal goes to the whole foreground group."""
    before = pages(own_root)
    words = command(
        "run", "params/shop", "--readout", "slow", "--readout", "good", "--jobs", "1"
    )
    with start(words, own_root) as process:
        until((own_root / "started").exists)
        os.killpg(process.pid, signum)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert out == ""
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "Stopped. Of 2 readouts, finished: none."
    assert pages(own_root) == before
    assert_nothing_half(own_root / "outputs")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_a_page_is_made(own_root: Path, signum: int):
    before = pages(own_root)
    words = [sys.executable, "-c", SLOW_PAGE, "run", "params/shop"]
    with start(words, own_root) as process:
        until((own_root / "rendering").exists)
        assert list((own_root / "outputs" / ".building").iterdir()) != []
        os.killpg(process.pid, signum)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signum
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "Stopped. Of 1 readout, finished: none."
    assert pages(own_root) == before
    assert_nothing_half(own_root / "outputs")


def test_killed_outright_it_leaves_no_process_and_the_next_run_tidies(
    own_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before = pages(own_root)
    (temporary := tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    words = [sys.executable, "-c", SLOW_PAGE, "run", "params/shop", "--readout", "good"]
    with start([*words, "--readout", "slow", "--jobs", "2"], own_root) as process:
        until(lambda: (own_root / "rendering").exists() and (own_root / "started").exists())
        children = psutil.Process(process.pid).children(recursive=True)
        assert list(temporary.iterdir()) != []
        process.kill()
        process.communicate()
    assert len(children) >= 3  # a worker, its kernel and what the notebook started
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert list(temporary.iterdir()) == []
    kept = {k: v for k, v in pages(own_root).items() if not k.startswith(".building/")}
    assert kept == before
    done = subprocess.run(
        command("run", "params/shop"), cwd=own_root, env=bare(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert [run["status"] for run in manifests(own_root / "outputs")] == ["published"] * 3
    assert_nothing_half(own_root / "outputs")
