"""What is coming: a metric forecast at every level that must add up, the same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights.data import calendars, periods, series
from insights.errors import MethodError, ParamError
from insights.methods import forecasts
from insights.methods.forecasts import Forecast
from insights.pack import Plan
from insights.readout import measures
from insights.readout.choices import Run
from insights.readout.measures import Measure

Floats = npt.NDArray[np.float64]

LEVELS = (50, 80, 95)
DRAWS = 2000
ENOUGH = 13  # usable periods since the last break, below which older ones are used too
POLICY = {"unknown": "interpolate", "zero": "zero"}
SEASON = {"day": 7, "week": 52, "month": 12, "quarter": 4}


@dataclass(frozen=True)
class Expected:
    """A metric's forecast: of the page's rows, and of their parts."""

    run: Run
    measure: Measure  # of the page's own rows
    plan: Plan | None
    forecast: Forecast  # of every segment; its table adds up
    own: str  # the page's segment
    parts: Mapping[str, str]  # segment below it, by the queue's value
    since: pd.Timestamp  # first period that is learnt from
    cut: bool  # whether older periods, under another definition, are left out

    @cached_property
    def table(self) -> pd.DataFrame:
        """The page's own forecast, one row a period; its ranges lie about its mean."""
        rows, drawn = self.of(self.own), self._drawn.mean(axis=0)
        mean = rows["mean"].to_numpy(float)
        factor = np.where(drawn > 0, mean / np.where(drawn > 0, drawn, 1.0), 1.0)
        around = [str(c) for c in rows if c not in ("unique_id", "ds", "mean")]
        return rows.assign(**{c: rows[c] * factor for c in around})

    def of(self, segment: str) -> pd.DataFrame:
        """Return a segment's forecast, one row a period."""
        rows = self.forecast.table
        return rows[rows["unique_id"] == segment].reset_index(drop=True)

    def past(self, segment: str | None = None) -> pd.DataFrame:
        """Return what a segment was: ds, y, state."""
        rows = self.forecast.history
        return rows[rows["unique_id"] == (segment or self.own)].reset_index(drop=True)

    @cached_property
    def paths(self) -> Floats:
        """Joint futures of the page's own rows, (draws, periods); their mean is the table's."""
        mean = self._drawn.mean(axis=0)
        wanted = self.of(self.own)["mean"].to_numpy(float)
        moved: Floats = self._drawn * np.where(
            mean > 0, wanted / np.where(mean > 0, mean, 1), 1
        )
        return moved

    @cached_property
    def _drawn(self) -> Floats:
        """Joint futures of the page's own rows, before they are brought to the mean."""
        rng = np.random.default_rng(self.forecast.seed)
        own: Floats = self.forecast.sample_paths(DRAWS, rng, ids=[self.own])[:, 0]
        return own

    @property
    def first(self) -> pd.Timestamp:
        """First period ahead."""
        return pd.Timestamp(self.table["ds"].iloc[0])

    @property
    def models(self) -> list[str]:
        """The models whose median is published, for the page's own rows."""
        rows = self.forecast.scores
        chosen = rows[(rows["unique_id"] == self.own) & rows["chosen"]]
        return [str(m) for m in chosen["model"] if m != "published"]

    def naive(self, segment: str) -> Floats:
        """Return the last season again, or the last value where there is no whole season."""
        y = self.past(segment)["y"].to_numpy(float)
        size, horizon = SEASON[self.run.grain], self.forecast.horizon
        if len(y) >= size and np.isfinite(y[-size:]).all():
            return np.asarray(np.resize(y[-size:], horizon))
        known = y[np.isfinite(y)]
        return np.full(horizon, known[-1])


def build(
    run: Run, measure: Measure, *, horizon: int, plan: Plan | None, seed: int = 0
) -> Expected:
    """Forecast a metric for every segment that a plan says must add up.

    Parameters
    ----------
    run
        From ``choices.start`` with one metric; ``where`` says which segment the page is about.
    measure
        The metric as that page may use it.
    horizon
        Periods ahead.
    plan
        Which dimensions must add up; None: the page's rows alone.
    seed
        Of ties and futures.

    Raises
    ------
    MethodError
        No period is usable.
    """
    dims = tuple(d for d in plan.dimensions if d) if plan else ()
    kept = {d: v for d, v in run.where.items() if d not in dims}
    fixed = {d: v for d, v in run.where.items() if d in dims}
    whole = measure if not fixed else measures.gather(replace(run, where=kept))[0]
    usable = whole.rows[whole.rows["usable"]]
    if usable.empty:
        raise MethodError(
            f"no {run.grain} of '{measure.name}' is usable, so nothing can be forecast. "
            "See which gate refuses it."
        )
    since, cut = _since(whole)
    history, nodes, alias = _history(run, whole, since, dims=dims, kept=kept, plan=plan)
    end = periods.step(run.as_of, run.grain, horizon)
    made = forecasts.forecast(
        history,
        horizon=horizon,
        freq=frequency(run),
        levels=sorted({*LEVELS, *([plan.staff_to] if plan else [])}),
        events=calendars.events(run.pack, nodes, since.date(), end.date()),
        missing=POLICY[plan.missing] if plan else "interpolate",
        seed=seed,
    )
    if len(nodes) > 1:
        table = forecasts.reconcile(made.table, hierarchy(nodes), errors=made.errors)
        made = replace(made, table=table)
    return Expected(
        run=run,
        measure=measure,
        plan=plan,
        forecast=made,
        own=_segment(run, alias, fixed, dims),
        parts=_below(alias, fixed, plan, dims),
        since=since,
        cut=cut,
    )


def frequency(run: Run) -> str:
    """Return a run's grain as the forecasting method names it, or refuse one it has not."""
    week = f"W-{run.pack.info.week_starts[:3].upper()}"
    known = {"day": "D", "week": week, "month": "MS", "quarter": "QS"}
    if run.grain not in known:
        raise ParamError(f"grain is '{run.grain}'; a forecast needs {', '.join(known)}.")
    return known[run.grain]


def _since(measure: Measure) -> tuple[pd.Timestamp, bool]:
    """Return the first period to learn from, and whether older ones are left out."""
    rows = measure.rows
    newest = rows[rows["regime"] == measure.now["regime"]]
    if len(newest) < len(rows) and newest["usable"].sum() >= ENOUGH:
        return pd.Timestamp(newest.loc[newest["usable"], "period"].iloc[0]), True
    return pd.Timestamp(rows.loc[rows["usable"], "period"].iloc[0]), False


def _history(
    run: Run,
    whole: Measure,
    since: pd.Timestamp,
    *,
    dims: tuple[str, ...],
    kept: Mapping[str, str],
    plan: Plan | None,
) -> tuple[pd.DataFrame, dict[str, dict[str, str]], dict[str, str]]:
    """Return every segment's history, what each fixes, and which stands for which."""
    judged = whole.rows[whole.rows["period"] >= since]
    good = judged.loc[judged["usable"], "period"]
    if not dims:
        return series.history(judged), {series.WHOLE: {}}, {series.WHOLE: series.WHOLE}
    rows = series.build(
        run.source,
        whole.name,
        by=dims,
        grain=run.grain,
        start=since.date(),
        end=run.end.date(),
        where=kept,
        known_by=run.known_by.date(),
    )
    rows = rows[rows["period"].isin(good)].dropna(subset=["value"])
    nodes, alias = _nodes(rows[list(dims)].drop_duplicates(), dims)
    parts = []
    for by in _levels(dims):
        own = series.history(rows, by=by)
        parts.append(own[own["unique_id"].isin(list(nodes))])
    history = pd.concat(parts, ignore_index=True)
    return _framed(history, judged, plan), nodes, alias


def _levels(dims: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return every set of dimensions, the whole set first and none last."""
    return [by for size in range(len(dims), -1, -1) for by in combinations(dims, size)]


def _nodes(
    rows: pd.DataFrame, dims: tuple[str, ...]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Return the segments that differ, and for those of the same rows the one that stands."""
    leaf = series.segment_ids(rows, dims)
    nodes, alias = dict[str, dict[str, str]](), dict[str, str]()
    standing: dict[frozenset[str], str] = {}
    for by in _levels(dims):
        ids = series.segment_ids(rows, by)
        for name, group in rows.groupby(ids, sort=True):
            held = frozenset(leaf[group.index])
            alias[str(name)] = standing.setdefault(held, str(name))
            if alias[str(name)] == name:
                nodes[str(name)] = {d: str(group[d].iloc[0]) for d in by}
    return nodes, alias


def _framed(history: pd.DataFrame, judged: pd.DataFrame, plan: Plan | None) -> pd.DataFrame:
    """Give every series the unusable periods as not known, and one row in the last period."""
    ids = history["unique_id"].unique()
    bad = judged.loc[~judged["usable"], "period"]
    last = judged["period"].iloc[-1]
    holes = pd.MultiIndex.from_product([ids, bad], names=["unique_id", "ds"]).to_frame(
        index=False
    )
    ends = pd.DataFrame({"unique_id": ids, "ds": last})
    there = history[["unique_id", "ds"]]
    absent = ends.merge(there, how="left", indicator=True)
    absent = absent[absent.pop("_merge") == "left_only"]
    absent = absent[~absent["ds"].isin(bad)]
    zero = 0.0 if plan is not None and plan.missing == "zero" else np.nan
    made = [history, holes.assign(y=np.nan), absent.assign(y=zero)]
    return pd.concat([part for part in made if len(part)], ignore_index=True)


def hierarchy(nodes: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Return which segment is a part of which: ``unique_id``, ``parent``.

    A segment is part of one that fixes less, and the same of it.
    """
    most = max(len(fixed) for fixed in nodes.values())
    rows: list[tuple[str, str | None]] = []
    for name, fixed in nodes.items():
        if len(fixed) == most:
            wholes = [
                other
                for other, less in nodes.items()
                if len(less) < most and less.items() <= fixed.items()
            ]
            rows += [(name, whole) for whole in wholes]
    return pd.DataFrame(rows, columns=["unique_id", "parent"])


def _segment(
    run: Run, alias: Mapping[str, str], fixed: Mapping[str, str], dims: tuple[str, ...]
) -> str:
    """Return the name of the segment that fixes these."""
    by = [d for d in dims if d in fixed]
    name = ", ".join(f"{d}={fixed[d]}" for d in by) or series.WHOLE
    if name not in alias:
        raise MethodError(f"there is no usable {run.grain} of {name}. Choose another where.")
    return alias[name]


def _below(
    alias: Mapping[str, str], fixed: Mapping[str, str], plan: Plan | None, dims: tuple[str, ...]
) -> dict[str, str]:
    """Return the page's queues: the queue's value, and the segment's name."""
    if plan is None or plan.queue is None or plan.queue in fixed:
        return {}
    start = [f"{d}={fixed[d]}" for d in dims if d in fixed]
    found = {}
    for name, stands in alias.items():
        *others, last = name.split(", ")
        if others == start and last.startswith(f"{plan.queue}="):
            found[last.partition("=")[2]] = stands
    return found
