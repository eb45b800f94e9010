"""Which readouts there are, what each says, and when it was made: the page that lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote

from insights.readout import fragments, lateness
from insights.readout.frame import document
from insights.readout.lateness import Standing
from insights.wording import count, day, listing, moment

STATUS = {  # the status of a run: its class, its word, its words in the summary
    "published": ("published", "Published", "published"),
    "published_with_warnings": ("warned", "With warnings", "with warnings"),
    "failed": ("failed", "Failed", "failed"),
}
STATE = {
    "signal": "1 signal",
    "signals": "signals",
    "none": "no signal",
    "unusable": "no usable data",
    "refused": "not answered",
}


MOST_EARLIER = 5  # runs in a readout's fold; `insights list` knows them all


@cache
def script() -> str:
    """Return what tells by the reader's own clock which pages are late; nothing else runs."""
    place = resources.files("insights.readout") / "templates" / "index.js"
    return place.read_text("utf-8").strip()


def index(manifests: Sequence[Mapping[str, Any]], now: datetime | None = None) -> str:
    """Return the page that lists the runs, a readout's older runs in a fold.

    The day of the last run comes first; those of a day stand by notebook and title.

    Parameters
    ----------
    manifests
        One a run, in any order. ``page_exists`` says whether the readout has a last good page;
        where it is left out, a published run means that it has one. ``page_run`` says which run
        that page is of, and ``checked`` is the note of the last check that found nothing new.
    now
        When the list is written; it says which pages are late by then.

    Returns
    -------
    str
        A whole HTML document whose links are relative to its own folder.
    """
    newest_first = sorted(manifests, key=lambda run: str(run["started_at"]), reverse=True)
    readouts: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for run in newest_first:
        readouts.setdefault((str(run["pack"]), str(run["readout"])), []).append(run)
    packs: dict[str, list[dict[str, Any]]] = {}
    for (pack, _), runs in sorted(readouts.items(), key=lambda item: _place(item[1])):
        packs.setdefault(pack, []).append(_row(runs, now or datetime.now(UTC)))
    titles = {str(run["pack"]): str(run.get("pack_title") or run["pack"]) for run in manifests}
    groups = [{"title": titles[pack], "runs": rows} for pack, rows in packs.items()]
    due = [row["due"] for rows in packs.values() for row in rows if row["due"]]
    body = fragments.render(
        "index",
        title="Readouts",
        summary=_summary([*readouts.values()]),
        late=_late(sum(one["late"] for one in due)),
        groups=groups,
    )
    runs_script = script() if due else ""
    return document(title="Readouts", kick="Insights", body=body, script=runs_script)


def _place(runs: Sequence[Mapping[str, Any]]) -> tuple[int, str, str]:
    """Return where a readout stands among others, by its newest run."""
    last = runs[0]
    day_of = datetime.fromisoformat(str(last["started_at"])).astimezone(UTC).date()
    return -day_of.toordinal(), str(last.get("notebook") or ""), _title(last)


def _title(run: Mapping[str, Any]) -> str:
    return str(run.get("title") or run["readout"])


def _late(n: int) -> str:
    return f"Late: {n}." if n else ""


def _summary(readouts: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    """Return one sentence on all readouts, or how to make the first."""
    if not readouts:
        return (
            "No readout has been published yet."
            " Publish the first with: insights run params/eu_dsa"
        )
    counts = {
        text: sum(runs[0]["status"] == status for runs in readouts)
        for status, (_, _, text) in STATUS.items()
    }
    said = listing([f"{n} {text}" for text, n in counts.items() if n])
    return f"{count(len(readouts), 'readout')}, newest day first; by their last run {said}."


def _row(runs: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """Return the line of one readout: its newest run, and the older ones for the fold."""
    good = _standing(runs)
    newest = next((run for run in runs if run.get("stands", True)), runs[0])
    if good is not None and _is_good(newest):  # another where a clock was set back
        newest = good
    older = [run for run in runs if run is not newest]
    folder = quote(f"{newest['pack']}/{newest['readout']}")
    exists = newest.get("page_exists", good is not None)
    row = _run(newest)
    row["href"] = f"{folder}/index.html" if exists else ""
    if not newest["status"].startswith("published"):
        row["state"] = ""
        row["error"] = str(newest.get("error") or "")
        row["headline"] = _last_good(good) if exists else "No page yet."
    page = Standing.of(good, (good or {}).get("checked")) if exists else Standing()
    title = count(len(older), "earlier run")
    if len(older) > MOST_EARLIER:
        title += f", the last {MOST_EARLIER} of them"
    return {
        **row,
        "since": _since(newest, good) if exists else "",
        "due": lateness.row(page, now),
        "checked": lateness.checked(page),
        "earlier": [_run(run) for run in older[:MOST_EARLIER]],
        "earlier_title": title,
        "hit": newest.get("state") in ("signal", "signals"),
    }


def _standing(runs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the run whose page stands: the one that it says it is of, else the newest."""
    good = [run for run in runs if _is_good(run)]
    of_page = [run for run in good if run.get("page_run") == run["run_id"]]
    return next(iter([*of_page, *good]), None)


def _is_good(run: Mapping[str, Any]) -> bool:
    return bool(run["status"].startswith("published") and run.get("stands", True))


def _since(newest: Mapping[str, Any], good: Mapping[str, Any] | None) -> str:
    """Return what changed with the page that stands; beside a failure it is old news."""
    if good is None or newest["status"] == "failed":
        return ""
    return str((good.get("since") or {}).get("said") or "")


def _last_good(good: Mapping[str, Any] | None) -> str:
    """Return what leads to the page that stands after a failure: an older one."""
    return "Last good page" + (f": {good['headline']}" if good else "")


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return one run as text; an older run links to the page that it kept."""
    kind, word, _ = STATUS[run["status"]]
    folder = quote(f"{run['pack']}/{run['readout']}/runs/{run['run_id']}")
    title = _title(run)
    return {
        "title": title,
        "kind": kind,
        "word": word,
        "state": STATE.get(str(run.get("state") or ""), ""),
        "headline": str(run.get("headline") or run.get("error") or title),
        "href": f"{folder}/{quote(str(run['page']))}" if run.get("page") else "",
        "error": "",
        "as_of": _day(run.get("as_of")),
        "through": _day(run.get("data_through")),
        "started": moment(datetime.fromisoformat(run["started_at"])),
    }


def _day(iso: object) -> str:
    return day(date.fromisoformat(str(iso)[:10])) if iso else "not known"
