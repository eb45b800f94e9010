"""Which two stretches of time are compared, and what each of them counted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from insights import wording
from insights.data import periods, series
from insights.data.sources import Source
from insights.errors import MethodError, ParamError, did_you_mean, some
from insights.pack import Event, Metric

RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
EVENT = "event:"
YEAR_BACK = {  # weekdays stay comparable
    "day": 364, "week": 52, "month": 12, "quarter": 4, "year": 1,
}  # fmt: skip
SIDES: tuple[Literal["before", "after"], ...] = ("before", "after")
FORMS = "previous, year, event:NAME or a range such as 2025-01-06..2025-03-30"


@dataclass(frozen=True, slots=True)
class Windows:
    """The periods on either side of a comparison; only usable ones, oldest first."""

    grain: str
    before: tuple[pd.Timestamp, ...]
    after: tuple[pd.Timestamp, ...]
    left_out: tuple[pd.Timestamp, ...]  # periods between first and last that are not usable
    compare: str

    @property
    def words(self) -> dict[str, str]:
        """Each side in words, such as "4 weeks to 21 December 2025"."""
        return {side: self._said(getattr(self, side)) for side in SIDES}

    def _said(self, firsts: tuple[pd.Timestamp, ...]) -> str:
        if len(firsts) == 1:
            return wording.the_period(firsts[0].date(), self.grain)
        last = periods.last_day(firsts[-1], self.grain).date()
        whole = len(periods.between(firsts[0], firsts[-1], self.grain)) == len(firsts)
        kind = self.grain if whole else f"usable {self.grain}"
        return f"the {wording.count(len(firsts), kind)} to {wording.day(last)}"


def choose(
    usable: pd.DataFrame,
    *,
    grain: str,
    compare: str = "previous",
    span: int = 4,
    events: Mapping[str, Event] | None = None,
) -> Windows:
    """Return the periods to compare.

    Parameters
    ----------
    usable
        ``period`` (first days up to the one shown, none left out) and ``usable``.
    grain
        What a period is.
    compare
        ``previous``: the periods just before; ``year``: the same ones a year earlier (52 weeks,
        so that weekdays match); ``event:NAME``: before and after the start of one of the pack's
        events; ``A..B``: the periods that lie between two days.
    span
        Periods on each side; of a range those it holds stand before.

    Raises
    ------
    ParamError
        ``compare`` or ``span`` cannot be read, or names an event that there is not.
    MethodError
        A side has no usable period.
    """
    require(compare, span, grain, events or {})
    index = pd.DatetimeIndex(usable["period"])
    good = [p for p, ok in zip(index, usable["usable"], strict=True) if ok]
    if compare.startswith(EVENT):
        before, after = _around(compare.removeprefix(EVENT), good, grain, span, events or {})
    else:
        after = good[-span:]
        before = _earlier(compare, good, after, grain, span)
    for side, found in (("before", before), ("after", after)):
        if not found:
            raise MethodError(
                f"compare '{compare}': no usable {grain} stands on the side {side}. "
                f"Choose another window: {FORMS}."
            )
    held = {*before, *after}
    between = {p for side in (before, after) for p in index if side[0] <= p <= side[-1]}
    return Windows(grain, tuple(before), tuple(after), tuple(sorted(between - held)), compare)


def require(compare: str, span: int, grain: str, events: Mapping[str, Event]) -> None:
    """Refuse a comparison that cannot be read, or an event that the pack does not have."""
    if span < 1:
        raise ParamError(f"span is {span}; it must be 1 {grain} or more.")
    if compare.startswith(EVENT):
        name = compare.removeprefix(EVENT)
        if name not in events:
            hint = did_you_mean(name, events) or "."
            there = f"It has {some(events, 12)}." if events else "It has none."
            raise ParamError(f"the pack has no event '{name}'{hint} {there}")
    elif found := RANGE.fullmatch(compare):
        first, last = (_day(text, compare) for text in found.groups())
        if first > last:
            raise ParamError(f"compare '{compare}': its end is before its start. Swap them.")
    elif compare not in ("previous", "year"):
        hint = did_you_mean(compare, ["previous", "year"]) or "."
        raise ParamError(f"compare is '{compare}'{hint} Use {FORMS}.")


def _earlier(
    compare: str, good: list[pd.Timestamp], after: list[pd.Timestamp], grain: str, span: int
) -> list[pd.Timestamp]:
    """Return the side before of every comparison but that around an event."""
    if compare == "previous":
        return good[-2 * span : -span]
    if compare == "year":
        wanted = {periods.step(p, grain, -YEAR_BACK[grain]) for p in after}
        return [p for p in good if p in wanted]
    first, last = (_day(text, compare) for text in compare.split(".."))
    within = [p for p in good if p >= first and periods.last_day(p, grain) <= last]
    return [p for p in within if p not in after]


def _around(
    name: str, good: list[pd.Timestamp], grain: str, span: int, events: Mapping[str, Event]
) -> tuple[list[pd.Timestamp], list[pd.Timestamp]]:
    """Return what stands before and after an event; a period that holds both stands out."""
    start = pd.Timestamp(events[name].start)
    before = [p for p in good if periods.last_day(p, grain) < start]
    after = [p for p in good if p >= start]
    return before[-span:], after[:span]


def _day(text: str, compare: str) -> pd.Timestamp:
    try:
        return pd.Timestamp(date.fromisoformat(text))
    except ValueError:
        raise ParamError(f"compare '{compare}': {text} is not a date.") from None


def rows(
    source: Source,
    metric: str,
    windows: Windows,
    *,
    by: Sequence[str],
    where: Mapping[str, str] | None = None,
    known_by: date | str | None = None,
) -> pd.DataFrame:
    """Return what each side counted, one row a side and combination of dimensions.

    Returns
    -------
    DataFrame
        ``side``, the dimensions, ``events``, ``exposure`` and, for means over cases,
        ``events_sq``. A duration counts the share that ended within its target. Where the sides
        of a count hold different numbers of periods, the side before is scaled to the other.

    Raises
    ------
    ParamError
        The metric does not add up over segments.
    """
    chosen = series.require_metric(source.pack, metric)
    require_additive(metric, chosen)
    made = []
    for side in SIDES:
        held = getattr(windows, side)
        found = series.build(
            source,
            metric,
            by=by,
            grain=windows.grain,
            start=held[0].date(),
            end=periods.last_day(held[-1], windows.grain).date(),
            where=where,
            known_by=known_by,
        )
        made.append(found[found["period"].isin(held)].assign(side=side))
    parts = _counted(pd.concat(made, ignore_index=True), chosen)
    sums = [c for c in ("events", "exposure", "events_sq") if c in parts]
    together = parts.groupby(["side", *by], as_index=False, dropna=False)[sums].sum()
    return _even(together, windows) if chosen.kind == "count" else together


def require_additive(name: str, metric: Metric) -> None:
    """Refuse a metric whose segments do not add up to it."""
    if metric.kind == "distinct":
        raise ParamError(
            f"metric '{name}' counts different things, and one may stand in two segments; its "
            "change has no parts. Choose a count or a ratio."
        )
    if metric.poststratify:
        raise ParamError(
            f"metric '{name}' is weighted to all rows, and its segments are not; its change "
            "has no parts. Choose the same measure as answered."
        )


def _counted(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Return rows whose events and exposure add up over periods."""
    known = rows[rows["exposure"].fillna(0) > 0]
    if metric.kind == "duration":
        known = known.dropna(subset=["within"])
        return known.assign(events=known["within"] * known["exposure"])
    if metric.kind == "count":
        return known.assign(exposure=1.0)
    if "n_effective" in known and known["exposure"].sum() > 0:
        worth = known["n_effective"].sum() / known["exposure"].sum()
        return known.assign(events=known["events"] * worth, exposure=known["exposure"] * worth)
    return known


def _even(rows: pd.DataFrame, windows: Windows) -> pd.DataFrame:
    """Scale the side before of a count to as many periods as the side after has."""
    scale = len(windows.after) / len(windows.before)
    before = rows["side"] == "before"
    return rows.assign(events=rows["events"].where(~before, rows["events"] * scale))
