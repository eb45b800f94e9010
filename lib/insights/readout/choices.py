"""What is this readout about? Which pack, rows and period, and how fresh the data are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from insights import pack as packs
from insights import wording
from insights.data import periods, remembered, series, sources, studies, windows
from insights.data.sources import Source
from insights.errors import ContractError, ParamError
from insights.pack import Metric, Pack

LEAST_HISTORY = 2
MOST_AHEAD = 104
EVERYTHING = "*"  # as a dimension's value: do not keep to the pack's usual one


@dataclass(frozen=True, slots=True)
class Run:
    """One readout's choices, checked against the data."""

    source: Source
    where: dict[str, str]
    grain: str
    metrics: tuple[str, ...]
    as_of: pd.Timestamp  # first day of the period shown
    as_of_given: bool
    known_by: (
        pd.Timestamp
    )  # rows that arrived later are left out, so that a rerun gives the same page
    data_through: pd.Timestamp  # last day that every table used has reached

    @property
    def pack(self) -> Pack:
        """The pack."""
        return self.source.pack

    @property
    def end(self) -> pd.Timestamp:
        """Last day of the period shown."""
        return periods.last_day(self.as_of, self.grain)

    @property
    def subject(self) -> str:
        """Whom the sentences speak of: a value of the pack's subject, or the operation."""
        return self.where.get(self.pack.info.subject or "", self.pack.info.title)

    @property
    def period(self) -> str:
        """The period shown, in words."""
        return wording.period(self.as_of.date(), self.grain)

    @property
    def kick(self) -> str:
        """The line above the headline: what, of whom, when."""
        clocks = {self.pack.metrics[name].clock_is for name in self.metrics}
        filed = f"filed {wording.in_period(self.as_of.date(), self.grain)}"
        parts = [self.pack.info.title, filed if clocks == {"filed"} else self.period]
        kept = {k: v for k, v in self.where.items() if k != self.pack.info.subject}
        parts[1:1] = [value for value in kept.values()]
        if self.subject != self.pack.info.title:
            parts.insert(0, self.subject)
        return " · ".join(parts)

    @property
    def freshness(self) -> str:
        """How far the data reach, and what of them is not shown yet."""
        text = f"Data to {wording.day(self.data_through.date())}"
        following = periods.step(self.as_of, self.grain)
        if following > self.data_through:
            return text + "."
        there = (self.data_through - following).days + 1
        whole = (periods.last_day(following, self.grain) - following).days + 1
        name = wording.the_period(following.date(), self.grain)
        if there >= whole:
            return f"{text}; later periods than this one are there."
        return f"{text}; {name} holds {there} of {whole} days and is not shown."

    def shown(self, metric: str) -> pd.Timestamp:
        """First day of the newest period in which a metric was final when the readout spoke."""
        after = pd.Timedelta(days=self.pack.metrics[metric].mature_after)
        period, back = self.as_of, 7 if self.grain == "day" else 1  # weekdays stay comparable
        while periods.last_day(period, self.grain) + after > self.known_by:
            period = periods.step(period, self.grain, -back)
        return period


def start(
    pack: str,
    *,
    where: Mapping[str, str] | None = None,
    grain: str = "week",
    as_of: date | str = "",
    metrics: Sequence[str] = (),
    metric: str | None = None,
    study: str | None = None,
    coming: str | None = None,
) -> Run:
    """Check a readout's parameters against its pack and its data.

    Parameters
    ----------
    pack
        Name or path.
    where
        Dimension: value. Laid over the pack's own ``where``; ``"*"`` lifts a value of the pack.
    grain
        day, week, month, quarter or year.
    as_of
        Any day of the period to show; empty: the last complete and mature one.
    metrics
        Names; none: all that can be kept to ``where``.
    metric
        Of a page about one metric its name; "": the pack's first that adds up over segments.
    study
        An entry of drivers.yaml, whose metric the page is about; "": the pack's first.
    coming
        Of a page about what is coming its metric, a count; "": that of the pack's first plan,
        or the pack's first count.

    Raises
    ------
    ParamError
        A parameter names what the pack or the data do not have.
    ContractError
        The data hold no complete period.
    """
    periods.require_grain(grain)
    loaded = packs.load(pack)
    kept = {k: v for k, v in {**loaded.info.where, **(where or {})}.items() if v != EVERYTHING}
    source = sources.open_source(loaded)
    sources.require_values(source, kept)
    asked: Sequence[str] = metrics
    if study is not None:
        asked = [metric_of(loaded, study)]
    elif coming is not None:
        asked = [_count(loaded, coming or _first_count(loaded, kept))]
    elif metric is not None:
        asked = [metric or _first_additive(loaded, kept)]
    names = tuple(asked) or _kept_by(loaded, kept)
    for name in names:
        series.require_dimensions(name, series.require_metric(loaded, name), list(kept))
    begin, through = _data_span(source, names)
    soonest = min(loaded.metrics[name].mature_after for name in names)
    if as_of:
        first = _given(as_of, grain, loaded, begin, through)
    else:
        first = _last_complete(through - pd.Timedelta(days=soonest), grain, loaded)
    known_by = periods.last_day(first, grain) + pd.Timedelta(days=soonest)
    return Run(source, kept, grain, names, first, bool(as_of), known_by, through)


def metric_of(pack: Pack, study: str) -> str:
    """Return the metric that a study explains.

    Raises
    ------
    ParamError
        The pack has no such study, or the study names no metric.
    """
    chosen = studies.require_study(pack, study_of(pack, study))
    if chosen.metric is None:
        raise ParamError(
            f"study '{study}' names no metric. Say in drivers.yaml which metric it explains, "
            "so that weeks that fail its gates are left out."
        )
    return chosen.metric


def study_of(pack: Pack, study: str) -> str:
    """Return a study's name; of none given the pack's first."""
    return study or next(iter(pack.studies), "")


def _first_additive(pack: Pack, kept: Mapping[str, str]) -> str:
    """Return the first metric that can be split by something that ``kept`` leaves open."""
    for name, metric in pack.metrics.items():
        splits = set(metric.dimensions) - set(kept)
        adds_up = metric.kind != "distinct" and not metric.poststratify
        if adds_up and splits and set(kept) <= set(metric.dimensions):
            return name
    raise ParamError("no metric of the pack can be split by a dimension. Name one: metric.")


def _count(pack: Pack, name: str) -> str:
    """Return a metric's name, or refuse one that is no count of what comes in."""
    metric = series.require_metric(pack, name)
    if metric.kind != "count" or metric.snapshot:
        kind = "a stock" if metric.snapshot else f"a {metric.kind}"
        raise ParamError(
            f"metric '{name}' is {kind}; only a count of what comes in is forecast. "
            "Choose a count."
        )
    return name


def _first_count(pack: Pack, kept: Mapping[str, str]) -> str:
    """Return the metric of the first plan that ``kept`` leaves, or the first count."""
    planned = [plan.metric for plan in pack.plans.values()]
    for name in [*planned, *pack.metrics]:
        metric = pack.metrics[name]
        plain = metric.kind == "count" and not metric.snapshot
        if plain and set(kept) <= set(metric.dimensions):
            return name
    raise ParamError("the pack has no count to forecast. Name one: metric.")


def _kept_by(pack: Pack, where: Mapping[str, str]) -> tuple[str, ...]:
    names = tuple(n for n, m in pack.metrics.items() if set(where) <= set(m.dimensions))
    if not names:
        raise ParamError(
            f"no metric of the pack can be kept to {wording.listing(list(where))}."
        )
    return names


def _data_span(source: Source, names: Sequence[str]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first day of all, and the last that every table has reached, up to today."""
    mark = sources.stamp(source)
    key = mark and ("span", mark, tuple(names))
    return remembered.once(key, lambda: _look_up_span(source, names))


def _look_up_span(source: Source, names: Sequence[str]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Ask every table of some metrics for its first and last day."""
    clocks: dict[tuple[str, str], Metric] = {}
    for name in names:
        metric = source.pack.metrics[name]
        clocks.setdefault((metric.table, metric.clock), metric)
    begun, reached = [], []
    for (table, clock), metric in clocks.items():
        rows = series.of_metric(source, metric, end=pd.Timestamp.now().date())
        day = rows[series.DAY]
        first, last = rows.aggregate(first=day.min(), last=day.max()).to_pandas().iloc[0]
        if pd.isna(last):
            raise ContractError(
                f"table '{table}' has no row with a readable {clock}. Check its source."
            )
        begun.append(pd.Timestamp(first))
        reached.append(pd.Timestamp(last))
    return min(begun), min(reached)


def _last_complete(through: pd.Timestamp, grain: str, pack: Pack) -> pd.Timestamp:
    first = periods.first_day(through, grain, pack.info.week_starts)
    if periods.last_day(first, grain) > through:
        first = periods.step(first, grain, -1)
    return first


def _given(
    as_of: date | str, grain: str, pack: Pack, begin: pd.Timestamp, through: pd.Timestamp
) -> pd.Timestamp:
    day = a_day("as_of", as_of)
    first = periods.first_day(day, grain, pack.info.week_starts)
    last = periods.last_day(first, grain)
    if last < begin:
        raise ParamError(
            f"as_of is '{as_of}', but the data begin on {wording.day(begin.date())}."
        )
    if last > through:
        newest = wording.the_period(_last_complete(through, grain, pack).date(), grain)
        end = f"the data end on {wording.day(through.date())}"
        if day <= through:
            end = f"{wording.the_period(first.date(), grain)} is not complete: {end}"
        raise ParamError(
            f"as_of is '{as_of}', but {end}; the last complete {grain} is {newest}."
        )
    return first


def a_day(name: str, said: date | str) -> pd.Timestamp:
    """Return a parameter's day, or refuse what is none."""
    try:
        return pd.Timestamp(date.fromisoformat(str(said)))
    except ValueError:
        raise ParamError(f"{name} is '{said}'; it must be a date such as 2025-12-29.") from None


def step_ahead(run: Run, name: str, said: str, horizon: int) -> int:
    """Return how many periods after the next one a day lies; refuse one beyond the horizon."""
    day = a_day(name, said)
    following = periods.step(run.as_of, run.grain)
    last = periods.step(run.as_of, run.grain, horizon)
    if not following <= day <= periods.last_day(last, run.grain):
        raise ParamError(
            f"{name} is '{said}', which is not in the {wording.count(horizon, run.grain)} "
            f"from {wording.day(following.date())}. Give a day in them."
        )
    return int((periods.between(following, last, run.grain) <= day).sum()) - 1


def rehearse(parameters: Mapping[str, Any]) -> None:
    """Refuse a notebook's parameters that its first cells would refuse, without running it.

    Parameters
    ----------
    parameters
        All that the notebook declares, by name.

    Raises
    ------
    ParamError
        As ``start``, or of dates and lengths; further parameters are left alone.
    """
    known = {"where", "grain", "as_of", "metrics", "metric", "study"}
    asked = {k: v for k, v in parameters.items() if k in known}
    if "horizon" in parameters:
        asked["coming"] = asked.pop("metric", "")
    run = start(parameters["pack"], **asked)
    run.source.backend.disconnect()
    if {"compare", "span"} <= parameters.keys():
        events = run.pack.events
        windows.require(parameters["compare"], parameters["span"], run.grain, events)
    if "history" in parameters:
        require_history(parameters["history"])
    if "horizon" in parameters:
        require_horizon(parameters["horizon"])
        if launch := parameters.get("launch"):
            step_ahead(run, "launch", launch, parameters["horizon"])
        if clear_by := parameters.get("clear_by"):
            a_day("clear_by", clear_by)


def require_history(history: int) -> None:
    """Refuse a small chart of fewer than two periods."""
    if history < LEAST_HISTORY:
        raise ParamError(f"history is {history}; it must be {LEAST_HISTORY} periods or more.")


def require_horizon(horizon: int) -> None:
    """Refuse to look ahead by no period, or by more than anybody can know."""
    if not 1 <= horizon <= MOST_AHEAD:
        raise ParamError(f"horizon is {horizon}; it must be from 1 to {MOST_AHEAD} periods.")
