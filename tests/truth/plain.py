"""Do the pack's weekly figures equal plain SQL, written here without a look at the pack's?"""

from __future__ import annotations

import pandas as pd

from .scoring import HELD, NOT_HELD, Row
from .world import World

EXACT = 1e-9
WEEK = "date_trunc('week', {0})"
QUERIES = {  # metric: (clock, table, weekly value, rows); a week starts on Monday
    "contact_volume": ("created_at", "{contacts}", "count(*)", "true"),
    "csat": (
        "sent_at", "{surveys}", "count(*) filter (score in (4, 5)) / count(score)",
        "score is not null",
    ),
    "dsat": (
        "sent_at", "{surveys}", "count(*) filter (score in (1, 2)) / count(score)",
        "score is not null",
    ),
    "survey_response_rate": ("sent_at", "{surveys}", "count(responded_at) / count(*)", "true"),
    "replied_within_8h": (
        "created_at", "{contacts}",
        "count(*) filter (first_reply_at <= created_at + interval 8 hour) / count(*)",
        "not is_bot",
    ),
    "reopen_rate": (
        "created_at", "{contacts}", "count(reopened_at) / count(first_resolved_at)", "true",
    ),
    "transfer_rate": (
        "created_at", "{contacts}", "count(*) filter (transfers >= 1) / count(first_reply_at)",
        "true",
    ),
    "escalation_rate": (
        "created_at", "{contacts}", "count(*) filter (escalated) / count(first_reply_at)",
        "true",
    ),
    "handle_time": (
        "created_at", "{contacts}", "avg(handle_s) / 60", "not is_bot",
    ),
    "backlog": ("date", "{backlog}", "sum(open)", "dayofweek(date) = 0"),
    "shrinkage": ("date", "{staffing}", "1 - sum(productive_h) / sum(scheduled_h)", "true"),
    "items_actioned": (
        "enqueued_at", "{mod_items}", "count(*)", "action in ('visibility', 'account', 'live', "
        "'age_restricted')",
    ),
    "automation_share": (
        "enqueued_at", "{mod_items}", "count(*) filter (decision_auto) / count(*)",
        "action <> 'none'",
    ),
    "unseen_share": (
        "enqueued_at", "{mod_items}", "count(*) filter (views_at_action = 0) / count(*)",
        "action <> 'none'",
    ),
    "overturn_rate": (
        "decided_at", "{appeals}", "count(*) filter (outcome = 'overturned') / count(outcome)",
        "outcome is not null",
    ),
    "over_cap_share": (
        "date",
        "(select date, sum(hours) as severe from {exposure} group by date, moderator_key)",
        "count(*) filter (severe > 4) / count(*)", "true",
    ),
}  # fmt: skip


def score(world: World) -> list[Row]:
    """Return one row for all metrics that were counted twice."""
    unequal, weeks = {}, 0
    for metric, query in QUERIES.items():
        ours, plain = weekly(world, metric), by_sql(world, *query)
        both = pd.concat([ours, plain], axis=1, keys=["ours", "plain"])
        off = (both["ours"] - both["plain"]).abs()
        wrong = ~(off <= EXACT * both["plain"].abs().clip(lower=1))
        weeks += len(both)
        if wrong.any():
            unequal[metric] = f"{metric} {int(wrong.sum())} weeks, by up to {off.max():.3g}"
    return [
        Row(
            "-", "values", f"{len(QUERIES)} metrics a week against plain SQL, {weeks:,} weeks",
            NOT_HELD if unequal else HELD, interval="" if unequal else "equal",
            note="; ".join(unequal.values()),
        )
    ]  # fmt: skip


def weekly(world: World, metric: str) -> pd.Series:
    """Return the pack's weekly values."""
    return world.rows(metric).set_index("period")["value"]


def by_sql(world: World, clock: str, table: str, value: str, where: str) -> pd.Series:
    """Return weekly values that owe nothing to the pack."""
    found = world.sql(
        f"select date_trunc('week', {clock}) as period, {value} as value "
        f"from {table} where {where} and {clock} is not null group by 1 order by 1"
    )
    found["period"] = found["period"].astype("datetime64[ns]")
    return found.set_index("period")["value"].astype(float)
