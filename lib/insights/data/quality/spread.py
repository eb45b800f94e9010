"""How rows spread over weeks, hours of the day and values of dimensions, in one query."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights.data import series
from insights.data.quality import lineage
from insights.data.quality.looking import Facts, Look
from insights.data.tables import NONE, local_day, local_time, over, quoted

MOST = 200  # values of a dimension that are looked at
HOURS = 24


class Spread:
    """Counts of a dimension's values by week and hour.

    ``counts`` is values by weeks by hours; ``names`` of values, ``weeks`` (Mondays, none left
    out) and, by value, ``first`` and ``last`` (days with rows). A clock without hours has all
    of them at midnight. A dimension with too many values has none here.
    """

    def __init__(self, found: pd.DataFrame) -> None:
        few = found if found["value"].nunique() <= MOST else found.iloc[:0]
        codes, values = pd.factorize(few["value"], sort=True)
        self.names = [str(value) for value in values]
        self.weeks = (
            pd.date_range(few["week"].min(), few["week"].max(), freq="7D")
            if len(few)
            else pd.DatetimeIndex([])
        )
        shape = (len(values), len(self.weeks), HOURS)
        self.counts: npt.NDArray[np.float32] = np.zeros(shape, dtype=np.float32)
        if len(few):
            place = ((few["week"] - self.weeks[0]).dt.days // 7).to_numpy()
            at = (codes, place, few["hour"].to_numpy(dtype=int))
            np.add.at(self.counts, at, few["n"].to_numpy(dtype=float))
        ends = few.groupby("value").agg(first=("first", "min"), last=("last", "max"))
        self.first, self.last = ends["first"], ends["last"]


def of(look: Look, dimension: str, facts: Facts) -> Spread:
    """Return how the rows behind a metric spread over one of its dimensions, or as a whole."""
    table, clock = root(look), look.metric.clock
    dims = facts.once(("dims", table, clock), lambda: _dimensions(look, table))
    key = ("spread", table, clock)
    found: Spread = facts.anywhere(key, lambda: _read(look, table, dims, facts))[dimension]
    return found


def root(look: Look) -> str:
    """Return the table whose stamps and labels a metric's rows have."""
    columns = {look.metric.clock, *look.metric.dimensions}
    return lineage.holder(look.source, look.metric.table, columns)


def _dimensions(look: Look, table: str) -> list[str]:
    """Return the dimensions of all metrics whose stamps and labels are a table's."""
    found: list[str] = []
    for metric in look.source.pack.metrics.values():
        other = replace(look, metric=metric)
        if metric.clock == look.metric.clock and root(other) == table:
            found += metric.dimensions or [""]
    return list(dict.fromkeys([*found, *(look.metric.dimensions or [""])]))


def _read(look: Look, table: str, dims: list[str], facts: Facts) -> dict[str, Spread]:
    """Return the spread over each dimension, in one query; weeks that the end cuts are out."""
    rows = look.source.rows(table, look.known_by)
    zone, clock = look.source.pack.info.timezone, look.metric.clock
    day, hour = local_day(rows, clock, zone), "0"
    if rows.schema()[clock].is_timestamp():
        hour = f"extract(hour from {local_time(clock, zone)})"
    whole = "''"
    values = {
        f"_v{i}": f"coalesce(cast({quoted(d)} as varchar), '{NONE}')" if d else whole
        for i, d in enumerate(dims)
    }
    made = ", ".join(f"{text} as {name}" for name, text in values.items())
    chosen = f"{day} as {series.DAY}, date_trunc('week', {day}) as week, {hour} as hour, {made}"
    kept = series.within(over(rows, chosen, f"where {day} is not null"), None, facts.until)
    sets = ", ".join(f"(week, hour, {name})" for name in values)
    sums = f"count(*) as n, min({series.DAY}) as first, max({series.DAY}) as last"
    grouped = f"group by grouping sets ({sets})"
    found = over(kept, f"week, hour, {', '.join(values)}, {sums}", grouped).to_pandas()
    for column in ("week", "first", "last"):
        found[column] = pd.to_datetime(found[column]).astype("datetime64[ns]")
    last = found["last"].max() if facts.until is None else pd.Timestamp(facts.until)
    found = found[found["week"] + pd.Timedelta(days=6) <= last]
    return {
        dimension: Spread(found[found[name].notna()].rename(columns={name: "value"}))
        for dimension, name in zip(dims, values, strict=True)
    }
