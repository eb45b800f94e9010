"""In which metric, segment and days each planted effect is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from insights.data.simulate import effects
from insights.data.simulate.effects import EFFECTS
from insights.data.simulate.people import CAP_HOURS
from insights.data.simulate.world import (
    HOUR,
    LABELS,
    TOPICS,
    Array,
    Columns,
    World,
    code,
    on_day,
)

Segment = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a frame; a column is taken when it is asked for."""

    columns: Columns
    at: Array

    def __getitem__(self, name: str) -> Array:
        """Return a column of the rows chosen."""
        return self.columns[name][self.at]


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is read from drawn rows: a numerator and a denominator a row."""

    frame: str
    clock: str
    unit: str
    parts: Callable[[Rows], tuple[Array, Array]]
    quantile: float | None = None
    observed: str = (
        "all"  # which share of rows an analyst sees: all, surveyed, reviewed, nobody
    )


def _content(rows: Rows) -> tuple[Array, Array]:
    counted = ~rows["bot"] & np.isfinite(rows["first_resolved"])
    return (rows["true_score"] >= 4) & counted, counted


def _answers(rows: Rows) -> tuple[Array, Array]:
    answered = np.isfinite(rows["responded"])
    return (rows["score"] >= 4) & answered, answered


def _ones(rows: Rows) -> Array:
    return np.ones(len(rows.at))


def _rows(rows: Rows) -> tuple[Array, Array]:
    return _ones(rows), 0 * _ones(rows)


def _measures(rows: Rows) -> tuple[Array, Array]:
    return rows["measure"], 0 * _ones(rows)


def _share_of(column: str) -> Callable[[Rows], tuple[Array, Array]]:
    return lambda rows: (rows[column], _ones(rows))


def _people_only(values: Callable[[Rows], Array]) -> Callable[[Rows], tuple[Array, Array]]:
    def parts(rows: Rows) -> tuple[Array, Array]:
        return values(rows) * ~rows["bot"], ~rows["bot"]

    return parts


def reply_hours(rows: Rows | Columns) -> Array:
    """Return hours to the first reply."""
    return (rows["first_reply"] - rows["created"]) / HOUR


APPEAL_HELP = code("topic", "appeal_help")[0]
METRICS: Final[dict[str, Metric]] = {
    "contact_volume": Metric("contacts", "created", "contacts", _rows),
    "appeal_help_share": Metric(
        "contacts", "created", "share", lambda r: (r["topic"] == APPEAL_HELP, _ones(r))
    ),
    "csat_true": Metric("contacts", "created", "share", _content, observed="surveyed"),
    "csat_raw": Metric("surveys", "sent", "share", _answers),
    "response_rate": Metric(
        "surveys", "sent", "share", lambda r: (np.isfinite(r["responded"]), _ones(r))
    ),
    "first_reply_log": Metric(
        "contacts", "created", "log hours", _people_only(lambda r: np.log(reply_hours(r)))
    ),
    "first_reply_p50": Metric("contacts", "created", "hours", _people_only(reply_hours), 0.5),
    "first_reply_p90": Metric("contacts", "created", "hours", _people_only(reply_hours), 0.9),
    "reopen_rate": Metric(
        "contacts", "created", "share",
        lambda r: (np.isfinite(r["reopened"]), np.isfinite(r["first_resolved"])),
    ),
    "transfer_rate": Metric("contacts", "created", "share", _share_of("transfers")),
    "escalation_rate": Metric("contacts", "created", "share", _share_of("escalated")),
    "handle_minutes": Metric(
        "contacts", "created", "minutes", _people_only(lambda r: r["handle"] / 60)
    ),
    "qa_score": Metric("qa_contacts", "reviewed", "share", _share_of("qa_score")),
    "measures": Metric("items", "enqueued", "decisions", _measures),
    "automation_share": Metric(
        "items", "enqueued", "share", lambda r: (r["auto"] & r["measure"], r["measure"])
    ),
    "wrong_share": Metric(
        "items", "enqueued", "share", lambda r: (r["wrong"] & r["auto"], r["auto"]),
        observed="nobody",
    ),
    "accuracy": Metric(
        "items", "enqueued", "share", lambda r: (~r["wrong"] & r["human"], r["human"]),
        observed="reviewed",
    ),
    "overturn_rate": Metric("appeals", "decided", "share", _share_of("overturned")),
    "over_cap_share": Metric(
        "exposure", "at", "share",
        lambda r: ((r["severe_hours"] > CAP_HOURS) & (r["severity"] == 3), r["severity"] == 3),
    ),
    "weekly_attrition": Metric("places", "at", "share", _share_of("left")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """One number that truth holds of an effect: a metric of a segment over some days."""

    effect: str
    metric: str
    segment: Segment
    first_day: int
    end_day: int
    only: frozenset[int] | None = None  # days, where the effect is on some of them alone

    def of(self, frames: dict[str, Columns]) -> tuple[Array, Array, Array]:
        """Return days, numerators and denominators of the rows it is about."""
        metric = METRICS[self.metric]
        rows = frames[metric.frame]
        with np.errstate(invalid="ignore"):
            day = np.floor(rows[metric.clock] / (24 * HOUR))
        here = (day >= self.first_day) & (day < self.end_day)
        if self.only is not None:
            here &= np.isin(day, list(self.only))
        for name, values in self.segment.items():
            wanted = np.zeros(len(LABELS[name]), dtype=bool)
            wanted[code(name, *values)] = True
            here &= wanted[rows[name]]
        at = np.flatnonzero(here)
        numerator, denominator = metric.parts(Rows(rows, at))
        return day[at].astype(np.int64), numerator.astype(float), denominator.astype(float)


def _wave(week: int) -> tuple[str, ...]:
    """Return the markets that E3 reaches in a week."""
    return tuple(market for market, at in effects.E3_WAVES.items() if at == week)


def planned(world: World, effect: str, worst: tuple[str, ...]) -> list[Measure]:
    """Return what is measured of an effect in a world; ``worst`` are E6's three markets."""
    first, end = EFFECTS[effect].window(world)
    weeks = EFFECTS[effect].measured_weeks
    end = end if weeks is None else min(end, first + weeks)

    def one(
        metric: str, segment: Segment | None = None, days: tuple[int, int] | None = None,
        only: frozenset[int] | None = None,
    ) -> Measure:  # fmt: skip
        begin, stop = days or (7 * first, 7 * end)
        stop = min(stop, 7 * world.weeks)
        return Measure(effect, metric, segment or {}, begin, stop, only)

    payout, access = {"topic": ("payout",)}, {"topic": ("account_access",)}
    site_c, site_d = {"site": ("site_c",)}, {"site": ("site_d",)}
    shop, spanish = {"topic": ("shop_order",)}, {"market": ("MX", "ES")}
    chat, harassment = {"channel": ("chat",)}, {"policy": ("harassment",)}
    waves = list(dict.fromkeys(effects.E3_WAVES.values()))
    exposed = tuple(7 * week for week in effects.E13_WEEKS)
    gone = tuple(7 * (week + effects.E13_LAG) for week in effects.E13_WEEKS)
    table: dict[str, list[Measure]] = {
        "E1": [one("csat_true"), one("appeal_help_share")]
        + [one("csat_true", {"topic": (topic,)}) for topic in TOPICS],
        "E2": [
            one("contact_volume", {**access, "market": effects.E2_MARKETS}, effects.E2_DAYS),
            one("first_reply_log", access, (7 * first, 7 * first + 21)),
            one("first_reply_p90", access, (7 * first, 7 * first + 21)),
        ],
        "E3": [
            one(metric, {**payout, "market": markets}, (7 * week, 7 * end))
            for week, markets in [
                (waves[-1], tuple(effects.E3_WAVES)),
                *((at, _wave(at)) for at in waves),
            ]
            for metric in ("first_reply_log", "csat_true")
        ],
        "E4": [one("csat_true", chat), one("first_reply_log", chat), one("reopen_rate", chat)],
        "E5": [
            one(name, access) for name in ("handle_minutes", "reopen_rate", "first_reply_log")
        ] + [one("qa_score", {"queue": ("account_access",)})],
        "E6": [
            one(metric, {"market": worst})
            for metric in ("csat_true", "reopen_rate", "first_reply_log")
        ],
        "E7": [
            one("overturn_rate", spanish), one("wrong_share", spanish),
            one("contact_volume", {**spanish, "topic": ("appeal_help",)},
                (7 * first + 3, 7 * end + 4)),
        ],
        "E8": [one("measures", harassment), one("automation_share")],
        "E9": _calendar(one, world),
        "E10": [one("accuracy", {"market": ("TR",)}), one("accuracy")],
        "E11": [one(metric, site_d) for metric in ("csat_true", "qa_score", "handle_minutes")],
        "E12": [one("first_reply_p90", shop), one("first_reply_p50", shop)],
        "E13": [
            one("over_cap_share", site_c, (exposed[0], exposed[1])),
            one("accuracy", site_c, (exposed[0], exposed[1])),
            one("weekly_attrition", site_c, (gone[0], gone[1])),
        ],
        "E14": [
            one("csat_raw", days=effects.E14_REVERSED_DAYS), one("response_rate"),
            one("csat_true"),
        ],
    }  # fmt: skip
    return [measure for measure in table.get(effect, []) if measure.first_day < measure.end_day]


def _calendar(one: Callable[..., Measure], world: World) -> list[Measure]:
    """Return what is measured of the calendar: a volume for each kind of day."""
    days = range(7 * world.weeks)
    dates = [on_day(day) for day in days]
    paydays = frozenset(d for d, at in zip(days, dates, strict=True) if at.day in (1, 15))
    fasting = frozenset(
        d for d, at in zip(days, dates, strict=True)
        if any(a <= at.isoformat() <= b for a, b in effects.RAMADAN)
    )  # fmt: skip
    school = frozenset(
        d for d, at in zip(days, dates, strict=True) if (7, 15) <= (at.month, at.day) <= (8, 31)
    )
    turn = frozenset(
        d for d, at in zip(days, dates, strict=True)
        if (at.month, at.day) >= (12, 30) or (at.month, at.day) <= (1, 2)
    )  # fmt: skip
    volume = "contact_volume"
    creators: Segment = {"topic": ("payout",), "user_type": ("creator",)}
    holiday: Segment = {
        "market": ("GB", "DE", "FR", "ES", "IT"), "topic": ("live_gifts", "safety_report"),
    }  # fmt: skip
    fast: Segment = {"market": ("ID", "SA", "TR"), "topic": ("bug", "shop_order")}
    return [
        one(volume, creators, only=paydays), one(volume, fast, only=fasting),
        one(volume, holiday, only=school), one(volume, only=turn),
    ]  # fmt: skip


def nulls(world: World) -> list[dict[str, object]]:
    """Return the series of E15: metrics and segments that no effect touches in their days."""
    first, end = EFFECTS["E15"].window(world)
    if first >= end:
        return []
    return [
        {
            "metric": metric, "segment": {"market": [market], "topic": [topic]},
            "start": str(on_day(7 * first)), "end": str(on_day(7 * end)),
        }
        for metric in effects.NULL_METRICS
        for market in effects.NULL_MARKETS
        for topic in effects.NULL_TOPICS
    ]  # fmt: skip
