"""Put what was forecast into tidy tables and notes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from insights import wording
from insights.errors import some
from insights.methods.forecasts.calendar import Calendar
from insights.methods.forecasts.fitting import Fitted
from insights.methods.forecasts.law import Law
from insights.methods.forecasts.models import Rows
from insights.methods.forecasts.reading import Panel
from insights.methods.forecasts.replay import scores
from insights.methods.forecasts.result import PUBLISHED


def unvaried(panel: Panel, rows: Rows) -> None:
    """Note which series never varied."""
    low = np.where(rows.seen, rows.y, np.inf).min(axis=1)
    high = np.where(rows.seen, rows.y, -np.inf).max(axis=1)
    same = (low == high) & (rows.seen.sum(axis=1) > 1)
    if same.any():
        names = [f"{panel.ids[i]} ({low[i]:g})" for i in np.flatnonzero(same)]
        panel.notes.append(
            f"{wording.count(len(names), 'series', 'series')} never varied, so the forecast "
            f"has no width: {some(names)}."
        )


def table(panel: Panel, law: Law, levels: Sequence[float], horizon: int) -> pd.DataFrame:
    """Return one row a (series, period)."""
    ahead = panel.ahead(horizon)
    columns = {"mean": np.where(law.shut, 0.0, law.mean), "median": law.median}
    columns["mean"] = np.where(
        law.floor[:, None], np.maximum(columns["mean"], 0), columns["mean"]
    )
    for level in levels:
        columns[f"lo-{level:g}"] = law.quantile(0.5 - level / 200)
        columns[f"hi-{level:g}"] = law.quantile(0.5 + level / 200)
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.array(panel.ids, dtype=object), horizon),
            "ds": panel.clock.dates(ahead.ravel()),
            **{name: values.ravel() for name, values in columns.items()},
        }
    ).infer_objects()


def board(fitted: Fitted, panel: Panel) -> pd.DataFrame:
    """Return the leaderboard: one row a (series, model)."""
    ids = np.array(panel.ids, dtype=object)
    long, parts = ids[~fitted.short], []
    if fitted.warm is not None:
        replayed = fitted.warm.replayed
        found = zip(replayed.names, scores(replayed), fitted.warm.chosen, strict=True)
        there = np.asarray(np.isfinite(replayed.ahead[:, 0]).all(axis=2))
        for (name, score, chosen), fit in zip(found, there, strict=True):
            parts.append(_scored(long, name, score, chosen)[fit])
        parts.append(_scored(long, PUBLISHED, fitted.warm.published, True))
    if fitted.cold is not None:
        parts.append(_scored(ids[fitted.short], fitted.cold.model, np.nan, True))
    rows: pd.DataFrame = pd.concat(parts, ignore_index=True).infer_objects()
    keys = ["unique_id", "score", "model"]
    return rows.sort_values(keys, kind="stable", ignore_index=True)


def _scored(ids: object, model: object, score: object, chosen: object) -> pd.DataFrame:
    """Return rows of the leaderboard."""
    return pd.DataFrame({"unique_id": ids, "model": model, "score": score, "chosen": chosen})


def errors(fitted: Fitted, panel: Panel) -> pd.DataFrame:
    """Return what the mean missed in replays, one row a (series, origin, horizon)."""
    if fitted.warm is None:
        return pd.DataFrame({"unique_id": [], "origin": [], "horizon": [], "error": []})
    miss = fitted.warm.miss
    origin, series, step = np.nonzero(np.isfinite(miss))
    return pd.DataFrame(
        {
            "unique_id": np.array(panel.ids, dtype=object)[~fitted.short][series],
            "origin": origin + 1,
            "horizon": step + 1,
            "error": miss[origin, series, step],
        }
    ).infer_objects()


def past(panel: Panel, dates: Calendar) -> pd.DataFrame:
    """Return the history as it was used: y as given, and why a period did not count."""
    series, column = np.nonzero(panel.exists)
    state = np.where(dates.masked, "masked", np.where(np.isfinite(panel.y), "used", "filled"))[
        series, column
    ]
    shut = panel.closed(panel.position)[series, column]
    frame = pd.DataFrame(
        {
            "unique_id": np.array(panel.ids, dtype=object)[series],
            "ds": panel.clock.dates(panel.position[series, column]),
            "y": panel.y[series, column],
            "state": np.where(shut, "closed", state),
        }
    )
    return frame.infer_objects()


def listed(events: pd.DataFrame | None, panel: Panel) -> pd.DataFrame:
    """Return the events that concern a series here."""
    wanted = ["unique_id", "ds", "name", "kind"]
    if events is None:
        return pd.DataFrame({name: [] for name in wanted})
    mine = events["unique_id"].isna() | events["unique_id"].isin(panel.ids)
    return events.loc[mine, wanted].reset_index(drop=True)
