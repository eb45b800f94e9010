"""What is coming, how sure is that, whom does it take, and what if it comes otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from insights import wording
from insights.data import forecast_log
from insights.errors import MethodError
from insights.methods import forecasts, goals
from insights.methods.forecasts import Record
from insights.methods.forecasts.record import NAIVE, PUBLISHED
from insights.methods.goals import GoalChance
from insights.pack import Plan
from insights.readout import card as cards
from insights.readout import choices
from insights.readout import expected as expecting
from insights.readout import staffed as staffing
from insights.readout.card import Scorecard
from insights.readout.choices import Run
from insights.readout.expected import Expected
from insights.readout.measures import Measure, gather
from insights.readout.staffed import Staffed
from insights.readout.supposed import Scenarios, What
from insights.readout.supposed import build as scenarios_of

FEWEST = 8  # usable periods that a replay learns from


@dataclass(frozen=True)
class Outlook:
    """A metric's outlook: the forecast, its record, the people it takes; a Result."""

    card: Scorecard  # of the one metric: its usual range, goal and gates
    expected: Expected
    record: Record  # of what was published earlier
    replay: Record  # of what would have been said as many periods ago
    staffed: Staffed | None
    what_ifs: tuple[What, ...]
    chances: tuple[GoalChance, ...]
    delay: Measure | None  # how late the metric's rows come
    late: str = ""  # why the backlog cannot be cleared by the day asked for

    @property
    def run(self) -> Run:
        """What the page is about."""
        return self.card.run

    @property
    def measure(self) -> Measure:
        """The metric."""
        return self.card.measures[0]

    @property
    def horizon(self) -> int:
        """Periods ahead."""
        return self.expected.forecast.horizon

    @property
    def plan(self) -> Plan | None:
        """The pack's plan for the metric."""
        return self.expected.plan

    @property
    def table(self) -> pd.DataFrame:
        """The page's own forecast, one row a period."""
        return self.expected.table

    def narrative(self) -> str:
        """Return what is expected a period, with its range."""
        low, mean, high = self.average()
        per = f"a {self.run.grain}"
        return (
            f"{self.measure.metric.title}: {wording.number(mean)} {per} expected over the next "
            f"{wording.count(self.horizon, self.run.grain)}, 80{wording.NBSP}% range "
            f"{wording.span(low, high)}."
        )

    def plot(self) -> Figure:
        """Return the fan chart of the page's own rows."""
        made = self.expected
        rest = made.forecast.table
        rest = rest[rest["unique_id"] != made.own]
        shown = pd.concat([rest, self.table.assign(median=self.table["mean"])])
        return replace(made.forecast, table=shown, levels=(80, 95)).plot(
            made.own, name=self.measure.metric.title
        )

    def average(self) -> tuple[float, float, float]:
        """Return the mean of the periods ahead: the ends of its 80 % range around it."""
        mean = float(self.table["mean"].mean())
        low, high = np.quantile(self.expected.paths.mean(axis=1), [0.1, 0.9])
        return min(float(low), mean), mean, max(float(high), mean)

    def recent(self) -> float:
        """Return the mean of the last usable periods, as many as are forecast; NaN if none."""
        past = self.expected.past()
        used = past.loc[past["state"] == "used", "y"].tail(self.horizon)
        return float(used.mean())


def build(
    run: Run,
    *,
    horizon: int = 13,
    clear_by: str = "",
    scenarios: Scenarios | None = None,
    seed: int = 0,
) -> Outlook:
    """Work out what is coming of a run's one metric.

    Parameters
    ----------
    run
        From ``choices.start`` with ``coming``.
    horizon
        Periods ahead.
    clear_by
        Day by which the backlog is to be worked off; "": whenever hours are spare.
    scenarios
        What might come otherwise.
    seed
        Of the futures that ranges of sums are drawn from.

    Raises
    ------
    ParamError
        A parameter cannot be.
    MethodError
        No period is usable.
    """
    title = run.pack.metrics[run.metrics[0]].title
    choices.require_horizon(horizon)
    expecting.frequency(run)
    asked = scenarios or Scenarios()
    card = cards.build(run)
    plan = plan_of(run)
    expected = expecting.build(run, card.measures[0], horizon=horizon, plan=plan, seed=seed)
    day = None if not clear_by else choices.a_day("clear_by", clear_by).date()
    late = ""
    try:
        staffed = staffing.build(expected, clear_by=day)
    except MethodError as error:
        if day is None:
            raise
        staffed, late = staffing.build(expected), str(error)
    return Outlook(
        card=card,
        expected=expected,
        record=_record(run, expected, title),
        replay=_replay(run, expected, title),
        staffed=staffed,
        what_ifs=tuple(scenarios_of(expected, staffed, asked)),
        chances=tuple(_chances(card, expected)),
        delay=_delay(run),
        late=late,
    )


def plan_of(run: Run) -> Plan | None:
    """Return the pack's plan for the run's metric, if it has one."""
    return next((p for p in run.pack.plans.values() if p.metric == run.metrics[0]), None)


def log_rows(page: Outlook) -> list[dict[str, Any]]:
    """Return what the page forecasts as rows of the forecast log; small groups are left out."""
    run, made = page.run, page.expected
    rows = []
    for segment, node in _segments(page.run, made).items():
        if float(made.of(node)["mean"].min()) < run.pack.info.min_group:
            continue
        table = made.table if node == made.own else made.of(node)
        for row in _logged(table, made.naive(node), segment, run):
            rows.append({"metric": page.measure.name, "grain": run.grain, **row})
    return rows


def _segments(run: Run, made: Expected) -> dict[str, str]:
    """Return the page's own rows and its queues: the log's name, and the forecast's."""
    named = {forecast_log.segment(run.where): made.own}
    if made.plan is not None and made.plan.queue:
        for value, part in made.parts.items():
            named[forecast_log.segment({**run.where, made.plan.queue: value})] = part
    return named


def _logged(
    table: pd.DataFrame, naive: Any, segment: str, run: Run, origin: pd.Timestamp | None = None
) -> Iterator[dict[str, Any]]:
    """Yield one segment's figures: the mean, the quantiles, and last season's."""
    made_at = (origin if origin is not None else run.as_of).date().isoformat()
    levels = [int(str(c)[3:]) for c in table if str(c).startswith("hi-")]
    for step, row in enumerate(table.to_dict("records")):
        figures: list[tuple[str, float | None, float]] = [
            (PUBLISHED, None, row["mean"]),
            (NAIVE, None, naive[step]),
            (PUBLISHED, 0.5, row["median"]),
        ]
        for level in sorted(levels):
            tail = round((100 - level) / 200, 6)
            figures += [
                (PUBLISHED, tail, row[f"lo-{level}"]),
                (PUBLISHED, round(1 - tail, 6), row[f"hi-{level}"]),
            ]
        for model, quantile, value in figures:
            yield {
                "segment": segment,
                "model": model,
                "origin": made_at,
                "period": row["ds"].date().isoformat(),
                "horizon": step + 1,
                "quantile": quantile,
                "value": round(float(value), 3) if np.isfinite(value) else None,
            }


def _record(run: Run, made: Expected, title: str) -> Record:
    """Score what was published earlier, of the page's rows and of its queues."""
    log = forecast_log.read(run.pack.name, made.measure.name, run.grain)
    log = log[log["origin"] < run.as_of]
    named = _segments(run, made)
    past = pd.concat([made.past(node).assign(unique_id=name) for name, node in named.items()])
    actual = past.loc[past["state"].isin(["used", "masked"]), ["unique_id", "ds", "y"]]
    log, main = log[log["segment"].isin(list(named))], forecast_log.segment(run.where)
    return forecasts.record(log, actual, metric=title, main=main, noun=run.grain)


def _replay(run: Run, made: Expected, title: str) -> Record:
    """Score what the method would have said of the page's rows as many periods ago."""
    past, horizon = made.past(), made.forecast.horizon
    main = forecast_log.segment(run.where)
    before, after = past.iloc[:-horizon], past.iloc[-horizon:]
    rows: list[dict[str, Any]] = []
    if (before["state"] == "used").sum() >= FEWEST:
        known = before.assign(unique_id=main)[["unique_id", "ds", "y"]]
        events = made.forecast.events
        events = events[events["unique_id"].isna() | (events["unique_id"] == made.own)]
        told = forecasts.forecast(
            known,
            horizon=horizon,
            freq=expecting.frequency(run),
            events=events.assign(unique_id=None) if len(events) else None,
            missing="interpolate",
            seed=made.forecast.seed,
        )
        then = replace(made, forecast=told, own=main)
        origin = pd.Timestamp(before["ds"].iloc[-1])
        rows = list(_logged(told.table, then.naive(main), main, run, origin))
    log = pd.DataFrame(rows, columns=list(forecast_log.COLUMNS))
    log = log.assign(**{c: pd.to_datetime(log[c]) for c in forecast_log.DATES})
    log = log.astype({"quantile": float, "value": float})
    actual = after[after["state"] == "used"].assign(unique_id=main)[["unique_id", "ds", "y"]]
    return forecasts.record(log, actual, metric=title, main=main, noun=run.grain)


def _delay(run: Run) -> Measure | None:
    """Return how late the metric's rows come, where the pack says so and it has a figure."""
    name = run.pack.metrics[run.metrics[0]].delay
    if name is None:
        return None
    (found,) = gather(replace(run, metrics=(name,)))
    return found if found.stands else None


def _chances(card: Scorecard, made: Expected) -> Iterator[GoalChance]:
    """Yield the chance of the metric's goal; of a band, of either end."""
    measure, run = card.measures[0], card.run
    target = card.targets.get(measure.name)
    if target is None:
        return
    goal = target.goal
    ends = [(goal.target, measure.metric.better), (goal.high, "lower"), (goal.low, "higher")]
    by = made.forecast.horizon
    if goal.by is not None:
        by = int((made.table["ds"] <= pd.Timestamp(goal.by)).sum())
        if by == 0:
            return  # its day is past: whether it was met is for the scorecard
    for value, better in ends:
        if value is not None:
            yield goals.chance(
                made.paths,
                target=float(value),
                better=better,
                by_period=by,
                kind="mean",
                name=f"{measure.metric.title} a {run.grain} on average",
                grain=run.grain,
            )
