"""Hold earlier forecasts against what came."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import binom

from insights import charts, wording
from insights.errors import ContractError, some

COLUMNS = ("segment", "model", "origin", "period", "horizon", "quantile", "value")
PUBLISHED, NAIVE = "published", "seasonal naive"
BANDS = (80, 95)
QUANTILES = {"median": 0.5, "lo-80": 0.1, "hi-80": 0.9, "lo-95": 0.025, "hi-95": 0.975}
FEWEST = 6  # origins that all miss on one side are too many for chance
SURE = 0.05


@dataclass(frozen=True, slots=True)
class Record:
    """Published forecasts against what came; a Result."""

    table: pd.DataFrame  # index segment: n, bias, wape, naive_wape, covered_80, covered_95
    pairs: pd.DataFrame  # segment, origin, period, horizon, y, mean, median, naive, lo-80, ...
    metric: str
    noun: str  # what a period is
    main: str  # the segment that sentences speak of

    @property
    def scored(self) -> int:
        """How many of the main segment's figures have come true."""
        return int(self.table["n"].get(self.main, 0))

    @property
    def drift(self) -> int:
        """1 where forecasts have been too low too often for chance, -1 too high, else 0.

        Of each period the newest forecast of it counts. What was forecast at once misses
        together, so that an origin has one say: the side of the median on which most of its
        periods came. A sign test of origins, at 5 %.
        """
        says = self._says()
        above, below = int((says > 0).sum()), int((says < 0).sum())
        if 2 * binom.cdf(min(above, below), above + below, 0.5) >= SURE:
            return 0
        return 1 if above > below else -1

    def narrative(self) -> str:
        """Return how far forecasts missed, on which side, and how often ranges held."""
        if not self.scored:
            return "No forecast that was published earlier has come true yet."
        row = self.table.loc[self.main].to_dict()
        n, since = int(row["n"]), self._main()["origin"].min()
        figures = wording.count(n, "figure")
        text = (
            f"Of {self.metric}, {figures} forecast since {wording.day(since)}"
            f" {'has' if n == 1 else 'have'} come true: {self._missed(row)}"
        )
        for level in BANDS:
            held, known = self.within(level)
            if known:
                text += f"; {held} of {known} lay within the {level}{wording.NBSP}% range"
                break
        return f"{text}. {self._drifts()}"

    def plot(self) -> Figure:
        """Return what came as a line, and the newest forecast of each period with its range."""
        rows = self._main().sort_values("horizon").drop_duplicates("period")
        rows = rows.sort_values("period").set_index("period")
        usual = pd.Series(rows.index).diff().min()
        if pd.notna(usual) and usual >= pd.Timedelta(days=1) and self.noun in ("day", "week"):
            every = pd.date_range(rows.index[0], rows.index[-1], freq=usual)
            rows = rows.reindex(every)  # a period without a figure is a gap
        rows = rows.rename_axis("period").reset_index()
        figure, ax = charts.figure(7, 3.4)
        ax.plot(rows["period"], rows["y"], color=charts.ACTUAL, marker="o", markersize=5)
        low, high = rows["lo-80"], rows["hi-80"]
        ax.vlines(rows["period"], low, high, color=charts.FORECAST, linewidth=5, alpha=0.3)
        ax.plot(
            rows["period"], rows["mean"], color=charts.FORECAST, marker="D", markersize=5,
            linestyle="none",
        )  # fmt: skip
        charts.value_ticks(ax, "count")
        charts.date_ticks(ax, rows["period"].iloc[0], rows["period"].iloc[-1])
        ax.set_ylabel(f"{self.metric} a {self.noun}")
        ax.annotate(
            "line: what came; diamonds and bars: forecast and its 80\u00a0% range",
            (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points",
            ha="left", va="bottom", color=charts.SOFT, fontsize=charts.POINTS,
        )  # fmt: skip
        return figure

    def within(self, level: int) -> tuple[int, int]:
        """Return how many figures lay within their range, and how many had one."""
        rows = self._main().dropna(subset=[f"lo-{level}", f"hi-{level}"])
        return int(rows["y"].between(rows[f"lo-{level}"], rows[f"hi-{level}"]).sum()), len(rows)

    def _main(self) -> pd.DataFrame:
        return self.pairs[self.pairs["segment"] == self.main]

    def _says(self) -> pd.Series[float]:
        """Return, by origin, how many more periods came above their medians than below."""
        rows = self._main().sort_values("horizon").drop_duplicates("period")
        middle = rows["median"].fillna(rows["mean"])
        side = (rows["y"] > middle).astype(float) - (rows["y"] < middle)
        return side.groupby(rows["origin"]).sum()

    def _missed(self, row: Mapping[Any, float]) -> str:
        """Say by how much forecasts missed, and on which side."""
        if not np.isfinite(row["wape"]):
            return "0 came each time, so that there is no share by which they missed"
        text = f"they missed by {wording.number(row['wape'], 'share')}"
        if np.isfinite(row["naive_wape"]):
            text += f" (last season again: {wording.number(row['naive_wape'], 'share')})"
        bias = row["bias"]
        if round(1000 * abs(bias)) == 0:
            return f"{text}, neither too low nor too high on the whole"
        side = "too low" if bias < 0 else "too high"
        return f"{text}, {wording.number(abs(bias), 'share')} {side} on the whole"

    def _drifts(self) -> str:
        if self.drift:
            side = "low" if self.drift > 0 else "high"
            return f"They drift: they are too {side} more often than chance would have it."
        if len(self._says()) < FEWEST:
            return "There are too few forecasts yet to say whether they drift."
        return "They do not drift to one side."


def record(
    log: pd.DataFrame, actual: pd.DataFrame, *, metric: str, main: str, noun: str = "week"
) -> Record:
    """Score published forecasts whose periods have come.

    Parameters
    ----------
    log
        One row a figure: ``segment``; ``model``, "published" or what it is held against,
        "seasonal naive"; ``origin``, the last period known when it was made; ``period``;
        ``horizon``, periods ahead, from 1; ``quantile`` in (0, 1), NaN for the mean; ``value``.
        Of figures that were published twice the first counts; one without a value counts not.
    actual
        One row a ``unique_id`` (a segment) and ``ds``; ``y``, NaN where not known.
    metric
        Its name in a sentence.
    main
        The segment that sentences speak of.
    noun
        What a period is.

    Returns
    -------
    Record
        ``table`` by segment: ``n`` figures that have come true; ``bias``, the sum of forecast
        less actual over the sum of actual; ``wape``, the sum of absolute misses over the same;
        ``naive_wape``, the like of "seasonal naive"; ``covered_80``, ``covered_95``, shares.

    Raises
    ------
    ContractError
        The log lacks columns, or what came is told twice.
    """
    if lacking := [c for c in COLUMNS if c not in log.columns]:
        raise ContractError(
            f"record: the log lacks {some(lacking)}. Give {', '.join(COLUMNS)}."
        )
    if twice := int(actual.duplicated(["unique_id", "ds"]).sum()):
        raise ContractError(
            f"record: {twice:,} of {len(actual):,} rows of what came repeat a unique_id and "
            "ds. Give one row of each."
        )
    keys = ["segment", "origin", "period", "horizon"]
    rows = log.drop_duplicates([*keys, "model", "quantile"], keep="first")
    rows = rows.dropna(subset="value")
    known = actual.rename(columns={"unique_id": "segment", "ds": "period"}).dropna(subset=["y"])
    own, naive = (rows[rows["model"] == model] for model in (PUBLISHED, NAIVE))
    pairs = _values(own, own["quantile"].isna(), "mean", keys)
    others = [_values(naive, naive["quantile"].isna(), "naive", keys)]
    for name, quantile in QUANTILES.items():
        others.append(_values(own, (own["quantile"] - quantile).abs() < 1e-9, name, keys))
    for other in others:
        pairs = pairs.merge(other, on=keys, how="left")
    pairs = pairs.merge(known[["segment", "period", "y"]], on=["segment", "period"])
    pairs = pairs.sort_values(keys, ignore_index=True)
    made = {name: _scores(group) for name, group in pairs.groupby("segment", sort=True)}
    columns = ["n", "bias", "wape", "naive_wape", *(f"covered_{level}" for level in BANDS)]
    table = pd.DataFrame.from_dict(made, orient="index", columns=columns)
    return Record(table.rename_axis("segment"), pairs, metric, noun, main)


def _values(
    rows: pd.DataFrame, which: pd.Series[bool], name: str, keys: list[str]
) -> pd.DataFrame:
    """Return one figure of each forecast."""
    return rows.loc[which, [*keys, "value"]].rename(columns={"value": name})


def _scores(pairs: pd.DataFrame) -> list[float]:
    """Return one segment's row of the table."""
    y = pairs["y"].to_numpy(float)
    size = np.abs(y).sum()
    miss = pairs["mean"].to_numpy(float) - y
    naive = np.abs(pairs["naive"].to_numpy(float) - y)
    covered = []
    for level in BANDS:
        low, high = (pairs[f"{side}-{level}"].to_numpy(float) for side in ("lo", "hi"))
        known = np.isfinite(low) & np.isfinite(high)
        inside = (low <= y) & (y <= high)
        covered.append(float(inside[known].mean()) if known.any() else math.nan)
    if size == 0:
        return [float(len(y)), math.nan, math.nan, math.nan, *covered]
    whole = float(naive.sum() / size) if np.isfinite(naive).all() else math.nan
    return [
        float(len(y)),
        float(miss.sum() / size),
        float(np.abs(miss).sum() / size),
        whole,
        *covered,
    ]
