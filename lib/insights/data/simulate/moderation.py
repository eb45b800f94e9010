"""What is decided about content, how often wrongly, who appeals and what comes of it.

Every decision is drawn for the ceiling of the effects and then read for those that are on, so
that a row's random numbers are the same whatever is switched.
"""

from __future__ import annotations

import numpy as np

from insights.data.simulate import arrivals, effects
from insights.data.simulate.people import Floor, People, rawness
from insights.data.simulate.world import (
    CONTACTS_A_DAY,
    DAY,
    HOUR,
    LANGUAGE_OF,
    MARKETS,
    POLICIES,
    Array,
    Columns,
    World,
    code,
    growth,
    identity,
    pick,
    shares,
)

ITEMS_PER_CONTACT = 4.6  # decisions a contact, people's "no action" included [planted]
ITEM_DISPERSION = 60.0
HUMAN = 0.072  # of decisions are people's; with age gates automation share is .94 [public]
HUMAN_ACTS = 0.40  # of people's decisions restrict something; actionability .26-.30 [public]
AGE_GATE = 0.030  # of measures: decided by rule, never counted as automated [public]
AUTO_WRONG = 0.060  # with appeal odds below: overturn .46, appeals 5-6 %, precision proxy .975
HUMAN_WRONG = (
    0.045,
    0.030,
    0.06,
    0.02,
)  # base, a unit of difficulty, rawness, days over the cap
REPORTED = 0.42  # of people's decisions; proactive share of measures .98-.993 [public]
TRUSTED = 0.02  # of reports
NOTICE_HOURS, NOTICE_SPREAD = 5.8, 1.2  # median decision time of notices [public]
LATE_SHARE, LATE_DAYS = 0.062, 9.0  # found long after upload; within 24 h .92-.95 [public]
APPEALED = (0.039, 0.306)  # right, wrong; solves appeals 5.5 % and overturn 46 %
OVERTURNED_WRONG = 0.88  # [planted]
OVERTURNED_RIGHT = (
    0.0,
    0.31,
    0.19,
    0.05,
    0.31,
)  # by action: .50 visibility, .42 account, .32 live
APPEAL_HOURS = (1.2, 1.2, 2.7, 1.2, 1.2)  # by action; .4-2 h, account 2.7 h [public]
APPEAL_AFTER_DAYS = 3.0
ACTIONS = shares([0.66, 0.20, 0.14])  # visibility, account, live [planted]
NO_VIEWS = 0.80  # of measures; 77-82 % [public]
QA_RANDOM, QA_RISK, QA_RIGHT = 0.02, 0.05, 0.96  # of people's decisions [planted]
HANDLE_SECONDS = 55.0
DRAWN = (
    "human", "acts", "gate", "wrong", "kind", "reported", "trusted", "late", "views", "appeal",
    "overturn", "file", "decide", "surface", "who", "qa", "qa_risk", "qa_right", "qa_delay",
    "linked", "keep",
)  # fmt: skip


def contacts_per_contact() -> float:
    """Return how many contacts wrongful actions bring for each contact there is."""
    measures = (1 - HUMAN) * (1 - AGE_GATE) * AUTO_WRONG
    hard = sum(share * difficulty for share, _, difficulty in POLICIES.values())
    wrong = HUMAN_WRONG[0] + HUMAN_WRONG[1] * hard
    return ITEMS_PER_CONTACT * arrivals.LINKED_SHARE * (measures + HUMAN * HUMAN_ACTS * wrong)


def draw(world: World, week: int) -> Columns:
    """Draw a week's possible decisions."""
    days = np.arange(7 * week, 7 * week + 7)
    weights = np.array([row[2] for row in MARKETS.values()])
    policy = np.array([row[0] for row in POLICIES.values()])
    market = growth(days) * weights * arrivals.level(world.weeks)
    mean = CONTACTS_A_DAY * world.scale * ITEMS_PER_CONTACT * market[:, :, None] * policy
    wide = code("policy", "harassment")[0]
    mean[:, :, wide] *= effects.E8_LIFT
    rng = world.rng("mod_items", week)
    counts = rng.poisson(mean * rng.gamma(ITEM_DISPERSION, 1 / ITEM_DISPERSION, mean.shape))
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    day, place, rule = np.unravel_index(cells, counts.shape)
    size = len(cells)
    found: Columns = {name: rng.random(size, dtype=np.float32) for name in DRAWN}
    found["id"] = identity(week, arrivals.ORIGIN_ITEM, np.arange(size))
    found["market"], found["policy"] = place.astype(np.int8), rule.astype(np.int8)
    found["enqueued"] = np.floor(days[day] * DAY + arrivals.time_of_day(rng, found["market"]))
    found["tat"] = rng.standard_normal(size, dtype=np.float32)
    return found


def kept(draws: Columns, week: int, on: frozenset[str]) -> Array:
    """Return which possible decisions exist: E8 adds automated decisions of one policy."""
    widened = "E8" in on and week >= effects.EFFECTS["E8"].first_week
    return np.full(len(draws["keep"]), True) if widened else ~_added(draws)


def _added(draws: Columns) -> Array:
    """Return the decisions, all automated, that exist only because of the wider policy."""
    wide = draws["policy"] == code("policy", "harassment")[0]
    return np.asarray(wide & (draws["keep"] >= 1 / effects.E8_LIFT))


def decided(
    people: People, floor: Floor, over: Array, draws: Columns, week: int, on: frozenset[str]
) -> Columns:
    """Return decisions with what was done, by whom, and whether it was right."""
    found = {name: draws[name] for name in ("id", "market", "policy", "enqueued")}
    human = (draws["human"] < HUMAN) & ~_added(draws)
    acts = ~human | (draws["acts"] < HUMAN_ACTS)
    gate = acts & ~human & (draws["gate"] < AGE_GATE)
    found["human"], found["auto"] = human, ~human & ~gate
    place = (draws["who"] * len(people.moderator_site)).astype(np.int64)
    found["place"] = np.where(human, place, -1)
    found["site"] = people.moderator_site[place]
    found["moderator"] = people.moderator_code(place, floor.turn[place])
    found["wrong"] = _wrong(people, floor, over, draws, place, human, week, on)
    action = 1 + pick(draws["kind"], np.cumsum(ACTIONS))
    found["action"] = np.where(acts, np.where(gate, 4, action), 0).astype(np.int8)
    found["measure"] = acts
    reported = human & (draws["reported"] < REPORTED)
    trusted = reported & (draws["trusted"] < TRUSTED)
    found["source"] = (reported.astype(np.int8) + trusted).astype(np.int8)
    spread = np.exp(NOTICE_SPREAD * draws["tat"])
    took = np.where(human, NOTICE_HOURS * HOUR * spread, 8.0 * spread)
    found["decided"] = np.floor(found["enqueued"] + took)
    found["reported"] = np.where(reported, found["enqueued"], np.inf)
    late = draws["late"] < LATE_SHARE
    age = np.where(late, (1 + LATE_DAYS * draws["late"] / LATE_SHARE) * DAY, 600.0 * spread)
    found["uploaded"] = np.floor(found["enqueued"] - age)
    seen = draws["views"] > NO_VIEWS
    found["views"] = np.where(seen, np.floor(1 + 40 * spread**2), 0).astype(np.int64)
    found["handle"] = np.where(human, HANDLE_SECONDS * spread**0.5, 0.0)
    found["severity"] = np.array([row[1] for row in POLICIES.values()], np.int8)[
        found["policy"]
    ]
    found["language"] = LANGUAGE_OF[found["market"]]
    found["surface"] = pick(draws["surface"], np.cumsum(shares([0.62, 0.24, 0.09, 0.05])))
    return found


def _wrong(
    people: People, floor: Floor, over: Array, draws: Columns, place: Array, human: Array,
    week: int, on: frozenset[str],
) -> Array:  # fmt: skip
    """Return which decisions are wrong; a wrongful measure is a wrong one that restricts."""
    spanish = np.isin(draws["market"], code("market", "MX", "ES"))
    effect = effects.EFFECTS["E7"]
    assert effect.end_week is not None
    regressed = "E7" in on and effect.first_week <= week < effect.end_week
    auto = AUTO_WRONG * np.where(spanish & regressed, effects.E7_WRONG, 1.0)
    base, hard, raw, tired = HUMAN_WRONG
    difficulty = np.array([row[2] for row in POLICIES.values()])[draws["policy"]]
    odds = (
        base
        + hard * difficulty
        + raw * rawness(week - floor.hired)[place]
        + tired * over[place]
    )
    if "E10" in on:
        odds = odds + effects.E10_ACCURACY * (draws["market"] == code("market", "TR")[0])
    if "E13" in on and effects.E13_WEEKS[0] <= week < effects.E13_WEEKS[1]:
        odds = odds + effects.E13_ACCURACY * (
            people.moderator_site[place] == code("site", "site_c")[0]
        )
    return np.asarray(draws["wrong"] < np.where(human, odds, auto))


def appealed(items: Columns, draws: Columns) -> Columns:
    """Return the appeals against measures, with when they were filed and how they ended."""
    odds = np.where(items["wrong"], APPEALED[1], APPEALED[0])
    who = np.flatnonzero(items["measure"] & (draws["appeal"] < odds))
    found = {
        name: items[name][who]
        for name in ("id", "market", "policy", "action", "auto", "wrong", "language", "decided")
    }
    found["filed"] = np.floor(
        items["decided"][who] - APPEAL_AFTER_DAYS * DAY * np.log1p(-draws["file"][who])
    )
    # a Gamma of shape 1 has its median at ln 2 of its mean
    mean = np.array(APPEAL_HOURS)[found["action"]] / np.log(2) * HOUR
    found["closed"] = np.floor(found["filed"] - mean * np.log1p(-draws["decide"][who]))
    right = np.array(OVERTURNED_RIGHT)[found["action"]]
    chance = np.where(found["wrong"], OVERTURNED_WRONG, right)
    found["overturned"] = (draws["overturn"][who] < chance).astype(np.int8)
    return found


def audited(items: Columns, draws: Columns) -> Columns:
    """Return reviews of people's decisions: at random, and more often of hard policies."""
    hard = np.array([row[2] >= 0.9 for row in POLICIES.values()])[items["policy"]]
    random = draws["qa"] < QA_RANDOM
    chosen = hard & (draws["qa_risk"] < QA_RISK) & ~random
    who = np.flatnonzero(items["human"] & (random | chosen))
    found = {name: items[name][who] for name in ("id", "market", "policy", "site", "wrong")}
    fair = draws["qa_right"][who] < QA_RIGHT
    found["agreed"] = np.where(fair, ~found["wrong"], found["wrong"])
    found["design"] = np.where(random[who], 0, 1).astype(np.int8)
    found["chance"] = np.where(hard, QA_RANDOM + (1 - QA_RANDOM) * QA_RISK, QA_RANDOM)[who]
    delay = draws["qa_delay"][who] * 7 * DAY
    found["reviewed"] = np.floor(items["decided"][who] + delay)
    return found
