"""What the what-drives notebook calls: a study, its effects, thresholds, what-ifs, limits."""

from __future__ import annotations

from insights import charts as drawing
from insights.readout import cells, checking, driven, fragments, links, readings
from insights.readout import driven_words as words
from insights.readout.choices import Run
from insights.readout.driven import WhatDrives

EFFECTS = (
    "Driver",
    "Goes with",
    "For",
    "Share of what is explained",
    "Rank",
    "Supported",
    "Controllable",
)


def drives(run: Run, *, study: str, span: int = 26, seed: int = 0) -> WhatDrives:
    """Work out a study of the pack over the run's last periods; displays nothing."""
    return driven.build(run, study=study, span=span, seed=seed)


@cells.headline.register
def _headline(page: WhatDrives) -> None:
    """Display the first screen: what goes with the outcome, how sure, what could be tried."""
    text, care = words.headline(page), words.care(page)
    state = "signal" if page.importance.supported else "none"
    html = fragments.headline(
        headline=text,
        why=words.why(page),
        facts=words.facts(page),
        do=[{k: s[k] for k in ("text", "owner", "by")} for s in words.steps(page)[:3]],
        care=care,
        state=state,
        links=[links.beside(page.run, "1_scorecard", "Scorecard")],
    )
    cells.put(
        "headline",
        html,
        text,
        headline=text,
        state=state,
        all_refused=page.card.state == "refused",
        care=care,
        gates=checking.gates(page.card),
    )


@cells.show.register
def _show(page: WhatDrives) -> None:
    """Display how much of the outcome each driver explains."""
    claim = page.narrative()
    alt = f"{claim} Bars of each driver's share, with intervals."
    html = fragments.figure(drawing.svg(page.plot()), alt, claim)
    cells.put("figure", html, claim, alt=alt, readings=readings.of_study(page))


def effects(page: WhatDrives) -> None:
    """Display what each driver goes with, in the outcome's own unit."""
    rows = words.effects(page)
    note = f"In {page.study.outcome_title}; intervals at 95 %, robust to unequal spread."
    html = fragments.table(EFFECTS, rows, "What each driver goes with", note)
    cells.put("table", html, "\n".join(" | ".join(row) for row in rows))


def thresholds(page: WhatDrives) -> None:
    """Display where waiting, or whatever the pack asks of, starts to hurt."""
    if not page.thresholds:
        text = "No supported driver is looked at for a threshold."
        cells.put("no_figure", fragments.no_figure(text), text, why=text)
    for found in page.thresholds.values():
        claim = found.narrative()
        alt = f"{claim} Means of groups with intervals, and the line through them."
        html = fragments.figure(drawing.svg(found.plot()), alt, claim)
        cells.put("figure", html, claim, alt=alt)


def what_if(page: WhatDrives) -> None:
    """Display what goes with moving each controllable driver to where its best quarter is."""
    said = [found.narrative() for found in page.what_ifs.values()]
    if not said:
        said = ["No supported driver is one that somebody could change."]
    cells.put("prose", fragments.prose(said), "\n".join(said))


@cells.actions.register
def _actions(page: WhatDrives) -> None:
    """Display what could be tried, whose it is, and how large what it goes with is."""
    steps = words.steps(page)
    if not steps:
        text = "Nothing to try: no controllable driver goes with the outcome beyond chance."
        cells.put("prose", fragments.prose([text]), text)
        return
    rows = [
        {
            "action": s["text"],
            "owner": s["owner"],
            "by": s["by"],
            "trigger": s["because"],
            "size": s["size"],
        }
        for s in steps
    ]
    cells.put("actions", fragments.actions(rows), "\n".join(s["text"] for s in steps))


def limits(page: WhatDrives) -> None:
    """Display what the study cannot say."""
    said = words.limits(page)
    cells.put("prose", fragments.prose(said), "\n".join(said))
