"""Gates on people: ids given to somebody new, and personal data in text that comes along."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

import ibis
import pandas as pd

from insights import wording
from insights.data import series
from insights.data.quality import lineage
from insights.data.quality.findings import Finding
from insights.data.quality.looking import Facts, Look, days_of, said_days, said_span, shapes
from insights.data.tables import UNREAD

MAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
PHONE = (  # with a country code, or apart as North Americans write it
    r"(^|[^0-9A-Za-z])(\+[0-9]{1,3}[ .-]?(\(?[0-9]{1,4}\)?[ .-]?){2,4}[0-9]{2,}"
    r"|\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4})($|[^0-9])"
)
MARKS = ("@", "+", "-", ".", " ")  # without any of them a text needs no closer look
REUSED, PERSONAL = "reused ids", "personal data"


def reused(look: Look, facts: Facts) -> list[Finding]:
    """Find ids under which something fell that can only grow for the same person."""
    found = []
    for grows, who in look.declared.grows.items():
        table = lineage.holder(look.source, look.metric.table, {grows, who, look.metric.clock})
        wide, key = look.wide(table), ("falls", table, look.metric.clock, grows, who)
        first = facts.anywhere(key, partial(_falls, wide, grows, who, facts.until))
        if first.empty:
            continue
        since = pd.to_datetime(first["first"])
        n = wording.count(len(first), "id")
        verb = "stands" if len(first) == 1 else "stand"
        after = int(first["after"].sum())
        message = (
            f"{n} of {who} {verb} for more than one person: {grows} falls, first on "
            f"{said_days(since)}; {wording.count(after, 'row')} since, such as "
            f"{shapes(first[who].astype(str))}"
        )
        hard = bool({grows, who} & look.touches)
        end = pd.Timestamp(look.end) if look.end else pd.to_datetime(first["last"]).max()
        days = pd.date_range(since.min(), end)
        found.append(look.finding(REUSED, message, days, "fail" if hard else "warn"))
    return found


def _falls(look: Look, grows: str, who: str, until: date | None) -> pd.DataFrame:
    """Return each id whose figure falls: the first day of it, the last, and rows in between."""
    rows = replace(look, end=until).dated_rows()
    known = rows.drop_null([grows, who])
    daily = known.group_by([who, series.DAY]).agg(
        low=known[grows].min(), high=known[grows].max(), n=known.count()
    )
    window = ibis.window(group_by=who, order_by=series.DAY)
    days = daily.mutate(before=daily["high"].lag().over(window))
    falls = days.filter(days["low"] < days["before"])
    first = falls.group_by(who).agg(first=falls[series.DAY].min())
    both = days.inner_join(first, who)
    both = both.filter(both[series.DAY] >= both["first"])
    found = both.group_by([who, "first"]).agg(
        after=both["n"].sum(), last=both[series.DAY].max()
    )
    made: pd.DataFrame = found.to_pandas().sort_values(["first", who], ignore_index=True)
    return made


def personal(look: Look, facts: Facts) -> list[Finding]:
    """Find addresses and telephone numbers in text; of a dimension they would be printed."""
    found = []
    own = [b for b in look.bases if look.source.pack.source.tables[b].sql is None]
    for table in own or [look.metric.table]:
        held = facts.anywhere(("personal", table), partial(_held, look, table))
        for column, (mails, phones) in held.items():
            said = [wording.count(mails, "e-mail address", "e-mail addresses")] * bool(mails)
            said += [wording.count(phones, "telephone number")] * bool(phones)
            days = _days(look, column) if column in look.table_columns else []
            when = f", {look.verb} {said_span(min(days), max(days))}" if len(days) else ""
            message = f"{table}.{column} holds {wording.listing(said)}{when}"
            if column in {*look.metric.dimensions, *look.touches}:
                message += ": take it out of the metric"
                found.append(look.finding(PERSONAL, message))
            else:
                message += ": nothing of it is shown"
                found.append(look.finding(PERSONAL, message, days, "warn"))
    return found


def _held(look: Look, table: str) -> dict[str, tuple[int, int]]:
    """Return, a column with any, how many values hold an address, and how many a number."""
    rows = look.source.rows(table, look.known_by)
    text = [c for c, k in rows.schema().items() if k.is_string() and not c.startswith(UNREAD)]
    if not text:
        return {}
    marks = {
        f"{mark}{i}": rows[c].contains(mark).any() for i, c in enumerate(text) for mark in MARKS
    }
    seen = rows.aggregate(**marks).to_pandas().iloc[0]
    counts: dict[str, ibis.Value] = {}
    for i, column in enumerate(text):
        if seen[f"@{i}"]:
            counts[f"@{i}"] = rows[column].re_search(MAIL).sum()
        if any(seen[f"{mark}{i}"] for mark in MARKS[1:]):
            counts[f"+{i}"] = rows[column].re_search(PHONE).sum()
    if not counts:
        return {}
    row = rows.aggregate(**counts).to_pandas().fillna(0).iloc[0]
    both = {c: (int(row.get(f"@{i}", 0)), int(row.get(f"+{i}", 0))) for i, c in enumerate(text)}
    return {column: n for column, n in both.items() if any(n)}


def _days(look: Look, column: str) -> list[pd.Timestamp]:
    rows = look.dated_rows()
    text = rows[column]
    days = days_of(rows.filter(text.re_search(MAIL) | text.re_search(PHONE)))
    return list(pd.to_datetime(days))
