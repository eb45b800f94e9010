"""What a metric was, period by period; only small aggregates leave the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table as Rows

from insights.data import durations, periods, sharing, weighting
from insights.data.sources import Kept, Source, opened
from insights.data.tables import local_day, over, segment
from insights.errors import ContractError, ParamError, did_you_mean, some
from insights.pack import Metric, Pack

EVENTS, EXPOSURE, DAY = "_events", "_exposure", "_day"
WHOLE = "all"  # the segment of everything


def build(
    pack: Pack | Source | str | Path,
    metric: str,
    *,
    by: Sequence[str] = (),
    grain: str = "week",
    start: date | str | None = None,
    end: date | str | None = None,
    where: Mapping[str, str] | None = None,
    known_by: date | str | None = None,
) -> pd.DataFrame:
    """Return a metric as tidy rows, one a period and segment, with one query.

    Parameters
    ----------
    pack
        A pack, its name or path, or a source that is open already.
    metric
        A name from the pack's ``metrics.yaml``.
    by
        Dimensions of the metric; one segment a combination of their values.
    grain
        ``day``, ``week``, ``month``, ``quarter`` or ``year``; weeks start as the pack says.
    start, end
        First and last local day, both included.
    where
        Keep only rows with these values of dimensions.
    known_by
        Leave out rows that arrived after this day, where the table has ``recorded_at``.

    Returns
    -------
    DataFrame
        ``period`` (first day), ``metric``, one column a dimension, ``events``, ``exposure`` (a
        ratio's denominator; for a duration the items; else days with data), ``value`` in the
        metric's unit; ``events_sq`` for means over cases; ``p90`` and ``within`` for durations;
        for shares of a sampled table ``cases`` and ``n_effective`` (see ``weighting``).
        A period without rows stands there with NaN, from the segment's first period to the last
        of all. Rows that name no segment are the segment ``(none)``.

    Raises
    ------
    ParamError
        The pack has no such metric, the metric no such dimension, or there is no such grain.
    ContractError
        The metric adds up text.
    """
    periods.require_grain(grain)
    with opened(pack) as source:
        chosen = require_metric(source.pack, metric)
        require_dimensions(metric, chosen, [*by, *(where or {})])
        _require_numbers(source, chosen)
        until = known_by if known_by is not None else end

        def ask(apart: list[str], kept: Kept) -> sharing.Figures:
            span = {"start": start, "end": end, "known_by": known_by}
            rows = of_metric(source, chosen, where=kept, **span)
            return {metric: _figures(source, rows, chosen, by=apart, grain=grain, until=until)}

        if chosen.kind == "duration" and until is None:  # it ends with the last row kept to
            found = ask([*by], where or {})[metric]
        else:
            said = ("series", chosen.model_dump_json(), grain, start, end, known_by)
            found = sharing.figures(source, said, ask, by=by, where=where)[metric]
    return finished(found, metric, chosen, by=list(by), grain=grain)


def _figures(
    source: Source,
    rows: Rows,
    metric: Metric,
    *,
    by: list[str],
    grain: str,
    until: date | str | None,
) -> pd.DataFrame:
    """Return a metric's figures by period and segment, where it has any."""
    if metric.kind == "duration":
        return durations.summarise(
            rows,
            metric,
            by=by,
            bucket=_bucket(source, grain),
            cutoff=_midnight_after(until, source.pack.info.timezone),
            hours=source.pack.info.hours,
        )
    if metric.snapshot:
        return _stock(source, rows, by=by, grain=grain)
    return _sums(source, rows, metric, by=by, grain=grain)


def finished(
    found: pd.DataFrame, name: str, metric: Metric, *, by: list[str], grain: str
) -> pd.DataFrame:
    """Return sums as series rows: the metric's name, its value, and no period left out."""
    found.insert(1, "metric", name)
    if metric.kind != "duration":
        share = found["events"] / found["exposure"].where(found["exposure"] > 0)
        found["value"] = share if metric.kind == "ratio" else found["events"]
    return complete(found, by=by, grain=grain)


def require_metric(pack: Pack, name: str) -> Metric:
    """Return a metric of the pack or say which there are."""
    if name not in pack.metrics:
        hint = did_you_mean(name, pack.metrics) or "."
        raise ParamError(
            f"unknown metric '{name}'{hint} The pack has {some(pack.metrics, most=40)}."
        )
    return pack.metrics[name]


def require_dimensions(name: str, metric: Metric, wanted: Sequence[str]) -> None:
    """Refuse a dimension that the metric does not declare."""
    for dimension in wanted:
        if dimension not in metric.dimensions:
            hint = did_you_mean(dimension, metric.dimensions) or "."
            there = some(metric.dimensions) if metric.dimensions else "none"
            raise ParamError(
                f"metric '{name}' has no dimension '{dimension}'{hint} It has {there}."
            )


def of_metric(
    source: Source,
    metric: Metric,
    *,
    where: Kept | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    known_by: date | str | None = None,
) -> Rows:
    """Return the metric's rows with its expressions worked out and its clock as a local day."""
    rows = source.rows(metric.table, known_by, where)
    day = clock_day(source, metric)
    parts = [f"{day} as {DAY}"]
    kept = "varchar" if metric.kind == "distinct" else "double"
    for part, text in expressions(metric).items():
        parts.append(f"cast(({text}\n) as {kept}) as {part}")
    rows = over(rows, f"*, {', '.join(parts)}", f"where {day} is not null")
    return within(rows, start, end)


def within(rows: Rows, start: date | str | None, end: date | str | None) -> Rows:
    """Return the rows from one local day to another, both included."""
    if start is not None:
        rows = rows.filter(rows[DAY] >= ibis.date(pd.Timestamp(start).date()))
    if end is not None:
        rows = rows.filter(rows[DAY] <= ibis.date(pd.Timestamp(end).date()))
    return rows


def clock_day(source: Source, metric: Metric) -> str:
    """Return SQL for the local day of a metric's clock."""
    return local_day(source.tables[metric.table], metric.clock, source.pack.info.timezone)


def expressions(metric: Metric) -> dict[str, str]:
    """Return the SQL of what one row adds; a count without a numerator counts rows."""
    numerator = metric.numerator or ("1" if metric.kind == "count" else None)
    made = {EVENTS: numerator, EXPOSURE: metric.denominator}
    return {part: text for part, text in made.items() if text is not None}


def _require_numbers(source: Source, metric: Metric) -> None:
    """Refuse to add up text: the engine would name the values that are no numbers."""
    made = expressions(metric)
    if metric.kind == "distinct" or not made:
        return
    chosen = ", ".join(f"({text}\n) as {part}" for part, text in made.items())
    kinds = over(source.tables[metric.table], chosen).schema()
    for part, text in made.items():
        if kinds[part].is_string():
            raise adds_up_text(metric, text)


def adds_up_text(metric: Metric, text: str) -> ContractError:
    """Return what is wrong with an expression that gives text."""
    return ContractError(
        f"'{metric.title}' adds up text ({text}). Say cast: {{column: number}} in source.yaml."
    )


def complete(
    rows: pd.DataFrame, *, by: Sequence[str] = (), grain: str = "week"
) -> pd.DataFrame:
    """Return the rows with a row of NaN for every period that a segment lacks."""
    if rows.empty:
        return rows
    keys = [*by]
    last = rows["period"].max()
    frame = periods.between(rows["period"].min(), last, grain).to_frame(index=False)
    if keys:
        begun = rows.groupby(keys, as_index=False).agg(_begun=("period", "min"))
        frame = begun.merge(frame, how="cross")
        frame = frame[frame["period"] >= frame["_begun"]].drop(columns="_begun")
    frame = frame.assign(metric=rows["metric"].iloc[0])
    merged = frame.merge(rows, on=["period", "metric", *keys], how="left")
    return merged.loc[:, rows.columns].sort_values([*keys, "period"], ignore_index=True)


def history(rows: pd.DataFrame, *, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return series rows as a history: ``unique_id``, ``ds``, ``y`` by segment and period.

    Parameters
    ----------
    rows
        ``period``, ``value``, the dimensions, perhaps ``usable``: what is not is unknown.
    by
        Dimensions that tell segments apart. Values of one segment and period are added up; what
        is not known of it is left out of the sum.
    """
    y = rows["value"].where(rows["usable"]) if "usable" in rows else rows["value"]
    long = pd.DataFrame(
        {"unique_id": segment_ids(rows, by), "ds": rows["period"], "y": y.astype("float64")}
    )
    summed: pd.DataFrame = long.groupby(["unique_id", "ds"])["y"].sum(min_count=1).reset_index()
    return summed


def segment_ids(rows: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Return the name of each row's segment, such as ``market=TR, queue=payout``.

    >>> segment_ids(pd.DataFrame({"market": ["TR"], "queue": ["chat"]}), ["market", "queue"])[0]
    'market=TR, queue=chat'
    >>> segment_ids(pd.DataFrame({"market": ["TR"]}), [])[0]
    'all'
    """
    if not by:
        return pd.Series(WHOLE, index=rows.index)
    first, *others = (f"{d}=" + rows[d].astype(str) for d in by)
    return reduce(lambda said, part: said + ", " + part, others, first)


def days(
    source: Source, metric: Metric, *, by: Sequence[str] = (), **kept: Any
) -> pd.DataFrame:
    """Return the volume of a metric's table by local day of its clock.

    Columns ``period``, ``by`` and ``volume``: what the table says its rows stand for. A day
    without rows stands there with NaN.
    """
    volume = source.pack.source.tables[metric.table].volume
    counted = metric.model_copy(
        update={"kind": "count", "numerator": volume, "denominator": None, "snapshot": None}
    )
    found = _sums(source, of_metric(source, counted, **kept), counted, by=list(by), grain="day")
    found.insert(1, "metric", metric.table)
    volumes = complete(found, by=by, grain="day").rename(columns={"events": "volume"})
    return volumes[["period", *by, "volume"]]


def _bucket(source: Source, grain: str) -> Any:
    """Return what turns the local day into its period's first day, in the engine."""
    unit = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}[grain]
    shift = periods.WEEKDAYS.index(source.pack.info.week_starts) if grain == "week" else 0

    def first(rows: Rows) -> Any:
        day = rows[DAY] - ibis.interval(days=shift) if shift else rows[DAY]
        start = day.cast("date").truncate(unit)
        return (start + ibis.interval(days=shift) if shift else start).cast("timestamp")

    return first


def query(
    source: Source, metric: Metric, *, by: Sequence[str] = (), grain: str = "week", **kept: Any
) -> Rows:
    """Return the one query that sums a metric by period and dimension, or counts durations."""
    rows = of_metric(source, metric, **kept)
    if metric.kind == "duration":
        bucket, hours = _bucket(source, grain), source.pack.info.hours
        return durations.counted(rows, metric, by=list(by), bucket=bucket, hours=hours)
    return _grouped(source, rows, metric, by=list(by), grain=grain)


def _grouped(source: Source, rows: Rows, metric: Metric, *, by: list[str], grain: str) -> Rows:
    bucket = _bucket(source, grain)
    if metric.kind == "distinct":
        sums = {
            "events": rows[EVENTS].nunique().cast("float64"),
            "exposure": rows[DAY].nunique(),
        }
    else:
        sums = added_up(source, metric, {part: rows[part] for part in expressions(metric)})
        if metric.kind == "count":
            sums["exposure"] = rows[DAY].nunique()
        if metric.poststratify:
            sums["asked"] = rows.count()
    keys = {"period": bucket(rows)}
    keys |= {d: segment(rows, d) for d in dict.fromkeys([*by, *metric.poststratify])}
    return rows.group_by(**keys).agg(**sums)


def added_up(source: Source, metric: Metric, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a count's or ratio's sums of what one row adds; days add up to their period."""
    if metric.kind == "count":
        return {"events": parts[EVENTS].fill_null(0).sum()}
    counted = parts[EXPOSURE].fill_null(0)
    events = (counted != 0).ifelse(parts[EVENTS].fill_null(0), 0.0)
    sums = {"events": events.sum(), "exposure": counted.sum()}
    aggregated = source.pack.source.tables[metric.table].aggregated
    if metric.unit != "share" and not aggregated:
        sums["events_sq"] = (events * events).sum()
    if _is_sampled_share(source, metric) and not aggregated and not metric.poststratify:
        squares = (events * events, events * counted, counted * counted)
        sums |= {n: s.sum() for n, s in zip(weighting.SQUARES, squares, strict=True)}
        sums["cases"] = (counted != 0).sum()
    return sums


def _is_sampled_share(source: Source, metric: Metric) -> bool:
    sampled = source.pack.source.tables[metric.table].sampled
    return sampled and metric.kind == "ratio" and metric.unit == "share"


def _midnight_after(day: date | str | None, zone: str) -> pd.Timestamp | None:
    """Return the end of a local day in UTC."""
    if day is None:
        return None
    end = pd.Timestamp(day).normalize() + pd.Timedelta(days=1)
    local = end.tz_localize(zone, nonexistent="shift_forward", ambiguous=True)
    return local.tz_convert("UTC").tz_localize(None)


def _sums(
    source: Source, rows: Rows, metric: Metric, *, by: list[str], grain: str
) -> pd.DataFrame:
    found = _grouped(source, rows, metric, by=by, grain=grain).to_pandas()
    if metric.poststratify:
        strata = [column for column in metric.poststratify if column not in by]
        return typed(weighting.poststratified(found, by=by, strata=strata), by)
    return weighed(source, metric, typed(found, by))


def weighed(source: Source, metric: Metric, found: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of a share of a sampled table with what the sample is worth."""
    if not _is_sampled_share(source, metric):
        return found
    if source.pack.source.tables[metric.table].aggregated:
        return found.assign(cases=found["exposure"], n_effective=found["exposure"])
    return weighting.effective(found)


def _stock(source: Source, rows: Rows, *, by: list[str], grain: str) -> pd.DataFrame:
    """Sum a stock on the last day of each period; a period without that day is left out."""
    keys = {"period": _bucket(source, grain)(rows), "_last": rows[DAY]}
    keys |= {d: segment(rows, d) for d in by}
    found = rows.group_by(**keys).agg(events=rows[EVENTS].fill_null(0).sum()).to_pandas()
    found["_last"] = pd.to_datetime(found["_last"])
    ends = pd.to_datetime(found["period"]).map(lambda first: periods.last_day(first, grain))
    found = found[found["_last"] == ends].drop(columns="_last").assign(exposure=1.0)
    return typed(found, by)


def typed(found: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return figures from an engine in the types, and the order, of series rows."""
    found["period"] = pd.to_datetime(found["period"]).astype("datetime64[ns]")
    figures = [c for c in found.columns if c not in {"period", *by}]
    found[figures] = found[figures].astype("float64")
    return found.sort_values([*by, "period"], ignore_index=True)[["period", *by, *figures]]
