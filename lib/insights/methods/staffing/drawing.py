"""Draw service levels by agents, and hours needed against hours available."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from insights import charts, wording

DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91}


def service(table: pd.DataFrame, chosen: int, target: float, within_seconds: float) -> Figure:
    """Return the share answered in time by number of agents, the chosen one filled."""
    figure, ax = charts.figure(7, 3.2)
    x, y = table["agents"].to_numpy(), table["service_level"].to_numpy(float)
    best = x == chosen
    ax.bar(x[~best], y[~best], 0.7, color=charts.GREY)
    ax.bar(x[best], y[best], 0.7, color=charts.FORECAST)
    ax.axhline(target, color=charts.INK, linestyle="--", linewidth=1.2)
    for place, level in zip(x, y, strict=True):
        weight = "bold" if place == chosen else "normal"
        ax.annotate(
            wording.number(level, "share"), (place, level), (0, 3), ha="center",
            textcoords="offset points", fontsize=charts.POINTS, fontweight=weight,
            path_effects=[withStroke(linewidth=3, foreground=charts.PAPER)],
        )  # fmt: skip
    charts.right_label(ax, target, f"target\n{wording.target(target, 'share')}", charts.INK)
    charts.no_ticks(ax, "y")
    ax.set_ylim(0, 1.15)
    ax.set_xticks(x, [f"{place}" for place in x])
    ax.set_xlabel(f"agents; share answered in {wording.target(within_seconds, 'seconds')}")
    return figure


def needs(table: pd.DataFrame, grain: str, most: int) -> Figure:
    """Return hours needed as bars, hours available as a line and what is short hatched."""
    by = table.assign(short=table["gap"].clip(upper=0)).groupby("queue", sort=False)
    order = by[["short", "hours_needed"]].sum().assign(needed=lambda of: -of["hours_needed"])
    names = list(order.sort_values(["short", "needed"], kind="stable").index[:most])
    figure, _ = charts.figure(7, 0.5 + 2.6 * len(names), rows=len(names))
    for ax, name in zip(figure.axes, names, strict=True):
        _queue(ax, table[table["queue"] == name], grain)
        ax.set_ylabel("hours needed" if len(by) == 1 else f"{name}, h")
    left = len(by) - len(names)
    if left:
        figure.axes[-1].set_xlabel(f"{wording.count(left, 'more queue')} not shown")
    return figure


def _queue(ax: Axes, rows: pd.DataFrame, grain: str) -> None:
    """Draw one queue."""
    x = np.asarray(date2num(rows["period"]), dtype=float)
    needed = rows["hours_needed"].to_numpy(float)
    available = rows["hours_available"].to_numpy(float)
    short = np.clip(needed - available, 0, None)
    short = np.where(np.isfinite(short), short, 0.0)
    lacks = short > 0
    wide = 0.75 * DAYS[grain]
    ax.bar(x, needed - short, wide, color=charts.GREY)
    ax.bar(
        x[lacks], short[lacks], wide, bottom=(needed - short)[lacks], hatch="////",
        facecolor=charts.PAPER, edgecolor=charts.DOWN, linewidth=0.8,
    )  # fmt: skip
    edges = np.column_stack([x - wide / 2, x + wide / 2]).ravel()
    ax.plot(edges, np.repeat(available, 2), color=charts.ACTUAL)
    top = float(np.nanmax(np.append(needed, available[np.isfinite(available)])))
    ax.set_ylim(0, 1.25 * top or 1)
    ax.set_xlim(x[0] - 0.7 * wide, x[-1] + 0.7 * wide)
    charts.value_ticks(ax, "count")
    charts.date_ticks(ax, rows["period"].iloc[0], rows["period"].iloc[-1], 4)
    if np.isfinite(available[-1]):
        charts.right_label(ax, float(available[-1]), "available", charts.ACTUAL)
    if lacks.any():
        worst = int(np.argmax(short))
        ax.annotate(
            wording.change(-float(short[worst]), "hours"), (x[worst], needed[worst]), (0, 3),
            textcoords="offset points", ha="center", color=charts.DOWN, fontsize=charts.POINTS,
            fontweight="bold",
        )  # fmt: skip
