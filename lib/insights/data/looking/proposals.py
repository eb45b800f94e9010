"""What a proposed metric is made of, and how it is said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import ibis

from insights.data.looking.kinds import NAMED, Column
from insights.data.looking.profile import Looked

NO_MEASURE = re.compile(
    r"(^|_)(age|month|day|hour|week|index|row|lat|lon|latitude|longitude|zip)s?($|_)"
)
LONGEST = 60  # signs of a metric's name
Said = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Proposed:
    """A metric, as metrics.yaml says it, and why; ``of_cases`` reads a row a case."""

    name: str
    why: str
    said: Said
    of_cases: bool = False


def count(name: str, why: str, *, title: str, definition: str, **more: str) -> Proposed:
    """Return a metric that counts."""
    said: Said = {"title": title, "kind": "count", "unit": "count", "better": "band", **more}
    return Proposed(name[:LONGEST], why, {**said, "definition": definition})


def ratio(
    name: str,
    why: str,
    parts: tuple[str, str],
    *,
    title: str,
    definition: str,
    unit: str = "share",
    better: str = "band",
) -> Proposed:
    """Return a metric that is a share or a mean."""
    said: Said = {"title": title, "kind": "ratio", "unit": unit, "better": better}
    said |= {"numerator": parts[0], "denominator": parts[1], "definition": definition}
    return Proposed(name[:LONGEST], why, said)


def is_no_measure(column: Column) -> bool:
    """Tell whether a column's numbers are names, places or dates."""
    return bool(NAMED.search(column.name) or NO_MEASURE.search(column.name))


def is_index(looked: Looked, column: Column) -> bool:
    """Tell whether a column only counts its rows."""
    return bool(column.distinct == looked.n and column.most - column.least + 1 == looked.n)


def row(looked: Looked, sql: str) -> tuple[Any, ...]:
    """Return the one row of a query over ``rows``."""
    rows = ibis.to_sql(looked.rows, dialect="duckdb")
    found: tuple[Any, ...] = looked.backend.raw_sql(
        sql.replace("from rows", f"from ({rows}) as rows")
    ).fetchall()[0]
    return found
