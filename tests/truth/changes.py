"""Is a fall that all topics outgrow told as a mix shift, and do the parts add? E1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from insights import wording

from . import builds, scoring, world
from .satisfaction import REVERSED
from .scoring import FOUND, HELD, MISSED, NOT_HELD, Row, step
from .world import World

EXACT = 1e-9
TRUE_ROWS = """
    select t.topic as segment, sum((t.true_score >= 4)::int) as events, count(*) as exposure
    from {truth/csat} t join {contacts} c using (contact_id)
    where not c.is_bot and t.first_resolution_h is not null
    and t.created_at >= '%s' and t.created_at < '%s' group by all order by all"""
Change = Any  # what rate_change returns


def score(here: World) -> list[Row]:
    """Return rows on E1: against the world without it, the weeks before, and as answered."""
    rate_change = scoring.method("changes", "rate_change")
    if rate_change is None:
        return [scoring.missing("E1", "changes", "satisfaction by topic: mix and rate")]
    start, end = (pd.Timestamp(here.effect("E1")[name]) for name in ("start", "end"))
    before = start - (end - start)
    other = builds.without(["E1"], scale=here.scale, seed=here.record["seed"])
    with world.opened(here.origin, other) as without:
        planted = compared(true_rows(without, start, end), true_rows(here, start, end))
    true = compared(true_rows(here, before, start), true_rows(here, start, end))
    answered = compared(answers(here, before, start), answers(here, start, end))
    rows = split(here, rate_change, planted)
    rows += [
        simpson(rate_change(true), "true satisfaction, the 34 weeks before and after", true)
    ]
    if not here.seen(here.measure("E1", "csat_true")):
        needed = here.measure("E1", "csat_true")["smallest_scale"]
        return [*rows, scoring.below("E1", "changes", "csat as answered by topic", needed)]
    found = rate_change(answered, metric="Satisfied, as answered")
    asked = f"csat as answered, the same weeks but that of {REVERSED}"
    return [*rows, simpson(found, asked, answered), *parts(found, kitagawa(true))]


def true_rows(here: World, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Return true satisfaction by topic of what came in some days."""
    return here.sql(TRUE_ROWS % (start.date(), end.date()))


def answers(here: World, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Return csat as answered by topic, without the week that the gates refuse."""
    last = end - pd.Timedelta(days=1)
    rows = here.rows("csat", by=["topic"], start=start, end=last).rename(
        columns={"topic": "segment"}
    )
    rows = rows[rows["period"] != REVERSED]
    return rows.groupby("segment", as_index=False)[["events", "exposure"]].sum()


def compared(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return two windows as comparison rows."""
    return pd.concat([before.assign(side="before"), after.assign(side="after")])


def kitagawa(rows: pd.DataFrame) -> tuple[float, float]:
    """Return mix and rate of the whole change, segment by segment (Kitagawa 1955)."""
    sides = {name: side.set_index("segment") for name, side in rows.groupby("side")}
    mix = rate = 0.0
    for segment in sides["before"].index:
        first, last = (sides[name].loc[segment] for name in ("before", "after"))
        shares = [one["exposure"] / sides[n]["exposure"].sum()
                  for n, one in (("before", first), ("after", last))]  # fmt: skip
        rates = [one["events"] / one["exposure"] for one in (first, last)]
        mix += (shares[1] - shares[0]) * sum(rates) / 2
        rate += (rates[1] - rates[0]) * sum(shares) / 2
    return mix, rate


def closure(found: Change, rows: pd.DataFrame) -> float:
    """Return by how much the parts miss the change and each part misses the hand count."""
    by_hand = kitagawa(rows)
    totals = found.table[["mix", "rate"]].sum()
    off = [totals.sum() - found.change, totals["mix"] - by_hand[0], totals["rate"] - by_hand[1]]
    return max(abs(value) for value in off)


def split(here: World, rate_change: Callable[..., Change], rows: pd.DataFrame) -> list[Row]:
    """Return how the planted size comes apart: the same weeks without and with E1."""
    found = rate_change(rows, metric="True satisfaction")
    truth = here.measure("E1", "csat_true")["size"]
    off = closure(found, rows)
    asked = "true satisfaction without and with E1"
    exact = abs(found.change - truth) <= EXACT
    added = Row(
        "E1", "changes", f"{asked}: change, parts add, equal a hand count",
        HELD if exact and off <= EXACT else NOT_HELD, error=step(truth, found.change),
        interval=f"closes to {off:.0e}",
    )  # fmt: skip
    sizes = {
        one["segment"]["topic"][0]: one["size"]
        for one in here.effect("E1")["measures"]
        if one["metric"] == "csat_true" and one["segment"]
    }
    sides = rows.assign(rate=rows["events"] / rows["exposure"]).pivot_table(
        index="segment", columns="side", values="rate"
    )
    own = sides["after"] - sides["before"]
    same = all(abs(own[topic] - value) <= EXACT for topic, value in sizes.items())
    signs = int((found.table["rate"] * own > 0).sum())
    topics = Row(
        "E1", "changes", f"{asked}: each topic's own rate moved as planted",
        FOUND if same and signs == len(sizes) else MISSED,
        found=f"{signs} of {len(sizes)} signs", interval="equal" if same else "",
    )  # fmt: skip
    return [added, topics, simpson(found, asked, rows)]


def simpson(found: Change, asked: str, rows: pd.DataFrame) -> Row:
    """Return whether a total that fell against its topics is said to have."""
    off = closure(found, rows)
    flagged = bool(found.simpson)
    up, topics = int((found.table["rate"] > 0).sum()), len(found.table)
    said = wording.change(found.change, "share")
    return Row(
        "E1", "changes", f"{asked}: Simpson flagged", FOUND if flagged else MISSED,
        found="yes" if flagged else "no", interval=f"closes to {off:.0e}",
        note=f"total {said}, {up} of {topics} topics up",
    )  # fmt: skip


def parts(found: Change, truth: tuple[float, float]) -> list[Row]:
    """Return mix and rate of answers against those of true satisfaction."""
    rows = []
    for name, true in zip(("mix", "rate"), truth, strict=True):
        part = getattr(found, name, None)  # an interval is no part of the contract
        value = float(found.table[name].sum())
        low, high = (getattr(part, side, float("nan")) for side in ("lower", "upper"))
        held = low <= true <= high
        said = f"{'yes' if held else 'no'}: {100 * low:+.1f} to {100 * high:+.1f}"
        rows.append(
            Row(
                "E1", "changes", f"csat as answered, {name} against true satisfaction's",
                HELD if held else NOT_HELD, error=step(true, value), interval=said,
            )
        )  # fmt: skip
    return rows
