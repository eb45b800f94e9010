"""A table while dirt is laid over it: clean rows keep their places, copies come after them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from insights.data.simulate.world import DAY, START, Array, World


@dataclass(frozen=True, slots=True)
class Spot:
    """Where dirt was laid: how many rows, which columns, which days, and what else to know."""

    rows: int
    columns: tuple[str, ...]
    days: tuple[date, ...]
    more: dict[str, Any] = field(default_factory=dict)


class Sheet:
    """One table, its world, and the stream of the kind that is being laid."""

    def __init__(self, rows: pa.Table, world: World) -> None:
        self.rows = rows
        self.world = world
        self.clean = rows.num_rows
        self.rng = np.random.default_rng(0)  # replaced by each kind's own stream

    def read(self, name: str) -> pd.Series:
        """Return a column of the clean rows, as changed so far."""
        values: pd.Series = self.rows[name].slice(0, self.clean).to_pandas()
        return values

    def put(self, name: str, values: Any, kind: pa.DataType | None = None) -> None:
        """Replace or add a column; further rows than the clean ones keep what they have.

        A column of labels becomes one of text.
        """
        there = name in self.rows.column_names
        if kind is None:
            kind = self.rows.schema.field(name).type
        if pa.types.is_dictionary(kind):
            kind = pa.string()
        made = pa.array(values, type=kind, from_pandas=True)
        if extra := self.rows.num_rows - len(made):
            held = self.rows[name].slice(len(made)).cast(kind) if there else None
            tail = held.combine_chunks() if held is not None else pa.nulls(extra, kind)
            made = pa.concat_arrays([made, tail])
        if there:
            place = self.rows.schema.get_field_index(name)
            self.rows = self.rows.set_column(place, name, made)
        else:
            self.rows = self.rows.append_column(name, made)

    def pick(self, share: float, among: Any = None) -> Array:
        """Return places of clean rows: a share of all of them, at least one, in order."""
        places = np.arange(self.clean) if among is None else np.flatnonzero(np.asarray(among))
        size = min(len(places), max(1, round(share * self.clean)))
        return np.sort(self.rng.choice(places, size=size, replace=False))

    def copy(self, places: Array, changed: dict[str, Any]) -> None:
        """Append copies of rows, with some of their columns changed."""
        rows = self.rows.take(pa.array(places))
        for name, values in changed.items():
            place = rows.schema.get_field_index(name)
            kind = rows.schema.field(name).type
            made = pa.array(values, from_pandas=True)
            rows = rows.set_column(place, name, made.cast(kind))
        self.rows = pa.concat_tables([self.rows, rows])

    def day(self, share: float) -> pd.Timestamp:
        """Return the day that lies so far into the weeks of the tables."""
        return pd.Timestamp(START) + pd.Timedelta(days=int(share * self.world.cut / DAY))


def days_of(stamps: Iterable[Any]) -> tuple[date, ...]:
    """Return the different days of stamps."""
    known = pd.Series(pd.to_datetime(pd.Series(stamps))).dropna()
    return tuple(sorted(set(known.dt.date)))
