"""The notebooks keep the house's rules, and still say what they are stored as saying."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FORBIDDEN = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.For,
    ast.While,
    ast.If,
    ast.Try,
    ast.With,
)
CHECKED = {"nbval-check-output", "keep_output"}


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def test_there_are_notebooks_numbered_in_reading_order() -> None:
    assert NOTEBOOKS
    numbers = [int(path.name.split("_")[0]) for path in NOTEBOOKS]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_opens_with_its_question_and_then_its_parameters(path: Path) -> None:
    first, second = read(path).cells[:2]
    assert re.match(r"# .+\?\n", first.source)
    assert "parameters" in tags(second)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_parameter_is_typed_has_a_default_and_a_comment(path: Path) -> None:
    (cell,) = [cell for cell in code(read(path)) if "parameters" in tags(cell)]
    for line in cell.source.splitlines():
        assert re.fullmatch(r"[a-z_]+: [a-z]+(\[.+\])? = .+  # .+", line), line


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_are_short_and_hold_no_logic(path: Path) -> None:
    cells = code(read(path))
    assert sum(len(cell.source.splitlines()) for cell in cells) <= 60
    for cell in cells:
        assert len(cell.source.splitlines()) <= 12
        assert not re.search(r"^\s*[%!]|sys\.path|filterwarnings|\bpip\b", cell.source, re.M)
        found = [
            node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, FORBIDDEN)
        ]
        assert not found, cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_prose_types_no_number_that_a_parameter_could_change(path: Path) -> None:
    """Years of publication and the p of a test's name may stand in words or in brackets."""
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"\([^)]*(19|20)\d\d\)|`[^`]*`", "", cell.source)
            assert not re.search(r"\d", prose), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_only_checked_cells_keep_outputs_and_some_do(path: Path) -> None:
    cells = code(read(path))
    checked = [cell for cell in cells if tags(cell) >= CHECKED]
    assert checked, "nbval would compare nothing"
    assert all(cell.outputs for cell in checked)
    assert not [cell.source for cell in cells if cell.outputs and not tags(cell) >= CHECKED]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_one_h1_a_section_on_what_to_do_and_one_on_how_we_know(
    path: Path,
) -> None:
    prose = "\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")
    assert len(re.findall(r"^# ", prose, re.M)) == 1
    assert "## What we would do" in prose
    assert "## How we know" in prose
    assert any("figure" in tags(cell) for cell in code(read(path)))
