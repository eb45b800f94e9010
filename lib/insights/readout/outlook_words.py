"""What does a what-next page say: what is coming, how sure, whom it takes, what to do."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from insights import wording
from insights.methods.forecasts import Record
from insights.readout import caveats, people_words
from insights.readout.outlook import Outlook
from insights.readout.staffed import RECENT

NAMED = 3


def headline(page: Outlook) -> str:
    """Return what is coming, how sure that is, and what it takes, in one sentence."""
    low, mean, high = page.average()
    when = f"{wording.count(page.horizon, page.run.grain)} from {_day(page.expected.first)}"
    subject = page.run.subject
    title = page.measure.metric.title
    text = (
        f"{subject}, {title[:1].lower()}{title[1:]}: {wording.number(mean)} a {page.run.grain} "
        f"expected in the {when} (80{wording.NBSP}% range {wording.span(low, high)})"
    )
    if change := _change(page):
        text += f", {change}"
    gap = people_words.gap_people(page)
    if gap is not None:
        return wording.sentence(f"{text}; {people_words.takes(page)}")
    return wording.sentence(text)


def why(page: Outlook) -> list[str]:
    """Return what it takes where that is known, and how forecasts have done."""
    said = [score(page)]
    if page.staffed is not None and people_words.gap_people(page) is None:
        said.insert(0, wording.sentence(people_words.takes(page)))
    return said


def facts(page: Outlook) -> list[dict[str, object]]:
    """Return three numbers: what is expected, the peak, and people or the change."""
    low, mean, high = page.average()
    unit = page.run.grain
    peak = page.table.iloc[int(page.table["mean"].argmax())]
    found: list[dict[str, object]] = [
        {
            "value": wording.number(mean),
            "label": f"{page.measure.metric.title} a {unit}",
            "detail": f"80{wording.NBSP}% range {wording.span(low, high)}",
        },
        {
            "value": wording.number(float(peak["mean"])),
            "label": f"at the most, {wording.in_period(peak['ds'].date(), unit)}",
            "detail": wording.span(float(peak["lo-80"]), float(peak["hi-80"])),
        },
    ]
    if page.staffed is not None:
        people, gap = people_words.peak_people(page), people_words.gap_people(page)
        detail = "hours on hand are not known here"
        if gap is not None:
            detail = (
                f"{people_words.people(abs(gap))} {'short' if gap < 0 else 'spare'} on average"
            )
        found.append(
            {
                "value": people_words.people(people),
                "label": "full-time at the most",
                "detail": detail,
                "hit": gap is not None and gap < people_words.SHORT,
            }
        )
    return found


def score(page: Outlook) -> str:
    """Return how published forecasts did, or what a replay would have said."""
    if page.record.scored:
        return page.record.narrative()
    return f"{page.record.narrative()} {replayed(page)}".strip()


def replayed(page: Outlook) -> str:
    """Return how the method would have done as many periods ago."""
    record = page.replay
    if not record.scored:
        return "There is too little history to replay one."
    row = record.table.loc[record.main].to_dict()
    n = int(row["n"])
    asked = record.pairs["origin"].min()
    text = (
        f"Asked with what was known in {wording.the_period(asked.date(), page.run.grain)}, "
        f"the method would have missed the {wording.count(n, page.run.grain)} since by "
        f"{_share(row['wape']) or 'no share that can be told: 0 came'}"
    )
    if math.isfinite(row["naive_wape"]):
        text += f", last season again by {wording.number(row['naive_wape'], 'share')}"
    held, known = record.within(80)
    if known:
        text += f"; {held} of {known} would have lain within the 80{wording.NBSP}% range"
    return f"{text}."


def scores(record: Record) -> list[list[str]]:
    """Return a record as rows: segment, figures, missed by, last season, side, in range."""
    rows = []
    order = sorted(record.table.index, key=lambda s: (s != record.main, str(s)))
    for name in order:
        row = record.table.loc[name].to_dict()
        bias = row["bias"]
        side = f"{_share(abs(bias))} too {'low' if bias < 0 else 'high'}"
        rows.append(
            [
                "all together" if name == record.main else _named(str(name)),
                str(int(row["n"])),
                _share(row["wape"]),
                _share(row["naive_wape"]),
                side if math.isfinite(bias) else "",
                _share(row["covered_80"]),
                _share(row["covered_95"]),
            ]
        )
    return rows


def _named(segment: str) -> str:
    """Return a segment by its last dimension: the page has fixed the others."""
    return segment.rpartition("=")[2].replace("_", " ")


def board(page: Outlook) -> list[list[str]]:
    """Return the leaderboard of the page's own rows: model, misses, whether it is in it."""
    rows = page.expected.forecast.scores
    own = rows[rows["unique_id"] == page.expected.own].dropna(subset=["score"])
    best = own.sort_values("score").head(8)
    naive = own[own["model"] == "seasonal naive"]
    shown = pd.concat([best, naive]).drop_duplicates("model")
    against = float(naive["score"].iloc[0]) if len(naive) else math.nan
    made = []
    for row in shown.to_dict("records"):
        is_all = row["model"] == "published"
        name = "published" if is_all else str(row["model"])
        relative = row["score"] / against - 1 if against else math.nan
        less = "" if not math.isfinite(relative) else wording.relative(relative)
        part = "the median" if is_all else "yes" if row["chosen"] else "no"
        made.append([name, wording.number(float(row["score"]), "score"), less, part])
    return made


def weekly(page: Outlook) -> list[list[str]]:
    """Return what is coming period by period: expected, ranges, people, on hand, gap."""
    rows = []
    together = None
    if page.staffed is not None:
        table = page.staffed.flow.table
        together = table.groupby("period")[["hours_needed", "hours_available", "gap"]].sum(
            min_count=1
        )
    for row in page.table.to_dict("records"):
        made = [
            wording.label(row["ds"].date(), page.run.grain),
            wording.number(float(row["mean"])),
            wording.span(float(row["lo-80"]), float(row["hi-80"])),
            wording.span(float(row["lo-95"]), float(row["hi-95"])),
        ]
        if together is not None and page.staffed is not None:
            own = together.loc[row["ds"]] / page.staffed.flow.person_hours
            made.append(wording.number(float(own["hours_needed"]), "score"))
            known = np.isfinite(own["gap"])
            made.append(people_words.signed(float(own["gap"])) if known else "")
        rows.append(made)
    return rows


def scenarios(page: Outlook) -> list[list[str]]:
    """Return each scenario: what it supposes, volume in all, people at the most, gap."""
    base = float(page.what_ifs[0].volume["mean"].sum())
    rows = []
    for what in page.what_ifs:
        total = float(what.volume["mean"].sum())
        row = [what.name, what.words or "nothing else happens", wording.number(total)]
        row.append(wording.change(total - base) if what.words else "none")
        if what.flow is not None:
            row.append(wording.number(people_words.most_of(what), "score"))
            gap = people_words.gap_of(what)
            row.append("" if gap is None else people_words.signed(gap))
        rows.append(row)
    return rows


def steps(page: Outlook) -> list[dict[str, str]]:
    """Return what to do about it, whose it is and by when."""
    found: list[tuple[str, str]] = []
    owner = page.plan.owner if page.plan else page.measure.metric.owner
    if page.staffed is not None:
        flow = page.staffed.flow
        gaps = flow.table.groupby("queue", sort=False)["gap"].mean() / flow.person_hours
        short = gaps[gaps < people_words.SHORT].sort_values()
        spare = gaps[gaps > -people_words.SHORT].sort_values(ascending=False)
        for queue, gap in short.head(NAMED).items():
            people = people_words.people(abs(float(gap)))
            text = f"Find {people} full-time for {queue}, or agree what of it may wait"
            why_ = f"{queue} is {people} short on average, at the upper end of its range"
            found.append((text, why_))
        if len(short) and len(spare):
            text = f"Ask whether {spare.index[0]} can lend time to {short.index[0]}"
            found.append((text, f"{spare.index[0]} has hours to spare"))
    if page.record.drift:
        side = "low" if page.record.drift > 0 else "high"
        text = f"Plan {'above' if page.record.drift > 0 else 'below'} the forecast"
        text += " until it has caught up, and look for what it does not know of"
        found.append((text, f"published forecasts have been too {side}"))
    for chance in page.chances:
        if chance.chance < 0.5:
            text = f"Decide whether the goal for {page.measure.metric.title} still stands"
            found.append((text, f"the chance to meet it is {chance.said}"))
    by = wording.day((page.run.end + pd.Timedelta(days=7)).date())
    return [
        {"text": wording.sentence(text), "owner": owner, "by": by, "because": because}
        for text, because in found
    ]


def nothing(page: Outlook) -> str:
    """Return that there is nothing to decide, and why."""
    if page.staffed is None and not page.chances:
        return (
            "Nothing to decide: no goal is set for these rows, and nobody is staffed from them."
        )
    return "Nothing to decide: nobody is short, and no goal is out of reach."


def care(page: Outlook) -> list[str]:
    """Return what to read with care: holes, lateness, breaks, what staffing does not know."""
    said = []
    if page.delay is not None:
        late = wording.number(float(page.delay.now["value"]), page.delay.metric.unit)
        said.append(
            f"what is forecast is filing: a {page.run.grain}'s rows come on average {late} "
            "after what they speak of"
        )
    if page.expected.cut:
        said.append(
            f"only {page.run.grain}s since {_day(page.expected.since)} are learnt from; the "
            "definition changed before"
        )
    said += _holes(page)
    if page.staffed is not None:
        said += page.staffed.lacking
    if page.late:
        said.append(page.late)
    if page.record.drift:
        said.append("published forecasts drift to one side")
    return [*(wording.sentence(text) for text in said), *_refused(page)]


def limits(page: Outlook) -> list[str]:
    """Return what the page cannot say."""
    grain = page.run.grain
    said = [
        "A forecast carries on what was. It knows of coming holidays and launches that the "
        "pack names, and of no others; ranges are as wide as its misses in replays were.",
    ]
    said += [n for n in page.expected.forecast.notes if n.startswith("No effect known")]
    if page.staffed is not None and page.plan is not None:
        said.append(
            f"Hours are worked out from the upper end of each queue's {page.plan.staff_to}"
            f"{wording.NBSP}% range: not all queues will be at that end at once, so the sum is "
            f"on the safe side. Handle time, shrinkage and hours on hand are means of the last "
            f"{wording.count(RECENT, grain)} and are taken to stay as they are; full-time is "
            f"{wording.number(page.staffed.flow.person_hours, 'hours')} a {grain}."
        )
    if any(w.words for w in page.what_ifs):
        said.append("Scenarios are suppositions: their sizes are parameters, not forecasts.")
    return said


def _change(page: Outlook) -> str:
    """Say how that compares with the last periods."""
    recent, mean = page.recent(), page.average()[1]
    if not recent > 0:
        return ""
    ratio = mean / recent - 1
    last = f"the last {wording.count(page.horizon, page.run.grain)}"
    if round(100 * ratio) == 0:
        return f"as in {last}"
    more = "more" if ratio > 0 else "less"
    return f"{wording.relative(abs(ratio)).lstrip('+')} {more} than in {last}"


def _holes(page: Outlook) -> list[str]:
    """Say which periods could not be learnt from."""
    past = page.expected.past()
    found = []
    for state, words in (
        ("filled", "without usable data"),
        ("masked", "spoilt by an incident"),
    ):
        out = past.loc[past["state"] == state, "ds"]
        if len(out):
            when = wording.days([d.date() for d in out], most=4, grain=page.run.grain)
            n = wording.count(len(out), page.run.grain)
            verb = "is" if len(out) == 1 else "are"
            found.append(f"{n} {words} {verb} left out: {when}")
    return found


def _refused(page: Outlook) -> list[str]:
    return [text for text in caveats.care(page.card) if "is refused" in text]


def _share(x: float) -> str:
    return wording.number(x, "share") if math.isfinite(x) else ""


def _day(when: pd.Timestamp) -> str:
    return wording.day(when.date())
