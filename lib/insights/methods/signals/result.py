"""What judging many series returns: states, limits, the sentence and the charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from insights import charts, wording
from insights.errors import ParamError, did_you_mean
from insights.methods.signals import drawing

UNJUDGED = ("short", "unusable", "missing")


@dataclass(frozen=True, slots=True)
class Signals:
    """Which of many series moved beyond what they usually do in one period."""

    table: pd.DataFrame  # index series; see ``judge``
    limits: pd.DataFrame  # series, period, value, centre, lower, upper, usable, baseline
    grain: str
    shown: pd.Timestamp
    alpha: float

    def narrative(self) -> str:
        """Return how many series moved beyond their usual range, of how many judged."""
        state = self.table["state"]
        judged = int((~state.isin(UNJUDGED)).sum())
        moved, watched = int((state == "headline").sum()), int((state == "watch").sum())
        left = len(state) - judged
        if not judged:
            whose = (
                "The one measure could not" if left == 1 else f"None of {left:,} measures could"
            )
            return f"{whose} be judged."
        if not moved and judged == 1:
            text = "The one measure judged did not clearly move beyond its usual range"
        elif not moved:
            text = f"None of {judged:,} measures clearly moved beyond its usual range"
        else:
            whose = "its" if moved == 1 else "their"
            of = wording.count(judged, "measure")
            text = f"{moved:,} of {of} moved beyond {whose} usual range"
        parts = [text] + [f"{watched:,} to watch"] * bool(watched)
        return "; ".join(parts + [f"{left:,} could not be judged"] * bool(left)) + "."

    def plot(self, *, units: Mapping[str, str] | None = None, most: int = 4) -> Figure:
        """Return control charts of the series with the smallest p-values, one a row."""
        names = list(self.table.sort_values("p_value", kind="stable").index[:most])
        figure, _ = charts.figure(7, 0.6 + 2.8 * len(names), rows=len(names))
        pictures = []
        for ax, name in zip(figure.axes, names, strict=True):
            unit = (units or {}).get(name) or self._unit(name)
            picture = self._picture(name, unit, self.grain, 60)
            drawing.lines(ax, picture, title=name)
            pictures.append(picture)
        for ax, picture in zip(figure.axes, pictures, strict=True):
            drawing.labels(ax, picture)
        return figure

    def chart(
        self,
        series_id: str,
        *,
        unit: str,
        grain: str | None = None,
        title: str | None = None,
        most: int = 60,
    ) -> Figure:
        """Return the control chart of one series.

        Parameters
        ----------
        series_id
            A name in ``table``'s index.
        unit
            How ``wording.number`` writes the values: count, share, days ...
        grain
            day, week, month, quarter or year; by default the one that was judged.
        title
            A heading in the axes; the page's claim usually makes it needless.
        most
            Periods shown, the newest; more where the one judged is older.
        """
        if series_id not in self.table.index:
            near = did_you_mean(series_id, map(str, self.table.index)) or "."
            raise ParamError(f"chart: no series '{series_id}'{near} Give one that was judged.")
        figure, ax = charts.figure(7, 3.4)
        picture = self._picture(series_id, unit, grain or self.grain, most)
        drawing.lines(ax, picture, title=title or "")
        drawing.labels(ax, picture)
        return figure

    def _unit(self, name: str) -> str:
        """Return the unit that the values of a series suggest."""
        if self.table.loc[name, "kind"] == "rate":
            return "share"
        values = self.limits.loc[self.limits["series"] == name, "value"].dropna()
        return "count" if (values % 1 == 0).all() else "score"

    def _picture(self, name: str, unit: str, grain: str, most: int) -> drawing.Picture:
        """Return what the control chart of one series shows."""
        rows = self.limits.loc[self.limits["series"] == name]
        verdict = self.table.loc[[name]].iloc[0]
        return drawing.picture(rows, verdict, unit=unit, grain=grain, most=most)
