"""Is a page late? What it says of when it is due, and what the list of pages says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from insights.wording import deadline, elapsed, moment

SLOT = re.compile(r"<!--due-->.*?<!--/due-->", re.DOTALL)
Note = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """How long a readout's last good page serves, and when it was last found to be as new."""

    due: Mapping[str, str] | None = None  # None: nothing says when the next one is due
    checked: str | None = None  # ISO

    @classmethod
    def of(cls, good: Note | None, check: Note | None) -> Standing:
        """Return it from the manifest of the page's run and the note of a later check."""
        if good is None:
            return cls()
        if check is not None and check["run_id"] == good["run_id"]:
            return cls(check["due"], check["at"])
        return cls(good.get("due"))


def row(page: Standing, now: datetime) -> dict[str, Any] | None:
    """Return what the list says: ``text``, if ``late``, and what a reader's clock needs."""
    if page.due is None:
        return None
    rule, behind = f"due {page.due['when']}", _behind(page.due, now)
    late = behind >= 0
    text = f"{rule}, {elapsed(behind)} late" if late else rule
    return {"text": text, "late": late, "rule": rule, "next": page.due["next"]}


def checked(page: Standing) -> str:
    """Return when the page was found to be as new as its data, in words, or ""."""
    if page.checked is None:
        return ""
    return f"checked {moment(datetime.fromisoformat(page.checked))}, nothing new"


def line(page: Standing, now: datetime) -> Markup:
    """Return what a page says of itself; a late one says so as a banner.

    A check that puts nothing off changes no word of it, so that no page is written anew.
    """
    if page.due is None:
        return Markup("")
    from insights.readout import fragments  # its libraries are slow to import

    late = _behind(page.due, now) >= 0
    text = _late(page.due, now) if late else _due(page.due)
    return fragments.render("due", text=text, late=late)


def _due(due: Mapping[str, str]) -> str:
    by = _deadline(due["next"], due["zone"])
    return f"The next page is due {by} {due['zone']}; from then on this one is late."


def _late(due: Mapping[str, str], now: datetime) -> str:
    by, seen = (_deadline(iso, due["zone"]) for iso in (due["next"], now.isoformat()))
    return (
        f"Due {due['when']}, {elapsed(_behind(due, now))} late: a new page was due {by}, "
        f"and had not come by {seen} ({due['zone']})."
    )


def with_line(page: str, said: Markup) -> str:
    """Return a page with another line on when it is due; one that has none stays as it is."""
    return SLOT.sub(lambda _: f"<!--due-->{said}<!--/due-->", page, count=1)


def _behind(due: Mapping[str, str], now: datetime) -> float:
    """Return by how many seconds the next page is late; below 0: it is not."""
    return (now - datetime.fromisoformat(due["next"])).total_seconds()


def _deadline(iso: str, zone: str) -> str:
    return deadline(datetime.fromisoformat(iso).astimezone(ZoneInfo(zone)))
