"""Which runs have there been? The manifests know; everything here can be rebuilt from them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from insights.readout import links
from insights.runs import staging
from insights.runs.manifest import PUBLISHED, STATUSES, Manifest

TEXTS = ("run_id", "pack", "readout", "title", "notebook", "status", "started_at")
TEXTS_OR_NONE = ("headline", "as_of", "data_through", "state", "error", "page")
LISTS = ("gates", "care", "inputs")


def read(out: Path) -> tuple[list[Manifest], list[str]]:
    """Return every run under a folder, newest first, and what could not be read and why."""
    runs, problems = [], []
    for file in sorted(out.glob("*/*/runs/*/manifest.json")):
        try:
            runs.append(_read(file))
        except ValueError as error:
            problems.append(f"{file.relative_to(out).as_posix()} is left out: {error}")
    return sorted(runs, key=_age, reverse=True), problems


def last_published(home: Path) -> Manifest | None:
    """Return the newest published run of one readout's folder whose page stands, or None."""
    for file in sorted(home.glob("runs/*/manifest.json"), reverse=True):  # a name is a time
        try:
            run = _read(file)
        except ValueError:  # `read` reports it
            continue
        if run["status"] in PUBLISHED and run.get("stands", True):
            return run
    return None


def targets(out: Path, pack: str) -> dict[str, str]:
    """Return where a pack's last good pages lie, by what they can be asked for."""
    pages = (out / pack).glob("*/index.html")
    runs = [last_published(page.parent) for page in pages]
    return links.targets(run for run in runs if run is not None)


def relink(out: Path, pack: str) -> None:
    """Bring the links between a pack's last good pages up to date; runs stay as they were.

    Raises
    ------
    OSError
        The disk would not take it; every page is as it was or up to date.
    """
    home = out / pack
    if not home.is_dir():
        return
    with staging.held(home), _aside(out, "links") as aside:
        there = targets(out, pack)
        for page in sorted(home.glob("*/index.html")):
            text = page.read_bytes().decode(errors="surrogateescape")
            fresh = links.resolve(text, f"{pack}/{page.parent.name}", there)
            if fresh != text:
                staging.replace(page, fresh.encode(errors="surrogateescape"), aside)


def write_index(out: Path, index: Callable[[list[Manifest]], str]) -> list[str]:
    """Replace ``index.html`` by one that lists what there is now; return what was left out.

    Raises
    ------
    OSError
        The disk would not take it; the earlier index stands.
    """
    runs, problems = read(out)
    page = index(
        [
            run | {"page_exists": (out / run["pack"] / run["readout"] / "index.html").is_file()}
            for run in runs
        ]
    )
    with _aside(out, "index") as aside:
        staging.replace(out / "index.html", page, aside)
    return problems


def _aside(out: Path, what: str) -> AbstractContextManager[Path]:
    return staging.folder(out, f"{what}-{os.getpid()}-{time.monotonic_ns()}")


def _age(run: Manifest) -> tuple[datetime, str]:
    return datetime.fromisoformat(run["started_at"]), run["run_id"]


def _read(file: Path) -> Manifest:
    """Read one manifest; a ValueError says why it is none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError("it cannot be read") from error
    if not isinstance(found, dict):
        raise ValueError("it is not a manifest")
    wrong = [key for key in TEXTS if not isinstance(found.get(key), str)]
    wrong += [key for key in TEXTS_OR_NONE if not isinstance(found.get(key), str | None)]
    wrong += [key for key in LISTS if not isinstance(found.get(key), list)]
    if wrong:
        raise ValueError(f"its '{wrong[0]}' is missing or of another kind")
    if found["status"] not in STATUSES:
        raise ValueError("its status is none of " + ", ".join(STATUSES))
    place = (found["pack"], found["readout"], found["run_id"])
    if place != (file.parents[3].name, file.parents[2].name, file.parents[0].name):
        raise ValueError("it belongs to another folder")
    if datetime.fromisoformat(found["started_at"]).tzinfo is None:
        raise ValueError("its start has no time zone")
    return found
