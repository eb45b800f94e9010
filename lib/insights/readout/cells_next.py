"""What the what-next notebook calls: forecast, its record, people, scenarios, limits."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from insights import charts as drawing
from insights.readout import cells, fragments, links, outlook, people_words, putting, readings
from insights.readout import outlook_words as words
from insights.readout.choices import Run
from insights.readout.outlook import Outlook
from insights.readout.supposed import Scenarios

SCORES = ("Of", "Figures", "Missed by", "Last season", "On the whole", "In 80 %", "In 95 %")
BOARD = ("Model", "Miss (MASE)", "Against seasonal naive", "Chosen")
PARTS = ("Queue", "Expected", "People, mean", "People, most", "Gap", "Set by")
STAFF = ("People", "Gap")
SCENARIOS = ("Scenario", "Supposes", "In all", "Change")


def coming(
    run: Run,
    *,
    horizon: int = 13,
    clear_by: str = "",
    spike: float = 0.25,
    automation: float = -0.02,
    launch: str = "",
    launch_lift: float = 0.1,
    seed: int = 0,
) -> Outlook:
    """Work out what is coming of the run's metric; displays nothing."""
    asked = Scenarios(
        spike=spike, automation=automation, launch=launch, launch_lift=launch_lift
    )
    return outlook.build(run, horizon=horizon, clear_by=clear_by, scenarios=asked, seed=seed)


@cells.headline.register
def _headline(page: Outlook) -> None:
    """Display the first screen: what is coming, how sure, what it takes, what to do."""
    gap = people_words.gap_people(page)
    putting.first_screen(
        page.card,
        words.headline(page),
        state="signal" if gap is not None and gap < people_words.SHORT else "none",
        why=words.why(page),
        facts=words.facts(page),
        steps=words.steps(page)[:3],
        care=words.care(page),
        links=[links.beside(page.run, "1_scorecard", "Scorecard")],
        all_refused=page.card.state == "refused",
    )


@cells.show.register
def _show(page: Outlook) -> None:
    """Display the fan chart and the figures behind it; hand these to the forecast log."""
    claim = page.narrative()
    alt = f"{claim} Line of what was, dashed what is expected, bands of its ranges."
    html = fragments.figure(drawing.svg(page.plot()), alt, claim, _figures(page))
    putting.put("figure", html, claim, alt=alt, readings=readings.of_outlook(page))
    putting.put("forecast", "", "", rows=outlook.log_rows(page))


def score(page: Outlook) -> None:
    """Display how published forecasts did; before any has come true, what a replay says."""
    record = page.record if page.record.scored else page.replay
    claim = words.score(page)
    if not record.scored:
        putting.no_figure(claim)
        return
    html = fragments.figure(drawing.svg(record.plot()), claim, claim)
    putting.put("figure", html, claim, alt=claim)
    if page.record.scored:
        _table(SCORES, words.scores(page.record), "How published forecasts did")


def leaderboard(page: Outlook) -> None:
    """Display how the models did in replays; seasonal naive is always among them."""
    rows = words.board(page)
    if not rows:
        putting.prose(
            ["There is too little history to replay models; the last season is repeated."]
        )
        return
    note = "Mean absolute miss in replays from earlier origins, over history's usual step."
    _table(BOARD, rows, "How models did in replays", note)


def staffing(page: Outlook) -> None:
    """Display whom it takes, by queue, against whom there is."""
    if page.staffed is None:
        putting.prose(["The pack has no plan for this metric, so nobody is staffed from it."])
        return
    flow = page.staffed.flow
    claim = people_words.staffing(page)
    table = people_words.by_week(page)
    html = fragments.figure(
        drawing.svg(flow.plot()), claim, claim, table, "Full-time people; in brackets the gap."
    )
    putting.put("figure", html, claim, alt=claim)
    note = "Full-time people at each queue's upper end; gap: on hand less needed, − is short."
    _table(PARTS, people_words.parts(page), "Whom it takes, by queue", note)


def scenarios(page: Outlook) -> None:
    """Display what else might come, and what that would take."""
    head = list(SCENARIOS)
    head += ["People, most", "Gap, mean"] if page.staffed is not None else []
    _table(head, words.scenarios(page), "What if it comes otherwise")


def chances(page: Outlook) -> None:
    """Display the chance that the goal is met by its date."""
    if not page.chances:
        text = "No goal is set for this metric and these rows."
        putting.no_figure(text)
        return
    for chance in page.chances:
        claim = chance.narrative()
        html = fragments.figure(drawing.svg(chance.plot()), claim, claim)
        putting.put("figure", html, claim, alt=claim)


@cells.actions.register
def _actions(page: Outlook) -> None:
    """Display what to do about it, and whose it is."""
    putting.actions(words.steps(page), words.nothing(page))


def unknowns(page: Outlook) -> None:
    """Display what the page cannot say."""
    putting.prose(words.limits(page))


def _figures(page: Outlook) -> pd.DataFrame:
    """Return the figures behind the chart."""
    head = [page.run.grain.capitalize(), "Expected", "80 % range", "95 % range"]
    head += STAFF if page.staffed is not None else []
    frame = pd.DataFrame(words.weekly(page), columns=head)
    empty = [c for c in frame if (frame[c] == "").all()]
    return frame.drop(columns=empty)


def _table(head: Sequence[str], rows: list[list[str]], caption: str, note: str = "") -> None:
    """Display a table without the columns that are empty."""
    keep = [i for i in range(len(head)) if any(row[i] for row in rows)]
    rows = [[row[i] for i in keep] for row in rows]
    putting.table([head[i] for i in keep], rows, caption, note)
