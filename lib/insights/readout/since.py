"""What changed since the last readout? Figures then and now, and past ones that differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import NormalDist
from typing import Any

from markupsafe import Markup

from insights import wording
from insights.readout import fragments

Reading = Mapping[str, Any]  # see `readings`

RANGES = {"range": "the usual", "forecast": f"the 80{wording.NBSP}% range then,"}
MOST_MOVED, MOST_QUIET = 5, 3  # figures then and now that are shown
MOST_NAMED = 5  # past figures that are named


@dataclass(frozen=True, slots=True)
class Step:
    """One figure, then and now."""

    reading: Reading
    then: float
    now: float
    verdict: str  # what of it is more than noise, in words
    clear: bool | None  # whether it is; None: nobody can tell


@dataclass(frozen=True, slots=True)
class Restated:
    """A figure for a period that an earlier page showed otherwise."""

    reading: Reading
    period: str
    was: float
    now: float | None  # None: it can no longer be given


@dataclass(frozen=True, slots=True)
class Since:
    """What a run says that earlier ones did not."""

    before: Mapping[str, Any] | None  # the last good run of an earlier period
    last: Mapping[str, Any]  # the last good run of any period
    steps: tuple[Step, ...]
    restated: tuple[Restated, ...]
    redefined: tuple[str, ...] = ()  # figures that mean something else than on the last page

    def brief(self) -> str:
        """Return it in one line, for the list of pages."""
        parts = [self._moved("moved")] if self.steps else []
        if self.restated:
            parts.append(f"{len(self.restated)} restated")
        if self.redefined:
            parts.append(f"{len(self.redefined)} defined otherwise")
        since = f"the page of {wording.day(_made(self.last).date())}"
        if self.steps and self.before is not None:
            since = _period_of(self.before, self.steps[0].reading["grain"])
        return f"Since {since}: {', '.join(parts)}." if parts else ""

    def record(self) -> dict[str, Any]:
        """Return what the run's manifest keeps of it."""
        return {
            "said": self.brief(),
            "last": self.last["run_id"],
            "before": self.before["run_id"] if self.before else None,
            "moved": [step.reading["key"] for step in self.steps if step.clear],
            "restated": len(self.restated),
            "redefined": list(self.redefined),
        }

    def html(self) -> Markup:
        """Return the section of the page; nothing where there is nothing to hold against."""
        if not (self.steps or self.restated or self.redefined):
            return Markup("")
        notes = [*self._restated(), *self._redefined()]
        return fragments.render("since", said=self._said(), rows=self._rows(), notes=notes)

    def _said(self) -> str:
        if not self.steps or self.before is None:
            return ""
        period = _period_of(self.before, self.steps[0].reading["grain"])
        against = f"Against the page of {_page_of(self.before)}, which showed {period}"
        return f"{against}: {self._moved('moved by more than noise')}."

    def _moved(self, words: str) -> str:
        """Return how many figures moved, of how many of which that can be told."""
        told = [step for step in self.steps if step.clear is not None]
        moved = sum(bool(step.clear) for step in told)
        of, left = wording.count(len(told), "figure"), len(self.steps) - len(told)
        if not told:
            return f"none of {wording.count(left, 'figure')} can be judged yet"
        said = f"{moved} of {of} {words}" if moved else f"no clear change in {of}"
        return f"{said}, {left} cannot be judged yet" if left else said

    def _rows(self) -> Markup:
        """Return the figures that moved, then the page's first ones."""
        if not self.steps:
            return Markup("")
        moved = [step for step in self.steps if step.clear]
        quiet = [step for step in self.steps if not step.clear]
        left = [len(moved[MOST_MOVED:]), len(quiet[MOST_QUIET:])]
        said = [f"{left[0]} that moved"] if left[0] else []
        said += [f"{left[1]} without a clear change"] if left[1] else []
        note = f"Not shown: {wording.listing(said)}." if said else ""
        return fragments.table(
            ["Figure", "Then", "Now", "Is it more than noise?"],
            [_row(step) for step in (*moved[:MOST_MOVED], *quiet[:MOST_QUIET])],
            "Figures then and now",
            note,
        )

    def _restated(self) -> list[str]:
        """Return what is restated, a sentence each, and how many more there are."""
        if not self.restated:
            return []
        n = wording.count(len(self.restated), "figure of a past period differs",
                          "figures of past periods differ")  # fmt: skip
        said = [f"Restated: {n} from the page of {_page_of(self.last)}."]
        said += [_sentence(one) for one in self.restated[:MOST_NAMED]]
        left = len(self.restated) - MOST_NAMED
        return [*said, f"And {left} more."] if left > 0 else said

    def _redefined(self) -> list[str]:
        """Return which figures cannot be held against the last page's, and why."""
        if not self.redefined:
            return []
        names = wording.listing([f"“{name}”" for name in self.redefined[:MOST_NAMED]])
        left = len(self.redefined) - MOST_NAMED
        more = f" and {left} more" if left > 0 else ""
        than = f"Defined otherwise than on the page of {_page_of(self.last)}"
        return [f"{than}, and not held against it: {names}{more}."]


def compare(
    now: Mapping[str, Any], last: Mapping[str, Any] | None, before: Mapping[str, Any] | None
) -> Since | None:
    """Hold a run's figures against those of earlier runs of the same readout.

    Parameters
    ----------
    now
        The manifest of the run to publish.
    last
        That of the last good run, whatever period it shows; None: this is the first.
    before
        That of the last good run of an earlier period, which may be the same one.

    Returns
    -------
    Since or None
        A figure of a new period moved by more than noise where it left the usual range that the
        earlier page gave, and the page judges it to be news among all its figures; a forecast,
        where it left the 80 % range given then; an estimate with an interval, where the
        interval of the difference holds no 0, and those of all differences hold together at
        95 %. A figure of a period that the last page gave too is restated where it is printed
        otherwise. A figure that is made otherwise by now is held against nothing.

    Notes
    -----
    The difference of two estimates: Zou and Donner (2008), Statistics in Medicine 27(10):
    1693-1702, which takes them for independent; windows that overlap make it too wide. Many
    together: Dunn (1961), J. Am. Stat. Assoc. 56(293): 52-64.
    """
    if last is None:
        return None
    old = _by_key(last)
    restated = [r for one in _readings(now) for r in _restatements(one, old.get(one["key"]))]
    earlier = _by_key(before)
    pairs = [(one, earlier[one["key"]]) for one in _readings(now) if one["key"] in earlier]
    pairs = [(one, then) for one, then in pairs if _moves_on(one, then)]
    tests = sum(one["kind"] not in RANGES for one, _ in pairs)
    steps = tuple(_step(one, then, tests) for one, then in pairs)
    redefined = [one["title"] for one in _readings(now) if _is_redefined(one, old)]
    return Since(before, last, steps, tuple(restated), tuple(redefined))


def _readings(run: Mapping[str, Any] | None) -> list[Reading]:
    return list((run or {}).get("readings") or [])


def _by_key(run: Mapping[str, Any] | None) -> dict[str, Reading]:
    return {one["key"]: one for one in _readings(run)}


def _moves_on(now: Reading, then: Reading) -> bool:
    """Tell whether both pages have the figure, and the later one for a later period."""
    given = now["value"] is not None and then["value"] is not None
    return given and now["period"] > then["period"] and not _unlike(now, then)


def _step(now: Reading, then: Reading, tests: int) -> Step:
    """Return one figure beside that of the earlier page."""
    said, clear = (
        _in_range(now, then) if now["kind"] in RANGES else _difference(now, then, tests)
    )
    return Step(now, then["value"], now["value"], said, clear)


def _unlike(now: Reading, then: Reading) -> bool:
    alike = (now.get(name) == then.get(name) for name in ("unit", "kind", "grain", "made"))
    return not all(alike)


def _is_redefined(now: Reading, old: Mapping[str, Reading]) -> bool:
    return now["key"] in old and old[now["key"]].get("made") != now.get("made")


def _in_range(now: Reading, then: Reading) -> tuple[str, bool | None]:
    """Judge a figure by the range that the earlier page gave."""
    low, high = then["lower"], then["upper"]
    if low is None or high is None:
        return "no range to judge it by", None
    usual = f"{RANGES[now['kind']]} {wording.span(low, high, now['unit'])}"
    was, side = _side(then["value"], low, high), _side(now["value"], low, high)
    if not side:
        return (f"back within {usual}" if was else f"no clear change: within {usual}"), False
    if side == was:
        return f"as before: still {side} {usual}", False
    if now["news"]:
        return f"yes: {side} {usual}", True
    return f"not clearly: {side} {usual}, which chance alone may bring", False


def _side(value: float, low: float, high: float) -> str:
    return "above" if value > high else "below" if value < low else ""


def _difference(now: Reading, then: Reading, tests: int) -> tuple[str, bool | None]:
    """Judge two estimates by the interval of their difference, one of so many."""
    bounds = [one[end] for one in (now, then) for end in ("lower", "upper")]
    if any(bound is None for bound in bounds):
        return "no interval to judge it by", None
    gap, wider = now["value"] - then["value"], _widened(tests)
    below = math.hypot(now["value"] - now["lower"], then["upper"] - then["value"])
    above = math.hypot(now["upper"] - now["value"], then["value"] - then["lower"])
    low, high = gap - wider * below, gap + wider * above
    clear = low > 0 or high < 0
    ends = f"{wording.change(low, now['unit'])} to {wording.change(high, now['unit'])}"
    return f"{'yes' if clear else 'no clear change'}: the difference is {ends}", clear


def _widened(tests: int) -> float:
    """Return by how much 95 % intervals widen so that so many together hold at 95 % (Dunn)."""
    normal = NormalDist()
    return normal.inv_cdf(1 - 0.025 / max(tests, 1)) / normal.inv_cdf(0.975)


def _restatements(now: Reading, then: Reading | None) -> Iterator[Restated]:
    """Yield a figure's past periods that are printed otherwise than on the earlier page."""
    if then is None or _unlike(now, then) or now["value"] is None:
        return
    given, was = _periods(now), _periods(then)
    first = min(given, default=now["period"])
    for period in sorted(was, reverse=True):
        old, new = was[period], given.get(period)
        if new is None and first <= period <= now["period"]:
            yield Restated(now, period, old, None)
        elif new is not None and _printed(now, old, new) != _printed(now, new, old):
            yield Restated(now, period, old, new)


def _periods(one: Reading) -> dict[str, float]:
    """Return every figure that a reading holds, by period."""
    shown = {one["period"]: one["value"]} if one["value"] is not None else {}
    return {str(period): float(value) for period, value in one["past"]} | shown


def _printed(one: Reading, value: float, beside: float) -> str:
    """Return one of a reading's figures, with as many decimals as the one beside it."""
    if one["kind"] == "change":
        return wording.change(value, one["unit"])
    return wording.number(value, one["unit"], like=[beside])


def _row(step: Step) -> list[str]:
    one = step.reading
    then, now = _printed(one, step.then, step.now), _printed(one, step.now, step.then)
    return [str(one["title"]), then, now, step.verdict]


def _sentence(one: Restated) -> str:
    reading = one.reading
    period = wording.period(date.fromisoformat(one.period), reading["grain"])
    was = _printed(reading, one.was, one.was if one.now is None else one.now)
    now = "can no longer be given" if one.now is None else "is now " + _printed(
        reading, one.now, one.was
    )  # fmt: skip
    return f"{reading['title']}, {period}: was {was}, {now}."


def _period_of(run: Mapping[str, Any], grain: str) -> str:
    return wording.the_period(date.fromisoformat(run["as_of"]), grain)


def _made(run: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(run["started_at"])


def _page_of(run: Mapping[str, Any]) -> str:
    return wording.moment(_made(run))
