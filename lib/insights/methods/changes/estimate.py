"""A part of a change and how sure it is, and what every split of a change has."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from scipy import special

from insights.methods.changes.printing import Printed, printed

NO_SQUARES = "the rows carry no sums of squares"
NO_COUNTS = "the factors carry no counts"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval; NaN bounds where the data allow none."""

    value: float
    lower: float
    upper: float

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return math.isfinite(self.lower) and math.isfinite(self.upper)

    @property
    def direction(self) -> int:
        """1 or -1 where the interval lies on one side of 0, else 0.

        A figure without an interval is taken as it stands, and its sentence says so.
        """
        low, high = (self.lower, self.upper) if self.known else (self.value, self.value)
        return int(low > 0) - int(high < 0)


@dataclass(frozen=True, slots=True)
class Change:
    """What every split has: where a figure came from and went to, and its parts."""

    metric: str
    unit: str
    table: pd.DataFrame  # its cells add to `change`
    before: float
    after: float
    total: Estimate  # the change

    @property
    def change(self) -> float:
        """After minus before."""
        return self.total.value

    @property
    def lower(self) -> float:
        """Lower bound of the change."""
        return self.total.lower

    @property
    def upper(self) -> float:
        """Upper bound of the change."""
        return self.total.upper

    def printed(self) -> Printed:
        """Return the one rounding that sentence, closure and chart share."""
        bounds = (self.lower, self.upper) if self.total.known else ()
        return printed(
            self.before,
            self.after,
            unit=self.unit,
            bounds=bounds,
            clear=bool(self.total.direction),
        )


def around(value: float, variance: float, level: float) -> Estimate:
    """Return the normal interval of an estimate."""
    half = reach(level) * math.sqrt(variance)
    return Estimate(value, value - half, value + half)


def reach(level: float) -> float:
    """Return how many standard errors an interval holds on either side."""
    return float(-special.ndtri((1 - level) / 2))
