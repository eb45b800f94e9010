"""What does a what-next page say of the people that the coming work takes."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from insights import wording
from insights.readout.outlook import Outlook
from insights.readout.supposed import What

SHORT = -0.5  # of a full-time person, below which a gap is one


def staffing(page: Outlook) -> str:
    """Return whom it takes, where hours fall short, and what becomes of the backlog."""
    assert page.staffed is not None and page.plan is not None
    flow, grain = page.staffed.flow, page.run.grain
    hours = flow.table.groupby("period")["hours_needed"].sum()
    peak = wording.in_period(pd.Timestamp(str(hours.idxmax())).date(), grain)
    level = wording.target(page.plan.staff_to / 100, "share")
    text = (
        f"The work takes {wording.number(hours.mean(), 'hours')} a {grain} on average and at "
        f"most {wording.number(hours.max(), 'hours')} {peak}, {people(peak_people(page))} "
        f"full-time, at the upper end of each queue's {level} range."
    )
    return " ".join([text, *_short(page), *_backlog(page)])


def _short(page: Outlook) -> list[str]:
    """Say in how many periods hours on hand fall short, and where most."""
    assert page.staffed is not None
    flow = page.staffed.flow
    together = flow.table.groupby("period")["gap"].sum(min_count=1).dropna()
    if together.empty:
        return []
    n = wording.count(len(together), page.run.grain)
    short = together[together < 0]
    if short.empty:
        return [f"Hours on hand cover all of {n}."]
    by_queue = flow.table.groupby("queue", sort=False)["gap"].mean()
    worst = by_queue.idxmin()
    most = wording.number(-float(by_queue.min()), "hours")
    mean = wording.number(-float(short.mean()), "hours")
    where = f"; most in {worst}, {most} a {page.run.grain}" if len(by_queue) > 1 else ""
    return [
        f"Hours on hand fall short in {len(short)} of {n}, by {mean} a {page.run.grain}{where}."
    ]


def _backlog(page: Outlook) -> list[str]:
    """Say what becomes of open items if what is expected comes, with the hours on hand."""
    assert page.staffed is not None
    table, start = page.staffed.usual.table, page.staffed.usual.backlog
    if not start or table["hours_available"].isna().any():
        return []
    left = table.groupby("period")["backlog_left"].sum()
    end = wording.the_period(pd.Timestamp(left.index[-1]).date(), page.run.grain)
    ends = wording.number(float(left.iloc[-1]))
    return [
        "If what is expected comes, and hours stay, open items go from "
        f"{wording.number(start)} to {ends} at the end of {end}."
    ]


def parts(page: Outlook) -> list[list[str]]:
    """Return what is coming by queue: expected a period, last periods, people, on hand, gap."""
    if page.staffed is None:
        return []
    table = page.staffed.flow.table
    volume = page.staffed.volume
    rows = []
    for queue in dict.fromkeys(table["queue"]):
        own = table[table["queue"] == queue]
        mean = float(volume.loc[volume["queue"] == queue, "mean"].mean())
        each = page.staffed.flow.person_hours
        needed = own["hours_needed"] / each
        gap = own["gap"].mean() / each
        bound = "severe cap" if (own["bound"] == "severe cap").any() else "work"
        rows.append(
            [
                str(queue),
                wording.number(mean),
                wording.number(float(needed.mean()), "score"),
                wording.number(float(needed.max()), "score"),
                "" if not np.isfinite(gap) else signed(float(gap)),
                bound,
            ]
        )
    return rows


def by_week(page: Outlook) -> pd.DataFrame:
    """Return the people each queue takes in each period and, where known, the gap to it."""
    assert page.staffed is not None
    flow, grain = page.staffed.flow, page.run.grain
    made: dict[str, list[str]] = {}
    for queue, own in flow.table.groupby("queue", sort=False):
        cells = []
        for needed, gap in zip(own["hours_needed"], own["gap"], strict=True):
            text = wording.number(needed / flow.person_hours, "score")
            known = np.isfinite(gap)
            cells.append(f"{text} ({signed(gap / flow.person_hours)})" if known else text)
        made[str(queue)] = cells
    periods = flow.table["period"].drop_duplicates()
    labels = [wording.label(p.date(), grain) for p in periods]
    return pd.DataFrame({grain.capitalize(): labels, **made})


def peak_people(page: Outlook) -> float:
    """Return the most full-time people that any period takes."""
    assert page.staffed is not None
    return most_of(page.what_ifs[0])


def gap_people(page: Outlook) -> float | None:
    """Return full-time people on hand less those needed, on average; None where not known."""
    return None if page.staffed is None else gap_of(page.what_ifs[0])


def most_of(what: What) -> float:
    """Return the most full-time people that any period of a scenario takes."""
    assert what.flow is not None
    hours = what.flow.table.groupby("period")["hours_needed"].sum()
    return float(hours.max()) / what.flow.person_hours


def gap_of(what: What) -> float | None:
    """Return people on hand less those needed, on average over a scenario's periods."""
    assert what.flow is not None
    gap = what.flow.table.groupby("period")["gap"].sum(min_count=1).mean()
    return None if not np.isfinite(gap) else float(gap) / what.flow.person_hours


def takes(page: Outlook) -> str:
    """Say how many people it takes, and what is short or spare."""
    needed = people(peak_people(page))
    gap = gap_people(page)
    text = f"to be safe it takes up to {needed} full-time"
    if gap is None:
        return text
    if abs(gap) < -SHORT:
        return f"{text}, on average about as many as there are"
    side = "more" if gap < 0 else "fewer"
    return f"{text}, on average {math.ceil(abs(gap) - 0.05):,} {side} than there are"


def people(x: float) -> str:
    """Return a number of full-time people, rounded up."""
    return wording.count(max(math.ceil(x - 0.05), 0), "person", "people")


def signed(x: float) -> str:
    """Return a gap with its sign."""
    return wording.change(round(x, 1), "score")
