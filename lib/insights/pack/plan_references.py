"""Does every metric and dimension that a plan names exist, and does it fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from insights.pack.draft import Draft
from insights.pack.faults import Fault, nearest, unknown

KINDS = {  # what a metric must be to stand in this place
    "metric": ("count", "a count that is no snapshot"),
    "hours": ("count", "a count that is no snapshot"),
    "backlog": ("snapshot", "a count with snapshot: last"),
    "automated": ("share", "a ratio that is a share"),
    "handle_minutes": ("minutes", "a ratio in minutes"),
    "occupancy": ("share", "a ratio that is a share"),
    "shrinkage": ("share", "a ratio that is a share"),
    "severe_share": ("share", "a ratio that is a share"),
}


def plans(draft: Draft) -> Iterator[Fault]:
    """Report metrics and dimensions of ``plans.yaml`` that are not there or do not fit."""
    metrics = draft.raw["metrics"]["metrics"]
    for name, plan in draft.raw["plans"]["plans"].items():
        for part in KINDS:
            found = plan.get(part)
            if isinstance(found, str):
                yield from _metric(draft, name, part, found, metrics)
        yield from _dimensions(draft, name, plan, metrics)
    yield from _holidays(draft, metrics)


def _metric(
    draft: Draft, plan: str, part: str, found: str, metrics: dict[str, Any]
) -> Iterator[Fault]:
    """Report a metric that there is not, or that is of another kind."""
    place = ("plans", "plans", plan, part)
    if found not in metrics:
        text = unknown("metric", found, metrics, "There are")
        yield draft.fault(f"plan '{plan}': {part}: {text}", *place)
        return
    kind, words = KINDS[part]
    if kind != _kind(metrics[found]):
        text = f"plan '{plan}': {part}: '{found}' does not fit; it must be {words}"
        yield draft.fault(text, *place)


def _kind(metric: dict[str, Any]) -> str:
    """Return what a metric is, as far as plans care."""
    if metric.get("kind") == "count":
        return "snapshot" if metric.get("snapshot") else "count"
    return str(metric.get("unit")) if metric.get("kind") == "ratio" else str(metric.get("kind"))


def _dimensions(
    draft: Draft, name: str, plan: dict[str, Any], metrics: dict[str, Any]
) -> Iterator[Fault]:
    """Report dimensions that the plan's metric does not have."""
    metric = metrics.get(str(plan.get("metric")), {})
    own = [d for d in metric.get("dimensions") or () if isinstance(d, str)]
    levels = plan.get("levels")
    given: list[tuple[Any, tuple[str | int, ...]]] = [(plan.get("queue"), ("queue",))]
    given += [
        (d, ("levels", i)) for i, d in enumerate(levels if isinstance(levels, list) else ())
    ]
    for found, place in given:
        if metric and isinstance(found, str) and found not in own:
            text = f"metric '{plan['metric']}' has no dimension '{found}'"
            hint = nearest(found, own, "Its dimensions are")
            yield draft.fault(f"plan '{name}': {text}{hint}", "plans", "plans", name, *place)


def _holidays(draft: Draft, metrics: dict[str, Any]) -> Iterator[Fault]:
    """Report holidays by a dimension that there is not, or of a country that is unknown."""
    given = draft.raw["pack"].get("holidays")
    if not isinstance(given, dict):
        return
    every = sorted({d for m in metrics.values() for d in m.get("dimensions") or ()})
    found = given.get("dimension")
    if isinstance(found, str) and found not in every:
        text = unknown("dimension", found, every, "There are")
        yield draft.fault(f"pack: holidays: {text}", "pack", "holidays", "dimension")
    countries = given.get("countries")
    if not isinstance(countries, dict) or not countries:
        return
    from holidays import list_supported_countries

    known = list_supported_countries()
    for value, code in countries.items():
        if isinstance(code, str) and code not in known:
            text = f"pack: holidays: '{code}' is no country whose holidays are known"
            yield draft.fault(
                f"{text}; give its ISO 3166 code, such as DE",
                "pack",
                "holidays",
                "countries",
                value,
            )
