"""Gates on single rows, counted by day: impossible figures, stamps, scores, parts, merges."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from insights import wording
from insights.data import series
from insights.data.quality.findings import Finding
from insights.data.quality.looking import WIDESPREAD, Look, columns
from insights.data.tables import over, quoted
from insights.errors import some

NUMBER = "cast(({0}\n) as double)"
IMPOSSIBLE = {  # what is counted: the gate, and what such a row counts
    "above": ("numerator above denominator", "more than there was to count"),
    "below": ("negative counts", "less than nothing"),
    "backwards": ("ended before it began", ""),
}
ROUNDING = 1e-6  # of a figure: parts that miss it by less add up
ZERO_SHARE, ZERO_EXCESS, SOON_MINUTES = 0.01, 3, 5
FEWEST = 10  # rows that can tell


def counts(look: Look) -> dict[str, str]:
    """Return, as SQL over one row, what the gates count."""
    metric = look.metric
    made = {}
    parts = [NUMBER.format(text) for text in series.expressions(metric).values()]
    if metric.kind == "ratio" and metric.unit == "share":
        made["above"] = f"{parts[0]} > coalesce({parts[1]}, 0)"
    if metric.kind in {"ratio", "count"} and metric.unit in {"count", "share"}:
        made["below"] = " or ".join(f"{part} < 0" for part in parts)
    if metric.kind == "duration":
        made |= _lengths(look)
    for before, after in orders(look):
        one, other = quoted(before), quoted(after)
        made[f"order {before} {after}"] = f"{other} < {one}"
        made[f"both {before} {after}"] = f"{one} is not null and {other} is not null"
    for column, (low, high) in valid(look).items():
        made[f"off {column}"] = off(column, low, high)
    for column, text in sums(look).items():
        gap = f"abs({quoted(column)} - ({text}\n))"
        apart = f"{gap} > {ROUNDING} * abs({quoted(column)}) and {gap} > {ROUNDING}"
        made[f"gap {column}"] = f"case when {apart} then {gap} else 0 end"
        made[f"parts {column}"] = apart
    if merged(look):
        made["merged"] = str(look.declared.merged)
    return made


def findings(look: Look, days: pd.DataFrame) -> list[Finding]:
    """Return what was counted on which days."""
    found = [*_impossible(look, days), *_ordered(look, days), *_off(look, days)]
    return [*found, *_parts(look, days), *_zeros(look, days), *_merged(look, days)]


def orders(look: Look) -> list[tuple[str, str]]:
    """Return the pairs of stamps of which a figure needs both, the earlier first."""
    touched, own = look.touches, tuple(look.ends)
    pairs = [pair for order in look.declared.order for pair in combinations(order, 2)]
    return [p for p in dict.fromkeys(pairs) if set(p) <= touched and p != own]


def valid(look: Look) -> dict[str, tuple[float, float]]:
    """Return the columns that the metric reads of which the pack says what values can be."""
    return {c: look.declared.valid[c] for c in look.reads if c in look.declared.valid}


def sums(look: Look) -> dict[str, str]:
    """Return the columns that the metric reads which must equal their parts."""
    said = look.declared.equals
    return {
        column: text for column, text in said.items()
        if column in look.reads or {c.name for c in columns(text)} & set(look.reads)
    }  # fmt: skip


def merged(look: Look) -> bool:
    """Tell whether rows that were merged away are told apart and the metric does not ask."""
    said = look.declared.merged
    return bool(said) and not {c.name for c in columns(str(said))} & set(look.reads)


def off(column: str, low: float, high: float) -> str:
    """Return SQL for a value that cannot be."""
    return f"{quoted(column)} < {low:.17g} or {quoted(column)} > {high:.17g}"


def _lengths(look: Look) -> dict[str, str]:
    begun, ended = map(quoted, look.ends)
    made = {"backwards": f"{ended} < {begun}"}
    schema = look.source.tables[look.metric.table].schema()
    made["ended"] = f"{ended} is not null and {begun} is not null"
    if all(schema[column].is_timestamp() for column in look.ends):
        made["zero"] = f"{ended} = {begun}"
        soon = f"{begun} + interval '{SOON_MINUTES} minutes'"
        made["soon"] = f"{ended} > {begun} and {ended} <= {soon}"
        made["timed"] = f"{begun} <> date_trunc('day', {begun})"
    return made


def _impossible(look: Look, days: pd.DataFrame) -> Iterator[Finding]:
    """Find numerators above denominators, counts below zero, ends before beginnings."""
    for name, (gate, than) in IMPOSSIBLE.items():
        if name not in days or (bad := days[days[name] > 0]).empty:
            continue
        n = int(bad[name].sum())
        verb = ("count" if than else "end") + ("s" if n == 1 else "")
        rest = than or ("before it begins" if n == 1 else "before they begin")
        share = float(n / days["ended"].sum()) if name == "backwards" else 0.0
        if _widespread(n, share):
            begun, ended = look.ends
            said = _many(
                n, int(days["ended"].sum()), f"end before they begin ({ended} before {begun})"
            )
            yield look.finding(gate, f"{said}, {look.when(bad['period'])}")
            continue
        message = f"{wording.count(n, 'row')} {verb} {rest}, {look.when(bad['period'])}"
        yield look.finding(gate, message, bad["period"])


def _widespread(n: int, share: float) -> bool:
    return n >= FEWEST and share > WIDESPREAD


def _many(n: int, base: int, verb: str) -> str:
    """Return that a fault is no accident of single rows."""
    share = wording.number(n / base, "share")
    return f"{n:,} of {base:,} rows ({share}) {verb}: the columns mean something else"


def _ordered(look: Look, days: pd.DataFrame) -> Iterator[Finding]:
    """Find stamps that come before those that they follow."""
    for before, after in orders(look):
        name, gate = f"order {before} {after}", "times out of order"
        if (bad := days[days[name] > 0]).empty:
            continue
        n, both = int(bad[name].sum()), int(days[f"both {before} {after}"].sum())
        if _widespread(n, n / both):
            said = _many(n, both, f"have {after} before {before}")
            yield look.finding(gate, f"{said}, {look.when(bad['period'])}")
            continue
        have = "has" if n == 1 else "have"
        said = f"{wording.count(n, 'row')} {have} {after} before {before}"
        yield look.finding(gate, f"{said}, {look.when(bad['period'])}", bad["period"])


def _off(look: Look, days: pd.DataFrame) -> Iterator[Finding]:
    """Find values that the pack says cannot be, such as a code for no answer."""
    for column, (low, high) in valid(look).items():
        if (bad := days[days[f"off {column}"] > 0]).empty:
            continue
        n = int(bad[f"off {column}"].sum())
        rows = over(look.all_rows(), quoted(column), f"where {off(column, low, high)}")
        values = sorted(rows.distinct().limit(1000).to_pandas()[column])
        shown = some([f"{value:g}" for value in values])
        verb = "is" if n == 1 else "are"
        message = (
            f"{wording.count(n, 'value')} of {column} {verb} outside {low:g} to {high:g} "
            f"({shown}), {look.when(bad['period'])}"
        )
        yield look.finding("codes among answers", message, bad["period"])


def _parts(look: Look, days: pd.DataFrame) -> Iterator[Finding]:
    """Find totals that are not the sum of their parts."""
    for column, text in sums(look).items():
        if (bad := days[days[f"parts {column}"] > 0]).empty:
            continue
        n = int(bad[f"parts {column}"].sum())
        gap = wording.number(float(bad[f"gap {column}"].sum()))
        verb = "has" if n == 1 else "have"
        message = (
            f"{wording.count(n, 'row')} {verb} a {column} that is not {text} "
            f"({gap} apart in all), {look.when(bad['period'])}"
        )
        yield look.finding("parts do not add up", message, bad["period"])


def _zeros(look: Look, days: pd.DataFrame) -> Iterator[Finding]:
    """Find items closed the moment they began, more than rounding of quick ones would make."""
    if "zero" not in days:
        return
    zero, soon, ended, timed = (
        float(days[c].sum()) for c in ("zero", "soon", "ended", "timed")
    )
    if zero < max(FEWEST, ZERO_SHARE * ended) or timed < ended / 2:
        return
    if zero <= ZERO_EXCESS * soon / SOON_MINUTES:
        return
    bad = days.loc[days["zero"] > 0, "period"]
    share = wording.number(zero / ended, "share")
    said = f"{zero:,.0f} of {ended:,.0f} rows ({share}) end the moment they begin"
    said += f", {look.when(bad)}"
    if zero > ended / 2:
        yield look.finding("zero durations", f"{said}: the median is nobody's waiting time")
        return
    text = f"{said}: closed in bulk or by a machine, they make the figure too low"
    yield look.finding("zero durations", text, bad, "warn")


def _merged(look: Look, days: pd.DataFrame) -> Iterator[Finding]:
    """Find rows that were merged into others and count beside them."""
    if "merged" not in days or (bad := days[days["merged"] > 0]).empty:
        return
    n = int(bad["merged"].sum())
    verb = (
        "was merged into another and counts" if n == 1 else "were merged into others and count"
    )
    message = f"{wording.count(n, 'row')} {verb} beside it, {look.when(bad['period'])}"
    message = message if n == 1 else message.replace("beside it", "beside them")
    yield look.finding("merged rows counted", message, bad["period"])
