"""What a notebook calls: each function displays one block, in Jupyter and on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import singledispatch
from typing import Any

import pandas as pd
from markupsafe import Markup

from insights import charts as drawing
from insights import wording
from insights.data import sources
from insights.errors import ParamError
from insights.readout import card as cards
from insights.readout import (
    caveats,
    checking,
    choices,
    fragments,
    links,
    putting,
    readings,
    sentences,
)
from insights.readout.card import Scorecard
from insights.readout.choices import Run
from insights.readout.measures import Measure
from insights.readout.putting import first_screen, put
from insights.results import Result

NOTHING = "Nothing to decide: no signal, and no goal missed."
CHANGED = "2_what_changed"  # the notebook that says why
SIGNAL_WORDS = {
    "headline": {"above": "▲ above usual", "below": "▼ below usual"},
    "usual": {"": "usual"},
    "short": {"": "too little history"},
}


def opening(
    pack: str,
    *,
    where: Mapping[str, str] | None = None,
    grain: str = "week",
    as_of: date | str = "",
    metrics: Sequence[str] = (),
    metric: str | None = None,
    study: str | None = None,
    coming: str | None = None,
) -> Run:
    """Check the parameters against pack and data; show the period and how fresh it is.

    A page about one metric names it by ``metric``, or by ``study``, an entry of drivers.yaml
    whose metric it then is; a page about what is coming names it by ``coming``. "" is the
    pack's first.
    """
    about = {"metric": metric, "study": study, "coming": coming}
    run = choices.start(pack, where=where, grain=grain, as_of=as_of, metrics=metrics, **about)
    put("style", f"<style>{fragments.css()}</style>", "")
    tables = list(dict.fromkeys(run.pack.metrics[name].table for name in run.metrics))
    inputs = sources.fingerprints(run.source, tables)
    through = run.data_through.date().isoformat()
    put(
        "opening",
        fragments.opening(kick=run.kick, lines=[run.freshness]),
        f"{run.kick}\n{run.freshness}",
        pack=run.pack.name,
        pack_title=run.pack.info.title,
        subject=run.subject,
        grain=run.grain,
        where=run.where,
        metrics=list(run.metrics),
        as_of=run.as_of.date().isoformat(),
        as_of_given=run.as_of_given,
        data_through=through,
        attribution=run.pack.info.attribution,
        kick=run.kick,
        freshness=run.freshness,
        inputs=[{**one, "through": through} for one in inputs],
    )
    return run


def scorecard(run: Run, *, history: int = 12) -> Scorecard:
    """Judge every measure of the run; displays nothing."""
    return cards.build(run, history=history)


@singledispatch
def headline(page: object) -> None:
    """Display the first screen: the answer, numbers, what to do, what to mind."""
    raise _unknown("headline", page)


@headline.register
def _headline(card: Scorecard) -> None:
    """Display the first screen: the answer, three numbers, what to do, what to mind."""
    text, care = sentences.headline(card), caveats.care(card)
    first_screen(
        card,
        text,
        state=card.state,
        why=sentences.why(card),
        facts=sentences.facts(card),
        steps=sentences.do(card) or [{"text": NOTHING, "owner": "", "by": ""}],
        care=care,
        links=_why(card),
        all_refused=card.state in {"refused", "unusable"},
    )


@singledispatch
def show(page: object) -> None:
    """Display what a page is about: a table of measures, or a result's claim over its chart."""
    if not isinstance(page, Result):
        raise _unknown("show", page)
    claim = page.narrative()
    html = fragments.figure(drawing.svg(page.plot()), claim, claim)
    put("figure", html, claim, alt=claim)


@show.register
def _show(card: Scorecard) -> None:
    """Display the table of measures, a row each."""
    since = card.measures[0].regime["period"].iloc[0]
    first_day = wording.day(since.date())
    note = (
        f"Usual range: limits from the usable {card.run.grain}s since {first_day}, given the "
        "last one before; grey in the small charts: no usable data. "
        + (card.run.pack.info.peers.note if card.run.pack.info.peers and card.peers else "")
    )
    caption = f"{card.run.subject}, {card.run.period}"
    rows = [_row(card, m) for m in sentences.in_order(card)]
    put(
        "table",
        fragments.scorecard(
            caption=caption,
            rows=rows,
            note=note.strip(),
            beside="Peers" if card.run.pack.info.peers else "Benchmark",
        ),
        card.narrative(),
        readings=readings.of_card(card),
    )


def charts(card: Scorecard, *, most: int = 3) -> None:
    """Display one control chart a headline measure; without a signal, the one that leads."""
    drawn = [m for m in card.moved[:most] or _leading(card) if m.regime["usable"].sum() > 1]
    if not drawn:
        why = "No chart: no measure has two usable periods under its present definition."
        putting.no_figure(why)
    for m in drawn:
        claim = _claim(card, m)
        alt = f"{claim} {_shape(card, m)}"
        figure = card.signals.chart(m.name, unit=m.metric.unit, grain=card.run.grain)
        html = fragments.figure(drawing.svg(figure), alt, claim, _figures(card, m))
        put("figure", html, claim, alt=alt)


def _leading(card: Scorecard) -> list[Measure]:
    """Return the measure that leads; where none can, the first that ever had a figure."""
    if card.lead:
        return [card.lead]
    return [m for m in card.measures if m.rows["usable"].any()][:1]


def gaps(card: Scorecard) -> None:
    """Display what is immature, missing, broken or failed a gate."""
    rows = checking.gap_rows(card)
    if not rows:
        putting.prose([])
        return
    html = fragments.table(
        columns=["What", "Measures", "Periods"],
        rows=rows,
        caption="Figures that are not there, and why",
    )
    put("table", html, "\n".join(" | ".join(row) for row in rows))


@singledispatch
def actions(page: object) -> None:
    """Display what to do, whose it is and by when."""
    raise _unknown("actions", page)


@actions.register
def _actions(card: Scorecard) -> None:
    """Display every action that a signal or a missed goal asks for."""
    putting.actions(sentences.do(card, most=20), NOTHING)


def definitions(card: Scorecard) -> None:
    """Display what every measure means and whether it may be compared."""
    rows = [checking.definition(card, m) for m in card.measures]
    put("prose", fragments.definitions(rows), "\n".join(str(r["definition"]) for r in rows))


def checks(card: Scorecard) -> None:
    """Display what the gates found, and which found nothing."""
    rows, passed = checking.rows(card), checking.passed(card)
    said = [*(row["message"] for row in rows), passed]
    put("prose", fragments.checks(rows, passed), "\n".join(said))


def footer(run: Run) -> None:
    """Display whose data these are."""
    lines = [f"{run.freshness} Times are in {run.pack.info.timezone}."]
    text = run.pack.info.attribution
    put("footer", fragments.footer(text, lines), "\n".join([text, *lines]))


def _unknown(what: str, page: object) -> ParamError:
    return ParamError(
        f"{what}: a {type(page).__name__} is no result of a readout. "
        "Give what readout.scorecard or readout.change returned."
    )


def _row(card: Scorecard, m: Measure) -> dict[str, Any]:
    target = card.targets.get(m.name)
    goal, gap = sentences.goal(m.metric, target) if target else ("", "")
    beside, beside_note = _beside(card, m)
    notes = [m.refusals[0].message] if m.refusals else []
    notes += [text for text in (sentences.interval(m), sentences.spread(m)) if text]
    if m.shown != card.run.as_of:
        notes.append(
            f"{wording.period(m.shown.date(), card.run.grain)}: newer ones are not final"
        )
    return {
        "title": m.metric.title,
        "detail": checking.unit(card, m),
        "value": sentences.value(card, m),
        "change": sentences.change(card, m),
        "usual": sentences.usual(card, m),
        "goal": goal,
        "gap": gap,
        "peers": beside,
        "peers_note": beside_note,
        "signal": _signal(card, m),
        "spark": _spark(card, m),
        "owner": m.metric.owner,
        "note": "; ".join(notes),
        "hit": m in card.moved,
        "anchor": m.name,
        "link": links.beside(
            card.run, CHANGED, "What changed", metric=m.name, about=m.metric.title
        ),
    }


def _why(card: Scorecard) -> list[Markup]:
    """Return a link to why the measure that leads is where it is."""
    if card.lead is None:
        return []
    text = f"Why: what changed in “{card.lead.metric.title}”"
    return [links.beside(card.run, CHANGED, text, metric=card.lead.name)]


def _beside(card: Scorecard, m: Measure) -> tuple[str, str]:
    """Return what stands beside a measure: peers, or in a pack without any its benchmark."""
    if card.run.pack.info.peers is None:
        return checking.benchmark(card, m)
    peer = card.peers.get(m.name)
    if peer is None:
        return "not comparable", ""
    count, compares = wording.count(peer.n, "peer"), checking.COMPARABLE[m.metric.comparable]
    return f"median {wording.number(peer.median, m.metric.unit)}", f"{count}, {compares}"


def _signal(card: Scorecard, m: Measure) -> dict[str, str]:
    row = card.judged(m.name)
    if m.refusals:
        return {"state": "refused", "text": f"refused: {m.refusals[0].gate}"}
    if not m.stands:
        return {"state": "unusable", "text": str(m.now["why"]) or "no usable data"}
    state, side = str(row["state"]), str(row["side"])
    if state == "watch":
        arrow = {"above": "▲ ", "below": "▼ "}.get(side, "")
        what = f"{side} usual" if sentences.is_outside(card, m) else row["rule"]
        return {"state": state, "text": f"{arrow}watch: {what}"}
    if state == "usual" and not sentences.usual(card, m):
        return {"state": "short", "text": "no range yet"}
    words = SIGNAL_WORDS.get(state, {"": state})
    return {"state": state, "text": words.get(side, words.get("", state))}


def _spark(card: Scorecard, m: Measure) -> str:
    rows = m.regime.tail(card.history)
    limits = card.signals.limits
    own = limits[limits["series"] == m.name].set_index("period").reindex(rows["period"])
    out = int((~rows["usable"]).sum())
    label = (
        f"{m.metric.title}: {wording.count(len(rows), card.run.grain)} from "
        f"{wording.day(rows['period'].iloc[0].date())}, now {sentences.value(card, m)}"
    )
    if usual := sentences.usual(card, m):
        label += f", usual {usual}"
    if out:
        label += f", {out} without usable data"
    return fragments.sparkline(
        rows["value"].tolist(),
        own["lower"].tolist(),
        own["upper"].tolist(),
        usable=rows["usable"].tolist(),
        hollow=[False] * len(rows),
        hit=m in card.moved,
        label=label,
    )


def _claim(card: Scorecard, m: Measure) -> str:
    if not m.stands:
        when = wording.the_period(m.shown.date(), card.run.grain)
        return f"{m.metric.title} has no figure for {when}; the chart shows those before."
    said = f"{m.metric.title}: {sentences.value(card, m)}"
    if usual := sentences.usual(card, m):
        said += f" against a usual {usual}"
    return wording.sentence(said)


def _shape(card: Scorecard, m: Measure) -> str:
    since = m.regime
    out = int((~since["usable"]).sum())
    first = wording.day(since["period"].iloc[0].date())
    text = f"Line of {wording.count(len(since), card.run.grain)} from {first}"
    left = "is" if out == 1 else "are"
    return f"{text}; {out} without usable data {left} left open." if out else f"{text}."


def _figures(card: Scorecard, m: Measure) -> pd.DataFrame:
    limits = card.signals.limits
    own = limits[limits["series"] == m.name].set_index("period").reindex(m.regime["period"])
    unit, title = m.metric.unit, m.metric.title
    made = []
    for row, low, high in zip(
        m.regime.to_dict("records"), own["lower"], own["upper"], strict=True
    ):
        made.append(
            {
                card.run.grain.capitalize(): wording.label(
                    row["period"].date(), card.run.grain
                ),
                title: wording.number(row["value"], unit) if row["usable"] else row["why"],
                "Usual range": "" if pd.isna(low + high) else wording.span(low, high, unit),
            }
        )
    return pd.DataFrame(made)
