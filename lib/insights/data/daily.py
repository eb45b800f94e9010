"""What do all the metrics of a table add up to, day by day? One query, however many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from ibis.expr.types import Table as Rows

from insights.data import periods, series, sharing, weighting
from insights.data.series import DAY
from insights.data.sources import Kept, Source
from insights.data.tables import over, quoted, segment
from insights.pack import Metric

VOLUME = "volume"
FIGURES = ("events", "exposure", "events_sq", *weighting.SQUARES, "cases")


@dataclass(frozen=True, slots=True)
class Ask:
    """A metric, and what else to add up over its rows: SQL row expressions by name."""

    metric: Metric
    counts: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, str]:
        """The SQL of what one row adds to the metric's own sums."""
        return series.expressions(self.metric) if _adds_up(self.metric) else {}


def read(
    source: Source, asks: Mapping[str, Ask], *, by: Sequence[str] = (), **kept: Any
) -> dict[str, pd.DataFrame]:
    """Return what metrics add up to, local day by local day, with one query a table and clock.

    Parameters
    ----------
    asks
        What to read, by name.
    by
        Dimensions that all of the metrics have.
    kept
        ``where``, ``start``, ``end`` and ``known_by`` as in ``series.build``.

    Returns
    -------
    dict
        A frame a name: ``period`` (day), ``by``, ``volume`` (what the table says that its rows
        stand for), the sums of ``series.added_up`` and the counts asked for. A day without rows
        is not there.

    Raises
    ------
    ContractError
        A metric adds up text.
    """
    places: dict[tuple[str, str], dict[str, Ask]] = {}
    for name, ask in asks.items():
        places.setdefault((ask.metric.table, ask.metric.clock), {})[name] = ask
    found: dict[str, pd.DataFrame] = {}
    for together in places.values():
        found |= _read(source, together, by=list(by), **kept)
    return found


def within(
    days: pd.DataFrame, start: date | None = None, end: date | None = None
) -> pd.DataFrame:
    """Return the days from one to another, both included."""
    if start is not None:
        days = days[days["period"] >= pd.Timestamp(start)]
    return days if end is None else days[days["period"] <= pd.Timestamp(end)]


def build(
    source: Source,
    name: str,
    days: pd.DataFrame,
    *,
    by: Sequence[str] = (),
    grain: str = "week",
    start: date | None = None,
    end: date | None = None,
    **kept: Any,
) -> pd.DataFrame:
    """Return the rows of ``series.build``, made of a metric's days where those add up.

    Distinct counts, durations and weighted shares do not: they are asked for, with what is
    ``kept``.
    """
    metric, keys = source.pack.metrics[name], [*by, "period"]
    if not _adds_up(metric):
        return series.build(source, name, by=by, grain=grain, start=start, end=end, **kept)
    days = within(days, start, end)
    first = periods.of_days(days["period"], grain, source.pack.info.week_starts)
    if metric.kind == "count":
        days = days.assign(exposure=1.0)
    if metric.snapshot:
        last = days["period"] == first.map(lambda period: periods.last_day(period, grain))
        days, first = days[last], first[last]
    figures = [figure for figure in FIGURES if figure in days]
    groups = days.assign(period=first)[[*keys, *figures]].groupby(keys)
    sums = groups.sum().where(groups.count().eq(groups.size(), axis=0))  # no number stays none
    found = series.weighed(source, metric, series.typed(sums.reset_index(), list(by)))
    return series.finished(found, name, metric, by=list(by), grain=grain)


def _adds_up(metric: Metric) -> bool:
    """Tell whether the sums of a metric's days make up those of any period."""
    return metric.kind in {"count", "ratio"} and not metric.poststratify


def _read(
    source: Source, asks: Mapping[str, Ask], *, by: list[str], **kept: Any
) -> dict[str, pd.DataFrame]:
    """Read metrics that share a table and a clock."""
    where = kept.pop("where", None)
    said = [(name, a.metric.model_dump_json(), dict(a.counts)) for name, a in asks.items()]

    def ask(apart: list[str], where: Kept) -> sharing.Figures:
        return _ask(source, asks, by=apart, where=where, **kept)

    told = ("days", repr((said, sorted(kept.items()))))
    return sharing.figures(source, told, ask, by=by, where=where)


def _ask(
    source: Source, asks: Mapping[str, Ask], *, by: list[str], **kept: Any
) -> dict[str, pd.DataFrame]:
    """Ask one query for metrics that share a table and a clock."""
    metric = next(iter(asks.values())).metric
    volume = source.pack.source.tables[metric.table].volume
    texts = [volume]
    texts += [t for a in asks.values() for t in (*a.parts.values(), *a.counts.values())]
    columns = {text: f"_{i}" for i, text in enumerate(dict.fromkeys(texts))}
    rows = _rows(source, metric, columns, by, **kept)
    _require_numbers(rows, asks, columns)

    sums = {VOLUME: _total(rows, columns[volume])}
    called: dict[str, dict[str, str]] = {}  # by metric and figure, the query's name for it
    for name, ask in asks.items():
        made = {count: _total(rows, columns[text]) for count, text in ask.counts.items()}
        if ask.parts:
            parts = {part: _number(rows, columns[text]) for part, text in ask.parts.items()}
            made |= series.added_up(source, ask.metric, parts)
        called[name] = {figure: f"_{len(sums) + i}" for i, figure in enumerate(made)}
        sums |= dict(zip(called[name].values(), made.values(), strict=True))
    keys = {"period": rows[DAY], **{dimension: segment(rows, dimension) for dimension in by}}
    found = series.typed(rows.group_by(**keys).agg(**sums).to_pandas(), by)
    whole = ["period", *by, VOLUME]
    return {
        name: found[whole].assign(**{figure: found[here] for figure, here in own.items()})
        for name, own in called.items()
    }


def _number(rows: Rows, column: str) -> Any:
    return rows[column].cast("float64")


def _total(rows: Rows, column: str) -> Any:
    """Return the sum of a column; a row for which it is true counts one."""
    if rows[column].type().is_boolean():
        return rows.count(where=rows[column])
    return _number(rows, column).fill_null(0).sum()


def _rows(
    source: Source,
    metric: Metric,
    columns: Mapping[str, str],
    by: list[str],
    *,
    where: Kept | None = None,
    start: date | None = None,
    end: date | None = None,
    known_by: date | None = None,
) -> Rows:
    """Return the local day, the dimensions and one column an expression."""
    day = series.clock_day(source, metric)
    chosen = [f"{day} as {DAY}", *map(quoted, by)]
    chosen += [f"({text}\n) as {column}" for text, column in columns.items()]
    rows = source.rows(metric.table, known_by, where)
    rows = over(rows, ", ".join(chosen), f"where {day} is not null")
    return series.within(rows, start, end)


def _require_numbers(rows: Rows, asks: Mapping[str, Ask], columns: Mapping[str, str]) -> None:
    """Refuse to add up text."""
    kinds = rows.schema()
    for ask in asks.values():
        for text in ask.parts.values():
            if kinds[columns[text]].is_string():
                raise series.adds_up_text(ask.metric, text)
