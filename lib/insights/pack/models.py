"""What a pack may say: one typed, frozen model a YAML file."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from insights.errors import did_you_mean

SENTENCE_WORDS = {"subject", "period", "value"}

Unit = Literal["count", "share", "seconds", "minutes", "hours", "days", "score"]
Grain = Literal["day", "week", "month", "quarter"]
Weekday = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]  # fmt: skip


def _iso_date(value: object) -> object:
    """Accept a YAML date or an ISO string, and nothing that merely looks like a number."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:  # 2025-13-01 stays text, and text is not a date
            return value
    return value


def as_text(value: Any) -> Any:
    """Return a value with every date in it as ISO text: a notebook's parameters are JSON."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    return [as_text(inner) for inner in value] if isinstance(value, list) else value


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        hint = (
            did_you_mean(name, available_timezones()) or "; use a name such as 'Europe/Dublin'"
        )
        raise ValueError(f"'{name}' is not a time zone{hint}") from None
    return name


CREDENTIAL = re.compile(
    r"//[^/@:?#]*:(?!secret:|\d+[/?])[^?#]*@"  # user:password@
    r"|(?:^password|[?&;\s][\w.]*(?:password|passwd|pwd|token|key|secret|signature|sig))"
    r"=(?!secret:)[^&;\s]",
    re.IGNORECASE,
)


def _no_password(url: str) -> str:
    """Refuse a credential that is written out; ``secret:NAME`` is the only way to one."""
    if CREDENTIAL.search(url):
        raise ValueError(
            "a credential is written out; put it in the environment and say 'secret:NAME'"
        )
    return url


def _sentence(text: str) -> str:
    words = set(re.findall(r"\{([^}]*)\}", text))
    if unknown := sorted(words - SENTENCE_WORDS):
        raise ValueError(
            f"unknown word {{{unknown[0]}}}; "
            "a sentence may hold {subject}, {period} and {value}"
        )
    if "value" not in words:
        raise ValueError("a sentence must hold {value}")
    return text


def _yes_no(value: object) -> object:
    """Read YAML 1.1's booleans as the words they were written as."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


Comparable = Annotated[Literal["yes", "partly", "no"], BeforeValidator(_yes_no)]
Date = Annotated[date, BeforeValidator(_iso_date)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Number = Annotated[
    float, Field(allow_inf_nan=False)
]  # an int will do; a text or a boolean will not


class Model(BaseModel):
    """Frozen and strict: an unknown key is an error and nothing is converted in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Peers(Model):
    """Whom the subject is set beside: other values of one dimension."""

    dimension: str
    values: tuple[str, ...] = Field((), strict=False)  # none named: all of them
    note: str = ""


class PackInfo(Model):
    """``pack.yaml``: what holds for the whole operation."""

    title: str
    extends: str | None = None
    timezone: TimeZone = "UTC"
    week_starts: Weekday = "monday"
    subject: str | None = None  # the dimension whose value names the page
    where: dict[str, str] = {}  # what a readout shows when nothing else is asked for
    min_group: int = Field(10, ge=1)  # smaller groups are pooled before they reach a page
    peers: Peers | None = None
    attribution: str = ""


class Table(Model):
    """One table of ``source.yaml``: files, SQL over the connection, or a table that it has."""

    path: Annotated[str, AfterValidator(_no_password)] | None = None
    sql: str | None = None
    table: str | None = None
    format: Literal["csv", "parquet", "json"] | None = None
    row: str  # what one row is, in words
    key: tuple[str, ...] = Field((), strict=False)
    timezone: TimeZone = "UTC"  # of timestamps that carry none
    rename: dict[str, str] = {}  # old: new
    cast: dict[
        str, str
    ] = {}  # column: SQL type, or `number` for figures with thousands separators
    columns: dict[str, str] = {}  # new column: SQL row expression
    aggregated: bool = False  # a row is a sum over cases, not a case
    volume: str = (
        "1"  # SQL row expression: how many cases a row stands for; gates judge days by it
    )
    sampled: bool = False  # rows are a sample of what they speak for
    recorded_at: str | None = None  # when a row arrived, where the source says so

    @model_validator(mode="after")
    def _one_origin(self) -> Table:
        if sum(origin is not None for origin in (self.path, self.sql, self.table)) != 1:
            raise ValueError("give exactly one of path, sql and table")
        return self


class Source(Model):
    """``source.yaml``: one connection and the tables read over it."""

    connection: Annotated[str, AfterValidator(_no_password)] = "duckdb://"
    tables: dict[Name, Table]


class Break(Model):
    """A date from which a metric's definition differs, and why."""

    date: Date
    why: str


class Metric(Model):
    """One metric of ``metrics.yaml``; its expressions speak of one row and never aggregate."""

    title: str
    kind: Literal["count", "distinct", "ratio", "duration"]
    table: str
    unit: Unit
    better: Literal["higher", "lower", "band"]
    owner: str
    definition: str  # in words, for the page
    clock: str  # the column that buckets a row
    clock_is: Literal["event", "filed"] = "event"
    numerator: str | None = (
        None  # ratio, count (default: each row adds 1), distinct (what is counted)
    )
    denominator: str | None = None
    mirror: str | None = None  # what the numerator would be, were the answer scale reversed
    poststratify: tuple[str, ...] = Field((), strict=False)  # answers weighted to all rows
    start: str | None = Field(None, alias="from")
    end: str | None = Field(None, alias="to")
    target: Number | None = None  # duration: hours
    snapshot: Literal["last"] | None = None  # a stock: the period's last day stands for it
    mature_after: int = Field(0, ge=0)  # days after a period's end until its figure is final
    delay: str | None = None  # the metric that says how long after the event a row is recorded
    dimensions: tuple[str, ...] = Field((), strict=False)
    guards: tuple[str, ...] = Field(
        (), strict=False
    )  # metrics that must not get worse for its sake
    breaks: tuple[Break, ...] = Field((), strict=False)
    comparable: Comparable = "no"
    sentence: Annotated[str, AfterValidator(_sentence)] | None = None

    @model_validator(mode="after")
    def _kind_has_its_parts(self) -> Metric:
        needs = {
            "count": (),
            "distinct": ("numerator",),
            "ratio": ("numerator", "denominator"),
            "duration": ("start", "end", "target"),
        }[self.kind]
        parts = {"numerator", "denominator", "start", "end", "target"}
        words = {"start": "from", "end": "to"}
        lacking = [words.get(part, part) for part in needs if getattr(self, part) is None]
        if lacking:
            raise ValueError(f"a {self.kind} needs {' and '.join(lacking)}")
        allowed = set(needs) | ({"numerator"} if self.kind == "count" else set())
        idle = [
            words.get(p, p) for p in sorted(parts - allowed) if getattr(self, p) is not None
        ]
        if idle:
            raise ValueError(f"a {self.kind} has no {' and no '.join(idle)}")
        if self.snapshot and self.kind != "count":
            raise ValueError("only a count can be a snapshot")
        for part in ("mirror", "poststratify"):
            if getattr(self, part) and not (self.kind == "ratio" and self.unit == "share"):
                raise ValueError(f"only a ratio that is a share can have {part}")
        return self


class Benchmark(Model):
    """A figure from outside, with how far its definition matches."""

    value: Number
    source: str
    comparable: Comparable
    as_of: Date


class Goal(Model):
    """One goal of ``goals.yaml``: where a metric should be, by when, whose it is and why."""

    metric: str
    target: Number | None = None
    low: Number | None = None  # of a metric that should stay within a band
    high: Number | None = None
    rationale: str
    by: Date | None = None
    owner: str | None = None  # default: the metric's
    where: dict[str, str] = {}
    benchmark: Benchmark | None = None

    @model_validator(mode="after")
    def _target_or_band(self) -> Goal:
        ends = (self.low is not None) + (self.high is not None)
        if ends == 1 or (self.target is None) == (ends == 0):
            raise ValueError("give either a target, or low and high")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"its low {self.low:g} is not under its high {self.high:g}")
        return self


class Action(Model):
    """One entry of ``actions.yaml``: what to do when a metric says so."""

    metric: str
    when: Literal["above", "below", "outside", "off_goal"]
    do: str
    within_days: int = Field(ge=0)  # after the end of the period shown
    owner: str | None = None  # default: the metric's


class Event(Model):
    """One entry of ``events.yaml``: something known that moves numbers."""

    title: str
    start: Date
    end: Date | None = None
    kind: Literal["holiday", "incident", "launch"]
    where: dict[str, str] = {}

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Event:
        if self.end and self.end < self.start:
            raise ValueError(f"its end {self.end} is before its start {self.start}")
        return self


class Readout(Model):
    """One entry of ``readouts.yaml``: a notebook, its parameters, what it is repeated over."""

    notebook: str
    title: str = ""
    parameters: Annotated[dict[str, Any], BeforeValidator(as_text)] = {}
    where: dict[str, str] = {}
    matrix: dict[str, Literal["all"] | list[str]] = {}
    on_request: bool = False


class Pack(Model):
    """Everything about one operation, checked."""

    name: str  # the folder's
    folder: Path
    info: PackInfo
    source: Source
    metrics: dict[str, Metric]
    goals: dict[str, Goal] = {}
    actions: dict[str, Action] = {}
    events: dict[str, Event] = {}
    readouts: dict[str, Readout] = {}

    def metric(self, name: str) -> Metric:
        """Return one metric by name; names used inside a pack are checked and exist."""
        return self.metrics[name]

    @property
    def dimensions(self) -> list[str]:
        """Every dimension that some metric declares, in order of first mention."""
        return list(dict.fromkeys(d for m in self.metrics.values() for d in m.dimensions))
