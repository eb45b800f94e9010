"""What a person at a terminal, or a log, sees of a run while it goes on."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Self
from unicodedata import category

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from insights import wording
from insights.errors import some
from insights.runs.manifest import Manifest, moment

WORDS = {
    "published": "published",
    "published_with_warnings": "published with warnings",
    "failed": "failed",
    "skipped": "unchanged",
}
EVERY = 10  # runs between two lines that say how far a command is


class Progress:
    """Collects what came of each run and shows it on standard error: a bar, or plain lines."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.runs: list[Manifest] = []
        self.problems: list[str] = []
        self.broken = False  # something beside the runs themselves went wrong
        self._begun = time.monotonic()
        self._told = 0  # finished when a line last said how far it is
        self._console = Console(stderr=True, soft_wrap=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        self._bar.start()
        self._task = self._bar.add_task(
            wording.count(self.jobs, "readout"), total=self.jobs, pace=""
        )
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
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
        self._advance()

    def unchanged(self, run: Manifest) -> None:
        """Take the manifest of the run whose page a readout would only make again."""
        self.runs.append(run)
        self._advance()

    def counts(self) -> dict[str, int]:
        """Return how many runs ended in which way."""
        found = Counter(str(run["status"]) for run in self.runs)
        return {name: found[name] for name in WORDS if found[name]}

    def summary(self) -> None:
        """Say how many runs ended in which way, where one line a run is not the sum of it."""
        if self.jobs == 1:
            return
        said = [f"{n:,} {WORDS[name]}" for name, n in self.counts().items()]
        failed = [f"{r['pack']}/{r['readout']}" for r in self.runs if r["status"] == "failed"]
        total = wording.count(self.jobs, "readout")
        taken = wording.number(time.monotonic() - self._begun, "seconds")
        names = f" Failed: {some(failed, 12)}." if failed else ""
        self.say(f"{total} in {taken}: {wording.listing(said)}.{names}")

    def _advance(self) -> None:
        """Move the bar on; where there is none, say now and then how far it is."""
        pace = self._pace()
        self._bar.update(self._task, advance=1, pace=pace)
        n = len(self.runs)
        if self._bar.disable and pace and n >= self._told + EVERY:
            self._told = n
            self.say(f"{n:,} of {wording.count(self.jobs, 'readout')}, {pace}")

    def _pace(self) -> str:
        """Return how many runs end in a minute and how long the others will take, in words."""
        made = sum(run["status"] != "skipped" for run in self.runs)
        left, taken = self.jobs - len(self.runs), time.monotonic() - self._begun
        if not made or not left or taken <= 0:
            return ""
        rate = made / taken
        seconds = wording.number(left / rate, "seconds")
        return f"{rate * 60:,.1f} a minute, about {seconds} left"

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
