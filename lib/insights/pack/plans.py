"""What a pack may say of work to come: what to forecast, and what a person can do of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from insights.pack.fields import Model, Name, Number


def _setting(value: object) -> object:
    """Take a number, a metric's name, or one of these a queue."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | dict):
        raise ValueError("give a number, the name of a metric, or a number a queue")
    return float(value) if isinstance(value, int) else value


Setting = Annotated[float | str | dict[str, float], BeforeValidator(_setting)]


class Plan(Model):
    """One entry of ``plans.yaml``: work that people do, how long it takes, whom there is."""

    title: str
    metric: str  # the count that comes in
    owner: str
    queue: str | None = None  # the dimension that people are staffed by; none: one queue
    levels: tuple[str, ...] = Field((), strict=False)  # further dimensions that must add up
    missing: Literal["unknown", "zero"] = "unknown"  # what a period without rows means
    handle_minutes: Setting | None = None  # of one item; none: nobody is staffed
    occupancy: Setting = 0.85  # share of time at work that handles items
    shrinkage: Setting = 0.0  # share of paid time that is off the queue
    hours: str | None = None  # the count of paid hours on hand
    backlog: str | None = None  # the snapshot of open items
    automated: str | None = None  # the share that no person handles, for the scenario
    severe_share: Setting | None = None  # of handle time spent on severe content
    severe_cap_hours: Number | None = Field(None, gt=0)  # a person and week at most
    person_hours: Number = Field(40.0, gt=0)  # paid hours of one person a week
    staff_to: Literal[50, 80, 90, 95] = 80  # from the upper end of this interval, in per cent

    @model_validator(mode="after")
    def _cap_and_share(self) -> Plan:
        if (self.severe_share is None) != (self.severe_cap_hours is None):
            raise ValueError("give both severe_share and severe_cap_hours, or neither")
        if self.queue is not None and self.queue in self.levels:
            raise ValueError(f"'{self.queue}' is the queue already; leave it out of levels")
        return self

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension whose parts must add up, the queue's last."""
        return (*self.levels, *([self.queue] if self.queue else []))

    def settings(self) -> dict[str, Setting]:
        """Return what the plan says by number or metric, as far as it says it."""
        names = ("handle_minutes", "occupancy", "shrinkage", "severe_share")
        said = {name: getattr(self, name) for name in names}
        return {name: value for name, value in said.items() if value is not None}


class Holidays(Model):
    """Whose public holidays count: a dimension, and the country behind each of its values."""

    dimension: Name
    countries: dict[str, str] = {}  # value: ISO 3166 code; none: the values are codes
