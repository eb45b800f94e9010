"""How does a run become a page? Built aside, checked, renamed into place; never half of it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from insights.data import forecast_log
from insights.errors import InsightsError
from insights.readout import links
from insights.runs import catalog, manifest, staging
from insights.runs.engine import Job, Outcome, sentence
from insights.runs.manifest import Manifest, Run
from insights.runs.processes import whole
from insights.runs.secrets import Secrets
from insights.runs.worker import skip_iri_grammar

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from insights.readout.since import Since

Notebook: TypeAlias = "NotebookNode"
PAGE, NOTEBOOK, MANIFEST = catalog.PAGE, "notebook.ipynb", catalog.MANIFEST
FORECAST = "forecast"  # the kind of block that holds rows of the forecast log
FROM_NOTEBOOK = (
    *("headline", "as_of", "data_through", "where", "grain", "metrics"),
    *("state", "gates", "care", "inputs", "readings"),
)


@dataclass(frozen=True, slots=True)
class Renderer:
    """The four things that publishing asks of ``readout.page``."""

    render: Callable[[Any, Manifest, Sequence[str], Any], str]
    faults: Callable[[str, Any], list[str]]
    with_banner: Callable[[str, str], str]
    index: Callable[[list[Manifest]], str]


def renderer() -> Renderer:
    """Return the real page renderer; imported late, for not every command needs it."""
    skip_iri_grammar()
    from insights.readout import page

    return Renderer(page.render, page.faults, page.with_banner, page.index)


class Refused(Exception):
    """A run that was executed and must not be published."""


class Leak(Refused):
    """The value of a secret stands in what a run would have published."""

    def __init__(self, names: Sequence[str]) -> None:
        said = ", ".join(f"secret:{name}" for name in sorted(set(names)))
        super().__init__(f"its output holds the value of {said}; nothing of it was published")


@dataclass(frozen=True, slots=True)
class Publisher:
    """Everything that the runs of one command have in common once they are executed."""

    out: Path
    root: Path
    secrets: Secrets
    page: Renderer
    commit: dict[str, Any] | None = None
    versions: dict[str, str] = field(default_factory=dict)
    pages: catalog.Pages = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pages", catalog.Pages(self.out))

    def settle(self, job: Job, run: Run, outcome: Outcome) -> Manifest:
        """Publish a run, or record that it failed and say so on the last good page.

        Returns
        -------
        dict
            The run's manifest. It is returned also where the disk would not take it.
        """
        known = manifest.begin(job, run, commit=self.commit, found=self.versions)
        outcome = replace(outcome, error=self.secrets.withhold(outcome.error))
        try:
            with staging.folder(self.out, run.id) as aside:
                return self._settle(aside, known, outcome)
        except OSError as failure:  # no room even to begin
            return manifest.finish(known | {"error": _cannot(failure)}, outcome, None)

    def _settle(self, aside: Path, known: Manifest, outcome: Outcome) -> Manifest:
        notebook, error = None, outcome.error
        try:
            notebook = _parse(outcome.notebook)
            if notebook is not None:
                self._name_paths(notebook, known)
                blocks, figures = _blocks(notebook)
                known = manifest.told(known, blocks, figures)
            if error is None and notebook is not None:
                return self._publish(aside, known, notebook, outcome)
        except OSError as failure:
            error = _cannot(failure)
        except Refused as refusal:
            error = str(refusal)
        except Exception as failure:  # noqa: BLE001 - one bad page fails its run, not the others
            error = outcome.error or f"the page could not be made: {sentence(failure)}"
        return self._fail(aside, known, notebook, outcome, self.secrets.withhold(error))

    def _publish(
        self, aside: Path, known: Manifest, notebook: Notebook, outcome: Outcome
    ) -> Manifest:
        """Build, check and put into place one good run."""
        home = self.out / known["pack"] / known["readout"]
        earlier = self.pages.last(f"{known['pack']}/{known['readout']}")
        known = known | {
            "advanced": manifest.advanced(known, earlier),
            "stands": not _is_past(known, earlier),
            "status": manifest.status(known),
            "page": PAGE,
            "seconds": {"execute": round(outcome.seconds, 2)},
        }
        started = time.monotonic()
        told = _since(home, known)
        known = known | {"since": told and told.record()}
        section = told.html() if told else ""
        page = self.page.render(notebook, known, _notices(known, earlier), section)
        if faults := self.page.faults(page, notebook):
            raise Refused(f"the page is not fit to publish: {'; '.join(faults)}")
        known = manifest.finish(known, outcome, time.monotonic() - started)
        home.parent.mkdir(parents=True, exist_ok=True)
        with staging.held(home.parent):
            self._place(aside, known, notebook, page)
        return known

    def _place(self, aside: Path, known: Manifest, notebook: Notebook, page: str) -> None:
        """Write a run's folder and its readout's page, each with its own links; show both.

        A page that shows an earlier period than those that stand does not lead to them.
        """
        place, run_id = f"{known['pack']}/{known['readout']}", known["run_id"]
        home, built = self.out / place, aside / "run"
        there = self.pages.targets(known["pack"]) if known["stands"] else {}
        built.mkdir()
        staging.write(built / NOTEBOOK, _text(notebook))
        staging.write(built / PAGE, links.resolve(page, f"{place}/runs/{run_id}", there))
        staging.write(built / MANIFEST, manifest.dumps(known))
        if names := self.secrets.in_folder(built):
            raise Leak(names)
        staging.write(aside / PAGE, links.resolve(page, place, there))
        logged = known["stands"] and _logged(notebook, home, aside)
        with whole():
            _into_place(built, home, run_id)
            if known["stands"]:
                os.replace(aside / PAGE, home / PAGE)
            if logged:
                os.replace(aside / forecast_log.NAME, home / forecast_log.NAME)
            staging.sync_folder(home)

    def _fail(
        self,
        aside: Path,
        known: Manifest,
        notebook: Notebook | None,
        outcome: Outcome,
        error: str | None,
    ) -> Manifest:
        """Record a failed run and say so on the last good page."""
        known = known | dict.fromkeys(("headline", "state", "page", "advanced", "since"))
        known |= {"status": "failed", "error": error or "the run left no notebook"}
        text = _text(notebook) if notebook is not None else None
        if leaked := self.secrets.in_text(text) + self.secrets.in_text(manifest.dumps(known)):
            text, known = None, known | _blank(known) | {"error": str(Leak(leaked))}
        known = manifest.finish(known, outcome, None)
        shutil.rmtree(aside / "run", ignore_errors=True)  # makes room on a full disk
        try:
            self._record(aside, known, text)
        except OSError as failure:
            known["error"] += f" (it could not be recorded: {sentence(failure)})"
        try:
            self._say_so(aside, known)
        except (OSError, InsightsError) as failure:
            known["error"] += f" (the earlier page stands as it was: {sentence(failure)})"
        return known

    def _record(self, aside: Path, known: Manifest, notebook: str | None) -> None:
        """Put a failed run's folder into place: its manifest, and its notebook if it fits."""
        built = aside / "failed"
        built.mkdir()
        staging.write(built / MANIFEST, manifest.dumps(known))
        try:
            staging.write(built / NOTEBOOK, notebook or "")
        except OSError:  # what the manifest says matters more than how far the notebook came
            notebook = None
        if notebook is None:
            (built / NOTEBOOK).unlink(missing_ok=True)
        with whole():
            _into_place(built, self.out / known["pack"] / known["readout"], known["run_id"])

    def _say_so(self, aside: Path, known: Manifest) -> None:
        """Put a banner on the last good page, if there is one."""
        home = self.out / known["pack"] / known["readout"]
        last = home / PAGE
        if not last.is_file():
            return
        with staging.held(home.parent):
            earlier = catalog.last_published(home)
            which = manifest.moment(earlier["started_at"]) if earlier else "an earlier run"
            text = (
                f"The run of {manifest.moment(known['started_at'])} failed: "
                f"{known['error'].rstrip('.')}. This is the page of {which}."
            )
            banner = self.page.with_banner(last.read_text(encoding="utf-8"), text)
            with whole():
                staging.replace(last, banner, aside)

    def _name_paths(self, notebook: Notebook, known: Manifest) -> None:
        """Say where the notebooks are in papermill's metadata, not where they were built."""
        said = notebook.metadata.setdefault("papermill", {})
        place = (
            self.out / known["pack"] / known["readout"] / "runs" / known["run_id"] / NOTEBOOK
        )
        base = self.root if place.is_relative_to(self.root) else self.out
        said["input_path"] = known["notebook"]
        said["output_path"] = manifest.relative(place, base)


def _parse(text: str | None) -> Notebook | None:
    """Read an executed notebook; one that a killed process left half written counts as none."""
    from nbformat import v4

    try:
        return v4.reads(text) if text else None
    except ValueError:
        return None


def _text(notebook: Notebook) -> str:
    from nbformat import v4

    return f"{v4.writes(notebook)}\n"


def _blocks(notebook: Notebook) -> tuple[list[Any], int]:
    """Return an executed notebook's blocks and how many pictures its page has."""
    from insights.readout import blocks

    found = blocks.of_notebook(notebook)
    images = sum(
        any(kind.startswith("image/") for kind in output.get("data", {}))
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if blocks.of_output(output, 0) is None
    )
    return found, images + sum(block.kind == "figure" for block in found)


def _is_past(known: Manifest, earlier: Manifest | None) -> bool:
    """Tell whether a rerun by date shows an earlier period than the page that stands."""
    asked = known["parameters"].get("as_of")
    return bool(asked and earlier and (known["as_of"] or "") < (earlier["as_of"] or ""))


def _notices(known: Manifest, earlier: Manifest | None) -> list[str]:
    """Return what the page says about this run beside what its notebook says."""
    if known["advanced"] is not False or earlier is None:
        return []
    return [
        f"The data have not advanced since the run of {manifest.moment(earlier['started_at'])}."
    ]


def _since(home: Path, known: Manifest) -> Since | None:
    """Return what a run says that the last good one did not; one of the past says nothing."""
    from insights.readout import since

    return since.compare(known, *catalog.earlier(home, known)) if known["stands"] else None


def _logged(notebook: Notebook, home: Path, aside: Path) -> bool:
    """Write the readout's forecast log with what a run forecasts, if that is new."""
    from insights.readout import blocks

    found = [b for b in blocks.of_notebook(notebook) if b.kind == FORECAST]
    rows = [row for block in found for row in block.data["rows"]]
    log = home / forecast_log.NAME
    text = log.read_text(encoding="utf-8") if log.is_file() else ""
    more = forecast_log.added(text, rows)
    if more != text:
        staging.write(aside / forecast_log.NAME, more)
    return more != text


def _into_place(built: Path, home: Path, run_id: str) -> None:
    """Show a finished folder under its readout, in one step."""
    runs = home / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    staging.sync_folder(built)
    os.rename(built, runs / run_id)
    staging.sync_folder(runs)


def _blank(known: Manifest) -> Manifest:
    """Return everything that a notebook told or a person passed, emptied."""
    empty = manifest.told(known, [], 0)
    return {key: empty[key] for key in FROM_NOTEBOOK} | {"parameters": {}}


def _cannot(failure: OSError) -> str:
    return f"it could not be published: {sentence(failure)}"
