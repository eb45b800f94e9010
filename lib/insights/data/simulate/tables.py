"""What the source tables hold, and how much of it could be seen when they were taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from insights.data.simulate import arrivals
from insights.data.simulate.engine import Frames
from insights.data.simulate.queues import (
    OCCUPANCY,
    SHRINKAGE_PLANNED,
    Backlog,
    Capacity,
)
from insights.data.simulate.world import (
    HOUR,
    LABELS,
    LANGUAGE_OF,
    MARKETS,
    SITES,
    TOPICS,
    Array,
    Columns,
    World,
    growth,
    take,
)

MONTHLY_USERS = 45e6  # at scale 1: 1.6 contacts a week and 1,000 users [planted]
# column: kind. "label:x" and "key:x" are codes into words, below 0 is null; times of infinity,
# floats of NaN and "small" and "flag" below 0 are null too
FIELDS: Final[dict[str, dict[str, str]]] = {
    "contacts": {
        "contact_id": "id", "created_at": "time", "channel": "label:channel",
        "market": "label:market", "language": "label:language", "user_type": "label:user_type",
        "topic": "label:topic", "queue": "label:queue", "priority": "label:priority",
        "site": "label:site", "agent_key": "key:agent", "agent_tenure_weeks": "float",
        "agent_shift": "label:agent_shift", "device": "label:device",
        "app_version": "label:app_version", "macro_count": "small", "is_bot": "flag",
        "greeting": "flag", "first_reply_at": "time", "first_resolved_at": "time",
        "reopened_at": "time", "last_resolved_at": "time", "status": "label:status",
        "outcome": "label:outcome", "reopens": "small", "transfers": "small",
        "escalated": "flag", "handle_s": "float", "sla_target_min": "float", "sla_met": "flag",
    },
    "surveys": {
        "survey_id": "id", "contact_id": "id", "sent_at": "time", "responded_at": "time",
        "score": "small", "scale_max": "small", "market": "label:market",
        "language": "label:language", "channel": "label:channel",
        "user_type": "label:user_type", "topic": "label:topic", "queue": "label:queue",
        "outcome": "label:outcome",
    },
    "mod_items": {
        "item_id": "id", "surface": "label:surface", "uploaded_at": "time",
        "reported_at": "time", "enqueued_at": "time", "decided_at": "time",
        "policy": "label:policy", "severity": "small", "language": "label:language",
        "market": "label:market", "source": "label:source", "decision_auto": "flag",
        "action": "label:action", "views_at_action": "float", "site": "label:site",
        "moderator_key": "key:moderator", "handle_s": "float",
    },
    "appeals": {
        "appeal_id": "id", "item_id": "id", "filed_at": "time", "decided_at": "time",
        "item_decided_at": "time", "outcome": "label:appeal_outcome", "market": "label:market",
        "language": "label:language", "policy": "label:policy", "action": "label:action",
        "decision_auto": "flag",
    },
    "qa": {
        "review_id": "id", "subject": "label:subject", "subject_id": "id",
        "reviewed_at": "time", "design": "label:design", "inclusion_probability": "float",
        "score": "float", "market": "label:market", "queue": "label:queue",
        "policy": "label:policy", "site": "label:site",
    },
    "staffing": {
        "date": "date", "queue": "label:queue", "site": "label:site", "scheduled_h": "float",
        "productive_h": "float", "capacity_h": "float", "shrinkage_planned": "float",
        "shrinkage_unplanned": "float",
    },
    "exposure": {
        "date": "date", "moderator_key": "key:moderator", "site": "label:site",
        "severity": "small", "hours": "float", "breaks_due": "small", "breaks_taken": "small",
    },
    "backlog": {
        "date": "date", "queue": "label:queue", "market": "label:market", "created": "count",
        "reopened": "count", "solved": "count", "open": "count",
    },
    "users": {"date": "date", "market": "label:market", "monthly_users": "count"},
    "csat": {  # under truth/ only
        "contact_id": "id", "created_at": "time", "market": "label:market",
        "topic": "label:topic", "channel": "label:channel", "true_score": "small",
        "surveyed": "flag", "first_reply_h": "float", "first_resolution_h": "float",
    },
}  # fmt: skip
SOURCES: Final = tuple(name for name in FIELDS if name != "csat")


def of_week(name: str, frames: Frames, cut: float) -> Columns:
    """Return a week's rows of a source table as they would be read at the moment ``cut``."""
    if name == "qa":
        return _both(reviews_of_contacts(frames), reviews_of_items(frames))
    if name == "exposure":
        return exposure(frames["exposure"])
    frame, read = WEEKLY[name]
    return read(frames[frame], cut)


def known_at(name: str, rows: Columns) -> Array:
    """Return when each row came to be, by which source and hidden rows are told apart."""
    clock = {
        "contacts": "created_at", "surveys": "sent_at", "mod_items": "enqueued_at",
        "appeals": "filed_at", "qa": "reviewed_at",
    }  # fmt: skip
    return rows[clock[name]] if name in clock else rows["date"] * 24 * HOUR


def before(times: Array, cut: float) -> Array:
    """Return times, those not yet come as infinity."""
    return np.where(times < cut, times, np.inf)


def contacts(rows: Columns, cut: float) -> Columns:
    """Return contacts; what had not happened by the cut is null and the contact is open."""
    reply = before(rows["first_reply"], cut)
    first = before(rows["first_resolved"], cut)
    reopened = before(rows["reopened"], cut)
    second = before(rows["second_resolved"], cut)
    last = np.where(np.isfinite(reopened), second, first)
    replied, solved = np.isfinite(reply), np.isfinite(first)
    due = rows["created"] + 60 * rows["target"]
    met = np.where(replied | (due < cut), (reply <= due).astype(np.int8), -1)
    return {
        "contact_id": rows["id"], "created_at": rows["created"], "channel": rows["channel"],
        "market": rows["market"], "language": LANGUAGE_OF[rows["market"]],
        "user_type": rows["user_type"], "topic": rows["topic"], "queue": rows["queue"],
        "priority": rows["priority"],
        "site": np.where(replied & ~rows["bot"], rows["site"], -1),
        "agent_key": np.where(replied & ~rows["bot"], rows["agent_code"], -1),
        "agent_tenure_weeks": np.where(replied & ~rows["bot"], rows["tenure"], np.nan),
        "agent_shift": rows["shift"], "device": rows["device"],
        "app_version": rows["app_version"],
        "macro_count": np.where(replied, rows["macros"], -1), "is_bot": rows["bot"],
        "greeting": rows["greeting"], "first_reply_at": reply, "first_resolved_at": first,
        "reopened_at": reopened, "last_resolved_at": last,
        "status": np.isfinite(last).astype(np.int8),
        "outcome": np.where(solved, rows["granted"], -1).astype(np.int8),
        "reopens": np.isfinite(reopened).astype(np.int8),
        "transfers": np.where(replied, rows["transfers"], 0).astype(np.int8),
        "escalated": replied & rows["escalated"],
        "handle_s": np.where(replied, np.where(rows["bot"], 0.0, rows["handle"]), np.nan),
        "sla_target_min": rows["target"], "sla_met": met,
    }  # fmt: skip


def surveys(rows: Columns, cut: float) -> Columns:
    """Return surveys; one that was not answered by the cut has no score."""
    responded = before(rows["responded"], cut)
    same = ("market", "channel", "user_type", "topic", "queue")
    return {name: rows[name] for name in same} | {
        "survey_id": rows["id"] ^ 0x5A5A5A5A5A5A, "contact_id": rows["id"],
        "sent_at": rows["sent"], "responded_at": responded,
        "score": np.where(np.isfinite(responded), rows["score"], -1),
        "scale_max": np.full(len(rows["id"]), 5), "language": LANGUAGE_OF[rows["market"]],
        "outcome": rows["granted"].astype(np.int8),
    }  # fmt: skip


def mod_items(rows: Columns, cut: float) -> Columns:
    """Return decisions; one not taken by the cut has no action."""
    done = rows["decided"] < cut
    human = rows["human"] & done
    same = ("surface", "policy", "severity", "language", "market", "source")
    return {name: rows[name] for name in same} | {
        "item_id": rows["id"], "uploaded_at": rows["uploaded"], "reported_at": rows["reported"],
        "enqueued_at": rows["enqueued"], "decided_at": before(rows["decided"], cut),
        "decision_auto": np.where(done, rows["auto"], -1).astype(np.int8),
        "action": np.where(done, rows["action"], -1),
        "views_at_action": np.where(done & rows["measure"], rows["views"], np.nan),
        "site": np.where(human, rows["site"], -1),
        "moderator_key": np.where(human, rows["moderator"], -1),
        "handle_s": np.where(human, rows["handle"], np.nan),
    }  # fmt: skip


def appeals(rows: Columns, cut: float) -> Columns:
    """Return appeals; one not decided by the cut has no outcome."""
    closed = before(rows["closed"], cut)
    same = ("market", "language", "policy", "action")
    return {name: rows[name] for name in same} | {
        "appeal_id": rows["id"] ^ 0x3C3C3C3C3C3C, "item_id": rows["id"],
        "filed_at": rows["filed"], "decided_at": closed, "item_decided_at": rows["decided"],
        "outcome": np.where(np.isfinite(closed), rows["overturned"], -1),
        "decision_auto": rows["auto"],
    }  # fmt: skip


def reviews_of_contacts(frames: Frames) -> Columns:
    """Return reviews of contacts; the score is the share of rubric points."""
    rows = frames["qa_contacts"]
    none = np.full(len(rows["id"]), -1, dtype=np.int8)
    return _review(rows, 0) | {
        "score": rows["qa_score"],
        "queue": rows["queue"],
        "policy": none,
    }


def reviews_of_items(frames: Frames) -> Columns:
    """Return reviews of people's decisions; the score is 1 where the reviewer agreed."""
    rows = frames["qa_items"]
    none = np.full(len(rows["id"]), -1, dtype=np.int8)
    score = rows["agreed"].astype(float)
    return _review(rows, 1) | {"score": score, "queue": none, "policy": rows["policy"]}


def _review(rows: Columns, subject: int) -> Columns:
    """Return what reviews of both subjects share."""
    return {
        "review_id": rows["id"] ^ 0x0F0F0F0F0F0F, "subject_id": rows["id"],
        "subject": np.full(len(rows["id"]), subject, dtype=np.int8),
        "reviewed_at": rows["reviewed"], "design": rows["design"],
        "inclusion_probability": rows["chance"], "market": rows["market"], "site": rows["site"],
    }  # fmt: skip


def _both(first: Columns, second: Columns) -> Columns:
    """Return rows of one frame and then another, column by column."""
    return {name: np.concatenate([first[name], second[name]]) for name in first}


def exposure(rows: Columns) -> Columns:
    """Return hours a moderator, day and severity."""
    same = ("site", "severity", "hours", "breaks_due", "breaks_taken")
    found = {name: rows[name] for name in same}
    return found | {"date": rows["day"], "moderator_key": rows["moderator"]}


def csat(rows: Columns, surveyed: Array) -> Columns:
    """Return what was true of contacts: satisfaction, asked or not, and final durations."""
    return {
        "contact_id": rows["id"], "created_at": rows["created"], "market": rows["market"],
        "topic": rows["topic"], "channel": rows["channel"], "true_score": rows["true_score"],
        "surveyed": surveyed, "first_reply_h": (rows["first_reply"] - rows["created"]) / HOUR,
        "first_resolution_h": (rows["first_resolved"] - rows["created"]) / HOUR,
    }  # fmt: skip


def staffing(capacity: Capacity, days: int) -> Columns:
    """Return hours staffed a day, queue and site."""
    shape = (days, len(TOPICS), len(SITES))
    day, queue, site = (np.ravel(grid) for grid in np.indices(shape))
    scheduled = capacity.scheduled_hours[:days].ravel()
    lost = capacity.unplanned[:days].ravel()
    productive = scheduled * (1 - SHRINKAGE_PLANNED - lost)
    return {
        "date": day, "queue": queue, "site": site, "scheduled_h": scheduled,
        "productive_h": productive, "capacity_h": productive * OCCUPANCY,
        "shrinkage_planned": np.full(len(day), SHRINKAGE_PLANNED), "shrinkage_unplanned": lost,
    }  # fmt: skip


def backlog(counted: Backlog, days: int) -> Columns:
    """Return flows a day and what was open at its end, by queue and market."""
    assert counted.open is not None
    shape = (days, len(TOPICS), len(MARKETS))
    day, queue, market = (np.ravel(grid) for grid in np.indices(shape))
    found = {name: values[:days].ravel() for name, values in counted.flows.items()}
    return found | {
        "date": day, "queue": queue, "market": market, "open": counted.open[:days].ravel()
    }  # fmt: skip


def users(world: World) -> Columns:
    """Return monthly users a day and market; contacts follow their growth."""
    weights = np.array([row[2] for row in MARKETS.values()])
    found = growth(np.arange(world.days)) * weights * arrivals.level(world.weeks)
    day, market = (np.ravel(grid) for grid in np.indices(found.shape))
    monthly = np.rint(world.scale * MONTHLY_USERS * found).astype(np.int64)
    return {"date": day, "market": market, "monthly_users": monthly.ravel()}


def words(kind: str, keys: dict[str, Array]) -> Array:
    """Return what the codes of a column stand for."""
    what, _, name = kind.partition(":")
    return keys[name] if what == "key" else np.array(LABELS[name])


def chosen(rows: Columns, which: Array) -> Columns:
    """Return the rows where ``which`` is true."""
    return rows if which.all() else take(rows, np.flatnonzero(which))


WEEKLY: Final[dict[str, tuple[str, Callable[[Columns, float], Columns]]]] = {
    "contacts": ("contacts", contacts),
    "surveys": ("surveys", surveys),
    "mod_items": ("items", mod_items),
    "appeals": ("appeals", appeals),
}
