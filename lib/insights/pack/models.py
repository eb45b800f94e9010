"""What a pack may say: one typed, frozen model a YAML file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from insights.errors import did_you_mean
from insights.pack.due import DueTime
from insights.pack.fields import (
    Address,
    Code,
    Comparable,
    Date,
    DriverName,
    Encoding,
    Model,
    Name,
    Names,
    Number,
    Row,
    Sentence,
    TimeZone,
    Unit,
    Weekday,
)
from insights.pack.hours import Hours
from insights.pack.plans import Holidays, Plan

STUDY_UNITS: dict[str | None, Unit] = {"logit": "share", "ordinal": "score"}


def as_text(value: Any) -> Any:
    """Return a value with every date in it as ISO text: a notebook's parameters are JSON."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    return [as_text(inner) for inner in value] if isinstance(value, list) else value


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
    holidays: Holidays | None = None  # whose public holidays forecasts know of
    hours: Hours | None = None  # when desks are open, for durations in business hours
    attribution: str = ""


def _least_first(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError(f"its least value {ends[0]:g} is above its largest {ends[1]:g}")
    return ends


Range = Annotated[tuple[Number, Number], Field(strict=False), AfterValidator(_least_first)]


class Table(Model):
    """One table of ``source.yaml``: files, SQL over the connection, or a table that it has."""

    path: Address | None = None
    sql: str | None = None
    table: str | None = None
    format: Literal["csv", "parquet", "json"] | None = None
    row: str  # what one row is, in words
    encoding: Encoding | None = None  # of text that is not UTF-8
    records: str | None = None  # JSON: the key whose list holds the rows
    take: dict[Name, Names] = {}  # new: what exports call it, the first that is there
    optional: tuple[str, ...] = Field((), strict=False)  # of `take`: NULL where it is not there
    key: tuple[str, ...] = Field((), strict=False)
    timezone: TimeZone = "UTC"  # of timestamps that carry none
    rename: dict[str, str] = {}  # old: new
    cast: dict[str, str] = {}  # column: SQL type, or one of insights.data.reading.casts
    columns: dict[str, str] = {}  # new column: SQL row expression
    aggregated: bool = False  # a row is a sum over cases, not a case
    volume: str = (
        "1"  # SQL row expression: how many cases a row stands for; gates judge days by it
    )
    sampled: bool = False  # rows are a sample of what they speak for
    recorded_at: str | None = None  # when a row arrived, where the source says so
    valid: dict[str, Range] = {}  # column: least and largest value that it can have
    order: tuple[str, ...] = Field((), strict=False)  # time stamps as they follow each other
    equals: dict[str, Row] = {}  # column: SQL row expression of the parts that it is the sum of
    grows: dict[str, str] = {}  # column that can only grow: the id whose it is
    merged: str | None = None  # SQL row expression, true of a row merged into another

    @model_validator(mode="after")
    def _one_origin(self) -> Table:
        if sum(origin is not None for origin in (self.path, self.sql, self.table)) != 1:
            raise ValueError("give exactly one of path, sql and table")
        if strange := [name for name in self.optional if name not in self.take]:
            hint = did_you_mean(strange[0], self.take) or "; name it there"
            raise ValueError(f"optional names '{strange[0]}', which take does not{hint}")
        return self


class Source(Model):
    """``source.yaml``: one connection and the tables read over it."""

    connection: Address = "duckdb://"
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
    hours: Literal["calendar", "business"] = "calendar"  # duration: which hours count
    quantile: Number | None = None  # duration: 0.5 (the default) or 0.9 of the items ended
    snapshot: Literal["last"] | None = None  # a stock: the period's last day stands for it
    mature_after: int = Field(0, ge=0)  # days after a period's end until its figure is final
    delay: str | None = None  # the metric that says how long after the event a row is recorded
    dimensions: tuple[str, ...] = Field((), strict=False)
    guards: tuple[str, ...] = Field(
        (), strict=False
    )  # metrics that must not get worse for its sake
    breaks: tuple[Break, ...] = Field((), strict=False)
    comparable: Comparable = "no"
    sentence: Sentence | None = None

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
        if self.quantile not in (None, 0.5, 0.9):
            raise ValueError(f"quantile is {self.quantile:g}; it must be 0.5 or 0.9")
        if self.quantile and self.kind != "duration":
            raise ValueError("only a duration has a quantile")
        if self.hours == "business" and self.kind != "duration":
            raise ValueError("only a duration is measured in business hours")
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
    due: DueTime = ""  # when its page has to be there, such as Monday 07:00


class Driver(Model):
    """One driver of a study: what may go with the outcome."""

    title: str
    expression: Row | None = None  # SQL row expression; default: the column of its name
    unit: Unit | None = None  # none for text, which is categorical
    controllable: bool = False  # somebody could change it
    scale: Literal["linear", "log"] = "linear"
    missing: tuple[Code, ...] | None = Field(None, strict=False)  # default: the study's
    threshold: bool = False  # look for where it starts to hurt
    owner: str | None = None  # default: the study's


def _some_driver(drivers: dict[str, Driver]) -> dict[str, Driver]:
    if not drivers:
        raise ValueError("name at least one driver")
    return drivers


class Study(Model):
    """One entry of ``drivers.yaml``: an outcome, and what may go with it row by row."""

    title: str
    table: str  # one row an answer
    clock: str
    outcome: Row  # SQL row expression, NULL where there is no answer
    outcome_title: str
    model: Literal["linear", "logit", "ordinal"] = "linear"
    unit: Unit  # of a logit or ordinal study it is known
    better: Literal["higher", "lower"]
    metric: str | None = None  # whose scorecard row the study explains
    missing: tuple[Code, ...] = Field((), strict=False)  # codes for "no answer", drivers' too
    weight: Row | None = None  # SQL row expression
    cluster: str | None = None  # column whose rows belong together
    owner: str
    dimensions: tuple[Row, ...] = Field((), strict=False)  # by which rows may be kept
    controls: tuple[Row, ...] = Field((), strict=False)  # columns adjusted for, as they are
    drivers: Annotated[dict[DriverName, Driver], AfterValidator(_some_driver)]

    @model_validator(mode="before")
    @classmethod
    def _known_unit(cls, said: Any) -> Any:
        unit = STUDY_UNITS.get(str(said.get("model"))) if isinstance(said, dict) else None
        return {"unit": unit} | said if unit else said

    @field_validator("unit")
    @classmethod
    def _unit_of_its_model(cls, unit: Unit, info: ValidationInfo) -> Unit:
        model = info.data.get("model")
        if unit != STUDY_UNITS.get(model, unit):
            raise ValueError(f"model {model} speaks of a {STUDY_UNITS[model]}; leave unit out")
        return unit

    def expression(self, driver: str) -> str:
        """Return the SQL row expression of a driver."""
        return self.drivers[driver].expression or f'"{driver}"'

    def codes(self, driver: str) -> tuple[float | str, ...]:
        """Return the codes that mean "no answer" in a driver."""
        own = self.drivers[driver].missing
        return self.missing if own is None else own

    def owner_of(self, driver: str) -> str:
        """Return who could change a driver."""
        return self.drivers[driver].owner or self.owner


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
    studies: dict[str, Study] = {}
    plans: dict[str, Plan] = {}

    def metric(self, name: str) -> Metric:
        """Return one metric by name; names used inside a pack are checked and exist."""
        return self.metrics[name]

    @property
    def dimensions(self) -> list[str]:
        """Every dimension that some metric declares, in order of first mention."""
        return list(dict.fromkeys(d for m in self.metrics.values() for d in m.dimensions))
