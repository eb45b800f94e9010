"""The fast engine against stock papermill: the same cells, outputs, metadata and pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runs_root import notebook
from same import comparable

from insights.runs import engine
from insights.runs.engine import Job

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))

CASES = {
    "prints": [
        "import os, subprocess, sys\nprint('a')\nprint('b', end='')",
        "print('alone', file=sys.stderr)",
        "done = subprocess.run('echo first', shell=True)",
        "code = os.system('echo past Python')",
        "!echo shell",
        "%%bash\necho from bash",
        "print('日本 é', len('x'))\n1 + 1",
    ],
    "displays": [
        "from IPython.display import HTML, Markdown, clear_output, display",
        "handle = display(HTML('<b>1</b>'), display_id='k')",
        "handle.update(HTML('<b>2</b>'))",
        "print('gone'); clear_output(); print('stays')",
        "print('late'); clear_output(wait=True); display(Markdown('*m*'))",
        "display({'text/plain': 'x', 'application/vnd.insights+json': {'a': 1}}, raw=True)",
        "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
        "_",
        "(list(Out), In[1][:20])",
    ],
    "draws": [
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])",
        "fig, ax = plt.subplots()\nax.plot([3, 1])\nplt.show()\nprint('after')",
        "%matplotlib inline\nfig",
        "plt.bar([1], [2]);",
        "import matplotlib\n(matplotlib.get_backend(), matplotlib.rcParams['figure.dpi'])",
    ],
    "raises": ["x = 1", "def f():\n    return 1 / 0", "print('said')\nf()", "print('never')"],
    "misspells": ["print('a'\n"],
    "exits": ["import sys\nsys.exit('bye')"],
    "waits": ["import asyncio\nawait asyncio.sleep(0.01)\nprint('done')"],
    "warns": [
        "import pickle, warnings\nclass A: pass\ntype(pickle.loads(pickle.dumps(A())))",
        "warnings.warn('careful')",
        "class R:\n    def _repr_html_(self): return 1 / 0\nR()",
    ],
    "looks around": [
        "import os, signal, sys\nprint(__name__, os.path.basename(os.getcwd()), sys.path[-4:])",
        "print(sorted((k, v) for k, v in os.environ.items() if k in ('MPLBACKEND', 'TERM')))",
        "print([k for k in os.environ if 'ARROW' in k], os.environ['OMP_NUM_THREADS'])",
        "print([signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)])",
    ],
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _leave() -> Iterator[None]:
    yield
    engine.leave()


def both(job: Job, root: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a job with either engine and return what can be compared."""
    os.environ.pop("PYTEST_CURRENT_TEST")  # a kernel that sees it captures less
    ours, theirs = engine.fork(job, root, 120), engine.papermill(job, root, 120)
    assert (ours.engine, ours.note, ours.error) == ("fork", None, theirs.error)
    assert ours.notebook is not None
    assert theirs.notebook is not None
    return comparable(ours.notebook), comparable(theirs.notebook)


@pytest.mark.parametrize("case", CASES)
def test_a_notebook_comes_out_the_same(case: str, tmp_path: Path):
    path = tmp_path / "nb.ipynb"
    path.write_text(notebook(*CASES[case]))
    ours, theirs = both(Job("p", "r", "", path, {"weeks": 3, "where": {"a": "ü'\""}}), tmp_path)
    assert ours == theirs


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_of_ours_comes_out_the_same(path: Path):
    """As it stands, on the pack that it names itself."""
    ours, theirs = both(Job("p", "r", "", path, {"as_of": ""}), ROOT)
    assert ours == theirs
    shown = [output for cell in ours["cells"] for output in cell.get("outputs", [])]
    assert "<img" in json.dumps(shown)


def test_what_was_asked_is_refused_alike(tmp_path: Path):
    """Nobody answers; only the traceback tells which engine said so."""
    path = tmp_path / "nb.ipynb"
    path.write_text(notebook("input('who? ')"))
    job = Job("p", "r", "", path, {})
    asked = [run(job, tmp_path, 60).error for run in (engine.fork, engine.papermill)]
    assert asked[0] == asked[1]
    assert str(asked[0]).startswith("StdinNotImplementedError: ")


@pytest.mark.parametrize("code", ["print(2 * weeks)", "1 / 0"])
def test_papermill_itself_may_use_the_engine(tmp_path: Path, code: str):
    """``papermill --engine insights`` against ``papermill``, as a person would call them."""
    path = tmp_path / "nb.ipynb"
    path.write_text(notebook(code))
    made, codes = [], []
    for words in (["--engine", "insights"], []):
        out = tmp_path / f"out{len(words)}.ipynb"
        command = [str(Path(sys.executable).parent / "papermill"), str(path), str(out)]
        command += ["-p", "weeks", "7", "-k", "python3", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        if "No engine named 'insights'" in done.stderr + done.stdout:
            pytest.skip("the package is installed without its entry points; run make setup")
        codes.append(done.returncode)
        made.append(comparable(out.read_text()))
    assert codes[0] == codes[1] == int("/" in code)
    assert made[0] == made[1]
