"""What every method returns: numbers, the sentence that states them, and their picture."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import pandas as pd
from matplotlib.figure import Figure


@runtime_checkable
class Result(Protocol):
    """A frozen answer. ``readout.show`` prints its sentence, its chart and its table."""

    @property
    def table(self) -> pd.DataFrame:
        """The tidy numbers behind the sentence."""

    def narrative(self) -> str:
        """Return one sentence, numbers included, no adjectives."""

    def plot(self) -> Figure:
        """Return a closed figure, ready to display once."""
