"""How a queue of random arrivals behaves with a given number of agents, exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

TINY = 50.0  # a state whose chance is e**-50 of the largest adds nothing


@dataclass(frozen=True, slots=True)
class State:
    """What arrivals and agents meet in the long run."""

    agents: int
    service_level: float  # share of all arrivals that are answered within the time
    occupancy: float  # share of their time that agents handle
    wait_probability: float
    average_wait_seconds: float  # over all arrivals, those who give up included
    abandoned: float | None  # share of arrivals; none where nobody gives up


def erlang_b(agents: int, load: float) -> float:
    """Return the share of arrivals that find every agent busy and leave at once.

    Parameters
    ----------
    agents
        Count, >= 0.
    load
        Arrivals a minute times minutes each, in erlangs, >= 0.

    Notes
    -----
    Erlang (1917), Elektroteknikeren 13: 5-13, by the recursion over agents, which only adds
    and multiplies positive numbers and so loses no digits.
    """
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(agents: int, load: float) -> float:
    """Return the share of arrivals that wait when nobody gives up.

    Parameters
    ----------
    agents
        Count, >= 0.
    load
        In erlangs, >= 0; with as much load as agents, or more, everybody waits.

    Notes
    -----
    Erlang (1917), Elektroteknikeren 13: 5-13, from ``erlang_b``.
    """
    return waiting(agents, load, erlang_b(agents, load)) if load < agents else 1.0


def waiting(agents: int, load: float, blocked: float) -> float:
    """Return Erlang C from Erlang B, for a load below the agents."""
    return agents * blocked / (agents - load + load * blocked)


def service_level(
    agents: int, load: float, handle_minutes: float, within_seconds: float
) -> float:
    """Return the share of arrivals that are answered in time when nobody gives up.

    Parameters
    ----------
    agents
        Count, >= 0.
    load
        In erlangs, >= 0.
    handle_minutes
        Mean handle time, > 0.
    within_seconds
        The longest wait that counts as in time, >= 0.

    Notes
    -----
    As ``erlang_c``; the wait of those who wait is exponential.
    """
    if load >= agents:
        return 0.0
    left = math.exp((load - agents) * within_seconds / 60 / handle_minutes)
    return 1 - erlang_c(agents, load) * left


def unlimited(
    agents: int, load: float, blocked: float, handle_minutes: float, within_seconds: float
) -> State:
    """Return the state when nobody gives up, for a load below the agents."""
    waits = waiting(agents, load, blocked)
    left = math.exp((load - agents) * within_seconds / 60 / handle_minutes)
    average = waits * 60 * handle_minutes / (agents - load)
    return State(agents, 1 - waits * left, load / agents, waits, average, None)


def erlang_a(
    agents: int,
    load: float,
    handle_minutes: float,
    within_seconds: float,
    patience_minutes: float,
) -> State:
    """Return the state when those who wait give up after an exponential time.

    Parameters
    ----------
    agents
        Count, >= 1.
    load
        In erlangs, > 0.
    handle_minutes
        Mean handle time, > 0; handle times are exponential.
    within_seconds
        The longest wait that counts as in time, >= 0.
    patience_minutes
        Mean time after which a person who waits gives up, > 0.

    Returns
    -------
    State
        Who gives up was not answered, so ``service_level`` is of all arrivals.

    Notes
    -----
    Palm's model, as in Mandelbaum and Zeltyn (2007), Service engineering in action, in
    Advances in Services Innovations, 17-45; chances of states by birth and death. Who
    finds k waiting is reached after k + 1 departures at rates that fall in equal steps; in
    units of patience, e to the minus that time is beta distributed, so the share answered in
    time is an incomplete beta function.
    """
    capacity = agents * patience_minutes / handle_minutes  # departures a patience
    demand = load * patience_minutes / handle_minutes  # arrivals a patience
    ahead, queued, free = _chances(agents, load, capacity, demand)
    patience = within_seconds / 60 / patience_minutes
    stays = capacity / (capacity + ahead + 1)
    in_time = special.betainc(ahead + 1, capacity + 1, -math.expm1(-patience))
    answered = free + float(queued @ (stays * in_time))
    lost = float(queued @ ((ahead + 1) / (capacity + ahead + 1)))
    return State(
        agents,
        answered,
        load * (1 - lost) / agents,
        float(queued.sum()),
        lost * patience_minutes * 60,
        lost,
    )


def _chances(
    agents: int, load: float, capacity: float, demand: float
) -> tuple[Floats, Floats, float]:
    """Return how many may wait, the chance of each, and the chance that an agent is free."""
    peak, scale = max(0.0, demand - capacity), max(capacity, demand)
    reach = TINY + math.sqrt(TINY**2 + 2 * TINY * scale)
    first = max(0, math.floor(peak - reach))
    ahead = np.arange(first, math.ceil(peak + reach) + 1, dtype=float)
    logs = np.append(0.0, np.cumsum(-np.log1p((ahead[1:] + capacity - demand) / demand)))
    busy = np.arange(agents, dtype=float)
    # one fewer than all busy, two fewer ...: each step down is busy / load
    below = np.cumsum(np.log((agents - busy) / load)) if not first else np.full(1, -np.inf)
    top = max(logs.max(), below.max())
    queued, free = np.exp(logs - top), float(np.exp(below - top).sum())
    total = float(queued.sum()) + free
    return ahead, queued / total, free / total
