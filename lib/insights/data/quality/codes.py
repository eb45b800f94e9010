"""Gate on answers: codes for no answer, such as 99, in a column that nobody declared."""

from __future__ import annotations

from functools import partial

import pandas as pd

from insights import wording
from insights.data.quality import texts
from insights.data.quality.findings import Finding
from insights.data.quality.looking import Facts, Look, days_of
from insights.errors import some

FEWEST = 3  # different answers, for others to be apart from them
CODES = 30  # a column of answers has no more different values
NO_ANSWER = {
    -1, -8, -9, 77, 88, 96, 97, 98, 99, 777, 888, 996, 997, 998, 999, 9999,
    -77, -88, -97, -98, -99, -999,
}  # fmt: skip


def undeclared(look: Look, facts: Facts) -> list[Finding]:
    """Find codes for no answer in a column of which the pack does not say what can be."""
    if look.table.aggregated:
        return []
    found, schema = [], look.source.tables[look.metric.table].schema()
    scores = look.reads if look.metric.unit == "score" else texts.compared(look)
    for column in scores:
        if column not in schema or not schema[column].is_integer():
            continue
        if column in look.declared.valid:
            continue
        key = ("values", look.metric.table, column)
        values = facts.once(key, partial(_values, look, column))
        codes = _codes(values[column].astype(int).tolist())
        if len(values) > CODES or not codes:
            continue
        n = int(values.loc[values[column].isin(codes), "n"].sum())
        rows = look.dated_rows()
        dated = days_of(rows.filter(rows[column].isin(codes)))
        verb = "is" if n == 1 else "are"
        message = (
            f"{wording.count(n, 'value')} of {column} {verb} {some(codes)}, far "
            f"from the others, {look.when(dated)}: a code for no answer. "
            f"Say valid: {{{column}: [lowest, highest]}} in source.yaml."
        )
        found.append(look.finding("codes among answers", message, dated))
    return found


def _values(look: Look, column: str) -> pd.DataFrame:
    """Return a column's values and how often each stands; some of them where there are many."""
    rows = look.all_rows()
    known = rows.drop_null([column])
    counted = known.group_by(column).agg(n=known.count()).limit(CODES + 1)
    values: pd.DataFrame = counted.to_pandas().sort_values(column)
    return values


def _codes(values: list[int]) -> list[int]:
    """Return the values that are usual codes and stand apart from all that are not."""
    answers = [value for value in values if value not in NO_ANSWER]
    if len(answers) < FEWEST:
        return []
    low, high = min(answers) - 1, max(answers) + 1
    return [v for v in values if v in NO_ANSWER and not low <= v <= high]
