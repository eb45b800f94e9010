"""What is wrong with a pack's studies once its tables are open: columns and expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ibis.expr.types import Table as Rows

from insights import wording
from insights.data import tables
from insights.data.checks import Opened, names, trouble
from insights.pack import Draft, Fault

STUDIES = ("drivers", "studies")
NUMERIC = ("outcome", "weight")
Steps = tuple[str | int, ...]


def faults(draft: Draft, opened: Mapping[str, Opened]) -> Iterator[Fault]:
    """Give what the data say against the studies in ``drivers.yaml``.

    Parameters
    ----------
    opened
        The tables that could be opened, by name; a study of another one is passed over.
    """
    for name, study in draft.raw["drivers"]["studies"].items():
        table = study.get("table")
        if isinstance(table, str) and table in opened:
            found = [*_expressions(study, opened[table]), *_columns(study, opened[table])]
            for place, said in found:
                yield draft.fault(f"study '{name}': {said}", *STUDIES, name, *place)


def _expressions(study: dict[str, Any], table: Opened) -> Iterator[tuple[Steps, str]]:
    """Give the place below a study and the sentence of what is wrong with its expressions."""
    sound = []
    for place, text, about in _texts(study):
        if names(text) & table.unsure:
            continue  # the column could not be worked out; that has been said
        if said := trouble(text, table.rows):
            yield place, f"{about}: {said}"
        else:
            sound.append((place, text, about))
    chosen = [f"({text}\n) as _{i}" for i, (_, text, _) in enumerate(sound)]
    kinds = tables.over(table.rows, ", ".join(chosen)).schema().types if sound else ()
    for (place, text, about), kind in zip(sound, kinds, strict=True):
        if said := _kind(text, kind, place, study):
            yield place, f"{about}: {said}"


def _columns(study: dict[str, Any], table: Opened) -> Iterator[tuple[Steps, str]]:
    """Give the place below a study and the sentence of what is wrong with its columns."""
    for place, column, about in _named(study):
        if column in table.unsure:
            continue
        if column not in table.rows.columns:
            yield place, f"{about} names {tables.no_column(column, table.rows.columns)}"
        elif place == ("clock",) and not _dates(table.rows, column):
            kind = table.rows.schema()[column]
            yield place, f"clock '{column}' is {kind}; it must be a date or a time stamp"
        elif place[0] == "controls" and not _plain(kind := table.rows.schema()[column]):
            yield place, f"{about} '{column}' is {kind}; give a number, true or false, or text"


def _texts(study: dict[str, Any]) -> Iterator[tuple[Steps, str, str]]:
    """Give place, text and name of every row expression of a study."""
    for field in NUMERIC:
        if isinstance(text := study.get(field), str):
            yield (field,), text, field
    drivers = study.get("drivers")
    for name, driver in (drivers if isinstance(drivers, dict) else {}).items():
        given = driver.get("expression") if isinstance(driver, dict) else None
        if isinstance(given, str):
            yield ("drivers", name, "expression"), given, f"drivers: {name}"
        elif given is None:
            yield ("drivers", name), tables.quoted(name), f"drivers: {name}"


def _named(study: dict[str, Any]) -> Iterator[tuple[Steps, str, str]]:
    """Give place, column and name of everything in a study that must be a column."""
    for field in ("clock", "cluster"):
        if isinstance(column := study.get(field), str):
            yield (field,), column, field
    for field in ("dimensions", "controls"):
        listed = study.get(field)
        for index, column in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(column, str):
                yield (field, index), column, field


def _kind(text: str, kind: Any, place: Steps, study: dict[str, Any]) -> str:
    """Return what is wrong with the type of an expression, or ""."""
    if kind.is_numeric() and not kind.is_boolean():
        return ""
    if place[0] in NUMERIC:
        fits = place == ("outcome",) and kind.is_boolean()
        return "" if fits else f"'{text}' is {kind}; give a number"
    if not _plain(kind):
        return f"'{text}' is {kind}; give a number, true or false, or text"
    driver = study["drivers"][place[1]]
    idle = ["scale"] if driver.get("scale") == "log" else []
    idle += ["threshold"] if driver.get("threshold") is True else []
    idle += ["unit"] if kind.is_string() and driver.get("unit") is not None else []
    return f"'{text}' is {kind}, no number; leave out {wording.listing(idle)}" if idle else ""


def _plain(kind: Any) -> bool:
    """Say whether a type is number, yes/no or text."""
    return bool(kind.is_numeric() or kind.is_boolean() or kind.is_string())


def _dates(rows: Rows, column: str) -> bool:
    """Say whether a column can be a clock; of text, a gate says what it holds."""
    return tables.is_time(rows, column) or bool(rows.schema()[column].is_string())
