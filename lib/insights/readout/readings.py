"""What did a readout say in figures? Kept with its run, so that the next is held against it."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from insights.pack import Metric, Study
from insights.readout import sentences
from insights.readout.card import Scorecard
from insights.readout.changed import WhatChanged, subject, unit
from insights.readout.choices import Run
from insights.readout.measures import Measure

if TYPE_CHECKING:
    from insights.readout.driven import WhatDrives
    from insights.readout.outlook import Outlook

PAST = 12  # periods before the one shown whose figures are kept, to see what is restated
ABOUT = {  # of a metric or study: what does not change its figures
    *("title", "owner", "definition", "sentence", "better", "guards", "comparable", "delay"),
    *("outcome_title", "metric"),
}
DIGITS = 10  # significant; what is beyond them is the order in which an engine adds

Reading = dict[str, Any]


def of_card(card: Scorecard) -> list[Reading]:
    """Return every measure's figure, the first to be read first.

    Returns
    -------
    list of dict
        ``key``, ``title``, ``unit``, ``kind`` (range: lower and upper are the usual range;
        interval or change: they are its 95 % interval; forecast: they are its 80 % range),
        ``grain``, ``period`` (ISO, first day), ``value``, ``lower``, ``upper`` (None: none),
        ``news`` (whether the whole page judges it to have moved), ``made`` (a hash of how the
        pack says it is made) and ``past``, earlier periods that stand as [ISO, value].
    """
    moved = card.moved
    return [_of_measure(card, m, m in moved) for m in sentences.in_order(card)]


def of_change(page: WhatChanged) -> list[Reading]:
    """Return a change between two windows, and the metric's own figure."""
    total, measure = page.lead.total, page.measure
    change = _reading(
        key=f"change of {measure.name}",
        title=f"{subject(measure)}, change",
        unit=unit(measure.metric),
        kind="change",
        grain=page.run.grain,
        period=page.windows.after[-1],
        value=total.value,
        lower=total.lower,
        upper=total.upper,
        made=_made(page.run, measure.metric),
    )
    return [change, *of_card(page.card)]


def of_study(page: WhatDrives) -> list[Reading]:
    """Return how much of what is explained each driver explains, the largest first."""
    table = page.table.sort_values("rank", kind="stable")
    return [
        _reading(
            key=f"share of {name}",
            title=f"{name}, of what is explained",
            unit="share",
            kind="interval",
            grain=page.run.grain,
            period=page.run.as_of,
            value=row["share"],
            lower=row["lower"],
            upper=row["upper"],
            made=_made(page.run, page.study),
        )
        for name, row in table.iterrows()
    ]


def of_outlook(page: Outlook) -> list[Reading]:
    """Return what is expected a period with its 80 % range, and the metric's own figure."""
    low, mean, high = page.average()
    measure = page.measure
    expected = _reading(
        key=f"expected of {measure.name}",
        title=f"{measure.metric.title}, expected a {page.run.grain}",
        unit=measure.metric.unit,
        kind="forecast",
        grain=page.run.grain,
        period=page.run.as_of,
        value=mean,
        lower=low,
        upper=high,
        news=True,
        made=_made(page.run, measure.metric),
    )
    return [expected, *of_card(page.card)]


def _of_measure(card: Scorecard, measure: Measure, news: bool) -> Reading:
    row = card.judged(measure.name)
    stood = measure.rows[measure.rows["usable"] & measure.rows["value"].notna()]
    before = stood[stood["period"] < measure.shown].tail(PAST)
    return _reading(
        key=measure.name,
        title=measure.metric.title,
        unit=measure.metric.unit,
        kind="range",
        grain=card.run.grain,
        period=measure.shown,
        value=measure.now["value"] if measure.stands else None,
        lower=row["lower"],
        upper=row["upper"],
        news=news,
        made=_made(card.run, measure.metric),
        past=[
            [_iso(period), _rounded(value)]
            for period, value in zip(before["period"], before["value"], strict=True)
        ],
    )


def _made(run: Run, by: Metric | Study) -> str:
    """Return a hash of how a figure is made; words about it, and where files lie, are not."""
    table = run.pack.source.tables[by.table]
    parts = [
        by.model_dump(mode="json", exclude=ABOUT),
        table.model_dump(exclude={"path", "row"}),
    ]
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _reading(
    *, period: pd.Timestamp, value: Any, lower: Any, upper: Any, **rest: Any
) -> Reading:
    figures = {"value": value, "lower": lower, "upper": upper}
    return {
        "news": False,
        "past": [],
        **rest,
        "period": _iso(period),
        **{name: _rounded(x) for name, x in figures.items()},
    }


def _iso(period: pd.Timestamp) -> str:
    return pd.Timestamp(period).date().isoformat()


def _rounded(value: Any) -> float | None:
    if value is None or not math.isfinite(float(value)):
        return None
    return float(f"{float(value):.{DIGITS}g}")
