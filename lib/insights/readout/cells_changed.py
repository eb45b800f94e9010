"""What the what-changed notebook calls: a change, its parts, what it is not, what is next."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from insights import charts as drawing
from insights.readout import cells, changed, fragments, links, putting, readings
from insights.readout import changed_words as words
from insights.readout.changed import Split, WhatChanged
from insights.readout.choices import Run


def change(
    run: Run, *, compare: str = "previous", span: int = 4, by: Sequence[str] = ()
) -> WhatChanged:
    """Compare two windows of the run's metric; displays nothing.

    ``compare`` is previous, year, event:NAME or a range of days; see ``data.windows.choose``.
    """
    return changed.build(run, compare=compare, span=span, by=by)


@cells.headline.register
def _headline(page: WhatChanged) -> None:
    """Display the first screen: what moved, what it came from, what to check, what to mind."""
    putting.first_screen(
        page.card,
        words.headline(page),
        state="signal" if page.lead.total.direction else "none",
        why=words.why(page),
        facts=words.facts(page),
        steps=words.next_steps(page)[:3],
        care=words.care(page),
        links=[links.beside(page.run, "1_scorecard", "Scorecard")],
        all_refused=page.card.state == "refused",
    )


@cells.show.register
def _show(page: WhatChanged) -> None:
    """Display how the change adds up: the waterfall of the split that tells most."""
    split = page.lead
    alt = f"{words.headline(page)} Waterfall of the parts. {split.closure()}"
    html = fragments.figure(drawing.svg(split.plot()), alt, split.closure(), _figures(split))
    kept = readings.of_change(page)
    putting.put("figure", html, split.closure(), alt=alt, readings=kept)


def _figures(split: Split) -> pd.DataFrame:
    """Return the parts as printed, with their intervals."""
    shown, printed = split.printed(), split.printed_table()
    made: dict[str, list[str]] = {"Segment": [str(name) for name in split.table.index]}
    for column in printed.columns:
        made[column.capitalize()] = [shown.delta(int(step)) for step in printed[column]]
        low, high = (split.detail[f"{column}_{end}"] for end in ("lower", "upper"))
        made[f"95 % interval of {column}"] = [
            shown.span(a, b) if pd.notna(a + b) else "none"
            for a, b in zip(low, high, strict=True)
        ]
    return pd.DataFrame(made)


def drill(page: WhatChanged) -> None:
    """Display the same change split by every dimension, the one that tells most first."""
    rows = words.drill(page)
    if not rows:
        text = "This metric has no dimension to be split by here."
        putting.prose([text])
        return
    columns = ["Split by", "Mix", "Rates within", "Largest part"]
    if len(rows[0]) == 2:
        columns = ["Split by", "Largest part"]
    note = "Each row splits the same change; rows are not to be added."
    putting.table(columns, rows, "The change by each dimension", note)


def found(page: WhatChanged) -> None:
    """Display the few combinations of dimensions that carry the change, or that none does."""
    text = words.sits(page)
    if page.segments is None or page.segments.table.empty:
        putting.no_figure(text)
        return
    alt = f"{text} Bars of what each segment contributes, with intervals."
    html = fragments.figure(drawing.svg(page.segments.plot()), alt, text)
    putting.put("figure", html, text, alt=alt)


def not_this(page: WhatChanged) -> None:
    """Display what the change is not, or might be besides."""
    rows = words.not_this(page)
    putting.table(["Might it be", "Answer"], rows, "Other explanations, and what the data say")


@cells.actions.register
def _actions(page: WhatChanged) -> None:
    """Display what to check next, and whose it is."""
    nothing = "Nothing to check: the change is within what chance alone brings."
    putting.actions(words.next_steps(page), nothing)
