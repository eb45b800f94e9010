"""Three things that a file can count, each with why, and what was not proposed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from insights import wording
from insights.data.looking import sums
from insights.data.looking.kinds import Column
from insights.data.looking.profile import Looked
from insights.data.looking.proposals import Proposed, Said, count, is_no_measure, ratio, row
from insights.data.looking.roles import Roles
from insights.errors import some

THREE = 3
RATINGS = 2
LATE = 0.05  # share of ends before their beginning, beyond which two columns are no duration
ENDS = re.compile(r"clos|resol|solv|end|complet|finish|repl|respon|answer|deliver|decid")
NO_END = re.compile(r"updat|modif|sync|edit|action")
OVERALL = re.compile(r"overall|^all_?$|satisf|csat|rating|score|nps")
HOURS = (1, 2, 4, 8, 24, 48, 72, 120, 168, 336, 720, 2160)  # targets to choose from
MATURE = 60  # days at most until a figure is called final
SCALES = (5, 6, 7, 10)
CODES = {-1, 0, 88, 98, 99}  # beside a scale: no answer
FEW = 12  # values that a scale has at most


@dataclass(frozen=True, slots=True)
class Proposals:
    """What can be counted, and what was looked at and not proposed, with why."""

    metrics: tuple[Proposed, ...]
    refused: tuple[str, ...]
    volume: str | None  # of a table of sums, what a row stands for


def proposals(looked: Looked, roles: Roles) -> Proposals:
    """Return three metrics of a file: how many, and the two that say most beside it."""
    if roles.aggregated:
        total = sums.total(looked)
        made = [*sums.of_days(looked, total)]
        return Proposals(tuple(made[:THREE]), (), total.name if total else None)
    refused: list[str] = []
    made = [_rows()]
    made += _durations(looked, roles, refused)
    made += _of_cases(looked, roles)
    made += [*_ratings(looked)][:RATINGS]
    made += [*_flags(looked), *_means(looked), *_commonest(looked, roles)]
    return Proposals(tuple(made[:THREE]), tuple(refused), None)


def _rows() -> Proposed:
    return count(
        "row_count",
        "how many there are, which every file can say",
        title="Rows",
        definition="Rows of the file, one for each of what it lists.",
    )


def _durations(looked: Looked, roles: Roles, refused: list[str]) -> Iterator[Proposed]:
    """Propose how long it took from the clock to each date that says an end."""
    dated = looked.of("day", "moment")
    begun = next((c for c in dated if c.name == roles.clock.name), None)
    if begun is None:
        return
    for end in dated:
        if end is begun or not ENDS.search(end.name) or NO_END.search(end.name):
            continue
        n, backwards, half, slow = row(
            looked,
            "select count(h), count(*) filter (h < 0), quantile_cont(h, 0.5), quantile_cont("
            f"h, 0.9) from (select {_hours(begun.name, end.name)} as h from rows)",
        )
        both = f"'{begun.said}' to '{end.said}'"
        if backwards > LATE * n:
            share = wording.number(backwards / n, "share")
            refused.append(
                f"from {both}: {backwards:,} of {n:,} rows ({share}) end before they begin, so "
                "that these columns mean something else"
            )
        elif n:
            open_ = wording.number(1 - n / looked.n, "share")
            yield Proposed(
                f"time_to_{end.name}",
                f"{both} runs forwards in all but {backwards:,} of {n:,} rows; {open_} have no "
                "end and count as waiting; the target is the next round one over the median",
                _took(f"From {begun.said} to {end.said}", begun.name, end.name, half, slow),
            )


def _hours(begun: str, ended: str) -> str:
    """Return SQL for the hours between two dates."""
    stamps = (f"cast({name} as timestamp)" for name in (begun, ended))
    return f"date_diff('second', {', '.join(stamps)}) / 3600.0"


def _took(title: str, begun: str, ended: str, half: float, slow: float) -> Said:
    """Return a duration whose target is near its median."""
    return {
        "title": title,
        "kind": "duration",
        "unit": "hours" if half < 72 else "days",
        "better": "lower",
        "from": begun,
        "to": ended,
        "target": next((hours for hours in HOURS if hours >= half), HOURS[-1]),
        "mature_after": min(MATURE, max(1, round(slow / 24 + 0.5))),
        "definition": f"{title}; rows without an end count as waiting.",
    }


def _of_cases(looked: Looked, roles: Roles) -> Iterator[Proposed]:
    """Propose how many different cases a log is about, and how long one took."""
    case, clock = roles.entity, roles.clock.name
    if case is None:
        return
    each = wording.number(looked.n / case.distinct, "score")
    yield Proposed(
        "different_cases",
        f"'{case.said}' has {case.distinct:,} values with {each} rows each: steps of a case",
        {
            "title": f"Different {case.said}",
            "kind": "distinct",
            "unit": "count",
            "better": "band",
            "numerator": case.name,
            "definition": f"How many different {case.said} the rows of a period are about.",
        },
    )
    if clock not in [column.name for column in looked.of("moment")]:
        return
    half, slow = row(
        looked,
        "select quantile_cont(h, 0.5), quantile_cont(h, 0.9) from (select "
        f"{_hours(f'min({clock})', f'max({clock})')} as h from rows group by {case.name})",
    )
    title = f"First to last row of a {case.said}"
    took = _took(title, "first_at", "last_at", half, slow)
    definition = f"From the first row to the last of each {case.said}, by the day of the first."
    yield Proposed(
        "time_in_progress",
        "how long a case goes on; nothing says that it ended, and young ones look short: they "
        "wait mature_after days, in which nine in ten had their last row",
        {**took, "clock": "first_at", "definition": definition},
        of_cases=True,
    )


def _ratings(looked: Looked) -> Iterator[Proposed]:
    """Propose shares of good answers, an overall rating first."""
    found = []
    for column in looked.of("number"):
        if not column.whole or column.distinct > FEW + 1 or is_no_measure(column):
            continue
        if (scale := _scale(looked, column)) is not None:
            found.append((column, *scale))
    found.sort(key=lambda one: (not OVERALL.search(one[0].name), -one[3]))
    for column, low, high, valid, codes in found:
        top = f"{high - 1} or {high}"
        share = wording.number(valid, "share")
        why = f"whole numbers, {share} of them {low} to {high}: read as a rating"
        if codes:
            why += f". CHECK: {some(codes)} beside it are taken for no answer"
        yield ratio(
            f"good_{column.name}",
            why,
            (
                f"{column.name} in ({high - 1}, {high})",
                f"{column.name} between {low} and {high}",
            ),
            title=f"{column.said}: {top} of {high}",
            definition=f"Answers of {top}, of all from {low} to {high}.",
            better="higher",
        )


def _scale(looked: Looked, column: Column) -> tuple[int, int, float, list[int]] | None:
    """Return lowest and highest answer, the share of answers in between, and further codes."""
    rows = looked.rows.group_by(column.name).agg(n=looked.rows.count()).to_pandas().dropna()
    counts = {int(v): int(n) for v, n in zip(rows[column.name], rows["n"], strict=True)}
    for high in SCALES:
        low = 0 if high == 10 and counts.get(0) else 1
        inside = {value for value in counts if low <= value <= high}
        codes = set(counts) - inside
        if high == 5 and 6 in codes and 0 not in codes:
            continue  # 1 to 6 without a 0 is a scale of six
        if codes <= CODES | {high + 1} and len(inside) >= 4 and high in inside:
            valid = sum(counts[value] for value in inside) / sum(counts.values())
            return low, high, valid, sorted(codes)
    return None


def _flags(looked: Looked) -> Iterator[Proposed]:
    """Propose shares of yes."""
    for column in looked.of("flag"):
        if column.distinct > 1 and column.filled > 0.5:
            yield ratio(
                f"share_{column.name}",
                f"yes or no in {wording.number(column.filled, 'share')} of rows",
                (column.name, f"{column.name} is not null"),
                title=column.said,
                definition=f"Rows where {column.said} is yes, of those that say.",
            )


def _means(looked: Looked) -> Iterator[Proposed]:
    """Propose means of what is measured in numbers."""
    for column in looked.of("seconds", "number"):
        counter = column.whole and column.distinct == looked.n
        wide = column.distinct > FEW and column.filled > 0.5
        if wide and not counter and not is_no_measure(column):
            yield ratio(
                f"mean_{column.name}",
                f"a number in {wording.number(column.filled, 'share')} of rows",
                (column.name, f"{column.name} is not null"),
                title=f"{column.said}, mean",
                definition=f"Mean {column.said} of the rows that have one.",
                unit=sums.UNITS[column.kind],
            )


def _commonest(looked: Looked, roles: Roles) -> Iterator[Proposed]:
    """Propose the share of the commonest value of each dimension."""
    for dimension in roles.dimensions:
        column = next(c for c in looked.columns if c.name == dimension.name)
        if column.kind != "text":
            continue
        (value,) = row(looked, f"select mode({column.name}) from rows")
        literal = "'" + str(value).replace("'", "''") + "'"
        yield ratio(
            f"share_of_commonest_{column.name}",
            f"the commonest of {column.distinct} values",
            (f"{column.name} = {literal}", f"{column.name} is not null"),
            title=f"{column.said}: {value}",
            definition=f"Rows whose {column.said} is {value}, of those that say.",
        )
