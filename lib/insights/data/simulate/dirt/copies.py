"""Rows that stand twice: alike, under one id but different, or merged and still counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from insights.data.simulate.dirt.sheet import Sheet, Spot, days_of

EXACT, CONFLICTING, MERGED = 0.006, 0.003, 0.01  # of the rows
MERGED_WITHIN_MINUTES = 120


def exact(sheet: Sheet) -> Spot:
    """Write some rows twice."""
    places = sheet.pick(EXACT)
    days = days_of(sheet.read("enqueued_at").iloc[places])
    sheet.copy(places, {})
    return Spot(len(places), tuple(sheet.rows.column_names), days)


def conflicting(sheet: Sheet) -> Spot:
    """Write some rows again under the same id, as an earlier or later state of the case."""
    places = sheet.pick(CONFLICTING)
    handled = sheet.read("handle_s").iloc[places]
    sheet.copy(
        places,
        {
            "transfers": sheet.read("transfers").iloc[places] + 1,
            "handle_s": handled * (1 + sheet.rng.random(len(places))),
        },
    )
    days = days_of(sheet.read("created_at").iloc[places])
    return Spot(len(places), ("contact_id", "transfers", "handle_s"), days)


def merged(sheet: Sheet) -> Spot:
    """Write some contacts again, a little later, and merge the second into the first."""
    first = sheet.read("first_resolved_at")
    places = sheet.pick(MERGED, first.notna())
    created = sheet.read("created_at").iloc[places].reset_index(drop=True)
    room = (first.iloc[places].reset_index(drop=True) - created).dt.total_seconds()
    later = sheet.rng.random(len(places)) * room.clip(0, 60 * MERGED_WITHIN_MINUTES)
    moved = created + pd.to_timedelta(np.floor(later), unit="s")
    ids = sheet.read("contact_id").iloc[places].to_numpy()
    sheet.put("merged_into", np.full(sheet.clean, None), pa.int64())
    reply = sheet.read("first_reply_at").iloc[places].reset_index(drop=True)
    sheet.copy(
        places,
        {
            "contact_id": ids ^ 0x69696969696969,
            "created_at": moved,
            "first_reply_at": np.maximum(reply, moved),
            "merged_into": ids,
        },
    )
    return Spot(len(places), ("merged_into",), days_of(moved))
