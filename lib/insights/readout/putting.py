"""How a cell puts a block on the page, and the blocks that every page has alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from IPython.display import display
from markupsafe import Markup

from insights.readout import blocks, checking, fragments
from insights.readout.card import Scorecard

STEP = {"text": "action", "owner": "owner", "by": "by", "because": "trigger", "size": "size"}


def put(kind: str, html: str, text: str, **data: Any) -> None:
    """Display one block."""
    display(blocks.bundle(kind, str(html), text, data), raw=True)


def prose(paragraphs: Sequence[str]) -> None:
    """Display plain paragraphs."""
    put("prose", fragments.prose(paragraphs), "\n".join(paragraphs))


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str, note: str = ""
) -> None:
    """Display a table of finished text."""
    html = fragments.table(columns, rows, caption, note)
    put("table", html, "\n".join(" | ".join(row) for row in rows))


def no_figure(why: str) -> None:
    """Display the reason why there is no picture."""
    put("no_figure", fragments.no_figure(why), why, why=why)


def first_screen(
    card: Scorecard,
    headline: str,
    *,
    state: str,
    why: Sequence[str],
    facts: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, str]],
    care: Sequence[str],
    links: Sequence[Markup],
    all_refused: bool,
) -> None:
    """Display the answer, why, three numbers, what to do and what to mind.

    Parameters
    ----------
    card
        Whose gates the manifest keeps.
    headline
        The answer, one sentence.
    state
        "signal" where the answer is news.
    why, facts, care, links
        As ``fragments.headline`` takes them.
    steps
        What to do: ``text``, ``owner`` and ``by``; what else they hold is for further down.
    all_refused
        Whether the page has no figure to answer with.
    """
    html = fragments.headline(
        headline=headline,
        why=why,
        facts=facts,
        do=[{key: step[key] for key in ("text", "owner", "by")} for step in steps],
        care=care,
        state=state,
        links=links,
    )
    put(
        "headline",
        html,
        headline,
        headline=headline,
        state=state,
        all_refused=all_refused,
        care=list(care),
        gates=checking.gates(card),
    )


def actions(steps: Sequence[Mapping[str, str]], nothing: str) -> None:
    """Display who does what by when and why; where there is nothing to do, that sentence."""
    if not steps:
        prose([nothing])
        return
    rows = [{STEP[key]: text for key, text in step.items() if key in STEP} for step in steps]
    put("actions", fragments.actions(rows), "\n".join(step["text"] for step in steps))
