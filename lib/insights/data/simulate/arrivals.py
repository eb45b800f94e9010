"""When contacts arrive, from whom and about what.

Counts a day, market, user type and topic are negative binomial around a mean of users, topic,
weekday, season and planted lifts. They are drawn at the ceiling of all lifts and thinned, so
that switching an effect removes rows and moves no random number of any other row.
"""

from __future__ import annotations

import functools

import numpy as np

from insights.data.simulate import effects
from insights.data.simulate.world import (
    CHANNEL_SHARES,
    CONTACTS_A_DAY,
    DAY,
    HOUR,
    MARKETS,
    TOPICS,
    USERS,
    WRITERS,
    Array,
    Columns,
    World,
    code,
    growth,
    identity,
    pick,
    shares,
    weekdays,
)

DISPERSION = 25.0  # of the negative binomial [planted]
WEEKDAY = np.array([1.08, 1.04, 1.02, 1.00, 1.00, 0.95, 0.91])  # [practice]
SEASON = (0.03, -0.02, 0.012, 0.008)  # annual Fourier of order 2, log scale [planted]
# Local hours at which people write: quiet at 4, busiest about 20 [practice]
HOURS = shares([2, 1.4, 1, 0.8, 0.7, 0.9, 1.5, 2.5, 3.6, 4.4, 4.8, 5, 5.2, 5.2, 5, 5, 5.2,
                5.5, 6, 6.5, 6.7, 6.2, 5, 3.4])  # fmt: skip
LINKED_SHARE = 0.11  # contacts a wrongful action brings [planted]
LINKED_APPEAL = 0.90  # of them about appeal_help, the others about account_access [planted]
LINKED_DAYS = (0.5, 7.0)  # lag: first day and span; triangular, so most come on days 3 to 5
LIFTING = ("E2", "E9")
NORMALS = ("handle", "quality", "prepare", "pending", "again", "satisfaction")
UNIFORMS = (
    "moved", "agent", "shift", "device", "version", "macro", "channel", "bot", "granted",
    "touch", "transfer", "escalate", "reopen", "lag", "park", "parked", "never", "urgent",
)  # fmt: skip
ORIGIN_BASE, ORIGIN_LINKED, ORIGIN_ITEM = 0, 1, 2


def topic_shares(linked_per_contact: float) -> Array:
    """Return topic shares of base contacts: what wrongful actions bring is taken off first."""
    found = np.array([row[0] for row in TOPICS.values()])
    found[code("topic", "appeal_help")[0]] -= linked_per_contact * LINKED_APPEAL
    found[code("topic", "account_access")[0]] -= linked_per_contact * (1 - LINKED_APPEAL)
    return found


@functools.lru_cache(maxsize=8)
def level(weeks: int) -> float:
    """Return the factor that makes growth average 1 over the weeks of the source tables."""
    weights = np.array([row[2] for row in MARKETS.values()])
    return float(1.0 / (growth(np.arange(7 * weeks)) @ weights).mean())


def means(world: World, days: Array, linked_per_contact: float) -> Array:
    """Return mean contacts of shape day, market, user type, topic, without any planted lift."""
    year = 2 * np.pi * days / 365.25
    season = np.exp(
        SEASON[0] * np.cos(year) + SEASON[1] * np.sin(year)
        + SEASON[2] * np.cos(2 * year) + SEASON[3] * np.sin(2 * year)
    )  # fmt: skip
    weights = np.array([row[2] for row in MARKETS.values()])
    market = (
        growth(days)
        * weights
        * (level(world.weeks) * WEEKDAY[weekdays(days)] * season)[:, None]
    )
    who = np.array([WRITERS[topic] for topic in TOPICS]).T * topic_shares(linked_per_contact)
    return np.asarray(world.scale * CONTACTS_A_DAY * market[:, :, None, None] * who)


def draw(world: World, week: int, linked_per_contact: float) -> Columns:
    """Draw a week's possible contacts; `kept` says later which of them an effect set keeps."""
    days = np.arange(7 * week, 7 * week + 7)
    ceiling = _lift(LIFTING, days, ceiling=True)
    rng = world.rng("contacts", week)
    mean = means(world, days, linked_per_contact) * ceiling
    counts = rng.poisson(mean * rng.gamma(DISPERSION, 1 / DISPERSION, mean.shape))
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    day, market, user, topic = np.unravel_index(cells, counts.shape)
    size = len(cells)
    found: Columns = {
        "id": identity(week, ORIGIN_BASE, np.arange(size)),
        "week": np.full(size, week, dtype=np.int16),
        "market": market.astype(np.int8),
        "user_type": user.astype(np.int8),
        "topic": topic.astype(np.int8),
        "keep": rng.random(size) * ceiling.ravel()[cells],
        "cell": cells.astype(np.int32),
    }
    found["created"] = days[day] * DAY + time_of_day(rng, found["market"])
    return found | rows(world, week, size, 0)


def rows(world: World, week: int, size: int, part: int) -> Columns:
    """Draw everything else that a possible contact, its survey and its review may need."""
    rng = world.rng("contacts", week, 1 + part)
    found = {name: rng.standard_normal(size) for name in NORMALS}
    found |= {name: rng.random(size) for name in UNIFORMS}
    rng = world.rng("surveys", week, part)
    found |= {f"survey_{name}": rng.random(size) for name in ("answer", "delay")}
    rng = world.rng("qa", week, part)
    found |= {f"qa_{name}": rng.random(size) for name in ("random", "risk", "delay")}
    return found | {"qa_noise": rng.standard_normal(size)}


def linked(world: World, week: int, items: Columns, active: Columns) -> Columns:
    """Draw the contacts that a week's wrongful actions may bring in the days after them.

    `items` are the candidates (`market`, `decided`); `active` says, for the world as it is and
    for one effect off, whether the action was wrongful.
    """
    size = len(items["market"])
    rng = world.rng("links", week)
    lag = LINKED_DAYS[0] + LINKED_DAYS[1] * (rng.random(size) + rng.random(size)) / 2
    appeal, access = code("topic", "appeal_help", "account_access")
    created = items["decided"] + lag * DAY
    found: Columns = {
        "id": identity(week, ORIGIN_LINKED, np.arange(size)),
        "week": (created // (7 * DAY)).astype(np.int16),
        "market": items["market"],
        "user_type": pick(rng.random(size), np.cumsum(WRITERS["appeal_help"])),
        "topic": np.where(rng.random(size) < LINKED_APPEAL, appeal, access).astype(np.int8),
        "keep": np.zeros(size),
        "cell": np.full(size, -1, dtype=np.int32),
        "created": created,
    }
    return found | rows(world, week, size, 1) | active


def kept(draws: Columns, week: int, on: frozenset[str]) -> Array:
    """Return which of a week's base draws exist where these effects are on."""
    lift = _lift(
        tuple(name for name in LIFTING if name in on), np.arange(7 * week, 7 * week + 7)
    )
    base = draws["cell"] >= 0
    return np.asarray(~base | (draws["keep"] < lift.ravel()[draws["cell"]]))


def time_of_day(rng: np.random.Generator, market: Array) -> Array:
    """Return seconds into the UTC day at which people of a market do things."""
    size = len(market)
    local = pick(rng.random(size), np.cumsum(HOURS)) + rng.random(size)
    ahead = np.array([row[1] for row in MARKETS.values()])[market]
    return np.asarray(np.mod(local - ahead, 24.0) * HOUR)


def channel_of(uniform: Array, user: Array) -> Array:
    """Return the channel of each contact, which depends on who writes."""
    return pick(uniform, np.cumsum(np.array(CHANNEL_SHARES), axis=1)[user])


def planned(world: World, days: Array, linked_per_contact: float) -> Array:
    """Return contacts a day and topic that staffing plans for: the calendar, no incident."""
    lift = _lift(tuple(name for name in ("E9",) if name in world.effects), days)
    found = (means(world, days, linked_per_contact) * lift).sum(axis=2)
    appeal = code("topic", "appeal_help")[0]
    total = found.sum(axis=2).sum(axis=1) / (1 - linked_per_contact)
    found = found.sum(axis=1)
    found[:, appeal] += total * linked_per_contact * LINKED_APPEAL
    found[:, code("topic", "account_access")[0]] += (
        total * linked_per_contact * (1 - LINKED_APPEAL)
    )
    if "E1" in world.effects:
        late = days >= 7 * effects.EFFECTS["E1"].first_week
        moved = effects.RELABELLED * np.delete(found[late], appeal, axis=1).sum(axis=1)
        found[late] *= 1 - effects.RELABELLED
        found[late, appeal] = found[late, appeal] / (1 - effects.RELABELLED) + moved
    return np.asarray(found)


def _lift(names: tuple[str, ...], days: Array, *, ceiling: bool = False) -> Array:
    """Return the product of lifts, each held at 1 or above where a ceiling is asked for."""
    found = np.ones((len(days), len(MARKETS), len(USERS), len(TOPICS)))
    for name in names:
        one = effects.lifts(name, days)
        found *= np.maximum(one, 1.0) if ceiling else one
    return found
