"""How does a new pack begin? As a copy of the YAML of one that works, on one's own data."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from insights import pack as packs
from insights.errors import ParamError, some
from insights.pack import Draft, Table

NEXT = {
    "pack": "its title, time zone and whose readout it is",
    "source": "where your data is and what its columns are called",
    "metrics": "what you count, who owns it and which way is better",
    "goals": "where each metric should be, by when",
    "actions": "what to do when a metric says so",
    "events": "what is known to move numbers",
    "drivers": "what may go with an outcome, and what of it could be changed",
    "plans": "what is forecast, and whom it asks for",
    "readouts": "which pages are made",
}
PATH = re.compile(r"""\bpath:\s*(?:"[^"]*"|'[^']*'|[^\s,}#][^,}#]*?)(?=\s*(?:[,}#]|$))""")
SAMPLE_NOTE = re.compile(r"^attribution: MADE-UP ROWS.*\n", re.MULTILINE)


def copy(like: str, folder: Path, data: Path | None = None) -> list[str]:
    """Copy a pack's YAML into a new folder and return what to edit next, a line each.

    Parameters
    ----------
    like
        Any pack or template, by name or path. What it extends it goes on extending.
    folder
        New, or empty.
    data
        A file, or a folder of files, that the pack's tables shall be: each is the one that has
        its columns.

    Raises
    ------
    ParamError
        There is no such pack, the folder holds something already, or no file in ``data`` is a
        table of the pack.
    """
    source = packs.find(like)
    files = sorted(source.glob("*.yaml"))
    if not (source / "pack.yaml").is_file():
        raise ParamError(f"{source} is no pack: it has no pack.yaml")
    require_new(folder)
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    if data is not None:
        texts = _pointed(packs.read(source), texts, data, folder)
    write(folder, texts)
    return to_edit(folder)


def require_new(folder: Path) -> None:
    """Refuse a folder that holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ParamError(f"{folder} exists and is not an empty folder; name a new one")


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write a pack's files into a new folder: all of them, or none."""
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        if made:
            shutil.rmtree(folder, ignore_errors=True)
        raise ParamError(f"{folder} cannot be written: {error.strerror}") from error


def to_edit(folder: Path) -> list[str]:
    """Return what to edit next in a new pack, a line each."""
    order = [stem for stem in NEXT if (folder / f"{stem}.yaml").is_file()]
    return [f"{folder / stem}.yaml: {NEXT[stem]}" for stem in order]


def place(path: str, folder: Path) -> str:
    """Return a path as a pack in a folder gives it: relative inside it, else in full."""
    own = f"{folder.resolve()}/"
    return path.removeprefix(own)


def _pointed(draft: Draft, texts: dict[str, str], data: Path, folder: Path) -> dict[str, str]:
    """Return a pack's files with every path of its tables pointed at somebody's data."""
    from insights.data import fitting  # few need the engine here

    if draft.pack is None:
        raise ParamError("\n".join(map(str, draft.faults)))
    wanted: dict[str, Table] = {
        name: table
        for name, table in draft.pack.source.tables.items()
        if table.path is not None and (draft.at(*_path(name))[0].parent == draft.folder)
    }
    if not wanted:
        raise ParamError(f"{draft.name} names no file of its own that --data could replace.")
    if data.is_file() and len(wanted) > 1:
        raise ParamError(
            f"--data {data} is one file, and {draft.name} needs {len(wanted)}: "
            f"{some(wanted, 12)}. Name the folder that holds them."
        )
    found = fitting.fit(wanted, data.resolve())
    lines = texts["source.yaml"].split("\n")
    for name, path in found.items():
        at = draft.at(*_path(name))[1] - 1
        before, after = PATH.split(lines[at], maxsplit=1)
        lines[at] = (
            f"{before}path: {json.dumps(place(path, folder), ensure_ascii=False)}{after}"
        )
    pack = SAMPLE_NOTE.sub("", texts["pack.yaml"])
    return {**texts, "source.yaml": "\n".join(lines), "pack.yaml": pack}


def _path(table: str) -> tuple[str, str, str, str]:
    return ("source", "tables", table, "path")
