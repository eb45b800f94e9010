"""Check comparison rows and lay them out, one column a segment and one line a side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights import wording
from insights.errors import ContractError, MethodError, ParamError, did_you_mean, some

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

SIDES = ("before", "after")
UNITS = ("share", "count", "score", *wording.SUFFIX)
SLACK = 1e-9  # relative: sums of shares may exceed their total by rounding


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of each segment on each side; arrays have the lines before and after."""

    keys: list[Texts]  # a dimension each: its value in every segment; segments are sorted
    events: Floats
    exposure: Floats
    squares: Floats | None
    given: Bools  # there was a row

    @property
    def names(self) -> list[str]:
        """The segments, a combination written with a slash."""
        return [" / ".join(parts) for parts in zip(*self.keys, strict=True)]


def cells(
    where: str, rows: pd.DataFrame, keys: Sequence[str], *, unit: str, rate: bool = True
) -> Cells:
    """Sum the rows by segment and side, or say what is wrong with them."""
    columns = ["events", "exposure"] if rate else ["events"]
    needed = ["side", *keys, *columns]
    if lacking := [name for name in needed if name not in rows.columns]:
        raise ContractError(
            f"{where}: columns lack: {some(lacking)}. Give {wording.listing(needed)}."
        )
    if not len(rows):
        raise MethodError(f"{where}: no rows. Give rows of both sides.")
    if rate and "events_sq" in rows.columns and rows["events_sq"].notna().any():
        columns.append("events_sq")
    if text := [c for c in columns if not pd.api.types.is_numeric_dtype(rows[c])]:
        raise ContractError(f"{where}: {some(text)} is not all numbers. Cast it at the source.")
    later = sides_after(where, rows["side"])
    values = {c: rows[c].to_numpy(dtype=float, na_value=np.nan) for c in columns}
    dims = [_texts(rows[key]) for key in keys]
    signed = {"events"} if rate and unit != "share" else set()
    _require_rows(where, keys, dims, later, values, signed)
    laid = _summed(dims, later, values)
    if rate:
        _require_rates(where, laid, unit)
    return laid


def sides_after(where: str, side: pd.Series[Any]) -> Bools:
    """Return which rows are of the side after; refuse other sides and one side alone."""
    found = set(map(str, side.unique()))
    if strange := sorted(found - set(SIDES)):
        raise ContractError(f"{where}: unknown side: {some(strange)}. Give before or after.")
    if absent := [name for name in SIDES if name not in found]:
        raise MethodError(f"{where}: no rows {absent[0]}. Give rows of both sides.")
    return np.asarray(side == "after", dtype=bool)


def _texts(column: pd.Series[Any]) -> Texts:
    """Return the values of a dimension as text, None where there is none."""
    missing = column.isna().to_numpy(dtype=bool)
    texts = [None if no else str(x) for x, no in zip(column, missing, strict=True)]
    return np.array(texts, dtype=object)


def _summed(dims: list[Texts], later: Bools, values: Mapping[str, Floats]) -> Cells:
    """Add the rows of each segment on each side; the order of the rows changes nothing."""
    code = np.zeros(len(later), dtype=np.int64)
    for dim in dims:
        own, names = pd.factorize(dim, sort=True)
        code = np.unique(code * len(names) + own, return_inverse=True)[1]
    first = np.unique(code, return_index=True)[1]
    size = (len(SIDES), len(first))
    place = code + len(first) * later
    order = np.lexsort([*values.values(), place])

    def sums(name: str) -> Floats:
        added = np.bincount(place[order], values[name][order], size[0] * size[1])
        return added.reshape(size).astype(float)

    return Cells(
        keys=[dim[first] for dim in dims],
        events=sums("events"),
        exposure=sums("exposure") if "exposure" in values else np.zeros(size),
        squares=sums("events_sq") if "events_sq" in values else None,
        given=np.bincount(place, minlength=size[0] * size[1]).reshape(size) > 0,
    )


def _require_rows(
    where: str,
    keys: Sequence[str],
    dims: list[Texts],
    later: Bools,
    values: Mapping[str, Floats],
    signed: set[str],
) -> None:
    """Refuse single rows that cannot be."""
    matrix = np.stack(list(values.values()))
    least = np.array([-np.inf if name in signed else 0.0 for name in values])
    nameless = np.array([None in parts for parts in zip(*dims, strict=True)])
    empty = np.any(~np.isfinite(matrix), axis=0)
    faults: dict[tuple[str, str], Bools] = {
        (f"without a {' or '.join(keys)}", "Name each"): nameless,
        (f"with empty or infinite {' or '.join(values)}", "Fill each"): empty,
        ("below 0", "Correct the counts"): np.any(matrix < least[:, None], axis=0),
    }

    def name(i: int) -> str:
        return " / ".join(str(dim[i] or "?") for dim in dims) + " " + SIDES[int(later[i])]

    _refuse(where, faults, "rows", name)


def _require_rates(where: str, laid: Cells, unit: str) -> None:
    """Refuse counts that no rate can have; they are judged after rows are summed."""
    events, exposure = laid.events, laid.exposure
    free = (exposure == 0) & (events != 0)
    faults = {("with events but no exposure", "Give the exposure"): free}
    if unit == "share":
        over = (exposure > 0) & (events > exposure * (1 + SLACK))
        faults["with more events than exposure", "Count each case once"] = over
    if laid.squares is not None:
        least = np.divide(events**2, exposure, out=np.zeros_like(events), where=exposure > 0)
        below = laid.squares < least * (1 - SLACK)
        faults["with events_sq below events² / exposure", "Sum the squares of cases"] = below
    names = [f"{name} {side}" for side in SIDES for name in laid.names]
    _refuse(where, faults, "cells", lambda i: names[i])
    for side, total in zip(SIDES, exposure.sum(axis=1), strict=True):
        if total <= 0:
            raise MethodError(
                f"{where}: no exposure {side}, so there is no rate. Choose a window with data."
            )


def _refuse(
    where: str, faults: Mapping[tuple[str, str], Bools], of: str, name: Callable[[int], str]
) -> None:
    """Say every fault at once; a key is what was found and what to do."""
    said = []
    for (found, order), bad in faults.items():
        if at := np.flatnonzero(bad).tolist():
            shown = some([*map(name, at[:5]), *at[5:]])
            said.append(f"{len(at):,} of {bad.size:,} {of} {found}: {shown}. {order}.")
    if said:
        raise ContractError(f"{where}: {' '.join(said)}")


def require_sides(where: str, names: Sequence[str], given: Bools) -> None:
    """Refuse a segment that has rows on one side only."""
    whole = np.logical_and.reduce(given, axis=0)
    lacking = [name for name, both in zip(names, whole, strict=True) if not both]
    if lacking:
        more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
        raise ContractError(
            f"{where}: {len(lacking)} of {len(names)} segments lack a side: "
            f"{lacking[:5]}{more}. Fill with series.complete(rows), or pool into 'Other'."
        )


def require_options(where: str, *, unit: str, level: float, dispersion: float) -> None:
    """Refuse a unit, level or dispersion that cannot be."""
    require_unit(where, unit)
    if not 0 < level < 1:
        raise ParamError(
            f"{where}: level is {level}. Give a chance between 0 and 1, such as 0.95."
        )
    if not 1 <= dispersion < np.inf:
        raise ParamError(f"{where}: dispersion is {dispersion}. Give 1 or more.")


def require_unit(where: str, unit: str) -> None:
    """Refuse a unit that cannot be written."""
    if unit not in UNITS:
        near = did_you_mean(unit, UNITS) or "."
        raise ParamError(f"{where}: unknown unit '{unit}'{near} Give one of {some(UNITS, 9)}.")
