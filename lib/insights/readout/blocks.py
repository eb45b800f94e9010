"""What does a cell hand to the page? One bundle that Jupyter shows and the renderer reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a kernel has no other use for nbformat, which is slow to import
    from nbformat import NotebookNode

MIME = "application/vnd.insights+json"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a readout, as it stands in an executed notebook."""

    kind: str  # style, opening, headline, table, figure, no_figure, prose, actions, footer
    data: dict[str, Any]  # JSON values only
    html: str  # safe: made by our own autoescaped templates
    cell: int  # index of the cell that displayed it


def bundle(
    kind: str, html: str, text: str, data: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return a MIME bundle for ``IPython.display.display(..., raw=True)``."""
    return {"text/plain": text, "text/html": html, MIME: {"block": kind, **(data or {})}}


def of_output(output: NotebookNode, cell: int) -> Block | None:
    """Return the block that one output of an executed cell carries, or None."""
    bundled = output.get("data", {})
    if MIME not in bundled:
        return None
    data = dict(bundled[MIME])
    kind = str(data.pop("block"))
    return Block(kind=kind, data=data, html="".join(bundled["text/html"]), cell=cell)


def of_notebook(notebook: NotebookNode) -> list[Block]:
    """Return every block of an executed notebook, in order."""
    return [
        block
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
        for output in cell.outputs
        if (block := of_output(output, index)) is not None
    ]
