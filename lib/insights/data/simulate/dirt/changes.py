"""Values that do not mean what they did: labels, codes for no answer, ids given to others."""

from __future__ import annotations

import pandas as pd

from insights.data.simulate.dirt.sheet import Sheet, Spot, days_of
from insights.data.simulate.world import START

RENAMED, MERGED = {"live_gifts": "live"}, {"bug": "content_visibility"}
LABELS_AT = 0.7  # of the weeks
CODES, CODED = (0, 6, 11, 99), 0.01
LEFT_AT, AWAY_WEEKS, REUSED = 0.5, 8, 0.1


def labels(sheet: Sheet) -> Spot:
    """Call a topic by another name from a day on, and merge one into another."""
    since = sheet.day(LABELS_AT)
    created, topic = sheet.read("created_at"), sheet.read("topic").astype(str)
    new = topic.replace(RENAMED | MERGED)
    hit = (created >= since) & (new != topic)
    sheet.put("topic", topic.mask(hit, new))
    return Spot(
        int(hit.sum()), ("topic",), days_of([since]), {"renamed": RENAMED, "merged": MERGED}
    )


def codes(sheet: Sheet) -> Spot:
    """Score some surveys that nobody answered with a code."""
    score = sheet.read("score")
    places = sheet.pick(CODED, score.isna())
    scores = score.copy()
    scores.iloc[places] = sheet.rng.choice(CODES, size=len(places))
    sheet.put("score", scores)
    days = days_of(sheet.read("sent_at").iloc[places])
    return Spot(len(places), ("score",), days, {"codes": list(CODES)})


def rehired(sheet: Sheet) -> Spot:
    """Let some agents leave, colleagues take over, and new people come under their ids."""
    left = sheet.day(LEFT_AT)
    back = left + pd.Timedelta(weeks=AWAY_WEEKS)
    created, agent = sheet.read("created_at"), sheet.read("agent_key").astype(object)
    tenure, site = sheet.read("agent_tenure_weeks").copy(), sheet.read("site").astype(object)
    staying = sorted(set(agent[created < left].dropna()) & set(agent[created >= back].dropna()))
    order = sheet.rng.permutation(len(staying))
    n = max(1, round(REUSED * len(staying)))
    leavers, others = ([staying[i] for i in part] for part in (order[:n], order[n : 2 * n]))
    week = (created - pd.Timestamp(START)).dt.days // 7
    hit = pd.Series(False, index=agent.index)
    sites = sorted(set(site.dropna()))
    new_agent, new_site = agent.copy(), site.copy()
    for leaver, other in zip(leavers, others, strict=True):
        own = agent == leaver
        gone, after = own & (created >= left) & (created < back), own & (created >= back)
        hired = int(week[created >= back].min())
        colleague = agent == other
        new_agent[gone], new_site[gone] = other, site[colleague].mode().iloc[0]
        tenure[gone] = week[gone] + (tenure - week)[colleague].iloc[0]
        elsewhere = [one for one in sites if one != site[own].mode().iloc[0]]
        tenure[after] = week[after] - hired
        new_site[after] = sheet.rng.choice(elsewhere)
        hit |= after
    sheet.put("agent_key", new_agent)
    sheet.put("agent_tenure_weeks", tenure)
    sheet.put("site", new_site)
    return Spot(
        int(hit.sum()), ("agent_key", "agent_tenure_weeks", "site"), days_of(created[hit]),
        {"ids": len(leavers), "reused_from": str(back.date())},
    )  # fmt: skip
