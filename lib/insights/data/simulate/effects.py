"""Which effects are planted, where, when, how large, and by which mechanism.

This is the one place of every planted size; the modules that draw ask it. `truth` never reads
a size from here: it measures what the drawn tables hold with an effect and without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from insights.data.simulate.world import (
    DAY,
    LABELS,
    START,
    TOPICS,
    USERS,
    Array,
    World,
    code,
    on_day,
)


@dataclass(frozen=True, slots=True)
class Effect:
    """A planted effect: weeks (first, and one past the last; None = to the end) and places."""

    name: str
    kind: str
    mechanism: str
    first_week: int
    end_week: int | None
    detectable_by: tuple[str, ...]
    measured_weeks: int | None = None  # truth is taken over so many weeks from the first

    def window(self, world: World) -> tuple[int, int]:
        """Return the weeks it is in force in source tables; empty where it starts too late."""
        end = world.weeks if self.end_week is None else min(self.end_week, world.weeks)
        return self.first_week, max(self.first_week, end)


EFFECTS: Final[dict[str, Effect]] = {  # all sizes and weeks are [planted]
    "E1": Effect(
        "mix shift against the rates", "mix",
        "From week 70 every contact is a little better served, but 17.6 % of contacts of other "
        "topics become appeal_help (15 % to 30 % of all); staffing follows.",
        70, None, ("changes", "segments"),
    ),
    "E2": Effect(
        "login outage", "incident",
        "For 6 days in week 30 contacts on account_access in US, BR and ID come 1.8 times as "
        "often; staffing does not follow, so the queue backs up and drains by its own slack.",
        30, 42, ("signals", "segments"),
    ),
    "E3": Effect(
        "macro and routing change", "intervention",
        "Preparing a reply on payout takes 21 % less time and its quality rises a little, from "
        "week 44 in GB and DE, 48 in FR and IT, 52 in JP. It acts after the queue, so that "
        "untreated markets are not touched.",
        44, None, ("effects",), 26,
    ),
    "E4": Effect(
        "new chatbot greeting", "null intervention",
        "From week 61 chats carry a greeting; nothing else depends on it.",
        61, None, ("effects",), 13,
    ),
    "E5": Effect(
        "handle time target", "guard harmed",
        "From week 84 account_access is handled in 10 % less time; quality falls, "
        "reopens rise.",
        84, None, ("effects", "signals"),
    ),
    "E6": Effect(
        "action on the worst three", "regression to the mean",
        "At week 66 an action starts in the three markets with the lowest raw CSAT of the four "
        "weeks before; nothing depends on it.",
        66, 79, ("effects",),
    ),
    "E7": Effect(
        "classifier regression", "defect",
        "In weeks 55 to 58 automated measures in MX and ES (Spanish) are wrong 1.5 times as "
        "often; wrong measures are appealed, overturned, and bring contacts 3 to 5 days later.",
        55, 59, ("segments", "signals", "changes"),
    ),
    "E8": Effect(
        "policy widened", "break",
        "From week 80 the harassment policy takes in more: its automated measures come 1.5 "
        "times as often though nobody behaves differently.",
        80, None, ("quality",), 13,
    ),
    "E9": Effect(
        "calendar", "seasonality",
        "Payout contacts of creators 1.35 times on the 1st and 15th; Ramadan 1.12 in ID, SA "
        "and TR; school holidays 1.08 on live_gifts and safety_report in GB, DE, FR, ES and "
        "IT; 0.85 from 30 December to 2 January.",
        0, None, ("forecasts",),
    ),
    "E10": Effect(
        "language gap", "hidden segment",
        "Human decisions in TR are right 4 points less often, throughout.",
        0, None, ("segments",),
    ),
    "E11": Effect(
        "onboarding cohort", "confounder",
        "In week 33 half the agents of site_d are replaced by new ones; new agents are slower "
        "and make more mistakes wherever they sit, sites do not matter.",
        33, 47, ("drivers",),
    ),
    "E12": Effect(
        "tail shift", "tail",
        "In weeks 90 to 96 two in five shop_order contacts that waited more than 6 hours are "
        "held for another 5 to 13; the others are not touched, so the median stays.",
        90, 97, ("signals",),
    ),
    "E13": Effect(
        "exposure over the cap", "wellbeing",
        "In weeks 60 to 66 moderators at site_c see 1.5 times as much severe material; it "
        "costs accuracy, and four weeks later more of them leave.",
        60, 71, ("signals",),
    ),
    "E14": Effect(
        "survey tool change", "artefact",
        "In weeks 40 to 43 fewer people answer (.13 to .08); on the first three days the "
        "scale is reversed.",
        40, 44, ("quality",),
    ),
    "E15": Effect(
        "true nulls", "null",
        "Series that no effect touches, for the rate of false alarms.",
        8, 51, ("signals",),
    ),
}  # fmt: skip

RELABELLED: Final = 0.15 / 0.85  # E1: .15 of contacts to .30
E1_SATISFACTION: Final = 0.10  # E1: on the latent scale; about two points of CSAT
E2_LIFT: Final = 1.8
E2_DAYS: Final = (30 * 7 + 1, 30 * 7 + 7)
E2_MARKETS: Final = ("US", "BR", "ID")
E3_WAVES: Final = {"GB": 44, "DE": 44, "FR": 48, "IT": 48, "JP": 52}
E3_PREPARATION: Final = 0.79  # of the time before; about -.163 on log first reply time
E3_QUALITY: Final = 0.04
E5_HANDLE: Final = 0.90
E5_REOPEN: Final = 0.20  # on the logit; about 1.8 points
E5_QUALITY: Final = -0.16  # about 1.2 points of QA score
E7_WRONG: Final = 1.5
E8_LIFT: Final = 1.5
E9_PAYDAY, E9_RAMADAN, E9_SCHOOL, E9_NEW_YEAR = 1.35, 1.12, 1.08, 0.85
RAMADAN: Final = (
    ("2024-03-11", "2024-04-09"),
    ("2025-03-01", "2025-03-29"),
    ("2026-02-18", "2026-03-19"),
)
E10_ACCURACY: Final = 0.04
E11_WEEK: Final = 33
E12_PARKED: Final = 0.4
E12_WAITED, E12_HELD = 6.0, (5.0, 8.0)  # hours: who is held; at least, and at most as much more
E13_WEEKS: Final = (60, 67)
E13_SEVERE: Final = 1.5
E13_ACCURACY: Final = 0.02
E13_LAG: Final = 4
E14_RESPONSE: Final = -0.56  # on the logit; .13 to .08
E14_REVERSED_DAYS: Final = (40 * 7, 40 * 7 + 3)
E14_WEEKS: Final = (40, 44)
NULL_MARKETS: Final = ("US", "BR", "MX", "JP")  # no Ramadan, no school holidays in E9
NULL_TOPICS: Final = ("safety_report", "live_gifts", "bug")
NULL_METRICS: Final = ("contact_volume", "transfer_rate", "escalation_rate")


def lifts(effect: str, days: Array) -> Array:
    """Return what an effect multiplies arrivals by, of shape day, market, user type, topic."""
    found = np.ones((len(days), len(LABELS["market"]), len(USERS), len(TOPICS)))
    if effect == "E2":
        at = np.flatnonzero((days >= E2_DAYS[0]) & (days < E2_DAYS[1]))
        topic = code("topic", "account_access")
        found[np.ix_(at, code("market", *E2_MARKETS), np.arange(len(USERS)), topic)] = E2_LIFT
    elif effect == "E9":
        _calendar(found, days)
    else:
        raise KeyError(effect)
    return found


def _calendar(found: Array, days: Array) -> None:
    """Multiply in paydays, Ramadan, school holidays and the turn of the year."""
    payout, creator = code("topic", "payout")[0], code("user_type", "creator")[0]
    fasting = code("market", "ID", "SA", "TR")
    schools = np.ix_(code("market", "GB", "DE", "FR", "ES", "IT"), np.arange(len(USERS)),
                     code("topic", "live_gifts", "safety_report"))  # fmt: skip
    for row, day in enumerate(days):
        at = on_day(int(day))
        if at.day in (1, 15):
            found[row, :, creator, payout] *= E9_PAYDAY
        if any(first <= at.isoformat() <= last for first, last in RAMADAN):
            found[row, fasting] *= E9_RAMADAN
        if (7, 15) <= (at.month, at.day) <= (8, 31):
            found[row][schools] *= E9_SCHOOL
        if (at.month, at.day) >= (12, 30) or (at.month, at.day) <= (1, 2):
            found[row] *= E9_NEW_YEAR


def date_of(week: int) -> str:
    """Return the Monday of a week, as text."""
    return str(np.datetime64(START) + np.timedelta64(7 * week, "D"))


def seconds(week: int) -> float:
    """Return the second at which a week begins."""
    return week * 7 * DAY
