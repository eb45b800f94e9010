"""What can be made of a table that holds a day's sums and means."""

from __future__ import annotations

from collections.abc import Iterator

from insights.data.looking.kinds import Column
from insights.data.looking.profile import Looked
from insights.data.looking.proposals import Proposed, count, is_index, is_no_measure, ratio, row

UNITS = {"share": "share", "seconds": "seconds", "number": "score"}


def total(looked: Looked) -> Column | None:
    """Return the largest count of a table of sums: what its rows stand for."""
    counts = [c for c in _figures(looked) if c.kind == "number" and c.whole and c.least >= 0]
    sums = {c.name: row(looked, f"select sum({c.name}) from rows")[0] or 0 for c in counts}
    return max(counts, key=lambda c: sums[c.name], default=None)


def of_days(looked: Looked, whole: Column | None) -> Iterator[Proposed]:
    """Propose the total, what is a part of it, and means weighted by it."""
    if whole is not None:
        yield count(
            f"total_{whole.name}",
            "the largest count of the file; a row is the sum of a day or of a shorter slot",
            title=whole.said,
            definition=f"{whole.said}, added up.",
            numerator=whole.name,
        )
    for column in _figures(looked):
        if column is whole:
            continue
        if whole is not None and _is_part(looked, column, whole):
            yield ratio(
                f"share_{column.name}",
                f"never above '{whole.said}', so that it is a part of it",
                (column.name, whole.name),
                title=f"{column.said} of {whole.said}",
                definition=f"{column.said}, of all {whole.said}.",
            )
            continue
        weight = whole.name if whole is not None else "1"
        by = f"weighted by {whole.said}" if whole is not None else "of all rows"
        yield ratio(
            f"mean_{column.name}",
            f"a figure of each row, {by}",
            (
                f"{column.name} * {weight}",
                f"case when {column.name} is not null then {weight} end",
            ),
            title=column.said,
            definition=f"Mean {column.said}, {by}.",
            unit=UNITS[column.kind],
        )


def _figures(looked: Looked) -> list[Column]:
    """Return the columns that measure something."""
    found = looked.of("number", "share", "seconds")
    return [c for c in found if not is_no_measure(c) and not is_index(looked, c)]


def _is_part(looked: Looked, column: Column, whole: Column) -> bool:
    if column.kind != "number" or not column.whole or column.least < 0:
        return False
    above = f"select count(*) from rows where {column.name} > {whole.name}"
    return bool(row(looked, above)[0] == 0)
