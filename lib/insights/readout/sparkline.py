"""How a metric moved against its usual range, small enough for a table row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup, escape

from insights.errors import ContractError

WIDTH, HEIGHT = 168, 44
LEFT, RIGHT = 5.0, 161.0  # centres of the first and the last period
TOP, BOTTOM = 6.0, 38.0  # where the largest and the smallest value lie

Limit = float | Sequence[float | None] | None


def sparkline(
    values: Sequence[float | None],
    lower: Limit,
    upper: Limit,
    *,
    usable: Sequence[bool],
    hollow: Sequence[bool],
    hit: bool,
    label: str,
) -> Markup:
    """Draw one metric over its periods as an inline SVG that the page's style sheet colours.

    Parameters
    ----------
    values
        One a period, in order; None or NaN where there is none.
    lower, upper
        The usual range: one number, one a period, or None where there is no limit on that side.
        A limit of a period that cannot be read is not drawn and does not set the scale.
    usable
        Whether a period's value may be read; a period that may not be is a grey gap.
    hollow
        Whether a period is not yet final; it is drawn as an open circle and no line runs to it.
    hit
        Whether the last final period is a signal.
    label
        What the picture says, for those who do not see it.

    Returns
    -------
    Markup
        ``<svg role="img">`` without any style attribute.

    Raises
    ------
    ContractError
        A sequence is longer or shorter than ``values``.
    """
    count = len(values)
    low, high = _limit(lower, count, "lower"), _limit(upper, count, "upper")
    for name, flags in (("usable", usable), ("hollow", hollow)):
        _same_length(name, flags, count)
    read = [_number(v) if ok else None for v, ok in zip(values, usable, strict=True)]
    low = [None if v is None else limit for v, limit in zip(read, low, strict=True)]
    high = [None if v is None else limit for v, limit in zip(read, high, strict=True)]
    x, y = _xs(count), _Scale([*read, *low, *high])
    final = [v is not None and not h for v, h in zip(read, hollow, strict=True)]
    parts = [*_bands(x, low, high, y), *_gaps(x, [v is None for v in read])]
    for run in _runs(final):
        points = " ".join(f"{x[i]:.1f},{y(read[i]):.1f}" for i in run)
        parts.append(
            f'<polyline class="ln" points="{points}"/>'
            if len(run) > 1
            else f'<circle class="pt" cx="{x[run[0]]:.1f}" cy="{y(read[run[0]]):.1f}" r="1.6"/>'
        )
    parts += [
        f'<circle class="open" cx="{x[i]:.1f}" cy="{y(v):.1f}" r="2.6"/>'
        for i, v in enumerate(read)
        if v is not None and hollow[i]
    ]
    if any(final):
        last = max(i for i, ok in enumerate(final) if ok)
        kind = "sig" if hit else "now"
        parts.append(
            f'<circle class="{kind}" cx="{x[last]:.1f}" cy="{y(read[last]):.1f}" r="3.6"/>'
        )
    return Markup(
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        f' role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _number(value: float | None) -> float | None:
    """Return a finite float, or None for what cannot be drawn."""
    return float(value) if value is not None and math.isfinite(value) else None


def _same_length(name: str, given: Sequence[object], count: int) -> None:
    if len(given) != count:
        raise ContractError(
            f"sparkline: {count} values but {len(given)} of {name}. Give one a period."
        )


def _limit(limit: Limit, count: int, name: str) -> list[float | None]:
    """Return a limit as one number a period."""
    if limit is None or isinstance(limit, int | float):
        return [_number(limit)] * count
    _same_length(name, limit, count)
    return [_number(value) for value in limit]


def _xs(count: int) -> list[float]:
    """Return the centre of each period; a single one stands where the newest does."""
    if count == 1:
        return [RIGHT]
    return [LEFT + (RIGHT - LEFT) * i / (count - 1) for i in range(count)]


class _Scale:
    """Map a value to its height; a constant series runs through the middle."""

    def __init__(self, numbers: Sequence[float | None]) -> None:
        known = [number for number in numbers if number is not None] or [0.0]
        self.low, self.high = min(known), max(known)

    def __call__(self, value: float | None) -> float:
        """Return the height of one value; no value is never asked for."""
        assert value is not None
        if self.high == self.low:
            return (TOP + BOTTOM) / 2
        return BOTTOM - (BOTTOM - TOP) * ((value - self.low) / (self.high - self.low))


def _runs(flags: Sequence[bool]) -> list[list[int]]:
    """Return the indices of each unbroken run of True."""
    return [
        [i for i, _ in run]
        for on, run in groupby(enumerate(flags), key=lambda pair: pair[1])
        if on
    ]


def _edges(x: list[float], run: list[int]) -> tuple[float, float]:
    """Return where a run of periods begins and ends, half a period beyond its centres."""
    half = (x[1] - x[0]) / 2 if len(x) > 1 else RIGHT - LEFT
    return max(0.0, x[run[0]] - half), min(float(WIDTH), x[run[-1]] + half)


def _bands(
    x: list[float], low: list[float | None], high: list[float | None], y: _Scale
) -> list[str]:
    """Draw the usual range in steps; where it has one side only it runs to the edge."""
    bands = []
    for run in _runs([a is not None or b is not None for a, b in zip(low, high, strict=True)]):
        sides = [_sides(low[i], high[i], y) for i in run]
        for (top, bottom), same in groupby(
            zip(run, sides, strict=True), key=lambda one: one[1]
        ):
            left, right = _edges(x, [i for i, _ in same])
            size = f'width="{right - left:.1f}" height="{bottom - top:.1f}"'
            bands.append(f'<rect class="band" x="{left:.1f}" y="{top:.1f}" {size}/>')
    return bands


def _sides(low: float | None, high: float | None, y: _Scale) -> tuple[float, float]:
    """Return the top and the bottom of the usual range; a range of no width still shows."""
    top = 0.0 if high is None else round(y(high), 1)
    bottom = float(HEIGHT) if low is None else round(y(low), 1)
    return (top, bottom) if bottom - top >= 1.5 else (top - 0.8, bottom + 0.8)


def _gaps(x: list[float], gone: list[bool]) -> list[str]:
    """Draw each run of periods that cannot be read as one grey bar."""
    bars = []
    for run in _runs(gone):
        left, right = _edges(x, run)
        bars.append(
            f'<rect class="gap" x="{left:.1f}" y="2" width="{right - left:.1f}" height="40"/>'
        )
    return bars
