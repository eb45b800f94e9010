"""How did every measure do, against its usual range, its goal and its peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from insights import wording
from insights.data import daily, periods, quality, series
from insights.methods import signals
from insights.methods.signals import Signals
from insights.pack import Goal
from insights.readout.choices import Run, require_history
from insights.readout.measures import Measure, gather

COUNTS = ("count", "distinct")
State = Literal["signal", "signals", "none", "unusable", "refused"]


@dataclass(frozen=True, slots=True)
class Target:
    """A goal and how far the measure is from it; ``gap`` > 0 means missed by that much."""

    goal: Goal
    gap: float

    value: float

    @property
    def missed(self) -> bool:
        """Whether the goal is missed in the period shown."""
        return self.gap > 0

    @property
    def bound(self) -> float:
        """The target, or the end of the band that the value is nearer to."""
        if self.goal.target is not None:
            return self.goal.target
        low, high = float(self.goal.low or 0), float(self.goal.high or 0)
        return high if self.value - low > high - self.value else low


@dataclass(frozen=True, slots=True)
class Peer:
    """What the peers with usable data had in the same period."""

    median: float
    n: int


@dataclass(frozen=True)
class Scorecard:
    """Every measure of a run with its signal, goal and peers; a Result."""

    run: Run
    measures: tuple[Measure, ...]
    signals: Signals
    targets: Mapping[str, Target]
    peers: Mapping[str, Peer]
    history: int

    @property
    def table(self) -> pd.DataFrame:
        """One row a measure: value, limits, state, goal, gap, peers."""
        return self.signals.table.assign(
            goal=pd.Series({n: t.bound for n, t in self.targets.items()}, dtype=float),
            gap=pd.Series({n: t.gap for n, t in self.targets.items()}, dtype=float),
            peers=pd.Series({n: p.median for n, p in self.peers.items()}, dtype=float),
        )

    def narrative(self) -> str:
        """Return how many measures moved."""
        return self.signals.narrative()

    def plot(self) -> Figure:
        """Return the control chart of the measure that leads."""
        lead = self.lead or self.measures[0]
        return self.signals.chart(lead.name, unit=lead.metric.unit, grain=self.run.grain)

    def measure(self, name: str) -> Measure:
        """Return one measure."""
        return next(m for m in self.measures if m.name == name)

    def delay_of(self, measure: Measure) -> Measure | None:
        """Return the measure of how late a measure's rows come, where it has a figure."""
        found = [m for m in self.standing if m.name == measure.metric.delay]
        return found[0] if found else None

    def judged(self, name: str) -> pd.Series:
        """Return one measure's row of the signals."""
        row = self.signals.table.loc[name]
        assert isinstance(row, pd.Series)
        return row

    @cached_property
    def standing(self) -> list[Measure]:
        """The measures that have a figure to read."""
        return [m for m in self.measures if m.stands]

    @cached_property
    def moved(self) -> list[Measure]:
        """The measures with a headline signal, strongest first."""
        table = self.signals.table
        table = table[table["state"] == "headline"].sort_values(
            ["q_value", "p_value"], kind="stable"
        )
        return [self.measure(str(name)) for name in table.index]

    @cached_property
    def missed(self) -> list[Measure]:
        """The measures that miss their goal, by the size of the gap relative to the goal."""
        far = {
            name: target.gap / abs(target.bound) if target.bound else np.inf
            for name, target in self.targets.items()
            if target.missed
        }
        return [self.measure(name) for name in sorted(far, key=lambda name: -far[name])]

    @cached_property
    def largest(self) -> list[Measure]:
        """The measures that have a figure, by the volume behind it."""
        behind = {
            m.name: float(m.now["events"] if m.metric.kind == "count" else m.now["exposure"])
            for m in self.standing
        }
        counts_first = sorted(self.standing, key=lambda m: m.metric.kind != "count")
        return sorted(counts_first, key=lambda m: -behind[m.name])

    @cached_property
    def lead(self) -> Measure | None:
        """The headline measure: strongest signal, else largest gap to goal, else volume."""
        return next(iter([*self.moved, *self.missed, *self.largest]), None)

    @property
    def state(self) -> State:
        """Which kind of headline the page has."""
        if all(m.refusals for m in self.measures):
            return "refused"
        if not self.standing:
            return "unusable"
        if not self.moved:
            return "none"
        return "signal" if len(self.moved) == 1 else "signals"


def build(run: Run, *, history: int = 12) -> Scorecard:
    """Judge every measure of a run.

    Parameters
    ----------
    run
        From ``choices.start``.
    history
        Periods in each sparkline.
    """
    require_history(history)
    measures = gather(run)
    judged = _judge(run, measures)
    targets = {m.name: t for m in measures if m.stands and (t := _target(run, m)) is not None}
    return Scorecard(run, measures, judged, targets, _peers(run, measures), history)


def _judge(run: Run, measures: tuple[Measure, ...]) -> Signals:
    """Judge all measures together, each in its newest final period."""
    late = {
        m.name: int((m.shown < periods.between(m.shown, run.as_of, run.grain)).sum())
        for m in measures
    }
    rows = pd.concat([_for_judging(m) for m in measures], ignore_index=True)
    judged = signals.judge(
        _moved(rows, rows["series"], late, run.grain), grain=run.grain, shown=run.as_of
    )
    back = {name: -n for name, n in late.items()}
    table = judged.table.reset_index()
    return replace(
        judged,
        table=_moved(table, table["series"], back, run.grain).set_index("series"),
        limits=_moved(judged.limits, judged.limits["series"], back, run.grain),
    )


def _moved(
    rows: pd.DataFrame, names: pd.Series, by: Mapping[str, int], grain: str
) -> pd.DataFrame:
    if not any(by.values()):
        return rows
    moved = [periods.step(p, grain, by[n]) for p, n in zip(rows["period"], names, strict=True)]
    return rows.assign(period=pd.to_datetime(pd.Series(moved, index=rows.index)))


def _for_judging(measure: Measure) -> pd.DataFrame:
    share = measure.metric.kind == "ratio" and measure.metric.unit == "share"
    rows = measure.rows
    sampled = "n_effective" in rows
    exposure = rows["n_effective"] if sampled else rows["exposure"]
    return pd.DataFrame(
        {
            "series": measure.name,
            "period": rows["period"],
            "value": rows["value"],
            "events": rows["value"] * exposure if sampled else rows["events"],
            "exposure": exposure,
            "usable": rows["usable"],
            "baseline": rows["regime"],
            "kind": "rate" if share else "level",
            "floor": np.nan if measure.metric.unit == "score" else 0.0,
            "ceiling": 1.0 if share else np.nan,
        }
    )


def _target(run: Run, measure: Measure) -> Target | None:
    """Return the goal that fits the run's rows most closely, with the gap to it."""
    fitting = [
        goal
        for goal in run.pack.goals.values()
        if goal.metric == measure.name
        and all(run.where.get(key) == value for key, value in goal.where.items())
        and (measure.metric.kind not in COUNTS or _of_whole(run, goal))
    ]
    if not fitting:
        return None
    goal = max(fitting, key=lambda goal: len(goal.where))
    value = float(measure.now["value"])
    return Target(goal, _gap(goal, value, measure.metric.better), value)


def _of_whole(run: Run, goal: Goal) -> bool:
    """Tell whether a goal speaks of just these rows: a whole's count is no goal of its part."""
    usual = run.pack.info.where
    return all(v in (goal.where.get(k), usual.get(k)) for k, v in run.where.items())


def _gap(goal: Goal, value: float, better: str) -> float:
    if goal.target is None:
        assert goal.low is not None and goal.high is not None
        return max(goal.low - value, value - goal.high)
    return goal.target - value if better == "higher" else value - goal.target


def _peers(run: Run, measures: tuple[Measure, ...]) -> dict[str, Peer]:
    """Return the median of the peers whose period is complete, where it may be compared."""
    info = run.pack.info.peers
    if info is None:
        return {}
    own = run.where.get(info.dimension)
    compared = [m for m in measures if _has_peers(m, info.dimension)]
    kept: dict[str, Any] = {
        "by": [info.dimension],
        "where": {k: v for k, v in run.where.items() if k != info.dimension},
        "known_by": run.known_by.date(),
    }
    first = min((m.shown for m in compared), default=run.as_of).date()
    asks = {m.name: daily.Ask(m.metric) for m in compared}
    days = daily.read(run.source, asks, start=first, end=run.end.date(), **kept)
    feeds: dict[tuple[str, str], dict[str, quality.Feed]] = {}
    found = {}
    for m in compared:
        place = (m.metric.table, m.metric.clock)
        if place not in feeds:
            feeds[place] = _peer_feeds(run, m, **kept)
        rows = daily.build(
            run.source,
            m.name,
            days[m.name],
            grain=run.grain,
            start=m.shown.date(),
            end=periods.last_day(m.shown, run.grain).date(),
            **kept,
        ).set_index(info.dimension)
        index = pd.DatetimeIndex([m.shown])
        rows = rows[rows["exposure"] >= run.pack.info.min_group]
        complete = {
            name
            for name, feed in feeds[place].items()
            if name != own
            and (not info.values or name in info.values)  # noqa: PD011 - a tuple of names
            and bool(feed.usable(index, adds_up=m.adds_up).iloc[0])
        }
        values = rows.loc[rows.index.isin(complete), "value"].dropna()
        if len(values):
            found[m.name] = Peer(float(values.median()), len(values))
    return found


def _has_peers(m: Measure, dimension: str) -> bool:
    by_peer = dimension in m.metric.dimensions
    return by_peer and m.metric.comparable != "no" and not m.refusals


def _peer_feeds(run: Run, m: Measure, **kept: Any) -> dict[str, quality.Feed]:
    days = series.days(run.source, m.metric, end=run.end.date(), **kept)
    week_starts = run.pack.info.week_starts
    return {
        str(name): quality.feed(
            group[["period", "volume"]], grain=run.grain, week_starts=week_starts
        )
        for name, group in days.groupby(*kept["by"])
    }


def period_of(card: Scorecard, measure: Measure) -> str:
    """Return the period that a measure shows, as it stands in a sentence."""
    return wording.in_period(measure.shown.date(), card.run.grain)
