"""Turn a frame into the numbers of a regression, or say in a sentence why that cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg

from insights import wording
from insights.errors import ContractError, MethodError, ParamError, did_you_mean, some
from insights.methods.drivers import reading
from insights.methods.drivers.reading import Bools, Floats, Ints

WHERE = "importance"
MODELS = ("linear", "logit", "ordinal")
ROWS, CASES = 3, 2  # rows, and cases of the rarer outcome, that a column of numbers needs
CLUSTERS = 10
LEVELS = 20  # different values that an ordinal outcome may have
CONTROL = -1


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers; a categorical driver has one for each level but the usual one."""

    driver: str
    level: str = ""
    usual: str = ""
    log: bool = False
    binary: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The rows of a regression, in an order that does not depend on that of the frame."""

    outcome: str
    drivers: tuple[str, ...]
    columns: tuple[Column, ...]
    group: Ints  # place in ``drivers`` of each column; CONTROL for a control
    x: Floats  # rows by columns
    y: Floats
    scores: Floats  # the different outcomes, ascending; empty for a linear model
    weight: Floats  # mean 1
    cluster: Ints | None
    left_out: int
    notes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Return how many rows there are."""
        return len(self.y)

    @property
    def effective(self) -> float:
        """Return the rows that would say as much unweighted (Kish 1965)."""
        return float(self.weight.sum() ** 2 / (self.weight**2).sum())

    @property
    def clusters(self) -> int:
        """Return how many clusters there are; 0 where rows stand by themselves."""
        return 0 if self.cluster is None else int(self.cluster.max()) + 1

    @property
    def code(self) -> Ints:
        """Return the place of each outcome among the different ones."""
        return np.searchsorted(self.scores, self.y).astype(np.int64)

    @property
    def mean(self) -> Floats:
        """Return the weighted mean of each column."""
        return np.asarray(self.weight @ self.x / self.size)

    @property
    def spread(self) -> Floats:
        """Return the weighted standard deviation of each column."""
        return np.sqrt(self.weight @ (self.x - self.mean) ** 2 / self.size)

    def of(self, driver: int) -> Ints:
        """Return the columns of one driver."""
        return np.flatnonzero(self.group == driver)


def design(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str],
    log: Sequence[str],
    weights: str | None,
    cluster: str | None,
    model: str,
) -> Design:
    """Check everything that can be wrong with the input, then lay out the numbers."""
    _names(outcome, drivers, controls, log, model)
    reading.named(WHERE, frame, [n for n in (outcome, weights, cluster) if n is not None])
    reading.named(WHERE, frame, [*drivers, *controls])
    values, gaps = _read(frame, [*drivers, *controls], len(drivers))
    y, gaps[outcome] = _outcome(frame[outcome], model)
    weight = reading.weighed(WHERE, frame, weights, gaps)
    if cluster is not None:
        gaps[cluster] = frame[cluster].isna().to_numpy()
    keep = reading.whole(WHERE, frame, gaps)
    y, weight, rows = y[keep], weight[keep], frame.loc[keep]
    reading.varies(WHERE, outcome, "outcome", y)
    held = None if model == "linear" else y
    columns, numbers, notes = _columns(rows, keep, values, len(drivers), log, held)
    _enough(y, len(drivers), len(columns), model)
    codes = None if cluster is None else _clusters(rows[cluster])
    order = _order(y, numbers, columns, weight, codes)
    place = {name: at for at, name in enumerate(drivers)}
    made = Design(
        outcome=outcome,
        drivers=tuple(drivers),
        columns=tuple(columns),
        group=np.array([place.get(c.driver, CONTROL) for c in columns]),
        x=np.column_stack(numbers)[order],
        y=y[order],
        scores=np.unique(y) if model != "linear" else np.empty(0),
        weight=weight[order] / weight.mean(),
        cluster=None if codes is None else codes[order],
        left_out=len(frame) - int(keep.sum()),
        notes=tuple(notes),
    )
    _independent(made)
    return made


def _names(
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str],
    log: Sequence[str],
    model: str,
) -> None:
    """Refuse names and options that contradict each other."""
    if model not in MODELS:
        near = did_you_mean(model, MODELS) or "."
        raise ParamError(
            f"{WHERE}: unknown model '{model}'{near} Give linear, logit or ordinal."
        )
    if isinstance(drivers, str) or isinstance(controls, str) or isinstance(log, str):
        raise ParamError(f"{WHERE}: drivers, controls and log are lists of names. Give lists.")
    if not drivers:
        raise ParamError(f"{WHERE}: no drivers. Name at least one.")
    every = [*drivers, *controls]
    twice = sorted({name for name in every if every.count(name) > 1})
    if twice:
        raise ParamError(f"{WHERE}: named twice among drivers and controls: {some(twice)}. "
                         "Name each once.")  # fmt: skip
    if outcome in every:
        role = "driver" if outcome in drivers else "control"
        raise ParamError(
            f"{WHERE}: '{outcome}' is both outcome and {role}. Take it out of the {role}s."
        )
    if unknown := [name for name in log if name not in every]:
        raise ParamError(
            f"{WHERE}: log names what is no driver or control: {some(unknown)}. "
            "Name columns among them."
        )


def _read(
    frame: pd.DataFrame, names: list[str], drivers: int
) -> tuple[dict[str, Floats | None], dict[str, Bools]]:
    """Return numeric columns as floats, None for text, and where each has a gap."""
    values: dict[str, Floats | None] = {}
    gaps: dict[str, Bools] = {}
    for at, name in enumerate(names):
        column = frame[name]
        text = isinstance(column.dtype, pd.CategoricalDtype) or (
            not reading.is_number(column)
            and (
                pd.api.types.is_object_dtype(column.dtype)
                or pd.api.types.is_string_dtype(column.dtype)
            )
        )
        role = "driver" if at < drivers else "control"
        values[name] = None if text else reading.numbers(WHERE, column, role)
        gaps[name] = column.isna().to_numpy(dtype=bool)
    return values, gaps


def _outcome(column: pd.Series, model: str) -> tuple[Floats, Bools]:
    """Return the outcome as floats, and where it is missing, or refuse what the model lacks."""
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        y = np.where(column.isna(), np.nan, column.cat.codes.to_numpy(dtype=float) + 1)
    else:
        y = reading.numbers(WHERE, column, "outcome")
    gaps = np.isnan(y)
    found = np.unique(y[~gaps])
    if model == "logit" and not set(found) <= {0.0, 1.0}:
        wrong = np.isin(y, (0.0, 1.0), invert=True) & ~gaps
        values = some(f"{value:g}" for value in np.unique(y[wrong]))
        raise ContractError(
            f"{WHERE}: outcome '{column.name}' is neither 0 nor 1 in {int(wrong.sum()):,} of "
            f"{int((~gaps).sum()):,} rows: {values}. Give 0 and 1, or another model."
        )
    if model == "ordinal" and not 3 <= len(found) <= LEVELS and len(found) != 1:
        other = "logit" if len(found) < 3 else "linear"
        raise MethodError(
            f"{WHERE}: outcome '{column.name}' has {len(found):,} different values; an ordinal "
            f"model takes 3 to {LEVELS}. Give model='{other}'."
        )
    return y, gaps


def _columns(
    rows: pd.DataFrame,
    keep: Bools,
    values: dict[str, Floats | None],
    drivers: int,
    log: Sequence[str],
    y: Floats | None,
) -> tuple[list[Column], list[Floats], list[str]]:
    """Return the columns of numbers, controls last, and what was pooled."""
    columns: list[Column] = []
    numbers: list[Floats] = []
    notes: list[str] = []
    for at, (name, given) in enumerate(values.items()):
        role = "driver" if at < drivers else "control"
        if given is None:
            if name in log:
                raise ParamError(f"{WHERE}: log names '{name}', which is text. Take it out.")
            found = reading.levels(WHERE, rows[name], role, y)
            reading.varies(WHERE, name, role, np.asarray(found.names)[found.code])
            notes += [found.pooled] if found.pooled else []
            for code, level in enumerate(found.names[1:], start=1):
                columns.append(Column(name, level, found.names[0], binary=True))
                numbers.append((found.code == code).astype(float))
            continue
        value = given[keep]
        reading.varies(WHERE, name, role, value)
        if name in log:
            if (below := int((value < 0).sum())) > 0:
                raise ContractError(
                    f"{WHERE}: log names '{name}', which is negative in "
                    f"{wording.count(below, 'row')}. Take it out."
                )
            value = np.log2(1 + value)
        columns.append(
            Column(name, log=name in log, binary=set(np.unique(value)) == {0.0, 1.0})
        )
        numbers.append(value)
    return columns, numbers, notes


def _enough(y: Floats, drivers: int, columns: int, model: str) -> None:
    """Refuse more columns than the rows, or the cases of the rarer outcomes, can carry."""
    need = max(reading.LEAST, ROWS * (columns + 1))
    have = wording.count(drivers, "driver")
    if columns > drivers:
        have += f" in {columns} columns"
    if len(y) < need:
        raise MethodError(
            f"{WHERE}: {have} for {len(y):,} rows. "
            f"Give at least {need:,} rows, or fewer drivers."
        )
    if model == "logit":
        rarer = int(min(y.sum(), len(y) - y.sum()))
        if rarer < max(reading.LEVEL, CASES * columns):
            raise MethodError(
                f"{WHERE}: {have} for {rarer} rows of the rarer outcome. "
                f"Give at least {max(reading.LEVEL, CASES * columns)} such rows, "
                "or fewer drivers."
            )


def _clusters(column: pd.Series) -> Ints:
    """Return cluster codes that do not depend on the order of rows."""
    codes, found = pd.factorize(column.astype(str), sort=True)
    if len(found) < CLUSTERS:
        raise MethodError(
            f"{WHERE}: {wording.count(len(found), 'cluster')} in '{column.name}'. "
            f"Give at least {CLUSTERS}, or no cluster."
        )
    return codes.astype(np.int64)


def _order(
    y: Floats, numbers: list[Floats], columns: list[Column], weight: Floats, codes: Ints | None
) -> Ints:
    """Sort rows by outcome, then by what they hold: the same rows give the same numbers."""
    names = sorted(range(len(columns)), key=lambda at: (columns[at].driver, columns[at].level))
    keys = [y, *(numbers[at] for at in names), weight]
    return np.lexsort([*([] if codes is None else [codes]), *reversed(keys)])


def _independent(made: Design) -> None:
    """Refuse columns that follow from others exactly, and name their drivers."""
    scaled = (made.x - made.mean) / made.spread * np.sqrt(made.weight)[:, None]
    r, pivot = linalg.qr(scaled, mode="r", pivoting=True)
    size = np.abs(np.diag(r))
    rank = int((size > 1e-7 * size[0]).sum())
    if rank == len(size):
        return
    part = linalg.solve_triangular(r[:rank, :rank], r[:rank, rank])
    tied = [*pivot[:rank][np.abs(part) > 1e-6], pivot[rank]]
    names = sorted({made.columns[at].driver for at in tied})
    raise MethodError(
        f"{WHERE}: {wording.listing(names)} carry the same information exactly: each follows "
        "from the rest of them. Drop one."
    )
