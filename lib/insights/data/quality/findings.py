"""What a gate says: which metric it touches, for which days, with the rows it saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd


@dataclass(frozen=True, slots=True)
class Finding:
    """One gate's finding on one metric.

    ``fail`` on named days makes the periods that hold them unusable; ``fail`` with no days
    means that the days cannot be known, and refuses the metric whole. ``warn`` is printed and
    changes nothing.
    """

    gate: str
    metric: str
    level: Literal["fail", "warn"]
    message: str
    days: tuple[pd.Timestamp, ...] = ()

    @property
    def refuses(self) -> bool:
        """Whether the metric as a whole cannot be used."""
        return self.level == "fail" and not self.days
