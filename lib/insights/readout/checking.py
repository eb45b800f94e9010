"""What the gates found and what every measure means, as rows for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from insights import wording
from insights.data import periods
from insights.readout.card import Scorecard
from insights.readout.measures import Measure

UNIT_WORDS = {
    "count": "a {grain}",
    "share": "share",
    "seconds": "seconds",
    "minutes": "minutes",
    "hours": "hours",
    "days": "mean days",
    "score": "mean",
}
QUANTILES = {0.5: "median", 0.9: "90th percentile"}
COMPARABLE = {"yes": "comparable", "partly": "partly comparable", "no": "not comparable"}
DAY_GATES = {
    "missing": "missing days",
    "tiny": "nearly empty days",
    "backfill": "backfill",
    "level": "level days",
}


def unit(card: Scorecard, m: Measure) -> str:
    """Return what a measure's figure is, in words."""
    if m.metric.kind == "duration":
        return f"{_quantile(m)}{' in' if m.metric.quantile else ''} {m.metric.unit}"
    if m.metric.snapshot:
        return f"at the end of the {card.run.grain}"
    return UNIT_WORDS[m.metric.unit].format(grain=card.run.grain)


def rows(card: Scorecard) -> list[dict[str, str]]:
    """Return every finding, those that fail first; findings on a whole source are said once."""
    found: dict[tuple[str, str, str], list[str]] = {}  # by gate, level and message, measures

    def note(gate: str, titles: Sequence[str], level: str, message: str) -> None:
        found.setdefault((gate, level, message), []).extend(titles)

    for m in card.measures:
        for finding in m.findings:
            note(finding.gate, [m.metric.title], finding.level, finding.message)
    for feed, titles in _feeds(card):
        for state, gate in DAY_GATES.items():
            if text := feed.says(state):
                now = (
                    feed.by_period.loc[card.run.as_of, state]
                    if card.run.as_of in feed.by_period.index and state != "level"
                    else 0
                )
                note(gate, titles, "fail" if now else "warn", wording.sentence(text))
    for m in card.measures:
        if m.metric.clock_is == "filed" and (text := _old(card, m)):
            filed = [
                one.metric.title for one in card.measures if one.metric.clock_is == "filed"
            ]
            note("filing delay", filed, "warn", text)
            break
    following = periods.step(card.run.as_of, card.run.grain)
    if following <= card.run.data_through < periods.last_day(following, card.run.grain):
        everyone = [m.metric.title for m in card.measures]
        note("partial last period", everyone, "warn", card.run.freshness)
    rows_ = [_row(card, *said, titles) for said, titles in found.items()]
    return sorted(rows_, key=lambda row: row["level"] != "fail")


def passed(card: Scorecard) -> str:
    """Return which gates found nothing in any measure that they concern."""
    failed = {row["gate"] for row in rows(card)}
    asked = dict.fromkeys(gate for m in card.measures for gate in m.asked)
    clean = [gate for gate in asked if gate not in failed]
    if not clean:
        return "No check of the data passed for every measure."
    whose = f"{len(clean)} of {len(asked)} checks" if len(clean) < len(asked) else "Every check"
    return f"{whose} passed for every measure: {wording.listing(clean)}."


def gates(card: Scorecard) -> list[dict[str, str]]:
    """Return the findings as a manifest keeps them."""
    kept = ("gate", "metric", "level", "message")
    return [{key: check[key] for key in kept} for check in rows(card)]


def gap_rows(card: Scorecard) -> list[list[str]]:
    """Return what is not there under the present definition: what, which measures, where."""
    found = []
    reasons: dict[tuple[str, str], list[str]] = {}
    for m in card.measures:
        if m.refusals:
            continue
        out = m.regime.loc[~m.regime["usable"]]
        for why, part in out.groupby("why", sort=False):
            firsts = [p.date() for p in part["period"]]
            when = wording.days(firsts, most=6, grain=card.run.grain)
            text = f"{wording.count(len(firsts), card.run.grain)}: {when}"
            reasons.setdefault((str(why), text), []).append(m.metric.title)
    for (why, text), titles in reasons.items():
        everyone = len(titles) == len(card.measures)
        found.append(
            [
                wording.sentence(why).rstrip("."),
                "all" if everyone else wording.listing(titles),
                text,
            ]
        )
    for m in card.measures:
        if m.refusals:
            said = " ".join(wording.sentence(f.message) for f in m.refusals)
            found.append(["Refused by a gate", m.metric.title, said])
    return found + _not_final(card)


def _not_final(card: Scorecard) -> list[list[str]]:
    """Return which measures show an earlier period, a row for each wait."""
    waits: dict[tuple[int, Any], list[str]] = {}
    for m in card.measures:
        if m.shown != card.run.as_of:
            waits.setdefault((m.metric.mature_after, m.shown), []).append(m.metric.title)
    return [
        [
            "Not final yet",
            wording.listing(titles),
            f"Final {wording.count(after, 'day')} after a {card.run.grain} ends; "
            f"shown: {wording.period(shown.date(), card.run.grain)}.",
        ]
        for (after, shown), titles in waits.items()
    ]


def benchmark(card: Scorecard, m: Measure) -> tuple[str, str]:
    """Return a goal's benchmark and how far it compares; empty where there is none."""
    target = card.targets.get(m.name)
    if target is None or (mark := target.goal.benchmark) is None:
        return "", ""
    return wording.number(mark.value, m.metric.unit), COMPARABLE[mark.comparable]


def definition(card: Scorecard, m: Measure) -> dict[str, Any]:
    """Return one measure in words."""
    metric = m.metric
    table = card.run.pack.source.tables[metric.table]
    formula = " / ".join(
        f"sum({part})" for part in (metric.numerator or "1", metric.denominator) if part
    )
    if metric.kind == "distinct":
        formula = f"number of different {metric.numerator}"
    if metric.snapshot:
        formula += ", on the last day of the period"
    if metric.kind == "duration":
        formula = f"{metric.start} to {metric.end}, open ones counted as not ended"
        if metric.hours == "business":
            formula += ", in hours of business"
    kind = "filing date" if metric.clock_is == "filed" else "date of the event"
    certainty = _certainty(m, table.aggregated, table.sampled)
    peers = card.run.pack.info.peers
    comparable: str = metric.comparable
    named = peers.values if peers is not None else ()  # noqa: PD011 - a tuple of names
    if peers is not None and metric.comparable != "no" and named:
        others = [name for name in named if name != card.run.where.get(peers.dimension)]
        comparable = f"{metric.comparable}: {wording.listing(others)}"
    return {
        "title": metric.title,
        "definition": f"{wording.sentence(metric.definition)} {certainty}",
        "formula": formula,
        "clock": f"{metric.clock} ({kind})",
        "owner": metric.owner,
        "comparable": comparable if peers is not None else "",
        "benchmark": _benchmark(card, m),
        "breaks": [wording.sentence(f"{wording.day(b.date)}: {b.why}") for b in metric.breaks],
    }


def _benchmark(card: Scorecard, m: Measure) -> str:
    """Return a benchmark with its source and date."""
    said, compares = benchmark(card, m)
    if not said:
        return ""
    mark = card.targets[m.name].goal.benchmark
    assert mark is not None
    return f"{said}, {compares} ({mark.source}; as of {wording.day(mark.as_of)})"


def _quantile(m: Measure) -> str:
    """Return which quantile of a duration is shown."""
    return QUANTILES[m.metric.quantile or 0.5]


def _certainty(m: Measure, aggregated: bool, sampled: bool) -> str:
    """Say why a figure has no sampling interval; the usual range says what is noise."""
    if m.metric.kind == "duration":
        which = _quantile(m)
        return f"The {which}; what is still open counts as not ended yet (Kaplan-Meier)."
    if m.metric.kind == "ratio" and m.metric.unit != "share" and aggregated:
        return "The source gives only means, so there is no interval."
    if sampled:
        return "From a sample: a share has its interval beside it."
    return "A full count, so it has no sampling error."


def _old(card: Scorecard, m: Measure) -> str:
    behind = card.delay_of(m)
    if behind is None:
        return ""
    age = wording.number(float(behind.now["value"]), behind.metric.unit)
    return f"A filed {card.run.grain} is final, but concerns decisions about {age} old."


def _feeds(card: Scorecard) -> list[tuple[Any, list[str]]]:
    """Return each different feed once, with the measures that read it."""
    by_feed: dict[int, tuple[Any, list[str]]] = {}
    for m in card.measures:
        if m.feed is not None:
            by_feed.setdefault(id(m.feed), (m.feed, []))[1].append(m.metric.title)
    return list(by_feed.values())


def _row(
    card: Scorecard, gate: str, level: str, message: str, titles: Sequence[str]
) -> dict[str, str]:
    """Return one finding with the measures that it concerns, named in the page's order."""
    named = [m.metric.title for m in card.measures if m.metric.title in titles]
    whose = "every measure" if len(named) == len(card.measures) else wording.listing(named)
    return {"gate": gate, "metric": whose, "level": level, "message": message}
