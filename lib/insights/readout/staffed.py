"""Whom does the coming work take? A plan's settings, and the hours they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from insights import wording
from insights.data import periods, series
from insights.errors import MethodError
from insights.methods import staffing
from insights.methods.staffing import Flow
from insights.methods.staffing.deferred import HOURS
from insights.pack import Plan, Setting
from insights.readout.choices import Run
from insights.readout.expected import Expected

RECENT = 8  # periods whose mean a setting is
ONE = "all"  # the queue of a plan without queues
SEVERE = "severe_share"

Groups = Mapping[str, Sequence[str]]  # by the queue's name on the page, its values in the data


@dataclass(frozen=True, slots=True)
class Staffed:
    """The hours and people that a forecast takes, and what that rests on."""

    flow: Flow  # at the upper end of what may come
    usual: Flow  # at what is expected
    volume: pd.DataFrame  # queue, period, volume (of staffing), mean (what is expected)
    options: Mapping[str, Any]  # of ``staffing.flow``, by queue where they differ
    lacking: tuple[str, ...]  # what of the plan is not known for these rows, and why

    def again(self, volume: pd.DataFrame) -> Flow:
        """Return what other volumes of the same queues and periods would take."""
        return staffing.flow(volume, **self.options)


def build(expected: Expected, *, clear_by: date | None = None) -> Staffed | None:
    """Return whom a forecast takes; None where its plan says nothing of handling.

    Parameters
    ----------
    expected
        The forecast, with its plan.
    clear_by
        Day by which the backlog is worked off; None: what hours are spare work on it.

    Raises
    ------
    MethodError
        A metric that the plan rests on has no recent figure, or the backlog cannot be cleared
        by the day.
    """
    plan, run = expected.plan, expected.run
    if plan is None or plan.handle_minutes is None:
        return None
    groups = _groups(expected)
    volume, weights = _volume(expected, plan, groups)
    options: dict[str, Any] = {
        name: _pooled(_by_queue(run, plan, name, said, weights), groups, weights)
        for name, said in plan.settings().items()
    }
    hours, backlog, lacking = _on_hand(run, plan, groups)
    weeks = HOURS[run.grain] / HOURS["week"]
    options |= {"person_hours": plan.person_hours * weeks, "grain": run.grain}
    options |= {"hours_available": hours, "backlog": backlog or 0.0, "clear_by": clear_by}
    if plan.severe_cap_hours is not None:
        options["severe_cap_hours"] = plan.severe_cap_hours * weeks
    expects = volume.assign(volume=volume["mean"], level="mean")
    return Staffed(
        flow=staffing.flow(volume, **options),
        usual=staffing.flow(expects, **options | {"clear_by": None}),
        volume=volume,
        options=options,
        lacking=lacking,
    )


def shown(queue: str) -> str:
    """Return a queue's value as a page says it."""
    return queue.replace("_", " ")


def _groups(expected: Expected) -> dict[str, list[str]]:
    """Return the queues, those of too few items a period pooled."""
    if not expected.parts:
        return {ONE: [ONE]}
    least = expected.run.pack.info.min_group
    mean = {q: float(expected.of(s)["mean"].mean()) for q, s in expected.parts.items()}
    small = [q for q in sorted(mean) if mean[q] < least]
    rest = sorted(set(mean) - set(small), key=lambda q: -mean[q])
    if small and rest and (len(small) == 1 or sum(mean[q] for q in small) < least):
        small.append(rest.pop())
    groups = {shown(q): [q] for q in rest}
    if small:
        groups[f"Other ({wording.count(len(small), 'queue')})"] = small
    return groups


def _volume(
    expected: Expected, plan: Plan, groups: Groups
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return what is to be staffed, the upper end of the range, and what each queue weighs."""
    level, made, weights = f"hi-{plan.staff_to}", [], dict[str, float]()
    for name, queues in groups.items():
        held = [expected.of(expected.parts.get(q, expected.own)) for q in queues]
        weights |= {q: float(rows["mean"].sum()) for q, rows in zip(queues, held, strict=True)}
        rows = held[0][["ds"]].assign(
            queue=name,
            volume=sum(part[level].clip(lower=0) for part in held),
            mean=sum(part["mean"] for part in held),
            level=level,
        )
        made.append(rows.rename(columns={"ds": "period"}))
    return pd.concat(made, ignore_index=True), weights


def _by_queue(
    run: Run, plan: Plan, name: str, said: Setting, queues: Mapping[str, float]
) -> dict[str, float]:
    """Return a setting for every queue: as said, or the recent mean of a metric."""
    if isinstance(said, float):
        return dict.fromkeys(queues, said)
    if isinstance(said, dict):
        given = {q: said.get(q, 0.0 if name == SEVERE else None) for q in queues}
        if absent := sorted(q for q, value in given.items() if value is None):
            raise MethodError(
                f"plan '{plan.title}': {name} lacks {wording.listing(absent)}. "
                "Give one for every queue in plans.yaml."
            )
        return {q: float(value) for q, value in given.items() if value is not None}
    sums = recent(run, plan, said).groupby("queue")[["events", "exposure"]].sum()
    rates = sums["events"] / sums["exposure"].where(sums["exposure"] > 0)
    whole = float(sums["events"].sum() / max(sums["exposure"].sum(), 1e-300))
    if not sums["exposure"].sum() > 0:
        raise MethodError(
            f"plan '{plan.title}': '{said}' has no figure in the last {RECENT} {run.grain}s. "
            f"Give {name} as a number in plans.yaml."
        )
    return {q: float(rates.get(q, whole)) for q in queues}


def recent(run: Run, plan: Plan, name: str) -> pd.DataFrame:
    """Return a metric's last periods by ``queue``, kept to as much of ``where`` as it knows."""
    metric = run.pack.metrics[name]
    by = [d for d in [plan.queue] if d is not None and d in metric.dimensions]
    rows = series.build(
        run.source,
        name,
        by=by,
        grain=run.grain,
        start=periods.step(run.as_of, run.grain, 1 - RECENT).date(),
        end=run.end.date(),
        where={d: v for d, v in run.where.items() if d in metric.dimensions},
        known_by=run.known_by.date(),
    )
    return rows.assign(queue=rows[by[0]].astype(str) if by else ONE)


def _pooled(
    setting: Mapping[str, float], groups: Groups, weights: Mapping[str, float]
) -> dict[str, float]:
    """Return a setting by the queue's name on the page, pooled ones by their volumes."""
    return {
        name: sum(setting[q] * weights[q] for q in queues)
        / max(sum(weights[q] for q in queues), 1e-300)
        for name, queues in groups.items()
    }


def _on_hand(
    run: Run, plan: Plan, groups: Groups
) -> tuple[dict[str, float] | None, dict[str, float] | None, tuple[str, ...]]:
    """Return hours a period and open items by queue; None with why where they are not known."""
    found: list[dict[str, float] | None] = []
    lacking = []
    for name, words in ((plan.hours, "hours on hand"), (plan.backlog, "open items")):
        if name is None:
            found.append(None)
            continue
        metric = run.pack.metrics[name]
        asked = [*run.where, *([plan.queue] if plan.queue else [])]
        if unknown := [d for d in asked if d not in metric.dimensions]:
            lacking.append(f"{words} are not known by {wording.listing(unknown)}")
            found.append(None)
            continue
        rows = recent(run, plan, name)
        if metric.snapshot:
            rows = rows[rows["period"] == run.as_of]
        many = max(rows["period"].nunique(), 1)
        each = rows.groupby("queue")["events"].sum() / many
        found.append(
            {k: float(sum(each.get(q, 0.0) for q in queues)) for k, queues in groups.items()}
        )
    hours, backlog = found
    return hours, backlog, tuple(lacking)
