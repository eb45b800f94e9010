"""Is what carried a change located, and nothing else? E2, E7, E10, E12."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from . import scoring
from .scoring import FOUND, MISSED, Row, size
from .world import World

DAY = pd.Timedelta(days=1)
WEEK = pd.Timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Search:
    """What truth says, the change it is looked for in, and the segments that are right."""

    effect: str
    truth: str  # metric of truth.json whose segment and scale hold
    metric: str  # of the pack
    dims: tuple[str, ...]
    kind: str
    whole_weeks: bool = False  # an incident within a week is compared with whole weeks
    history: int = 0  # weeks before; none: as long as the effect, so that totals compare


SEARCHES = (
    Search("E2", "contact_volume", "contact_volume",
           ("topic", "market", "channel", "user_type"), "total", whole_weeks=True),
    Search("E7", "overturn_rate", "overturn_rate", ("market", "policy", "action"), "rate",
           history=26),
    Search("E10", "accuracy", "qa_accuracy", ("market", "policy", "site"), "rate"),
    Search("E12", "first_reply_p90", "sla_attainment",
           ("topic", "market", "channel", "user_type"), "rate"),
)  # fmt: skip


def score(here: World) -> list[Row]:
    """Return a row a search."""
    find = scoring.method("segments", "find")
    return [located(here, find, one) for one in SEARCHES]


def located(here: World, find: Callable[..., Any] | None, one: Search) -> Row:
    """Say whether the segments found are those that were planted."""
    measure = next(m for m in here.effect(one.effect)["measures"] if m["metric"] == one.truth)
    causes = planted(measure)
    where = scoring.segment(measure["segment"].values())
    asked = f"{one.metric} by {' x '.join(one.dims)}: {where}"
    if find is None:
        return scoring.missing(one.effect, "segments", asked)
    if not here.seen(measure):
        return scoring.below(one.effect, "segments", asked, measure["smallest_scale"])
    rows = hidden(here, one) if one.effect == "E10" else compared(here, one, measure)
    table = find(rows, dims=list(one.dims), kind=one.kind).table
    got = [{d: row[d] for d in one.dims if pd.notna(row[d])} for _, row in table.iterrows()]
    hits = [cause for cause in causes if cause in got]
    near = [seg for seg in got if seg not in causes and any(_overlap(seg, c) for c in causes)]
    other = [seg for seg in got if seg not in [*causes, *near]]
    ours = table[[seg in causes or seg in near for seg in got]]
    whole = one.kind == "total" and len(ours) > 0  # truth.json has the size in that unit
    return Row(
        one.effect, "segments", asked, FOUND if len(hits) == len(causes) else MISSED,
        found=f"{len(hits)} of {len(causes)}", alarms=str(len(other)),
        error=size(measure["size"], ours["contribution"].sum()) if whole else "",
        interval=_interval(measure["size"], ours) if whole else "",
        note="; ".join(
            f"{what}: {', '.join(map(_named, some))}"
            for what, some in (("near", near), ("also", other))
            if some
        ),
    )  # fmt: skip


def planted(measure: dict[str, Any]) -> list[dict[str, str]]:
    """Return the attribute combinations of a segment of truth.json."""
    found: list[dict[str, str]] = [{}]
    for dimension, values in measure["segment"].items():
        found = [one | {dimension: value} for one in found for value in values]
    return found


def compared(here: World, one: Search, measure: dict[str, Any]) -> pd.DataFrame:
    """Return leaves of the days of an effect and of those before."""
    start, end = pd.Timestamp(measure["start"]), pd.Timestamp(measure["end"])
    if one.whole_weeks:
        start = start - start.day_of_week * DAY
        end = end + (-end.day_of_week % 7) * DAY
    first = start - (one.history * WEEK if one.history else end - start)
    windows = {"before": (first, start), "after": (start, end)}
    sides = {
        side: _leaves(here, one, start=since, end=last - DAY)
        for side, (since, last) in windows.items()
    }
    return _joined(sides, one)


def hidden(here: World, one: Search) -> pd.DataFrame:
    """Return leaves as reviewed, beside those of the other markets of their policy and site.

    A gap that was always there has no time before it; everybody else stands for that.
    """
    own = _leaves(here, one).set_index(list(one.dims))
    alike = own.groupby(list(one.dims[1:])).transform("sum")
    others = (alike - own)[alike["exposure"] > own["exposure"]]
    return _joined({"before": others.reset_index(), "after": own.reset_index()}, one)


def _leaves(here: World, one: Search, **days: pd.Timestamp) -> pd.DataFrame:
    """Return what was counted in each combination of dimensions."""
    rows = here.rows(one.metric, by=list(one.dims), grain="week", **days).dropna(
        subset=["events"]
    )
    if "n_effective" in rows:  # a weighted sample is worth so many plain answers
        rows = rows.assign(
            exposure=rows["n_effective"], events=rows["value"] * rows["n_effective"]
        ).dropna(subset=["events"])
    return rows.groupby(list(one.dims), as_index=False)[["events", "exposure"]].sum()


def _joined(sides: dict[str, pd.DataFrame], one: Search) -> pd.DataFrame:
    """Return comparison rows with every leaf on both sides; a total has an exposure of 1."""
    dims = list(one.dims)
    leaves = pd.concat([side[dims] for side in sides.values()]).drop_duplicates()
    whole = [
        leaves.merge(side, how="left", on=dims).fillna({"events": 0.0, "exposure": 0.0})
        .assign(side=name)
        for name, side in sides.items()
    ]  # fmt: skip
    rows = pd.concat(whole, ignore_index=True)
    return rows.assign(exposure=1.0) if one.kind == "total" else rows


def _overlap(one: dict[str, str], cause: dict[str, str]) -> bool:
    """Whether a segment holds a planted one or lies in it."""
    return one.items() <= cause.items() or one.items() >= cause.items()


def _named(segment: dict[str, str]) -> str:
    """Return a segment in words."""
    return " & ".join(segment.values())


def _interval(truth: float, ours: pd.DataFrame) -> str:
    """Return whether the bounds of segments, added, hold the planted size."""
    low, high = ours["lower"].sum(), ours["upper"].sum()
    return f"{'yes' if low <= truth <= high else 'no'}: {low:,.0f} to {high:,.0f}"
