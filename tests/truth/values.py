"""Is what the pack counts what truth.json holds? Every measure that the pack can be asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import ibis
import pandas as pd

from insights.data import durations, periods, series
from insights.data.sources import Source
from insights.methods.intervals import wilson

from .scoring import HELD, NOT_HELD, NOT_JUDGED, Row, segment, size
from .world import World

EXACT = 1e-9  # of a ratio; counts must be equal
STARTED_MINUTE = 1 / 60  # hours: durations are rounded up to minutes
REVIEWER_RIGHT = 0.96  # how often a reviewer is right, domain.md 6.2
Answer = tuple[float, bool, str, str]  # value, held, interval, note
UNITS = {"contacts": "count", "decisions": "count"}


@dataclass(frozen=True, slots=True)
class Ask:
    """How a metric of truth.json is asked of the pack."""

    metric: str  # of the pack
    how: str = "exact"  # or sampled, duration
    quantile: float = 0.5
    clock: str = ""  # where the pack's own differs: the one that truth counts by
    undo: Callable[[float], float] = float  # from what is seen to what is true


def rogan_gladen(agreed: float) -> float:
    """Return true accuracy from how often reviewers agreed (Rogan and Gladen 1978)."""
    found = (agreed + REVIEWER_RIGHT - 1) / (2 * REVIEWER_RIGHT - 1)
    return min(max(found, 0.0), 1.0)


ASKS = {
    "contact_volume": Ask("contact_volume"),
    "appeal_help_share": Ask("contact_volume"),
    "csat_raw": Ask("csat"),
    "response_rate": Ask("survey_response_rate"),
    "reopen_rate": Ask("reopen_rate"),
    "transfer_rate": Ask("transfer_rate"),
    "escalation_rate": Ask("escalation_rate"),
    "handle_minutes": Ask("handle_time"),
    "measures": Ask("items_actioned"),
    "automation_share": Ask("automation_share"),
    "overturn_rate": Ask("overturn_rate", clock="item_decided_at"),
    "over_cap_share": Ask("over_cap_share"),
    "qa_score": Ask("qa_score", how="sampled"),
    "accuracy": Ask("qa_accuracy", how="sampled", undo=rogan_gladen),
    "first_reply_p50": Ask("first_reply", how="duration"),
    "first_reply_p90": Ask("first_reply", how="duration", quantile=0.9),
}
ELSEWHERE = {"csat_true": "no metric sees it; see csat and csat_adjusted below"}


def score(world: World) -> list[Row]:
    """Return a row a measure of truth.json, those that the pack cannot be asked counted."""
    rows, unasked = [], {}
    for effect in world.record["effects"]:
        for measure in effect["measures"]:
            ask = ASKS.get(measure["metric"])
            lacking = ask and set(measure["segment"]) - dimensions(world, ask)
            if ask and not lacking:
                rows.append(_row(world, effect["effect_id"], measure, ask))
            else:
                name = measure["metric"] + (f" by {', '.join(lacking)}" if lacking else "")
                unasked.setdefault(name, []).append(effect["effect_id"])
    return rows + [_unasked(name, effects) for name, effects in unasked.items()]


def dimensions(world: World, ask: Ask) -> set[str]:
    """Return the dimensions by which the pack can be asked."""
    return set(world.source.pack.metrics[ask.metric].dimensions)


def _unasked(name: str, effects: list[str]) -> Row:
    """Return one row for a metric that the pack does not carry."""
    why = ELSEWHERE.get(name, "the pack has no such metric")
    if " by " in name:
        why = "the pack's metric has no such dimension"
    named = " ".join(dict.fromkeys(effects))
    asked = f"{name}: {len(effects)} measure{'s' * (len(effects) > 1)} of {named}"
    return Row("-", "values", asked, NOT_JUDGED, note=why)


def named(measure: dict[str, Any]) -> str:
    """Return a measure's metric, segment and days in a few words."""
    days = f", {len(measure['days'])} days" if measure["days"] else ""
    where = segment(measure["segment"].values())
    return f"{measure['metric']}: {where}{days}, {measure['start']}..{measure['end']}"


def _row(world: World, effect: str, measure: dict[str, Any], ask: Ask) -> Row:
    """Return what the pack says of a measure, beside what is true."""
    asking = {"exact": _equal, "sampled": _sampled, "duration": _between}[ask.how]
    value, held, interval, note = asking(world, measure, ask)
    unit = UNITS.get(measure["unit"], measure["unit"])
    return Row(
        effect, "values", named(measure), HELD if held else NOT_HELD,
        error=size(measure["with_effect"], value, unit), interval=interval, note=note,
    )  # fmt: skip


def _equal(world: World, measure: dict[str, Any], ask: Ask) -> Answer:
    """Return a count or ratio, which equals truth but for cases that are not final."""
    value, exposure = counted(world, measure, ask)
    off, allowed, note = abs(value - measure["with_effect"]), EXACT, ""
    if ask.clock:
        own = world.source.pack.metrics[ask.metric].clock
        note = f"by {ask.clock}; the pack counts by {own}"
    if late := _open_at_the_end(world, measure, ask):
        allowed = late / exposure
        note = f"{late:,.0f} cases of the last days are not final"
    return value, off <= allowed, "equal" if off <= EXACT else "", note


def _sampled(world: World, measure: dict[str, Any], ask: Ask) -> Answer:
    """Return what a sample says, and whether its interval holds truth."""
    value, low, high = (ask.undo(x) for x in estimated(world, measure, ask))
    held = low <= measure["with_effect"] <= high
    note = "" if ask.undo is float else f"Rogan-Gladen, reviewers right {REVIEWER_RIGHT}"
    return value, held, f"{'yes' if held else 'no'}: {low:.3f} to {high:.3f}", note


def _between(world: World, measure: dict[str, Any], ask: Ask) -> Answer:
    """Return a quantile, and whether it lies where the true one does."""
    value, (low, high) = duration(world, measure, ask), neighbours(world, measure, ask)
    note = f"the contacts around it waited {low:.2f} and {high:.2f} h"
    return value, low <= value <= high + STARTED_MINUTE, "", note


def _source(world: World, ask: Ask) -> Source:
    """Return the source, its metric by truth's clock."""
    if not ask.clock:
        return world.source
    pack = world.source.pack
    changed = pack.metrics[ask.metric].model_copy(update={"clock": ask.clock})
    metrics = {**pack.metrics, ask.metric: changed}
    return replace(world.source, pack=pack.model_copy(update={"metrics": metrics}))


def of(world: World, measure: dict[str, Any], ask: Ask, grain: str = "day") -> pd.DataFrame:
    """Return the pack's rows of a measure's segment and days."""
    end = pd.Timestamp(measure["end"]) - pd.Timedelta(days=1)
    one = {name: values[0] for name, values in measure["segment"].items() if len(values) == 1}
    several = {name: values for name, values in measure["segment"].items() if len(values) > 1}
    rows = series.build(
        _source(world, ask), ask.metric, grain=grain, where=one, start=measure["start"],
        by=[*several] + ["topic"] * (measure["metric"] == "appeal_help_share"), end=end,
    )  # fmt: skip
    for dimension, values in several.items():
        rows = rows[rows[dimension].isin(values)]
    if measure["days"]:
        rows = rows[rows["period"].isin(pd.to_datetime(measure["days"]))]
    return rows.dropna(subset=["events"])


def counted(world: World, measure: dict[str, Any], ask: Ask) -> tuple[float, float]:
    """Return a count or ratio over a measure's days, and the cases behind it."""
    rows = of(world, measure, ask)
    events, exposure = rows["events"].sum(), rows["exposure"].sum()
    if measure["metric"] == "appeal_help_share":
        return rows.loc[rows["topic"] == "appeal_help", "events"].sum() / events, events
    if measure["unit"] in UNITS:
        return events, events
    return events / exposure, exposure


def estimated(world: World, measure: dict[str, Any], ask: Ask) -> tuple[float, float, float]:
    """Return a sampled share over a measure's weeks with its 95 % interval.

    Weeks are strata: the variance of their weighted mean gives the sample they are worth.
    """
    rows = of(world, measure, ask, grain="week")
    rows = rows[rows["exposure"] > 0]
    weight = rows["exposure"].sum()
    value = rows["events"].sum() / weight
    worth = weight**2 / (rows["exposure"] ** 2 / rows["n_effective"]).sum()
    return value, *wilson(value * worth, worth)


def duration(world: World, measure: dict[str, Any], ask: Ask) -> float:
    """Return a quantile of a duration over a measure's days, as known at the end."""
    metric = world.source.pack.metrics[ask.metric]
    last = pd.Timestamp(measure["end"]) - pd.Timedelta(days=1)
    where = {name: values[0] for name, values in measure["segment"].items()}
    rows = series.of_metric(world.source, metric, where=where, start=measure["start"], end=last)
    whole = durations.summarise(
        rows, metric, by=[], bucket=lambda _: ibis.timestamp(measure["start"]), cutoff=world.end
    )
    return float(whole["p90" if ask.quantile == 0.9 else "value"].iloc[0])


def neighbours(world: World, measure: dict[str, Any], ask: Ask) -> tuple[float, float]:
    """Return the two true waits between which a quantile lies, by plain SQL, in hours."""
    where = " and ".join(f"t.{name} = '{v[0]}'" for name, v in measure["segment"].items())
    waits = world.sql(
        f"""select t.first_reply_h as h
        from {{truth/csat}} t join {{contacts}} c using (contact_id)
        where not c.is_bot and {where} and t.created_at >= '{measure["start"]}'
        and t.created_at < '{measure["end"]}' order by h"""
    )["h"].to_numpy()
    at = ask.quantile * (len(waits) - 1)
    return float(waits[math.floor(at)]), float(waits[math.ceil(at)])


def _open_at_the_end(world: World, measure: dict[str, Any], ask: Ask) -> float:
    """Return how many cases were not final when the tables were taken."""
    final = world.end - pd.Timedelta(days=world.source.pack.metrics[ask.metric].mature_after)
    if pd.Timestamp(measure["end"]) <= final:
        return 0.0
    rows = of(world, measure, ask)
    return float(rows.loc[rows["period"] >= periods.first_day(final, "day"), "exposure"].sum())
