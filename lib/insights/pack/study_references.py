"""Does everything that a study names exist, and is each name in it given once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from insights.pack.draft import Draft
from insights.pack.faults import Fault, unknown
from insights.pack.fields import STUDY_COLUMNS


def studies(draft: Draft, blind: set[str]) -> Iterator[Fault]:
    """Report names in ``drivers.yaml`` that stand for nothing, or for two things.

    Parameters
    ----------
    blind
        Stems of which a part could not be read: what should stand there is not missed.
    """
    metrics = draft.raw["metrics"]["metrics"]
    dimensions = dict.fromkeys(
        name for metric in metrics.values() for name in _texts(metric.get("dimensions"))
    )
    known = {"table": draft.raw["source"]["tables"], "metric": metrics, "dimension": dimensions}
    for word, stem in (("table", "source"), ("metric", "metrics"), ("dimension", "metrics")):
        if stem in blind:
            del known[word]
    for name, study in draft.raw["drivers"]["studies"].items():
        yield from _unknown(draft, name, study, known)
        yield from _twice(draft, name, study)


def _texts(value: Any) -> dict[str, int]:
    """Return the texts of what should be a list, with the position of each first one."""
    found: dict[str, int] = {}
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):
            found.setdefault(item, index)
    return found


def _unknown(
    draft: Draft, name: str, study: dict[str, Any], known: dict[str, Any]
) -> Iterator[Fault]:
    """Report a table, metric or dimension that there is not."""
    given: list[tuple[str, Any, tuple[str | int, ...]]] = [
        ("table", study.get("table"), ("table",)),
        ("metric", study.get("metric"), ("metric",)),
    ]
    for dimension, index in _texts(study.get("dimensions")).items():
        given.append(("dimension", dimension, ("dimensions", index)))
    for word, found, place in given:
        if word in known and isinstance(found, str) and found not in known[word]:
            text = unknown(word, found, known[word], "There are")
            yield draft.fault(f"study '{name}': {text}", "drivers", "studies", name, *place)


def _twice(draft: Draft, name: str, study: dict[str, Any]) -> Iterator[Fault]:
    """Report a control that is a driver too, or a name of the rows, and a title of two."""
    given, listed = study.get("drivers"), study.get("controls")
    drivers = given if isinstance(given, dict) else {}
    place = ("drivers", "studies", name)
    taken = dict.fromkeys(STUDY_COLUMNS, "a column that every study may have; rename it")
    taken |= dict.fromkeys(drivers, "a driver too; keep it as one of the two")
    for index, control in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(control, str):
            if said := taken.get(control):
                text = f"study '{name}': controls item {index + 1}: '{control}' is {said}"
                yield draft.fault(text, *place, "controls", index)
            taken[control] = "a control already; name it once"
    titled: dict[str, str] = {}
    for driver, item in drivers.items():
        title = item.get("title") if isinstance(item, dict) else None
        if not isinstance(title, str):
            continue
        if title in titled:
            text = f"'{title}' is the title of '{titled[title]}' too; give each its own"
            text = f"study '{name}': drivers: {driver}: {text}"
            yield draft.fault(text, *place, "drivers", driver, "title")
        titled.setdefault(title, driver)
