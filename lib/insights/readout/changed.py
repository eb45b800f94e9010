"""Why did a metric move, and where: one change, split every way that its dimensions allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from insights import wording
from insights.data import periods, series, windows
from insights.data.windows import Windows
from insights.errors import ParamError
from insights.methods import changes, intervals, segments
from insights.methods.changes import CountChange, RateChange
from insights.methods.segments import Segments
from insights.pack import Metric
from insights.readout import card as cards
from insights.readout import pooling
from insights.readout.card import Scorecard
from insights.readout.choices import Run
from insights.readout.measures import Measure

Split: TypeAlias = RateChange | CountChange
HISTORY = 52  # periods that say how much a figure wobbles


@dataclass(frozen=True, slots=True)
class WhatChanged:
    """A metric's change between two windows with its parts; a Result."""

    card: Scorecard  # of the one metric: its usual range, goal and gates
    windows: Windows
    splits: Mapping[str, Split]  # by dimension, the one that tells most first
    segments: Segments | None  # None where there is nothing to search
    year_ago: Split | None  # the same weeks a year earlier

    @property
    def run(self) -> Run:
        """What the page is about."""
        return self.card.run

    @property
    def measure(self) -> Measure:
        """The metric."""
        return self.card.measures[0]

    @property
    def dimension(self) -> str:
        """The dimension that tells most; "" where the metric has none to be split by."""
        return next((name for name in self.splits if name), "")

    @property
    def lead(self) -> Split:
        """The split that tells most."""
        return self.splits[self.dimension]

    @property
    def table(self) -> pd.DataFrame:
        """The parts of the split that tells most."""
        return self.lead.table

    def narrative(self) -> str:
        """Return what moved and what it came from."""
        return self.lead.narrative()

    def plot(self) -> Figure:
        """Return the waterfall of the split that tells most."""
        return self.lead.plot()


def build(
    run: Run, *, compare: str = "previous", span: int = 4, by: Sequence[str] = ()
) -> WhatChanged:
    """Compare two windows of a run's one metric.

    Parameters
    ----------
    run
        From ``choices.start`` with one metric.
    compare, span
        See ``windows.choose``.
    by
        Dimensions to split by; none: all of the metric that ``where`` leaves open.

    Raises
    ------
    ParamError
        The run has more than one metric, or it has no such dimension or does not add up.
    MethodError
        A window holds no usable period.
    """
    if len(run.metrics) != 1:
        raise ParamError(
            f"a change is explained one metric at a time; this run has {len(run.metrics)}."
        )
    name = run.metrics[0]
    metric = run.pack.metrics[name]
    windows.require_additive(name, metric)
    series.require_dimensions(name, metric, by)
    card = cards.build(run)
    measure = card.measures[0]
    chosen = windows.choose(
        measure.rows, grain=run.grain, compare=compare, span=span, events=run.pack.events
    )
    open_ = [d for d in by or metric.dimensions if d not in run.where]
    rows = windows.rows(
        run.source, name, chosen, by=open_, where=run.where, known_by=run.known_by.date()
    )
    wobble = dispersion(measure, chosen)
    told = [d for d in open_ if len(rows[d].unique()) > 1]
    splits = {d: _split(run, measure, rows, d, wobble) for d in told}
    order = sorted(splits, key=lambda d: -_tells(splits[d]))
    whole = _split(run, measure, rows.assign(_whole=run.subject), "_whole", wobble)
    return WhatChanged(
        card=card,
        windows=chosen,
        splits={d: splits[d] for d in order} or {"": whole},
        segments=_search(run, measure, rows, told),
        year_ago=_year_ago(run, measure, chosen, wobble),
    )


def subject(measure: Measure) -> str:
    """Return what moved, by name: of a duration the share within its target."""
    if measure.metric.kind != "duration":
        return measure.metric.title
    target = wording.target(float(measure.metric.target or 0), "hours")
    return f"{measure.metric.title} within {target}"


def unit(metric: Metric) -> str:
    """Return the unit of what is compared."""
    return "share" if metric.kind == "duration" else metric.unit


def dispersion(measure: Measure, chosen: Windows) -> float:
    """Return how much more the periods before wobble than counting would."""
    rows, metric = measure.rows, measure.metric
    calm = rows[rows["usable"] & (rows["period"] < chosen.after[0])].tail(HISTORY)
    if metric.kind == "count":
        return intervals.dispersion(calm["events"])
    if unit(metric) != "share":
        return 1.0
    counted = calm["n_effective" if "n_effective" in calm else "exposure"]
    share = calm["within"] if metric.kind == "duration" else calm["value"]
    return intervals.dispersion(share * counted, counted)


def _split(run: Run, measure: Measure, rows: pd.DataFrame, by: str, wobble: float) -> Split:
    """Split the change by one dimension."""
    count = measure.metric.kind == "count"
    parts = pooling.pooled(rows, by, run.pack.info.min_group, count=count)
    name, of = subject(measure), unit(measure.metric)
    noun = by.strip("_").replace("_", " ")
    split = changes.count_change if count else changes.rate_change
    return split(parts, metric=name, unit=of, dispersion=wobble, noun=noun)


def _tells(split: Split) -> float:
    """Return how far a split's most telling part is from noise, in standard errors."""
    detail = split.detail
    if isinstance(split, CountChange):
        fair = split.change * detail["before"] / max(split.before, 1.0)
        parts = [(detail["part"] - fair, detail["part_upper"] - detail["part_lower"])]
    else:
        parts = [
            (detail[name], detail[f"{name}_upper"] - detail[f"{name}_lower"])
            for name in ("mix", "rate")
        ]
    ratios = np.concatenate([(part.abs() / width.where(width > 0)) for part, width in parts])
    return float(np.nanmax(ratios)) if np.isfinite(ratios).any() else 0.0


def _search(
    run: Run, measure: Measure, rows: pd.DataFrame, dims: Sequence[str]
) -> Segments | None:
    """Search all dimensions at once for the few combinations that carry the change."""
    if not dims:
        return None
    metric = measure.metric
    rows = rows.assign(**{d: rows[d].astype(str).str.replace("_", " ") for d in dims})
    leaves = [c for c in ("events", "exposure", "events_sq") if c in rows]
    found = segments.find(
        rows[["side", *dims, *leaves]],
        dims=list(dims),
        kind="total" if metric.kind == "count" else "rate",
        metric=subject(measure),
        unit=unit(metric),
    )
    return _shown(found, rows, run.pack.info.min_group, count=metric.kind == "count")


def _shown(found: Segments, rows: pd.DataFrame, least: int, *, count: bool) -> Segments:
    """Leave out segments with too few cases to show."""
    kept = []
    for _, segment in found.table.iterrows():
        own = rows
        for dimension in found.dims:
            if pd.notna(segment[dimension]):
                own = own[own[dimension] == segment[dimension]]
        cases = own.groupby("side")["events" if count else "exposure"].sum()
        kept.append(bool(((cases == 0) | (cases >= least)).all()))
    if all(kept):
        return found
    return replace(found, table=found.table[kept].reset_index(drop=True))


def _year_ago(run: Run, measure: Measure, chosen: Windows, wobble: float) -> Split | None:
    """Return the change between the same periods a year earlier, where all were usable."""
    if chosen.compare == "year":
        return None
    back = -windows.YEAR_BACK[run.grain]
    moved = [
        tuple(periods.step(p, run.grain, back) for p in side)
        for side in (chosen.before, chosen.after)
    ]
    good = set(measure.rows.loc[measure.rows["usable"], "period"])
    if not set(moved[0]) | set(moved[1]) <= good:
        return None
    then = replace(chosen, before=moved[0], after=moved[1])
    rows = windows.rows(
        run.source, measure.name, then, by=(), where=run.where, known_by=run.known_by.date()
    )
    return _split(run, measure, rows.assign(_whole=run.subject), "_whole", wobble)
