"""Stamps that are wrong: dated after a gap, in another zone, or ended before begun."""

from __future__ import annotations

import numpy as np
import pandas as pd

from insights.data.simulate.dirt.sheet import Sheet, Spot, days_of

GAP_DAYS, BACKFILL_DAYS = 41, 2
GAP_AT = 0.6  # of the weeks
BACKWARDS = 0.002  # of the rows
ZONE, ZONE_MARKET, ZONE_WEEKS = "America/Chicago", "US", 12
CLOCKS = [pd.Timestamp(day) for day in ("2024-03-10", "2024-11-03", "2025-03-09", "2025-11-02")]
STAMPS = (
    "created_at", "first_reply_at", "first_resolved_at", "reopened_at", "last_resolved_at",
)  # fmt: skip


def gap(sheet: Sheet) -> Spot:
    """Date everything of some weeks into the days after them, as a late import does."""
    first = sheet.day(GAP_AT)
    end = first + pd.Timedelta(days=GAP_DAYS)
    filed, decided = sheet.read("filed_at"), sheet.read("decided_at")
    inside = (filed >= first) & (filed < end)
    waiting = (filed < first) & (decided >= first) & (decided < end)
    landed = end + pd.to_timedelta(
        np.floor(sheet.rng.random(sheet.clean) * BACKFILL_DAYS * 86_400), unit="s"
    )
    took = decided - filed
    sheet.put("filed_at", filed.mask(inside, landed))
    sheet.put("decided_at", decided.mask(inside, landed + took).mask(waiting, landed))
    backfill = [end + pd.Timedelta(days=n) for n in range(BACKFILL_DAYS)]
    return Spot(
        int((inside | waiting).sum()),
        ("filed_at", "decided_at"),
        days_of([*pd.date_range(first, end, inclusive="left"), *backfill]),
        {"backfill": [str(day.date()) for day in backfill]},
    )


def zone(sheet: Sheet) -> Spot:
    """Write one market's stamps in its local time for some weeks, without saying so."""
    end = sheet.day(1.0)
    half = pd.Timedelta(weeks=ZONE_WEEKS / 2)
    known = [day for day in CLOCKS if day + half <= end]
    turn = known[(len(known) - 1) // 2 + len(known) // 3]
    created = sheet.read("created_at")
    hit = (sheet.read("market").astype(str) == ZONE_MARKET) & created.between(
        turn - half, turn + half, inclusive="left"
    )
    for name in STAMPS:
        stamps = sheet.read(name)
        local = stamps.dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.tz_localize(None)
        sheet.put(name, stamps.mask(hit, local))
    return Spot(
        int(hit.sum()), STAMPS, days_of(created[hit]),
        {"market": ZONE_MARKET, "zone": ZONE, "clocks_change": str(turn.date())},
    )  # fmt: skip


def backwards(sheet: Sheet) -> Spot:
    """Solve some contacts ten minutes to two days before they were created."""
    created, solved = sheet.read("created_at"), sheet.read("first_resolved_at")
    once = solved.notna() & sheet.read("reopened_at").isna()
    places = sheet.pick(BACKWARDS, once)
    early = pd.to_timedelta(np.floor(600 + sheet.rng.random(len(places)) * 172_200), unit="s")
    when = created.iloc[places].reset_index(drop=True) - early
    for name in ("first_resolved_at", "last_resolved_at"):
        stamps = sheet.read(name).copy()
        stamps.iloc[places] = when.to_numpy()
        sheet.put(name, stamps)
    return Spot(
        len(places), ("first_resolved_at", "last_resolved_at"), days_of(created.iloc[places])
    )
