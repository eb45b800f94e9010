"""Where does a reader go next? A page asks for another by what it shows, not where it lies."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

if TYPE_CHECKING:
    from insights.readout.choices import Run

REQUEST = re.compile(r'( data-go="([^"]*)")(?: hidden| href="[^"]*")(?=>)')


def key(
    notebook: str, *, where: Mapping[str, str], metric: str | None = None, grain: str = ""
) -> str:
    """Return what a page is asked for by; no character of it means anything in HTML or CSS.

    >>> key("2_what_changed", where={"queue": "Chat & mail"}, metric="csat", grain="week")
    '2_what_changed/csat/week/queue=Chat%20%26%20mail'
    >>> key("1_scorecard", where={})
    '1_scorecard//'
    """
    kept = [f"{_word(name)}={_word(value)}" for name, value in sorted(where.items())]
    return "/".join([_word(notebook), _word(metric or ""), _word(grain), *kept])


def anchor(
    *,
    notebook: str,
    where: Mapping[str, str],
    text: str,
    metric: str | None = None,
    grain: str = "",
    about: str = "",
) -> Markup:
    """Return a link that is hidden until ``resolve`` finds the page that it asks for.

    Parameters
    ----------
    notebook
        Stem of the notebook whose page is wanted, "2_what_changed".
    where
        The rows of that page, exactly: dimension and value, as ``choices.start`` resolves them.
    text
        The visible text.
    metric
        The one metric of that page; None: a page of any, the one with the most first.
    grain
        Its grain; "": any.
    about
        What the link is about, for those who hear the text without what stands around it.
    """
    aside = Markup('<span class="vh">: {}</span>').format(about) if about else ""
    asked = key(notebook, where=where, metric=metric, grain=grain)
    return Markup('<a class="go" data-go="{}" hidden>{}{}</a>').format(asked, text, aside)


def beside(
    run: Run, notebook: str, text: str, *, metric: str | None = None, about: str = ""
) -> Markup:
    """Return a link to what another notebook shows of a run's rows, by the run's grain."""
    return anchor(
        notebook=notebook,
        where=run.where,
        text=text,
        metric=metric,
        grain=run.grain,
        about=about,
    )


def answers(run: Mapping[str, Any]) -> tuple[str, ...]:
    """Return every key that a run's page answers to."""
    one = run["metrics"][0] if len(run["metrics"]) == 1 else ""
    notebook, where = PurePosixPath(run["notebook"]).stem, run["where"]
    asked = product({"", one}, {"", str(run.get("grain") or "")})
    return tuple(key(notebook, where=where, metric=m, grain=grain) for m, grain in asked)


def targets(
    runs: Iterable[Mapping[str, Any]],
    answers: Callable[[Mapping[str, Any]], Iterable[str]] = answers,
) -> dict[str, str]:
    """Return where pages lie, relative to the outputs, by every key that they answer to.

    Parameters
    ----------
    runs
        The manifest of the run behind each page. One that does not say what it shows, as a
        notebook without an opening does not, answers to nothing. Of two pages that answer to
        the same key the one with more metrics does, then the one whose name comes first.
    answers
        The keys of one run, as from ``answers``, perhaps remembered.
    """
    found: dict[str, str] = {}
    told = [run for run in runs if isinstance(run.get("where"), dict) and run.get("metrics")]
    for run in sorted(told, key=lambda run: (-len(run["metrics"]), str(run["readout"]))):
        for asked in answers(run):
            found.setdefault(asked, f"{run['pack']}/{run['readout']}/index.html")
    return found


def resolve(page: str, here: str, there: Mapping[str, str]) -> str:
    """Return a page whose links lead to the pages that are there; the other links are hidden.

    Parameters
    ----------
    page
        A whole page, resolved before or not.
    here
        The folder of this copy of it, relative to the outputs.
    there
        From ``targets``.
    """

    def fill(found: re.Match[str]) -> str:
        place = there.get(found[2])
        if place is None:
            return f"{found[1]} hidden"
        return f'{found[1]} href="{quote(posixpath.relpath(place, here))}"'

    return REQUEST.sub(fill, page)


def _word(text: object) -> str:
    return quote(str(text), safe="")
