"""Gates on rows that stand more than once: exact copies, or one key with different content."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
from ibis.expr.types import Table as Rows

from insights import wording
from insights.data import series
from insights.data.quality import lineage
from insights.data.quality.findings import Finding
from insights.data.quality.looking import WIDESPREAD, Facts, Look, days_of, shapes
from insights.data.tables import UNREAD, over, quoted
from insights.errors import some

EXACT, KEYS = "exact duplicates", "duplicate keys"
NOTHING = "nothing"  # how a key without a value is shown


def findings(look: Look, facts: Facts) -> list[Finding]:
    """Return what stands more than once among a metric's rows, or in what they are made of."""
    key, table = list(look.declared.key), look.metric.table
    if key:
        base = lineage.root(look.source, table, set(key))
        rows = look.source.rows(base, look.known_by)
        doubled = facts.anywhere(("doubled", base), lambda: _doubled(rows, key))
        return _of_keys(look, key) if doubled else []
    bases = look.bases
    if not bases:
        return _copies(look, facts)
    said = [
        facts.once(("made of", base), partial(_made_of, look, base, facts)) for base in bases
    ]
    return [look.finding(KEYS, text) for text in dict.fromkeys(said) if text]


def _made_of(look: Look, base: str, facts: Facts) -> str:
    """Return what is wrong with the keys of a table of which the metric's is made."""
    key = list(lineage.declared(look.source, base).key)
    if not key:
        return ""
    base = lineage.root(look.source, base, set(key))
    rows = look.source.rows(base, look.known_by)
    doubled = facts.anywhere(("doubled", base), lambda: _doubled(rows, key))
    if not doubled:
        return ""
    groups = rows.group_by(key).agg(_n=rows.count())
    n = int(groups.filter(groups["_n"] > 1).count().execute())
    verb = "stands" if n == 1 else "stand"
    return f"made of {base}, where {wording.count(n, 'key')} {verb} more than once"


def _copies(look: Look, facts: Facts) -> list[Finding]:
    """Find exact copies where no key tells rows apart.

    Two rows with one time of day are hardly two cases. Where days are all there is, and rows
    are often alike, they are; where they seldom are, nobody can tell.
    """
    if look.table.aggregated:
        return []
    n, of = facts.once(("copies", look.metric.table), lambda: _alike(look.all_rows()))
    timed = n and _timed(look)
    if not n or (n > WIDESPREAD * of and not timed):
        return []
    rows = look.dated_rows()
    content = [c for c in _content(rows).columns if c != series.EVENTS]
    groups = rows.group_by(content).agg(_n=rows.count())
    dated = days_of(groups.filter(groups["_n"] > 1))
    if dated.empty:
        return []
    verb = "is an exact copy of another" if n == 1 else "are exact copies of others"
    said = f"{wording.count(n, 'row')} {verb}, {look.when(dated)}"
    if timed:
        return [look.finding(EXACT, said, dated)]
    text = f"{said}; without a key nobody can tell whether they may be"
    return [look.finding(EXACT, text, dated, "warn")]


def _alike(rows: Rows) -> tuple[int, int]:
    """Return how many rows are copies, and how many there are."""
    whole = _content(rows)
    of = int(whole.count().execute())
    return of - int(whole.distinct().count().execute()), of


def _of_keys(look: Look, key: list[str]) -> list[Finding]:
    """Find doubled keys; a case's key may be private: its shape is shown."""
    rows = look.rows()
    named = {f"_key{i}": rows[part].cast("string") for i, part in enumerate(key)}
    rows = rows.mutate(**{name: text.fill_null(NOTHING) for name, text in named.items()})
    parts = list(named)
    groups = rows.group_by(parts).agg(_n=rows.count(), _days=rows[series.DAY].collect())
    groups = groups.filter(groups["_n"] > 1)
    among = _content(rows.semi_join(groups, parts)).distinct()
    kinds = among.group_by(parts).agg(_kinds=among.count())
    bad = groups.inner_join(kinds, parts).order_by(parts).to_pandas()
    alike, unlike = bad[bad["_kinds"] == 1], bad[bad["_kinds"] > 1]
    found = []
    if len(alike):
        found.append(_told(look, EXACT, alike, parts, ", every column alike"))
    if len(unlike):
        found.append(_told(look, KEYS, unlike, parts, ""))
    return found


def _told(look: Look, gate: str, bad: pd.DataFrame, parts: Sequence[str], how: str) -> Finding:
    shown = [" / ".join(one) for one in bad[list(parts)].to_numpy()]
    examples = some(shown) if look.table.aggregated else f"such as {shapes(shown)}"
    days = [day for held in bad["_days"] for day in held]
    extra = int((bad["_n"] - 1).sum())
    verb = "stands" if len(bad) == 1 else "stand"
    message = (
        f"{wording.count(len(bad), 'key')} {verb} more than once{how} "
        f"({wording.count(extra, 'row')} too many), {look.when(days)}: {examples}"
    )
    return look.finding(gate, message, days)


def _content(rows: Rows) -> Rows:
    """Return a table without the columns that a cast put beside it."""
    return rows.select([c for c in rows.columns if not c.startswith(UNREAD)])


def _doubled(rows: Rows, key: list[str]) -> bool:
    """Tell whether any key stands more than once; nested values are compared as text."""
    parts: list[Any] = [
        rows[p].cast("string") if rows[p].type().is_nested() else rows[p] for p in key
    ]
    most = rows.group_by(parts).agg(_n=rows.count())["_n"].max().execute()
    return bool(pd.notna(most) and most > 1)


def _timed(look: Look) -> bool:
    """Tell whether the clock tells the time of day of most rows."""
    rows, clock = look.all_rows(), look.metric.clock
    if not rows.schema()[clock].is_timestamp():
        return False
    stamp = quoted(clock)
    timed = over(rows, "*", f"where {stamp} <> date_trunc('day', {stamp})")
    return bool(timed.count().execute() > rows.count().execute() / 2)
