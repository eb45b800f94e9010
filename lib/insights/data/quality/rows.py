"""All gates on a metric's rows, one after another; metrics of the same rows share queries."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from insights.data import daily, series
from insights.data.quality import (
    arrivals,
    codes,
    doubles,
    extracts,
    gates,
    labels,
    origins,
    people,
    scales,
    tallies,
    texts,
    zones,
)
from insights.data.quality.findings import Finding
from insights.data.quality.looking import Facts, Look
from insights.data.sources import stamp
from insights.data.tables import UNREAD, quoted

__all__ = ["Look", "Seen", "row_findings", "see"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the gates say of one metric, and the days that they read to tell."""

    findings: list[Finding]
    days: pd.DataFrame | None  # see ``daily.read``; None where text is in the way
    asked: tuple[str, ...] = ()  # the gates that it went through


def row_findings(look: Look) -> list[Finding]:
    """Return what the row gates say of one metric."""
    return see([look], until=look.end)[0].findings


def see(looks: Sequence[Look], *, until: date | None) -> list[Seen]:
    """Look at metrics with the same ``where`` and ``known_by`` together, in few queries.

    Days are read up to ``until``, the last day of any look; a metric is judged up to its own.
    Later gates need what the first found.
    """
    text = {look.name: texts.clocks(look) or texts.numbers(look) for look in looks}
    sound = [look for look in looks if not text[look.name]]
    days = _days(sound, until)
    kept = [replace(look, where={}) for look in sound if look.metric.mirror and look.where]
    everywhere = _days(kept, until)
    facts, seen = Facts(until, _mark(looks)), []
    for look in looks:
        asked = gates.asked(look)
        if text[look.name]:
            seen.append(Seen(text[look.name], None, gates.TEXT))
            continue
        own = daily.within(days[look.name], end=look.end)
        found = [*origins.findings(look, facts), *texts.unread(look, own)]
        found += [*doubles.findings(look, facts)]
        found += [*tallies.findings(look, own), *codes.undeclared(look, facts)]
        found += [*zones.findings(look, facts), *labels.findings(look, facts)]
        found += [*arrivals.findings(look, facts), *extracts.findings(look, facts)]
        found += [*people.reused(look, facts), *people.personal(look, facts)]
        if look.metric.mirror:
            wide = daily.within(everywhere.get(look.name, own), end=look.end)
            found += _reversed(look, own, wide)
        seen.append(Seen(found, days[look.name], asked))
    return seen


def _mark(looks: Sequence[Look]) -> Hashable:
    """Return what tells the answers of these tables from others, where answers are kept."""
    mark = stamp(looks[0].source) if looks else None
    return mark and (mark, looks[0].known_by)


def _days(looks: Sequence[Look], until: date | None) -> dict[str, pd.DataFrame]:
    """Return what each look's metric, and what its gates count, add up to by day."""
    if not looks:
        return {}
    first = looks[0]
    asks = {look.name: daily.Ask(look.metric, _counts(look)) for look in looks}
    return daily.read(first.source, asks, where=first.where, end=until, known_by=first.known_by)


def _counts(look: Look) -> Mapping[str, str]:
    """Return, as SQL over one row, what the gates count."""
    counts = {UNREAD + c: f"{quoted(UNREAD + c)} is not null" for c in texts.cast(look)}
    counts |= tallies.counts(look)
    if look.metric.mirror is not None:
        parts = [tallies.NUMBER.format(t) for t in series.expressions(look.metric).values()]
        counts |= scales.counts(parts[0], parts[1], tallies.NUMBER.format(look.metric.mirror))
    return counts


def _reversed(look: Look, *parts: pd.DataFrame) -> list[Finding]:
    """Find days with a reversed answer scale, in the rows shown and in the whole table."""
    found = max(map(scales.reversed_days, parts), key=len)
    if found.empty:
        return []
    message = scales.message(found)
    return [look.finding("reversed scale", message, found["period"])]
