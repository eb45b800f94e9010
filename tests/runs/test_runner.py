"""Real notebooks in real kernels, and what can go wrong with them."""

from __future__ import annotations

import json
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from runs_root import assert_nothing_half, executed, files, manifests, notebook

from insights.runs import engine, publish, runner
from insights.runs.engine import Job, Outcome
from insights.runs.manifest import Manifest
from insights.runs.publish import Publisher
from insights.runs.secrets import Secrets


def job(root: Path, name: str) -> Job:
    parameters = {"pack": "params/shop", "where": {"channel": "web"}, "as_of": ""}
    return Job("shop", name[2:], "", root / "notebooks" / f"{name}.ipynb", parameters)


def publisher(root: Path, out: Path) -> Publisher:
    return Publisher(out=out, root=root, secrets=Secrets({}), page=publish.renderer())


def quick(job: Job, root: Path, timeout_seconds: float) -> Outcome:
    """Stand in for papermill where the kernel is not what is tested."""
    if job.readout == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if job.readout == "breaks":
        raise RuntimeError("no such engine")
    return Outcome(executed(headline=job.readout), None, 0.1)


@pytest.mark.usefixtures("no_process_left")
def test_one_bad_run_does_not_hurt_the_others(root: Path, tmp_path: Path):
    """A cell that raises, a kernel that is killed and one that is good, side by side."""
    told: list[Manifest] = []
    runner.run(
        [job(root, name) for name in ("1_good", "2_raises", "3_killed")],
        lambda: publisher(root, tmp_path),
        root=root,
        done=told.append,
        limits=runner.Limits(jobs=2),
    )
    ended = {run["readout"]: (run["status"], run["error"]) for run in told}
    assert ended == {
        "good": ("published", None),
        "raises": ("failed", "ZeroDivisionError: division by zero"),
        "killed": ("failed", "the kernel died"),
    }
    assert sorted(manifests(tmp_path), key=str) == sorted(told, key=str)
    pages = [name for name in files(tmp_path) if name.endswith("index.html")]
    (good,) = [run["run_id"] for run in told if run["status"] == "published"]
    assert pages == ["shop/good/index.html", f"shop/good/runs/{good}/index.html"]
    written = json.loads(
        (tmp_path / "shop" / "good" / "runs" / good / "notebook.ipynb").read_text()
    )
    assert written["metadata"]["papermill"]["parameters"]["where"] == {"channel": "web"}
    assert_nothing_half(tmp_path)


@pytest.mark.usefixtures("no_process_left")
def test_time_run_out_kills_the_notebook_and_what_it_started(tmp_path: Path):
    (tmp_path / "notebooks").mkdir()
    slow = tmp_path / "notebooks" / "4_slow.ipynb"
    code = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; "
    code += "time.sleep(600)'], start_new_session=True)\nimport time\ntime.sleep(600)"
    slow.write_text(notebook("print('first')", code))
    outcome = engine.papermill(job(tmp_path, "4_slow"), tmp_path, 6)
    assert outcome.error == "stopped after 6 s, the most one readout may take"
    assert outcome.notebook is None or "first" in outcome.notebook


@pytest.mark.usefixtures("no_process_left")
def test_a_worker_that_dies_is_a_failed_run(tmp_path: Path):
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "7_worker.ipynb"
    helper = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; "
    helper += "time.sleep(600)'], start_new_session=True)"
    code = "import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(600)"
    path.write_text(notebook(helper, code))
    told: list[Manifest] = []
    runner.run(
        [job(tmp_path, "7_worker")],
        lambda: publisher(tmp_path, tmp_path / "o"),
        root=tmp_path,
        done=told.append,
    )
    (run,) = told
    assert run["error"] == "the process that ran the notebook was killed (SIGKILL)"


def test_the_kernel_is_this_python_whatever_kernels_a_user_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A user's own `python3` kernel cannot start, and a start-up file spoils every run."""
    spec = tmp_path / "data" / "kernels" / "python3"
    spec.mkdir(parents=True)
    wrong = {"argv": ["/bin/false"], "display_name": "Python 3", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(wrong))
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("raise SystemExit('spoiled')")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "8_which {curly}.ipynb"
    path.write_text(notebook("import sys, os", "print(sys.executable, os.getcwd())"))
    outcome = engine.papermill(job(tmp_path, "8_which {curly}"), tmp_path, 60)
    assert outcome.error is None
    assert outcome.notebook is not None
    assert f"{sys.executable} {tmp_path}" in outcome.notebook


def test_any_executor_will_do_and_one_that_breaks_fails_its_jobs(tmp_path: Path):
    told: list[Manifest] = []
    jobs = [replace(job(tmp_path, "1_good"), readout=name) for name in ("a", "b", "breaks")]
    with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as pool:
        runner.run(
            jobs,
            lambda: publisher(tmp_path, tmp_path / "o"),
            root=tmp_path,
            done=told.append,
            executor=pool,
            execute=quick,
        )
        last = replace(jobs[0], readout="dies")
        runner.run(
            [last],
            lambda: publisher(tmp_path, tmp_path / "o"),
            root=tmp_path,
            done=told.append,
            executor=pool,
            execute=quick,
        )
    ended = {run["readout"]: run["error"] for run in told}
    assert ended["a"] is ended["b"] is None
    assert ended["breaks"] == "it could not be run: RuntimeError: no such engine"
    assert ended["dies"].startswith("it could not be run: BrokenProcessPool: ")
    assert_nothing_half(tmp_path / "o")


def test_two_runs_of_the_same_second_have_two_names(tmp_path: Path):
    names = {runner.Run.begun().id for _ in range(200)}
    assert len(names) == 200


def test_the_third_of_a_notebook_runs_after_the_others_that_are_few(tmp_path: Path):
    order = ["1_a", "1_b", "1_c", "1_d", "2_e", "2_f", "2_g", "3_h"]
    jobs = [replace(job(tmp_path, name), notebook=Path(name[0])) for name in order]
    begun: list[str] = []

    def note(job: Job, root: Path, timeout_seconds: float) -> Outcome:
        begun.append(job.readout)
        return Outcome(executed(), None, 0.1)

    runner.run(
        jobs,
        lambda: publisher(tmp_path, tmp_path / "o"),
        root=tmp_path,
        done=lambda run: None,
        limits=runner.Limits(jobs=1),
        execute=note,
    )
    assert begun == ["a", "e", "h", "b", "f", "g", "c", "d"]
