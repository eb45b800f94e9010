"""Does the flow of work say when a backlog is cleared, and a chance how often goals are met?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from insights.methods import forecasts, goals, staffing

from . import forecasts as foreseen
from . import scoring
from .scoring import HELD, NOT_HELD, Row
from .world import World

QUEUE = "account_access"
CALM = 4  # weeks before the outage that say what is usual
AHEAD = 12
OCCUPANCY = 0.85  # of the simulator's people
LATE = 1  # week by which clearing may be misjudged
CHANCES = (0.1, 0.3, 0.5, 0.7, 0.9)


def score(here: World) -> list[Row]:
    """Return a row on the login outage's backlog and one on chances."""
    return [cleared(here), chances(here)]


def cleared(here: World) -> Row:
    """Foresee from the outage's last week when open contacts are back to what is usual."""
    outage = pd.Timestamp(here.effect("E2")["start"])
    monday = outage - pd.Timedelta(days=outage.dayofweek)
    open_, hours, came, handle, away = (
        _weekly(here, name)
        for name in ("backlog", "scheduled_hours", "human_contacts", "handle_time", "shrinkage")
    )
    before = slice(monday - pd.Timedelta(weeks=CALM), monday - pd.Timedelta(days=1))
    usual = float(open_[before].mean())
    weeks = pd.date_range(monday + pd.Timedelta(weeks=1), periods=AHEAD, freq="7D")
    volume = pd.DataFrame(
        {"queue": QUEUE, "period": weeks, "volume": float(came[before].mean())}
    )
    flow = staffing.flow(
        volume.assign(hours_available=hours[weeks].to_numpy()),
        handle_minutes=float(handle[before].mean()),
        occupancy=OCCUPANCY,
        shrinkage=float(away[before].mean()),
        backlog=float(open_[monday]) - usual,
    )
    said = _weeks(flow.table["backlog_left"].to_numpy() <= 0)
    near = usual + 0.1 * (float(open_[monday]) - usual)
    true = _weeks(open_[weeks].to_numpy() <= near)
    return Row(
        "E2", "staffing", "login outage: weeks until its backlog is cleared, by hours on hand",
        HELD if abs(said - true) <= LATE else NOT_HELD,
        error=scoring.size(true, said),
        note=f"usual open contacts {usual:.0f}, {float(open_[monday]):.0f} at the outage's end",
    )  # fmt: skip


def chances(here: World) -> Row:
    """Ask how likely each market stays under levels that its own futures put at 10 to 90 %."""
    history = foreseen.past(here, "week")
    made = forecasts.forecast(
        history, horizon=foreseen.WEEKS, freq="W-MON", events=foreseen.events(here)
    )
    paths = made.sample_paths(2000, np.random.default_rng(0))
    true = foreseen.hidden(here, "week").groupby("unique_id")["y"].sum()
    asked, met = [], []
    for at, market in enumerate(made.ids):
        for share in CHANCES:
            target = float(np.quantile(paths[:, at].sum(axis=1), share))
            found = goals.chance(paths[:, at], target=target, better="lower")
            asked.append(found.chance)
            met.append(bool(true[market] <= target))
    off = float(np.mean(met)) - float(np.mean(asked))
    noise = 0.5 / np.sqrt(len(made.ids))  # markets are one draw each; their levels are not
    return Row(
        "E9", "goals", "hidden weeks: totals under levels of 10 to 90 % chance, by market",
        HELD if abs(off) <= 2 * noise else NOT_HELD,
        error=scoring.size(float(np.mean(asked)), float(np.mean(met)), "share"),
        note=f"share asked -> share met; two standard errors are {2 * noise:.0%}",
    )  # fmt: skip


def _weekly(here: World, metric: str) -> pd.Series:
    """Return the queue's weekly figures of a metric."""
    rows = here.rows(metric, by=["queue"], grain="week")
    own = rows[rows["queue"] == QUEUE]
    return own.set_index("period")["value"]


def _weeks(done: np.ndarray) -> int:
    """Return the number of the first week that is done; one more than all where none is."""
    return int(np.argmax(done)) + 1 if done.any() else len(done) + 1
