"""What changed since the last readout: figures then and now, and past figures that differ."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs_root import MIME, executed

from insights.readout import page, since
from insights.runs import catalog, publish
from insights.runs.engine import Job, Outcome
from insights.runs.manifest import Manifest, Run
from insights.runs.publish import Publisher
from insights.runs.secrets import Secrets

NB = "\u00a0"
WEEKS = ["2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"]
FIRST = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


def reading(value: float | None, week: int = 1, **fields: Any) -> dict[str, Any]:
    """Return the figure of one week, with that of the weeks before."""
    past = fields.pop("past", {})
    return {
        "key": "delay",
        "title": "Filing delay",
        "unit": "days",
        "kind": "range",
        "grain": "week",
        "period": WEEKS[week],
        "value": value,
        "lower": 40.0,
        "upper": 50.0,
        "news": False,
        "past": [[WEEKS[at], old] for at, old in past.items()],
        **fields,
    }


def run(*readings: dict[str, Any], week: int = 1) -> dict[str, Any]:
    return {
        "run_id": f"r{week}",
        "started_at": (FIRST + timedelta(weeks=week)).isoformat(),
        "as_of": WEEKS[week],
        "readings": list(readings),
    }


def step(then: dict[str, Any], now: dict[str, Any]) -> since.Step:
    last = run(then, week=1)
    found = since.compare(run(now, week=2), last, last)
    assert found is not None
    (one,) = found.steps
    return one


@pytest.mark.parametrize(
    ("then", "now", "news", "verdict", "clear"),
    [
        (45, 49.9, False, f"no clear change: within the usual 40.0{NB}d to 50.0{NB}d", False),
        (45, 50.1, True, f"yes: above the usual 40.0{NB}d to 50.0{NB}d", True),
        (45, 39.9, True, f"yes: below the usual 40.0{NB}d to 50.0{NB}d", True),
        (45, 50.1, False, f"not clearly: above the usual 40.0{NB}d to 50.0{NB}d, "
         "which chance alone may bring", False),
        (51, 52, True, f"as before: still above the usual 40.0{NB}d to 50.0{NB}d", False),
        (51, 39, True, f"yes: below the usual 40.0{NB}d to 50.0{NB}d", True),
        (51, 45, True, f"back within the usual 40.0{NB}d to 50.0{NB}d", False),
    ],
)  # fmt: skip
def test_a_figure_has_moved_where_it_left_the_earlier_range_and_is_news_on_its_page(
    then: float, now: float, news: bool, verdict: str, clear: bool
):
    found = step(reading(then), reading(now, 2, news=news, lower=0.0, upper=99.0))
    assert (found.verdict, found.clear) == (verdict, clear)
    assert (found.then, found.now) == (then, now)


def test_a_forecast_has_moved_where_it_left_the_range_given_with_it():
    kind = {"kind": "forecast", "news": True}
    assert step(reading(45, **kind), reading(51, 2, **kind)).verdict == (
        f"yes: above the 80{NB}% range then, 40.0{NB}d to 50.0{NB}d"
    )
    assert not step(reading(45, **kind), reading(49, 2, **kind)).clear


def test_without_a_range_nothing_is_judged():
    found = step(reading(45, lower=None, upper=None), reading(99, 2, news=True))
    assert (found.verdict, found.clear) == ("no range to judge it by", None)


def test_estimates_are_judged_by_the_interval_of_their_difference():
    """By hand: 0.30 ± 0.04 against 0.20 ± 0.03 differ by 0.10 ± sqrt(0.04² + 0.03²) = 0.05."""
    kind = {"kind": "interval", "unit": "share"}
    then = reading(0.20, lower=0.17, upper=0.23, **kind)
    now = reading(0.30, 2, lower=0.26, upper=0.34, **kind)
    found = step(then, now)
    assert found.clear
    assert found.verdict == f"yes: the difference is +5.0{NB}points to +15.0{NB}points"
    near = step(then, now | {"value": 0.24, "lower": 0.20, "upper": 0.28})
    assert not near.clear
    assert near.verdict == (
        f"no clear change: the difference is −1.0{NB}points to +9.0{NB}points"
    )
    none = step(then | {"lower": None}, now)
    assert (none.verdict, none.clear) == ("no interval to judge it by", None)


def test_many_estimates_are_judged_together():
    """Dunn (1961): for two at 95 % the half-width is 2.2414 / 1.9600 of that for one."""
    kind = {"kind": "interval", "unit": "share"}
    one = reading(0.20, lower=0.17, upper=0.23, **kind)
    two = reading(0.254, 2, lower=0.214, upper=0.294, **kind)
    alone = since.compare(run(two, week=2), run(one), run(one))
    others = one | {"key": "b"}, two | {"key": "b"}
    both = since.compare(run(two, others[1], week=2), run(one, others[0]), run(one, others[0]))
    assert alone is not None
    assert both is not None
    assert [s.clear for s in alone.steps] == [True]
    assert [s.clear for s in both.steps] == [False, False]


@given(
    st.floats(-5, 5), st.floats(-5, 5), st.floats(0.1, 3), st.floats(0.1, 3), st.integers(1, 9)
)
@settings(max_examples=50, deadline=None)
def test_the_interval_of_a_difference_is_the_same_read_from_either_side(
    a: float, b: float, x: float, y: float, tests: int
):
    def estimate(value: float, half: float, week: int) -> dict[str, Any]:
        bounds = {"lower": value - half, "upper": value + half}
        return reading(value, week, kind="change", unit="score", **bounds)

    forth = since._difference(estimate(b, y, 2), estimate(a, x, 1), tests)
    back = since._difference(estimate(a, x, 2), estimate(b, y, 1), tests)
    assert forth[1] == back[1]
    assert forth[1] <= (abs(a - b) >= max(x, y))


def test_a_past_figure_that_is_printed_otherwise_is_restated():
    last = run(reading(47.8, past={0: 45.02}))
    now = run(reading(46.0, 2, past={0: 45.04, 1: 48.1}), week=2)
    found = since.compare(now, last, last)
    assert found is not None
    ((one,), (moved,)) = (found.restated, found.steps)
    assert (one.period, one.was, one.now) == (WEEKS[1], 47.8, 48.1)  # 45.0 is still 45.0
    assert (moved.then, moved.now) == (47.8, 46.0)  # as the page said it then
    said = f"Since the week of 2{NB}November 2026: no clear change in 1 figure, 1 restated."
    assert found.record() == {
        "said": said,
        "last": "r1",
        "before": "r1",
        "moved": [],
        "restated": 1,
        "redefined": [],
    }
    text = re.sub(r"<[^>]+>", "", found.html())
    assert (
        f"Against the page of 9{NB}November 2026, 06:30 UTC, which showed the week of "
        f"2{NB}November 2026: no clear change in 1 figure."
    ) in text
    assert (
        f"Restated: 1 figure of a past period differs from the page of 9{NB}November 2026, "
        "06:30 UTC."
    ) in text
    assert f"Filing delay, week of 2{NB}November 2026: was 47.8{NB}d, is now 48.1{NB}d." in text


def test_the_same_period_again_is_a_restatement_and_its_change_is_from_the_period_before():
    before, last = run(reading(45.0)), run(reading(47.8, 2, past={1: 45.0}), week=2)
    now = run(reading(48.1, 2, past={1: 45.0}), week=2)
    found = since.compare(now, last, before)
    assert found is not None
    assert [(s.then, s.now) for s in found.steps] == [(45.0, 48.1)]
    assert [(r.was, r.now) for r in found.restated] == [(47.8, 48.1)]
    alone = since.compare(now, last, None)
    assert alone is not None
    assert alone.steps == ()
    assert alone.brief() == f"Since the page of 16{NB}November 2026: 1 restated."
    same = since.compare(last, last, None)
    assert same is not None
    assert (same.brief(), same.html()) == ("", "")


def test_a_past_figure_that_no_longer_stands_is_said():
    last = run(reading(47.8, past={0: 45.0}))
    found = since.compare(run(reading(46.0, 2, past={0: 45.0}), week=2), last, last)
    assert found is not None
    assert [(r.period, r.now) for r in found.restated] == [(WEEKS[1], None)]
    assert (
        f"<li>Filing delay, week of 2{NB}November 2026: was 47.8{NB}d, can no longer be given."
        in found.html()
    )
    refused = since.compare(run(reading(None, 2), week=2), last, last)
    assert refused is not None
    assert (refused.restated, refused.steps) == ((), ())  # the page says it is refused


def test_what_is_another_figure_by_now_is_not_held_against_the_old_one():
    last = run(reading(47.8, past={0: 45.0}))
    for changed in ({"unit": "hours"}, {"grain": "day"}, {"key": "other"}):
        found = since.compare(
            run(reading(1.0, 2, past={0: 9.0}, **changed), week=2), last, last
        )
        assert found is not None
        assert (found.steps, found.restated) == ((), ())
    assert since.compare(run(reading(1.0)), None, None) is None


def test_figures_that_nobody_can_judge_are_counted_apart():
    def both(week: int) -> list[dict[str, Any]]:
        ranged = {"key": "b"} if week == 1 else {"key": "b", "past": {}}
        return [reading(45, week, lower=None, upper=None), reading(45, week, **ranged)]

    last = run(*both(1))
    found = since.compare(run(*both(2), week=2), last, last)
    assert found is not None
    assert found.brief() == (
        f"Since the week of 2{NB}November 2026: no clear change in 1 figure, "
        "1 cannot be judged yet."
    )
    alone = run(both(1)[0])
    none = since.compare(run(both(2)[0], week=2), alone, alone)
    assert none is not None
    assert "none of 1 figure can be judged yet." in none.html()


def test_a_figure_that_is_made_otherwise_by_now_is_named_and_held_against_nothing():
    last = run(reading(47.8, made="a", past={0: 45.0}), reading(40, made="a", key="b"))
    now = [reading(9.0, 2, made="b", past={0: 8.0}), reading(41, 2, made="a", key="b")]
    found = since.compare(run(*now, week=2), last, last)
    assert found is not None
    assert [step.reading["key"] for step in found.steps] == ["b"]
    assert found.restated == ()
    assert found.brief() == (
        f"Since the week of 2{NB}November 2026: no clear change in 1 figure, "
        "1 defined otherwise."
    )
    assert (
        f"<li>Defined otherwise than on the page of 9{NB}November 2026, 06:30 UTC, "
        "and not held against it: “Filing delay”.</li>"
    ) in found.html()


def test_those_that_moved_come_first_and_long_lists_are_cut_with_their_number():
    def many(week: int, value: float) -> list[dict[str, Any]]:
        moved = {"value": 60.0, "news": True} if week == 2 else {}
        past = {1: 44.0} if week == 2 else {}
        return [
            reading(value, week, past=past, key=str(n), title=f"F{n}")
            | (moved if n % 2 else {})
            for n in range(14)
        ]

    last = run(*many(1, 45.0))
    found = since.compare(run(*many(2, 46.0), week=2), last, last)
    assert found is not None
    assert found.record()["moved"] == ["1", "3", "5", "7", "9", "11", "13"]
    html = found.html()
    named = re.findall(r'<th role="rowheader" scope="row">(F\d+)</th>', html)
    assert named == ["F1", "F3", "F5", "F7", "F9", "F0", "F2", "F4"]
    assert "Not shown: 2 that moved and 4 without a clear change." in html
    assert "7 of 14 figures moved by more than noise." in html
    assert "Restated: 14 figures of past periods differ from the page of" in html
    assert html.count("<li>") == 7
    assert "<li>And 9 more.</li>" in html


def told(*readings: dict[str, Any], as_of: str) -> str:
    code = json.loads(executed(as_of=as_of))
    shown = {"block": "table", "readings": list(readings)}
    data = {"text/plain": "", "text/html": "<p>table</p>", MIME: shown}
    output = {"output_type": "display_data", "metadata": {}, "data": data}
    code["cells"][-1]["outputs"].append(output)
    return json.dumps(code)


def settle(
    out: Path, day: int, *readings: dict[str, Any], shows: str, **parameters: Any
) -> Manifest:
    publisher = Publisher(out, out.parent, Secrets({}), publish.renderer())
    when = FIRST + timedelta(days=day)
    job = Job("shop", "good", "Good", Path("/r/notebooks/1_good.ipynb"), parameters)
    made = Run(f"{when:%Y%m%dT%H%M%SZ}-00000{day % 10}", when)
    return publisher.settle(job, made, Outcome(told(*readings, as_of=shows), None, 0.1))


def last_page(out: Path) -> str:
    return (out / "shop" / "good" / "index.html").read_text()


def test_a_page_says_it_below_its_first_screen_and_the_list_in_a_line(tmp_path: Path):
    first = settle(tmp_path, 0, reading(45.0), shows=WEEKS[1])
    assert first["since"] is None
    assert "Since the last readout" not in last_page(tmp_path)
    second = settle(tmp_path, 7, reading(55.0, 2, news=True, past={1: 45.3}), shows=WEEKS[2])
    html = last_page(tmp_path)
    assert html.index("<h1>") < html.index("Since the last readout") < html.index("</main>")
    assert f"yes: above the usual 40.0{NB}d to 50.0{NB}d" in html
    assert f"was 45.0{NB}d, is now 45.3{NB}d." in html
    kept = tmp_path / "shop" / "good" / "runs" / second["run_id"] / "index.html"
    assert kept.read_text() == html
    assert second["since"]["before"] == first["run_id"]
    said = f"Since the week of 2{NB}November 2026: 1 of 1 figure moved, 1 restated."
    assert second["since"]["said"] == said
    assert f"<small>{said}</small>" in page.index([second, first])
    failed = second | {"status": "failed", "started_at": "2027-01-01T00:00:00+00:00"}
    assert said not in page.index([failed, second, first])


def test_it_is_held_against_runs_of_the_same_making_only(tmp_path: Path):
    first = settle(tmp_path, 0, reading(45.0), shows=WEEKS[1], span=4, as_of=WEEKS[1])
    settle(tmp_path, 1, reading(99.0), shows=WEEKS[1], span=13)
    third = settle(tmp_path, 8, reading(46.0, 2), shows=WEEKS[2], span=4)
    assert third["since"]["last"] == first["run_id"]
    fourth = settle(tmp_path, 9, reading(46.0, 2), shows=WEEKS[2], span=4)
    assert (fourth["since"]["last"], fourth["since"]["before"]) == (
        third["run_id"],
        first["run_id"],
    )


def test_a_rerun_of_the_past_says_nothing_of_what_is_new(tmp_path: Path):
    settle(tmp_path, 0, reading(45.0, 2), shows=WEEKS[2])
    past = settle(tmp_path, 1, reading(40.0), shows=WEEKS[1], as_of=WEEKS[1])
    assert (past["stands"], past["since"]) == (False, None)
    later = settle(tmp_path, 2, reading(46.0, 3), shows=WEEKS[3])
    assert later["since"]["before"] != past["run_id"]


def test_a_manifest_whose_figures_are_of_another_shape_is_reported_and_left_out(tmp_path: Path):
    kept = settle(tmp_path, 0, reading(45.0), shows=WEEKS[1])
    file = tmp_path / "shop" / "good" / "runs" / kept["run_id"] / "manifest.json"
    place = file.relative_to(tmp_path).as_posix()
    for change in ({"readings": [{"key": "a"}]}, {"readings": 3}, {"since": "x"}, {"due": 1}):
        file.write_text(json.dumps(kept | change))
        (wrong,) = change
        assert catalog.read(tmp_path) == (
            [],
            [f"{place} is left out: its '{wrong}' is missing or of another kind"],
        )
    old = {k: v for k, v in kept.items() if k not in ("readings", "since", "due")}
    file.write_text(json.dumps(old))
    assert catalog.read(tmp_path) == ([old], [])
    assert settle(tmp_path, 7, reading(45.0, 2), shows=WEEKS[2])["status"] == "published"


def test_hostile_titles_are_text(tmp_path: Path):
    title = "<script>alert(1)</script>"
    settle(tmp_path, 0, reading(45.0, title=title), shows=WEEKS[1])
    settle(tmp_path, 7, reading(46.0, 2, title=title), shows=WEEKS[2])
    assert "&lt;script&gt;alert(1)" in last_page(tmp_path)
    assert "<script" not in last_page(tmp_path)
