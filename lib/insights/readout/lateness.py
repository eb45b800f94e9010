"""Is a page late? What it says of when it is due, and what the list of pages says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from insights.wording import deadline, elapsed

SLOT = re.compile(r"<!--due-->.*?<!--/due-->", re.DOTALL)


def current(runs: Iterable[Mapping[str, Any]]) -> Mapping[str, str] | None:
    """Return when a readout's next page is due, or None where nothing says so.

    Parameters
    ----------
    runs
        The manifests of one readout, newest first. The newest one counts whose page stands, or
        that was skipped because a run would give the same page again.
    """
    for run in runs:
        good = run["status"].startswith("published") and run.get("stands", True)
        if good or run["status"] == "skipped":
            due: Mapping[str, str] | None = run.get("due")
            return due
    return None


def row(due: Mapping[str, str] | None, now: datetime) -> dict[str, Any] | None:
    """Return what the list says: ``text``, if ``late``, and what a reader's clock needs."""
    if due is None:
        return None
    rule, behind = f"due {due['when']}", _behind(due, now)
    late = behind >= 0
    text = f"{rule}, {elapsed(behind)} late" if late else rule
    return {"text": text, "late": late, "rule": rule, "next": due["next"]}


def line(due: Mapping[str, str] | None, now: datetime) -> Markup:
    """Return what a page says of itself; a late one says so as a banner."""
    if due is None:
        return Markup("")
    from insights.readout import fragments  # its libraries are slow to import

    by, zone = _deadline(due["next"], due["zone"]), due["zone"]
    if (behind := _behind(due, now)) < 0:
        return fragments.render(
            "due",
            text=f"The next page is due {by} {zone}; from then on this one is late.",
            late=False,
        )
    text = (
        f"Due {due['when']}, {elapsed(behind)} late: a new page was due {by}, and had not come "
        f"by {_deadline(now.isoformat(), zone)} ({zone})."
    )
    return fragments.render("due", text=text, late=True)


def with_line(page: str, said: Markup) -> str:
    """Return a page with another line on when it is due; one that has none stays as it is."""
    return SLOT.sub(lambda _: f"<!--due-->{said}<!--/due-->", page, count=1)


def _behind(due: Mapping[str, str], now: datetime) -> float:
    """Return by how many seconds the next page is late; below 0: it is not."""
    return (now - datetime.fromisoformat(due["next"])).total_seconds()


def _deadline(iso: str, zone: str) -> str:
    moment = datetime.fromisoformat(iso).astimezone(UTC)
    return deadline(moment.astimezone(ZoneInfo(zone)))
