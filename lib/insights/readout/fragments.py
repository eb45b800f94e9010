"""One function a block: finished text in, safe HTML out, for notebook and page alike."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from insights.errors import ContractError, did_you_mean
from insights.readout import safe
from insights.readout.sparkline import sparkline

__all__ = [
    "actions",
    "checks",
    "css",
    "definitions",
    "figure",
    "footer",
    "headline",
    "no_figure",
    "opening",
    "picture",
    "prose",
    "render",
    "scorecard",
    "sparkline",
    "table",
]

TEMPLATES = Environment(
    loader=PackageLoader("insights.readout"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

FACT = {"value": ..., "label": ..., "detail": "", "hit": False}
STEP = {"text": ..., "owner": "", "by": "", "link": None}
ROW: dict[str, Any] = {
    "title": ...,
    "value": ...,
    "signal": ...,
    **dict.fromkeys(
        ("detail", "change", "usual", "goal", "gap", "peers", "peers_note", "owner", "note"), ""
    ),
    **{"spark": "", "hit": False, "anchor": "", "link": ""},
}
ACTION = {"action": ..., "owner": "", "by": "", "trigger": "", "size": ""}
DEFINITION: dict[str, Any] = {
    "title": ...,
    "definition": ...,
    **dict.fromkeys(("formula", "clock", "owner", "comparable", "benchmark", "anchor"), ""),
    "breaks": [],
}
CHECK = {"gate": ..., "metric": "", "level": ..., "message": ...}
STATES = {
    "usual",
    "headline",
    "watch",
    "short",
    "unusable",
    "missing",
    "immature",
    "refused",
}


def render(template: str, **context: Any) -> Markup:
    """Fill one template; everything in it that is not Markup is escaped."""
    return Markup(TEMPLATES.get_template(f"{template}.html").render(**context).strip())


def css() -> str:
    """Return the blocks' style sheet for JupyterLab, in its light and its dark theme."""
    return colours('body[data-jp-theme-light="false"] .insights') + style("fragments")


def colours(dark: str, around: str = "") -> str:
    """Return the light palette, and the dark one for what the selector ``dark`` names.

    ``around`` is a media query that the dark palette waits for. A drawing that knows only white
    is turned round and laid over the dark ground, where it keeps its hues.
    """
    turned = "filter:invert(1) hue-rotate(180deg);mix-blend-mode:screen"
    night = f"{dark}{{{style('dark')}}}{dark} img.plain{{{turned}}}"
    return f".insights{{{style('light')}}}" + (f"{around}{{{night}}}" if around else night)


def style(name: str) -> str:
    """Return one style sheet of the package on one line, without its comments."""
    text = (resources.files("insights.readout") / "templates" / f"{name}.css").read_text(
        "utf-8"
    )
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return "".join(line.strip() for line in text.splitlines())


def opening(kick: str, question: str = "", lines: Sequence[str] = ()) -> Markup:
    """Return what a notebook shows first: its subject and how fresh; a page has its own."""
    return render("opening", kick=kick, question=question, lines=lines)


def headline(
    headline: str,
    why: Sequence[str] = (),
    facts: Sequence[Mapping[str, Any]] = (),
    do: Sequence[Mapping[str, Any]] = (),
    care: Sequence[str] = (),
    state: str = "none",
    links: Sequence[Markup] = (),
) -> Markup:
    """Return the first screen: the answer, why, three numbers, what to do, what to watch for.

    Parameters
    ----------
    headline
        One sentence; the page's only h1.
    why
        One or two sentences.
    facts
        Up to three of ``value``, ``label``, ``detail``, ``hit``.
    do
        Steps of ``text``, ``owner``, ``by`` and perhaps ``link`` (``href``, ``text``).
    care
        What to read with care; none leaves the box out.
    state
        As in the block: signal, signals, none, unusable or refused.
    links
        From ``links.anchor``; they follow the sentences on why.
    """
    return render(
        "headline",
        headline=headline,
        why=why,
        facts=[_filled("fact", fact, FACT) for fact in facts],
        do=[_filled("step", step, STEP) for step in do],
        care=care,
        state=state,
        links=links,
    )


def scorecard(
    caption: str, rows: Sequence[Mapping[str, Any]], note: str = "", beside: str = "Peers"
) -> Markup:
    """Return one table of metrics that turns into cards where there is no room for columns.

    Parameters
    ----------
    caption
        What the table holds, in a line.
    rows
        One a metric: ``title``, ``value`` and ``signal`` (``state``, ``text``); where there are
        any ``detail``, ``change``, ``usual``, ``goal``, ``gap``, ``peers``, ``peers_note``,
        ``owner``, ``note``, ``spark`` (from ``sparkline``), ``hit``, ``anchor`` and ``link``
        (from ``links.anchor``).
        A column that no row fills is left out.
    note
        What holds for the whole table, below it.
    beside
        What the last column is called: whom or what a measure stands beside.
    """
    filled = [_filled("scorecard row", row, ROW) for row in rows]
    for row in filled:
        if (state := row["signal"]["state"]) not in STATES:
            raise ContractError(
                f"scorecard row '{row['title']}': unknown signal state '{state}'"
                f"{did_you_mean(state, STATES) or '.'} Use one of {', '.join(sorted(STATES))}."
            )
    has = {
        name: any(row[name] for row in filled) for name in ("usual", "spark", "goal", "peers")
    }
    return render("scorecard", caption=caption, rows=filled, note=note, has=has, beside=beside)


def figure(
    svg: str, alt: str, caption: str, table: pd.DataFrame | None = None, note: str = ""
) -> Markup:
    """Return a picture under its claim, and the figures behind it in a fold.

    Parameters
    ----------
    svg
        The picture; its ``viewBox`` gives the size that is kept free for it.
    alt
        What it shows, for those who do not see it.
    caption
        The claim.
    table
        The figures, as finished text; the first column names the row.
    note
        A caveat, below the picture.
    """
    start = svg.find("<svg")
    box = re.search(r'viewBox="\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)\s*"', svg)
    if start < 0 or box is None:
        raise ContractError(
            f"figure '{caption}': the picture is no SVG with a viewBox. Give one."
        )
    source = "data:image/svg+xml;base64," + base64.b64encode(svg[start:].encode()).decode()
    size = (round(float(box[1])), round(float(box[2])))
    classes = "drawn" if "prefers-color-scheme" in svg else "drawn plain"
    return picture(source, size, alt, caption, table, note, classes)


def picture(
    source: str,
    size: tuple[int, int] | None,
    alt: str,
    caption: str,
    table: pd.DataFrame | None = None,
    note: str = "",
    classes: str = "",
) -> Markup:
    """Return a figure from a ``data:`` address; ``plain`` is one that knows no dark ground."""
    columns = [] if table is None else [str(name) for name in table.columns]
    rows = [] if table is None else table.astype(str).to_numpy().tolist()
    return render(
        "figure",
        source=source,
        classes=classes,
        size=size,
        alt=alt,
        caption=caption,
        note=note,
        columns=columns,
        rows=rows,
    )


def no_figure(why: str) -> Markup:
    """Return the reason why there is no picture, in the place of the picture."""
    return render("no_figure", why=why)


def prose(paragraphs: Sequence[str]) -> Markup:
    """Return plain paragraphs; none return nothing, and their section is dropped."""
    return render("prose", paragraphs=paragraphs) if paragraphs else Markup("")


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    caption: str,
    note: str = "",
    numeric: Sequence[bool] = (),
) -> Markup:
    """Return a table of finished text; the first cell of a row names it.

    Where there is no room a table of numbers scrolls and a table of words turns into cards.

    Parameters
    ----------
    columns
        Their headings, units included.
    rows
        One cell a column.
    caption
        What the table holds; also the name of the region it scrolls in.
    note
        Its source or a caveat, below it.
    numeric
        Which columns are set to the right; none given: none.
    """
    right = list(numeric) or [False] * len(columns)
    for cells in [right, *rows]:
        if len(cells) != len(columns):
            raise ContractError(
                f"table '{caption}': {len(columns)} columns but a row of {len(cells)}."
                " Give every column one cell and one flag."
            )
    return render(
        "table", columns=columns, rows=rows, caption=caption, note=note, numeric=right
    )


def actions(
    rows: Sequence[Mapping[str, Any]], caption: str = "Who does what by when"
) -> Markup:
    """Return who does what by when; no rows return nothing.

    A row has ``action`` and, where there are any, ``owner``, ``by``, ``trigger`` and ``size``.
    """
    filled = [_filled("action", row, ACTION) for row in rows]
    heads = {
        "action": "Action",
        "owner": "Owner",
        "by": "By",
        "trigger": "Because",
        "size": "Size",
    }
    columns = {key: text for key, text in heads.items() if any(row[key] for row in filled)}
    return (
        render("actions", rows=filled, columns=columns, caption=caption) if rows else Markup("")
    )


def definitions(
    rows: Sequence[Mapping[str, Any]], title: str = "What the measures mean"
) -> Markup:
    """Return the metrics in words, in a fold; no rows return nothing.

    A row has ``title`` and ``definition`` and, where there are any, ``formula``, ``clock``,
    ``owner``, ``comparable``, ``benchmark``, ``breaks`` (a list of sentences) and ``anchor``.
    """
    filled = [_filled("definition", row, DEFINITION) for row in rows]
    return render("definitions", rows=filled, title=title) if rows else Markup("")


def checks(
    rows: Sequence[Mapping[str, Any]], passed: str = "Every check of the data passed."
) -> Markup:
    """Return what the quality gates found.

    A row has ``gate``, ``level`` (fail or warn), ``message`` and perhaps ``metric``.
    """
    return render("checks", rows=[_filled("check", row, CHECK) for row in rows], passed=passed)


def footer(attribution: str, lines: Sequence[str] = ()) -> Markup:
    """Return whose data these are, and what else belongs in the last lines of a page."""
    return render("footer", attribution=attribution, lines=lines)


def _filled(what: str, given: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its optional fields filled in; ``...`` marks one that it must have."""
    if unknown := [name for name in given if name not in fields]:
        raise ContractError(
            f"{what}: unknown field '{unknown[0]}'{did_you_mean(unknown[0], fields) or '.'}"
            f" Use {', '.join(fields)}."
        )
    if lacking := [name for name, v in fields.items() if v is ... and name not in given]:
        raise ContractError(f"{what}: lacks '{lacking[0]}'. Give it.")
    link = given.get("link")
    address = link.get("href", "#") if isinstance(link, Mapping) else "#"
    if not safe.link(address):
        raise ContractError(
            f"{what}: '{address}' is no link for a page. Use a relative or https one."
        )
    return {**fields, **given}
