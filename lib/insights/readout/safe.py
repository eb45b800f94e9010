"""Prose and foreign output made fit for a page: nothing in them runs, loads or styles."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

import mistune
import nh3
from markupsafe import Markup, escape
from mistune.plugins.table import table as tables

TAGS = {
    *(
        "a",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "dd",
        "div",
        "dl",
        "dt",
        "em",
        "h3",
        "h4",
    ),
    *(
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
    ),
    *("tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "th": {"colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
}
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|svg\+xml)[;,]")
IMG = re.compile(r'<img(?:\s[\w-]+="[^"]*")*\s*/?>')


def link(address: str) -> bool:
    r"""Say whether a page may link there: within itself, beside itself, over https or by mail.

    >>> [link(a) for a in ("#x", "../a/index.html", "https://a.eu", "mailto:a@b.eu")]
    [True, True, True, True]
    >>> [link(a) for a in ("javascript:alert(1)", "http://a.eu", "//a.eu", "java\tscript:x")]
    [False, False, False, False]
    """
    plain = unescape(address).strip()
    if re.search(r"[\x00-\x20\\]", plain) or plain.startswith("//"):
        return False
    try:
        return urlsplit(plain).scheme in ("", "https", "mailto")
    except ValueError:  # not an address at all
        return False


class _Page(mistune.HTMLRenderer):
    """Markdown as a page prints it: one h1 is the headline's, so headings start at h2."""

    def heading(self, text: str, level: int, **attrs: object) -> str:
        return super().heading(text, max(2, level))

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(text, url) if link(url) else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return text

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        return f"<th>{text}</th>" if head else f"<td>{text}</td>"


_MARKDOWN = mistune.Markdown(renderer=_Page(escape=True), plugins=[tables])


def prose(source: str) -> Markup:
    """Return Markdown as HTML; raw HTML in it shows as text, pictures as their alt text."""
    return _tables(str(_MARKDOWN(source)))


def foreign(source: str) -> Markup:
    """Return the HTML that some object displays, without what could run, load or style."""
    kept = nh3.clean(
        source, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=_attribute,
        url_schemes={"https", "mailto", "data"}, link_rel=None,
    )  # fmt: skip
    return _tables(IMG.sub(lambda found: found[0] if ' src="' in found[0] else "", kept))


def text(source: str) -> Markup:
    """Return plain text as it was printed; blank text returns nothing."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", source).strip("\n")
    return Markup(f"<pre>{escape(plain)}</pre>") if plain.strip() else Markup("")


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if link(value) else None
    if name == "src":
        return value if PICTURE.match(value) else None
    return value


def _tables(html: str) -> Markup:
    """Give tables their scopes and a region to scroll in; ``html`` is safe already."""
    html = re.sub(r"<thead.*?</thead>", _columns, html, flags=re.DOTALL)
    html = re.sub(
        r"<th>\s*</th>", "<td></td>", html.replace('<th scope="col"></th>', "<td></td>")
    )
    html = re.sub(r"<th(?=[ >])(?! scope)", '<th scope="row"', html)
    depth, parts = 0, []
    for part in re.split(r"(<table>|</table>)", html):
        if part == "<table>":
            depth += 1
            opened = '<div class="wrap" role="region" tabindex="0" aria-label="Table">'
            part = (opened if depth == 1 else "") + part
        elif part == "</table>":
            depth -= 1
            part += "</div>" if depth == 0 else ""
        parts.append(part)
    return Markup("".join(parts))


def _columns(head: re.Match[str]) -> str:
    return re.sub(r"<th(?=[ >])", '<th scope="col"', head[0])
