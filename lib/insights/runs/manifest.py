"""What is written down about a run, so that anyone can tell later what ran on what."""

from __future__ import annotations

import json
import math
import os
import platform
import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from insights import wording
from insights.pack import Due
from insights.runs.engine import Job, Outcome

if TYPE_CHECKING:
    from insights.readout.blocks import Block

Manifest: TypeAlias = dict[str, Any]

PUBLISHED = ("published", "published_with_warnings")
STATUSES = (*PUBLISHED, "failed")
PACKAGES = (
    "duckdb", "ibis-framework", "matplotlib", "numpy",
    "pandas", "papermill", "scipy", "statsmodels",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """One start of one job."""

    id: str
    started: datetime  # UTC

    @classmethod
    def begun(cls, seconds: float = 0.0) -> Run:
        """Name a run that started some seconds ago; two of the same second differ."""
        started = datetime.now(UTC) - timedelta(seconds=seconds)
        return cls(f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", started)


def moment(iso: str) -> str:
    """Return a manifest's time in words.

    >>> moment("2026-11-22T18:15:30+00:00").replace(chr(160), " ")
    '22 November 2026, 18:15 UTC'
    """
    return wording.moment(datetime.fromisoformat(iso).astimezone(UTC))


def commit(root: Path) -> dict[str, Any] | None:
    """Return a folder's git commit and whether files differ from it, or None outside git."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(root), "--no-optional-locks", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
        return done.stdout.strip()

    try:
        return {"sha": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):  # no git, no repository or no commit yet
        return None


def versions() -> dict[str, str]:
    """Return the version of Python, of this library and of what its numbers rest on."""
    found = {
        "python": platform.python_version(),
        "insights": metadata.version("insights-workbook"),
    }
    installed = {
        d.metadata["Name"].lower(): d.version for name in PACKAGES for d in _installed(name)
    }
    return found | dict(sorted(installed.items()))


def _installed(name: str) -> list[metadata.Distribution]:
    try:
        return [metadata.distribution(name)]
    except metadata.PackageNotFoundError:
        return []


def relative(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder, or only its name where it lies elsewhere."""
    inside = os.path.relpath(path, folder)
    return path.name if inside.startswith("..") else Path(inside).as_posix()


def begin(
    job: Job, run: Run, *, commit: dict[str, Any] | None, found: dict[str, str]
) -> Manifest:
    """Return what is known of a run before its notebook has said anything."""
    return {
        "run_id": run.id,
        "pack": job.pack,
        "readout": job.readout,
        "title": job.title or job.readout,
        "pack_title": job.pack,
        "notebook": f"notebooks/{job.notebook.name}",
        "parameters": job.parameters,
        "status": "failed",
        "headline": None,
        "as_of": None,
        "data_through": None,
        "where": None,  # as resolved: the pack's own with the parameter laid over it
        "grain": None,
        "metrics": [],
        "readings": [],
        "since": None,
        "state": None,
        "all_refused": False,
        "gates": [],
        "care": [],
        "inputs": [],
        "commit": commit,
        "versions": found,
        "started_at": run.started.isoformat(timespec="seconds"),
        "seconds": {},
        "figures": 0,
        "error": None,
        "advanced": None,
        "page": None,
        "stands": True,  # False: a rerun of the past, beside a page that shows a later period
        "due": due(job, run),
        "recipe": job.recipe,
        "engine": None,
        "note": None,  # what else is to be known of how it was executed
    }


def due(job: Job, run: Run) -> dict[str, str] | None:
    """Return when a readout is due and by when its next page has to be there, or None."""
    if not job.due:
        return None
    following = Due.parse(job.due, job.zone).after(run.started)
    return {"when": job.due, "zone": job.zone, "next": following.isoformat()}


def told(manifest: Manifest, blocks: Sequence[Block], figures: int) -> Manifest:
    """Return a manifest with what the executed notebook's blocks say."""
    opening = next((b.data for b in blocks if b.kind == "opening"), {})
    headline = next((b.data for b in blocks if b.kind == "headline"), {})
    said = {
        "pack_title": opening.get("pack_title") or manifest["pack_title"],
        "as_of": opening.get("as_of"),
        "data_through": opening.get("data_through"),
        "where": opening.get("where"),
        "grain": opening.get("grain"),
        "metrics": opening.get("metrics", []),
        "inputs": opening.get("inputs", []),
        "readings": next((b.data["readings"] for b in blocks if "readings" in b.data), []),
        "headline": headline.get("headline"),
        "state": headline.get("state"),
        "all_refused": bool(headline.get("all_refused")),
        "gates": headline.get("gates", []),
        "care": headline.get("care", []),
        "figures": figures,
    }
    return manifest | {key: _finite(value) for key, value in said.items()}


def _finite(value: Any) -> Any:
    """Return JSON in which what is no number is null, as the standard has it."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def status(manifest: Manifest) -> str:
    """Return how a run that can be published is published."""
    failed_gate = any(gate.get("level") == "fail" for gate in manifest["gates"])
    warned = failed_gate or manifest["care"] or manifest["all_refused"]
    return "published_with_warnings" if warned else "published"


def advanced(manifest: Manifest, earlier: Manifest | None) -> bool | None:
    """Return whether an input differs from an earlier run's; None where nobody can tell."""
    if earlier is None or not manifest["inputs"]:
        return None

    def prints(of: Manifest) -> set[tuple[str, str]]:
        return {(str(i["table"]), str(i["fingerprint"])) for i in of["inputs"]}

    return prints(manifest) != prints(earlier)


def finish(manifest: Manifest, outcome: Outcome, render_seconds: float | None) -> Manifest:
    """Return a manifest with its timings, in seconds."""
    taken = datetime.now(UTC) - datetime.fromisoformat(manifest["started_at"])
    return manifest | {
        "engine": outcome.engine,
        "note": outcome.note,
        "seconds": {
            "execute": round(outcome.seconds, 2),
            "render": None if render_seconds is None else round(render_seconds, 2),
            "total": round(max(taken.total_seconds(), outcome.seconds), 2),
        },
    }


def dumps(manifest: Manifest) -> str:
    """Return a manifest as it is written."""
    return json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
