"""A small root with one pack and tiny notebooks, and how to look at what came of a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MIME = "application/vnd.insights+json"

BLOCKS = """
from IPython.display import display

def block(kind, html, **data):
    said = {"block": kind, **data}
    bundle = {"text/plain": kind, "text/html": html, "application/vnd.insights+json": said}
    display(bundle, raw=True)

table = {"table": "orders", "rows": 3, "through": "2026-01-10", "origin": "orders.csv"}
block("opening", "<p>opening</p>", pack="shop", pack_title="Shop", subject="web", grain="week",
      as_of=as_of or "2026-01-05", as_of_given=bool(as_of), data_through="2026-01-10",
      attribution="", kick="Shop, web", question="How did we do?",
      inputs=[{**table, "fingerprint": fingerprint}])
block("headline", "<h1>Orders rose</h1>", headline="Orders rose to 3.", state=state,
      all_refused=state == "refused", care=[care] if care else [], gates=gates)
"""

PARAMETERS = """
pack: str = "shop"  # the pack
where: dict = {}  # the part of it
as_of: str = ""  # an ISO date
fingerprint: str = "aaaa"  # what the data look like
state: str = "none"  # the headline's state
care: str = ""  # a line of caution
gates: list = []  # findings
weeks: int = 12  # how many
metric: str = "orders"  # which metric
"""

YAML = {
    "pack": "title: Shop\nsubject: channel\n",
    "source": (
        "connection: duckdb://\n"
        "tables:\n  orders: {path: orders.csv, row: one order, key: [id]}\n"
    ),
    "metrics": (
        "metrics:\n  orders:\n    title: Orders\n    kind: count\n    table: orders\n"
        "    unit: count\n    better: higher\n    owner: Sales\n    clock: day\n"
        "    definition: Orders placed.\n    dimensions: [channel]\n"
    ),
}

READOUTS = """
readouts:
  good: {notebook: 1_good, title: Good}
  raises: {notebook: 2_raises, title: Raises, on_request: true}
  killed: {notebook: 3_killed, title: Killed, on_request: true}
  slow: {notebook: 4_slow, title: Slow, on_request: true}
  big: {notebook: 5_big, title: Big, on_request: true}
  leaks: {notebook: 6_leaks, title: Leaks, on_request: true}
  each: {notebook: 1_good, title: Each, matrix: {channel: all}, on_request: true}
"""

NOTEBOOKS = {
    "1_good": [BLOCKS],
    "2_raises": [BLOCKS, "1 / 0"],
    "3_killed": ["import os", "os.kill(os.getpid(), 9)"],
    "4_slow": [
        "import pathlib, subprocess, sys, time",
        'helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], '
        "start_new_session=True)",
        'pathlib.Path("started").touch()\ntime.sleep(600)',
    ],
    "5_big": [BLOCKS, "import random\nprint(random.Random(1).randbytes(400_000).hex())"],
    "6_leaks": [BLOCKS, 'import os\nprint("connected with", os.environ["SHOP_TOKEN"])'],
}


def notebook(*code: str) -> str:
    """Return a notebook's JSON: a question, a parameters cell, then code cells."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": "q", "metadata": {}, "source": "# How did we do?"}
    ]
    for number, source in enumerate([PARAMETERS, *code]):
        tags = ["parameters"] if number == 0 else []
        cells.append(
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {"tags": tags},
                "source": source.strip(),
                "outputs": [],
                "execution_count": None,
            }
        )
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )


def make_root(folder: Path, values: tuple[str, ...] = ("web", "phone")) -> Path:
    """Write a root with the pack `shop` and every tiny notebook."""
    pack = folder / "params" / "shop"
    pack.mkdir(parents=True)
    (folder / "notebooks").mkdir()
    (folder / "pyproject.toml").write_text("")
    for stem, text in {**YAML, "readouts": READOUTS}.items():
        (pack / f"{stem}.yaml").write_text(text)
    lines = [
        f'{number},2026-01-0{number % 9 + 1},"{value.replace(chr(34), chr(34) * 2)}"'
        for number, value in enumerate(values)
    ]
    (pack / "orders.csv").write_text("\n".join(["id,day,channel", *lines]) + "\n")
    for name, code in NOTEBOOKS.items():
        (folder / "notebooks" / f"{name}.ipynb").write_text(notebook(*code))
    return folder


def command(*words: object) -> list[str]:
    """Return the command line of the installed command."""
    return [str(Path(sys.executable).parent / "insights"), *map(str, words)]


def bare(env: dict[str, str] | None = None) -> dict[str, str]:
    """Return this environment without the virtual environment's marks."""
    kept = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    return {**kept, "PATH": "/usr/bin:/bin", **(env or {})}


@contextmanager
def start(words: list[str], root: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a command in its own session; it is killed where the test fails before it ends."""
    with subprocess.Popen(
        words,
        cwd=root,
        env=bare(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, by relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def manifests(out: Path) -> list[dict[str, Any]]:
    """Return the manifests below a folder, oldest first."""
    found = [json.loads(p.read_text()) for p in out.rglob("manifest.json")]
    return sorted(found, key=lambda m: (m["started_at"], m["run_id"]))


def assert_nothing_half(out: Path) -> None:
    """Every run's folder has a whole manifest, and nothing is left where runs are built."""
    for run in out.glob("*/*/runs/*"):
        assert json.loads((run / "manifest.json").read_text())["run_id"] == run.name
    assert list((out / ".building").glob("*")) == []


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something, and fail if it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def executed(**opening: Any) -> str:
    """Return an executed notebook as papermill leaves it, without running one."""
    state = opening.pop("state", "none")
    said = {
        "headline": opening.pop("headline", "Orders rose to 3."),
        "state": state,
        "all_refused": state == "refused",
        "care": opening.pop("care", []),
        "gates": opening.pop("gates", []),
    }
    told = {
        "pack": "shop",
        "as_of": opening.pop("as_of", "2026-01-05"),
        "as_of_given": False,
        "data_through": "2026-01-10",
        "attribution": "",
        "kick": "Shop, web",
        "question": "How did we do?",
        "inputs": [
            {
                "table": "orders",
                "rows": 3,
                "through": "2026-01-10",
                "fingerprint": opening.pop("fingerprint", "aaaa"),
                "origin": "orders.csv",
            }
        ],
    }
    text = opening.pop("text", "")
    tags = opening.pop("tags", [])
    assert not opening
    outputs: list[dict[str, Any]] = [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/plain": kind, "text/html": html, MIME: {"block": kind, **data}},
        }
        for kind, html, data in (
            ("opening", "<p>opening</p>", told),
            ("headline", '<div class="top"><h1>Orders rose</h1></div>', said),
        )
    ]
    if text:
        outputs.append({"output_type": "stream", "name": "stdout", "text": text})
    code = json.loads(notebook("show()"))
    code["cells"][-1] |= {"outputs": outputs, "execution_count": 1, "metadata": {"tags": tags}}
    code["metadata"]["papermill"] = {
        "input_path": "/somewhere/1_good.ipynb",
        "output_path": "/tmp/insights-x/notebook.ipynb",
        "parameters": {},
    }
    return json.dumps(code)
