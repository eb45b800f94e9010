"""Sentences that decompositions share; every figure in them comes from one rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from insights import wording
from insights.methods.changes.estimate import Estimate
from insights.methods.changes.printing import Printed

NAMED = 3  # parts in a sentence


def moved(metric: str, shown: Printed, change: Estimate, *, why_none: str = "") -> str:
    """Say from what to what a figure moved, and how sure that is."""
    before, after = shown.level(shown.before), shown.level(shown.after)
    delta = shown.delta(shown.change)
    known, clear = change.known, change.direction and shown.change
    sure = reach(shown, change) if known else f"no interval: {why_none}"
    if not clear:
        verdict = "no clear change" if known else "no change"
        return f"{metric}: {verdict}, {before} before and {after} after, {delta} ({sure})"
    verb = "rose" if change.direction > 0 else "fell"
    return f"{metric} {verb} from {before} to {after}, {delta} ({sure})"


def reach(shown: Printed, part: Estimate) -> str:
    """Write the bounds of a part, or that they are the same in print."""
    if shown.steps(part.lower) == shown.steps(part.upper):
        return "its interval is within rounding"
    return shown.span(part.lower, part.upper)


def plural(noun: str) -> str:
    """Return more than one of a noun.

    >>> plural("topic"), plural("category")
    ('topics', 'categories')
    """
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def came_from(shown: Printed, names: Sequence[str], steps: Sequence[int]) -> str:
    """Say how much came from each part."""
    first, *others = (
        (shown.delta(step, unit=False), name) for name, step in zip(names, steps, strict=True)
    )
    said = [
        f"{first[0]} came from {first[1]}",
        *(f"{delta} from {name}" for delta, name in others),
    ]
    return wording.listing(said)


def largest(steps: Mapping[str, int], noun: str) -> tuple[list[str], list[int]]:
    """Return the largest parts by name and the others, two or more, together."""
    order = sorted(steps, key=lambda name: (-abs(steps[name]), name))
    if len(order) <= NAMED + 1:
        return order, [steps[name] for name in order]
    kept, rest = order[:NAMED], order[NAMED:]
    values = [*(steps[name] for name in kept), sum(steps[name] for name in rest)]
    return [*kept, f"{len(rest):,} other {noun}"], values


def closure(shown: Printed, names: Sequence[str], steps: Sequence[int], residual: float) -> str:
    """Write explained + residual = change, computed from the rounded figures."""
    explained, left = sum(steps), shown.steps(residual)
    each = ", ".join(
        f"{name} {shown.delta(step, unit=False)}"
        for name, step in zip(names, steps, strict=True)
    )
    return (
        f"Explained + residual = change: {shown.delta(explained, unit=False)} "
        f"+ {shown.delta(left, unit=False)} = {shown.delta(explained + left)} ({each})."
    )
