"""What should be read with care? Holes, breaks, refusals, figures of another period."""

from __future__ import annotations

import pandas as pd

from insights import wording
from insights.data import periods
from insights.readout.card import Scorecard, period_of

NAMED = 3  # measures of an earlier period that are named one by one
IN_DAYS = {"days": 1.0, "hours": 1 / 24, "minutes": 1 / 1440, "seconds": 1 / 86400}


def care(card: Scorecard) -> list[str]:
    """Return what to read with care: holes, breaks, refusals, figures of another period."""
    said = [_holes(card), *_breaks(card), *_refusals(card), *_older(card), *_filling(card)]
    return [wording.sentence(text) for text in said if text]


def _holes(card: Scorecard) -> str:
    """Say how many periods under the present definition hold no usable data, and why."""
    judged = [m for m in card.measures if m.feed is not None and not m.refusals]
    if not judged:
        return ""
    widest = min(judged, key=lambda m: int((~m.regime["usable"]).sum()))
    since = widest.regime
    bad = since[~since["usable"]]
    if bad.empty or widest.feed is None:
        return ""
    days = widest.feed.table
    first, last = (
        since["period"].iloc[0],
        periods.last_day(since["period"].iloc[-1], card.run.grain),
    )
    kept = days[(days["period"] >= first) & (days["period"] <= last)]
    parts = []
    for state, words in (("missing", "without any data"), ("tiny", "nearly empty")):
        found = kept.loc[kept["state"] == state, "period"]
        if len(found):
            when = wording.days([d.date() for d in found], most=2)
            parts.append(f"{wording.count(len(found), 'day')} {words}: {when}")
    grain = wording.count(len(since), card.run.grain)
    count_out = len(bad)
    text = (
        f"{count_out} of the {grain} since {wording.day(first.date())} "
        f"{'holds' if count_out == 1 else 'hold'} no usable data and "
        f"{'is' if count_out == 1 else 'are'} left out, not counted as zero"
    )
    lost = {m.metric.title: int((~m.regime["usable"]).sum()) for m in judged}
    more = [title for title, n in lost.items() if n > count_out]
    if more:
        text += f", up to {max(lost.values())} for {wording.listing(more)}"
    return f"{text} ({'; '.join(parts)})" if parts else text


def _breaks(card: Scorecard) -> list[str]:
    """Say from when ranges start, for every break that holds now, and for which measures."""
    found: dict[tuple[object, str], list[str]] = {}
    for m in card.measures:
        past = [b for b in m.metric.breaks if pd.Timestamp(b.date) <= card.run.end]
        if past and m.stands:
            latest = max(past, key=lambda b: b.date)
            found.setdefault((latest.date, latest.why), []).append(m.metric.title)
    out = []
    for (when, why), titles in found.items():
        whose = "ranges"
        if len(titles) < len(card.standing):
            n = len(titles)
            named = wording.listing(titles) if n <= NAMED else f"{n} of {len(card.measures)}"
            whose = f"ranges of {named}{' measures' if n > NAMED else ''}"
        day = wording.day(pd.Timestamp(str(when)).date())
        out.append(
            f"{whose} start after {day}, when {why}; "
            f"earlier {card.run.grain}s are not comparable"
        )
    return out


def _refusals(card: Scorecard) -> list[str]:
    if card.state in {"refused", "unusable"}:
        return []
    out, absent = [], dict[str, list[str]]()
    for m in card.measures:
        if m.refusals:
            out.append(f"{m.metric.title} is refused: {m.refusals[0].message}")
        elif not m.stands:
            why = f"no figure {period_of(card, m)}: {m.now['why']}"
            absent.setdefault(why, []).append(m.metric.title)
    verb = {True: "has", False: "have"}
    out += [f"{wording.listing(t)} {verb[len(t) == 1]} {why}" for why, t in absent.items()]
    return [*out, *_backfilled(card)]


def _backfilled(card: Scorecard) -> list[str]:
    """Say where shares and means of the period shown include backfilled days."""
    for m in card.standing:
        if m.feed is None or m.adds_up or m.shown not in m.feed.by_period.index:
            continue
        if n := int(m.feed.by_period["backfill"].loc[m.shown]):
            days = wording.count(n, "day")
            when = wording.the_period(m.shown.date(), card.run.grain)
            return [
                f"{when} holds {days} of backfill, so its shares and means speak of more days"
            ]
    return []


def _older(card: Scorecard) -> list[str]:
    """Say which measures show an earlier period; where they are many, how many."""
    by_period: dict[pd.Timestamp, list[str]] = {}
    for m in card.measures:
        if m.shown != card.run.as_of:
            by_period.setdefault(m.shown, []).append(m.metric.title)
    out, counted = [], []
    for shown, titles in sorted(by_period.items(), reverse=True):
        when = f"the {wording.period(shown.date(), card.run.grain)}"
        if sum(map(len, by_period.values())) > NAMED:
            counted.append(f"{len(titles)} for {when}")
        elif len(titles) == 1:
            out.append(f"{titles[0]} is shown for {when}, its last final one")
        else:
            out.append(f"{wording.listing(titles)} are shown for {when}, their last final one")
    if counted:
        n = sum(map(len, by_period.values()))
        out.append(
            f"{n} of {len(card.measures)} measures are shown for an earlier {card.run.grain}, "
            f"their last final one: {wording.listing(counted)}"
        )
    return out


def _filling(card: Scorecard) -> list[str]:
    """Say where an event clock's newest periods are still filling up."""
    found: dict[str, None] = {}
    for m in card.standing:
        behind = card.delay_of(m)
        if m.metric.clock_is != "event" or behind is None:
            continue
        mean_days = float(behind.now["value"]) * IN_DAYS[behind.metric.unit]
        room = (card.run.known_by - periods.last_day(m.shown, card.run.grain)).days
        if mean_days > max(room, 1) / 2:
            said = wording.number(float(behind.now["value"]), behind.metric.unit)
            found[
                f"{m.metric.title} may still rise: "
                f"its rows arrive on average {said} after the event"
            ] = None
    return list(found)
