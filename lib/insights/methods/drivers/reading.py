"""Check columns of a frame and turn them into numbers; what all of the package reads with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights import wording
from insights.errors import ContractError, MethodError, ParamError, did_you_mean, some

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NUMBERS = {"integer", "floating", "mixed-integer-float", "boolean", "decimal"}
LEAST = 20  # rows
LEVEL = 10  # rows that a level of a categorical driver needs to stand by itself
FEWEST = 100  # bootstrap samples
VARIED = 5  # rows that must differ from a driver's most common value


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A categorical column: the code of each row, 0 being what others are compared with."""

    code: Ints
    names: tuple[str, ...]  # of code 0, 1, ...
    pooled: str  # what was pooled, in words; "" where nothing was


def named(where: str, frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse columns that the frame lacks or holds twice."""
    lacking = [name for name in names if name not in frame.columns]
    if len(lacking) == 1:
        near = did_you_mean(str(lacking[0]), map(str, frame.columns)) or "."
        raise ContractError(
            f"{where}: no column '{lacking[0]}' in the frame{near} Give one that it has."
        )
    if lacking:
        raise ContractError(
            f"{where}: {len(lacking)} columns are not in the frame: {some(lacking)}. "
            "Give columns that it has."
        )
    twice = [name for name in names if (frame.columns == name).sum() > 1]
    if twice:
        raise ContractError(
            f"{where}: column '{twice[0]}' comes twice in the frame. Rename or drop one."
        )


def share_option(where: str, name: str, value: float) -> None:
    """Refuse an option that is not a share strictly between 0 and 1."""
    if not 0 < value < 1:
        raise ParamError(f"{where}: {name} is {value}. Give a share between 0 and 1.")


def least(where: str, name: str, value: int, bound: int) -> None:
    """Refuse a count below its bound."""
    if value < bound:
        raise ParamError(f"{where}: {name} is {value}. Give at least {bound}.")


def samples(where: str, bootstraps: int, level: float) -> None:
    """Refuse a level outside (0, 1), and fewer bootstrap samples than it needs."""
    share_option(where, "level", level)
    least(where, "bootstraps", bootstraps, max(FEWEST, math.ceil(round(2 / (1 - level), 6))))


def is_number(column: pd.Series) -> bool:
    """Say whether a column holds numbers or yes and no."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return True
    if pd.api.types.is_object_dtype(column.dtype):
        return pd.api.types.infer_dtype(column, skipna=True) in NUMBERS
    return False


def numbers(where: str, column: pd.Series, role: str) -> Floats:
    """Return a numeric column as floats, NaN where it is missing."""
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind) or pd.api.types.is_timedelta64_dtype(kind):
        raise ContractError(
            f"{where}: {role} '{column.name}' holds dates or durations. "
            "Turn it into a number, such as hours."
        )
    if not is_number(column):
        example = some(repr(value) for value in column.dropna().unique()[:1])
        raise ContractError(
            f"{where}: {role} '{column.name}' is not a number: {example}. Give numbers."
        )
    if pd.api.types.is_object_dtype(kind):
        column = column.map(float, na_action="ignore")
    values = column.to_numpy(dtype=float, na_value=np.nan)
    if (infinite := int(np.isinf(values).sum())) > 0:
        raise ContractError(
            f"{where}: {role} '{column.name}' is infinite in {wording.count(infinite, 'row')}. "
            "Write what is missing as NaN."
        )
    return values


def weights(where: str, column: pd.Series) -> Floats:
    """Return survey weights, NaN where there is none and where it is nought."""
    values = numbers(where, column, "weight")
    if (negative := int((values < 0).sum())) > 0:
        raise ContractError(
            f"{where}: {negative:,} of {len(values):,} weights in '{column.name}' are "
            "negative. Give weights of 0 or more."
        )
    return np.where(values == 0, np.nan, values)


def weighed(
    where: str, frame: pd.DataFrame, name: str | None, gaps: dict[str, Bools]
) -> Floats:
    """Return the weights, 1 where none are named, and note the rows without one."""
    if name is None:
        return np.ones(len(frame))
    values = weights(where, frame[name])
    gaps[name] = np.isnan(values)
    return values


def whole(where: str, frame: pd.DataFrame, gaps: dict[str, Bools]) -> Bools:
    """Return the rows without a gap; refuse when fewer than half remain, or too few."""
    keep: Bools = ~np.logical_or.reduce(list(gaps.values()))
    left = int((~keep).sum())
    if left > len(frame) / 2:
        most = max(gaps, key=lambda name: int(gaps[name].sum()))
        raise MethodError(
            f"{where}: {left:,} of {len(frame):,} rows lack a value, most often in '{most}' "
            f"({int(gaps[most].sum()):,}). Drop the columns that are seldom filled."
        )
    if len(frame) - left < LEAST:
        raise MethodError(
            f"{where}: {wording.count(len(frame) - left, 'row')} with every value. "
            f"Give at least {LEAST}."
        )
    return keep


def varies(where: str, name: str, role: str, values: npt.NDArray[np.generic]) -> None:
    """Refuse a column in which all or nearly all rows are the same."""
    found, counts = np.unique(values, return_counts=True)
    usual = found[counts.argmax()]
    text = f"{usual:g}" if isinstance(usual, np.floating) else f"'{usual}'"
    if len(found) == 1:
        raise MethodError(
            f"{where}: {role} '{name}' is {text} in all {len(values):,} rows. "
            + ("Give rows in which it varies." if role == "outcome" else "Drop it.")
        )
    other = len(values) - int(counts.max())
    if role != "outcome" and other < VARIED:
        raise MethodError(
            f"{where}: {role} '{name}' differs from {text} in {other} of {len(values):,} rows. "
            f"Drop it, or give at least {VARIED} such rows."
        )


def levels(where: str, column: pd.Series, role: str, outcome: Floats | None) -> Levels:
    """Return the levels of a text column, rare ones pooled; the most common one is code 0.

    With an ``outcome`` a level that knows one value of it only is pooled, too: it would have an
    effect without bound.
    """
    text = column.astype(str)
    counts = text.value_counts()
    alone = counts >= LEVEL
    if outcome is not None:
        values = pd.Series(outcome, index=text.index).groupby(text.to_numpy()).nunique()
        alone &= values.reindex(counts.index) > 1
    if not alone.any():
        raise MethodError(
            f"{where}: {role} '{column.name}' has {len(counts):,} levels, none with {LEVEL} "
            "rows and more than one outcome. Drop it, or pool its levels."
        )
    common = counts[alone]
    usual = min(common.index[common == common.max()])
    pooled, rare = "", counts.index[~alone]
    if len(rare):
        rows = text.isin(rare).to_numpy()
        own = rows.sum() >= VARIED and (outcome is None or np.ptp(outcome[rows]) > 0)
        into = ("other levels" if "other" in common.index else "other") if own else usual
        text = text.where(~rows, into)
        pooled = (
            f"{wording.count(len(rare), 'level')} of {column.name} with fewer than {LEVEL} "
            f"rows{'' if outcome is None else ' or one outcome only'} ({int(rows.sum()):,} in "
            f"all) {'counts' if len(rare) == 1 else 'count'} as '{into}'"
        )
    names = [usual, *sorted(set(text) - {usual})]
    code = text.map({name: at for at, name in enumerate(names)}).to_numpy(dtype=np.int64)
    return Levels(code, tuple(names), pooled)
