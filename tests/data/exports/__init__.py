"""Made-up exports in the shapes that real systems write; the templates' samples are these.

``python tests/data/exports/remake.py`` writes the samples anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from exports import desks, public, writing
from exports.desks import salesforce, support_tickets, zendesk, zendesk_api
from exports.public import callcenter, cfpb, dsa_statements, nyc311
from exports.writing import Files, snake

__all__ = [
    "MAKERS",
    "SAMPLES",
    "Files",
    "callcenter",
    "cfpb",
    "desks",
    "dsa_statements",
    "nyc311",
    "public",
    "salesforce",
    "snake",
    "support_tickets",
    "write",
    "writing",
    "zendesk",
    "zendesk_api",
]
SAMPLES = Path(__file__).parents[3] / "lib/insights/data/samples/templates"
MAKERS: dict[str, Callable[[], Files]] = {
    "zendesk": zendesk,
    "zendesk_api": zendesk_api,
    "salesforce": salesforce,
    "cfpb": cfpb,
    "nyc311": nyc311,
    "dsa_statements": dsa_statements,
    "callcenter": callcenter,
    "support_tickets": support_tickets,
}


def write(folder: Path, files: Files) -> Path:
    """Write files into a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
