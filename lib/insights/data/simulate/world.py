"""What the simulated operation consists of: markets, topics, dates, streams of chance.

Constants marked [planted] are choices of this simulator with no source outside it, [public] are
published figures, [practice] is what practitioners expect. A day is a whole number from `START`
(a Monday), a time is seconds from `START`, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insights.errors import ParamError, did_you_mean, some

Array = npt.NDArray[Any]
Columns = dict[str, Array]  # one array a column, all of one length

START: Final = date(2024, 1, 1)  # a Monday [planted]
DAY: Final = 86_400.0
HOUR: Final = 3_600.0
HIDDEN_WEEKS: Final = 13  # kept back to score forecasts [planted]
TAIL_WEEKS: Final = 26  # staffing goes on after the last week, so that queues can drain
FEWEST_WEEKS: Final = 20
DEMO_SCALE: Final = 0.07  # 10 k contacts a day at scale 1; 104 weeks of the demo: about 510 k
CONTACTS_A_DAY: Final = 10_000.0

# market: language, hours from UTC, share of users, growth a week [planted, 0.2-0.6 %]
MARKETS: Final[dict[str, tuple[str, int, float, float]]] = {
    "US": ("en", -6, 0.24, 0.0020),
    "BR": ("pt", -3, 0.14, 0.0045),
    "MX": ("es", -6, 0.09, 0.0040),
    "GB": ("en", 0, 0.06, 0.0020),
    "DE": ("de", 1, 0.06, 0.0025),
    "FR": ("fr", 1, 0.06, 0.0025),
    "ES": ("es", 1, 0.05, 0.0025),
    "IT": ("it", 1, 0.04, 0.0025),
    "ID": ("id", 7, 0.13, 0.0060),
    "JP": ("ja", 9, 0.05, 0.0020),
    "SA": ("ar", 3, 0.04, 0.0050),
    "TR": ("tr", 3, 0.04, 0.0045),
}
# topic: share of contacts, minutes to handle, share granted, hours of waiting once answered
TOPICS: Final[dict[str, tuple[float, float, float, float]]] = {  # [planted]
    "account_access": (0.30, 9.0, 0.74, 8.0),
    "payout": (0.15, 14.0, 0.70, 26.0),
    "appeal_help": (0.15, 16.0, 0.12, 20.0),
    "safety_report": (0.12, 12.0, 0.62, 12.0),
    "content_visibility": (0.10, 10.0, 0.58, 14.0),
    "live_gifts": (0.06, 11.0, 0.68, 14.0),
    "shop_order": (0.08, 12.0, 0.72, 30.0),
    "bug": (0.04, 13.0, 0.66, 40.0),
}
USERS: Final = ("user", "creator", "seller", "advertiser")
# who writes about what; gives .68/.21/.08/.03 overall [planted, near .70/.20/.07/.03]
WRITERS: Final[dict[str, tuple[float, float, float, float]]] = {
    **dict.fromkeys(TOPICS, (0.82, 0.12, 0.03, 0.03)),
    "payout": (0.05, 0.80, 0.12, 0.03),
    "shop_order": (0.50, 0.02, 0.45, 0.03),
}
CHANNELS: Final = ("in_app_form", "email", "chat", "phone")
# a row a user type; gives .55/.20/.20/.05 overall [planted]
CHANNEL_SHARES: Final = (
    (0.58, 0.21, 0.21, 0.00),
    (0.58, 0.21, 0.21, 0.00),
    (0.35, 0.15, 0.15, 0.35),
    (0.08, 0.07, 0.05, 0.80),
)
SITES: Final = {"site_a": 0.25, "site_b": 0.15, "site_c": 0.20, "site_d": 0.25, "site_e": 0.15}
POLICIES: Final[
    dict[str, tuple[float, int, float]]
] = {  # share, severity, difficulty [planted]
    "spam_and_fake_engagement": (0.24, 1, 0.1),
    "scams_and_fraud": (0.12, 3, 0.5),
    "adult_content": (0.14, 3, 0.3),
    "harassment": (0.10, 3, 0.9),
    "hate_speech": (0.07, 4, 0.9),
    "violence": (0.08, 5, 0.4),
    "self_harm": (0.04, 5, 0.6),
    "minor_safety": (0.06, 5, 0.5),
    "regulated_goods": (0.10, 2, 0.4),
    "misinformation": (0.05, 2, 1.0),
}
LABELS: Final[dict[str, tuple[str, ...]]] = {
    "market": tuple(MARKETS),
    "language": tuple(sorted({language for language, *_ in MARKETS.values()})),
    "topic": tuple(TOPICS),
    "queue": tuple(TOPICS),
    "user_type": USERS,
    "channel": CHANNELS,
    "site": tuple(SITES),
    "policy": tuple(POLICIES),
    "priority": ("urgent", "high", "normal"),
    "status": ("open", "solved"),
    "outcome": ("declined", "granted"),
    "agent_shift": ("early", "late", "night"),
    "device": ("android", "ios", "web"),
    "app_version": ("31.1", "31.2", "31.3", "31.4"),
    "surface": ("video", "comment", "live", "profile"),
    "source": ("proactive", "user_report", "trusted_flagger"),
    "action": ("none", "visibility", "account", "live", "age_restricted"),
    "appeal_outcome": ("upheld", "overturned"),
    "subject": ("contact", "item"),
    "design": ("random", "risk"),
}
LANGUAGE_OF: Final = np.array(
    [LABELS["language"].index(row[0]) for row in MARKETS.values()], dtype=np.int8
)
# the place is the stream: add at the end only
STREAMS: Final = (
    "contacts", "links", "surveys", "mod_items", "qa", "staffing", "exposure", "people",
)  # fmt: skip


def code(column: str, *values: str) -> Array:
    """Return the codes of values of a labelled column."""
    return np.array([LABELS[column].index(value) for value in values], dtype=np.int8)


@dataclass(frozen=True, slots=True)
class World:
    """One simulated operation: how large, how long, which seed, which effects are on."""

    scale: float
    seed: int
    weeks: int
    effects: frozenset[str] = field(default_factory=frozenset)

    @property
    def all_weeks(self) -> int:
        """Weeks drawn: those in source tables and the hidden ones."""
        return self.weeks + HIDDEN_WEEKS

    @property
    def days(self) -> int:
        """Days drawn."""
        return 7 * self.all_weeks

    @property
    def cut(self) -> float:
        """Seconds at which the source tables were taken; nothing later is in them."""
        return self.weeks * 7 * DAY

    def rng(self, stream: str, week: int = 0, part: int = 0) -> np.random.Generator:
        """Return a table's own stream for a week, as nested `SeedSequence.spawn` would."""
        key = (STREAMS.index(stream), week, part)
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key))
        )

    def without(self, effect: str) -> World:
        """Return the same world with one effect off."""
        return World(self.scale, self.seed, self.weeks, self.effects - {effect})


def checked(
    *, scale: float, seed: int, weeks: int, without: tuple[str, ...], known: tuple[str, ...]
) -> World:
    """Return the world asked for, or say in one sentence what cannot be."""
    if not 0 < scale < float("inf"):
        raise ParamError(f"scale is {scale}; give a number above 0, such as {DEMO_SCALE}.")
    if weeks < FEWEST_WEEKS or int(weeks) != weeks:
        raise ParamError(
            f"weeks is {weeks}; give a whole number of {FEWEST_WEEKS} or more, such as 104."
        )
    if seed < 0 or int(seed) != seed:
        raise ParamError(f"seed is {seed}; give a whole number of 0 or more.")
    for name in without:
        if name not in known:
            hint = did_you_mean(name, known) or "."
            raise ParamError(f"unknown effect '{name}'{hint} There are {some(known, 20)}.")
    return World(float(scale), int(seed), int(weeks), frozenset(known) - set(without))


def on_day(day: int) -> date:
    """Return the date of a day."""
    return START + timedelta(days=int(day))


def weekdays(days: Array) -> Array:
    """Return 0 (Monday) to 6 of days."""
    return np.asarray(days % 7)


def growth(days: Array) -> Array:
    """Return users of each market against its start, one row a day."""
    rates = np.array([row[3] for row in MARKETS.values()])
    return np.exp(np.outer(days / 7.0, rates))


def shares(values: tuple[float, ...] | list[float]) -> Array:
    """Return shares that add to exactly 1."""
    found = np.asarray(values, dtype=float)
    return np.asarray(found / found.sum())


def pick(uniform: Array, cumulative: Array) -> Array:
    """Return codes whose cumulative shares the uniform draws fall in; one row each allowed."""
    if cumulative.ndim == 1:
        found = np.searchsorted(cumulative[:-1], uniform, side="right")
    else:
        found = (uniform[:, None] >= cumulative[:, :-1]).sum(axis=1)
    return found.astype(np.int8)


def expit(values: Array) -> Array:
    """Return the logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-values)))


def take(columns: Columns, which: Array) -> Columns:
    """Return some rows of every column."""
    return {name: values[which] for name, values in columns.items()}


def joined(parts: list[Columns]) -> Columns:
    """Return the rows of parts, one after another."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def identity(week: int, origin: int, index: Array) -> Array:
    """Return ids that tell nothing of order or origin: a one-to-one scramble of 52 bits."""
    mask = np.uint64((1 << 52) - 1)
    raw = np.uint64((week * 8 + origin) << 34) + index.astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed = (raw * np.uint64(0x9E3779B97F4A7C15)) & mask
        mixed ^= mixed >> np.uint64(27)
        mixed = (mixed * np.uint64(0xBF58476D1CE4E5B9)) & mask
    return (mixed ^ (mixed >> np.uint64(29))).astype(np.int64)
