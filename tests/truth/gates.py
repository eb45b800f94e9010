"""Do artefacts, breaks and dirt show as what they are, and not as news? E14, E8, D1 to D12."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from insights import wording
from insights.data import quality, simulate
from insights.data.quality import Inspection
from insights.data.simulate import DIRT
from insights.readout import card, choices
from insights.readout.card import Scorecard

from . import world as worlds
from .scoring import FOUND, HELD, MISSED, NOT_HELD, Row
from .world import World

ANSWERS = ("csat", "csat_adjusted", "dsat")
GATE = "reversed scale"
NAMED = {  # dirt: the gate, and a metric that it must stop, or (the second) be said of
    "D1": ("exact duplicates", "items_actioned"), "D2": ("duplicate keys", "contact_volume"),
    "D3": ("missing days", "overturn_rate"), "D4": ("mixed time zones", "contact_volume"),
    "D5": ("times out of order", "reopen_rate"), "D6": ("mixed number formats", "unseen_share"),
    "D7": ("changed labels", "contact_volume"), "D8": ("late arrivals", "qa_score"),
    "D9": ("codes among answers", "csat"), "D10": ("reused ids", "handle_time"),
    "D11": ("merged rows counted", "contact_volume"), "D12": ("personal data", "csat"),
}  # fmt: skip
ROWS = {"D1", "D2", "D5", "D6", "D8", "D9", "D10", "D11"}  # gates that count the rows laid
NEAR = 0.06  # of the rows: other dirt of the same table doubles or drops a few
DIRTY_SCALE, DIRTY_SEED = 0.02, 7
QUIET_SCALE, QUIET_WEEKS, QUIET_SEEDS, ALARMS = 0.01, 60, range(200, 220), 1


def score(world: World) -> list[Row]:
    """Return rows for the survey scale, the policy, each kind of dirt, and clean tables."""
    return [*artefacts(world), *dirt(world), quiet(world)]


def artefacts(world: World) -> list[Row]:
    """Return a row for the survey scale and one for the policy."""
    return [reversed_scale(world), widened_policy(world)]


def dirt(world: World) -> list[Row]:
    """D1 to D12: each is named by its gate, with its rows and days; no canary is on a page."""
    with tempfile.TemporaryDirectory() as scratch:
        options = {"scale": DIRTY_SCALE, "seed": DIRTY_SEED, "without": ["E14"]}
        truth = simulate.build(Path(scratch) / "tables", dirt=["all"], **options)
        laid = {one["dirt_id"]: one for one in truth.record["dirt"]}
        with worlds.opened(world.origin, truth.folder) as dirty:
            found = {one.metric: one for one in quality.inspect(dirty.source)}
            leaks = _leaks(dirty, laid["D12"]["canaries"], Path(scratch) / "out")
    return [*(_named(kind, laid[kind], found) for kind in DIRT), leaks]


def _named(kind: str, laid: dict[str, Any], found: dict[str, Inspection]) -> Row:
    """Return whether a kind of dirt is named, and how many of its rows."""
    gate, metric = NAMED[kind]
    said = [finding for finding in found[metric].findings if finding.gate == gate]
    text = " ".join(finding.message for finding in said)
    numbers = [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", text)]
    count = min(numbers, key=lambda n: abs(n - laid["rows"]), default=0)
    right = kind not in ROWS or abs(count - laid["rows"]) <= max(3, NEAR * laid["rows"])
    early = pd.Timestamp(laid["start"]) - pd.Timedelta(days=7)
    days = [day for finding in said for day in finding.days]
    dated = bool(re.search(r"20\d\d", text)) and all(early <= day for day in days)
    note = "" if said else f"gates: {', '.join(one.gate for one in found[metric].findings)}"
    return Row(
        kind, "quality", f"{laid['name']}: named with rows and days",
        FOUND if said and right and dated else MISSED, note=note,
        found=f"{gate}, {wording.count(len(days), 'day')}" if days else gate,
        error=f"{laid['rows']:,} -> {count:,} rows" if kind in ROWS else "",
    )  # fmt: skip


def _leaks(dirty: World, canaries: list[str], out: Path) -> Row:
    """Return whether any planted address or number is in anything that a run writes."""
    command = "import sys; from insights.cli import main; sys.exit(main())"
    words = ["run", dirty.pack, "--readout", "scorecard", "--out", str(out)]
    subprocess.run([sys.executable, "-c", command, *words], capture_output=True, check=False)
    files = [path for path in out.rglob("*") if path.is_file()]
    texts = [path.read_bytes().decode("utf-8", "replace") for path in files]
    seen = [one for one in canaries if any(one in text for text in texts)]
    pages = sum(path.name == "index.html" for path in files)
    return Row(
        "D12", "privacy", f"none of {len(canaries):,} canaries in what a run writes",
        HELD if pages > 1 and not seen else NOT_HELD,
        found=f"{len(files)} files, {pages} pages", alarms=str(len(seen)),
    )  # fmt: skip


def quiet(world: World, seeds: Sequence[int] = QUIET_SEEDS) -> Row:
    """Clean tables of many seeds: gates fire at most once in all; effects are no dirt."""
    fired = list[str]()
    for seed in seeds:
        with tempfile.TemporaryDirectory() as scratch:
            options = {"scale": QUIET_SCALE, "weeks": QUIET_WEEKS, "without": ["E14"]}
            truth = simulate.build(Path(scratch) / "tables", seed=seed, **options)
            with worlds.opened(world.origin, truth.folder) as clean:
                found = quality.inspect(clean.source)
        fired += sorted({f"{f.gate} (seed {seed})" for one in found for f in one.findings})
    return Row(
        "-", "quality", f"clean tables of {len(seeds)} seeds: at most {ALARMS} gate fires",
        HELD if len(fired) <= ALARMS else NOT_HELD, alarms=str(len(fired)),
        note="; ".join(fired),
    )  # fmt: skip


def reversed_scale(world: World) -> Row:
    """E14: the gate names exactly the reversed days, and their week is no news."""
    measure = world.measure("E14", "csat_raw")
    first, end = pd.Timestamp(measure["start"]), pd.Timestamp(measure["end"])
    wanted = tuple(pd.date_range(first, end - pd.Timedelta(days=1)))
    page = _page(world, first + pd.Timedelta(weeks=1), ("contact_volume", *ANSWERS))
    named, states = {}, {}
    for name in ANSWERS:
        shown = page.measure(name)
        assert shown.shown <= first < shown.shown + pd.Timedelta(weeks=1)
        found = [finding.days for finding in shown.findings if finding.gate == GATE]
        named[name] = found == [wanted]
        states[name] = not shown.stands and page.judged(name)["state"] == "unusable"
    days = wording.days([day.date() for day in wanted])
    return _row(
        "E14", f"scale reversed on {days}: named, and the week no headline",
        all(named.values()) and all(states.values()), f"{sum(named.values())} of 3 measures",
        "" if all(states.values()) else f"usable: {states}",
    )  # fmt: skip


def widened_policy(world: World) -> Row:
    """E8: the break is declared, and the first week under it is no headline."""
    first = pd.Timestamp(world.effect("E8")["start"])
    metrics = world.source.pack.metrics
    broken = tuple(n for n, m in metrics.items() if m.breaks)
    declared = all(pd.Timestamp(metrics[n].breaks[0].date) == first for n in broken)
    page = _page(world, first, broken)
    states: dict[str, Any] = {name: page.judged(name)["state"] for name in broken}
    news = [name for name, state in states.items() if state == "headline"]
    return _row(
        "E8", f"policy widened on {wording.day(first.date())}: declared, its week no headline",
        declared and "items_actioned" in broken and not news,
        f"{len(broken)} measures", f"headlines: {', '.join(news)}" if news else "",
    )  # fmt: skip


def _row(effect: str, asked: str, right: bool, found: str, note: str) -> Row:
    """Return the verdict on a gate."""
    verdict = FOUND if right else MISSED
    return Row(effect, "quality", asked, verdict, found=found, note=note)


def _page(world: World, as_of: pd.Timestamp, metrics: tuple[str, ...]) -> Scorecard:
    """Return the scorecard of a week as the notebook builds it."""
    return card.build(choices.start(world.pack, as_of=as_of.date(), metrics=metrics))
