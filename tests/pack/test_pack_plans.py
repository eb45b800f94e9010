"""Plans from plans.yaml: what they say, and every fault at its own line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from insights import pack

Faults = Callable[..., list[str]]
PLAN = "plans:\n  work:\n    title: Work\n    owner: Planning\n"


def plan(**said: str) -> str:
    """Return plans.yaml with one plan of the tickets: four lines, then those given."""
    lines = {"metric": "tickets", **said}
    return PLAN + "".join(f"    {key}: {value}\n" for key, value in lines.items())


def test_a_plan_becomes_a_typed_model(write: Callable[..., Path]) -> None:
    said = plan(
        queue="queue", levels="[market]", handle_minutes="12", occupancy="csat",
        severe_share="{chat: 0.5}", severe_cap_hours="10",
    )  # fmt: skip
    made = pack.load(write(plans=said)).plans["work"]
    assert made.dimensions == ("market", "queue")
    assert made.settings() == {
        "handle_minutes": 12.0, "occupancy": "csat", "shrinkage": 0.0,
        "severe_share": {"chat": 0.5},
    }  # fmt: skip
    assert made.staff_to == 80
    assert made.missing == "unknown"


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (
            {"metric": "tickts"},
            "5: plan 'work': metric: unknown metric 'tickts'; did you mean 'tickets'? "
            "There are csat, tickets.",
        ),
        (
            {"metric": "csat"},
            "5: plan 'work': metric: 'csat' does not fit; it must be a count that is no "
            "snapshot",
        ),
        (
            {"queue": "queu"},
            "6: plan 'work': metric 'tickets' has no dimension 'queu'; did you mean 'queue'? "
            "Its dimensions are queue, market.",
        ),
        (
            {"levels": "[market, site]"},
            "6: plan 'work': metric 'tickets' has no dimension 'site'; its dimensions are "
            "queue, market.",
        ),
        (
            {"handle_minutes": "csat"},
            "6: plan 'work': handle_minutes: 'csat' does not fit; it must be a ratio in "
            "minutes",
        ),
        (
            {"backlog": "tickets"},
            "6: plan 'work': backlog: 'tickets' does not fit; it must be a count with "
            "snapshot: last",
        ),
        (
            {"severe_cap_hours": "10"},
            "2: plan 'work': give both severe_share and severe_cap_hours, or neither",
        ),
        (
            {"queue": "queue", "levels": "[queue]"},
            "2: plan 'work': 'queue' is the queue already; leave it out of levels",
        ),
        (
            {"shrinkage": "true"},
            "6: plan 'work': shrinkage: give a number, the name of a metric, or a number a "
            "queue",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_what_does_not_fit_is_said_at_its_line(
    faults: Faults, said: dict[str, str], fault: str
) -> None:
    assert faults(plans=plan(**said)) == [f"params/desk/plans.yaml:{fault}"]
