"""Which faults of real exports can be laid over clean tables, and where they were laid.

Every kind draws from a stream of its own and chooses among the clean rows, so that switching
one moves no other. Values are changed first, then rows come and go, types change last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from insights.data.simulate.dirt import changes, copies, forms, shifts
from insights.data.simulate.dirt.sheet import Sheet, Spot
from insights.data.simulate.world import World
from insights.errors import ParamError, did_you_mean, some

__all__ = ["DIRT", "lay", "require"]

STREAM = 1_000  # beside the streams of `world.STREAMS`
ALL = "all"


@dataclass(frozen=True, slots=True)
class Dirt:
    """A kind of dirt: its name, what it does, and to which table."""

    name: str
    what: str
    table: str
    lay: Callable[[Sheet], Spot]


DIRT: Final[dict[str, Dirt]] = {  # all sizes are [planted]
    "D1": Dirt(
        "exact duplicates", "0.6 % of decisions stand twice, every column alike.",
        "mod_items", copies.exact,
    ),
    "D2": Dirt(
        "doubled ids", "0.3 % of contacts stand twice under one id, and the two differ.",
        "contacts", copies.conflicting,
    ),
    "D3": Dirt(
        "gap and backfill",
        "For 41 days no appeal is filed or decided; all of them are dated into the two days "
        "after.",
        "appeals", shifts.gap,
    ),
    "D4": Dirt(
        "mixed time zones",
        "For 12 weeks around a change of the clocks every stamp of US contacts is Chicago's "
        "local time, the others stay UTC.",
        "contacts", shifts.zone,
    ),
    "D5": Dirt(
        "solved before created", "0.2 % of contacts are solved before they were created.",
        "contacts", shifts.backwards,
    ),
    "D6": Dirt(
        "numbers as text", "Views are text; those of a thousand or more have separators.",
        "mod_items", forms.separators,
    ),
    "D7": Dirt(
        "labels drift",
        "From a day on the topic live_gifts is called live, and bug is merged into "
        "content_visibility.",
        "contacts", changes.labels,
    ),
    "D8": Dirt(
        "late arrivals",
        "Reviews say when they arrived: 5 % come 8 to 40 days late, and what had not arrived "
        "when the tables were taken is not there.",
        "qa", forms.late,
    ),
    "D9": Dirt(
        "codes for no answer", "1 % of unanswered surveys score 0, 6, 11 or 99.",
        "surveys", changes.codes,
    ),
    "D10": Dirt(
        "reused ids",
        "A tenth of the agents leave half way; eight weeks later their ids are given to new "
        "people.",
        "contacts", changes.rehired,
    ),
    "D11": Dirt(
        "merged and counted",
        "1 % of contacts were written twice and merged; the one merged away still counts.",
        "contacts", copies.merged,
    ),
    "D12": Dirt(
        "personal data",
        "Surveys have comments and tags; 0.5 % of them hold an e-mail address or a phone "
        "number.",
        "surveys", forms.personal,
    ),
}  # fmt: skip
ORDER: Final = ("D4", "D5", "D7", "D10", "D9", "D3", "D12", "D2", "D11", "D1", "D8", "D6")


def require(names: Iterable[str]) -> tuple[str, ...]:
    """Return kinds of dirt in the order of the list; ``all`` is every one."""
    asked = tuple(names)
    for name in asked:
        if name not in DIRT and name != ALL:
            hint = did_you_mean(name, DIRT) or "."
            raise ParamError(f"unknown dirt '{name}'{hint} There are {some(DIRT, 20)}.")
    return tuple(name for name in DIRT if name in asked or ALL in asked)


def lay(folder: Path, world: World, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Lay dirt over the tables of a build and return what was laid where."""
    laid: dict[str, dict[str, Any]] = {}
    for table in dict.fromkeys(DIRT[name].table for name in names):
        path = folder / f"{table}.parquet"
        sheet = Sheet(pq.read_table(path), world)
        for name in ORDER:
            if name in names and DIRT[name].table == table:
                sheet.rng = _stream(world, name)
                laid[name] = _record(name, DIRT[name].lay(sheet))
        _write(path, sheet.rows)
    return [laid[name] for name in names]


def _stream(world: World, name: str) -> np.random.Generator:
    seeds = np.random.SeedSequence(world.seed, spawn_key=(STREAM, int(name[1:])))
    return np.random.Generator(np.random.PCG64(seeds))


def _record(name: str, spot: Spot) -> dict[str, Any]:
    """Return one kind as truth.json holds it; `start` and `end` are the first and last day."""
    kind = DIRT[name]
    days = sorted(spot.days)
    return {
        "dirt_id": name, "name": kind.name, "what": kind.what, "table": kind.table,
        "columns": list(spot.columns), "rows": spot.rows,
        "start": str(days[0]) if days else None, "end": str(days[-1]) if days else None,
        "days": [str(day) for day in days], **spot.more,
    }  # fmt: skip


def _write(path: Path, rows: pa.Table) -> None:
    words = [field.name for field in rows.schema if pa.types.is_dictionary(field.type)]
    for name in words:
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, name, rows[name].cast(pa.string()))
    pq.write_table(rows, path, store_schema=False)
