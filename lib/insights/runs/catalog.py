"""Which runs have there been? The manifests know; everything here can be rebuilt from them."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from insights.readout import lateness, links
from insights.readout.lateness import Standing
from insights.runs import staging
from insights.runs.engine import Job
from insights.runs.manifest import PUBLISHED, STATUSES, Manifest, Run, due

PAGE, MANIFEST, CHECKED = "index.html", "manifest.json", "checked.json"
TEXTS = ("run_id", "pack", "readout", "title", "notebook", "status", "started_at")
TEXTS_OR_NONE = ("headline", "as_of", "data_through", "state", "error", "page")
LISTS = ("gates", "care", "inputs")
RUN, HEAD = re.compile(rb'<meta name="run" content="([0-9A-Za-z-]+)">'), 2048
READING = {"key", "title", "unit", "kind", "grain", "period", "value", "lower", "upper", "past"}


def read(out: Path) -> tuple[list[Manifest], list[str]]:
    """Return every run under a folder, newest first, and what could not be read and why."""
    runs, problems = [], []
    for file in sorted(out.glob("*/*/runs/*/manifest.json")):
        try:
            runs.append(_read(file))
        except ValueError as error:
            problems.append(f"{file.relative_to(out).as_posix()} is left out: {error}")
    return sorted(runs, key=_age, reverse=True), problems


def newest_first(home: Path) -> Iterator[Manifest]:
    """Yield the runs of one readout's folder; what cannot be read is left to ``read``."""
    for name in reversed(_names(home / "runs")):  # a name is a time
        try:
            yield _read(home / "runs" / name / MANIFEST)
        except ValueError:
            continue


def stands(run: Manifest) -> bool:
    """Tell whether a run was published and its page is, or was, its readout's last good one."""
    return run["status"] in PUBLISHED and bool(run.get("stands", True))


def checked(home: Path) -> dict[str, Any] | None:
    """Return the note of the last check that found nothing new for a readout, or None."""
    try:
        found = json.loads((home / CHECKED).read_text(encoding="utf-8"))
        when = datetime.fromisoformat(found["at"])
        known = isinstance(found["run_id"], str) and _is_due(found["due"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return found if known and when.tzinfo is not None else None


def confirm(out: Path, job: Job, standing: Manifest, run: Run | None = None) -> None:
    """Note that a job would only make the page again that stands, and until when it serves.

    The note of one page is replaced by the next; one that is lost lets the page look late.
    """
    run = run or Run.begun()
    at = run.started.isoformat(timespec="seconds")
    note = {"run_id": standing["run_id"], "at": at, "due": due(job, run)}
    with suppress(OSError):
        (_home(out, standing) / CHECKED).write_text(json.dumps(note), encoding="utf-8")


def run_of(page: Path) -> str | None:
    """Return which run a page says that it is of, or None."""
    try:
        with open(page, "rb") as file:
            found = RUN.search(file.read(HEAD))
    except OSError:
        return None
    return found[1].decode() if found else None


def last_published(home: Path) -> Manifest | None:
    """Return the run whose page stands in one readout's folder, or None.

    The page says which it is. By their names the newest would be another where a clock was set
    back meanwhile; they decide only where there is no such page or its run is gone.
    """
    if (said := run_of(home / PAGE)) is not None:
        with suppress(ValueError):
            if stands(run := _read(home / "runs" / said / MANIFEST)):
                return run
    return next(filter(stands, newest_first(home)), None)


def earlier(home: Path, run: Manifest) -> tuple[Manifest | None, Manifest | None]:
    """Return the last good run that a run can be held against, and that of an earlier period.

    It has the same notebook, rows, grain and parameters but for the date.
    """
    last = None
    shown = last_published(home)
    for other in chain([shown] if shown else [], newest_first(home)):
        if stands(other) and _asked(other) == _asked(run):
            last = last or other
            if (other["as_of"] or "") < (run["as_of"] or ""):
                return last, other
    return last, None


def _asked(run: Manifest) -> object:
    rest = {key: value for key, value in run["parameters"].items() if key != "as_of"}
    return run["notebook"], run.get("where"), run.get("grain"), rest


def late(out: Path, runs: Sequence[Manifest], now: datetime) -> list[dict[str, str]]:
    """Return the pages that are late, by pack and readout, of readouts that have runs."""
    found = []
    for home in sorted({_home(out, run) for run in runs}):
        said = lateness.row(Standing.of(last_published(home), checked(home)), now)
        if said and said["late"] and (home / PAGE).is_file():
            names = {"pack": home.parent.name, "readout": home.name}
            found.append({**names, "due": said["next"], "said": said["text"]})
    return found


class Pages:
    """The last good pages below a folder; a manifest is read again once its page differs."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._seen: dict[str, tuple[object, Manifest | None]] = {}
        self._answers: dict[tuple[str, str], tuple[str, ...]] = {}

    def last(self, place: str) -> Manifest | None:
        """Return what ``last_published`` does for a readout, given as pack/readout."""
        page = _stamp(f"{self.out}/{place}/{PAGE}")
        before, run = self._seen.get(place, (None, None))
        if page is None or page != before:
            run = last_published(self.out / place)
            self._seen[place] = (page, run)
        return run

    def targets(self, pack: str) -> dict[str, str]:
        """Return where a pack's last good pages lie, by what they can be asked for."""
        places = [f"{pack}/{name}" for name in _names(self.out / pack)]
        there = [place for place in places if _stamp(f"{self.out}/{place}/{PAGE}") is not None]
        runs = [run for place in there if (run := self.last(place)) is not None]
        return links.targets(runs, self._answer)

    def _answer(self, run: Mapping[str, Any]) -> tuple[str, ...]:
        known = (run["readout"], run["run_id"])
        if known not in self._answers:
            self._answers[known] = links.answers(run)
        return self._answers[known]


def relink(out: Path, pack: str) -> None:
    """Bring the links between a pack's last good pages up to date, and when the next is due.

    The runs' own copies stay as they were.

    Raises
    ------
    OSError
        The disk would not take it; every page is as it was or up to date.
    """
    home = out / pack
    if not home.is_dir():
        return
    with staging.held(home), _aside(out, "links") as aside:
        pages, now = Pages(out), datetime.now(UTC)
        there = pages.targets(pack)
        for page in sorted(home.glob(f"*/{PAGE}")):
            text = page.read_bytes().decode(errors="surrogateescape")
            place = f"{pack}/{page.parent.name}"
            standing = Standing.of(pages.last(place), checked(page.parent))
            fresh = links.resolve(text, place, there)
            fresh = lateness.with_line(fresh, lateness.line(standing, now))
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
    notes = {
        home: {
            "page_exists": (home / PAGE).is_file(),
            "page_run": run_of(home / PAGE),
            "checked": checked(home),
        }
        for home in {_home(out, run) for run in runs}
    }
    page = index([run | notes[_home(out, run)] for run in runs])
    with _aside(out, "index") as aside:
        staging.replace(out / PAGE, page, aside)
    return problems


def _home(out: Path, run: Manifest) -> Path:
    return out / str(run["pack"]) / str(run["readout"])


def _aside(out: Path, what: str) -> AbstractContextManager[Path]:
    return staging.folder(out, f"{what}-{os.getpid()}-{time.monotonic_ns()}")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:  # none yet, or nobody's folder
        return []


def _stamp(page: str) -> object:
    """Return what tells a file from the one that replaces it; None: there is none."""
    try:
        known = os.stat(page)
    except OSError:
        return None
    return known.st_ino, known.st_mtime_ns, known.st_size


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
    wrong += [] if isinstance(found.get("parameters"), dict) else ["parameters"]
    wrong += [] if _is_due(found.get("due")) else ["due"]
    wrong += [] if _are_readings(found.get("readings", [])) else ["readings"]
    wrong += [] if isinstance(found.get("since"), dict | None) else ["since"]
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


def _is_due(found: object) -> bool:
    """Tell whether something is when a readout is due, or None."""
    if not isinstance(found, dict):
        return found is None
    try:
        ZoneInfo(found["zone"])
        when = datetime.fromisoformat(found["next"])
    except (KeyError, TypeError, ValueError, OSError):
        return False
    return when.tzinfo is not None and isinstance(found.get("when"), str)


def _are_readings(found: object) -> bool:
    return isinstance(found, list) and all(
        isinstance(one, dict) and one.keys() >= READING for one in found
    )
