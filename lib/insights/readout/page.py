"""One readout as one HTML file: the answer first, then the evidence; nothing runs or loads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from markupsafe import Markup, escape
from nbformat import NotebookNode

from insights.errors import ContractError
from insights.readout import blocks, fragments, lateness, outputs, safe
from insights.readout.frame import NOTHING, document
from insights.readout.inspection import faults
from insights.readout.lateness import Standing
from insights.readout.listing import index
from insights.wording import count, day, moment, number

__all__ = ["faults", "index", "render", "with_banner"]

SLOT = re.compile(r"<!--banner-->.*?<!--/banner-->", re.DOTALL)
APART = {"style", "opening", "footer"}  # blocks that have no place in the flow of a page


def render(
    notebook: NotebookNode,
    manifest: Mapping[str, Any],
    notices: Sequence[str] = (),
    since: Markup = NOTHING,
) -> str:
    """Return the page of an executed notebook.

    Parameters
    ----------
    notebook
        Executed; its blocks and prose are printed in order. Its first Markdown cell
        goes into the fold "About this page", its code into a fold of its own.
    manifest
        The run's record; it fills "Where these numbers come from".
    notices
        Sentences for the top of the page, such as that the data have not advanced.
    since
        What changed since the last readout; it follows the first screen.

    Returns
    -------
    str
        A whole HTML document: one file, no request, no script.
    """
    shown = {block.kind: block for block in blocks.of_notebook(notebook)}
    opened = shown["opening"].data if "opening" in shown else {}
    title = str(manifest.get("title") or "Readout")
    first = shown["headline"].data.get("headline") if "headline" in shown else None
    about = next((c.source for c in notebook.cells if c.cell_type == "markdown"), "")
    body = Markup("\n").join(part.html for part in _sections(notebook, since) if not part.empty)
    if first is None:
        first = str(manifest.get("headline") or title)
        body = Markup('<div class="top"><h1>{}</h1></div>\n').format(first) + body
    folds = [
        {"title": "About this page", "html": safe.prose(about)},
        {"title": "Where these numbers come from", "html": _provenance(manifest)},
        {"title": "The code behind this page", "html": _code(notebook)},
    ]
    foot = Markup(shown["footer"].html) if "footer" in shown else None
    return document(
        title=str(first),
        kick=str(opened.get("kick") or title),
        freshness=str(opened.get("freshness") or ""),
        due=lateness.line(Standing.of(manifest, None), _started(manifest)),
        notices=notices,
        body=body,
        folds=[fold for fold in folds if fold["html"]],
        run=str(manifest.get("run_id") or ""),
        foot=foot or fragments.footer(str(opened.get("attribution") or "")),
    )


def with_banner(page: str, text: str) -> str:
    """Return a page with a banner at its top.

    Parameters
    ----------
    page
        A page that ``render`` made.
    text
        The banner; it replaces an earlier one, and "" takes it away.
    """
    if not SLOT.search(page):
        raise ContractError(
            "with_banner: the page has no place for a banner. Publish it again."
        )
    note = f'<p class="banner" role="status">{escape(text)}</p>' if text else ""
    return SLOT.sub(lambda _: f"<!--banner-->{note}<!--/banner-->", page, count=1)


@dataclass
class _Section:
    """A heading, what stands below it, and whether its cells said there is nothing to show."""

    html: Markup = Markup("")
    visible: bool = False
    nothing: bool = False

    @property
    def empty(self) -> bool:
        """Whether the section goes: it was told to show nothing and shows nothing."""
        return self.nothing and not self.visible


def _sections(notebook: NotebookNode, since: Markup) -> Iterator[_Section]:
    """Yield the flow of the page, a section at a time; the first Markdown cell is left out."""
    section, introduced = _Section(), False
    for number_, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            if not introduced:
                introduced = True
                continue
            if re.match(r"\s*##?\s", cell.source):
                yield section
                section = _Section()
            section.html += safe.prose(cell.source)
        elif cell.cell_type == "code":
            for html in _flow(cell, number_, section):
                section.html += html + Markup("\n")
                section.visible = True
            if _is_first_screen(cell):
                section.html += since
    yield section


def _is_first_screen(cell: NotebookNode) -> bool:
    shown = [blocks.of_output(output, 0) for output in cell.outputs]
    return any(block is not None and block.kind == "headline" for block in shown)


def _flow(cell: NotebookNode, which: int, section: _Section) -> Iterator[Markup]:
    """Yield what one code cell puts on the page; beside blocks its plain text is left out."""
    carried = [blocks.of_output(output, which) for output in cell.outputs]
    beside = any(block is not None for block in carried)
    for output, block in zip(cell.outputs, carried, strict=True):
        if block is None:
            html = outputs.shown(output, beside=beside)
        elif block.kind in APART:
            continue
        else:
            html = Markup(block.html)
            section.nothing = section.nothing or not html.strip()
        if html.strip():
            yield html


def _code(notebook: NotebookNode) -> Markup:
    """Return every code cell, as text."""
    cells = [c.source for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    return Markup("\n").join(Markup("<pre>{}</pre>").format(source) for source in cells)


def _provenance(manifest: Mapping[str, Any]) -> Markup:
    """Return where the numbers come from: the run, its inputs, its versions and its checks."""
    inputs = [
        {
            "table": row["table"],
            "rows": f"{row['rows']:,}",
            "through": _day(row.get("through")) or "no dates",
            "fingerprint": row["fingerprint"],
            "origin": row.get("origin", ""),
        }
        for row in manifest.get("inputs") or []
    ]
    gates = manifest.get("gates")
    return fragments.render(
        "provenance",
        facts=[(name, text) for name, text in _facts(manifest) if text],
        inputs=inputs,
        checks="" if gates is None else fragments.checks(gates),
    )


def _facts(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the lines of the provenance table; a line without text is left out."""
    yield "Run", str(manifest.get("run_id") or "")
    started = manifest.get("started_at")
    yield "When", moment(datetime.fromisoformat(started)) if started else ""
    yield "Notebook", str(manifest.get("notebook") or "")
    parameters = manifest.get("parameters") or {}
    said = [f"{key} = {json.dumps(v, ensure_ascii=False)}" for key, v in parameters.items()]
    yield "Parameters", "; ".join(said) or "as the notebook gives them"
    yield "First day of the period shown", _day(manifest.get("as_of"))
    yield "Data through", _day(manifest.get("data_through"))
    commit = manifest.get("commit")
    if commit:
        yield "Commit", str(commit["sha"]) + (", with changes" if commit.get("dirty") else "")
    versions = manifest.get("versions") or {}
    yield "Versions", ", ".join(f"{name} {version}" for name, version in versions.items())
    seconds = manifest.get("seconds") or {}
    took = [
        f"{name} {number(float(v), 'seconds')}" for name, v in seconds.items() if v is not None
    ]
    yield "Time taken", ", ".join(took)
    if manifest.get("figures") is not None:
        yield "Drawn", count(int(manifest["figures"]), "figure")


def _started(manifest: Mapping[str, Any]) -> datetime:
    said = manifest.get("started_at")
    return datetime.fromisoformat(said) if said else datetime.now(UTC)


def _day(iso: object) -> str:
    return day(date.fromisoformat(str(iso)[:10])) if iso else ""
