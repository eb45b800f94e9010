"""How long a contact waits: first in, first out, against the capacity that was staffed.

A queue is one pooled server whose clock is *staffed seconds*: `C(t)` is all handling capacity
staffed up to `t`. A contact that arrives at `a` with `h` seconds of work is finished when the
clock reads `V = h + max(V of the one before, C(a))`, and starts `h` before that. Waits, service
levels and backlog follow; none is drawn. Work on reopened contacts passes by the queue.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from insights.data.simulate import arrivals, effects
from insights.data.simulate.world import (
    DAY,
    LABELS,
    SITES,
    TAIL_WEEKS,
    TOPICS,
    Array,
    Columns,
    World,
)

OPENS, CLOSES = 5 * 3600.0, 23 * 3600.0  # UTC; five sites cover 18 hours [planted]
SLACK = 0.06  # capacity over expected work: 10.6 k against 10 k [planted]
MEAN_WAIT_DAYS = 0.065  # small queues are staffed for this wait (safety staffing) [practice]
WORK_CV2 = 0.50  # squared coefficient of variation of handling seconds, agents included
OCCUPANCY = 0.85  # [practice; .75-.85]
SHRINKAGE_PLANNED, SHRINKAGE_UNPLANNED = 0.22, 0.08  # .30 together [practice; GoTo 30-35 %]
SHRINKAGE_NOISE = 0.02  # a site, queue and day [planted]
ROUNDING = 1e-3  # seconds; sums of many handling times are exact to less
HANDLE_SPREAD = 0.60  # of log handling seconds [planted]


@dataclass(frozen=True, slots=True)
class Capacity:
    """Staffed seconds of every queue and day, and the staffing they come from."""

    daily: Array  # day, queue: seconds of handling
    before: Array  # day + 1, queue: seconds up to the start of a day
    scheduled_hours: Array  # day, queue, site
    unplanned: Array  # day, queue, site: share of scheduled hours lost unplanned


def staffed(world: World, linked_per_contact: float) -> Capacity:
    """Return capacity planned from expected work, less what shrinkage happened to take."""
    days = np.arange(world.days + 7 * TAIL_WEEKS)
    expected = arrivals.planned(world, days, linked_per_contact)
    minutes = np.array([row[1] for row in TOPICS.values()])
    usual = np.empty_like(expected)
    late = days >= 7 * effects.EFFECTS["E1"].first_week  # E1 moves work from queue to queue
    for era in (days[~late], days[late]):
        usual[era] = expected[era].mean(axis=0) if len(era) else 0.0
    variance = (1 + WORK_CV2) / usual + 1 / (arrivals.DISPERSION * 30)
    slack = np.maximum(SLACK, variance / (2 * MEAN_WAIT_DAYS))
    hours = expected * (1 + slack) * minutes / 60
    scheduled = hours / (OCCUPANCY * (1 - SHRINKAGE_PLANNED - SHRINKAGE_UNPLANNED))
    split = scheduled[:, :, None] * np.array(list(SITES.values()))
    noise = world.rng("staffing").standard_normal(split.shape)
    unplanned = np.clip(SHRINKAGE_UNPLANNED + SHRINKAGE_NOISE * noise, 0.0, 0.5)
    productive = split * (1 - SHRINKAGE_PLANNED - unplanned)
    daily = productive.sum(axis=2) * OCCUPANCY * 3600
    before = np.vstack([np.zeros(daily.shape[1]), np.cumsum(daily, axis=0)])
    return Capacity(daily, before, split, unplanned)


def clock(capacity: Capacity, queue: int, times: Array) -> Array:
    """Return staffed seconds up to times (seconds from the start)."""
    day = (times // DAY).astype(np.int64)
    part = np.clip((times - day * DAY - OPENS) / (CLOSES - OPENS), 0.0, 1.0)
    return np.asarray(capacity.before[day, queue] + part * capacity.daily[day, queue])


def moment(capacity: Capacity, queue: int, staffed_seconds: Array) -> Array:
    """Return the time at which so many seconds had been staffed; infinity past the plan."""
    totals = capacity.before[:, queue]
    staffed_seconds = staffed_seconds + ROUNDING  # a whole day's end is the next day's opening
    day = np.searchsorted(totals, staffed_seconds, side="right") - 1
    inside = day < len(capacity.daily)
    day = np.minimum(day, len(capacity.daily) - 1)
    part = (staffed_seconds - totals[day]) / capacity.daily[day, queue]
    found = day * DAY + OPENS + np.clip(part, 0.0, 1.0) * (CLOSES - OPENS)
    return np.where(inside, found, np.inf)


@dataclass(slots=True)
class Desk:
    """The queues' memory from week to week: how far each queue's clock is spoken for."""

    busy_until: Array = field(default_factory=lambda: np.zeros(len(TOPICS)))

    def copy(self) -> Desk:
        """Return a desk that goes its own way from here."""
        return Desk(self.busy_until.copy())

    def serve(self, capacity: Capacity, queue: Array, arrived: Array, work: Array) -> Array:
        """Return when each contact is taken up; rows are in order of arrival."""
        start = np.empty(len(queue))
        for number in range(len(TOPICS)):
            at = np.flatnonzero(queue == number)
            if not len(at):
                continue
            total = np.cumsum(work[at])
            idle = clock(capacity, number, arrived[at]) - (total - work[at])
            ahead = np.maximum(np.maximum.accumulate(idle), self.busy_until[number])
            finish = total + ahead
            self.busy_until[number] = finish[-1]
            taken = moment(capacity, number, finish - work[at])
            start[at] = np.maximum(taken, arrived[at])
        return start


@dataclass(slots=True)
class Backlog:
    """Open contacts at the end of each day by queue and market, and the flows."""

    days: int
    flows: dict[str, Array] = field(default_factory=dict)
    open: Array | None = None

    def add(self, contacts: Columns) -> None:
        """Count a week's contacts into flows and, separately, into the days they stay open."""
        size = (self.days, len(TOPICS), len(LABELS["market"]))
        cell = contacts["queue"].astype(np.int64) * size[2] + contacts["market"]
        width = size[1] * size[2]

        def count(times: Array) -> Array:
            some = np.isfinite(times) & (times < self.days * DAY)
            flat = (times[some] // DAY).astype(np.int64) * width + cell[some]
            return np.bincount(flat, minlength=self.days * width).reshape(size)

        made = {name: count(contacts[name]) for name in ("created", "reopened")}
        made["solved"] = count(contacts["first_resolved"]) + count(contacts["second_resolved"])
        for name, values in made.items():
            self.flows[name] = values + self.flows.get(name, 0)
        steps = np.zeros((self.days + 1, width), dtype=np.int64)
        for begin, end in (("created", "first_resolved"), ("reopened", "second_resolved")):
            begins = np.isfinite(contacts[begin])
            first, last = (
                np.minimum(np.floor(contacts[name][begins] / DAY), self.days).astype(np.int64)
                for name in (begin, end)
            )
            np.add.at(steps, (first, cell[begins]), 1)
            np.add.at(steps, (last, cell[begins]), -1)
        opened = np.cumsum(steps[:-1], axis=0).reshape(size)
        self.open = opened if self.open is None else self.open + opened
