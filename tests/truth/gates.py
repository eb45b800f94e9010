"""Do an artefact and a break show as what they are, and not as news? E14 and E8."""

from __future__ import annotations

from typing import Any

import pandas as pd

from insights import wording
from insights.readout import card, choices
from insights.readout.card import Scorecard

from .scoring import FOUND, MISSED, Row
from .world import World

ANSWERS = ("csat", "csat_adjusted", "dsat")
GATE = "reversed scale"


def score(world: World) -> list[Row]:
    """Return a row for the survey scale and one for the policy."""
    return [reversed_scale(world), widened_policy(world)]


def reversed_scale(world: World) -> Row:
    """E14: the gate names exactly the reversed days, and their week is no news."""
    measure = world.measure("E14", "csat_raw")
    first, end = pd.Timestamp(measure["start"]), pd.Timestamp(measure["end"])
    wanted = tuple(pd.date_range(first, end - pd.Timedelta(days=1)))
    page = _page(world, first + pd.Timedelta(weeks=1), ("contact_volume", *ANSWERS))
    named, states = {}, {}
    for name in ANSWERS:
        shown = page.measure(name)
        assert shown.shown <= first < shown.shown + pd.Timedelta(weeks=1)
        found = [finding.days for finding in shown.findings if finding.gate == GATE]
        named[name] = found == [wanted]
        states[name] = not shown.stands and page.judged(name)["state"] == "unusable"
    days = wording.days([day.date() for day in wanted])
    return _row(
        "E14", f"scale reversed on {days}: named, and the week no headline",
        all(named.values()) and all(states.values()), f"{sum(named.values())} of 3 measures",
        "" if all(states.values()) else f"usable: {states}",
    )  # fmt: skip


def widened_policy(world: World) -> Row:
    """E8: the break is declared, and the first week under it is no headline."""
    first = pd.Timestamp(world.effect("E8")["start"])
    metrics = world.source.pack.metrics
    broken = tuple(n for n, m in metrics.items() if m.breaks)
    declared = all(pd.Timestamp(metrics[n].breaks[0].date) == first for n in broken)
    page = _page(world, first, broken)
    states: dict[str, Any] = {name: page.judged(name)["state"] for name in broken}
    news = [name for name, state in states.items() if state == "headline"]
    return _row(
        "E8", f"policy widened on {wording.day(first.date())}: declared, its week no headline",
        declared and "items_actioned" in broken and not news,
        f"{len(broken)} measures", f"headlines: {', '.join(news)}" if news else "",
    )  # fmt: skip


def _row(effect: str, asked: str, right: bool, found: str, note: str) -> Row:
    """Return the verdict on a gate."""
    verdict = FOUND if right else MISSED
    return Row(effect, "quality", asked, verdict, found=found, note=note)


def _page(world: World, as_of: pd.Timestamp, metrics: tuple[str, ...]) -> Scorecard:
    """Return the scorecard of a week as the notebook builds it."""
    return card.build(choices.start(world.pack, as_of=as_of.date(), metrics=metrics))
