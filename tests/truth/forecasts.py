"""Are the hidden weeks foreseen better than by last season, and within the intervals?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from insights import wording

from . import scoring
from .scoring import HELD, NOT_HELD, Row
from .world import World

WEEKS = 13
GRAINS = {"day": ("D", 7, 7 * WEEKS), "week": ("W-MON", 52, WEEKS)}  # freq, season, horizon
COVERED = (0.74, 0.86)  # of 80 % intervals, domain.md 6.4
HIDDEN = """
    select date_trunc('%s', created_at) as ds, market as unique_id, count(*)::double as y
    from {truth/contacts} where created_at >= '%s' group by all"""


def score(here: World) -> list[Row]:
    """Return rows on contacts by market, daily and weekly."""
    forecast = scoring.method("forecasts", "forecast")
    if forecast is None:
        return [
            scoring.missing("E9", "forecasts", f"hidden {WEEKS} weeks by market and {grain}")
            for grain in GRAINS
        ]
    return [row for grain in GRAINS for row in foreseen(here, forecast, grain)]


def foreseen(here: World, forecast: Callable[..., Any], grain: str) -> list[Row]:
    """Return how errors compare with the last season's, and how often intervals held."""
    freq, season, horizon = GRAINS[grain]
    history = past(here, grain)
    table = forecast(history, horizon=horizon, freq=freq, events=events(here)).table
    both = table.merge(hidden(here, grain), on=["unique_id", "ds"], how="outer")
    naive = repeated(history, season, horizon)
    both = both.merge(naive, on=["unique_id", "ds"], how="left")
    ours, last = (wape(both, name) for name in ("mean", "naive"))
    better = int((ours < last).sum())
    covered = {
        level: both["y"].between(both[f"lo-{level}"], both[f"hi-{level}"]).mean()
        for level in (80, 95)
    }
    asked = f"contacts by market and {grain}, {WEEKS} hidden weeks"
    said = " against ".join(wording.number(x.mean(), "share") for x in (ours, last))
    return [
        Row(
            "E9", "forecasts", f"{asked}: WAPE below seasonal naive's",
            HELD if better == len(ours) else NOT_HELD, found=f"{better} of {len(ours)} markets",
            error=f"mean WAPE {said}", note=_worse(ours, last),
        ),
        Row(
            "E9", "forecasts", f"{asked}: 80 % intervals", 
            HELD if COVERED[0] <= covered[80] <= COVERED[1] else NOT_HELD,
            interval=f"{covered[80]:.1%} of {len(both):,}",
            note=f"{COVERED[0]:.0%} to {COVERED[1]:.0%} wanted; of 95 %: {covered[95]:.1%}",
        ),
    ]  # fmt: skip


def past(here: World, grain: str) -> pd.DataFrame:
    """Return the pack's contacts by market as a history."""
    rows = here.rows("contact_volume", by=["market"], grain=grain)
    named = rows.rename(columns={"market": "unique_id", "period": "ds", "value": "y"})
    return named[["unique_id", "ds", "y"]]


def events(here: World) -> pd.DataFrame:
    """Return the pack's events day by day, as ``forecast`` takes them."""
    rows = [
        {"unique_id": None, "ds": day, "name": name, "kind": event.kind}
        for name, event in here.source.pack.events.items()
        if event.end is not None
        for day in pd.date_range(event.start, event.end)
    ]
    return pd.DataFrame(rows)


def hidden(here: World, grain: str) -> pd.DataFrame:
    """Return what came in the weeks that no source table holds, by plain SQL."""
    rows = here.sql(HIDDEN % (grain, here.end.date()))
    return rows.astype({"ds": "datetime64[ns]"})


def repeated(history: pd.DataFrame, season: int, horizon: int) -> pd.DataFrame:
    """Return the last season of each series, again and again."""
    made = []
    for name, rows in history.sort_values("ds").groupby("unique_id"):
        step = rows["ds"].iloc[-1] - rows["ds"].iloc[-2]
        values = np.resize(rows["y"].to_numpy()[-season:], horizon)
        ahead = rows["ds"].iloc[-1] + step * np.arange(1, horizon + 1)
        made.append(pd.DataFrame({"unique_id": name, "ds": ahead, "naive": values}))
    return pd.concat(made)


def wape(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return the weighted absolute error of each series, as a share of what came."""
    off = (rows[column] - rows["y"]).abs().groupby(rows["unique_id"]).sum()
    return off / rows["y"].groupby(rows["unique_id"]).sum()


def _worse(ours: pd.Series, last: pd.Series) -> str:
    """Name the series that are foreseen no better."""
    names = ours.index[~(ours < last)]
    return f"not {', '.join(names)}" if len(names) else ""
