"""What happens in a week, in the world as it is and in the same world with an effect off.

All random numbers of a week are drawn once (`Draws`) and played for any set of effects, so that
two worlds differ only in what an effect touches.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from insights.data.simulate import arrivals, moderation, outcomes, people, queues, surveys
from insights.data.simulate.people import Floor, People
from insights.data.simulate.queues import Capacity, Desk
from insights.data.simulate.world import DAY, Array, Columns, World, joined, take

Frames = dict[str, Columns]  # contacts, surveys, qa_contacts, items, appeals, qa_items, ...
LINK_EFFECT = "E7"  # the one effect whose wrongful actions are followed into contacts


@dataclass(frozen=True, slots=True)
class Draws:
    """A week's random numbers: possible decisions, possible contacts in order of arrival."""

    week: int
    items: Columns
    contacts: Columns


@dataclass(slots=True)
class State:
    """What one world remembers from week to week."""

    desk: Desk = field(default_factory=Desk)
    floor: Floor | None = None

    def copy(self) -> State:
        """Return a state that goes its own way from here."""
        return State(self.desk.copy(), self.floor.copy() if self.floor else None)


class Operation:
    """The world's people, plan and streams, and contacts on their way from wrongful actions."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people: People = people.gathered(world)
        self.linked_per_contact = moderation.contacts_per_contact()
        self._coming: dict[int, list[Columns]] = {}

    def capacity(self, on: frozenset[str]) -> Capacity:
        """Return the staffing that would be planned where these effects are on."""
        world = World(self.world.scale, self.world.seed, self.world.weeks, on)
        return queues.staffed(world, self.linked_per_contact)

    def opened(self) -> State:
        """Return the state on the first day."""
        return State(Desk(), Floor.opened(self.people))

    def draw(self, week: int, state: State) -> Draws:
        """Draw a week; `state` is the factual one, by which wrongful actions are followed."""
        items = moderation.draw(self.world, week)
        self._follow(items, week, state)
        base = arrivals.draw(self.world, week, self.linked_per_contact)
        size = len(base["id"])
        base |= {name: np.zeros(size, dtype=bool) for name in ("active", "active_off")}
        pool = joined([base, *self._coming.pop(week, [])])
        return Draws(week, items, take(pool, np.argsort(pool["created"], kind="stable")))

    def _follow(self, items: Columns, week: int, state: State) -> None:
        """Put contacts that wrongful actions bring into the weeks in which they come."""
        assert state.floor is not None
        some = take(items, np.flatnonzero(items["linked"] < arrivals.LINKED_SHARE))
        active: Columns = {}
        over = self.over_cap(week, state.floor, self.world.effects)[1]
        for name, on in (
            ("active", self.world.effects),
            ("active_off", self.world.effects - {LINK_EFFECT}),
        ):
            done = moderation.decided(self.people, state.floor, over, some, week, on)
            here = moderation.kept(some, week, on)
            active[name] = done["measure"] & done["wrong"] & here
        source = {"market": some["market"], "decided": done["decided"]}
        links = arrivals.linked(self.world, week, source, active)
        for later in np.unique(links["week"]):
            if later < self.world.all_weeks:
                rows = take(links, np.flatnonzero(links["week"] == later))
                self._coming.setdefault(int(later), []).append(rows)

    def over_cap(self, week: int, floor: Floor, on: frozenset[str]) -> tuple[Columns, Array]:
        """Return exposure of a week and the share of each place's days over the cap."""
        return people.exposed(self.world, self.people, floor, week, on)

    def support(
        self, draws: Draws, on: frozenset[str], state: State, capacity: Capacity
    ) -> Frames:
        """Play a week of contacts, surveys and their reviews."""
        linked = draws.contacts["active"]
        if LINK_EFFECT not in on:
            linked = draws.contacts["active_off"]
        base = draws.contacts["cell"] >= 0
        here = np.where(base, arrivals.kept(draws.contacts, draws.week, on), linked)
        rows = take(draws.contacts, np.flatnonzero(here))
        contacts = outcomes.settled(
            self.world, self.people, capacity, state.desk, rows, draws.week, on
        )
        return {
            "contacts": contacts,
            "surveys": surveys.asked(contacts, rows, on),
            "qa_contacts": surveys.reviewed(contacts, rows),
        }

    def safety(self, draws: Draws, on: frozenset[str], state: State) -> Frames:
        """Play a week of decisions, appeals, their reviews and exposure; people may leave."""
        assert state.floor is not None
        exposure, over = self.over_cap(draws.week, state.floor, on)
        here = np.flatnonzero(moderation.kept(draws.items, draws.week, on))
        rows = take(draws.items, here)
        items = moderation.decided(self.people, state.floor, over, rows, draws.week, on)
        left = state.floor.pass_week(self.people, draws.week, on)
        places: Columns = {
            "site": self.people.moderator_site,
            "left": left,
            "at": np.full(len(left), (7 * draws.week + 6) * DAY),
        }
        return {
            "items": items,
            "appeals": moderation.appealed(items, rows),
            "qa_items": moderation.audited(items, rows),
            "exposure": exposure,
            "places": places,
        }
