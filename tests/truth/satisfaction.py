"""How far is satisfaction as answered, and as adjusted, from the true one of all asked?"""

from __future__ import annotations

import pandas as pd

from insights.methods.intervals import wilson

from .scoring import HELD, NOT_HELD, Row, size
from .world import World

NOMINAL = 0.95
REVERSED = "2024-10-07"  # the week of E14, which the gates refuse
TRUE_WEEKS = """
    select date_trunc('week', s.sent_at) as period, avg((t.true_score >= 4)::int) as truth
    from {surveys} s join {truth/csat} t using (contact_id) group by 1"""


def score(world: World) -> list[Row]:
    """Return a row for each of the pack's two figures."""
    return [_row(world, metric) for metric in ("csat", "csat_adjusted")]


def weekly(world: World, metric: str) -> pd.DataFrame:
    """Return each mature week's figure, its 95 % interval and the truth of all asked."""
    true = world.sql(TRUE_WEEKS).astype({"period": "datetime64[ns]"})
    last = world.end - pd.Timedelta(days=14)
    rows = world.rows(metric).merge(true, on="period")
    rows = rows[(rows["period"] <= last) & (rows["period"] != REVERSED)]
    worth = rows["n_effective"]
    bounds = [wilson(v * n, n, NOMINAL) for v, n in zip(rows["value"], worth, strict=True)]
    return rows.assign(lower=[low for low, _ in bounds], upper=[high for _, high in bounds])


def _row(world: World, metric: str) -> Row:
    """Return the mean gap and how many weekly intervals held the truth."""
    rows = weekly(world, metric)
    held = rows["truth"].between(rows["lower"], rows["upper"])
    return Row(
        "-", "values", f"{metric} against true satisfaction of all asked, {len(rows)} weeks",
        HELD if held.mean() >= NOMINAL - 0.05 else NOT_HELD,
        error=size(rows["truth"].mean(), rows["value"].mean(), "share"),
        interval=f"{held.sum()} of {len(held)} weeks",
        note="silence depends on satisfaction itself",
    )  # fmt: skip
