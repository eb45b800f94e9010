"""What a cell displays by itself, without a block, made fit for a page."""

from __future__ import annotations

import base64
import struct
from typing import Any

from markupsafe import Markup
from nbformat import NotebookNode

from insights.readout import fragments, safe


def shown(output: NotebookNode, *, beside: bool) -> Markup:
    """Return one output as safe HTML.

    Parameters
    ----------
    output
        An output of an executed cell that carries no block.
    beside
        Whether the cell displayed blocks too; then its plain text is for the notebook alone.

    Returns
    -------
    Markup
        Empty where there is nothing for a reader: what a library warned of, and errors, which
        ``faults`` names.
    """
    if output.output_type == "stream":
        return (
            Markup("") if beside or output.name != "stdout" else safe.text(_whole(output.text))
        )
    data = output.get("data", {})
    if "image/svg+xml" in data:
        alt, caption = _words(output, "image/svg+xml")
        return fragments.figure(_whole(data["image/svg+xml"]), alt, caption)
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            alt, caption = _words(output, kind)
            encoded = "".join(_whole(data[kind]).split())
            source, size = f"data:{kind};base64,{encoded}", _size(kind, encoded)
            return fragments.picture(source, size, alt, caption)
    if "text/html" in data:
        return safe.foreign(_whole(data["text/html"]))
    if "text/markdown" in data:
        return safe.prose(_whole(data["text/markdown"]))
    return Markup("") if beside else safe.text(_whole(data.get("text/plain", "")))


def _whole(source: Any) -> str:
    """Return text that a notebook may keep as lines."""
    return source if isinstance(source, str) else "".join(source)


def _words(output: NotebookNode, kind: str) -> tuple[str, str]:
    """Return a picture's alt text and its caption; the caption stands in for the alt text."""
    metadata = output.get("metadata", {})
    said = {**metadata, **metadata.get(kind, {})}
    caption = str(said.get("caption") or "")
    return str(said.get("alt") or caption), caption


def _size(kind: str, encoded: str) -> tuple[int, int] | None:
    """Return a PNG's width and height, so that the page keeps room for it."""
    head = base64.b64decode(encoded[:32]) if kind == "image/png" else b""
    return struct.unpack(">II", head[16:24]) if len(head) >= 24 else None
