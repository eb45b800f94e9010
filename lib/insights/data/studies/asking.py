"""From the engine's rows to plain ones: expressions worked out, codes taken out, rows drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table as Rows

from insights import wording
from insights.data.series import DAY, within
from insights.data.sources import Source, opened
from insights.data.studies.answers import CLUSTER, OUTCOME, WEIGHT, StudyRows
from insights.data.tables import first_line, local_day, over, quoted
from insights.errors import ContractError, MethodError, ParamError, did_you_mean, some
from insights.pack import Pack, Study

CATEGORIES = 300  # more different texts than that are names or what people wrote
BATCH = 100_000


def rows(
    pack: Pack | Source | str | Path,
    study: str,
    *,
    where: Mapping[str, str] | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    known_by: date | str | None = None,
    without: Sequence[date] = (),
    most: int = 50_000,
    seed: int = 0,
) -> StudyRows:
    """Return the rows of a study that have an outcome.

    Parameters
    ----------
    pack
        A pack, its name or path, or a source that is open already.
    study
        A name from the pack's ``drivers.yaml``.
    where
        Keep only rows with these values of the study's dimensions.
    start, end
        First and last local day of the study's clock, both included.
    known_by
        Leave out rows that arrived after this day, where the table has ``recorded_at``.
    without
        Local days whose answers cannot be trusted: their rows are left out.
    most
        Where more rows have an outcome, so many are drawn at random.
    seed
        Of that draw; the engine's order of rows changes nothing.

    Returns
    -------
    StudyRows
        ``frame`` is what ``drivers.importance`` takes, ``options`` how it is to be read.

    Raises
    ------
    ParamError
        The pack has no such study, or the study no such dimension.
    ContractError
        A driver is neither number, yes/no nor category.
    MethodError
        No row is kept, or none has an outcome.
    """
    if most < 1:
        raise ParamError(f"study '{study}': most is {most}. Give at least 1.")
    with opened(pack) as source:
        chosen = require_study(source.pack, study)
        _require_dimensions(study, chosen, where or {})
        kept = of_study(source, chosen, where=where, start=start, end=end, known_by=known_by)
        if without:
            kept = kept.filter(~kept[DAY].isin([pd.Timestamp(day).date() for day in without]))
        plain = _plain(study, chosen, kept)
        coded = _coded(chosen, plain)
        counts = _counts(plain, coded)
        _require_answers(study, counts, where, start, end)
        _require_categories(study, counts)
        frame = _drawn(_answered(plain, coded), counts["answered"], most, seed)
    return StudyRows(
        name=study,
        study=chosen,
        frame=_tidy(frame),
        asked=counts["asked"],
        answered=counts["answered"],
        left_out=pd.Series(
            {name: counts.get(f"coded {name}", 0) for name in (OUTCOME, *chosen.drivers)},
            name="left_out",
        ),
    )


def require_study(pack: Pack, name: str) -> Study:
    """Return a study of the pack or say which there are."""
    if name not in pack.studies:
        hint = did_you_mean(name, pack.studies) or "."
        there = some(pack.studies, most=40) if pack.studies else "none; drivers.yaml names them"
        raise ParamError(f"unknown study '{name}'{hint} The pack has {there}.")
    return pack.studies[name]


def of_study(
    source: Source,
    study: Study,
    *,
    where: Mapping[str, str] | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    known_by: date | str | None = None,
) -> Rows:
    """Return the rows of the study's table that are asked for, with the clock's local day."""
    kept = source.rows(study.table, known_by, where)
    day = local_day(source.tables[study.table], study.clock, source.pack.info.timezone)
    return within(over(kept, f"*, {day} as {DAY}", f"where {day} is not null"), start, end)


def _require_dimensions(name: str, study: Study, where: Mapping[str, str]) -> None:
    """Refuse to keep rows by a column that is no dimension of the study."""
    for dimension in where:
        if dimension not in study.dimensions:
            hint = did_you_mean(dimension, study.dimensions) or "."
            there = some(study.dimensions) if study.dimensions else "none"
            raise ParamError(
                f"study '{name}' has no dimension '{dimension}'{hint} It has {there}."
            )


def _plain(name: str, study: Study, kept: Rows) -> Rows:
    """Return outcome, drivers, controls, weight and cluster: numbers, yes/no and text."""
    texts = {OUTCOME: study.outcome}
    texts |= {driver: study.expression(driver) for driver in study.drivers}
    texts |= {control: quoted(control) for control in study.controls}
    texts |= {WEIGHT: study.weight} if study.weight else {}
    texts |= {CLUSTER: quoted(study.cluster)} if study.cluster else {}
    chosen = [f"({text}\n) as _{i}" for i, text in enumerate(texts.values())]
    try:
        made = over(kept, ", ".join(chosen))
    except Exception as error:  # noqa: BLE001 - engines raise anything
        said = first_line(error)
    else:
        return made.select(**{c: _value(name, c, made[f"_{i}"]) for i, c in enumerate(texts)})
    raise ContractError(f"study '{name}' cannot be worked out: {said}")


def _value(name: str, column: str, value: Any) -> Any:
    """Return a number as float64 without NaN, yes/no and text as they are; refuse others."""
    kind = value.type()
    if column == CLUSTER:
        return value.cast("string")
    if kind.is_numeric() and not kind.is_boolean():
        return value.cast("float64").nullif(float("nan"))
    if kind.is_boolean() and column != WEIGHT:
        return value
    if kind.is_string() and column not in (OUTCOME, WEIGHT):
        return value
    wanted = "a number" if column in (OUTCOME, WEIGHT) else "a number, true or false, or text"
    raise ContractError(f"study '{name}': {column} is {kind}. Say {wanted}.")


def _coded(study: Study, plain: Rows) -> dict[str, Any]:
    """Return whether a value is a code for "no answer", for the columns that have codes."""
    codes = {OUTCOME: study.missing, **{name: study.codes(name) for name in study.drivers}}
    found = {}
    for name, given in codes.items():
        value = plain[name]
        if value.type().is_boolean():
            continue
        own: list[Any] = [float(code) for code in given if not isinstance(code, str)]
        if value.type().is_string():
            own = [code if isinstance(code, str) else f"{code:.15g}" for code in given]
        if own:
            found[name] = value.isin(own).fill_null(False)
    return found


def _has_outcome(plain: Rows, coded: dict[str, Any]) -> Any:
    known = plain[OUTCOME].notnull()  # noqa: PD004 - ibis has no notna
    return known & ~coded[OUTCOME] if OUTCOME in coded else known


def _answered(plain: Rows, coded: dict[str, Any]) -> Rows:
    """Return the rows with an outcome; codes are NULL, yes and no are 1 and 0."""
    made = {}
    for name, kind in plain.schema().items():
        value = plain[name]
        if name in coded:
            value = coded[name].ifelse(ibis.null(), value)
        made[name] = value.cast("int32").cast("float64") if kind.is_boolean() else value
    return plain.filter(_has_outcome(plain, coded)).select(**made)


def _counts(plain: Rows, coded: dict[str, Any]) -> dict[str, int]:
    """Return how many rows were asked, answered and coded, and how many texts there are."""
    answered = _has_outcome(plain, coded)
    sums = {"asked": plain.count(), "answered": answered.sum()}
    for name, code in coded.items():
        sums[f"coded {name}"] = (code if name == OUTCOME else code & answered).sum()
    for name, kind in plain.schema().items():
        if kind.is_string() and name != CLUSTER:
            sums[f"texts {name}"] = plain[name].nunique()
    found = plain.aggregate(**sums).to_pandas().iloc[0]
    return {name: int(n) if pd.notna(n) else 0 for name, n in found.items()}


def _require_answers(
    name: str,
    counts: dict[str, int],
    where: Mapping[str, str] | None,
    start: date | str | None,
    end: date | str | None,
) -> None:
    """Refuse a question that nobody was asked, or nobody answered."""
    if counts["answered"]:
        return
    asked = [f"{key} {value}" for key, value in (where or {}).items()]
    asked += [
        f"{word} {pd.Timestamp(day).date()}"
        for word, day in (("from", start), ("to", end))
        if day is not None
    ]
    what = f" of {', '.join(asked)}" if asked else ""
    found = wording.count(counts["asked"], "row")
    said = f"none of {found}{what} has an outcome" if counts["asked"] else f"no row{what}"
    raise MethodError(f"study '{name}': {said}. Widen what is asked for.")


def _require_categories(name: str, counts: dict[str, int]) -> None:
    """Refuse a text that has so many values that it must be names or free text."""
    for column, n in counts.items():
        if column.startswith("texts ") and n > CATEGORIES:
            raise ContractError(
                f"study '{name}': {column.removeprefix('texts ')} has {n:,} different texts, "
                f"more than {CATEGORIES}. Give a category; names and free text stay out."
            )


def _drawn(answered: Rows, n: int, most: int, seed: int) -> pd.DataFrame:
    """Return all rows, or ``most`` of them, drawn by their place once the engine sorts them."""
    if n <= most:
        every: pd.DataFrame = answered.to_pandas()
        return every
    picked = np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
    parts, first = [], 0
    ordered = answered.order_by(answered.columns)
    for batch in ordered.to_pyarrow_batches(chunk_size=BATCH):
        own = picked[
            np.searchsorted(picked, first) : np.searchsorted(picked, first + len(batch))
        ]
        parts.append(batch.take(pa.array(own - first)))
        first += len(batch)
    drawn: pd.DataFrame = pa.Table.from_batches(parts).to_pandas()
    return drawn


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by all that they hold, then put whole numbers for clusters."""
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    frame = frame.astype({name: object for name in texts})
    frame[texts] = frame[texts].where(frame[texts].notna(), None)
    frame = frame.sort_values(list(frame.columns), kind="stable", ignore_index=True)
    if CLUSTER in frame:
        codes = pd.factorize(frame[CLUSTER], sort=True)[0]
        frame[CLUSTER] = pd.array(codes, dtype="Int64")
        frame.loc[codes < 0, CLUSTER] = pd.NA
    return frame
