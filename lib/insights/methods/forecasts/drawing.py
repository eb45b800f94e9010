"""Draw the fan chart of one series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from insights import charts, wording

Floats = npt.NDArray[np.float64]

PAST = 3  # horizons of history that are shown, within the bounds below
LEAST, MOST = 24, 120  # periods
NAMED = 3  # holidays and launches that are named in the chart
SHADE = (0.16, 0.34)  # of the widest and of the narrowest band


@dataclass(frozen=True, slots=True)
class Fan:
    """What the chart of one series shows."""

    name: str
    past: pd.DataFrame  # ds, y, state
    ahead: pd.DataFrame  # ds, median, lo-.., hi-..
    events: pd.DataFrame  # ds, name, kind
    levels: tuple[float, ...]  # widest first
    noun: str


def fan(shown: Fan) -> Figure:
    """Return actual solid, forecast dashed, its bands, origin, incidents and holidays."""
    figure, ax = charts.figure(7, 3.6)
    most = int(np.clip(PAST * len(shown.ahead), LEAST, MOST))
    past = shown.past.tail(most)
    x, ahead = _places(past["ds"]), _places(shown.ahead["ds"])
    y = past["y"].where(past["state"].isin(["used", "masked"])).to_numpy(dtype=float)
    masked = (past["state"] == "masked").to_numpy(dtype=bool)
    ax.plot(x, np.where(masked, np.nan, y), color=charts.ACTUAL)
    ax.plot(
        x[masked], y[masked], "o", markersize=6, markerfacecolor=charts.PAPER,
        markeredgecolor=charts.ACTUAL, linestyle="none",
    )  # fmt: skip
    _bands(ax, shown, ahead)
    median = shown.ahead["median"].to_numpy(dtype=float)
    ax.plot(ahead, median, color=charts.FORECAST, linestyle="--", zorder=3)
    known = np.isfinite(y) & ~masked
    origin = (x[-1] + ahead[0]) / 2
    ax.axvline(origin, color=charts.SOFT, linestyle=":", linewidth=1.2)
    ax.set_xlim(x[0], ahead[-1] + 0.02 * (ahead[-1] - x[0]))
    unit = "count" if np.nanmax(np.abs(np.r_[y[known], median])) >= 10 else "score"
    charts.value_ticks(ax, unit)
    charts.date_ticks(ax, past["ds"].iloc[0], shown.ahead["ds"].iloc[-1])
    per = "an hour" if shown.noun == "hour" else f"a {shown.noun}"
    ax.set_ylabel(f"{shown.name} {per}".strip())
    _words(ax, shown, x, ahead, origin, median)
    return figure


def _places(when: pd.Series) -> Floats:
    """Return where dates stand."""
    return np.asarray(date2num(when), dtype=float)


def _bands(ax: Axes, shown: Fan, ahead: Floats) -> None:
    """Shade the intervals, the widest lightest."""
    shades = np.linspace(*SHADE, len(shown.levels)) if len(shown.levels) > 1 else [SHADE[1]]
    for level, shade in zip(shown.levels, shades, strict=True):
        low, high = (shown.ahead[f"{side}-{level:g}"].to_numpy(float) for side in ("lo", "hi"))
        ax.fill_between(ahead, low, high, color=charts.FORECAST, alpha=shade, linewidth=0)


def _words(
    ax: Axes, shown: Fan, x: Floats, ahead: Floats, origin: float, median: Floats
) -> None:
    """Name the forecast, its bands, the masked incidents and what the calendar holds."""
    low, high = ax.get_ylim()
    marked = shown.events[shown.events["kind"] != "incident"]
    at = _places(marked["ds"]) if len(marked) else np.zeros(0)
    inside = (at >= x[0]) & (at <= ahead[-1])
    room = 0.22 if inside.any() or (shown.past["state"] == "masked").any() else 0.12
    ax.set_ylim(low, high + room * (high - low))
    top = ax.get_xaxis_transform()
    ax.annotate(
        "forecast", (origin, 1), (4, -2), xycoords=top, textcoords="offset points", ha="left",
        va="top", color=charts.FORECAST, fontsize=charts.POINTS,
    )  # fmt: skip
    ax.plot(
        at[inside], np.full(inside.sum(), 0.02), "^", transform=top, color=charts.SOFT,
        markersize=6, linestyle="none",
    )  # fmt: skip
    _right(ax, shown, median)
    masked = shown.past.tail(len(x))
    spoiled = _places(masked.loc[masked["state"] == "masked", "ds"])
    notes = []
    if len(spoiled):
        notes.append("hollow: incident, left out")
    if inside.any():
        names = list(dict.fromkeys(marked["name"][inside]))
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        notes.append(f"▲ {', '.join(map(str, names[:NAMED]))}{more}")
    if notes:
        ax.annotate(
            "\n".join(notes), (0, 1), (0, 2), xycoords="axes fraction",
            textcoords="offset points", ha="left", va="bottom", color=charts.SOFT,
            fontsize=charts.POINTS,
        )  # fmt: skip


def _right(ax: Axes, shown: Fan, median: Floats) -> None:
    """Name the median and the bands at their right ends, each above the one before."""
    last = shown.ahead.iloc[-1]
    low, high = ax.get_ylim()
    place = float(median[-1])
    unit = "count" if abs(place) >= 10 else "score"
    charts.right_label(ax, place, wording.number(place, unit), charts.FORECAST)
    for level in reversed(shown.levels):
        edge = float(last[f"hi-{level:g}"])
        if np.isfinite(edge):
            place = max(edge, place + 0.1 * (high - low))
            charts.right_label(ax, place, f"{level:g}{wording.NBSP}%")
