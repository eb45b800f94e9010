"""Gate on what a table is made of: values that no cast could read are lost in a join."""

from __future__ import annotations

from functools import partial

from insights.data.quality import texts
from insights.data.quality.findings import Finding
from insights.data.quality.looking import Facts, Look
from insights.data.sources import Source
from insights.data.tables import UNREAD, is_time

FEW = 0.01  # of a table's rows: beyond, what is made of them cannot be trusted


def findings(look: Look, facts: Facts) -> list[Finding]:
    """Find values that the casts of a table's origins could not read.

    Those of a column that the figure itself goes by refuse it, as they would in a table of its
    own; few others are only told, as each concerns what is joined to a row.
    """
    found = []
    for base, column in columns(look):
        make = partial(_seen, look.source, base, column)
        n, rows, shape, what = facts.once(("origin", base, column), make)
        if not n:
            continue
        fails = column in look.touches or n > FEW * rows
        message = (
            f"{column} of {base}, which {look.metric.table} is made of: "
            f"{texts.told(n, shape, what)}. Mend the source."
        )
        gate = f"unreadable {what}s"
        found.append(Finding(gate, look.name, "fail" if fails else "warn", message))
    return found


def columns(look: Look) -> list[tuple[str, str]]:
    """Return the tables, and their cast columns, that a metric's table is made of by SQL."""
    source, held = look.source, look.table_columns
    own = {*look.ends, look.metric.clock}  # which the table may hold with what was not read
    return [
        (base, column)
        for base in look.bases
        for column in source.pack.source.tables[base].cast
        if UNREAD + column in source.tables[base].columns
        and not (column in own and UNREAD + column in held)
    ]


def _seen(source: Source, base: str, column: str) -> tuple[int, int, str, str]:
    """Return how many values were not read, of how many rows, their shapes and what was due."""
    rows = source.tables[base]
    text = rows[UNREAD + column]
    n, whole = (
        int(v) for v in rows.aggregate(n=text.count(), rows=rows.count()).to_pandas().iloc[0]
    )
    if not n:
        return 0, whole, "", ""
    shape = texts.shapes_of(rows.filter(text.notnull()), UNREAD + column)
    return n, whole, shape, "date" if is_time(rows, column) else "number"
