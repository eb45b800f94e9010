"""Round the figures of one split once, so that they add as they are printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from insights import wording

FINER = 1  # further decimal at most, where before + change would not print as after


@dataclass(frozen=True, slots=True)
class Printed:
    """Before, after and whatever lies between, in whole steps of one size."""

    before: int
    after: int
    places: int
    times: float  # what a figure is multiplied by before it is written: 100 for shares
    level_unit: str
    delta_unit: str

    @property
    def change(self) -> int:
        """Steps from before to after."""
        return self.after - self.before

    def steps(self, x: float) -> int:
        """Return a figure in steps."""
        return _steps(x, self.times, self.places)

    def level(self, steps: int) -> str:
        """Return a level in words."""
        return self._text(steps) + self.level_unit

    def delta(self, steps: int, *, unit: bool = True) -> str:
        """Return a difference in words."""
        sign = "+" if steps > 0 else ""
        return sign + self._text(steps) + (self.delta_unit if unit else "")

    def span(self, lower: float, upper: float) -> str:
        """Return the bounds of a difference."""
        low, high = (self.delta(self.steps(x), unit=False) for x in (lower, upper))
        return f"{low} to {high}"

    def split(self, total: int, values: Iterable[float]) -> list[int]:
        """Round the values, whose sum is ``total`` steps, so that they still add to it.

        The remainder goes to the largest, as evenly as it can.

        >>> shown = printed(0.5, 0.52, unit="share")
        >>> shown.split(shown.change, [0.00667, 0.00667, 0.00666])
        [6, 7, 7]
        """
        exact = list(values)
        steps = [self.steps(value) for value in exact]
        left = total - sum(steps)
        each, over = divmod(abs(left), max(len(steps), 1))
        order = sorted(range(len(exact)), key=lambda i: (-abs(exact[i]), i))
        for turn, i in enumerate(order):
            steps[i] += (each + (turn < over)) * (1 if left > 0 else -1)
        return steps

    def _text(self, steps: int) -> str:
        if not steps:
            return "0"
        text = f"{abs(steps) / 10**self.places:,.{self.places}f}"
        return (wording.MINUS if steps < 0 else "") + text


def printed(
    before: float, after: float, *, unit: str, bounds: Sequence[float] = (), clear: bool = True
) -> Printed:
    """Choose the size of a step: as ``wording`` would, finer where the figures would not add.

    ``bounds`` are those of the change; of a ``clear`` change none is printed as 0.

    >>> shown = printed(0.7614, 0.7306, unit="share")  # 76.1 - 3.1 would not be 73.1
    >>> shown.level(shown.before), shown.delta(shown.change), shown.level(shown.after)
    ('76.14\\xa0%', '−3.08\\xa0points', '73.06\\xa0%')
    """
    change = after - before
    largest = max(abs(x) for x in (change, *bounds))
    times, level_unit, delta_unit = _face(largest, max(abs(before), abs(after)), unit)
    if unit == "count":
        places = 0 if times == 1 else 2
    else:
        levels = [wording.number(x, unit, like=[before, after]) for x in (before, after)]
        places = max(map(_decimals, [wording.change(largest, unit), *levels]))
    for finer in range(FINER + 1):
        first, last, moved, *edges = (
            _steps(x, times, places + finer) for x in (before, after, change, *bounds)
        )
        if last - first == moved and (all(edges) or not clear):
            break
    return Printed(first, last, places + finer, times, level_unit, delta_unit)


def _face(change: float, level: float, unit: str) -> tuple[float, str, str]:
    """Return what figures are multiplied by, and how a level and a difference end."""
    if unit == "share":
        return 100.0, wording.NBSP + "%", wording.NBSP + "points"
    times, suffix = 1.0, wording.SUFFIX.get(unit, "")
    if unit == "count":
        for scale, name in reversed(wording.SCALES):
            if level >= 0.9995 * scale and change >= 0.1 * scale:
                times, suffix = 1 / scale, name
    ending = wording.NBSP + suffix if suffix else ""
    return times, ending, ending


def _steps(x: float, times: float, places: int) -> int:
    """Return a figure in whole steps."""
    return int(f"{x * times:.{places}f}".replace(".", ""))


def _decimals(text: str) -> int:
    """Return how many decimals a text has."""
    return sum(letter.isdigit() for letter in text.partition(".")[2])
