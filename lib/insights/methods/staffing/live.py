"""How many agents a live channel takes so that enough arrivals are answered in time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import pandas as pd
from matplotlib.figure import Figure

from insights import wording
from insights.errors import ParamError
from insights.methods.staffing import drawing
from insights.methods.staffing.erlang import State, erlang_a, erlang_b, unlimited

AROUND = 3  # numbers of agents shown on either side of the answer


@dataclass(frozen=True, slots=True)
class Agents:
    """The fewest agents that reach a service level, and what they and arrivals meet."""

    agents: int
    service_level: float  # share of all arrivals that are answered within the time
    occupancy: float
    wait_probability: float
    average_wait_seconds: float  # over all arrivals
    abandoned: float | None  # share of arrivals; none without patience
    arrivals: float
    interval_minutes: float
    target: float
    within_seconds: float
    table: pd.DataFrame  # agents, service_level, occupancy, wait_probability, ...; a few around

    def scheduled(self, shrinkage: float) -> int:
        """Return the people to schedule so that these agents are at work.

        Parameters
        ----------
        shrinkage
            Share of scheduled time that is off the queue, in [0, 1).
        """
        require("scheduled", "shrinkage", shrinkage, 0 <= shrinkage < 1, SHRINKAGE)
        return math.ceil(round(self.agents / (1 - shrinkage), 9))

    def narrative(self) -> str:
        """Return how many agents it takes, what that gives, and what one fewer would."""
        if not self.agents:
            return "It takes no agents: nobody arrives."
        interval = wording.target(self.interval_minutes, "minutes")
        whole = self.arrivals >= 10 or self.arrivals == int(self.arrivals)
        arrivals = wording.number(self.arrivals, "count" if whole else "score")
        noun = "arrival" if self.arrivals == 1 else "arrivals"
        text = (
            f"It takes {wording.count(self.agents, 'agent')} to answer"
            f" {wording.target(self.target, 'share')} of {arrivals} {noun} in {interval} within"
            f" {wording.target(self.within_seconds, 'seconds')}:"
            f" {wording.number(self.service_level, 'share')} are answered in time"
        )
        if self.abandoned is not None:
            text += f", {wording.number(self.abandoned, 'share')} give up"
        busy = wording.number(self.occupancy, "share")
        return f"{text} and agents are busy {busy} of the time. {self._fewer()}"

    def plot(self) -> Figure:
        """Return the service level by number of agents, with the target."""
        return drawing.service(self.table, self.agents, self.target, self.within_seconds)

    def _fewer(self) -> str:
        """Say what one agent fewer would give."""
        fewer = self.table[self.table["agents"] == self.agents - 1]
        if fewer.empty:
            return "One fewer could not keep up."
        level = wording.number(float(fewer["service_level"].iloc[0]), "share")
        return f"One fewer would answer {level}."


SHRINKAGE = "a share of at least 0 and below 1"


def require(where: str, name: str, value: float, passes: bool, order: str) -> None:
    """Refuse a number that cannot be; NaN passes no comparison."""
    if not passes or not math.isfinite(value):
        raise ParamError(f"{where}: {name} is {value:g}. Give {order}.")


def agents(
    arrivals: float,
    interval_minutes: float,
    handle_minutes: float,
    target: float,
    within_seconds: float,
    patience_minutes: float | None = None,
) -> Agents:
    """Return the fewest agents so that enough arrivals are answered in time.

    Parameters
    ----------
    arrivals
        Count expected in one interval, >= 0; a forecast's upper quantile rather than its mean.
    interval_minutes
        Length of the interval, > 0.
    handle_minutes
        Mean handle time, > 0.
    target
        Share of arrivals to answer in time, in (0, 1).
    within_seconds
        The longest wait that counts as in time, >= 0.
    patience_minutes
        Mean time after which a person who waits gives up, > 0; by default nobody does.

    Returns
    -------
    Agents
        ``table`` has one row a number of agents, up to three on either side of the answer.

    Raises
    ------
    ParamError
        A number is outside its range.

    Notes
    -----
    Erlang C, or Erlang A with patience: see ``erlang_c`` and ``erlang_a``. Each interval alone,
    as in the long run: who still waits from the interval before is not in it.
    """
    above = "a finite number above 0"
    least = "a finite number of at least 0"
    require("agents", "arrivals", arrivals, arrivals >= 0, least)
    require("agents", "interval_minutes", interval_minutes, interval_minutes > 0, above)
    require("agents", "handle_minutes", handle_minutes, handle_minutes > 0, above)
    require("agents", "target", target, 0 < target < 1, "a share above 0 and below 1")
    require("agents", "within_seconds", within_seconds, within_seconds >= 0, least)
    load = arrivals * handle_minutes / interval_minutes
    if patience_minutes is None:
        states = _patient(load, handle_minutes, target, within_seconds)
    else:
        patience = patience_minutes
        require(
            "agents", "patience_minutes", patience, patience > 0, above + ", or leave it out"
        )
        states = _impatient(
            lambda n: erlang_a(n, load, handle_minutes, within_seconds, patience), load, target
        )
    best = next(state for state in states if state.service_level >= target)
    table = pd.DataFrame([asdict(state) for state in states])
    return Agents(
        **asdict(best),
        arrivals=arrivals,
        interval_minutes=interval_minutes,
        target=target,
        within_seconds=within_seconds,
        table=table.astype({"abandoned": float}),
    )


def _patient(load: float, handle: float, target: float, within: float) -> list[State]:
    """Return the states around the answer when nobody gives up, fewest agents first."""
    if load == 0:
        return [State(0, 1.0, 0.0, 0.0, 0.0, None)]
    n = math.floor(load) + 1
    blocked = erlang_b(n, load)
    states = [unlimited(n, load, blocked, handle, within)]
    after = 0
    while after < AROUND:
        n += 1
        after += states[-1].service_level >= target
        blocked = load * blocked / (n + load * blocked)
        states.append(unlimited(n, load, blocked, handle, within))
    return states[-2 * AROUND - 1 :]


def _impatient(state: Callable[[int], State], load: float, target: float) -> list[State]:
    """Return the states around the answer when people give up, fewest agents first."""
    if load == 0:
        return [State(0, 1.0, 0.0, 0.0, 0.0, 0.0)]
    short, enough = 0, math.ceil(load)
    while state(enough).service_level < target:
        short, enough = enough, 2 * enough
    while enough - short > 1:
        middle = (short + enough) // 2
        if state(middle).service_level >= target:
            enough = middle
        else:
            short = middle
    return [state(n) for n in range(max(1, enough - AROUND), enough + AROUND + 1)]
