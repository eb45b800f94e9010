"""Check tidy rows and lay them out as series by periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights.errors import ContractError, MethodError, some

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

GRAINS = ("day", "week", "month", "quarter", "year")
FAULTS = {
    "series": "rows without a series. Name each",
    "infinite": "infinite values. Write a gap as NaN",
    "parts": "rates with negative counts, or events above exposure. Correct the counts",
    "rate": "rates whose value is not events / exposure. Give value = events / exposure",
    "twice": "(series, period) that come twice. Sum or drop one",
}


@dataclass(frozen=True, slots=True)
class Panel:
    """Many series on one line of periods; matrices have one row a series."""

    names: list[str]
    kind: npt.NDArray[np.object_]
    value: Floats
    events: Floats
    exposure: Floats
    given: Bools  # there is a row
    usable: Bools
    member: Bools  # of the regime shown
    regime: Floats
    periods: npt.NDArray[np.datetime64]
    weekday: npt.NDArray[np.int64]  # of each column
    seasonal: bool
    floor: Floats
    ceiling: Floats
    shown: int  # column

    @property
    def rate(self) -> Bools:
        """Which series are shares of an exposure."""
        return np.asarray(self.kind == "rate")

    @property
    def present(self) -> Bools:
        """Which series have a row for the period shown."""
        return self.given[:, self.shown]

    @property
    def flag(self) -> Bools:
        """Which series are usable in the period shown."""
        return self.usable[:, self.shown]

    @property
    def known(self) -> Bools:
        """Which periods have a usable value and are of the regime shown."""
        return self.usable & self.member & np.isfinite(self.value)

    @property
    def base(self) -> Bools:
        """Which periods form the limits: known, and before the one shown."""
        base = self.known
        base[:, self.shown :] = False
        return base


def panel(rows: pd.DataFrame, *, grain: str, shown: pd.Timestamp) -> Panel:
    """Check the rows and lay them out, one line a series, one column a period."""
    tidy = _contract(rows)
    ordinal = _ordinal(tidy["period"], grain, shown)
    origin = _ordinal(pd.Series([shown]), grain, shown)[0]
    first, last = min(ordinal.min(), origin), max(ordinal.max(), origin)
    code, names = pd.factorize(tidy["series"], sort=True)
    at = (code, ordinal - first)
    size = (len(names), int(last - first) + 1)

    def matrix(column: str) -> Floats:
        filled = np.full(size, np.nan)
        filled[at] = tidy[column].to_numpy(dtype=float, na_value=np.nan)
        return filled

    given = np.zeros(size, dtype=bool)
    given[at] = True
    usable = np.zeros(size, dtype=bool)
    usable[at] = tidy["usable"].to_numpy(dtype=bool)
    periods = np.full(size, np.datetime64("NaT", "ns"))
    periods[at] = tidy["period"].to_numpy(dtype="datetime64[ns]")
    regime = matrix("baseline")
    one = tidy.groupby("series", sort=True)[["kind", "floor", "ceiling"]].first()
    column = int(origin - first)
    return Panel(
        names=[str(name) for name in names],
        kind=one["kind"].to_numpy(dtype=object),
        value=matrix("value"),
        events=matrix("events"),
        exposure=matrix("exposure"),
        given=given,
        usable=usable,
        member=given & (regime == _regime_shown(regime, column)[:, None]),
        regime=regime,
        periods=periods,
        weekday=(np.arange(size[1]) - column) % 7,
        seasonal=grain == "day",
        floor=one["floor"].to_numpy(dtype=float),
        ceiling=one["ceiling"].to_numpy(dtype=float),
        shown=column,
    )


def _regime_shown(regime: Floats, column: int) -> Floats:
    """Return the regime of the period shown, or of the last period before it that has a row."""
    before = np.where(np.isfinite(regime[:, : column + 1]), regime[:, : column + 1], -np.inf)
    return np.where(np.isfinite(regime[:, column]), regime[:, column], before.max(axis=1))


def _ordinal(period: pd.Series, grain: str, shown: pd.Timestamp) -> npt.NDArray[np.int64]:
    """Return numbers that differ by one between neighbours; refuse what is no first day."""
    if grain in ("day", "week"):
        step = 1 if grain == "day" else 7
        days = (period - shown) / pd.Timedelta(days=step)
        number = np.asarray(np.floor(days), dtype=np.int64)
        wrong = days != number
        what = f"whole {grain}s away from {shown:%Y-%m-%d}"
    else:
        months = period.dt.year * 12 + period.dt.month - 1
        step = {"month": 1, "quarter": 3, "year": 12}[grain]
        number = np.asarray(months // step, dtype=np.int64)
        wrong = (period != period.dt.normalize()) | (period.dt.day != 1) | (months % step != 0)
        what = f"the first day of a {grain}"
    if wrong.any():
        found = some(
            f"{when:%Y-%m-%d}" for when in period[wrong].drop_duplicates().sort_values()
        )
        raise ContractError(
            f"judge: {int(wrong.sum())} of {len(period)} periods are not {what}: {found}. "
            "Give each period by its first day."
        )
    return number


def _contract(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the columns used, with their defaults, or say every fault at once."""
    if lacking := [c for c in ("series", "period", "value") if c not in rows.columns]:
        raise ContractError(
            f"judge: columns lack: {some(lacking)}. Give series, period and value."
        )
    if not len(rows):
        raise MethodError("judge: no rows. Give at least one series.")
    defaults: dict[str, Any] = {"usable": True, "baseline": 0, "kind": "level"}
    absent: dict[str, Any] = dict.fromkeys(("events", "exposure", "floor", "ceiling"), np.nan)
    tidy = rows.assign(
        **{c: v for c, v in (defaults | absent).items() if c not in rows.columns}
    )
    tidy = tidy.reset_index(drop=True)
    if not pd.api.types.is_datetime64_dtype(tidy["period"]) or tidy["period"].isna().any():
        raise ContractError(
            "judge: period is not all dates. Give datetime64 without a time zone."
        )
    if holes := [c for c in ("usable", "baseline", "kind") if tidy[c].isna().any()]:
        raise ContractError(
            f"judge: empty cells in {some(holes)}. Fill each or drop the column."
        )
    kinds = sorted(set(tidy["kind"]) - {"level", "rate"})
    if kinds:
        raise ContractError(f"judge: unknown kind: {some(kinds)}. Give level or rate.")
    mixed = tidy.groupby("series")[["kind", "floor", "ceiling"]].nunique().max(axis=1) > 1
    if mixed.any():
        names = some(mixed.index[mixed])
        raise ContractError(
            f"judge: kind, floor or ceiling changes within a series: {names}. "
            "Give one a series."
        )
    rate = tidy["kind"] == "rate"
    known = rate & tidy["value"].notna()
    off: pd.Series[float] = (tidy["value"] - tidy["events"] / tidy["exposure"]).abs()
    wrong: dict[str, pd.Series[bool]] = {
        "series": tidy["series"].isna(),
        "infinite": tidy["value"].abs() == np.inf,
        "parts": rate & ~((tidy["events"].fillna(0) >= 0) & (tidy["exposure"].fillna(0) >= 0)
                          & ~(tidy["events"] > tidy["exposure"])),
        "rate": known & ~(off <= 1e-9),
        "twice": tidy.duplicated(["series", "period"]),
    }  # fmt: skip
    faults = [
        f"{int(bad.sum())} {FAULTS[name]}: {some(_cells(tidy[bad]))}"
        for name, bad in wrong.items()
        if bad.any()
    ]
    if faults:
        raise ContractError(f"judge: {'. '.join(faults)}.")
    return tidy.assign(
        floor=tidy["floor"].where(~rate | tidy["floor"].notna(), 0.0),
        ceiling=tidy["ceiling"].where(~rate | tidy["ceiling"].notna(), 1.0),
    )


def _cells(rows: pd.DataFrame) -> list[str]:
    """Name cells of a frame by series and period."""
    return [f"{s} {p:%Y-%m-%d}" for s, p in zip(rows["series"], rows["period"], strict=True)]
