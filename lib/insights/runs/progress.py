"""What a person at a terminal, or a log, sees of a run while it goes on."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self
from unicodedata import category

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from insights import wording
from insights.runs.manifest import Manifest, moment

WORDS = {
    "published": "published",
    "published_with_warnings": "published with warnings",
    "failed": "failed",
    "skipped": "skipped",
}


class Progress:
    """Collects what came of each run and shows it on standard error: a bar, or plain lines."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.runs: list[Manifest] = []
        self.problems: list[str] = []
        self.broken = False  # something beside the runs themselves went wrong
        self._console = Console(stderr=True, soft_wrap=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        self._bar.start()
        self._task = self._bar.add_task(wording.count(self.jobs, "readout"), total=self.jobs)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
        if error is not None and len(self.runs) < self.jobs:
            done = wording.listing([str(run["readout"]) for run in self.runs]) or "none"
            total = wording.count(self.jobs, "readout")
            self.say(f"Stopped. Of {total}, finished: {done}.")

    def done(self, run: Manifest) -> None:
        """Take the manifest of a run that has ended, and say so."""
        self.runs.append(run)
        said = run["error"] if run["status"] == "failed" else run["headline"]
        seconds = wording.number(run["seconds"]["total"], "seconds")
        line = f"{run['readout']}: {WORDS[run['status']]} in {seconds}."
        self.say(f"{line} {said}" if said else line)
        if not run["stands"]:
            place = f"{run['pack']}/{run['readout']}/runs/{run['run_id']}/index.html"
            self.say(f"The page of a later period stands; this one is {place}")
        self._bar.advance(self._task)

    def problem(self, text: str) -> None:
        """Say something that the reader of the outputs should know."""
        self.problems.append(text)
        self.say(text)

    def broke(self, text: str) -> None:
        """Say what went wrong beside the runs."""
        self.broken = True
        self.problem(text)

    def say(self, text: str) -> None:
        """Print one line on standard error."""
        self._console.print(plain(text))


def harmless(text: str) -> str:
    r"""Return text without what could command a terminal.

    >>> harmless("a\x1b[31mb 4\u00a0%")
    'a�[31mb 4\xa0%'
    """
    return "".join("�" if category(c)[0] == "C" and c not in "\n\t" else c for c in text)


def plain(text: str) -> Text:
    """Return text as one line that rich prints as it stands."""
    return Text(harmless(" ".join(text.split("\n"))))


def print_runs(runs: list[Manifest]) -> None:
    """Print a table of runs on standard output."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Readout", "Status", "As of", "Headline", "Run"):
        table.add_column(column, overflow="fold")
    for run in runs:
        said = run["headline"] if run["status"] != "failed" else run["error"]
        cells = (
            f"{run['pack']}/{run['readout']}",
            WORDS[run["status"]],
            run["as_of"] or "",
            said or "",
            moment(run["started_at"]),
        )
        table.add_row(*map(plain, cells))
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table)
