"""Each fault's whole sentence, with its file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from insights import pack
from insights.errors import ParamError

Faults = Callable[..., list[str]]

METRIC_KEYS = (
    "title, kind, table, unit, better, owner, definition, clock, clock_is, numerator, "
    "denominator, mirror, poststratify, from, to, target, hours, quantile, snapshot, "
    "mature_after, delay, dimensions, guards, breaks, comparable, sentence."
)
GOOD = {
    "table": "tickets", "title": "T", "kind": "count", "unit": "count", "better": "higher",
    "owner": "Ana", "definition": "D", "clock": "day", "dimensions": "[queue, market]",
}  # fmt: skip


def metrics(name: str = "csat", without: str = "", **fields: str) -> str:
    lines = [f"    {k}: {v}" for k, v in (GOOD | fields).items() if k != without]
    return "\n".join(["metrics:", f"  {name}:", *lines, ""])


def test_a_good_pack_has_no_fault(faults: Faults) -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (metrics(better="sideways"), "7: metric 'csat': better is 'sideways'; "
         "it must be higher, lower or band"),
        (metrics(better="highr"), "7: metric 'csat': better is 'highr'; "
         "it must be higher, lower or band; did you mean 'higher'?"),
        (metrics(numerater="score >= 4"), "12: metric 'csat': unknown key 'numerater'; "
         f"did you mean 'numerator'? It may hold {METRIC_KEYS}"),
        (metrics(xyz="1"), f"12: metric 'csat': unknown key 'xyz'; it may hold {METRIC_KEYS}"),
        (metrics(quantile="0.8"), "2: metric 'csat': quantile is 0.8; it must be 0.5 or 0.9"),
        (metrics(quantile="0.9"), "2: metric 'csat': only a duration has a quantile"),
        (metrics(poststratify="[queue]", unit="score"),
         "2: metric 'csat': only a ratio that is a share can have poststratify"),
        (metrics(without="owner"), "2: metric 'csat' lacks owner"),
        (metrics(without="owner", ownr="Ana"), "11: metric 'csat': unknown key 'ownr'; "
         f"did you mean 'owner'? It may hold {METRIC_KEYS}"),
        (metrics(owner=""), "8: metric 'csat': owner is empty; it must be text"),
        (metrics(numerator="1"), "12: metric 'csat': numerator is 1; "
         "it must be text: quote it"),
        (metrics(kind="ratio"), "2: metric 'csat': a ratio needs numerator and denominator"),
        (metrics(denominator="x"), "2: metric 'csat': a count has no denominator"),
        (metrics(mature_after="-1"), "12: metric 'csat': mature_after is -1; "
         "it must be at least 0"),
        (metrics(mature_after="1.5"), "12: metric 'csat': mature_after is 1.5; "
         "it must be a whole number"),
        (metrics(dimensions="queue"), "11: metric 'csat': dimensions is 'queue'; "
         "it must be a list"),
        (metrics(dimensions="[queue, 3]"), "11: metric 'csat': dimensions item 2 is 3; "
         "it must be text: quote it"),
        (metrics(breaks="[{date: 2025-13-01, why: new form}]"), "12: metric 'csat': "
         "breaks item 1: date is '2025-13-01'; it must be a date such as 2025-07-01"),
        (metrics(breaks="[{date: 2025-01-01}]"), "12: metric 'csat': breaks item 1 lacks why"),
        (metrics(sentence="'{subjct} had {value}'"), "12: metric 'csat': sentence: "
         "unknown word {subjct}; a sentence may hold {subject}, {period} and {value}"),
        (metrics(table="tickts"), "3: metric 'csat': unknown table 'tickts'; "
         "did you mean 'tickets'? There are tickets."),
        (metrics(guards="[csta]"), "12: metric 'csat': guards: unknown metric 'csta'; "
         "did you mean 'csat'? There are csat."),
        (metrics(delay="wait"), "12: metric 'csat': delay: unknown metric 'wait'; "
         "there are csat."),
        (metrics(name="CSAT"), "2: metric name 'CSAT' is not allowed; "
         "it may hold lower-case letters, digits and _, a letter first"),
        (metrics(title="x" * 70), None),
        (metrics(unit="x" * 70), f"6: metric 'csat': unit is '{'x' * 56}...; it must be "
         "count, share, seconds, minutes, hours, days or score"),
        ("metrics:\n  csat: 3\n", "2: metric 'csat' is 3; it must be a mapping"),
        ("metrics: [csat]\n", "1: metrics is a list; it must be a mapping by name"),
        ("metric: {}\n", "1: unknown key 'metric'; did you mean 'metrics'? "
         "It may hold defaults, metrics."),
        ("", "1: it names no metrics; a pack needs at least one metric"),
        (metrics() + "defaults: 3\n", "12: defaults is 3; "
         "it must be a mapping of keys of a metric"),
    ],
)  # fmt: skip
def test_metrics_say_what_is_wrong(faults: Faults, text: str, fault: str | None) -> None:
    expected = [] if fault is None else [f"params/desk/metrics.yaml:{fault}"]
    assert faults(metrics=text) == expected


@pytest.mark.parametrize(
    ("stem", "text", "fault"),
    [
        ("pack", "title: 3\n", "1: pack: title is 3; it must be text: quote it"),
        ("pack", "title: A\nmin_group: 0\n", "2: pack: min_group is 0; it must be at least 1"),
        ("pack", "title: A\ntimezone: Europe/Dubln\n", "2: pack: timezone: 'Europe/Dubln' "
         "is not a time zone; did you mean 'Europe/Dublin'?"),
        ("pack", "title: A\ntimezone: '?'\n", "2: pack: timezone: '?' "
         "is not a time zone; use a name such as 'Europe/Dublin'"),
        ("pack", "title: A\nsubject: markt\n", "2: pack: subject: unknown dimension 'markt'; "
         "did you mean 'market'? There are queue, market."),
        ("pack", "title: A\npeers: {dimension: markt}\n", "2: pack: peers: "
         "unknown dimension 'markt'; did you mean 'market'? There are queue, market."),
        ("pack", "title: A\nwhere:\n  markt: NO\n", "3: pack: where: "
         "unknown dimension 'markt'; did you mean 'market'? There are queue, market."),
        ("pack", "title: A\nwhere:\n  market: 12\n", "3: pack: where: market is 12; "
         "it must be text: quote it"),
        ("pack", "title: A\nwhere: {market: 2025-01-01}\n", "2: pack: where: "
         "market is 2025-01-01; it must be text: quote it"),
        ("source", "tables:\n  tickets: {row: a, path: b, sql: c}\n", "2: table 'tickets': "
         "give exactly one of path, sql and table"),
        ("source", "conection: x\ntables:\n  tickets: {row: a, path: b}\n", "1: source: "
         "unknown key 'conection'; did you mean 'connection'? It may hold connection, tables."),
        ("goals", "goals:\n  g: {metric: csat, rationale: r, target: ninety}\n",
         "2: goal 'g': target is 'ninety'; it must be a number"),
        ("goals", "goals:\n  g: {metric: csat, rationale: r, target: true}\n",
         "2: goal 'g': target is true; it must be a number"),
        ("goals", "goals:\n  g: {metric: csat, rationale: r, target: '1'}\n",
         "2: goal 'g': target is '1'; it must be a number"),
        ("goals", "goals:\n  g: {metric: csat, rationale: r, target: .inf}\n",
         "2: goal 'g': target is inf; it must be a number"),
        ("goals", "goals:\n  g: {metric: csat, rationale: r}\n",
         "2: goal 'g': give either a target, or low and high"),
        ("goals", "goals:\n  g: {metric: csat, rationale: r, low: 1, high: 2}\n",
         "2: goal 'g': 'csat' is better higher; give a target, not low and high"),
        ("goals", "goals:\n  g: {metric: csta, rationale: r, target: 1}\n", "2: goal 'g': "
         "unknown metric 'csta'; did you mean 'csat'? There are csat, tickets."),
        ("goals", "goals:\n  g: {metric: csat, rationale: r, target: 1, benchmark: 3}\n",
         "2: goal 'g': benchmark is 3; it must be a mapping"),
        ("goals", "goals:\n  g: {metric: csat, rationale: r, target: 1, where: {quue: a}}\n",
         "2: goal 'g': where: unknown dimension 'quue'; did you mean 'queue'? "
         "There are queue, market."),
        ("goals", "goals:\n  a/b: {metric: csat, rationale: r, target: 1}\n", "2: goal name "
         "'a/b' is not allowed; it may hold lower-case letters, digits, _ and -"),
        ("goals", "g: {metric: csat, rationale: r, target: 1}\n",
         "1: unknown key 'g'; it may hold goals."),
        ("actions", "actions:\n  a: {metric: x, when: below, do: act, within_days: 2}\n",
         "2: action 'a': unknown metric 'x'; there are csat, tickets."),
        ("events", "events:\n  e: {title: E, kind: holiday, start: 2025-02-01, "
         "end: 2025-01-01}\n",
         "2: event 'e': its end 2025-01-01 is before its start 2025-02-01"),
        ("events", "events:\n  e: {title: E, kind: holiday, start: soon}\n",
         "2: event 'e': start is 'soon'; it must be a date such as 2025-07-01"),
        ("events", "events:\n  e: {title: E, kind: launch, start: 2025-02-01, "
         "where: {x: y}}\n",
         "2: event 'e': where: unknown dimension 'x'; there are queue, market."),
        ("readouts", "readouts:\n  r: {notebook: 2_what_change}\n", "2: readout 'r': "
         "unknown notebook '2_what_change'; did you mean '2_what_changed'? "
         "There are 2_what_changed."),
        ("readouts", "readouts:\n  r: {notebook: ../secret}\n", "2: readout 'r': "
         "unknown notebook '../secret'; there are 2_what_changed."),
        ("readouts", "readouts:\n  r:\n    notebook: 2_what_changed\n    parameters:\n"
         "      weak: 2025-01-06\n", "5: unknown parameter 'weak' for 2_what_changed.ipynb; "
         "did you mean 'week'? It declares pack, week, metric, weeks, level, markets."),
        ("readouts", "readouts:\n  r: {notebook: 2_what_changed, parameters: {weeks: ten}}\n",
         "2: readout 'r': parameter 'weeks' is 'ten'; it must be a whole number"),
        ("readouts", "readouts:\n  r: {notebook: 2_what_changed, where: {quue: a}}\n",
         "2: readout 'r': where: unknown dimension 'quue'; did you mean 'queue'? "
         "There are queue, market."),
        ("readouts", "readouts:\n  r: {notebook: 2_what_changed, matrix: {quue: all}}\n",
         "2: readout 'r': matrix: 'quue' is neither a dimension of a metric nor a parameter of "
         "2_what_changed.ipynb; did you mean 'queue'? There are market, queue, pack, week, "
         "metric, weeks, level, markets."),
        ("readouts", "readouts:\n  r: {notebook: 2_what_changed, matrix: {weeks: [ten]}}\n",
         "2: readout 'r': matrix: parameter 'weeks' is 'ten'; it must be a whole number"),
        ("readouts", "readouts:\n  r: {notebook: 2_what_changed, matrix: {queue: al}}\n",
         "2: readout 'r': matrix: queue is 'al'; it must be all or a list of values"),
        ("readouts", "readouts:\n  r: {notebook: 2_what_changed, matrix: {queue: [a, 2]}}\n",
         "2: readout 'r': matrix: queue item 2 is 2; it must be text: quote it"),
        ("metric", "", "1: unknown file; did you mean 'metrics.yaml'? A pack holds pack.yaml, "
         "source.yaml, metrics.yaml, goals.yaml, actions.yaml, events.yaml, drivers.yaml, "
         "plans.yaml, readouts.yaml"),
        ("zzz", "", "1: unknown file; a pack holds pack.yaml, source.yaml, metrics.yaml, "
         "goals.yaml, actions.yaml, events.yaml, drivers.yaml, plans.yaml, readouts.yaml"),
        ("goals", "- a\n", "1: the file holds a list; it must be a mapping (key: value)"),
        ("goals", "text\n", "1: the file holds 'text'; it must be a mapping (key: value)"),
        ("pack", None, "1: this file is missing; every pack has one"),
        ("source", None, "1: this file is missing; every pack has one"),
        ("metrics", None, "1: this file is missing; every pack has one"),
    ],
)  # fmt: skip
def test_other_files_say_what_is_wrong(
    faults: Faults, stem: str, text: str | None, fault: str
) -> None:
    assert faults(**{stem: text}) == [f"params/desk/{stem}.yaml:{fault}"]


def test_a_goal_may_only_narrow_by_dimensions_of_its_own_metric(faults: Faults) -> None:
    both = metrics() + metrics("tickets", dimensions="[queue]").partition("\n")[2]
    goal = "goals:\n  g: {metric: tickets, rationale: r, target: 1, where: {market: NO}}\n"
    assert faults(metrics=both, goals=goal) == [
        "params/desk/goals.yaml:2: goal 'g': where: metric 'tickets' has no dimension "
        "'market'; its dimensions are queue."
    ]


def test_a_file_with_another_ending_is_a_fault(write: Callable[..., Path]) -> None:
    folder = write()
    (folder / "goals.yml").write_text("goals: {}\n")
    (folder / "notes.md").write_text("not ours\n")
    assert [str(fault) for fault in pack.read(folder).faults] == [
        "params/desk/goals.yml:1: unknown file; did you mean 'goals.yaml'? A pack holds "
        "pack.yaml, source.yaml, metrics.yaml, goals.yaml, actions.yaml, events.yaml, "
        "drivers.yaml, plans.yaml, readouts.yaml"
    ]


def test_empty_optional_files_are_fine(faults: Faults) -> None:
    assert faults(goals="", actions="# none yet\n", events="events:\n", readouts="---\n") == []


def test_a_mistake_under_defaults_is_reported_once_and_there(faults: Faults) -> None:
    text = "defaults:\n  ownr: Ana\n" + metrics() + metrics("two").partition("\n")[2]
    assert faults(metrics=text) == [
        "params/desk/metrics.yaml:2: defaults: unknown key 'ownr'; did you mean 'owner'? "
        f"It may hold {METRIC_KEYS}"
    ]


def test_eight_faults_in_one_pack_are_reported_at_once(faults: Faults) -> None:
    found = faults(
        pack="title: Desk\nsubject: qeue\n",
        source="tables:\n  tickets: {path: a.csv}\n",
        metrics=metrics(table="tickts", better="up", guards="[nps]"),
        goals="goals:\n  g: {metric: csta, target: high, rationale: r}\n",
        events="events:\n  e: a: b\n",
    )
    assert found == [
        "params/desk/events.yaml:2: not YAML: a second ': ' in one value; "
        "put the value in quotes",
        "params/desk/goals.yaml:2: goal 'g': target is 'high'; it must be a number",
        "params/desk/goals.yaml:2: goal 'g': unknown metric 'csta'; did you mean 'csat'? "
        "There are csat.",
        "params/desk/metrics.yaml:3: metric 'csat': unknown table 'tickts'; "
        "did you mean 'tickets'? There are tickets.",
        "params/desk/metrics.yaml:7: metric 'csat': better is 'up'; "
        "it must be higher, lower or band",
        "params/desk/metrics.yaml:12: metric 'csat': guards: unknown metric 'nps'; "
        "there are csat.",
        "params/desk/pack.yaml:2: pack: subject: unknown dimension 'qeue'; "
        "did you mean 'queue'? There are queue, market.",
        "params/desk/source.yaml:2: table 'tickets' lacks row",
    ]


def test_load_lists_every_fault_one_a_line(write: Callable[..., Path]) -> None:
    write(pack="titel: Desk\n", goals="goals: 3\n")
    with pytest.raises(ParamError) as raised:
        pack.load("desk")
    assert str(raised.value) == (
        "params/desk/goals.yaml:1: goals is 3; it must be a mapping by name\n"
        "params/desk/pack.yaml:1: pack: unknown key 'titel'; did you mean 'title'? It may hold "
        "title, extends, timezone, week_starts, subject, where, min_group, peers, "
        "holidays, hours, attribution."
    )


def test_a_notebook_that_cannot_be_read_is_one_fault(
    house: Path, write: Callable[..., Path]
) -> None:
    (house / "notebooks" / "9_broken.ipynb").write_text("{")
    write(readouts="readouts:\n  a: {notebook: 9_broken}\n  b: {notebook: 9_broken}\n")
    assert [str(fault) for fault in pack.read("desk").faults] == [
        "notebooks/9_broken.ipynb:1: it cannot be read as a notebook"
    ]


def test_a_fault_is_one_line_whatever_a_key_holds(faults: Faults) -> None:
    assert faults(goals='"a\\nb": 1\n') == [
        "params/desk/goals.yaml:1: unknown key 'a b'; it may hold goals."
    ]


def test_a_fault_outside_the_root_shows_its_whole_path(tmp_path: Path) -> None:
    assert (
        str(pack.Fault(Path("/elsewhere/pack.yaml"), 3, "odd")) == "/elsewhere/pack.yaml:3: odd"
    )
