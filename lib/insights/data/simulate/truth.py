"""How large each planted effect is, in the tables that were drawn.

An effect is measured by playing its weeks twice with the same random numbers: as they were, and
with that effect alone switched off (a `Shadow`). Its size is the difference of the two numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from insights.data.simulate.arrivals import DISPERSION
from insights.data.simulate.effects import EFFECTS
from insights.data.simulate.engine import Draws, Frames, Operation, State
from insights.data.simulate.measures import METRICS, Measure, nulls, planned
from insights.data.simulate.queues import Capacity
from insights.data.simulate.world import DAY, HIDDEN_WEEKS, Array, World, on_day

SCHEMA = 1
SEEN = 4.0  # z at which an effect can be seen
POOLED_BELOW = 10  # groups under so many cases are pooled before they are published
SAFETY = frozenset({"E7", "E8", "E10", "E13"})  # effects that act on decisions and moderators
LEAD_WEEKS = {"E6": 0}  # E6 chooses its markets by the weeks before
LEAD = 8  # weeks: surveys, reviews and appeals of a day are of earlier contacts and items
LAG_WEEKS = {"E7": 1, "E5": 1, "E11": 1}  # rows of its days that are drawn in a later week
BATCHED = (
    "first_reply_log",
    "first_reply_p50",
    "first_reply_p90",
)  # days, not rows, are trials


@dataclass(slots=True)
class Tally:
    """Sums of one measure on one side."""

    events: float = 0.0
    exposure: float = 0.0
    squares: float = 0.0
    values: list[Array] = field(default_factory=list)
    daily: dict[int, list[float]] = field(default_factory=dict)

    def add(self, measure: Measure, frames: Frames) -> None:
        """Add the rows of a week."""
        day, top, bottom = measure.of(frames)
        counted = bottom > 0
        self.events += float(top.sum())
        self.exposure += float(bottom.sum())
        self.squares += float((top[counted] ** 2).sum())
        if METRICS[measure.metric].quantile is not None:
            self.values.append(top[counted])
        if len(day):
            base = int(day.min())
            tops = np.bincount(day - base, weights=top)
            bottoms = np.bincount(day - base, weights=bottom)
            for step in np.flatnonzero(np.bincount(day - base)):
                sums = self.daily.setdefault(base + int(step), [0.0, 0.0])
                sums[0] += tops[step]
                sums[1] += bottoms[step]

    def value(self, metric: str) -> float | None:
        """Return the number it comes to: a count, a mean or a quantile."""
        quantile = METRICS[metric].quantile
        if quantile is not None:
            rows = np.concatenate(self.values) if self.values else np.zeros(0)
            return float(np.quantile(rows, quantile)) if len(rows) else None
        if METRICS[metric].unit in ("contacts", "decisions"):
            return self.events
        return self.events / self.exposure if self.exposure else None


class Shadow:
    """The world with one effect off, through the weeks in which that effect is measured."""

    def __init__(self, operation: Operation, effect: str) -> None:
        self.effect = effect
        self.operation = operation
        self.on = operation.world.effects - {effect}
        first, end = EFFECTS[effect].window(operation.world)
        weeks = EFFECTS[effect].measured_weeks
        end = end if weeks is None else min(end, first + weeks)
        self.first = max(0, first - LEAD_WEEKS.get(effect, LEAD))
        self.end = end + LAG_WEEKS.get(effect, 0)
        self.measures: list[Measure] = []
        self.with_effect: list[Tally] = []
        self.without_effect: list[Tally] = []
        self._state: State | None = None
        self._capacity: Capacity | None = None

    def wants(self, week: int) -> bool:
        """Say whether this week is one of its own."""
        return self.first <= week < self.end

    def fork(self, state: State, worst: tuple[str, ...]) -> None:
        """Start from the factual state as it is before its first week."""
        self._state = state.copy()
        self._capacity = self.operation.capacity(self.on)
        self.measures = planned(self.operation.world, self.effect, worst)
        self.with_effect = [Tally() for _ in self.measures]
        self.without_effect = [Tally() for _ in self.measures]

    def play(self, draws: Draws, factual: Frames) -> None:
        """Play a week without the effect and add both sides to the tallies."""
        assert self._state is not None and self._capacity is not None
        frames: Frames = {}
        needed = {METRICS[measure.metric].frame for measure in self.measures}
        if needed & {"contacts", "surveys", "qa_contacts"}:
            frames |= self.operation.support(draws, self.on, self._state, self._capacity)
        if needed & {"items", "appeals", "exposure", "places"}:
            frames |= self.operation.safety(draws, self.on, self._state)
        for measure, fact, other in zip(
            self.measures, self.with_effect, self.without_effect, strict=True
        ):
            fact.add(measure, factual)
            other.add(measure, frames)

    def record(self, seen: dict[str, float]) -> list[dict[str, Any]]:
        """Return each measure as truth.json holds it."""
        scale = self.operation.world.scale
        rows = zip(self.measures, self.with_effect, self.without_effect, strict=True)
        return [_record(*row, scale, seen) for row in rows]


def _record(
    measure: Measure, fact: Tally, other: Tally, scale: float, seen: dict[str, float]
) -> dict[str, Any]:
    """Return one measure: both values, their difference, the scale at which it shows."""
    metric = METRICS[measure.metric]
    with_effect, without = fact.value(measure.metric), other.value(measure.metric)
    size = None if with_effect is None or without is None else with_effect - without
    share = seen[metric.observed]  # 0 where nobody can see the metric
    shrinks, stays = max(_variance(measure, side, share) for side in (fact, other))
    deviation = math.sqrt(shrinks + stays)
    days = measure.end_day - measure.first_day if measure.only is None else len(measure.only)
    cases = (fact.exposure or fact.events) * share
    weekly = cases / max(1.0, days / 7)
    return {
        "metric": measure.metric, "unit": metric.unit,
        "segment": {name: list(values) for name, values in measure.segment.items()},
        "start": str(on_day(measure.first_day)), "end": str(on_day(measure.end_day)),
        "days": [str(on_day(day)) for day in sorted(measure.only)] if measure.only else None,
        "with_effect": with_effect, "without_effect": without, "size": size,
        "relative": size / without if size is not None and without else None,
        "cases": int(fact.exposure or fact.events), "observed_share": share,
        "standard_error": deviation or None,
        "z": size / deviation if size is not None and deviation else None,
        "smallest_scale": _smallest(size, shrinks, stays, scale, weekly),
    }  # fmt: skip


def _variance(measure: Measure, side: Tally, share: float) -> tuple[float, float]:
    """Return the variance of a difference of two such windows: what shrinks, what stays.

    Counts: Poisson, which shrinks with scale against the size, and the dispersion of each cell
    (a market, topic and day), which does not. Means and rates: rows are the trials; for mean
    reply times days are, because waits of a day go together.
    """
    if METRICS[measure.metric].unit in ("contacts", "decisions"):
        markets = len(measure.segment.get("market", ())) or 12
        topics = len(measure.segment.get("topic", measure.segment.get("policy", ()))) or 8
        cells = max(1, len(side.daily)) * markets * topics
        return 2 * side.events, 2 * side.events**2 / (DISPERSION * cells)
    if not side.exposure or not share:
        return 0.0, 0.0
    quantile = METRICS[measure.metric].quantile
    if quantile is not None:
        rows = np.concatenate(side.values)
        low, high = np.quantile(rows, [quantile - 0.03, quantile + 0.03])
        slope = (high - low) / 0.06
        return 2 * quantile * (1 - quantile) * slope**2 / len(rows), 0.0
    if measure.metric in BATCHED:
        means = np.array([top / bottom for top, bottom in side.daily.values() if bottom])
        return (
            (2 * float(means.var(ddof=1)) / len(means), 0.0) if len(means) > 1 else (0.0, 0.0)
        )
    mean = side.events / side.exposure
    variance = max(0.0, side.squares / side.exposure - mean**2)
    return 2 * variance / (side.exposure * share), 0.0


def _smallest(
    size: float | None, shrinks: float, stays: float, scale: float, weekly: float
) -> float | None:
    """Return the least scale at which z is 4 and a usual week is published; None: at none."""
    if not size or not weekly or size**2 <= SEEN**2 * stays:
        return None
    seen = scale * SEEN**2 * shrinks / (size**2 - SEEN**2 * stays)
    return float(f"{max(seen, scale * POOLED_BELOW / weekly):.3g}")


def shadows(operation: Operation) -> list[Shadow]:
    """Return a shadow for every effect that is on and comes within the weeks drawn."""
    world = operation.world
    found = []
    for name, effect in EFFECTS.items():
        first, end = effect.window(world)
        if name in world.effects and name != "E15" and first < end:
            found.append(Shadow(operation, name))
    return found


def written(
    world: World, played: list[Shadow], anchors: dict[str, Any], seen: dict[str, float]
) -> dict[str, Any]:
    """Return truth.json.

    `status` of an effect: planted, off, or outside (it begins after the last week). A measure
    has `with_effect` (as the tables hold it), `without_effect` (the same draws, that effect
    off) and `size`, their difference in `unit`; `z` is the size over the `standard_error` of
    comparing two such windows; `smallest_scale` is null where no scale would show it.
    """
    records = {shadow.effect: shadow.record(seen) for shadow in played}
    listed = []
    for name, effect in EFFECTS.items():
        first, end = effect.window(world)
        inside = first < end
        status = "off" if name not in world.effects else "planted" if inside else "outside"
        series = nulls(world) if name == "E15" and status == "planted" else []
        listed.append(
            {
                "effect_id": name, "name": effect.name, "kind": effect.kind, "status": status,
                "mechanism": effect.mechanism, "detectable_by": list(effect.detectable_by),
                "start": str(on_day(7 * first)) if inside else None,
                "end": str(on_day(7 * end)) if inside else None,
                "measures": records.get(name, []) if status == "planted" else [],
                "null_series": series,
            }
        )  # fmt: skip
    last = int(world.cut // DAY)
    return {
        "made_by": "insights.data.simulate", "schema": SCHEMA, "seed": world.seed,
        "scale": world.scale, "weeks": world.weeks, "start": str(on_day(0)),
        "end": str(on_day(last)), "hidden_end": str(on_day(last + 7 * HIDDEN_WEEKS)),
        "seen_at_z": SEEN, "pooled_below": POOLED_BELOW, "anchors": anchors, "effects": listed,
    }  # fmt: skip
