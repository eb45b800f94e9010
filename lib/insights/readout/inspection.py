"""What is wrong with a page: asked before it is published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from nbformat import NotebookNode

from insights.readout import blocks, policy, safe
from insights.wording import count

LEAST_ALT = 12  # characters; less describes nothing
LOADING = {
    "src",
    "srcset",
    "data",
    "poster",
    "background",
    "action",
    "formaction",
    "xlink:href",
}
WORDS = {"alt", "aria-label", "title", "content", "data-label"}  # attributes that hold text
PICTURE = re.compile(r"<(?:img|svg)\b")  # in a block, whose text is escaped
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")


def faults(page: str, notebook: NotebookNode, script: str = "") -> list[str]:
    """Return what is wrong with a page made from an executed notebook, a sentence a fault.

    Parameters
    ----------
    page
        The whole HTML page.
    notebook
        The executed notebook that it was made from.
    script
        The one script that the page may hold; a readout may hold none.

    Returns
    -------
    list of str
        Empty where the page may be published.
    """
    seen = _Reader.of(page)
    return [*_of_notebook(notebook), *_of_figures(seen, notebook), *_of_page(seen, script)]


@dataclass
class _Seen:
    """What one reading of some HTML found."""

    pictures: int = 0  # img and svg
    h1: int = 0
    policy: str | None = None
    style: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Reads a page as a browser would, and notes what must not be there."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = _Seen()
        self.inside = ""  # style or script, whose content is no text

    @classmethod
    def of(cls, html: str) -> _Seen:
        """Read some HTML."""
        reader = cls()
        reader.feed(str(html))  # Markup would escape what is added to it
        reader.close()
        return reader.seen

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        seen, given = self.seen, {name: value or "" for name, value in attrs}
        self.inside = tag if tag in ("style", "script") else ""
        seen.pictures += tag in ("img", "svg")
        seen.h1 += tag == "h1"
        seen.scripts += [""] if tag == "script" else []
        if tag in ("link", "iframe", "object", "embed", "base", "form"):
            seen.faults.append(f"The page holds a <{tag}> element.")
        if (
            tag == "meta"
            and given.get("http-equiv", "").casefold() == "content-security-policy"
        ):
            seen.policy = given.get("content", "")
        if tag == "img":
            seen.faults += _of_image(given, seen.pictures)
        for name, value in given.items():
            seen.faults += _of_attribute(tag, name, value)

    def handle_endtag(self, tag: str) -> None:
        """Leave a style or script."""
        self.inside = ""

    def handle_data(self, data: str) -> None:
        """Keep text, and the style sheet and scripts apart from it."""
        if self.inside == "script":
            self.seen.scripts[-1] += data
        else:
            (self.seen.style if self.inside == "style" else self.seen.text).append(data)


def _of_image(given: dict[str, str], which: int) -> Iterator[str]:
    alt = given.get("alt", "").strip()
    if len(alt) < LEAST_ALT or "No description has been" in alt:
        yield f"Picture {which} has no description: its alt text is '{alt}'."


def _of_attribute(tag: str, name: str, value: str) -> Iterator[str]:
    """Name what an attribute would run, load or style."""
    if name.startswith("on"):
        yield f"A <{tag}> carries the handler {name}."
    elif name == "style":
        yield f"A <{tag}> carries a style attribute, which the page's policy blocks."
    elif name in LOADING:
        if not value.strip().startswith(("data:", "#")):
            yield f"A <{tag}> loads '{value[:80]}' from outside the page."
    elif name == "href":
        if tag == "a" and not safe.link(value):
            yield f"A link leads to '{value[:80]}'; use a relative, https or mailto one."
        elif tag != "a" and not value.startswith(("data:", "#")):
            yield f"A <{tag}> loads '{value[:80]}' from outside the page."
    elif name not in WORDS:
        yield from _of_css(value)


def _of_css(css: str) -> Iterator[str]:
    for address in re.findall(r"url\(\s*[\"']?([^)\"']*)", css, re.IGNORECASE):
        if not address.strip().startswith(("data:", "#")):
            yield f"A style loads '{address[:80]}' from outside the page."
    if re.search(r"@import", css, re.IGNORECASE):
        yield "A style imports another style sheet."


def _of_notebook(notebook: NotebookNode) -> Iterator[str]:
    """Name failed cells, and cells that should have drawn and did not."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"Cell {index + 1} failed: {output.ename}: {output.evalue}"
        if "figure" in cell.metadata.get("tags", []) and not any(map(_drawn, cell.outputs)):
            yield f"Cell {index + 1} is tagged 'figure' and drew none, nor said why."


def _drawn(output: NotebookNode) -> bool:
    block = blocks.of_output(output, 0)
    if block is not None:
        return block.kind in ("figure", "no_figure")
    return any(kind in output.get("data", {}) for kind in PICTURES)


def _of_figures(seen: _Seen, notebook: NotebookNode) -> Iterator[str]:
    """Compare the pictures on the page with those that the notebook drew."""
    drawn = sum(len(PICTURE.findall(block.html)) for block in blocks.of_notebook(notebook))
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if blocks.of_output(output, 0) is None:
                drawn += any(kind in output.get("data", {}) for kind in PICTURES)
    if seen.pictures < drawn:
        yield (
            f"The notebook drew {count(drawn, 'picture')}"
            f" and the page shows {seen.pictures} of them."
        )


def _of_page(seen: _Seen, script: str) -> Iterator[str]:
    if any(not script or found != script for found in seen.scripts):
        yield "The page holds a script."
    yield from dict.fromkeys(seen.faults)
    style = "".join(seen.style)
    yield from _of_css(style)
    if seen.policy is None:
        yield "The page has no content security policy."
    elif seen.policy != policy.of(style, script):
        yield "The page's content security policy is not the one for its style sheet."
    if seen.h1 != 1:
        yield f"The page has {seen.h1} first headings (h1); it must have one."
    if "Traceback (most recent call last)" in "".join(seen.text):
        yield "The page shows a traceback."
