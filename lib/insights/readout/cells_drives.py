"""What the what-drives notebook calls: a study, its effects, thresholds, what-ifs, limits."""

from __future__ import annotations

from insights import charts as drawing
from insights.readout import cells, driven, fragments, links, putting, readings
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
    putting.first_screen(
        page.card,
        words.headline(page),
        state="signal" if page.importance.supported else "none",
        why=words.why(page),
        facts=words.facts(page),
        steps=words.steps(page)[:3],
        care=words.care(page),
        links=[links.beside(page.run, "1_scorecard", "Scorecard")],
        all_refused=page.card.state == "refused",
    )


@cells.show.register
def _show(page: WhatDrives) -> None:
    """Display how much of the outcome each driver explains."""
    claim = page.narrative()
    alt = f"{claim} Bars of each driver's share, with intervals."
    html = fragments.figure(drawing.svg(page.plot()), alt, claim)
    putting.put("figure", html, claim, alt=alt, readings=readings.of_study(page))


def effects(page: WhatDrives) -> None:
    """Display what each driver goes with, in the outcome's own unit."""
    rows = words.effects(page)
    note = f"In {page.study.outcome_title}; intervals at 95 %, robust to unequal spread."
    putting.table(EFFECTS, rows, "What each driver goes with", note)


def thresholds(page: WhatDrives) -> None:
    """Display where waiting, or whatever the pack asks of, starts to hurt."""
    if not page.thresholds:
        text = "No supported driver is looked at for a threshold."
        putting.no_figure(text)
    for found in page.thresholds.values():
        claim = found.narrative()
        alt = f"{claim} Means of groups with intervals, and the line through them."
        html = fragments.figure(drawing.svg(found.plot()), alt, claim)
        putting.put("figure", html, claim, alt=alt)


def what_if(page: WhatDrives) -> None:
    """Display what goes with moving each controllable driver to where its best quarter is."""
    said = [found.narrative() for found in page.what_ifs.values()]
    if not said:
        said = ["No supported driver is one that somebody could change."]
    putting.prose(said)


@cells.actions.register
def _actions(page: WhatDrives) -> None:
    """Display what could be tried, whose it is, and how large what it goes with is."""
    nothing = "Nothing to try: no controllable driver goes with the outcome beyond chance."
    putting.actions(words.steps(page), nothing)


def limits(page: WhatDrives) -> None:
    """Display what the study cannot say."""
    putting.prose(words.limits(page))
