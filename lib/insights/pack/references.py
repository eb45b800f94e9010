"""Does everything that a pack names exist: tables, metrics, dimensions and notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from insights.errors import ParamError
from insights.pack.draft import Draft
from insights.pack.faults import Fault, Steps, nearest, unknown
from insights.pack.notebooks import (
    Parameter,
    check_typed,
    check_value,
    notebook_parameters,
    unknown_parameter,
)
from insights.pack.places import root, shown
from insights.pack.plan_references import plans
from insights.pack.study_references import studies


def references(draft: Draft, unread: Iterable[str] = ()) -> Iterator[Fault]:
    """Report every name in a pack that stands for nothing.

    Parameters
    ----------
    unread
        Stems of which a part could not be read: what should stand there is not missed.
    """
    blind = set(unread)
    if "source" not in blind:
        yield from _tables(draft)
    yield from studies(draft, blind)
    if "metrics" not in blind:
        yield from _metrics(draft)
        yield from _dimensions(draft)
        yield from plans(draft)
    yield from _readouts(draft, "metrics" in blind)


def _texts(value: Any) -> Iterator[tuple[int, str]]:
    """Give the texts of what should be a list, with their position."""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):
            yield index, item


def _keys(value: Any) -> Iterator[str]:
    """Give the keys of what should be a mapping."""
    yield from value if isinstance(value, dict) else ()


def _dimensions_of(metric: dict[str, Any]) -> list[str]:
    return [name for _, name in _texts(metric.get("dimensions"))]


def _tables(draft: Draft) -> Iterator[Fault]:
    tables = draft.raw["source"]["tables"]
    for name, metric in draft.raw["metrics"]["metrics"].items():
        table = metric.get("table")
        if isinstance(table, str) and table not in tables:
            text = unknown("table", table, tables, "There are")
            yield draft.fault(f"metric '{name}': {text}", "metrics", "metrics", name, "table")


def _metrics(draft: Draft) -> Iterator[Fault]:
    metrics = draft.raw["metrics"]["metrics"]

    def missing(about: str, found: Any, *path: str | int) -> Iterator[Fault]:
        if isinstance(found, str) and found not in metrics:
            yield draft.fault(
                f"{about}: {unknown('metric', found, metrics, 'There are')}", *path
            )

    for name, metric in metrics.items():
        place = ("metrics", "metrics", name)
        yield from missing(f"metric '{name}': delay", metric.get("delay"), *place, "delay")
        if metric.get("hours") == "business" and not draft.raw["pack"].get("hours"):
            text = "say under hours in pack.yaml when desks are open"
            yield draft.fault(f"metric '{name}' is in business hours; {text}", *place, "hours")
        for index, guard in _texts(metric.get("guards")):
            yield from missing(f"metric '{name}': guards", guard, *place, "guards", index)
    for stem, word in (("goals", "goal"), ("actions", "action")):
        for name, item in draft.raw[stem][stem].items():
            yield from missing(
                f"{word} '{name}'", item.get("metric"), stem, stem, name, "metric"
            )
    for name, item in draft.raw["goals"]["goals"].items():
        yield from _goal_kind(draft, name, item)


def _goal_kind(draft: Draft, name: str, goal: dict[str, Any]) -> Iterator[Fault]:
    """Report a target on a metric that has a band, and a band on one that has a direction."""
    metric = draft.raw["metrics"]["metrics"].get(goal.get("metric"), {})
    better = metric.get("better")
    if better == "band" and "target" in goal:
        text = f"'{goal['metric']}' is better within a band; give low and high, not a target"
        yield draft.fault(f"goal '{name}': {text}", "goals", "goals", name, "target")
    elif better in {"higher", "lower"} and "low" in goal:
        text = f"'{goal['metric']}' is better {better}; give a target, not low and high"
        yield draft.fault(f"goal '{name}': {text}", "goals", "goals", name, "low")


def _dimensions(draft: Draft) -> Iterator[Fault]:
    metrics = draft.raw["metrics"]["metrics"]
    every = list(dict.fromkeys(d for m in metrics.values() for d in _dimensions_of(m)))

    def missing(about: str, found: Any, *path: str | int) -> Iterator[Fault]:
        if isinstance(found, str) and found not in every:
            yield draft.fault(
                f"{about}: {unknown('dimension', found, every, 'There are')}", *path
            )

    pack = draft.raw["pack"]
    yield from missing("pack: subject", pack.get("subject"), "pack", "subject")
    if isinstance(peers := pack.get("peers"), dict):
        yield from missing("pack: peers", peers.get("dimension"), "pack", "peers", "dimension")
    for key in _keys(pack.get("where")):
        yield from missing("pack: where", key, "pack", "where", key)
    for stem, word in (("events", "event"), ("readouts", "readout"), ("goals", "goal")):
        for name, item in draft.raw[stem][stem].items():
            metric = item.get("metric") if stem == "goals" else None
            for key in _keys(item.get("where")):
                place: Steps = (stem, stem, name, "where", key)
                if isinstance(metric, str) and metric in metrics and key in every:
                    yield from _goal_where(draft, name, metric, key)
                else:
                    yield from missing(f"{word} '{name}': where", key, *place)


def _goal_where(draft: Draft, name: str, metric: str, key: str) -> Iterator[Fault]:
    """Report a goal for a part of a metric that the metric cannot be split by."""
    own = _dimensions_of(draft.raw["metrics"]["metrics"][metric])
    if key not in own:
        hint = nearest(key, own, "Its dimensions are")
        message = f"goal '{name}': where: metric '{metric}' has no dimension '{key}'{hint}"
        yield draft.fault(message, "goals", "goals", name, "where", key)


def _readouts(draft: Draft, blind: bool) -> Iterator[Fault]:
    there = {path.stem: path for path in sorted((root() / "notebooks").glob("*.ipynb"))}
    parameters = cache(notebook_parameters)
    broken: set[Path] = set()
    for name, item in draft.raw["readouts"]["readouts"].items():
        notebook = item.get("notebook")
        if not isinstance(notebook, str):
            continue
        if notebook not in there:
            text = unknown("notebook", notebook, there, "There are")
            yield draft.fault(
                f"readout '{name}': {text}", "readouts", "readouts", name, "notebook"
            )
            continue
        path = there[notebook]
        try:
            declared = parameters(path)
        except ParamError as error:
            if path not in broken:
                yield Fault(path, 1, str(error).removeprefix(f"{shown(path)}: "))
            broken.add(path)
            continue
        yield from _parameters(draft, name, path, declared)
        if not blind:
            yield from _matrix(draft, name, path, declared)


def _parameters(
    draft: Draft, readout: str, notebook: Path, declared: dict[str, Parameter]
) -> Iterator[Fault]:
    """Report parameters that a notebook does not declare, and values that do not fit."""
    given = draft.raw["readouts"]["readouts"][readout].get("parameters")
    for key in _keys(given):
        place = ("readouts", "readouts", readout, "parameters", key)
        if key not in declared:
            yield draft.fault(unknown_parameter(key, notebook, declared), *place)
            continue
        try:
            check_typed(declared[key], given[key])
        except ParamError as error:
            yield draft.fault(f"readout '{readout}': {error}", *place)


def _matrix(
    draft: Draft, readout: str, notebook: Path, declared: dict[str, Parameter]
) -> Iterator[Fault]:
    """Report matrix keys that are neither dimension nor parameter, and values that misfit."""
    metrics = draft.raw["metrics"]["metrics"].values()
    dimensions = {name for metric in metrics for name in _dimensions_of(metric)}
    given = draft.raw["readouts"]["readouts"][readout].get("matrix")
    for key in _keys(given):
        place = ("readouts", "readouts", readout, "matrix", key)
        if key in dimensions:
            continue
        if key not in declared:
            hint = nearest(key, [*sorted(dimensions), *declared], "There are")
            message = (
                f"readout '{readout}': matrix: '{key}' is neither a dimension of a metric "
                f"nor a parameter of {notebook.name}{hint}"
            )
            yield draft.fault(message, *place)
            continue
        for index, text in _texts(given[key]):
            try:
                check_value(declared[key], text)
            except ParamError as error:
                yield draft.fault(f"readout '{readout}': matrix: {error}", *place, index)
