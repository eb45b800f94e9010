"""What does a what-drives page say: the answer, how sure, and what could be changed."""

from __future__ import annotations

import pandas as pd

from insights import wording
from insights.methods.drivers import WhatIf
from insights.readout import caveats
from insights.readout.driven import WhatDrives

SHOWN = 3


def headline(page: WhatDrives) -> str:
    """Return what goes with the outcome most, or that nothing does, in one sentence."""
    return _parts(page)[0]


def why(page: WhatDrives) -> list[str]:
    """Return how much of it, over whose answers, and what kind of evidence this is."""
    span = f"{wording.day(page.first.date())} to {wording.day(page.run.end.date())}"
    rows = f"{page.run.subject}, {page.importance.n:,} rows from {span}."
    kind = (
        "This says what goes together, not what causes what; no verified action backs it yet."
    )
    rest = _parts(page)[1]
    return [*([rest] if rest else []), f"{rows} {kind}"]


def facts(page: WhatDrives) -> list[dict[str, object]]:
    """Return the shares of the drivers that explain most, or that none is supported."""
    table = page.table.sort_values("rank")
    supported = set(page.importance.supported)
    if not supported:
        return [
            {"value": f"0 of {len(table)}", "label": "drivers supported", "detail": ""},
            {"value": f"{page.importance.n:,}", "label": "rows looked at", "detail": ""},
        ]
    return [
        {
            "value": wording.number(row["share"], "share"),
            "label": f"of what is explained: {name}",
            "detail": wording.span(row["lower"], row["upper"], "share"),
            "hit": name in supported,
        }
        for name, row in table.head(SHOWN).iterrows()
    ]


def steps(page: WhatDrives) -> list[dict[str, str]]:
    """Return what could be tried, whose it is, and what it goes with."""
    by = wording.day((page.run.end + pd.Timedelta(days=14)).date())
    made = []
    for name, found in page.what_ifs.items():
        if not found.clear:
            continue
        driver = page.driver(name)
        made.append(
            {
                "text": f"Plan a trial on {name}, with a group to compare it with.",
                "owner": driver.owner or page.study.owner,
                "by": by,
                "because": found.narrative(),
                "size": size(found),
            }
        )
    return made


def size(found: WhatIf) -> str:
    """Return the change that a what-if goes with."""
    unit = "" if found.unit == "score" else found.unit
    effect, low, high = (
        wording.change(x, unit) for x in (found.effect, found.lower, found.upper)
    )
    return f"{effect} ({low} to {high})"


def care(page: WhatDrives) -> list[str]:
    """Return what to read with care."""
    rows = page.rows
    share = wording.number(rows.answered / rows.asked, "share")
    said = []
    if rows.answered < rows.asked:
        said.append(
            f"{share} of those asked have an answer; who stayed silent may differ in ways that "
            "no driver here holds"
        )
    if page.left_out:
        grain = page.run.grain
        n = wording.count(len(page.left_out), grain)
        when = wording.days([p.date() for p in page.left_out], most=4, grain=grain)
        said.append(f"{n} {'is' if len(page.left_out) == 1 else 'are'} left out: {when}")
    said += page.importance.warnings[:SHOWN]
    refused = [text for text in caveats.care(page.card) if "is refused" in text]
    return [*(wording.sentence(text) for text in said), *refused]


def effects(page: WhatDrives) -> list[list[str]]:
    """Return each driver: what it goes with, how sure, and whether somebody could change it."""
    rows = []
    for name, row in page.table.sort_values("rank").iterrows():
        driver = page.driver(str(name))
        supported = name in page.importance.supported
        rank = _rank(row)
        rows.append(
            [
                f"{str(name)[:1].upper()}{str(name)[1:]}",
                _effect(page, row),
                str(row["contrast"]) or "one more",
                wording.span(row["lower"], row["upper"], "share"),
                rank,
                "yes" if supported else f"no (q = {row['q_value']:.2f})",
                "yes" if driver.controllable else "no",
            ]
        )
    return rows


def limits(page: WhatDrives) -> list[str]:
    """Return what the study cannot say."""
    held = [name.replace("_", " ") for name in page.rows.options["controls"]]
    said = [*page.rows.notes, *page.importance.warnings, *page.not_asked]
    if held:
        said.append(f"Held constant: {wording.listing(held)}; they get no share.")
    idle = [name for name in page.table.index if name not in page.importance.supported]
    if idle:
        said.append(f"Not supported here: {wording.listing([str(name) for name in idle])}.")
    return said


def _parts(page: WhatDrives) -> tuple[str, str]:
    """Return a narrative's first sentence and the rest."""
    text = page.importance.narrative()
    first, _, rest = text.partition(". ")
    return f"{first.rstrip('.')}.", rest


def _rank(row: pd.Series) -> str:
    low, high = int(row["rank_lower"]), int(row["rank_upper"])
    return f"{low}" if low == high else f"{low} to {high}"


def _effect(page: WhatDrives, row: pd.Series) -> str:
    unit = "" if page.importance.unit == "score" else page.importance.unit
    values = (row["effect"], row["effect_lower"], row["effect_upper"])
    effect, low, high = (wording.change(float(x), unit) for x in values)
    return f"{effect} ({low} to {high})"
