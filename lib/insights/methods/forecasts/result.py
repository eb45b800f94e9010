"""What is coming: the numbers, the sentence that states them, and the fan chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from insights import wording
from insights.errors import ParamError, did_you_mean
from insights.methods.forecasts import drawing
from insights.methods.forecasts.law import Law
from insights.methods.forecasts.models import SEASONAL

Floats = npt.NDArray[np.float64]

DRAWS, CELLS = 2000, 2_000_000  # paths, and values in them, that a sentence's range takes
PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecasts of many series, their scores, and what was done to their history."""

    table: pd.DataFrame  # unique_id, ds, mean, median, lo-80, hi-80 ...; by series, then date
    scores: pd.DataFrame  # unique_id, model, score (MASE in replays; NaN: none), chosen
    notes: tuple[str, ...]
    errors: pd.DataFrame  # unique_id, origin (1 is the newest), horizon, error of the mean
    history: pd.DataFrame  # unique_id, ds, y, state: used, filled, masked or closed
    events: pd.DataFrame  # unique_id, ds, name, kind
    levels: tuple[float, ...]
    noun: str  # what a period is
    origins: int  # earlier origins that were replayed
    seed: int
    law: Law = field(repr=False)

    @property
    def ids(self) -> list[object]:
        """The series, in the order of ``table`` and of ``sample_paths``."""
        return list(dict.fromkeys(self.table["unique_id"]))

    @property
    def horizon(self) -> int:
        """Periods ahead."""
        return len(self.table) // len(self.ids)

    def sample_paths(
        self, n: int, rng: np.random.Generator, *, ids: Sequence[object] | None = None
    ) -> Floats:
        """Draw joint futures, so that sums over periods or series have honest intervals.

        Parameters
        ----------
        n
            Futures, at least 1.
        rng
            Where the randomness comes from.
        ids
            The series wanted; by default all, in the order of ``table``.

        Returns
        -------
        ndarray
            (n, series, horizon), in the unit of y. Each series and period alone is distributed
            as ``table`` says; over periods and between series they move together as misses did
            in replays, the latter with one correlation for all pairs.
        """
        if n < 1:
            raise ParamError(f"sample_paths: n is {n}. Ask for at least 1.")
        if ids is None:
            return self.law.paths(n, rng)
        there = self.ids
        return self.law.of(np.array([there.index(name) for name in ids])).paths(n, rng)

    def narrative(self) -> str:
        """Return what is expected per period with its range, and how replays went."""
        return f"{self._expected()}; {self._replayed()}."

    def plot(self, unique_id: object = None, *, name: str = "") -> Figure:
        """Return the fan chart of one series, by default of the one with the most to come.

        Parameters
        ----------
        unique_id
            A series of ``table``.
        name
            What its values are; by default the series' name where there are several.
        """
        if unique_id is None:
            unique_id = self.table.groupby("unique_id", sort=False)["mean"].sum().idxmax()
        if unique_id not in self.ids:
            near = did_you_mean(str(unique_id), map(str, self.ids)) or "."
            raise ParamError(f"plot: no series '{unique_id}'{near} Give one that was forecast.")
        shown = self.part(unique_id)
        return drawing.fan(replace(shown, name=name or shown.name))

    def part(self, unique_id: object) -> drawing.Fan:
        """Return what the chart of one series shows."""
        about = self.events["unique_id"].isna() | (self.events["unique_id"] == unique_id)
        return drawing.Fan(
            name=str(unique_id) if len(self.ids) > 1 else "",
            past=self.history[self.history["unique_id"] == unique_id],
            ahead=self.table[self.table["unique_id"] == unique_id],
            events=self.events[about],
            levels=tuple(sorted(self.levels, reverse=True)),
            noun=self.noun,
        )

    def _expected(self) -> str:
        """Say the average to come and its range."""
        per = "an hour" if self.noun == "hour" else f"a {self.noun}"
        mean = float(self.table["mean"].sum()) / self.horizon
        draws = int(np.clip(CELLS / len(self.table), 200, DRAWS))
        paths = self.sample_paths(draws, np.random.default_rng(self.seed))
        average = paths.sum(axis=1).mean(axis=1)
        unit = "count" if abs(mean) >= 10 else "score"
        first = self.table.groupby("unique_id", sort=False)["ds"].min()
        since = f" from {wording.day(first.iloc[0])}" if len(set(first)) == 1 else ""
        many = f" over {len(self.ids):,} series together" if len(self.ids) > 1 else ""
        text = (
            f"The next {wording.count(self.horizon, self.noun)}{since}"
            f" {'is' if self.horizon == 1 else 'are'} expected to average"
            f" {wording.number(mean, unit)} {per}{many}"
        )
        if not np.isfinite(average).all():
            return f"{text}, for which there are too few values to give a range"
        tail = (100 - self.levels[0]) / 200
        lower, upper = np.quantile(average, [tail, 1 - tail])
        level = f"{self.levels[0]:g}{wording.NBSP}%"
        return f"{text}, {level} range {wording.span(lower, upper, unit)}"

    def _replayed(self) -> str:
        """Say how the forecast did against seasonal naive at earlier origins."""
        if not self.origins:
            return "there is too little history to replay it"
        replays = f"in replays from {wording.count(self.origins, 'earlier origin')}"
        is_naive = self.scores["chosen"] & (self.scores["model"] == SEASONAL)
        naive = len(set(self.scores.loc[is_naive, "unique_id"]))
        if naive == len(self.ids):
            return f"{replays} nothing beat seasonal naive, so it is published"
        wide = self.scores.pivot_table(index="unique_id", columns="model", values="score")
        if PUBLISHED not in wide or SEASONAL not in wide:
            return f"{replays} nothing varied"
        both = wide[[PUBLISHED, SEASONAL]].dropna().sum()
        less = 1 - float(both[PUBLISHED] / both[SEASONAL]) if both[SEASONAL] > 0 else 0.0
        left = (
            f", and for {naive:,} of {len(self.ids):,} series nothing beat it" if naive else ""
        )
        if round(100 * less) == 0:
            return f"{replays} the forecast missed as much as seasonal naive{left}"
        size = wording.relative(abs(less)).lstrip("+")
        side = "less" if less > 0 else "more"
        return f"{replays} the forecast missed {size} {side} than seasonal naive{left}"
