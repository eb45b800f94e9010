"""Which files make a pack: its folder's, laid over those of the packs that it extends."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from insights.errors import did_you_mean, some
from insights.pack.faults import Fault, found
from insights.pack.places import packs, root
from insights.pack.yaml import Value, merge, parse

MANDATORY = ("pack", "source", "metrics")
STEMS = (*MANDATORY, "goals", "actions", "events", "drivers", "plans", "readouts")


@dataclass(slots=True)
class Files:
    """What a pack's files say together, by stem, and what kept them from saying it."""

    values: dict[str, Value] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)  # stems of which a part could not be read


def read_files(folder: Path) -> Files:
    """Read a pack's files and those of its parents, parents first."""
    files = Files()
    layers = []
    folders: list[Path] = []
    following: Path | None = folder
    while following:
        folders.append(following)
        layer = _read_folder(following, files)
        layers.append(layer)
        following = _parent(following, layer.get("pack"), folders, files)
    for layer in reversed(layers):
        for stem, value in layer.items():
            below = files.values.get(stem)
            files.values[stem] = merge(below, value) if below else value
    for stem in MANDATORY:
        if stem not in files.values and stem not in files.unread:
            files.faults.append(
                Fault(folder / f"{stem}.yaml", 1, "this file is missing; every pack has one")
            )
            files.unread.add(stem)
    return files


def _read_folder(folder: Path, files: Files) -> dict[str, Value]:
    """Read one folder's files, as far as they can be read."""
    values = {}
    for file in sorted(folder.iterdir()):
        if file.suffix not in (".yaml", ".yml") or file.name.startswith("."):
            continue
        if file.suffix == ".yml" or file.stem not in STEMS:
            files.faults.append(Fault(file, 1, _unknown_file(file)))
        elif (value := _read_file(file, files)) is not None:
            values[file.stem] = value
        else:
            files.unread.add(file.stem)
    return values


def _unknown_file(file: Path) -> str:
    names = [f"{stem}.yaml" for stem in STEMS]
    hint = did_you_mean(f"{file.stem}.yaml", names)
    return f"unknown file{hint or ';'} {'A' if hint else 'a'} pack holds {some(names, 10)}"


def _read_file(file: Path, files: Files) -> Value | None:
    """Return what one file says, or None with the fault noted."""
    try:
        octets = file.read_bytes()
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        files.faults.append(Fault(file, line, "not UTF-8 text; save the file as UTF-8"))
        return None
    except OSError as error:
        files.faults.append(Fault(file, 1, f"it cannot be read: {error.strerror}"))
        return None
    value, faults = parse(text, file)
    files.faults += faults
    if value is None or isinstance(value.data, dict):
        if (
            value is None
            and file.stem == "pack"
            and re.search(r"^extends:", text, re.MULTILINE)
        ):
            files.unread.update(STEMS)
        return value
    if value.data is None:
        return Value({}, file, 1)
    message = f"the file holds {found(value.data)}; it must be a mapping (key: value)"
    files.faults.append(Fault(file, value.line, message))
    return None


def _parent(folder: Path, pack: Value | None, folders: list[Path], files: Files) -> Path | None:
    """Return the folder that a pack extends, or None."""
    extends = pack.data.get("extends") if pack else None
    if extends is None or not isinstance(extends.data, str):
        return None
    name = extends.data
    bases = (folder.parent, folder, root() / "params", root() / "params" / "templates")
    there = [base / name for base in bases if (base / name / "pack.yaml").is_file()]
    there = [path.resolve() for path in there]
    parent = next((path for path in there if path != folder), there[0] if there else None)
    if parent is not None and parent not in folders:
        return parent
    if parent is None:
        names = {*packs(), *(file.parent.name for file in folder.parent.glob("*/pack.yaml"))}
        known = sorted(names - {folder.name})
        hint = did_you_mean(name, known) or "."
        message = f"extends '{name}': no such pack{hint} There are {some(known, 12) or 'none'}."
    else:
        circle = [*(path.name for path in folders[folders.index(parent) :]), parent.name]
        message = f"extends goes round in a circle: {', '.join(circle)}"
    files.faults.append(Fault(extends.file, extends.line, message))
    files.unread.update(STEMS)
    return None
