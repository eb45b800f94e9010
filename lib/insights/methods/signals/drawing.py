"""Draw one series against its usual range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from insights import charts, wording

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STEP = {"day": 1.0, "week": 7.0, "month": 30.4, "quarter": 91.3, "year": 365.25}  # days
FREQ = {"day": "D", "week": "7D", "month": "MS", "quarter": "QS", "year": "YS"}


@dataclass(frozen=True, slots=True)
class Picture:
    """What the control chart of one series shows; ``grid`` has one row a period, no gaps."""

    grid: pd.DataFrame
    verdict: pd.Series[Any]
    breaks: list[pd.Timestamp]
    unit: str
    step: float  # days between periods

    @property
    def x(self) -> Floats:
        """Where each period stands."""
        return np.asarray(date2num(self.grid["period"]), dtype=float)

    @property
    def value(self) -> Floats:
        """The value of each period."""
        return self.grid["value"].to_numpy(dtype=float)

    @property
    def whole(self) -> Bools:
        """Which periods have a usable value."""
        return (self.grid["usable"] & self.grid["value"].notna()).to_numpy(dtype=bool)

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """The stretches without a usable value."""
        x, half = self.x, self.step / 2
        edges = np.flatnonzero(np.diff(np.concatenate([[True], self.whole, [True]])))
        return [(x[a] - half, x[b - 1] + half) for a, b in edges.reshape(-1, 2)]


def picture(
    rows: pd.DataFrame, verdict: pd.Series[Any], *, unit: str, grain: str, most: int
) -> Picture:
    """Return the newest ``most`` periods of one series, and the one judged."""
    rows = rows.sort_values("period")
    every = pd.date_range(rows["period"].iloc[0], rows["period"].iloc[-1], freq=FREQ[grain])
    grid = rows.set_index("period").reindex(every.union(pd.DatetimeIndex(rows["period"])))
    older = int((grid.index < verdict["period"]).sum())
    grid = grid.iloc[max(min(len(grid) - most, older), 0) :].rename_axis("period")
    firsts = rows.groupby("baseline")["period"].min().sort_values().iloc[1:]
    return Picture(
        grid=grid.assign(usable=grid["usable"].eq(True)).reset_index(),
        verdict=verdict,
        breaks=[when for when in firsts if when > grid.index[0]],
        unit=unit,
        step=STEP[grain],
    )


def lines(ax: Axes, shown: Picture, *, title: str) -> None:
    """Draw values, usual range, gaps and breaks; nothing here needs to know the layout."""
    x, value, whole = shown.x, shown.value, shown.whole
    for left, right in shown.gaps:
        ax.axvspan(
            left, right, facecolor="none", edgecolor=charts.GREY, hatch="///",
            linewidth=0, zorder=0.4,
        )  # fmt: skip
    ax.set_ylim(*_window(shown))
    _range(ax, shown)
    ax.plot(x, np.where(whole, value, np.nan), color=charts.ACTUAL, marker="o", markersize=4)
    part = ~whole & np.isfinite(value)
    ax.plot(
        x[part], value[part], "o", markersize=5.5, markerfacecolor=charts.PAPER,
        markeredgecolor=charts.ACTUAL, linestyle="none",
    )  # fmt: skip
    for when in shown.breaks:
        at = date2num(when) - shown.step / 2
        ax.axvline(at, color=charts.SOFT, linestyle=":", linewidth=1.2)
    pad = max(shown.step, 0.04 * (x[-1] - x[0]))
    ax.set_xlim(x[0] - shown.step, x[-1] + pad)
    charts.value_ticks(ax, shown.unit)
    charts.date_ticks(ax, shown.grid["period"].iloc[0], shown.grid["period"].iloc[-1])
    if title:
        pad = 22 if shown.breaks else 6
        ax.set_title(title, loc="left", pad=pad, fontsize=charts.POINTS)


def labels(ax: Axes, shown: Picture) -> None:
    """Write what is drawn where it fits: the breaks, the widest gap and the value judged."""
    _breaks(ax, shown)
    charts.lay_out(ax)
    taken = _gap(ax, shown)
    at, value = date2num(shown.verdict["period"]), float(shown.verdict["value"])
    if not np.isfinite(value):
        return
    flagged = shown.verdict["state"] in ("headline", "watch")
    color = charts.SIGNAL if flagged else charts.ACTUAL
    face = color if shown.verdict["state"] != "unusable" else charts.PAPER
    ax.plot([at], [value], "o", markersize=10, markerfacecolor=face, markeredgecolor=color)
    text = wording.number(value, shown.unit)
    line = (shown.x, np.where(shown.x == at, np.nan, shown.value))
    charts.point_label(ax, at, value, text, color, line=line, taken=taken)


def _breaks(ax: Axes, shown: Picture) -> None:
    """Name the newest break, and older ones that leave it room."""
    middle, free = sum(ax.get_xlim()) / 2, np.inf
    for when in reversed(shown.breaks):
        at = date2num(when) - shown.step / 2
        right = at > middle
        text = ax.annotate(
            "definition changed", (at, 1), (0, 3), xycoords=ax.get_xaxis_transform(),
            textcoords="offset points", ha="right" if right else "left", color=charts.SOFT,
            annotation_clip=False, fontsize=charts.POINTS,
        )  # fmt: skip
        charts.lay_out(ax)
        box = text.get_window_extent()
        if box.x1 >= free:
            text.remove()
        else:
            free = box.x0


def _gap(ax: Axes, shown: Picture) -> list[Bbox]:
    """Name the widest stretch without any value, where the words fit; return their place."""
    x, known = shown.x, np.isfinite(shown.value)
    empty = [(a, b) for a, b in shown.gaps if not known[(x > a) & (x < b)].any()]
    if not empty:
        return []
    left, right = max(empty, key=lambda gap: gap[1] - gap[0])
    text: Text = ax.text(
        (left + right) / 2, 0.5, "no usable data", transform=ax.get_xaxis_transform(),
        color=charts.SOFT, ha="center", va="center", fontsize=charts.POINTS,
        bbox={"facecolor": charts.PAPER, "edgecolor": "none", "pad": 1.5}, zorder=1.5,
    )  # fmt: skip
    text.set_in_layout(False)
    room = np.ptp(ax.transData.transform([[left, 0], [right, 0]])[:, 0])
    for turn in (0, 90):
        text.set_rotation(turn)
        box = text.get_window_extent()
        if box.width <= room and box.height <= ax.bbox.height:
            return [box]
    text.remove()
    return []


def _window(shown: Picture) -> tuple[float, float]:
    """Return the vertical range: every value, and the newest usual range unless far wider."""
    values = shown.grid["value"].dropna()
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    size = high - low or abs(high) or 1.0
    edge = shown.grid.loc[shown.whole, ["lower", "upper"]].dropna()
    if len(edge):
        low = min(low, max(float(edge["lower"].iloc[-1]), low - size))
        high = max(high, min(float(edge["upper"].iloc[-1]), high + size))
    pad = 0.2 * (high - low or 1.0)
    return low - pad, high + pad


def _range(ax: Axes, shown: Picture) -> None:
    """Shade the usual range and name it at the right."""
    grid, x, half = shown.grid, shown.x, shown.step / 2
    known = grid["upper"].notna().to_numpy(dtype=bool) & shown.whole
    if not known.any():
        return
    lower, centre, upper = (
        np.where(known, grid[name].to_numpy(dtype=float), np.nan)
        for name in ("lower", "centre", "upper")
    )
    edges = np.stack([x - half, x + half], axis=1).ravel()
    low, mid, high = (np.repeat(side, 2) for side in (lower, centre, upper))
    ax.fill_between(
        edges, low, high, where=np.repeat(known, 2), color=charts.BAND, linewidth=0, zorder=0.5
    )
    ax.plot(edges, mid, color=charts.SOFT, linewidth=0.9, zorder=1)
    last = int(np.flatnonzero(known)[-1])
    bottom, top = ax.get_ylim()
    edge = 0.12 * (top - bottom)  # two lines of text stay inside
    middle = float(np.clip([lower[last], upper[last]], bottom, top).mean())
    charts.right_label(ax, min(max(middle, bottom + edge), top - edge), "usual\nrange")
