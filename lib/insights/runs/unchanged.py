"""Is there anything new to say? Not while all that a page is made of is what it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from insights.data import sources
from insights.data.sources import Source
from insights.pack import Draft
from insights.runs import catalog
from insights.runs.engine import Job
from insights.runs.manifest import Manifest

LIBRARY = {".py", ".html", ".css", ".js"}  # what of the library is code; its data is data


def with_recipes(
    jobs: Sequence[Job], draft: Draft, source: Source, versions: dict[str, str]
) -> list[Job]:
    """Return jobs with a hash of all that their pages are made of.

    That is the notebook, this library and the versions below it, the parameters, the pack and
    what its tables hold. Each is looked at once, however many jobs there are.
    """
    tables = sources.fingerprints(source, list(source.tables))
    common = _hash([_library(), versions, draft.raw, tables])
    contents = {job.notebook: _hash_of_file(job.notebook) for job in jobs}
    return [
        replace(job, recipe=_hash([common, contents[job.notebook], job.title, job.parameters]))
        for job in jobs
    ]


def standing(out: Path, job: Job, today: date | None = None) -> Manifest | None:
    """Return the run whose page a job would only make again, or None.

    A readout whose newest run failed or whose page is gone is run; so is one whose data went
    up to the day of its run, once that day is over: another period may be complete by now.
    Which run a page is of, the page says: where a clock was set back, names of runs mislead.
    """
    home = out / job.pack / job.readout
    shown = catalog.run_of(home / catalog.PAGE)
    if not job.recipe or shown is None:
        return None
    for run in catalog.newest_first(home):
        if run["status"] == "failed":
            return None
        if catalog.stands(run):
            same = run.get("recipe") == job.recipe and _is_closed(run, today)
            return run if same and run["run_id"] == shown else None
    return None


def _is_closed(run: Manifest, today: date | None) -> bool:
    """Tell whether a run's data ended before its own day, or that day is still today."""
    begun = datetime.fromisoformat(run["started_at"]).astimezone(UTC).date()
    through = date.fromisoformat(str(run["data_through"] or begun)[:10])
    return through < begun or begun == (today or datetime.now(UTC).date())


@cache
def _library() -> str:
    """Return a hash of this library's code and templates."""
    root = Path(str(files("insights")))
    found = sorted(path for path in root.rglob("*") if path.suffix in LIBRARY)
    return _hash([(path.relative_to(root).as_posix(), _hash_of_file(path)) for path in found])


def _hash_of_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _hash(parts: Iterable[Any]) -> str:
    text = json.dumps(list(parts), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
