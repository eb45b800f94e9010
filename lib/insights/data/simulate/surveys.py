"""Who is asked, who answers, and what they say: the discontented answer more often."""

from __future__ import annotations

import numpy as np

from insights.data.simulate import effects
from insights.data.simulate.world import DAY, HOUR, Columns, expit

SENT_AFTER = 2 * HOUR  # after the first solution
ANSWER = -2.05  # logit: about 12 % answer [planted to the public 11-13 %]
DISCONTENT = -0.25  # a unit of latent satisfaction; raw CSAT 8 to 11 points low [planted]
MEAN_LATENT = 1.75  # so that the response rate does not hang on the level
CHANNEL = np.array([0.0, -0.10, 0.20, -0.05])  # [planted]
LANGUAGE_STEP = 0.03  # a language's own readiness, by its place in the list [planted]
ANSWER_DAYS = 1.2  # mean of an exponential
QA_RANDOM, QA_RISK = 0.02, 0.05  # of contacts: at random; of those at risk [planted]
QA_AFTER_DAYS = 7.0


def asked(contacts: Columns, draws: Columns, on: frozenset[str]) -> Columns:
    """Return a survey for every contact that people solved, answered or not."""
    who = np.flatnonzero(np.isfinite(contacts["first_resolved"]) & ~contacts["bot"])
    found = {
        name: contacts[name][who]
        for name in (
            "id",
            "market",
            "channel",
            "user_type",
            "topic",
            "queue",
            "true_score",
            "granted",
        )
    }
    sent = contacts["first_resolved"][who] + SENT_AFTER
    logit = ANSWER + DISCONTENT * (contacts["latent"][who] - MEAN_LATENT)
    logit = logit + CHANNEL[found["channel"]] + LANGUAGE_STEP * (found["market"] % 5 - 2)
    first, end = (effects.seconds(week) for week in effects.E14_WEEKS)
    changed = (sent >= first) & (sent < end) & ("E14" in on)
    logit = logit + np.where(changed, effects.E14_RESPONSE, 0.0)
    answers = draws["survey_answer"][who] < expit(logit)
    later = -ANSWER_DAYS * DAY * np.log1p(-draws["survey_delay"][who])
    found["sent"] = sent
    found["responded"] = np.where(answers, np.floor(sent + later), np.inf)
    day = sent // DAY
    reversed_ = (day >= effects.E14_REVERSED_DAYS[0]) & (day < effects.E14_REVERSED_DAYS[1])
    turned = reversed_ & ("E14" in on)
    found["score"] = np.where(turned, 6 - found["true_score"], found["true_score"]).astype(
        np.int8
    )
    return found


def reviewed(contacts: Columns, draws: Columns) -> Columns:
    """Return quality reviews of contacts: a random sample, and one of those at risk."""
    risk = (contacts["transfers"] > 0) | contacts["escalated"]
    random = draws["qa_random"] < QA_RANDOM
    chosen = risk & (draws["qa_risk"] < QA_RISK) & ~random
    closed = np.isfinite(contacts["first_resolved"]) & ~contacts["bot"]
    who = np.flatnonzero((random | chosen) & closed)
    odds = np.where(risk, QA_RANDOM + (1 - QA_RANDOM) * QA_RISK, QA_RANDOM)
    found = {
        name: contacts[name][who] for name in ("id", "market", "queue", "site", "qa_score")
    }
    found["design"] = np.where(random[who], 0, 1).astype(np.int8)
    found["chance"] = odds[who]
    delay = draws["qa_delay"][who] * QA_AFTER_DAYS * DAY
    found["reviewed"] = np.floor(contacts["first_resolved"][who] + delay)
    return found
