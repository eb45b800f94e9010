"""Gates alone: what each says of every metric of a pack, without a readout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from insights import wording
from insights.data.daily import VOLUME
from insights.data.quality.days import feed
from insights.data.quality.findings import Finding
from insights.data.quality.gates import DAYS
from insights.data.quality.looking import Look
from insights.data.quality.rows import Seen, see
from insights.data.sources import Source

STATES = dict(zip(DAYS, ("missing", "tiny", "backfill", "level"), strict=True))


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the gates say of one metric: those that it went through, and what they found."""

    metric: str
    title: str
    table: str
    asked: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether the metric as a whole cannot be used."""
        return any(finding.refuses for finding in self.findings)

    @property
    def passed(self) -> list[str]:
        """The gates that found nothing."""
        found = {finding.gate for finding in self.findings}
        return [gate for gate in self.asked if gate not in found]


def inspect(source: Source) -> list[Inspection]:
    """Put every metric of an open pack through its gates, over all of its data.

    The pack's own ``where`` is kept to, by metrics that have its dimensions.
    """
    wheres: dict[tuple[tuple[str, str], ...], list[Look]] = {}
    for name, metric in source.pack.metrics.items():
        kept = {k: v for k, v in source.pack.info.where.items() if k in metric.dimensions}
        wheres.setdefault(tuple(kept.items()), []).append(Look(source, name, metric, kept))
    found: dict[str, Inspection] = {}
    for looks in wheres.values():
        for look, seen in zip(looks, see(looks, until=None), strict=True):
            findings = (*seen.findings, *day_findings(look, seen))
            found[look.name] = Inspection(
                look.name, look.metric.title, look.metric.table, seen.asked, findings
            )
    return [found[name] for name in source.pack.metrics]


def day_findings(look: Look, seen: Seen) -> Iterator[Finding]:
    """Return what the gates on days say of a metric's source."""
    if seen.days is None or seen.days.empty:
        return
    days = seen.days
    whole = pd.DataFrame({"period": pd.date_range(days["period"].min(), days["period"].max())})
    judged = feed(whole.merge(days[["period", VOLUME]], how="left"), grain="day")
    for gate, state in STATES.items():
        if text := judged.says(state):
            when = judged.days(state)
            yield look.finding(gate, text, when, "warn" if state == "level" else "fail")


def lines(found: list[Inspection]) -> Iterator[str]:
    """Return the report: a table at a time what each gate says, of which metrics."""
    for table in dict.fromkeys(one.table for one in found):
        own = [one for one in found if one.table == table]
        yield f"{table}: {wording.count(len(own), 'metric')}"
        said: dict[tuple[str, str, str], list[str]] = {}
        for one in own:
            for finding in one.findings:
                verdict = "refused" if finding.refuses else finding.level
                said.setdefault((verdict, finding.gate, finding.message), []).append(one.metric)
        for (level, gate, message), names in said.items():
            yield f"  {level:8}{gate} ({_of(names, own)}): {wording.sentence(message)}"
        stopped = {gate for _, gate, _ in said}
        passed = dict.fromkeys(g for one in own for g in one.asked if g not in stopped)
        yield f"  {'passed':8}{', '.join(passed) or 'none'}"
    refused = [one.metric for one in found if one.refused]
    clean = sum(not one.findings for one in found)
    mind = len(found) - clean - len(refused)
    whose = f" ({wording.listing(refused)})" if refused else ""
    yield (
        f"{wording.count(len(found), 'metric')}: {clean} passed every gate, {mind} with "
        f"something to mind, {len(refused)} refused{whose}."
    )


def _of(names: list[str], own: list[Inspection]) -> str:
    return "every metric" if 1 < len(own) == len(names) else wording.listing(names)
