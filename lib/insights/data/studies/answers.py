"""The answers to a study: how they are to be read, and what a reader should know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from insights import wording
from insights.errors import MethodError
from insights.pack import Study

OUTCOME, WEIGHT, CLUSTER = "outcome", "weight", "cluster"
VARIED = 5  # rows that must differ from a column's most common value


@dataclass(frozen=True, slots=True, eq=False)
class StudyRows:
    """The answers of a study, one plain row each, sorted by all columns.

    ``frame`` has ``outcome``, a column a driver and control, and where the study has them
    ``weight`` and ``cluster`` (whole numbers that stand for what rows have in common). Numbers
    and yes/no are floats, text is text, what is missing is NaN. No key, name or time is in it.
    """

    name: str
    study: Study
    frame: pd.DataFrame
    asked: int  # rows of the table that were looked at
    answered: int  # rows with an outcome
    left_out: pd.Series  # by driver, and "outcome": values that are codes for "no answer"

    @property
    def flat(self) -> list[str]:
        """Return the drivers and controls that (nearly) all complete rows have in common."""
        named = [*self.study.drivers, *self.study.controls]
        kept = [name for name in named if _varies(self.frame[name])]
        whole = self.frame[[*kept, OUTCOME]].dropna()
        return [name for name in named if name not in kept or not _varies(whole[name])]

    @property
    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of ``drivers.importance`` for this frame.

        Drivers and controls that do not vary here are not among them.

        Raises
        ------
        MethodError
            No driver varies.
        """
        study, flat = self.study, set(self.flat)
        drivers = [name for name in study.drivers if name not in flat]
        if not drivers:
            rows = wording.count(len(self.frame), "row")
            raise MethodError(
                f"study '{self.name}': no driver varies in {rows}. Widen what is asked for."
            )
        return {
            "outcome": OUTCOME,
            "drivers": drivers,
            "model": study.model,
            "controls": [name for name in study.controls if name not in flat],
            "log": [name for name in drivers if study.drivers[name].scale == "log"],
            "weights": WEIGHT if study.weight else None,
            "cluster": CLUSTER if study.cluster else None,
            "metric": study.outcome_title,
            "unit": study.unit,
        }

    @property
    def notes(self) -> list[str]:
        """Return what a reader should know of these rows, a sentence each."""
        notes = []
        if self.answered < self.asked:
            rows = wording.count(self.asked, "row")
            share = wording.number(self.answered / self.asked, "share")
            notes.append(f"{self.answered:,} of {rows} ({share}) have an outcome.")
        if len(self.frame) < self.answered:
            notes.append(
                f"{len(self.frame):,} of {self.answered:,}, drawn at random, are used."
            )
        for name, n in self.left_out[self.left_out > 0].items():
            title = self._title(str(name))
            notes.append(f"{title}: {wording.count(int(n), 'value')} stood for no answer.")
        if flat := self.flat:
            titles = wording.listing([self._title(name) for name in flat])
            notes.append(f"Left out, as nearly all rows have the same: {titles}.")
        return notes

    def _title(self, name: str) -> str:
        drivers = self.study.drivers
        if name == OUTCOME:
            return self.study.outcome_title
        return drivers[name].title if name in drivers else name


def _varies(column: pd.Series) -> bool:
    """Say whether some rows differ from the most common value."""
    counts = column.value_counts()
    return bool(counts.sum() - counts.max() >= VARIED) if len(counts) else False
