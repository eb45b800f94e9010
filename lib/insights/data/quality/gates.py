"""All gates by name: what each asks, and which metrics it concerns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from insights.data.quality import labels, origins, tallies, texts, zones
from insights.data.quality.looking import Look

TEXT: Final = ("unreadable dates", "mixed number formats")
DAYS: Final = ("missing days", "nearly empty days", "backfill", "level days")
ASKS: Final[dict[str, str]] = {
    "unreadable dates": "Every clock reads as a date.",
    "mixed number formats": "What is added up or compared with a number is a number.",
    "unreadable numbers": "Every value of a declared cast could be read.",
    "exact duplicates": "No row stands twice, every column alike.",
    "duplicate keys": "One key stands for one row.",
    "numerator above denominator": "No row counts more than there was to count.",
    "negative counts": "No row counts less than nothing.",
    "ended before it began": "Nothing ends before it begins.",
    "times out of order": "Stamps follow each other as source.yaml says.",
    "zero durations": "Items are not closed in bulk the moment they begin.",
    "codes among answers": "Scores hold answers, not codes for no answer.",
    "parts do not add up": "Totals equal their parts as source.yaml says.",
    "merged rows counted": "What was merged into another row does not count beside it.",
    "mixed time zones": "All rows tell the time of one zone.",
    "changed labels": "Labels are not renamed or merged.",
    "late arrivals": "Figures are final when the pack calls them so.",
    "extraction window": "The extract does not leave out what ended before it.",
    "reused ids": "One id stands for one person.",
    "personal data": "Text holds no addresses or telephone numbers.",
    "reversed scale": "The answer scale was not shown the wrong way round.",
    "missing days": "The source filed on every day on which it usually does.",
    "nearly empty days": "No day has a small part of what is usual.",
    "backfill": "No day holds what days before it lack.",
    "level days": "Volumes are not held level by a limit on the export.",
}


def asked(look: Look) -> tuple[str, ...]:
    """Return the gates that a metric goes through, in order."""
    return tuple(name for name in ASKS if name not in CONCERNS or CONCERNS[name](look))


def _duration(look: Look) -> bool:
    return look.metric.kind == "duration"


def _timed(look: Look) -> bool:
    kind = look.source.tables[look.metric.table].schema()[look.metric.clock]
    return bool(kind.is_timestamp())


CONCERNS: Final[dict[str, Callable[[Look], bool]]] = {
    "unreadable numbers": lambda look: bool(texts.cast(look) or origins.columns(look)),
    "exact duplicates": lambda look: bool(look.declared.key) or not look.table.aggregated,
    "duplicate keys": lambda look: bool(look.declared.key or look.bases),
    "numerator above denominator": lambda look: (
        look.metric.kind == "ratio" and look.metric.unit == "share"
    ),
    "negative counts": lambda look: (
        look.metric.kind in {"count", "ratio"} and look.metric.unit in {"count", "share"}
    ),
    "ended before it began": _duration,
    "times out of order": lambda look: bool(tallies.orders(look)),
    "zero durations": _duration,
    "codes among answers": lambda look: (
        bool(tallies.valid(look)) or look.metric.kind == "ratio"
    ),
    "parts do not add up": lambda look: bool(tallies.sums(look)),
    "merged rows counted": tallies.merged,
    "mixed time zones": _timed,
    "changed labels": lambda look: bool(set(look.metric.dimensions) - set(look.where)),
    "late arrivals": lambda look: look.declared.recorded_at is not None,
    "extraction window": lambda look: _duration(look) and not look.table.aggregated,
    "reused ids": lambda look: bool(look.declared.grows),
    "reversed scale": lambda look: look.metric.mirror is not None,
}
assert {zones.GATE, labels.GATE, *CONCERNS} <= set(ASKS)
