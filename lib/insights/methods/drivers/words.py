"""How drivers and their effects are written."""

from __future__ import annotations

from insights import wording


def label(name: str) -> str:
    """Return a column's name as a sentence has it.

    >>> label("first_reply_hours")
    'first reply hours'
    """
    return str(name).replace("_", " ")


def first(text: str) -> str:
    """Start with a capital."""
    return text[:1].upper() + text[1:]


def step(delta: float, unit: str) -> str:
    """Return a signed effect; a score's has the decimals it needs.

    >>> step(-0.0213, "score"), step(0.018, "share")
    ('−0.021', '+1.8\\xa0points')
    """
    return wording.change(delta, "" if unit == "score" else unit)


def ranged(lower: float, upper: float, unit: str) -> str:
    """Return the interval of an effect, its unit said once by the effect itself.

    >>> ranged(0.011, 0.026, "share")
    '+1.1 to +2.6'
    """
    suffix = wording.NBSP + "points" if unit == "share" else ""
    return " to ".join(step(bound, unit).removesuffix(suffix) for bound in (lower, upper))


def chance(p: float) -> str:
    """Return a p-value in words.

    >>> chance(0.2345), chance(0.00001)
    ('p = 0.23', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
