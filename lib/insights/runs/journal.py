"""What a machine can read of a command afterwards: one JSON object a line, in one file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from insights.runs.manifest import Manifest

NAME = "log.jsonl"
TOLD = ("pack", "readout", "run_id", "status", "as_of", "engine", "note", "error")


@dataclass(frozen=True, slots=True)
class Journal:
    """Appends events to ``log.jsonl``; several commands may write to it at once.

    An event is written in one piece. A disk that will not take it loses the event, not the run.
    """

    out: Path
    command: str  # tells the events of one command from those of others

    def event(self, name: str, **said: Any) -> None:
        """Append one event."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps(
            {"at": at, "command": self.command, "event": name, **said}, ensure_ascii=False
        )
        try:
            handle = os.open(self.out / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(handle, f"{line}\n".encode())
            finally:
                os.close(handle)
        except OSError:  # the manifests are the record; this only helps to search it
            return

    def ended(self, run: Manifest) -> None:
        """Append how a run ended."""
        said = {key: run.get(key) for key in TOLD}
        self.event("run ended", **said, seconds=run["seconds"].get("total"))
