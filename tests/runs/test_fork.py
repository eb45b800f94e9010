"""A forked child is as good as a new process, and its end is everybody's else's business."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from runs_root import notebook, until

from insights.runs import engine
from insights.runs.engine import Job, Outcome, forking

pytestmark = pytest.mark.usefixtures("no_child_left")

HELPER = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Outcome]:
    """Return what runs cells in a child."""

    def one(*code: str, seconds: float = 60, name: str = "nb", **more: Any) -> Outcome:
        path = tmp_path / f"{name}.ipynb"
        path.write_text(notebook(*code))
        return engine.fork(Job("p", "r", "", path, {}), tmp_path, seconds, **more)

    return one


@pytest.fixture(scope="module", autouse=True)
def _leave() -> Iterator[None]:
    yield
    engine.leave()


@pytest.fixture
def no_child_left() -> Iterator[None]:
    """Fail if the process that forks has a child after the test."""
    yield
    assert server().children() == []


def printed(outcome: Outcome) -> str:
    """Return all that a run printed."""
    assert outcome.error is None
    assert outcome.engine == "fork", outcome.note
    cells = json.loads(outcome.notebook or "")["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join("".join(output.get("text", "")) for output in outputs)


def server() -> psutil.Process:
    """Return the process that forks."""
    assert forking._server is not None
    return psutil.Process(forking._server._process.pid)


def test_children_share_no_chance_and_no_names_and_leave_no_trace(run):
    code = (
        "import os, random, tempfile\nimport numpy as np\n"
        "import insights\n"
        "print(random.random(), np.random.rand(), tempfile.mkstemp()[1])\n"
        "mark = os.environ.get('MARK')\n"
        "print(hasattr(insights, 'mark'), mark, os.getpgrp() == os.getpid())\n"
        "insights.mark = os.environ['MARK'] = 'x'\nos.chdir('/')"
    )
    first, second = (printed(run(code)).splitlines() for _ in range(2))
    for a, b in zip(first[0].split(), second[0].split(), strict=True):
        assert a != b
    assert first[1] == second[1] == "False None True"


def test_the_process_that_forks_keeps_one_thread_and_its_size(run):
    run("x = bytearray(200_000_000)")
    at_first = server().memory_info().rss
    for _ in range(3):
        assert (
            run("x = bytearray(200_000_000)\nimport duckdb\nduckdb.sql('select 1')").error
            is None
        )
    assert server().num_threads() == 1
    assert server().memory_info().rss < at_first + 20 * 2**20


def test_time_run_out_kills_the_child_and_what_it_started(run):
    assert printed(run("print('warm')")) == "warm\n"
    outcome = run(HELPER, "while True: pass", seconds=2)
    assert outcome.error == "stopped after 2 s, the most one readout may take"
    assert not outcome.lost


def test_a_child_that_is_killed_takes_nothing_with_it(run, tmp_path: Path):
    killed = "import os, pathlib, time\npathlib.Path('here').write_text(str(os.getpid()))"
    slow = "import time\ntime.sleep(2)\nprint('whole')"
    with ThreadPoolExecutor(2) as pool:
        dying = pool.submit(run, HELPER, killed + "\ntime.sleep(600)", name="dying")
        other = pool.submit(run, slow, name="other")
        here = tmp_path / "here"
        until(lambda: here.exists() and here.read_text() != "")
        os.kill(int(here.read_text()), signal.SIGKILL)
        outcome = dying.result()
        assert printed(other.result()) == "whole\n"
    assert outcome.error == "the process that ran the notebook was killed (SIGKILL)"
    assert outcome.lost


def test_a_crash_of_the_notebook_is_not_taken_for_bad_luck(run):
    outcome = run("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    assert outcome.error == "the process that ran the notebook was killed (SIGSEGV)"
    assert not outcome.lost


def test_where_the_process_that_forks_is_lost_papermill_runs_the_notebook(run):
    assert printed(run("print('warm')")) == "warm\n"
    server().kill()
    server().wait()
    code = "import os, pathlib, signal\nmark = pathlib.Path('once')\n"
    code += (
        "if not mark.exists():\n    mark.touch()\n    os.kill(os.getppid(), signal.SIGKILL)\n"
    )
    code += "    import time; time.sleep(600)\nprint('whole')"
    outcome = run(code)
    assert outcome.error is None
    assert outcome.engine == "papermill"
    assert outcome.note == "run by papermill: the process that readouts are forked from ended"
    assert "whole" in str(outcome.notebook)
    assert printed(run("print('again')")) == "again\n"


def test_a_notebook_that_needs_a_kernel_is_run_by_papermill(run):
    asks = "import comm\ncomm.create_comm(target_name='x')\nprint('after')"
    outcome = run(asks)
    assert outcome.error is None
    assert (outcome.engine, outcome.note) == ("papermill", "run by papermill: it uses widgets")
    outcome = run("get_ipython().kernel.session.session\nprint('after')")
    assert outcome.error is None
    assert outcome.note == "run by papermill: it asks for the kernel (session)"
    assert "after" in str(outcome.notebook)


def test_memory_is_limited_where_a_limit_is_set(run):
    outcome = run("x = bytearray(3_000_000_000)", memory_mb=2000)
    assert outcome.error == "MemoryError"


@pytest.mark.parametrize(
    "code",
    [
        "for _ in range(1000):\n    print('x' * 1_000_000)",
        "import subprocess\nsubprocess.run('yes | head -c 1000000000', shell=True)",
        "from IPython.display import HTML\nwhile True:\n    display(HTML('x' * 1_000_000))",
        "try:\n    print('x' * 100_000_000)\nexcept Exception:\n    went_on = True",
    ],
)
def test_output_without_end_ends(run, code: str):
    """A gigabyte by print, past Python, as displays; and one who looks away."""
    outcome = run(code, "print('never')")
    assert outcome.error == "the notebook's output is larger than 32 MB. Print less."
    assert len(outcome.notebook or "") < 40 * 2**20


def test_a_notebook_stopped_half_way_shows_how_far_it_came(run):
    outcome = run(
        "print('first')", "import time\ntime.sleep(5.1)", "time.sleep(600)", seconds=7
    )
    assert "first" in str(outcome.notebook)


def test_half_a_character_is_shown_as_a_question_mark(run):
    """Python has text that no file can hold; a readout of such data is not lost for it."""
    whole = printed(
        run("print('a\\ud800b')", "from IPython.display import HTML\nHTML('\\udc80')")
    )
    assert whole == "a?b\n"
    assert run("raise ValueError('a\\ud800b')").error == "ValueError: a?b"


def test_a_notebook_that_leaves_says_with_what(run):
    said = "the process that ran the notebook ended too early (exit code {})"
    assert run("import os\nos._exit(0)").error == said.format(0)
    away = (
        "import os, shutil\nshutil.rmtree(os.path.dirname(os.environ['TMPDIR']))\nos._exit(3)"
    )
    assert run(away).error == said.format(3)


def test_what_cannot_be_written_is_said(run):
    outcome = run(
        "import nbformat.v4\nnbformat.v4.writes = None\nimport papermill.iorw as io\n"
        "def full(*_): raise OSError(28, 'No space left on device')\n"
        "io.papermill_io.write = full"
    )
    assert outcome.error == (
        "the notebook could not be carried through: OSError: [Errno 28] No space left on device"
    )


def test_a_process_that_forks_leaves_no_folder_when_it_is_killed(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    engine.leave()
    (temporary := tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)  # it is looked up again
    run("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)")
    until(lambda: list(temporary.iterdir()) == [])
    assert printed(run("print('again')")) == "again\n"
