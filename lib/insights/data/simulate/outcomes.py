"""What becomes of a contact: who takes it, when it is answered and solved, who is content."""

from __future__ import annotations

import numpy as np

from insights.data.simulate import arrivals, effects
from insights.data.simulate.people import People, agents_in, rawness
from insights.data.simulate.queues import HANDLE_SPREAD, Capacity, Desk
from insights.data.simulate.world import (
    DAY,
    HOUR,
    LABELS,
    MARKETS,
    TOPICS,
    Array,
    Columns,
    World,
    code,
    expit,
    pick,
    shares,
)

PREPARE_HOURS, PREPARE_SPREAD = (
    2.6,
    0.5,
)  # from taking up to the first reply, lognormal [planted]
BOT_SHARE, BOT_SECONDS = 0.10, 20.0  # of chats, answered by a bot at once [planted]
ONE_TOUCH = 0.45  # solved with the first reply; 36-39 % one-touch in 2018 [public], higher here
PENDING_SPREAD = 1.0  # of log hours between reply and solution [planted]
NEVER = 0.004  # never solved [planted]
TRANSFER, ESCALATED = 0.145, 0.06  # .12 + .10 of misrouted quarter; tier 2 [planted]
REOPEN = (-2.6, 0.8, 0.5)  # logit: base, low quality, payout [planted]
LOW_QUALITY = -1.0  # standard deviations
QA_MEAN, QA_SLOPE, QA_SPREAD = 0.88, 0.075, 0.06  # share of rubric points [practice; .85-.95]
SLOWER_WHEN_RAW, WORSE_WHEN_RAW = 0.25, 0.80  # new agents: log seconds, quality [planted]
SKILL = 0.15  # an agent's own quality [planted]
# latent satisfaction: base, first reply, resolution, favourable, quality, reopened, transfer,
# appeal_help [planted]
LATENT = (1.98, -0.22, -0.10, 0.9, 0.55, -0.60, -0.45, -0.70)
MARKET_SPREAD = 0.10  # of a market's own level [planted]
CUTS = np.array([-0.55, 0.15, 0.70, 1.40])  # to 2, 3, 4, 5: true CSAT near .74 [planted]
MACROS = (0.8, 1.6, 2.6, 1.2, 1.4, 1.0, 1.3, 0.9)  # a topic's macros: goes with topic alone
SLA_MINUTES = (240.0, 480.0, 960.0)  # by priority [practice; < 4 h good, < 12 h acceptable]
TOUCH_HOURS = 0.1  # a contact that needs one touch is closed so soon after the reply
CAPPED_DAYS = 400.0  # a wait is never written longer: the plan has ended by then


def settled(
    world: World,
    people: People,
    capacity: Capacity,
    desk: Desk,
    draws: Columns,
    week: int,
    on: frozenset[str],
) -> Columns:
    """Return the contacts of a week with all that happened to them, given the effects on.

    `draws` are kept contacts in order of arrival. Times are whole seconds; infinity is never.
    """
    found = _people_and_topic(people, draws, week, on)
    waiting = ~found["bot"]
    taken = found["created"] + BOT_SECONDS
    taken[waiting] = desk.serve(
        capacity, found["queue"][waiting], found["created"][waiting], found["handle"][waiting]
    )
    found["first_reply"] = np.where(
        waiting, taken + _preparation(found, draws), found["created"] + BOT_SECONDS
    )
    _hold(found, draws, on)
    _resolve(found, draws, on)
    _judge(world, found, draws, week, on)
    return found


def _people_and_topic(people: People, draws: Columns, week: int, on: frozenset[str]) -> Columns:
    """Return who wrote, about what, and who took it with how much work."""
    found = {name: draws[name] for name in ("id", "market", "user_type")}
    found["created"] = np.floor(draws["created"])
    found["topic"] = draws["topic"].copy()
    appeal, access = code("topic", "appeal_help", "account_access")
    if "E1" in on and week >= effects.EFFECTS["E1"].first_week:
        found["topic"][draws["moved"] < effects.RELABELLED] = appeal
    found["queue"] = found["topic"]
    found["channel"] = arrivals.channel_of(draws["channel"], found["user_type"])
    found["bot"] = (found["channel"] == code("channel", "chat")[0]) & (draws["bot"] < BOT_SHARE)
    greets = "E4" in on and week >= effects.EFFECTS["E4"].first_week
    found["greeting"] = (found["channel"] == code("channel", "chat")[0]) & greets
    found["agent"] = (draws["agent"] * len(people.agent_site)).astype(np.int64)
    found["site"] = people.agent_site[found["agent"]]
    tenure, new = agents_in(people, week, on)
    found["agent_code"] = found["agent"] + len(people.agent_site) * new[found["agent"]]
    found["tenure"] = tenure[found["agent"]]
    raw = rawness(found["tenure"])
    minutes = np.array([row[1] for row in TOPICS.values()])[found["topic"]]
    spread = HANDLE_SPREAD * draws["handle"] - HANDLE_SPREAD**2 / 2
    work = 60 * minutes * np.exp(spread + SLOWER_WHEN_RAW * raw)
    pushed = "E5" in on and week >= effects.EFFECTS["E5"].first_week
    hurried = (found["topic"] == access) & pushed
    found["handle"] = work * np.where(hurried, effects.E5_HANDLE, 1.0)
    found["hurried"] = hurried
    skill = people.agent_skill[found["agent"]]
    quality = draws["quality"] + SKILL * skill - WORSE_WHEN_RAW * raw
    found["treated"] = _treated(found, week, on)
    quality = quality + effects.E3_QUALITY * found["treated"]
    found["quality"] = quality + np.where(hurried, effects.E5_QUALITY, 0.0)
    return found


def _treated(found: Columns, week: int, on: frozenset[str]) -> Array:
    """Return which contacts the macro and routing change of E3 has reached."""
    starts = np.full(len(MARKETS), np.inf)
    if "E3" in on:
        starts[code("market", *effects.E3_WAVES)] = list(effects.E3_WAVES.values())
    payout = found["topic"] == code("topic", "payout")[0]
    return np.asarray(payout & (week >= starts[found["market"]]))


def _preparation(found: Columns, draws: Columns) -> Array:
    """Return seconds from taking a contact up to the first reply."""
    seconds = PREPARE_HOURS * HOUR * np.exp(PREPARE_SPREAD * draws["prepare"])
    return np.asarray(seconds * np.where(found["treated"], effects.E3_PREPARATION, 1.0))


def _hold(found: Columns, draws: Columns, on: frozenset[str]) -> None:
    """Put off the first reply of the contacts that E12 holds."""
    effect = effects.EFFECTS["E12"]
    assert effect.end_week is not None
    first, end = effects.seconds(effect.first_week), effects.seconds(effect.end_week)
    held = (found["created"] >= first) & (found["created"] < end) & ("E12" in on)
    held &= found["topic"] == code("topic", "shop_order")[0]
    held &= found["first_reply"] - found["created"] > effects.E12_WAITED * HOUR
    held &= draws["park"] < effects.E12_PARKED
    least, more = effects.E12_HELD
    found["first_reply"] = found["first_reply"] + held * (least + more * draws["parked"]) * HOUR


def _resolve(found: Columns, draws: Columns, on: frozenset[str]) -> None:
    """Add when contacts were solved, reopened and solved again."""
    topic = found["topic"]
    table = np.array(list(TOPICS.values()))
    found["granted"] = draws["granted"] < table[topic, 2]
    one = (draws["touch"] < ONE_TOUCH) | found["bot"]
    pending = np.where(
        one, TOUCH_HOURS, table[topic, 3] * np.exp(PENDING_SPREAD * draws["pending"])
    )
    found["transfers"] = (draws["transfer"] < TRANSFER).astype(np.int8)
    found["escalated"] = draws["escalate"] < ESCALATED
    solved = found["first_reply"] + pending * HOUR
    never = (draws["never"] < NEVER) | (solved - found["created"] > CAPPED_DAYS * DAY)
    solved = np.where(never, np.inf, solved)
    logit = REOPEN[0] + REOPEN[1] * (found["quality"] < LOW_QUALITY)
    logit = logit + REOPEN[2] * (topic == code("topic", "payout")[0])
    logit = logit + np.where(found["hurried"], effects.E5_REOPEN, 0.0)
    again = (draws["reopen"] < expit(logit)) & np.isfinite(solved) & ~found["bot"]
    found["reopened"] = np.where(again, solved + (0.05 + 6.0 * draws["lag"]) * DAY, np.inf)
    more = found["reopened"] + 10 * HOUR * np.exp(PENDING_SPREAD * draws["again"])
    found["first_resolved"], found["second_resolved"] = solved, more
    for name in ("first_reply", "first_resolved", "reopened", "second_resolved"):
        found[name] = np.floor(found[name])


def _judge(world: World, found: Columns, draws: Columns, week: int, on: frozenset[str]) -> None:
    """Add true satisfaction, QA score and the columns that nothing depends on."""
    base, reply, solve, granted, quality, reopened, transfer, appeal = LATENT
    waited = (found["first_reply"] - found["created"]) / HOUR
    lasted = np.minimum(found["first_resolved"] - found["created"], CAPPED_DAYS * DAY) / HOUR
    again = np.isfinite(found["reopened"])
    level = MARKET_SPREAD * world.rng("people", 1).standard_normal(len(MARKETS))
    latent = (
        base + reply * np.log2(1 + waited) + solve * np.log2(1 + lasted / 24)
        + granted * found["granted"] + quality * found["quality"] + reopened * again
        + transfer * found["transfers"] + level[found["market"]] + draws["satisfaction"]
        + appeal * (found["topic"] == code("topic", "appeal_help")[0])
    )  # fmt: skip
    if "E1" in on and week >= effects.EFFECTS["E1"].first_week:
        latent = latent + effects.E1_SATISFACTION
    found["latent"] = latent
    found["true_score"] = (1 + np.searchsorted(CUTS, latent, side="right")).astype(np.int8)
    points = QA_MEAN + QA_SLOPE * found["quality"] + QA_SPREAD * draws["qa_noise"]
    found["qa_score"] = np.clip(points, 0.0, 1.0)
    urgent = draws["urgent"]
    found["priority"] = pick(urgent, np.cumsum(shares([0.08, 0.22, 0.70])))
    found["target"] = np.array(SLA_MINUTES)[found["priority"]]
    found["shift"] = pick(draws["shift"], np.cumsum(shares([1, 1, 1])))
    found["device"] = pick(draws["device"], np.cumsum(shares([0.55, 0.40, 0.05])))
    versions = len(LABELS["app_version"])
    found["app_version"] = pick(draws["version"], np.cumsum(shares([1.0] * versions)))
    mean = np.array(MACROS)[found["topic"]]
    found["macros"] = np.floor(2 * mean * draws["macro"] + 0.5).astype(np.int8)
