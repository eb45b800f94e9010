"""Which figures may be read? One metric's periods, each with whether it stands and why not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from insights.data import daily, periods, quality
from insights.data.quality import Feed, Finding, Look
from insights.pack import Metric
from insights.readout.choices import Run

STILL_OPEN = "too many still open"  # a duration whose quantile is not reached yet


@dataclass(frozen=True)
class Measure:
    """One metric as a readout may use it.

    ``rows`` has one row a period up to ``shown``: ``period``, ``value``, ``events``,
    ``exposure``, ``usable``, ``why`` (what makes it unusable, else "") and ``regime`` (how many
    breaks of the definition came before).
    """

    name: str
    metric: Metric
    shown: pd.Timestamp
    rows: pd.DataFrame
    findings: tuple[Finding, ...]
    feed: Feed | None  # None where the source has nothing at all for these rows
    asked: tuple[str, ...] = ()  # the gates that it went through

    @property
    def refusals(self) -> list[Finding]:
        """The findings that refuse the metric as a whole."""
        return [finding for finding in self.findings if finding.refuses]

    @cached_property
    def now(self) -> pd.Series:
        """The row of the period shown."""
        return self.rows.iloc[-1]

    @cached_property
    def stands(self) -> bool:
        """Whether the period shown has a figure that may be read."""
        return bool(self.now["usable"]) and bool(pd.notna(self.now["value"]))

    @property
    def regime(self) -> pd.DataFrame:
        """The rows under the definition that holds now."""
        rows: pd.DataFrame = self.rows[self.rows["regime"] == self.now["regime"]]
        return rows

    @property
    def adds_up(self) -> bool:
        """Whether the figure is a sum over days, so that a missing day makes it too small."""
        return _adds_up(self.metric)


def gather(run: Run) -> tuple[Measure, ...]:
    """Build every metric of a run and judge which of its periods may be used."""
    known_by = run.known_by.date()
    looks = []
    for name in run.metrics:
        end = periods.last_day(run.shown(name), run.grain).date()
        looks.append(Look(run.source, name, run.pack.metrics[name], run.where, end, known_by))
    feeds: dict[tuple[str, str], Feed | None] = {}
    found = []
    for look, seen in zip(looks, quality.see(looks, until=run.end.date()), strict=True):
        metric, days, shown = look.metric, seen.days, run.shown(look.name)
        place = (metric.table, metric.clock)
        if place not in feeds and days is not None:
            feeds[place] = _feed(run, days)
        feed = feeds.get(place)
        rows = _empty(shown) if days is None or feed is None else _rows(run, look, days, shown)
        judged = _judged(run, rows, metric, seen.findings, feed)
        findings = tuple(seen.findings)
        found.append(Measure(look.name, metric, shown, judged, findings, feed, seen.asked))
    return tuple(found)


def _feed(run: Run, days: pd.DataFrame) -> Feed | None:
    if days.empty:
        return None
    whole = pd.DataFrame({"period": pd.date_range(days["period"].min(), run.end)})
    volumes = whole.merge(days[["period", daily.VOLUME]], how="left")
    return quality.feed(volumes, grain=run.grain, week_starts=run.pack.info.week_starts)


def _rows(run: Run, look: Look, days: pd.DataFrame, shown: pd.Timestamp) -> pd.DataFrame:
    rows = daily.build(
        run.source,
        look.name,
        days,
        grain=run.grain,
        end=look.end,
        where=run.where,
        known_by=look.known_by,
    )
    if rows.empty:
        return _empty(shown)
    index = periods.between(rows["period"].min(), shown, run.grain)
    return pd.DataFrame({"period": index}).merge(rows.drop(columns="metric"), how="left")


def _empty(shown: pd.Timestamp) -> pd.DataFrame:
    nothing = [float("nan")]
    return pd.DataFrame(
        {"period": [shown], "events": nothing, "exposure": nothing, "value": nothing}
    )


def _judged(
    run: Run, rows: pd.DataFrame, metric: Metric, findings: list[Finding], feed: Feed | None
) -> pd.DataFrame:
    """Add ``usable``, ``why`` and ``regime`` to the rows; the first reason found is kept."""
    first = rows["period"]
    why = pd.Series("", index=rows.index)

    def mark(hit: pd.Series, reason: str) -> None:
        why.mask(hit & (why == ""), reason, inplace=True)  # noqa: PD002

    if any(finding.refuses for finding in findings):
        mark(first.notna(), "refused by a gate")
    if metric.kind == "duration":
        mark(rows["value"].isna() & (rows["exposure"] > 0), STILL_OPEN)
    mark(rows["value"].isna(), "no data")
    for finding in findings:
        days = periods.of_days(
            pd.Series(finding.days, dtype="datetime64[ns]"),
            run.grain,
            run.pack.info.week_starts,
        )
        if finding.level == "fail":
            mark(first.isin(days), finding.gate)
    if feed is not None:
        adds_up = _adds_up(metric)
        index = pd.DatetimeIndex(first)
        lacking = feed.by_period.reindex(index, fill_value=0)
        whole = (lacking["missing"] + lacking["tiny"] == 0) & (lacking["backfill"] > 0)
        if adds_up:
            mark(pd.Series(whole.to_numpy(), index=rows.index), "backfill of earlier days")
        complete = feed.usable(index, adds_up=adds_up)
        mark(~pd.Series(complete.to_numpy(), index=rows.index), "incomplete days")
    regime = pd.Series(0, index=rows.index)
    for change in metric.breaks:
        since = pd.Timestamp(change.date)
        following = first.map(lambda period: periods.step(period, run.grain))
        mark((first < since) & (since < following), "definition changed within")
        regime += (first >= since).astype(int)
    small = _small(rows, metric, run.pack.info.min_group)
    mark(small, f"fewer than {run.pack.info.min_group}")
    shown = rows["value"].mask(small)  # charts draw unusable periods too; these must not show
    return rows.assign(value=shown, usable=why == "", why=why, regime=regime)


def _adds_up(metric: Metric) -> bool:
    return metric.kind in {"count", "distinct"} and metric.snapshot is None


def _small(rows: pd.DataFrame, metric: Metric, least: int) -> pd.Series:
    """Tell which groups are too small to show: by base, or by count where it is not zero."""
    if metric.kind in {"ratio", "duration"}:
        return rows["cases" if "cases" in rows else "exposure"] < least
    return (rows["events"] > 0) & (rows["events"] < least)
