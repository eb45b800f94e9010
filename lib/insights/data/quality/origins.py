"""Gate on what a table is made of: values that no cast could read are lost in a join."""

from __future__ import annotations

from functools import partial

from insights import wording
from insights.data.quality import lineage
from insights.data.quality.findings import Finding
from insights.data.quality.looking import Facts, Look, shapes
from insights.data.sources import Source
from insights.data.tables import UNREAD, is_time

FEW = 0.01  # of a table's rows: beyond, what is made of them cannot be trusted
EXAMPLES = 1000


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
        values = wording.count(n, "value")
        verdict = f"is not a {what}" if n == 1 else f"are not {what}s"
        message = (
            f"{column} of {base}, which {look.metric.table} is made of: {values} such as "
            f"{shape} {verdict}. Mend the source."
        )
        gate = f"unreadable {what}s"
        found.append(Finding(gate, look.name, "fail" if fails else "warn", message))
    return found


def columns(look: Look) -> list[tuple[str, str]]:
    """Return the tables, and their cast columns, that a metric's table is made of by SQL."""
    own = {*look.ends, look.metric.clock}  # which the table may hold with what was not read
    held = {name for name in look.table_columns if name.startswith(UNREAD)}
    found = list(dict.fromkeys(_below(look.source, look.metric.table)))
    return [(b, c) for b, c in found if not (c in own and UNREAD + c in held)]


def _below(source: Source, name: str) -> list[tuple[str, str]]:
    tables = source.pack.source.tables
    if tables[name].path is not None:
        return []
    found = []
    for base in lineage.made_of(source, name):
        there = source.tables[base].columns
        found += [(base, c) for c in tables[base].cast if UNREAD + c in there]
        found += _below(source, base)
    return found


def _seen(source: Source, base: str, column: str) -> tuple[int, int, str, str]:
    """Return how many values were not read, of how many rows, their shapes and what was due."""
    rows = source.tables[base]
    text = rows[UNREAD + column]
    n, whole = (
        int(v) for v in rows.aggregate(n=text.count(), rows=rows.count()).to_pandas().iloc[0]
    )
    if not n:
        return 0, whole, "", ""
    values = rows.select(x=text).filter(lambda t: t.x.notnull()).distinct().limit(EXAMPLES)
    shape = shapes(values.to_pandas()["x"].astype(str))
    return n, whole, shape, "date" if is_time(rows, column) else "number"
