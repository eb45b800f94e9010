"""What deferred work takes: the table, the sentence that states it, and its chart."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from insights import wording
from insights.methods.staffing import drawing

SIDES = {"hi": "upper", "lo": "lower"}


@dataclass(frozen=True, slots=True)
class Flow:
    """The hours and people that deferred work takes, and what is left undone."""

    table: pd.DataFrame  # queue, period, volume, work_hours, hours_needed, ...; see ``flow``
    backlog: float  # items open at the start, over all queues
    level: str | None  # the forecast's column that the volumes are
    person_hours: float
    grain: str

    def narrative(self) -> str:
        """Return what is needed, where hours fall short, and what becomes of the backlog."""
        parts = [self._needed(), self._short(), self._backlog()]
        return " ".join(wording.sentence(part) for part in parts if part)

    def plot(self, *, most: int = 4) -> Figure:
        """Return needed against available hours, one row a queue, the shortest first."""
        return drawing.needs(self.table, self.grain, most)

    def _needed(self) -> str:
        """Say the hours and people at the average and at the peak."""
        table = self.table
        queues = table["queue"].nunique()
        together = table.groupby("period")[["hours_needed", "people_needed"]].sum()
        hours = together["hours_needed"].to_numpy(float)
        at = int(hours.argmax())
        peak, mean, most = pd.Timestamp(together.index[at]), float(hours.mean()), hours[at]
        crew = together["people_needed"]
        people = wording.count(int(crew.iloc[at]), "person", "people")
        whose = f"queue {table['queue'].iloc[0]}" if queues == 1 else f"the {queues} queues"
        of = self._of()
        when = wording.in_period(peak, self.grain)
        if len(together) == 1:
            return (
                f"{whose} {'takes' if queues == 1 else 'take'}"
                f" {wording.number(most, 'hours')}, {people}, {when}{of}"
            )
        capped = sorted(set(table.loc[table["bound"] == "severe cap", "queue"].astype(str)))
        text = (
            f"{whose} {'takes' if queues == 1 else 'take'} {wording.number(mean, 'hours')} a"
            f" {self.grain} on average over {wording.count(len(together), self.grain)}{of}, at"
            f" most {wording.number(most, 'hours')}, {people}, {when}"
        )
        if crew.max() > crew.iloc[at]:  # whole people a queue peak where hours do not
            then = wording.in_period(pd.Timestamp(crew.index[int(crew.argmax())]), self.grain)
            text += f", and {wording.count(int(crew.max()), 'person', 'people')} {then}"
        if capped:
            text += f"; the cap on severe content sets the number in {wording.listing(capped)}"
        return text

    def _of(self) -> str:
        """Say which level of the forecast the volumes are."""
        if self.level is None:
            return ""
        side, _, level = self.level.partition("-")
        if side in SIDES:
            share = f"{level}{wording.NBSP}%"
            return f" at the {SIDES[side]} end of the forecast's {share} range"
        return f" at the forecast's {self.level}"

    def _short(self) -> str:
        """Say where the hours available fall short of those needed."""
        known = self.table[self.table["hours_available"].notna()]
        if known.empty:
            return ""
        short = known[known["gap"] < -1e-9]
        periods = wording.count(known["period"].nunique(), self.grain)
        if short.empty:
            return f"the hours available cover all of {periods}"
        by_queue = short.groupby("queue", sort=False)["gap"].sum()
        total = -float(by_queue.sum())
        text = (
            f"the hours available fall short in {short['period'].nunique()} of {periods},"
            f" by {wording.number(total, 'hours')} in all"
        )
        if len(set(known["queue"])) > 1:
            most = (
                wording.number(-float(by_queue.min()), "hours") if len(by_queue) > 1 else "all"
            )
            text += f", {most} of it in {by_queue.idxmin()}"
        return text

    def _backlog(self) -> str:
        """Say what becomes of the items that are open."""
        if not self.backlog and not self.table["backlog_left"].any():
            return ""
        left = self.table.pivot_table(index="period", columns="queue", values="backlog_left")
        total = left.ffill().fillna(0.0).sum(axis=1)
        last = float(total.iloc[-1])
        start = wording.number(self.backlog)
        if last > 0:
            ends = wording.the_period(total.index[-1], self.grain)
            return (
                f"the backlog goes from {start} to {wording.number(last)} at the end of {ends}"
            )
        waits = total[total > 0].index
        done = total.index[0] if waits.empty else total.index[total.index > waits[-1]][0]
        when = wording.in_period(done, self.grain)
        if not self.backlog:
            most = wording.number(float(total.max()))
            return f"a backlog of up to {most} builds up and is cleared {when}"
        return f"the backlog of {start} is cleared {when}"
