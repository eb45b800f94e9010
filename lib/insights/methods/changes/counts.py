"""Split a change in a count by segment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from insights.methods.changes import words
from insights.methods.changes.drawing import most, waterfall
from insights.methods.changes.estimate import Change, around, reach
from insights.methods.changes.rows import cells, require_options


@dataclass(frozen=True, slots=True)
class CountChange(Change):
    """What each segment adds to the change of a total."""

    detail: pd.DataFrame  # index segment; before, after, part, part_lower, part_upper
    noun: str  # what one segment is called

    def printed_table(self) -> pd.DataFrame:
        """Return ``table`` in whole printed steps, which add to the printed change."""
        shown = self.printed()
        return self.table.assign(part=shown.split(shown.change, list(self.table["part"])))

    def narrative(self) -> str:
        """Return what moved and which segments it came from."""
        shown, steps = self.printed(), dict(self.printed_table()["part"])
        said = words.moved(self.metric, shown, self.total)
        if len(steps) == 1:
            return f"{said}. There is only one {self.noun}, so nothing can be located."
        if not self.total.direction:
            return f"{said}."
        return (
            f"{said}: {words.came_from(shown, *words.largest(steps, words.plural(self.noun)))}."
        )

    def closure(self) -> str:
        """Return, as printed, explained + residual = change."""
        shown, steps = self.printed(), dict(self.printed_table()["part"])
        residual = self.change - self.table["part"].sum()
        return words.closure(shown, *words.largest(steps, words.plural(self.noun)), residual)

    def plot(self) -> Figure:
        """Return the waterfall from before to after, one row a segment."""
        values, steps = dict(self.table["part"]), dict(self.printed_table()["part"])
        bars = most(values, steps, f"Other {words.plural(self.noun)}")
        return waterfall(self.printed(), self.before, self.after, bars)


def count_change(
    rows: pd.DataFrame,
    *,
    metric: str = "Count",
    unit: str = "count",
    level: float = 0.95,
    dispersion: float = 1.0,
    noun: str = "segment",
) -> CountChange:
    """Split the change in a count between two windows by segment.

    Parameters
    ----------
    rows
        One row a (segment, side), any order; several are summed. ``segment`` str; ``side``
        "before" or "after"; ``events`` count, >= 0. A segment without a row on one side counts
        0 there. Further columns are ignored.
    metric
        Name used in the claim, e.g. "Contacts".
    unit
        What events are: count, score, seconds, minutes, hours or days.
    level
        Chance, in (0, 1), that an interval holds its part.
    dispersion
        Variance in units of counting noise, >= 1; more where cases come in clusters or weeks
        wobble.
    noun
        What one segment is called in sentences, e.g. "topic".

    Returns
    -------
    CountChange
        ``table`` is indexed by segment with ``part``, which adds to ``change``; ``detail`` has
        both counts and an interval of every part.

    Raises
    ------
    ContractError
        Columns lack, or counts cannot be.
    MethodError
        A side has no rows.
    ParamError
        An unknown unit, ``level`` outside (0, 1) or ``dispersion`` below 1.

    Notes
    -----
    Intervals: the difference of two Poisson counts has their sum as its variance, times
    ``dispersion``.
    """
    where = "count_change"
    require_options(where, unit=unit, level=level, dispersion=dispersion)
    laid = cells(where, rows, ["segment"], unit=unit, rate=False)
    part = np.diff(laid.events, axis=0)[0]
    variance = laid.events.sum(axis=0) * dispersion
    half = reach(level) * np.sqrt(variance)
    detail = pd.DataFrame(
        {
            "before": laid.events[0],
            "after": laid.events[1],
            "part": part,
            "part_lower": part - half,
            "part_upper": part + half,
        },
        index=pd.Index(laid.names, name="segment", dtype=object),
    )
    before, after = (float(total) for total in laid.events.sum(axis=1))
    return CountChange(
        metric=metric,
        unit=unit,
        table=detail[["part"]],
        detail=detail,
        before=before,
        after=after,
        total=around(after - before, float(variance.sum()), level),
        noun=noun,
    )
