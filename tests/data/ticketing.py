"""A desk's tickets, and every kind of metric over them."""

from __future__ import annotations

import numpy as np
import pandas as pd

RATIO = {"kind": "ratio", "unit": "share"}


def tickets(n: int = 400, seed: int = 5) -> pd.DataFrame:
    """Stamps around midnight, blanks, weights, two empty weeks, late rows."""
    rng = np.random.default_rng(seed)
    weeks = rng.choice([0, 1, 2, 4, 5, 7, 8, 9], n)
    day = pd.Timestamp("2025-01-06") + pd.to_timedelta(weeks * 7, unit="D")
    minutes = rng.integers(0, 7 * 24 * 60, n)
    begun = day + pd.to_timedelta(minutes, unit="min")
    took = pd.to_timedelta(rng.integers(1, 4000, n), unit="min")
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "begun": begun,
            "ended": (begun + took).where(rng.random(n) < 0.8),
            "seen": begun + pd.to_timedelta(rng.integers(0, 30, n), unit="D"),
            "queue": rng.choice(["mail", "chat", None], n),
            "who": rng.integers(0, 40, n),
            "score": pd.Series(rng.choice([1, 2, 3, 4, 5, np.nan], n)).astype("Int64"),
            "minutes": np.where(rng.random(n) < 0.2, np.nan, rng.random(n) * 90),
            "weight": rng.random(n) + 0.5,
        }
    )


def desk_of(desk, frame: pd.DataFrame, **said):
    """Every kind of metric over one table, by two clocks."""
    desk.file("tickets.csv", frame.to_csv(index=False))
    desk.table(path="tickets.csv", recorded_at="seen", key=["id"], sampled=True, **said)
    ends = {"from": "begun", "to": "ended", "target": 20}
    mean = {"kind": "ratio", "unit": "minutes", "numerator": "minutes"}
    answered = {"numerator": "score >= 4", "denominator": "score is not null"}
    made = {
        "tickets": {},
        "worked": {"numerator": "minutes"},
        "open": {"numerator": "who", "snapshot": "last"},
        "agents": {"kind": "distinct", "numerator": "who"},
        "csat": {**RATIO, **answered, "mirror": "score <= 2"},
        "adjusted": {**RATIO, **answered, "poststratify": ["queue"]},
        "weighted": {
            **RATIO,
            "numerator": "weight * (score >= 4)::int",
            "denominator": "weight",
        },
        "handle": {**mean, "denominator": "minutes is not null"},
        "wait": {"kind": "duration", "unit": "hours", **ends},
        "solved": {"clock": "ended", "numerator": "weight"},
    }
    for name, metric in made.items():
        desk.metric(name, **{"clock": "begun", "dimensions": ["queue"], **metric})
    return desk
