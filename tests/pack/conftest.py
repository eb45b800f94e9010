from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

FILES = {
    "pack": """\
        title: Helpdesk
        """,
    "source": """\
        connection: duckdb://
        tables:
          tickets:
            path: data/tickets.csv
            row: one ticket
        """,
    "metrics": """\
        defaults:
          table: tickets
          owner: Ana
          clock: closed_on
          dimensions: [queue, market]
        metrics:
          csat:
            title: Satisfied customers
            kind: ratio
            unit: share
            better: higher
            definition: Answers of 4 or 5 among all answers.
            numerator: score >= 4
            denominator: score is not null
            guards: [tickets]
          tickets:
            title: Tickets
            kind: count
            unit: count
            better: band
            definition: Tickets closed.
        """,
}

PARAMETERS = """\
pack: str = "demo"  # a pack, by name or path
week: str = ""  # the week shown; the last complete one unless given
metric = "csat"  # which metric
weeks: int = 13  # how many weeks of history
level: float = 1  # width of the limits
markets: list[str] | None = None  # which markets
"""


def notebook(code: str, tags: tuple[str, ...] = ("parameters",)) -> str:
    heading = {"cell_type": "markdown", "metadata": {}, "source": ["# What changed?"]}
    cell = {
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": code.splitlines(True),
    }
    return json.dumps({"cells": [heading, cell], "metadata": {}, "nbformat": 4})


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with one notebook, and the working directory in it."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "params").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "2_what_changed.ipynb").write_text(notebook(PARAMETERS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(house: Path) -> Callable[..., Path]:
    """Write a pack under params: the good files above, with those given in their place."""

    def write(name: str = "desk", *, alone: bool = False, **files: str | None) -> Path:
        folder = house / "params" / name
        folder.mkdir(parents=True, exist_ok=True)
        for stem, text in ({} if alone else FILES | files if files else FILES).items():
            if text is not None:
                (folder / f"{stem}.yaml").write_text(dedent(text), encoding="utf-8")
        for stem, text in files.items() if alone else ():
            (folder / f"{stem}.yaml").write_text(dedent(text or ""), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def faults(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """Write a pack and return its faults as text."""
    from insights import pack

    def faults(**files: str | None) -> list[str]:
        return [str(fault) for fault in pack.read(write(**files)).faults]

    return faults
