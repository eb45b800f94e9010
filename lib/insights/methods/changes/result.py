"""What splitting a change in a rate returns: parts, the sentence and the waterfall."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from insights import wording
from insights.methods.changes import words
from insights.methods.changes.drawing import Bar, most, waterfall
from insights.methods.changes.estimate import NO_SQUARES, Change, Estimate
from insights.methods.changes.printing import Printed

PARTS = ("mix", "rate")


@dataclass(frozen=True, slots=True)
class RateChange(Change):
    """Two-part split of a change in an overall rate."""

    detail: pd.DataFrame  # index segment; counts, shares, own rates, parts and their bounds
    mix: Estimate
    rate: Estimate
    noun: str  # what one segment is called

    @property
    def simpson(self) -> bool:
        """Whether the total moved one way although most of it moved the other way.

        The change is clear; the rates within segments, taken together, moved clearly the other
        way; and segments with most of the exposure took part. A segment alone may be too noisy
        to tell, so that each is asked for its sign only.
        """
        opposite = self.total.direction * self.rate.direction < 0
        return opposite and self._against() > 0.5

    def printed_table(self) -> pd.DataFrame:
        """Return ``table`` in whole printed steps, which add to the printed change."""
        shown = self.printed()
        mix, rate = shown.split(shown.change, [self.mix.value, self.rate.value])
        steps = {
            name: shown.split(total, list(self.table[name]))
            for name, total in zip(PARTS, (mix, rate), strict=True)
        }
        return pd.DataFrame(steps, index=self.table.index)

    def narrative(self) -> str:
        """Return what moved, how much of it is mix and rate, and which segment carries most."""
        shown, steps = self.printed(), self.printed_table()
        said = words.moved(self.metric, shown, self.total, why_none=NO_SQUARES)
        if len(self.table) == 1:
            return f"{said}. There is only one {self.noun}, so nothing can be located."
        if not (self.total.direction or self.mix.direction or self.rate.direction):
            return f"{said}."
        names = [f"the mix of {words.plural(self.noun)}", "rates within them"]
        if self.total.direction and not self.rate.direction:
            names[1] += f", no clear change ({shown.span(self.rate.lower, self.rate.upper)})"
        parts = words.came_from(shown, names, [int(steps[part].sum()) for part in PARTS])
        parts += self._most(shown, steps)
        if self.simpson:
            return f"{said}, although {self._who()}: the composition moved. {parts}."
        return f"{said}: {parts}."

    def closure(self) -> str:
        """Return, as printed, explained + residual = change."""
        shown, values = self.printed(), [self.mix.value, self.rate.value]
        steps = shown.split(shown.change, values)
        return words.closure(shown, PARTS, steps, self.change - sum(values))

    def plot(self) -> Figure:
        """Return the waterfall from before to after: mix, then the rate of each segment."""
        names = [f"Rate in {name}" for name in self.table.index]
        steps = self.printed_table()
        values, within = (
            dict(zip(names, frame["rate"], strict=True)) for frame in (self.table, steps)
        )
        bars = most(values, within, "Other rates")
        if len(names) > 1:
            bars = [
                Bar(
                    f"Mix of {words.plural(self.noun)}", self.mix.value, int(steps["mix"].sum())
                ),
                *bars,
            ]
        return waterfall(self.printed(), self.before, self.after, bars)

    def _against(self) -> float:
        """Return the share of the exposure whose own rate moved against the total."""
        weight = self.detail[["share_before", "share_after"]].mean(axis=1)
        return float(weight[self.table["rate"] * self.change < 0].sum())

    def _who(self) -> str:
        """Say which segments moved against the total."""
        verb = "rose" if self.change < 0 else "fell"
        count = int((self.table["rate"] * self.change < 0).sum())
        if count == len(self.table):
            return f"all {count:,} {words.plural(self.noun)} {verb}"
        hold = wording.number(self._against(), "share")
        noun = self.noun if count == 1 else words.plural(self.noun)
        return f"{count:,} of {len(self.table):,} {noun} with {hold} of the cases {verb}"

    def _most(self, shown: Printed, steps: pd.DataFrame) -> str:
        """Name the segment that carries most of a clear change."""
        if not self.total.direction:
            return ""
        steps_of = (steps["mix"] + steps["rate"]).to_numpy()
        at = int((self.table.sum(axis=1).to_numpy() * self.total.direction).argmax())
        if steps_of[at] * self.total.direction <= 0:
            return ""
        carried = shown.delta(int(steps_of[at]), unit=False)
        return f"; {self.table.index[at]} carries most, {carried}"
