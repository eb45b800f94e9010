"""What does a what-changed page say: the answer, what it is not, and what to look at next."""

from __future__ import annotations

import pandas as pd

from insights import wording
from insights.data import periods
from insights.methods.changes import RateChange
from insights.pack import Event
from insights.readout import caveats
from insights.readout.changed import Split, WhatChanged

SHOWN = 3


def headline(page: WhatChanged) -> str:
    """Return what moved and what it came from, between which windows, in one sentence."""
    return _parts(page)[0]


def why(page: WhatChanged) -> list[str]:
    """Return what was compared, the rest of the answer, and where the change sits."""
    said = page.windows.words
    text = f"{page.run.subject}, {said['after']} against {said['before']}"
    if page.dimension:
        others = [name for name in page.splits if name != page.dimension]
        text += f", split by {words(page.dimension)}"
        if others:
            text += f", which tells more than {wording.listing([words(d) for d in others])}"
    rest = _parts(page)[1]
    found = places(page)
    where = f"It sits in {wording.listing(found)}." if found else ""
    return [f"{text}.", *([rest] if rest else []), *([where] if where else [])]


def _parts(page: WhatChanged) -> tuple[str, str]:
    """Return a narrative's first sentence and the rest; names may hold full stops."""
    metric = page.lead.metric
    text = page.lead.narrative()
    first, _, rest = text.removeprefix(metric).partition(". ")
    return f"{metric}{first.rstrip('.')}.", rest


def words(dimension: str) -> str:
    """Return a dimension's name as a sentence holds it."""
    return dimension.replace("_", " ")


def facts(page: WhatChanged) -> list[dict[str, object]]:
    """Return three numbers: the change, and of a rate what was mix and what was rate."""
    split, shown = page.lead, page.lead.printed()
    before, after = shown.level(shown.before), shown.level(shown.after)
    found: list[dict[str, object]] = [
        {
            "value": shown.delta(shown.change),
            "label": split.metric,
            "detail": f"{before} to {after}",
            "hit": bool(split.total.direction),
        }
    ]
    if isinstance(split, RateChange) and page.dimension:
        steps = split.printed_table().sum()
        labels = {
            "mix": f"from the mix by {words(page.dimension)}",
            "rate": "from rates within",
        }
        for name, part in (("mix", split.mix), ("rate", split.rate)):
            span = shown.span(part.lower, part.upper) if part.known else "no interval"
            value = shown.delta(int(steps[name]))
            found.append({"value": value, "label": labels[name], "detail": span})
        return found
    parts, printed = split.table.iloc[:, 0], split.printed_table().iloc[:, 0]
    order = parts.abs().sort_values(ascending=False, kind="stable").index
    for name in order[: 2 if page.dimension else 0]:
        value = shown.delta(int(printed[name]))
        found.append({"value": value, "label": f"from {name}", "detail": ""})
    return found


def care(page: WhatChanged) -> list[str]:
    """Return what to read with care: breaks, holes, events, and the page's own caveats."""
    said = [*_break(page), *_holes(page), *_events(page), *_duration(page)]
    return [*(wording.sentence(text) for text in said), *_still_apply(page)]


def not_this(page: WhatChanged) -> list[list[str]]:
    """Return what the change is not, or might be: cause, verdict, why."""
    return [_fault(page), _definition(page), _mix(page), _season(page), _spread(page)]


def next_steps(page: WhatChanged) -> list[dict[str, str]]:
    """Return what to check next: the register's actions, then where the change sits."""
    measure, split = page.measure, page.lead
    texts = []
    side = {1: "above", -1: "below"}.get(split.total.direction, "")
    target = page.card.targets.get(measure.name)
    asked = {side, "outside"} if side else set()
    asked |= {"off_goal"} if target is not None and target.missed else set()
    for action in page.run.pack.actions.values():
        if action.metric == measure.name and action.when in asked:
            texts.append((action.do, action.owner, action.within_days))
    for place in places(page):
        texts.append((f"Ask what happened in {place}: it moved apart from the rest", None, 7))
    if isinstance(split, RateChange) and split.mix.direction and page.dimension:
        by = words(page.dimension)
        text = f"Find out why the mix by {by} moved, and whether it will stay"
        texts.append((text, None, 7))
    if side and not texts:
        parts = split.table.sum(axis=1) * split.total.direction
        where = f", first in {parts.idxmax()}, which carries most" if page.dimension else ""
        texts.append((f"Find out what happened{where}", None, 7))
    return [
        {
            "text": wording.sentence(text),
            "owner": owner or measure.metric.owner,
            "by": wording.day((page.run.end + pd.Timedelta(days=days)).date()),
            "because": _because(page),
        }
        for text, owner, days in texts
    ]


def _because(page: WhatChanged) -> str:
    shown = page.lead.printed()
    return f"{page.lead.metric} moved by {shown.delta(shown.change)}"


def places(page: WhatChanged) -> list[str]:
    """Return the segments found, in words."""
    if page.segments is None:
        return []
    dims = page.segments.dims
    return [
        wording.listing([f"{words(d)} {row[d]}" for d in dims if pd.notna(row[d])])
        for _, row in page.segments.table.iterrows()
    ]


def sits(page: WhatChanged) -> str:
    """Return where the change sits and how much each place carries, or that none does."""
    found = page.segments
    if found is None:
        return "There is nothing to search: the metric has no dimension open here."
    looked = wording.count(found.searched, "combination")
    if found.table.empty:
        return (
            f"No combination of dimensions stands out among {looked}: no one place carries it."
        )
    carried = [
        f"{place} carries {wording.change(row['contribution'], found.unit)} "
        f"({wording.change(row['lower'], found.unit)} to "
        f"{wording.change(row['upper'], found.unit)})"
        for place, (_, row) in zip(places(page), found.table.iterrows(), strict=True)
    ]
    return f"Of {looked} looked at, {wording.listing(carried)}."


def drill(page: WhatChanged) -> list[list[str]]:
    """Return each dimension's split: mix, rates within, and the segment that carries most."""
    rows = []
    for name, split in page.splits.items():
        if not name:
            continue
        shown, printed = split.printed(), split.printed_table()
        sums, each = printed.sum(), printed.sum(axis=1)
        most = str(split.table.sum(axis=1).abs().idxmax())
        largest = f"{most}, {shown.delta(int(each[most]))}"
        parts = [shown.delta(int(sums[c])) for c in printed.columns] if len(sums) == 2 else []
        rows.append([words(name).capitalize(), *parts, largest])
    return rows


def _break(page: WhatChanged) -> list[str]:
    first, last = (
        page.windows.before[0],
        periods.last_day(page.windows.after[-1], page.run.grain),
    )
    return [
        f"the definition changed on {wording.day(b.date)}, when {b.why}: part of the change "
        "may be the definition's"
        for b in page.measure.metric.breaks
        if first < pd.Timestamp(b.date) <= last
    ]


def _holes(page: WhatChanged) -> list[str]:
    out = page.windows.left_out
    if not out:
        return []
    rows = page.measure.rows
    found = rows.loc[rows["period"].isin(out), "why"]
    reasons = wording.listing(sorted(found.unique()))
    when = wording.days([p.date() for p in out], most=4, grain=page.run.grain)
    n = wording.count(len(out), page.run.grain)
    verb = "is" if len(out) == 1 else "are"
    return [f"{n} within the windows {verb} left out ({reasons}): {when}"]


def _events(page: WhatChanged) -> list[str]:
    """Name what is known to have happened in one window and not in the other."""
    said = []
    for event in page.run.pack.events.values():
        before, after = (
            _touches(event, side, page.run.grain)
            for side in (page.windows.before, page.windows.after)
        )
        kept = all(page.run.where.get(k, v) == v for k, v in event.where.items())
        if before != after and kept:
            side = "before" if before else "after"
            when = wording.day(event.start)
            said.append(f"{event.title}, from {when}, lies in the window {side} alone")
    return said[:SHOWN]


def _touches(event: Event, window: tuple[pd.Timestamp, ...], grain: str) -> bool:
    """Tell whether an event, or the day it began where it goes on, lies in a window."""
    start = pd.Timestamp(event.start)
    end = pd.Timestamp(event.end or event.start)
    return any(p <= end and periods.last_day(p, grain) >= start for p in window)


def _duration(page: WhatChanged) -> list[str]:
    if page.measure.metric.kind != "duration":
        return []
    return ["medians have no parts that add up, so the share within target is split instead"]


def _still_apply(page: WhatChanged) -> list[str]:
    """Return the scorecard's caveats that concern these windows too."""
    return [text for text in caveats.care(page.card) if "is refused" in text]


def _fault(page: WhatChanged) -> list[str]:
    held = {*page.windows.before, *page.windows.after}
    failed = [f for f in page.measure.findings if f.level == "fail"]
    n = wording.count(len(held), page.run.grain)
    said = f"No: all {n} compared passed the gates."
    if failed:
        gates = wording.listing(sorted({finding.gate for finding in failed}))
        said = f"No: what failed a gate ({gates}) is left out, and the {n} compared passed."
    return ["A fault of the data", said]


def _definition(page: WhatChanged) -> list[str]:
    found = _break(page)
    none = "No: no break is declared between the windows."
    return ["A change of definition", wording.sentence(found[0]) if found else none]


def _mix(page: WhatChanged) -> list[str]:
    split = page.lead
    name = "A change of composition"
    if not page.dimension:
        return [name, "Not known: the metric has no dimension to be split by here."]
    if not isinstance(split, RateChange):
        return [name, "Does not apply: a count has no mix."]
    shown = split.printed()
    mix = shown.delta(int(split.printed_table()["mix"].sum()))
    span = f" ({shown.span(split.mix.lower, split.mix.upper)})" if split.mix.known else ""
    by = words(page.dimension)
    if not split.mix.known:
        return [name, f"The mix by {by} accounts for {mix}; the source gives no interval."]
    if split.mix.direction:
        return [name, f"Yes, in part: the mix by {by} accounts for {mix}{span}."]
    return [name, f"No: the mix by {by} accounts for {mix}{span}."]


def _season(page: WhatChanged) -> list[str]:
    name = "The time of year"
    if page.windows.compare == "year":
        return [name, "No: the same weeks of both years are compared."]
    then = page.year_ago
    if then is None:
        return [name, "Not known: the same periods a year earlier are not all usable."]
    return [name, f"A year earlier, between the same periods: {_lower(then)}."]


def _lower(split: Split) -> str:
    shown = split.printed()
    moved = shown.delta(shown.change)
    span = shown.span(split.lower, split.upper) if split.total.known else "no interval"
    return f"{moved} ({span})"


def _spread(page: WhatChanged) -> list[str]:
    name = "One place alone"
    if page.segments is None:
        return [name, "Not known: there is nothing to search."]
    found = places(page)
    if not found:
        return [name, "No: no combination of dimensions stands out from the others."]
    return [name, f"{wording.listing(found)} {'stands' if len(found) == 1 else 'stand'} out."]
