"""Who does the work, how long they have been there, and what they are exposed to.

Agents and moderators are pseudonyms. Tenure, never site, changes how well people work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from insights.data.simulate import effects
from insights.data.simulate.world import DAY, SITES, Array, Columns, World, code, pick

AGENTS, MODERATORS = 400, 600  # at scale 1 [planted]
FEWEST_AGENTS, FEWEST_MODERATORS = 15, 30
TENURE_SHAPE, TENURE_WEEKS = 1.3, 70.0  # Weibull, weeks [planted]
LEARNING_WEEKS = 8.0  # a new agent's gap halves in about 6 weeks [practice]
QUIT_A_WEEK = 0.006  # moderators leaving, about 27 % a year [practice]
QUIT_AFTER_EXPOSURE = 0.05  # E13: a week, at site_c, four weeks after the exposure [planted]
SHIFT_HOURS = 6.5  # on the queue a working day [practice]
SEVERE_SHARE = (2.2, 5.6)  # Beta: share of a day on severity 3 to 5, mean .28 [planted]
SEVERITIES = (3, 4, 5)
SEVERITY_SPLIT = (0.55, 0.30, 0.15)  # [planted]
CAP_HOURS = 4.0  # a day on severe queues [practice]
WORKS = 5 / 7
BREAKS_DUE, BREAK_TAKEN = 4, 0.88  # one every two hours on the queue and at its ends [practice]


@dataclass(frozen=True, slots=True)
class People:
    """Everybody, one place a person; a place may be filled by somebody new."""

    agent_site: Array
    agent_hired: Array  # week; negative before the start
    agent_skill: Array
    agent_key: Array
    cohort: Array  # places whose agents E11 replaces
    cohort_key: Array
    moderator_site: Array
    moderator_hired: Array
    moderator_key: Array
    moderator_luck: Array  # place, week: uniform draws that decide who leaves

    @property
    def agent_keys(self) -> Array:
        """Return every agent's pseudonym; the second half joins with E11 only."""
        return np.concatenate([self.agent_key, self.cohort_key])

    def moderator_code(self, place: Array, turn: Array) -> Array:
        """Return where in `moderator_key.ravel()` the holder of a place is."""
        return np.asarray(place * self.moderator_key.shape[1] + turn)


def gathered(world: World) -> People:
    """Draw the people of a world; the same for every set of effects."""
    rng = world.rng("people")
    agents = max(FEWEST_AGENTS, round(AGENTS * world.scale))
    moderators = max(FEWEST_MODERATORS, round(MODERATORS * world.scale))
    site = pick((np.arange(agents) + 0.5) / agents, np.cumsum(list(SITES.values())))
    hired = -np.floor(TENURE_WEEKS * rng.weibull(TENURE_SHAPE, agents)).astype(np.int64)
    skill = rng.standard_normal(agents)
    keys = _pseudonyms(rng, "ag", 2 * agents)
    crowd = np.flatnonzero(site == code("site", "site_d")[0])
    cohort = np.zeros(agents, dtype=bool)
    cohort[crowd[::2]] = True
    desk = pick((np.arange(moderators) + 0.5) / moderators, np.cumsum(list(SITES.values())))
    since = -np.floor(TENURE_WEEKS * rng.weibull(TENURE_SHAPE, moderators)).astype(np.int64)
    luck = rng.random((moderators, world.all_weeks))
    weeks = world.all_weeks + 1
    names = _pseudonyms(rng, "mo", moderators * weeks).reshape(moderators, weeks)
    return People(
        site, hired, skill, keys[:agents], cohort, keys[agents:], desk, since, names, luck
    )


def _pseudonyms(rng: np.random.Generator, prefix: str, size: int) -> Array:
    """Return random keys that hold nothing but their kind."""
    return np.array([f"{prefix}_{value:012x}" for value in rng.integers(0, 1 << 48, size)])


def agents_in(people: People, week: int, on: frozenset[str]) -> tuple[Array, Array]:
    """Return weeks of tenure and which places hold a new person, in a week."""
    new = people.cohort & (week >= effects.E11_WEEK) & ("E11" in on)
    return week - np.where(new, effects.E11_WEEK, people.agent_hired), new


def rawness(tenure_weeks: Array) -> Array:
    """Return 1 for somebody who starts today, falling to 0 with tenure."""
    return np.exp(-tenure_weeks / LEARNING_WEEKS)


@dataclass(slots=True)
class Floor:
    """Moderators as the weeks go by: when each place was filled last, and how often."""

    hired: Array
    turn: Array

    @classmethod
    def opened(cls, people: People) -> Floor:
        """Return the floor on the first day."""
        return cls(
            people.moderator_hired.copy(), np.zeros(len(people.moderator_hired), np.int64)
        )

    def copy(self) -> Floor:
        """Return a floor that goes its own way from here."""
        return Floor(self.hired.copy(), self.turn.copy())

    def pass_week(self, people: People, week: int, on: frozenset[str]) -> Array:
        """Replace those who leave at the end of a week; return which places they left."""
        hazard = np.full(len(self.hired), QUIT_A_WEEK)
        first, end = (effects.E13_LAG + number for number in effects.E13_WEEKS)
        if "E13" in on and first <= week < end:
            hazard[people.moderator_site == code("site", "site_c")[0]] = QUIT_AFTER_EXPOSURE
        left = people.moderator_luck[:, week] < hazard
        self.hired = np.where(left, week + 1, self.hired)
        self.turn = self.turn + left
        return np.asarray(left)


def exposed(
    world: World, people: People, floor: Floor, week: int, on: frozenset[str]
) -> tuple[Columns, Array]:
    """Return exposure rows of a week and, by place, the share of its days over the cap.

    A row is a moderator, day and severity; hours are those of handled severe items.
    """
    rng = world.rng("exposure", week)
    size = len(people.moderator_site)
    present = rng.random((7, size)) < WORKS
    severe = rng.beta(*SEVERE_SHARE, size=(7, size))
    broken = rng.random((7, size, BREAKS_DUE))
    split = rng.dirichlet(np.array(SEVERITY_SPLIT) * 20, size=(7, size))
    at = people.moderator_site == code("site", "site_c")[0]
    first, end = effects.E13_WEEKS
    if "E13" in on and first <= week < end:
        severe = np.where(at[None, :], np.minimum(severe * effects.E13_SEVERE, 0.95), severe)
    hours = SHIFT_HOURS * severe
    over = present & (hours > CAP_HOURS)
    day, who = np.nonzero(present)
    count = len(SEVERITIES)
    found: Columns = {
        "day": np.repeat(7 * week + day, count),
        "at": np.repeat((7 * week + day) * DAY, count),
        "moderator": np.repeat(people.moderator_code(who, floor.turn[who]), count),
        "site": np.repeat(people.moderator_site[who], count),
        "severity": np.tile(np.array(SEVERITIES, dtype=np.int8), len(day)),
        "hours": (hours[day, who][:, None] * split[day, who]).ravel(),
        "severe_hours": np.repeat(hours[day, who], count),
        "breaks_due": np.repeat(np.full(len(day), BREAKS_DUE, dtype=np.int8), count),
        "breaks_taken": np.repeat((broken[day, who] < BREAK_TAKEN).sum(axis=1), count),
    }
    return found, over.sum(axis=0) / np.maximum(present.sum(axis=0), 1)
