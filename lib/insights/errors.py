"""What can be wrong with what a person gave us, said in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class InsightsError(ValueError):
    """Base of the three errors a user can meet; a notebook shows its sentence alone."""

    def _render_traceback_(self) -> list[str]:
        """Show one sentence in Jupyter and papermill, where a traceback would bury it."""
        return [f"{type(self).__name__}: {self}"]


class ParamError(InsightsError):
    """A pack, a parameter or a command line says something that cannot be."""


class ContractError(InsightsError):
    """Data is not of the shape that the pack or a method was promised."""


class MethodError(InsightsError):
    """There is not enough data, or not the right data, to answer."""


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` where a known name is close to it, else ``""``.

    >>> did_you_mean("platfrom", ["platform", "date"])
    "; did you mean 'platform'?"
    >>> did_you_mean("zzz", ["platform"])
    ''
    """
    names = {name.casefold(): name for name in known}
    close = get_close_matches(found.casefold(), names, n=1, cutoff=0.6)
    return f"; did you mean '{names[close[0]]}'?" if close else ""


def some(values: Iterable[object], most: int = 5) -> str:
    """Return at most ``most`` values and how many more there are.

    >>> some(["a", "b", "c"], most=2)
    'a, b and 1 more'
    >>> some(["a", "b"])
    'a, b'
    """
    shown = [str(value) for value in values]
    if len(shown) <= most:
        return ", ".join(shown)
    return f"{', '.join(shown[:most])} and {len(shown) - most} more"
