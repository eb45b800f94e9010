"""What a split of a change in a mean by regression returns: parts, sentence, waterfall."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from insights import wording
from insights.methods.changes import words
from insights.methods.changes.drawing import Bar, most, waterfall
from insights.methods.changes.estimate import Change, Estimate

PARTS = ("mix", "rate")


@dataclass(frozen=True, slots=True)
class RegressionChange(Change):
    """Two- and three-part split of a change in a mean by what the cases bring."""

    detail: pd.DataFrame  # index driver; means, slopes, parts and their bounds
    threefold: pd.DataFrame  # index endowments, coefficients, interaction; value, lower, upper
    mix: Estimate
    rate: Estimate

    @property
    def drivers(self) -> list[str]:
        """What the cases were compared at."""
        return [str(name) for name in self.table.index[:-1]]

    def printed_table(self) -> pd.DataFrame:
        """Return ``table`` in whole printed steps, which add to the printed change."""
        shown = self.printed()
        totals = shown.split(shown.change, [self.mix.value, self.rate.value])
        steps = {
            name: shown.split(total, list(self.table[name]))
            for name, total in zip(PARTS, totals, strict=True)
        }
        return pd.DataFrame(steps, index=self.table.index)

    def narrative(self) -> str:
        """Return what moved, how much of it goes with the drivers, and with which most."""
        shown, steps = self.printed(), self.printed_table()
        said = words.moved(self.metric, shown, self.total)
        own = [
            (int(steps[name].sum()), part)
            for name, part in zip(PARTS, (self.mix, self.rate), strict=True)
        ]
        if not any(
            step and part.direction for step, part in [(shown.change, self.total), *own]
        ):
            return f"{said}."
        mix, rate = (
            f"{shown.delta(step, unit=False)} "
            f"({words.reach(shown, part)}{'' if part.direction else ', not clear'})"
            for step, part in own
        )
        few = self.drivers if len(self.drivers) < 4 else [f"{len(self.drivers):,} drivers"]
        return (
            f"{said}: {mix} goes with cases that differ in {wording.listing(few)}"
            f"{self._most(steps)}; {rate} is the change of like cases."
        )

    def closure(self) -> str:
        """Return, as printed, explained + residual = change."""
        shown, values = self.printed(), [self.mix.value, self.rate.value]
        steps = shown.split(shown.change, values)
        return words.closure(shown, PARTS, steps, self.change - sum(values))

    def plot(self) -> Figure:
        """Return the waterfall from before to after: each driver's mix, then like cases."""
        steps = self.printed_table()
        names = [f"Mix of {name}" for name in self.drivers]
        values, own = (
            dict(zip(names, frame["mix"], strict=False)) for frame in (self.table, steps)
        )
        bars = most(values, own, "Other drivers")
        rest = Bar("Change of like cases", self.rate.value, int(steps["rate"].sum()))
        return waterfall(self.printed(), self.before, self.after, [*bars, rest])

    def _most(self, steps: pd.DataFrame) -> str:
        """Name the driver that carries most of a clear mix."""
        if len(self.drivers) < 2 or not self.mix.direction:
            return ""
        at = int((self.table["mix"] * self.mix.direction).to_numpy().argmax())
        own = int(steps["mix"].iloc[at])
        if not own:
            return ""
        return f" (most in {self.table.index[at]}, {self.printed().delta(own, unit=False)})"
