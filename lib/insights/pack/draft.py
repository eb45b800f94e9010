"""A pack as read, before anyone has said that it is right: plain data, places and faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from insights.pack.faults import Fault, Steps
from insights.pack.models import Pack


@dataclass(frozen=True, slots=True)
class Draft:
    """What a pack's files say and what is wrong with it.

    ``raw`` holds the merged plain data by file stem. Every stem is there, and every entry of a
    section (``raw["metrics"]["metrics"][name]``, with the defaults laid under) is a dict, empty
    where the file has something else.
    """

    folder: Path
    name: str
    pack: Pack | None  # None where any fault stands
    faults: tuple[Fault, ...]  # by file and line
    raw: dict[str, Any] = field(repr=False)
    marks: dict[Steps, tuple[Path, int]] = field(repr=False)

    def at(self, *path: str | int) -> tuple[Path, int]:
        """Return file and line of a path such as ``("metrics", "metrics", "csat", "clock")``.

        A path that no file has gives the place of its nearest ancestor.
        """
        for length in range(len(path), 0, -1):
            if path[:length] in self.marks:
                return self.marks[path[:length]]
        return self.folder / f"{path[0] if path else 'pack'}.yaml", 1

    def fault(self, message: str, *path: str | int) -> Fault:
        """Return a fault at the place of a path."""
        return Fault(*self.at(*path), message)
