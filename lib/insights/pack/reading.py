"""What does a pack say, and is it right: a checked Pack, or every fault at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from insights.errors import ParamError, did_you_mean
from insights.pack import fields, models, plans
from insights.pack.draft import Draft
from insights.pack.faults import Fault, Steps, found, sentences, unknown
from insights.pack.files import MANDATORY, STEMS, read_files
from insights.pack.models import Pack
from insights.pack.places import find
from insights.pack.references import references
from insights.pack.yaml import Value, merge, places, plain

NAME = re.compile(fields.NAME)  # becomes a column
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")  # becomes a folder
NAME_IS = "lower-case letters, digits and _, a letter first"
SLUG_IS = "lower-case letters, digits, _ and -"


@dataclass(frozen=True, slots=True)
class _Section:
    """The part of a file that maps names to items of one model."""

    stem: str
    key: str
    word: str  # what one item is called
    model: type[fields.Model]


SECTIONS = (
    _Section("source", "tables", "table", models.Table),
    _Section("metrics", "metrics", "metric", models.Metric),
    _Section("goals", "goals", "goal", models.Goal),
    _Section("actions", "actions", "action", models.Action),
    _Section("events", "events", "event", models.Event),
    _Section("drivers", "studies", "study", models.Study),
    _Section("plans", "plans", "plan", plans.Plan),
    _Section("readouts", "readouts", "readout", models.Readout),
)


def read(pack: str | Path) -> Draft:
    """Read a pack and report everything that is wrong with it.

    Parameters
    ----------
    pack
        A name or a path; see ``find``.

    Raises
    ------
    ParamError
        There is no such pack.
    """
    folder = find(pack)
    files = read_files(folder)
    values = dict(files.values)
    defaults = _default_places(values)
    if "metrics" in values:
        values["metrics"] = _under_defaults(values["metrics"])
    written = {stem: plain(values[stem]) if stem in values else {} for stem in STEMS}
    marks = {
        (stem, *path): place for stem, value in values.items() for path, place in places(value)
    }
    draft = Draft(folder, folder.name, None, (), _tidy(written), marks)
    check = _Check(draft, written, files.unread, defaults)
    parts = check.parts()
    faults = {*files.faults, *check.faults, *references(draft, files.unread)}
    if faults:
        return replace(draft, faults=tuple(sorted(faults)))
    return replace(draft, pack=Pack(name=draft.name, folder=folder, **parts))


def load(pack: str | Path) -> Pack:
    """Return a pack that is right.

    Raises
    ------
    ParamError
        There is no such pack, or it has faults: all of them, one a line.
    """
    draft = read(pack)
    if draft.pack is None:
        raise ParamError("\n".join(map(str, draft.faults)))
    return draft.pack


def _default_places(values: dict[str, Value]) -> set[tuple[Path, int]]:
    """Return the places of everything under ``defaults`` in metrics.yaml."""
    defaults = values["metrics"].data.get("defaults") if "metrics" in values else None
    return {place for path, place in places(defaults) if path} if defaults else set()


def _under_defaults(metrics: Value) -> Value:
    """Lay the defaults under every metric."""
    defaults, named = metrics.data.get("defaults"), metrics.data.get("metrics")
    if not (defaults and named):
        return metrics
    if not (isinstance(defaults.data, dict) and isinstance(named.data, dict)):
        return metrics
    filled = {name: merge(defaults, metric) for name, metric in named.data.items()}
    return replace(metrics, data={**metrics.data, "metrics": replace(named, data=filled)})


def _tidy(written: dict[str, Any]) -> dict[str, Any]:
    """Return the data with every section a dict of dicts, whatever the files hold."""
    tidy = {stem: dict(content) for stem, content in written.items()}
    for section in SECTIONS:
        items = tidy[section.stem].get(section.key)
        tidy[section.stem][section.key] = {
            name: item if isinstance(item, dict) else {}
            for name, item in (items.items() if isinstance(items, dict) else ())
        }
    return tidy


class _Check:
    """Validates a pack item by item and collects the faults."""

    def __init__(
        self,
        draft: Draft,
        written: dict[str, Any],
        unread: set[str],
        defaults: set[tuple[Path, int]],
    ) -> None:
        self.draft = draft
        self.written = written
        self.unread = unread
        self.defaults = defaults
        self.faults: set[Fault] = set()

    def parts(self) -> dict[str, Any]:
        """Return the arguments of Pack, as far as they are right."""
        parts: dict[str, Any] = {}
        if "pack" not in self.unread or self.written["pack"]:
            parts["info"] = self.item(models.PackInfo, "pack", self.written["pack"], "pack")
        for section in SECTIONS:
            self.other_keys(section)
            items = {
                name: self.named(section, name, item) for name, item in self.items(section)
            }
            parts[section.key] = items
        rest = {
            key: self.written["source"][key]
            for key in self.written["source"]
            if key != "tables"
        }
        source = self.item(models.Source, "source", {**rest, "tables": {}}, "source")
        tables = parts.pop("tables")
        if source is not None and None not in tables.values():
            parts["source"] = source.model_copy(update={"tables": tables})
        return parts

    def add(self, message: str, *path: str | int) -> None:
        self.faults.add(self.draft.fault(message, *path))

    def other_keys(self, section: _Section) -> None:
        """Report what stands beside the section in its file."""
        if section.stem == "source":
            return  # its other keys are the model's
        allowed = ["defaults", "metrics"] if section.stem == "metrics" else [section.key]
        for key in self.written[section.stem]:
            if key not in allowed:
                self.add(unknown("key", key, allowed, "It may hold"), section.stem, key)
        defaults = (
            self.written[section.stem].get("defaults") if section.stem == "metrics" else None
        )
        if not isinstance(defaults, dict | None):
            text = f"defaults is {found(defaults)}; it must be a mapping of keys of a metric"
            self.add(text, "metrics", "defaults")

    def items(self, section: _Section) -> Iterator[tuple[str, Any]]:
        """Give a section's items; what it lacks is reported."""
        content = self.written[section.stem]
        items = content.get(section.key)
        if items is not None and not isinstance(items, dict):
            text = f"{section.key} is {found(items)}; it must be a mapping by name"
            self.add(text, section.stem, section.key)
        elif items:
            yield from items.items()
        elif section.stem in MANDATORY and section.stem not in self.unread:
            others = [key for key in content if key != section.key]
            if not did_you_mean(section.key, others):
                text = f"it names no {section.key}; a pack needs at least one {section.word}"
                self.add(text, section.stem, section.key)

    def named(self, section: _Section, name: str, item: Any) -> fields.Model | None:
        """Return one item of a section, or None with its faults noted."""
        path = (section.stem, section.key, name)
        becomes_column = section.stem in ("source", "metrics")
        pattern, wanted = (NAME, NAME_IS) if becomes_column else (SLUG, SLUG_IS)
        subject = f"{section.word} '{name}'"
        if not pattern.fullmatch(name):
            self.add(
                f"{section.word} name {found(name)} is not allowed; it may hold {wanted}", *path
            )
        if item is None and section.stem in self.unread:
            return None
        if item is None and self.written["pack"].get("extends"):
            others = [
                other for other in self.written[section.stem][section.key] if other != name
            ]
            hint = did_you_mean(name, others)
            self.add(f"{subject} is empty, and nothing of that name is inherited{hint}", *path)
            return None
        if not isinstance(item, dict):
            self.add(f"{subject} is {found(item)}; it must be a mapping", *path)
            return None
        checked: fields.Model | None = self.item(section.model, subject, item, *path)
        return checked

    def item(
        self, model: type[fields.Model], subject: str, data: dict[str, Any], *path: str | int
    ) -> Any:
        """Return a valid model, or None with its faults noted."""
        try:
            return model.model_validate(data)
        except ValidationError as error:
            whole = path[0] not in self.unread
            for below, text in sentences(error, subject, model, whole=whole):
                self.note(subject, text, (*path, *below))
            return None

    def note(self, subject: str, text: str, path: Steps) -> None:
        """Add a fault; what stands under ``defaults`` is said once and not for every metric."""
        shared = path in self.draft.marks and self.draft.at(*path) in self.defaults
        if shared and len(path) > 3:
            text = f"defaults{text.removeprefix(subject)}"
        self.add(text, *path)
