"""How does a pack begin with a file that nobody has described? With what it suggests."""

from __future__ import annotations

import glob
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from insights.data import looking, sources
from insights.data.looking import Column, Looked, Proposals, Roles
from insights.errors import ContractError, ParamError
from insights.runs import starter

WIDTH = 110
KINDS = {
    "day": "days", "moment": "times", "seconds": "durations", "number": "numbers",
    "year": "years", "share": "shares", "flag": "yes or no", "month": "months",
}  # fmt: skip


def propose(data: Path, folder: Path) -> list[str]:
    """Write a pack for an unknown file into a new folder; return what to edit, a line each.

    What was chosen, and why, stands beside it as a comment.

    Parameters
    ----------
    data
        One file: CSV, JSON or Parquet, packed or not.
    folder
        New, or empty.

    Raises
    ------
    ParamError
        There is no such file, it cannot be read, or it does not say when anything happened.
    """
    starter.require_new(folder)
    if not data.is_file():
        what = (
            "is a folder; name one file, or a template with --like"
            if data.is_dir()
            else ("is no file that is there")
        )
        raise ParamError(f"--data {data} {what}.")
    backend = sources.connect("duckdb://")
    try:
        looked = looking.look(backend, data.resolve())
        roles = looking.roles(looked)
        made = looking.proposals(looked, roles)
        texts = _texts(data.resolve(), folder, looked, roles, made)
    except ContractError as error:
        raise ParamError(f"--data {data}: {error}") from error
    finally:
        backend.disconnect()
    starter.write(folder, texts)
    return starter.to_edit(folder)


def _texts(
    data: Path, folder: Path, looked: Looked, roles: Roles, made: Proposals
) -> dict[str, str]:
    """Return the pack's files."""
    name = _name(data)
    return {
        "pack.yaml": _pack(data, name, looked),
        "source.yaml": _source(data, folder, name, looked, roles, made),
        "metrics.yaml": _metrics(name, looked, roles, made),
        "readouts.yaml": _readouts(roles),
    }


def _name(data: Path) -> str:
    """Return a table's name from a file's."""
    stem = data.name.partition(".")[0]
    name = "_".join(re.findall(r"[a-z0-9]+", stem.lower())) or "table"
    name = name if name[0].isalpha() else f"t_{name}"
    return f"{name}_file" if name in {"cases", "looked", "select", "table", "order"} else name


def _pack(data: Path, name: str, looked: Looked) -> str:
    title = name.replace("_", " ").capitalize()
    head = _comment(
        f"Proposed from {data.name} by looking at its {looked.n:,} rows. Every reason given is "
        "a guess from names and values: read them, and edit what is wrong."
    )
    return (
        f"{head}title: {_text(title)}\n"
        "timezone: UTC              # edit: where a day is counted, such as Europe/Dublin\n"
        "week_starts: monday\n"
        "min_group: 10              # smaller groups are pooled before they reach a page\n"
    )


def _source(
    data: Path, folder: Path, name: str, looked: Looked, roles: Roles, made: Proposals
) -> str:
    """Return source.yaml: the columns that are used, and as comments those that are not."""
    picked = roles.once or roles.ends is not None
    read = f"{name}_as_read" if picked else name
    path = starter.place(glob.escape(str(data)), folder)
    lines = [f"  {read}:", f"    path: {_text(path)}", "    row: one row of the file"]
    for key in ("encoding", "records"):
        if (said := getattr(looked.table, key)) is not None:
            lines.append(f"    {key}: {_text(said)}")
    about = _about_rows(roles, made)
    lines += [] if picked else about
    lines += _columns(looked, _used(looked, roles, made))
    if roles.clock.sql is not None:
        lines += ["    columns:", f"      {roles.clock.name}: {roles.clock.sql}"]
    if picked:
        lines += [f"  {name}:", *_picked(read, roles), *about]
    if any(one.of_cases for one in made.metrics):
        lines += _cases(name, roles)
    return _notes(looked, roles) + "\n".join(["connection: duckdb://", "tables:", *lines, ""])


def _about_rows(roles: Roles, made: Proposals) -> list[str]:
    """Return what holds of the rows that are counted."""
    lines = []
    if roles.key is not None:
        lines.append(f"    key: [{roles.key.name}]  # {roles.key.why}")
    if roles.aggregated:
        lines.append("    aggregated: true  # a row is the sum of a day or of a slot")
        lines += [f"    volume: {made.volume}"] if made.volume else []
    if any(one.name.startswith("good_") for one in made.metrics):
        lines.append("    sampled: true  # answers speak for all who could have answered")
    return lines


def _picked(read: str, roles: Roles) -> list[str]:
    """Return the rows of the file that are counted."""
    clock = roles.clock.name
    sql = f"select {'distinct ' if roles.once else ''}* from {read}"
    row = "one row of the file, once" if roles.once else "one row of the file"
    if roles.ends is not None:
        sql += f" where {clock} < '{roles.ends.sql}' or {clock} is null"
        row += f", up to {roles.ends.name}"
    return [f"    sql: {sql}", f"    row: {_text(row)}"]


def _notes(looked: Looked, roles: Roles) -> str:
    """Return what is said of the file as a whole."""
    notes = [f"How the file is written: {one}." for one in looked.notes]
    notes.append(
        "`take`: name in the pack: name in the file, whatever its case, spaces and signs; "
        "other columns are never read."
    )
    if roles.once:
        notes.append(
            f"{looked.repeated:,} rows are equal to another in every column. They have times "
            "or numbers of cases, so that each is counted once; if they are different events, "
            "take the distinct out."
        )
    elif looked.repeated:
        notes.append(
            f"{looked.repeated:,} rows are equal to another in every column. Nothing names a "
            "row, so that they may well be different ones: all are counted."
        )
    if roles.ends is not None:
        notes.append(
            f"The file thins out: {roles.ends.why}. Rows after {roles.ends.name} are left out; "
            "take the condition out once the file is whole."
        )
    return "".join(_comment(note) for note in notes)


def _columns(looked: Looked, used: set[str]) -> list[str]:
    lines = ["    take:"]
    for column in looked.columns:
        mark = "" if column.name in used else "# "
        lines.append(f"      {mark}{column.name}: {_text(column.said)}  # {_about(column)}")
    cast = {c.name: c.cast for c in looked.columns if c.cast is not None and c.name in used}
    if cast:
        lines += ["    cast:", *(f"      {name}: {to}" for name, to in cast.items())]
    return lines


def _about(column: Column) -> str:
    """Return what a column holds, without a value of a text."""
    text = KINDS.get(column.kind, "text")
    if column.kind in ("day", "moment"):
        text += f", {column.least:%Y-%m-%d} to {column.most:%Y-%m-%d}"
    elif column.kind in ("number", "year", "seconds"):
        text += f", {column.least:g} to {column.most:g}"
    if column.kind in ("text", "number"):
        text += f", {column.distinct:,} different"
    if column.filled < 1:
        text += f", {1 - column.filled:.1%} empty"
    return text + (f". CHECK: {column.unsure}" if column.unsure else "")


def _used(looked: Looked, roles: Roles, made: Proposals) -> set[str]:
    """Return the columns that the pack needs."""
    if roles.once:
        return {column.name for column in looked.columns}
    said = [
        roles.clock.sql or roles.clock.name,
        roles.key.name if roles.key else "",
        made.volume or "",
    ]
    said += [dimension.name for dimension in roles.dimensions]
    said += [roles.entity.name] if roles.entity else []
    said += [
        str(value)
        for one in made.metrics
        for key, value in one.said.items()
        if key not in ("title", "definition")
    ]
    words = set(re.findall(r"[a-z_][a-z0-9_]*", " ".join(said)))
    return {column.name for column in looked.columns if column.name in words}


def _cases(name: str, roles: Roles) -> list[str]:
    assert roles.entity is not None
    case, clock = roles.entity.name, roles.clock.name
    return [
        "  cases:",
        f"    sql: select {case}, min({clock}) as first_at, max({clock}) as last_at "
        f"from {name} group by {case}",
        f"    row: {_text(f'one {roles.entity.said}, from its first row to its last')}",
        f"    key: [{case}]",
    ]


def _metrics(name: str, looked: Looked, roles: Roles, made: Proposals) -> str:
    dimensions = ", ".join(choice.name for choice in roles.dimensions)
    why = "; ".join(f"{choice.name}: {choice.why}" for choice in roles.dimensions)
    text = _comment(f"Clock: {roles.clock.name}, {roles.clock.why}")
    if dimensions:
        text += _comment(
            f"Dimensions: a few values each that many rows share, and no person's ({why})."
        )
    else:
        text += _comment("Dimensions: none; no column has a few values that many rows share.")
    text += f"defaults:\n  table: {name}\n  clock: {roles.clock.name}\n"
    text += f"  dimensions: [{dimensions}]\n"
    text += "  owner: Whose this is  # edit: a function, not a person\n\nmetrics:\n"
    for one in made.metrics:
        text += _comment(f"{one.name}: {one.why}.", indent="  ") + f"  {one.name}:\n"
        said = dict(one.said)
        if one.name == "row_count":
            said["title"] = name.replace("_", " ").capitalize()
        if roles.ends is not None:
            until = f"Rows up to {roles.ends.name}, after which the file thins out."
            said["definition"] = f"{said['definition']} {until}"
        if one.of_cases:
            text += "    table: cases\n    dimensions: []\n"
        text += "".join(f"    {key}: {_scalar(value)}\n" for key, value in said.items()) + "\n"
    for said_no in made.refused:
        text += _comment(f"Not proposed: {said_no}.")
    return text.rstrip("\n") + "\n"


def _readouts(roles: Roles) -> str:
    return (
        "readouts:\n  scorecard:\n    notebook: 1_scorecard\n    title: Scorecard\n"
        f"    parameters: {{grain: {roles.grain}}}  # {roles.grain_why}\n"
    )


def _comment(text: str, indent: str = "") -> str:
    """Return text as comment lines."""
    flat = " ".join(text.split())
    return "".join(f"{indent}# {line}\n" for line in _lines(flat))


def _lines(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _scalar(value: str | float) -> str:
    return (
        _text(value)
        if isinstance(value, str) and not re.fullmatch(r"[a-z_]+", value)
        else str(value)
    )
