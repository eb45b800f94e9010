"""What does a scorecard say first? The headline and what stands beside it."""

from __future__ import annotations

import pandas as pd

from insights import wording
from insights.methods import intervals
from insights.pack import Metric
from insights.readout.card import Scorecard, Target, period_of
from insights.readout.measures import STILL_OPEN, Measure

SHOWN = 3  # steps, and further signals, that a first screen holds


def headline(card: Scorecard) -> str:
    """Return the answer in one or two sentences, in the wording of the card's state."""
    if card.state == "refused":
        return _refused(card)
    lead = card.lead
    if lead is None:
        return _unusable(card)
    said = figure(card, lead)
    if not card.moved:
        n = len([m for m in card.standing if _ranged(card, m)])
        if not n:
            short = "there is too little history to say what is usual"
            return f"{said}{_goal_clause(card, lead)}; {short}."
        having = "" if n == len(card.standing) else " with a range"
        none = f"none of {n} measures{having} moved"
        if n == 1:
            none = "the one measure with a range did not move"
        return f"{said}{_goal_clause(card, lead) or _range_clause(card, lead)}; {none} clearly."
    more = card.moved[1:]
    text = f"{said}{_range_clause(card, lead)}."
    if not more:
        return text
    named = [f"{_quoted(m)} ({side(card, m)} usual)" for m in more[:SHOWN]]
    if len(more) > SHOWN:
        named.append(f"{len(more) - SHOWN} more")
    total = len(card.standing)
    return f"{text} {len(more)} more of {total} measures moved: {wording.listing(named)}."


def figure(card: Scorecard, measure: Measure) -> str:
    """Return what a measure was, as its pack words it, without a full stop."""
    metric = measure.metric
    words = {
        "subject": card.run.subject,
        "period": period_of(card, measure),
        "value": value(card, measure),
    }
    if metric.sentence is None:
        median = metric.kind == "duration" and not metric.quantile
        what = f"a median {words['value']}" if median else words["value"]
        return f"{metric.title} was {what} for {words['subject']} {words['period']}"
    text = metric.sentence
    for word in words:
        head, *rest = text.split("{" + word + "}")
        text = head + "".join(f"\0{word}\0{part}" for part in rest)
    for word, said in words.items():
        text = text.replace(f"\0{word}\0", said)
    return text.rstrip(".")


def value(card: Scorecard, measure: Measure) -> str:
    """Return the figure shown, in the decimals of its range."""
    row = card.judged(measure.name)
    if not measure.stands:
        return "no figure"
    return wording.number(row["value"], measure.metric.unit, like=[row["lower"], row["upper"]])


def usual(card: Scorecard, measure: Measure) -> str:
    """Return the usual range, or "" where there is none."""
    row = card.judged(measure.name)
    if not _ranged(card, measure):
        return ""
    return wording.span(row["lower"], row["upper"], measure.metric.unit)


def interval(measure: Measure) -> str:
    """Return the 95 % interval of a sampled share in words; a full count has none."""
    if "n_effective" not in measure.rows or not measure.stands:
        return ""
    worth = float(measure.now["n_effective"])
    bounds = intervals.wilson(float(measure.now["value"]) * worth, worth)
    return f"95{wording.NBSP}% interval {wording.span(*bounds, 'share')}"


def spread(measure: Measure) -> str:
    """Return what a duration's median leaves out: the slow tenth, the target, what is open."""
    now, metric = measure.now, measure.metric
    if metric.kind != "duration" or now["why"] not in {"", STILL_OPEN}:
        return ""
    parts = []
    if pd.notna(now["p90"]) and not metric.quantile:
        parts.append(f"90th percentile {wording.number(now['p90'], metric.unit)}")
    if pd.notna(now["within"]):
        target = wording.target(float(metric.target or 0), "hours")
        parts.append(f"{wording.number(now['within'], 'share')} within {target}")
    still = int(now["exposure"] - now["events"])
    parts.append(f"{still:,} of {int(now['exposure']):,} still open")
    return "; ".join(parts)


def side(card: Scorecard, measure: Measure) -> str:
    """Return above or below."""
    return str(card.judged(measure.name)["side"])


def change(card: Scorecard, measure: Measure) -> str:
    """Return how far the figure is from the middle of its usual range."""
    row = card.judged(measure.name)
    if not measure.stands or not _ranged(card, measure):
        return ""
    if measure.metric.unit == "count" and row["centre"] > 0:
        return f"{wording.relative(row['value'] / row['centre'] - 1)} from usual"
    return f"{wording.change(row['value'] - row['centre'], measure.metric.unit)} from usual"


def goal(metric: Metric, target: Target) -> tuple[str, str]:
    """Return a goal and the gap to it in words."""
    bound = "at least" if metric.better == "higher" else "at most"
    by = f" by {wording.day(target.goal.by)}" if target.goal.by else ""
    said = f"{bound} {wording.target(target.bound, metric.unit)}{by}"
    if target.goal.low is not None and target.goal.high is not None:
        ends = (wording.target(end, metric.unit) for end in (target.goal.low, target.goal.high))
        said = f"{' to '.join(ends)}{by}"
    if not target.missed:
        return said, "met"
    way = "under" if target.value < target.bound else "over"
    gap = wording.change(target.gap, metric.unit).removeprefix("+")
    return said, f"{gap} {way}"


def why(card: Scorecard) -> list[str]:
    """Return what qualifies the headline: how old its decisions are, and how its guards did."""
    lead = card.lead
    if lead is None or card.state in {"refused", "unusable"}:
        return []
    return [
        text for text in (_age(card, lead), _guards(card, lead), _watch(card, lead)) if text
    ]


def facts(card: Scorecard) -> list[dict[str, object]]:
    """Return three numbers: the headline measure, the volume, and the next in line."""
    line = [*card.moved, *card.missed, *card.largest]
    volume = [m for m in card.largest if m.metric.kind == "count"][:1]
    chosen = list({m.name: m for m in [*line[:1], *volume, *line[1:]]}.values())[:3]
    moved = {m.name for m in card.moved}
    found: list[dict[str, object]] = []
    for m in chosen:
        target = card.targets.get(m.name)
        watched = card.judged(m.name)["state"] == "watch" and is_outside(card, m)
        details = ["to watch"] if watched else []
        details += [f"usual {usual(card, m)}"] if usual(card, m) else []
        if target is not None and target.missed:
            details.append(f"goal {goal(m.metric, target)[0]}")
        found.append(
            {
                "value": value(card, m),
                "label": m.metric.title,
                "detail": "; ".join(details),
                "hit": m.name in moved,
            }
        )
    return found


def do(card: Scorecard, most: int = SHOWN) -> list[dict[str, str]]:
    """Return steps from the pack's register: for every signal, then for every missed goal."""
    end = card.run.end
    steps: list[dict[str, str]] = []
    asked = [(m, side(card, m)) for m in card.moved] + [(m, "off_goal") for m in card.missed]
    for m, when in asked:
        because = _because(card, m, when)
        fitting = [
            a
            for a in card.run.pack.actions.values()
            if a.metric == m.name
            and (a.when == when or (a.when == "outside" and when != "off_goal"))
        ]
        for action in fitting:
            by = end + pd.Timedelta(days=action.within_days)
            steps.append(_step(action.do, action.owner or m.metric.owner, by, because))
        if not fitting:
            text = f"Find out why {_quoted(m)} moved, before the next readout"
            if when == "off_goal":
                text = f"Agree how to close the gap of {_quoted(m)}; no action is registered"
            steps.append(_step(text, m.metric.owner, end + pd.Timedelta(days=7), because))
    if card.state in {"refused", "unusable"}:
        owners = wording.listing(sorted({m.metric.owner for m in card.measures}))
        text = "Mend the data before anything is decided on them"
        steps.append(_step(text, owners, end + pd.Timedelta(days=7), headline(card)))
    unique = {step["text"]: step for step in reversed(steps)}
    return list(reversed(unique.values()))[:most]


def _range_clause(card: Scorecard, measure: Measure) -> str:
    where = side(card, measure)
    if not _ranged(card, measure):
        return ""
    if card.judged(measure.name)["state"] == "headline":
        return f", {where} the usual {usual(card, measure)}"
    return (
        f", within the usual {usual(card, measure)}"
        if not is_outside(card, measure)
        else (f", {where} the usual {usual(card, measure)}, which chance alone may explain")
    )


def in_order(card: Scorecard) -> list[Measure]:
    """Return the measures as they are read: moved, to watch, goal missed, the rest."""
    watched = [m for m in card.standing if card.judged(m.name)["state"] == "watch"]
    line = [*card.moved, *watched, *card.missed, *card.measures]
    return list({m.name: m for m in line}.values())


def is_outside(card: Scorecard, measure: Measure) -> bool:
    """Tell whether the figure is outside its usual range."""
    row = card.judged(measure.name)
    return bool(row["value"] > row["upper"] or row["value"] < row["lower"])


def _goal_clause(card: Scorecard, measure: Measure) -> str:
    target = card.targets.get(measure.name)
    if target is None or not target.missed:
        return ""
    bound, gap = goal(measure.metric, target)
    return f", {gap} the goal of {bound}"


def _ranged(card: Scorecard, measure: Measure) -> bool:
    row = card.judged(measure.name)
    return bool(pd.notna(row["lower"]) or pd.notna(row["upper"]))


def _refused(card: Scorecard) -> str:
    gates = sorted({finding.gate for m in card.measures for finding in m.refusals})
    n = len(card.measures)
    whom = "the one measure" if n == 1 else f"all {n} measures"
    return (
        f"No figure can be shown for {card.run.subject} {_in(card)}: "
        f"quality gates refused {whom} ({wording.listing(gates)})."
    )


def _unusable(card: Scorecard) -> str:
    reasons = list(dict.fromkeys(str(m.now["why"]) for m in card.measures if m.now["why"]))
    article = "The " if card.run.grain == "week" else ""
    text = f"{article}{card.run.period} cannot be judged for {card.run.subject}"
    usable = [m.rows.loc[m.rows["usable"], "period"].max() for m in card.measures]
    last = max((period for period in usable if pd.notna(period)), default=None)
    why = f": {wording.listing(reasons)}"
    if last is None:
        return f"{text}{why}. No earlier {card.run.grain} can be either."
    name = wording.period(pd.Timestamp(last).date(), card.run.grain)
    return f"{text}{why}. The last {card.run.grain} that can is {article.lower()}{name}."


def _in(card: Scorecard) -> str:
    return wording.in_period(card.run.as_of.date(), card.run.grain)


def _age(card: Scorecard, lead: Measure) -> str:
    """Say how old the decisions are that a filing clock shows."""
    behind = card.delay_of(lead)
    if lead.metric.clock_is != "filed" or behind is None:
        return ""
    age = wording.number(float(behind.now["value"]), behind.metric.unit)
    return (
        f"Dated by filing: they concern decisions taken on average {age} earlier, so this is "
        f"what was filed {period_of(card, behind)}, not what was decided then."
    )


def _guards(card: Scorecard, lead: Measure) -> str:
    guards = [card.measure(g) for g in lead.metric.guards if g in card.run.metrics]
    standing = [m for m in guards if m.stands and _ranged(card, m)]
    if not standing or not card.moved:
        return ""
    moved = [m for m in standing if m in card.moved]
    kept = [m for m in standing if m not in moved]
    parts = [f"{_quoted(m)} moved too ({side(card, m)} usual)" for m in moved]
    if kept:
        names = wording.listing([_quoted(m) for m in kept])
        parts.append(f"{names} stayed in {'its' if len(kept) == 1 else 'their'} usual range")
    return wording.sentence(f"of what guards it, {wording.listing(parts)}")


def _watch(card: Scorecard, lead: Measure) -> str:
    """Name what left its range without being news: over many measures, some will by chance."""
    out = [
        m
        for m in card.standing
        if card.judged(m.name)["state"] == "watch" and is_outside(card, m) and m is not lead
    ]
    named = [
        f"{_quoted(m)} at {value(card, m)}, {side(card, m)} its usual {usual(card, m)}"
        for m in out[:SHOWN]
    ]
    over = wording.count(len(card.standing), "measure")
    return (
        f"To watch: {wording.listing(named)}; over {over} chance alone may do that."
        if out
        else ""
    )


def _quoted(measure: Measure) -> str:
    return f"“{measure.metric.title}”"


def _because(card: Scorecard, measure: Measure, when: str) -> str:
    if when == "off_goal":
        bound, gap = goal(measure.metric, card.targets[measure.name])
        return f"{measure.metric.title} is {gap} the goal of {bound}"
    return f"{measure.metric.title} is {when} its usual {usual(card, measure)}"


def _step(text: str, owner: str, by: pd.Timestamp, because: str) -> dict[str, str]:
    return {
        "text": wording.sentence(text),
        "owner": owner,
        "by": wording.day(by.date()),
        "because": because,
    }
