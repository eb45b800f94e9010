"""Are planted incidents headlines within two weeks, and is it quiet where nothing happened?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from insights.methods import signals
from insights.methods.signals.result import UNJUDGED

from .scoring import FOUND, HELD, MISSED, NOT_HELD, Row, below, segment, size
from .world import World

WEEKS = 2  # in which an incident must be a headline
QUARTER = 13  # weeks
BAR = 30  # series-quarters for each false alarm


@dataclass(frozen=True, slots=True)
class Incident:
    """What truth says happened, and the family of series in which it is looked for."""

    effect: str
    truth: str  # metric of truth.json whose segment and scale hold
    metric: str  # of the pack
    by: tuple[str, ...]
    side: str
    column: str = "value"  # what is judged


INCIDENTS = (
    Incident("E2", "contact_volume", "contact_volume", ("topic", "market"), "above"),
    Incident("E5", "handle_minutes", "handle_time", ("topic",), "below"),
    Incident("E7", "overturn_rate", "overturn_rate", ("market",), "above"),
    Incident("E12", "first_reply_p90", "replied_within_8h", ("topic",), "below"),
    Incident("E12", "first_reply_p90", "first_reply", ("topic",), "above", "p90"),
    Incident("E13", "over_cap_share", "over_cap_share", ("site",), "above"),
    Incident("E14", "response_rate", "survey_response_rate", (), "below"),
)


def score(world: World) -> list[Row]:
    """Return a row an incident, and one for the series of E15."""
    return [incident(world, one) for one in INCIDENTS] + [nulls(world)]


def family(world: World, metric: str, by: Sequence[str], column: str = "value") -> pd.DataFrame:
    """Return a metric's weekly series by dimensions, as ``judge`` takes them.

    Groups under the pack's threshold are unusable, as on a page.
    """
    rows, pack = world.rows(metric, by=by), world.source.pack
    share = pack.metrics[metric].unit == "share"
    behind = rows["events"] if pack.metrics[metric].kind == "count" else rows["exposure"]
    names = reduce(lambda a, b: a + " / " + b, [rows[d] for d in by]) if by else "all"
    return pd.DataFrame(
        {
            "series": metric + " " + names, "period": rows["period"], "value": rows[column],
            "events": rows["events"], "exposure": rows["exposure"],
            "usable": rows[column].notna() & (behind >= pack.info.min_group),
            "kind": "rate" if share else "level",
            "floor": 0.0, "ceiling": 1.0 if share else np.nan,
        }
    )  # fmt: skip


def judged(rows: pd.DataFrame, weeks: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """Return the verdicts on all series in each week, by what was known then."""
    pages = [
        signals.judge(rows[rows["period"] <= week], grain="week", shown=week).table
        for week in weeks
    ]
    return pd.concat(pages).reset_index()


def incident(world: World, one: Incident) -> Row:
    """Say whether every series of an incident was a headline in one of its first weeks."""
    measure: dict[str, Any] = next(
        m for m in world.effect(one.effect)["measures"] if m["metric"] == one.truth
    )
    names = [f"{one.metric} {name}" for name in members(measure, one.by)]
    start = pd.Timestamp(measure["start"])
    what = one.metric + f" {one.column}" * (one.column != "value")
    by = f" by {' x '.join(one.by)}" if one.by else ""
    where = segment(measure["segment"].values())
    asked = f"{what}{by}: {where} {one.side} from {measure['start']}"
    if not world.seen(measure):
        return below(one.effect, "signals", asked, measure["smallest_scale"])
    monday = start - pd.Timedelta(days=start.day_of_week)
    rows = family(world, one.metric, one.by, one.column)
    table = judged(rows, [monday + pd.Timedelta(weeks=n) for n in range(WEEKS)])
    ours = table["series"].isin(names)
    news = table["state"] == "headline"
    hits = table[ours & news & (table["side"] == one.side)]
    hit = set(hits["series"])
    others = table[~ours & ~table["state"].isin(UNJUDGED)]
    return Row(
        one.effect, "signals", asked, FOUND if hit == set(names) else MISSED,
        found=f"{len(hit)} of {len(names)} in {WEEKS} weeks",
        error=_size(world, one, table[ours].iloc[0]),
        alarms=f"{int((~ours & news).sum())} of {len(others)} others" if len(others) else "",
        note="" if hit == set(names) else _why(table, set(names) - hit),
    )  # fmt: skip


def members(measure: dict[str, Any], by: Sequence[str]) -> list[str]:
    """Return the names of the series that a segment holds."""
    names = [""]
    for dimension in by:
        values = measure["segment"][dimension]
        names = [f"{name} / {value}" if name else value for name in names for value in values]
    return [name or "all" for name in names]


def _size(world: World, one: Incident, first: pd.Series) -> str:
    """Return what was usual and what came, of one series in its first week."""
    unit = world.source.pack.metrics[one.metric].unit
    return f"usual {size(first['centre'], first['value'], unit)}"


def _why(table: pd.DataFrame, missed: set[str]) -> str:
    """Return the states of what was missed, week by week."""
    rows = table[table["series"].isin(missed)]
    said = [f"{s.split(' ', 1)[1]}: {', '.join(g)}" for s, g in rows.groupby("series")["state"]]
    return "; ".join(said)


def nulls(world: World) -> Row:
    """E15: count the headlines of series that no effect touches, judged together each week."""
    listed = world.effect("E15")["null_series"]
    parts = []
    for metric in dict.fromkeys(one["metric"] for one in listed):
        wanted = [
            members(one, ("market", "topic"))[0] for one in listed if one["metric"] == metric
        ]
        rows = family(world, metric, ("market", "topic"))
        parts.append(rows[rows["series"].isin([f"{metric} {name}" for name in wanted])])
    first, end = pd.Timestamp(listed[0]["start"]), pd.Timestamp(listed[0]["end"])
    weeks = pd.date_range(first, end - pd.Timedelta(days=1), freq="7D")
    return quiet("E15", f"{len(listed)} null series", judged(pd.concat(parts), weeks))


def quiet(effect: str, asked: str, table: pd.DataFrame) -> Row:
    """Return a row on series in which nothing happened: headlines a 30 series-quarters."""
    known = table[~table["state"].isin(UNJUDGED)]
    alarms, quarters = int((known["state"] == "headline").sum()), len(known) / QUARTER
    rate = alarms / quarters * BAR
    weeks = table["period"].nunique()
    return Row(
        effect, "signals", f"{asked}, {weeks} weeks, {quarters:,.0f} series-quarters",
        HELD if rate <= 1 else NOT_HELD, found="quiet" if rate <= 1 else "not quiet",
        alarms=f"{alarms}, {rate:.2f} in {BAR} series-quarters", note=f"at most 1 in {BAR}",
    )  # fmt: skip
