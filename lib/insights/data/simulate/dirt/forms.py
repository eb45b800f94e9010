"""Columns that come in another form, or come at all: text, arrival times, free text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from insights.data.simulate.dirt.sheet import Sheet, Spot, days_of

LATE, LATE_DAYS = 0.05, (8, 40)
USUAL_HOURS = 6.0  # until a row usually arrives
PERSONAL = 0.005
SAID = ("Thank you.", "It took too long.", "The reply did not help.", "Solved at once.")
TAGS = ("vip", "follow_up", "second_line", "beta")


def separators(sheet: Sheet) -> Spot:
    """Write views as text, thousands apart, as a spreadsheet does."""
    whole = sheet.rows["views_at_action"].to_pandas()
    size = sheet.clean
    text = whole.map(lambda views: f"{views:,.0f}", na_action="ignore").astype(object)
    many = (whole >= 1000).iloc[:size]
    place = sheet.rows.schema.get_field_index("views_at_action")
    made = pa.array(text, type=pa.string(), from_pandas=True)
    sheet.rows = sheet.rows.set_column(place, "views_at_action", made)
    days = days_of(sheet.read("enqueued_at")[many])
    return Spot(int(many.sum()), ("views_at_action",), days)


def late(sheet: Sheet) -> Spot:
    """Say when each row arrived; some come late, and those yet to come are not there."""
    happened = sheet.read("reviewed_at")
    hours = sheet.rng.gamma(2.0, USUAL_HOURS / 2, sheet.clean)
    places = sheet.pick(LATE)
    days = sheet.rng.uniform(*LATE_DAYS, size=len(places))
    hours[places] = 24 * days
    arrived = happened + pd.to_timedelta(np.floor(hours * 3600), unit="s")
    sheet.put("recorded_at", arrived, pa.timestamp("ms"))
    there = arrived < sheet.day(1.0)
    kept = np.ones(sheet.rows.num_rows, dtype=bool)
    kept[: sheet.clean] = there
    sheet.rows = sheet.rows.filter(pa.array(kept))
    seen = there.to_numpy()[places]
    return Spot(
        int(seen.sum()), ("recorded_at",), days_of(happened.iloc[places[seen]]),
        {"not_arrived": int((~there).sum())},
    )  # fmt: skip


def personal(sheet: Sheet) -> Spot:
    """Add comments and tags; some hold an address or a number of nobody's, to be looked for."""
    rng, score = sheet.rng, sheet.read("score")
    comment = pd.Series(rng.choice(SAID, size=sheet.clean), dtype=object).where(score.notna())
    tags = pd.Series(rng.choice(TAGS, size=sheet.clean), dtype=object)
    places = sheet.pick(PERSONAL)
    canaries = []
    for turn, place in enumerate(places):
        number = int(rng.integers(0, 1_000_000))
        mail = f"canary.{turn:05d}.{number:06d}@example.org"
        phone = f"+1 555 {number % 1000:03d} {turn % 10_000:04d}"
        if turn % 4 == 3:
            tags.iloc[place] = f"call {phone}"
        else:
            comment.iloc[place] = f"Write to {mail}" if turn % 2 else f"My number is {phone}"
        canaries.append(mail if turn % 4 == 1 else phone)
    sheet.put("comment", comment, pa.string())
    sheet.put("tags", tags, pa.string())
    days = days_of(sheet.read("sent_at").iloc[places])
    return Spot(len(places), ("comment", "tags"), days, {"canaries": canaries})
