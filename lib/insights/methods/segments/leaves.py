"""Check comparison rows and lay them out, one leaf a combination of all dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights import wording
from insights.errors import ContractError, MethodError, ParamError, did_you_mean, some

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SIDES = ("before", "after")
UNITS = ("share", "count", "score", *wording.SUFFIX)
NUMBERS = [
    "before", "after", "share", "contribution", "lower", "upper", "unexpected_difference",
    "p_value", "q_value",
]  # fmt: skip
TAKEN = {*NUMBERS, "side", "events", "exposure", "events_sq"}


@dataclass(frozen=True, slots=True)
class Leaves:
    """Sums a leaf; matrices hold before and after, one column a leaf."""

    dims: list[str]
    labels: list[npt.NDArray[np.object_]]  # one array a dimension, in order of their text
    codes: Ints  # leaf by dimension: place in ``labels``
    events: Floats
    exposure: Floats
    squares: Floats | None
    law: str  # how events vary: share, counts, mean or total

    @property
    def rates(self) -> Floats:
        """Events by exposure; 0 where nothing was exposed."""
        return ratio(self.events, self.exposure)

    def variances(self, group: Ints | None = None) -> Floats:
        """Return the variance of each rate, or of each sum of events for a total.

        The spread of a leaf's cases is its own and, as one case more, that of its group.
        """
        if self.law == "total":
            return self.events
        group = np.zeros(self.events.shape[1], dtype=np.int64) if group is None else group
        squares = self.events if self.squares is None else self.squares
        own = (
            squares if self.law == "counts" else squares - ratio(self.events**2, self.exposure)
        )
        pooled = np.empty_like(own)
        for side, size in enumerate(self.exposure):
            n = sums(group, size)
            mean = ratio(sums(group, self.events[side]), n)
            square = (
                mean
                if self.law == "counts"
                else (ratio(sums(group, squares[side]), n) - mean**2)
            )
            pooled[side] = square[group]
        cases = self.exposure + (self.law == "counts")
        variance = ratio(np.maximum(own, 0.0) + np.maximum(pooled, 0.0), cases)
        return np.asarray(ratio(variance, self.exposure))


def sums(group: Ints, values: Floats, count: int = 0) -> Floats:
    """Return the sum of the values of each group."""
    return np.asarray(np.bincount(group, values, count), dtype=float)


def sums_of(group: Ints, rows: Floats, count: int) -> Floats:
    """Return the sum of the values of each group, row by row."""
    member = (group[:, None] == np.arange(count)).astype(float)
    return np.asarray(rows @ member)


def ratio(above: Floats, below: Floats) -> Floats:
    """Return ``above / below``, 0 where nothing is below."""
    some = below > 0
    return np.asarray(np.where(some, above / np.where(some, below, 1.0), 0.0))


def leaves(rows: pd.DataFrame, dims: Sequence[str], kind: str, unit: str) -> Leaves:
    """Check the rows and sum them by leaf and side, leaves in order of their values."""
    if isinstance(dims, str):
        raise ParamError(f"find: dims is the text '{dims}'. Give a list of columns.")
    if unit not in UNITS:
        near = did_you_mean(unit, UNITS) or "."
        raise ParamError(f"find: unknown unit '{unit}'{near} Give one of {some(UNITS, 9)}.")
    dims = list(dims)
    _columns(rows, dims, kind)
    squared = kind == "rate" and "events_sq" in rows and bool(rows["events_sq"].notna().any())
    names = ["events", "exposure"] + ["events_sq"] * squared
    amounts = {name: _numeric(rows[name]) for name in names}
    law = "total" if kind == "total" else "mean" if squared else "counts"
    if law == "counts" and unit == "share":
        law = "share"
    _amounts(amounts, law)
    after = (rows["side"] == "after").to_numpy(dtype=bool)
    places, labels = zip(*[_places(rows[dim], after) for dim in dims], strict=True)
    codes = np.column_stack(places)
    leaf, first = _number(codes, [len(found) for found in labels])
    count = len(first)
    at = leaf + count * after

    def matrix(name: str) -> Floats:
        return sums(at, amounts[name], 2 * count).reshape(2, count)

    table = Leaves(
        dims=dims,
        labels=list(labels),
        codes=codes[first],
        events=matrix("events"),
        exposure=matrix("exposure"),
        squares=matrix("events_sq") if squared else None,
        law=law,
    )
    _enough(table)
    return table


def _number(codes: Ints, sizes: list[int]) -> tuple[Ints, Ints]:
    """Return the number of each distinct row, and a row of each number."""
    key = np.zeros(len(codes), dtype=np.int64)
    room = 1.0
    for column, size in zip(codes.T, sizes, strict=True):
        room *= size
        if room > 2.0**62:
            _, key = np.unique(key, return_inverse=True)
            room = float(len(codes)) * size
        key = key * size + column
    _, first, leaf = np.unique(key, return_index=True, return_inverse=True)
    return leaf, first


def _columns(rows: pd.DataFrame, dims: list[str], kind: str) -> None:
    """Refuse an unknown kind, dimensions that cannot be used and columns that lack."""
    if kind not in ("rate", "total"):
        near = did_you_mean(kind, ["rate", "total"]) or "."
        raise ParamError(f"find: unknown kind '{kind}'{near} Give rate or total.")
    if not dims:
        raise ParamError("find: no dimensions. Name at least one column in dims.")
    if twice := sorted({dim for dim in dims if dims.count(dim) > 1}):
        raise ParamError(f"find: dims names {some(twice)} more than once. Name each once.")
    if clash := [dim for dim in dims if dim in TAKEN]:
        raise ParamError(
            f"find: the result has its own columns named {some(clash)}. Rename the dimension."
        )
    if lacking := [dim for dim in dims if dim not in rows.columns]:
        verb = "is" if len(lacking) == 1 else "are"
        raise ContractError(
            f"find: {len(lacking)} of {len(dims)} dimensions {verb} not in rows: "
            f"{some(lacking)}. "
            "Build the rows by every dimension in dims."
        )
    if lacking := [c for c in ("side", "events", "exposure") if c not in rows.columns]:
        raise ContractError(
            f"find: columns lack: {some(lacking)}. Give side, events and exposure."
        )
    sides = {str(side) for side in rows["side"].unique()}
    unknown = sorted(sides - set(SIDES))
    if unknown:
        raise ContractError(f"find: unknown side: {some(unknown)}. Give before or after.")
    for side in SIDES:
        if side not in sides:
            raise ContractError(f"find: no rows of side {side}. Give rows of both windows.")


def _places(
    column: pd.Series[Any], after: npt.NDArray[np.bool_]
) -> tuple[Ints, npt.NDArray[np.object_]]:
    """Return the place of each row's value, and the values in order of their text."""
    code, unique = pd.factorize(column)
    hole = code < 0
    for side, own in zip(SIDES, (~after, after), strict=True):
        if hole[own].all():
            raise ContractError(
                f"find: {column.name} is missing on every row of side {side}. "
                "Build both sides by the same dimensions."
            )
    if hole.any():
        raise ContractError(
            f"find: {int(hole.sum())} of {len(hole)} rows have no {column.name}. "
            "Name each, such as 'unknown'."
        )
    found = np.asarray(unique, dtype=object)
    order = np.argsort([str(value) for value in found], kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[code], found[order]


def _numeric(column: pd.Series[Any]) -> Floats:
    """Return a column as floats, or refuse it."""
    try:
        return column.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise ContractError(
            f"find: {column.name} is not numeric. Give a number a row."
        ) from None


def _amounts(given: dict[str, Floats], law: str) -> None:
    """Refuse what cannot be counts, every fault at once."""
    events, exposure = given["events"], given["exposure"]
    faults = [
        f"{int(bad.sum())} of {len(bad)} rows have no finite {name}. Fill or drop them"
        for name, column in given.items()
        if (bad := ~np.isfinite(column)).any()
    ]
    signed = [] if law == "mean" else ["events"]
    faults += [
        f"{int(bad.sum())} of {len(bad)} rows have {name} below 0. Correct the counts"
        for name in [*signed, "exposure"]
        if (bad := given[name] < 0).any()
    ]
    bad = (events != 0) & (exposure == 0)
    if bad.any():
        faults.append(
            f"{int(bad.sum())} of {len(bad)} rows have events but exposure 0. "
            "Correct the exposure"
        )
    if law == "share" and (bad := (events > exposure) & (exposure > 0)).any():
        faults.append(
            f"{int(bad.sum())} of {len(bad)} rows have more events than exposure. Correct the "
            "counts, or give events_sq for a mean and another unit for counts by exposure"
        )
    if "events_sq" in given:
        least = ratio(events**2, exposure)
        bad = given["events_sq"] < least * (1 - 1e-9)
        if bad.any():
            faults.append(
                f"{int(bad.sum())} of {len(bad)} rows have events_sq below what their events "
                "allow. Give the sum of squares"
            )
    if faults:
        raise ContractError(f"find: {'. '.join(faults)}.")


def _enough(table: Leaves) -> None:
    """Refuse a side without data, and rows that are all one segment."""
    what = "events" if table.law == "total" else "exposure"
    amounts = table.events if table.law == "total" else table.exposure
    for side, amount in zip(SIDES, amounts, strict=True):
        if not amount.sum() > 0:
            raise MethodError(
                f"find: side {side} has no {what}. Choose a window that has some."
            )
    if len(table.codes) == 1:
        name = ", ".join(f"{d} {v[0]}" for d, v in zip(table.dims, table.labels, strict=True))
        raise MethodError(
            f"find: every row is one segment: {name}. Give rows of at least two segments."
        )
