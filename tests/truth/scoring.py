"""The rows of the table of truth, and how it is printed."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from insights import wording

FOUND, MISSED = "found", "missed"  # of what was planted
HELD, NOT_HELD = "held", "not held"  # of figures against the true ones, and of bars
MISSING = "missing"  # method not built: never passed
NOT_JUDGED = "not judged"  # why is in the note
BROKEN = "broken"  # the method is there and raised
VERDICTS = (FOUND, HELD, MISSED, NOT_HELD, MISSING, NOT_JUDGED, BROKEN)
HEADINGS = {
    "effect": "effect", "method": "method", "asked": "what was asked", "found": "found?",
    "error": "size: truth -> found (error)", "interval": "interval held truth?",
    "alarms": "false alarms", "verdict": "verdict",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was asked of a method, and what came of it; "" is not applicable."""

    effect: str
    method: str
    asked: str
    verdict: str
    found: str = ""
    error: str = ""
    interval: str = ""
    alarms: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Keep to the known verdicts."""
        assert self.verdict in VERDICTS, self.verdict


def method(module: str, name: str) -> Callable[..., Any] | None:
    """Return a method of ``insights.methods``, or None where it is not built yet."""
    try:
        return getattr(importlib.import_module(f"insights.methods.{module}"), name, None)
    except ImportError:
        return None


def missing(effect: str, module: str, asked: str, note: str = "method not built") -> Row:
    """Return the row of a method that is not there."""
    return Row(effect, module, asked, MISSING, note=note)


def below(effect: str, module: str, asked: str, needed: float | None) -> Row:
    """Return the row of an effect that cannot be seen at this scale."""
    reason = "at no scale" if needed is None else f"below scale, needs {needed:g}"
    return Row(effect, module, asked, NOT_JUDGED, note=reason)


def size(truth: float, found: float, unit: str = "count") -> str:
    """Return a true figure, the one found, and their difference, as text."""
    said = [wording.number(value, unit, like=[truth, found]) for value in (truth, found)]
    return f"{said[0]} -> {said[1]} ({wording.change(found - truth, unit)})"


def step(truth: float, found: float, unit: str = "share") -> str:
    """Return a true difference, the one found, and by how much that is off, as text."""
    said = [wording.change(value, unit) for value in (truth, found, found - truth)]
    return f"{said[0]} -> {said[1]} ({said[2]})"


def segment(values: Iterable[Iterable[str]]) -> str:
    """Return the values of a segment's dimensions in a few words."""
    return ", ".join("/".join(one) for one in values) or "the whole"


def printed(rows: Iterable[Row]) -> str:
    """Return the table as text, one line a row, with a count of verdicts below."""
    rows = list(rows)
    lines = [HEADINGS] + [asdict(row) for row in rows]
    widths = {name: max(len(line[name]) for line in lines) for name in HEADINGS}
    text = []
    for place, line in enumerate(lines):
        cells = [line[name].ljust(width) for name, width in widths.items()]
        note = f": {line['note']}" if line.get("note") else ""
        text.append("  ".join(cells).rstrip() + note)
        if place == 0:
            text.append("-" * len(text[0]))
    return "\n".join([*text, "", summary(rows)]).replace("\u00a0", " ")


def summary(rows: list[Row]) -> str:
    """Return how many rows have which verdict."""
    counted = Counter(row.verdict for row in rows)
    parts = [f"{counted[name]} {name}" for name in VERDICTS if counted[name]]
    return f"{len(rows)} rows: {', '.join(parts)}."
