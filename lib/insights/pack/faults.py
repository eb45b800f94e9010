"""What is wrong, and where: faults with file and line, pydantic's errors as sentences."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from insights.errors import did_you_mean, some
from insights.pack.places import shown

Steps = tuple[str | int, ...]

LONGEST = 60
WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "date_type": "a date such as 2025-07-01",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with a pack, at one line of one file."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        message = " ".join(self.message.splitlines())  # a key may hold a line break
        return f"{shown(self.file)}:{self.line}: {message}"


def found(value: object) -> str:
    """Return a value as its YAML would read, at most 60 characters long.

    >>> found("ninety"), found(True), found(None), found([1])
    ("'ninety'", 'true', 'empty', 'a list')
    """
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def unknown(what: str, name: str, known: Iterable[str], introduction: str) -> str:
    """Return that a name is unknown, the nearest known one, and which there are.

    >>> unknown("table", "tickts", ["tickets", "calls"], "There are")
    "unknown table 'tickts'; did you mean 'tickets'? There are tickets, calls."
    >>> unknown("table", "x", [], "There are")
    "unknown table 'x'; there are none."
    """
    return f"unknown {what} '{_short(name)}'{nearest(name, known, introduction)}"


def nearest(name: str, known: Iterable[str], introduction: str) -> str:
    """Return ``"; did you mean 'x'? There are x, y."``, or only which there are."""
    names = list(known)
    hint = did_you_mean(name, names)
    lead = (
        f"{hint} {introduction}" if hint else f"; {introduction[0].lower()}{introduction[1:]}"
    )
    return f"{lead} {some(names, 30) if names else 'none'}."


def sentences(
    error: ValidationError, subject: str, model: type[BaseModel], *, whole: bool = True
) -> Iterator[tuple[Steps, str]]:
    """Turn one item's pydantic errors into (path below the item, sentence).

    Parameters
    ----------
    subject
        What the sentence is about, e.g. ``metric 'csat'``.
    model
        The item's model; says which keys there may be.
    whole
        False where a part of the item could not be read: what it lacks is then not reported.
    """
    details = _without_union_noise(error.errors(include_url=False))
    details = [{**detail, "loc": _without_key(detail["loc"])} for detail in details]
    strange: dict[Steps, list[str]] = defaultdict(list)
    missing: dict[Steps, list[str]] = defaultdict(list)
    for detail in details:
        place, key = detail["loc"][:-1], str(detail["loc"][-1]) if detail["loc"] else ""
        if detail["type"] == "extra_forbidden":
            strange[place].append(key)
        elif detail["type"] == "missing":
            missing[place].append(key)
        elif whole or detail["loc"]:
            yield detail["loc"], _sentence(detail, subject)
    for place, keys in strange.items():
        allowed = keys_of(_model_at(model, place))
        for key in keys:
            text = unknown("key", key, allowed, "It may hold")
            yield (*place, key), f"{_about(subject, place)}: {text}"
    for place, keys in missing.items() if whole else ():
        lacking = [key for key in keys if not did_you_mean(key, strange[place])]
        if lacking:
            yield place, f"{_about(subject, place)} lacks {_listing(lacking, 'and')}"


def keys_of(model: type[BaseModel]) -> list[str]:
    """Return a model's keys as YAML writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."


def _listing(words: Sequence[str], last: str) -> str:
    """Join words with commas and a last ``and`` or ``or``."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _about(subject: str, place: Steps) -> str:
    """Name a place inside an item: ``metric 'csat': breaks item 2``."""
    text = subject
    for step in place:
        text += f" item {step + 1}" if isinstance(step, int) else f": {_short(step)}"
    return text


def _sentence(detail: ErrorDetails, subject: str) -> str:
    """Say what was found and what is allowed."""
    kind, value, place = detail["type"], detail["input"], detail["loc"]
    about = _about(subject, place)
    if kind == "value_error":
        return f"{about}: {detail['ctx']['error']}"
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
        hint = did_you_mean(value, words) if isinstance(value, str) else ""
        wanted = f"{_listing(words, 'or')}{hint}"
    elif kind == "greater_than_equal":
        wanted = f"at least {detail['ctx']['ge']}"
    elif kind in WANTED:
        wanted = WANTED[kind]
        if kind == "string_type" and isinstance(value, bool | int | float | date):
            wanted = "text: quote it"
    elif kind == "union":
        wanted = "all or a list of values"
    else:
        return f"{about}: {found(value)}: {detail['msg']}"
    return f"{about} is {found(value)}; it must be {wanted}"


def _without_key(place: Steps) -> Steps:
    """Return the place of an entry where pydantic gives that of the entry's name."""
    return place[:-1] if place[-1:] == ("[key]",) else place


def _without_union_noise(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Give one error where pydantic gives one for each branch of ``all`` or a list.

    The branch's name stands in the path (``matrix, week, list[str], 0``) and is taken out.
    """
    kept: dict[Steps, ErrorDetails] = {}
    for detail in details:
        place = detail["loc"]
        if place[:1] != ("matrix",) or len(place) < 3:
            kept[place] = detail
        elif len(place) > 3:
            kept.pop(place[:2], None)
            kept[(*place[:2], *place[3:])] = {**detail, "loc": (*place[:2], *place[3:])}
        else:
            kept[place[:2]] = {**detail, "loc": place[:2], "type": "union"}
    return list(kept.values())


def _model_at(model: type[BaseModel], place: Steps) -> type[BaseModel]:
    """Return the model that stands at a path below another."""
    for step in place:
        fields = {f.alias or name: f for name, f in model.model_fields.items()}
        if isinstance(step, str) and step in fields:
            model = _model_in(fields[step].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as ``tuple[Break, ...]``, or None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in inner if model), None)
