"""What a colour means and how a figure reaches a page: palette and helpers, no statistics."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from insights import wording

Floats = npt.NDArray[np.float64]

PAPER, INK, SOFT, GREY = "#ffffff", "#1b2130", "#5a6375", "#dfe3ea"
ACTUAL, SIGNAL, BAND = "#0b5cad", "#8a4b00", "#dbe6f3"
# the first seven of seaborn's colorblind palette: categories; three also have a meaning
CATEGORIES = ("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4")
UP, FORECAST, DOWN = CATEGORIES[0], CATEGORIES[2], CATEGORIES[3]
DARK = {
    PAPER: "#12161f", INK: "#e8ebf1", SOFT: "#a5aebf", GREY: "#313a4a",
    ACTUAL: "#7fb5ee", SIGNAL: "#f0b866", BAND: "#22344c",
    "#0173b2": "#56b4e9", "#de8f05": "#f0a830", "#029e73": "#2fc79b", "#d55e00": "#ff8a3d",
    "#cc78bc": "#dd97d0", "#ca9161": "#d9a67a", "#fbafe4": "#fbc4ea",
}  # fmt: skip

POINTS = 13.5  # a phone shows 7 inches as 350 pixels: 9.4 pixels
STYLE: Any = {
    "font.family": "DejaVu Sans", "font.size": POINTS, "text.color": INK,
    "axes.edgecolor": SOFT, "axes.labelcolor": INK, "axes.linewidth": 0.8,
    "axes.labelsize": POINTS, "axes.titlesize": POINTS, "axes.facecolor": PAPER,
    "figure.facecolor": PAPER, "savefig.facecolor": PAPER, "hatch.linewidth": 0.8,
    "xtick.color": SOFT, "ytick.color": SOFT, "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "xtick.labelsize": POINTS, "ytick.labelsize": POINTS, "xtick.major.size": 3,
    "ytick.major.size": 0, "lines.linewidth": 1.8, "lines.solid_capstyle": "round",
    "svg.fonttype": "path", "svg.hashsalt": "insights", "figure.dpi": 150,
}  # fmt: skip
DECIMALS = re.compile(r"\.(\d+)")
PLACES = tuple(  # of a label beside its point, in points
    (dx, dy, ha, va)
    for dy, va in (
        (10.0, "bottom"),
        (-10.0, "top"),
        (26.0, "bottom"),
        (-26.0, "top"),
        (0.0, "center"),
    )
    for dx, ha in (
        (0.0, "center"),
        (10.0, "right"),
        (-10.0, "left"),
        (-12.0, "right"),
        (12.0, "left"),
    )
    if dy or abs(dx) == 12
)
LETTERS = {color: f"c{index}" for index, color in enumerate(DARK)}


def figure(width: float = 7, height: float = 3.4, *, rows: int = 1) -> tuple[Figure, Axes]:
    """Return an empty figure, in inches, and its first axes; ``figure.axes`` holds all.

    The figure never enters pyplot's state, so nothing has to be closed.
    """
    with mpl.rc_context(STYLE):
        fig = Figure(figsize=(width, height), layout="constrained")
        axes = fig.subplots(rows, 1, squeeze=False)[:, 0]
    for ax in axes:
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.set_axisbelow(True)
    return fig, axes[0]


def value_ticks(ax: Axes, unit: str, most: int = 4) -> None:
    """Put at most ``most`` rounded values on the vertical axis, written by ``wording``."""
    ax.yaxis.set_major_locator(MaxNLocator(most - 1, min_n_ticks=2))

    def text(value: float, _: object = None) -> str:
        low, high = sorted(ax.get_ylim())
        ticks = [float(t) for t in ax.get_yticks() if low <= t <= high]
        texts = [wording.number(tick, unit, like=ticks) for tick in ticks]
        needed = max(
            (len(p.rstrip("0")) for t in texts for p in DECIMALS.findall(t)), default=0
        )
        own = wording.number(value, unit, like=ticks)
        return DECIMALS.sub(lambda found: found[0][: needed + 1 if needed else 0], own)

    ax.yaxis.set_major_formatter(FuncFormatter(text))
    ax.grid(axis="y", color=GREY, linewidth=0.7)


def date_ticks(ax: Axes, first: pd.Timestamp, last: pd.Timestamp, most: int = 5) -> None:
    """Put at most ``most`` dates on the horizontal axis: months, or days when there are few."""
    months = pd.date_range(first.normalize(), last, freq="MS")
    if len(months) >= 3:
        ticks = months[:: -(-len(months) // most)]
        names = [wording.MONTHS[tick.month - 1][:3] for tick in ticks]
        years = [str(tick.year) for tick in ticks]
    else:
        ticks = pd.date_range(
            first, last, periods=min(most, (last - first).days + 1)
        ).normalize()
        names = [f"{tick.day} {wording.MONTHS[tick.month - 1][:3]}" for tick in ticks]
        years = [str(tick.year) for tick in ticks]
    new = [i == 0 or years[i] != years[i - 1] for i in range(len(ticks))]
    labels = [f"{n}\n{y}" if k else n for n, y, k in zip(names, years, new, strict=True)]
    ax.xaxis.set_major_locator(FixedLocator([date2num(t) for t in ticks]))
    ax.set_xticks([date2num(t) for t in ticks], labels)


def no_ticks(ax: Axes, axis: Literal["x", "y"]) -> None:
    """Take the ticks off one axis."""
    (ax.xaxis if axis == "x" else ax.yaxis).set_major_locator(NullLocator())


def right_label(ax: Axes, y: float, text: str, color: str = SOFT) -> None:
    """Name a line or band at its right end, outside the axes."""
    ax.annotate(
        text, (1, y), (6, 0), xycoords=ax.get_yaxis_transform(), textcoords="offset points",
        va="center", color=color, fontsize=POINTS, annotation_clip=False,
    )  # fmt: skip


def lay_out(ax: Axes) -> None:
    """Settle where everything of the figure stands, so that places can be measured."""
    fig = ax.get_figure(root=True)
    assert fig is not None
    fig.draw_without_rendering()


def point_label(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    color: str,
    *,
    line: tuple[Sequence[float] | Floats, Sequence[float] | Floats] = ((), ()),
    taken: Sequence[Bbox] = (),
) -> None:
    """Write a value beside its point, where it covers least of a line and stays in the axes.

    ``line`` holds the places of the other points in order, NaN where there is none; ``taken``
    the boxes, in pixels, of words that stand already. A halo keeps a line under it readable.
    """
    label = ax.annotate(
        text, (x, y), (0, 10), textcoords="offset points", color=color, fontsize=POINTS + 1,
        fontweight="bold", annotation_clip=False,
        path_effects=[withStroke(linewidth=3, foreground=PAPER)],
    )  # fmt: skip
    label.set_in_layout(False)
    lay_out(ax)
    points = ax.transData.transform(
        np.column_stack([np.append(line[0], x), np.append(line[1], np.nan)])
    )
    steps = np.linspace(0, 1, 9)[:, None, None]
    between = (points[:-1] * (1 - steps) + points[1:] * steps).reshape(-1, 2)

    def cost(place: tuple[float, float, str, str]) -> float:
        label.xyann = place[:2]
        label.set(ha=place[2], va=place[3])
        box = label.get_window_extent()
        out = box.x0 < ax.bbox.x0 or box.x1 > ax.bbox.x1
        out |= box.y0 < ax.bbox.y0 or box.y1 > ax.bbox.y1
        box = box.padded(9)
        hits = box.count_contains(points) * 20 + box.count_contains(between)
        return float(hits + 1000 * out + 500 * box.count_overlaps(taken))

    cost(min(PLACES, key=cost))  # the first of the cheapest, and there it stays


def svg(fig: Figure) -> str:
    """Return the figure as SVG text that follows the reader's light or dark scheme.

    Colours of the palette stand as plain attributes (the light scheme, which every viewer
    knows) and carry a class each; a style sheet gives the classes their dark colours. The same
    figure gives the same bytes: no date, fixed ids, letters as paths.
    """
    buffer = io.StringIO()
    with mpl.rc_context(STYLE):
        if (
            fig.get_layout_engine() is not None
        ):  # a second save would lay out from the first one's result
            fig.draw_without_rendering()
            fig.set_layout_engine("none")
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r'style="([^"]*)"', _classed, buffer.getvalue())
    dark = "".join(
        f".{kind[0]}{LETTERS[light]}{{{kind}:{color}}}"
        for light, color in DARK.items()
        for kind in ("fill", "stroke")
    )
    sheet = f"<style>@media (prefers-color-scheme:dark){{{dark}}}</style>"
    return re.sub(r"(<svg\b[^>]*>)", rf"\1{sheet}", text, count=1)


def _classed(found: re.Match[str]) -> str:
    """Turn the palette colours of one inline style into attributes with a class."""
    kept, attributes, classes = [], [], []
    for part in filter(None, (part.strip() for part in found[1].split(";"))):
        kind, _, value = (side.strip() for side in part.partition(":"))
        if kind in ("fill", "stroke") and value in LETTERS:
            attributes.append(f'{kind}="{value}"')
            classes.append(kind[0] + LETTERS[value])
        else:
            kept.append(f"{kind}: {value}")
    if classes:
        attributes.append(f'class="{" ".join(classes)}"')
    if kept:
        attributes.append(f'style="{"; ".join(kept)}"')
    return " ".join(attributes)
