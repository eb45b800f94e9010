"""Draw a change as a waterfall: one row a part, wide enough for a phone."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from insights import charts
from insights.methods.changes.printing import Printed

MOST = 7  # parts drawn by name
WIDE = 22  # letters in a line of a name
LINE = 0.24  # inches a line of a name
HALF = 0.31  # of a bar's thickness, in rows
GAP = 7.0  # points between a bar and its figure


@dataclass(frozen=True, slots=True)
class Bar:
    """One part: its name, its value and what is printed beside it."""

    name: str
    value: float
    steps: int


def most(values: Mapping[str, float], steps: Mapping[str, int], others: str) -> list[Bar]:
    """Return the largest parts, and the rest, two or more, as one."""
    order = sorted(values, key=lambda name: (-abs(values[name]), name))
    if len(order) > MOST:
        kept, rest = order[: min(MOST, len(order) - 2)], order[min(MOST, len(order) - 2) :]
    else:
        kept, rest = order, []
    bars = [Bar(name, values[name], steps[name]) for name in kept]
    if rest:
        value, step = (sum(of[name] for name in rest) for of in (values, steps))
        bars.append(Bar(f"{others} ({len(rest):,})", value, int(step)))
    return bars


def waterfall(shown: Printed, before: float, after: float, bars: Sequence[Bar]) -> Figure:
    """Return the way from before to after, one row a part, each figure beside its bar.

    The two levels are marks, not bars: the axis has no scale and does not start at 0, so that
    the length of a bar is a difference and nothing else.
    """
    names = [_wrapped(name) for name in ("Before", *(bar.name for bar in bars), "After")]
    tall = max(name.count("\n") + 1 for name in names)
    figure, ax = charts.figure(7, 0.3 + len(names) * (LINE * tall + 0.14))
    levels = list(accumulate((bar.value for bar in bars), initial=before))
    for row, level in enumerate(levels):
        ends = [row + HALF, row + 1 - HALF]
        ax.plot([level, level], ends, color=charts.SOFT, linewidth=0.8)
    labels = [
        _level(ax, before, 0, shown.level(shown.before)),
        *(_bar(ax, levels[i], bar, i + 1, shown) for i, bar in enumerate(bars)),
        _level(ax, after, len(names) - 1, shown.level(shown.after)),
    ]
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", labelcolor=charts.INK)
    ax.spines["bottom"].set_visible(False)
    charts.no_ticks(ax, "x")
    _make_room(ax, min(levels), max(levels), labels)
    return figure


def _level(ax: Axes, value: float, row: int, text: str) -> Annotation:
    """Mark where the total stands."""
    ax.plot(
        [value, value], [row - HALF, row + HALF], color=charts.ACTUAL, linewidth=5,
        solid_capstyle="butt",
    )  # fmt: skip
    return _beside(ax, value, row, text, charts.ACTUAL)


def _bar(ax: Axes, start: float, bar: Bar, row: int, shown: Printed) -> Annotation:
    """Draw one part from where the ones above it ended."""
    color = charts.UP if bar.value > 0 else charts.DOWN
    ax.barh(row, bar.value, left=start, height=2 * HALF, color=color)
    if not bar.steps:
        ax.plot([start, start], [row - HALF, row + HALF], color=charts.SOFT, linewidth=0.8)
    return _beside(ax, max(start, start + bar.value), row, shown.delta(bar.steps), charts.INK)


def _beside(ax: Axes, x: float, row: int, text: str, color: str) -> Annotation:
    """Write a figure at the right of what it measures."""
    label = ax.annotate(
        text, (x, row), (GAP, 0), textcoords="offset points", va="center", color=color,
        fontsize=charts.POINTS, annotation_clip=False,
    )  # fmt: skip
    label.set_in_layout(False)
    return label


def _make_room(ax: Axes, low: float, high: float, labels: Sequence[Annotation]) -> None:
    """Widen the axis until every figure stands inside it."""
    size = high - low or 1.0
    low -= 0.03 * size
    ax.set_xlim(low, high + 0.03 * size)
    charts.lay_out(ax)
    wide, right = float(ax.bbox.width), high
    for label in labels:
        taken = float(label.get_window_extent().width) + 3 * GAP
        right = max(right, low + (float(label.xy[0]) - low) * wide / max(wide - taken, 1.0))
    ax.set_xlim(low, right)


def _wrapped(name: str) -> str:
    """Break a long name into two lines at most; a dollar sign starts no formula."""
    lines = textwrap.wrap(name, WIDE, max_lines=2, placeholder=" …", break_on_hyphens=False)
    return "\n".join(lines).replace("$", r"\$")
