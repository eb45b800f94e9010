"""Packs from files: defaults, inheritance, places, secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from insights import pack
from insights.errors import ParamError

Write = Callable[..., Path]


def texts(name: str) -> list[str]:
    return [str(fault) for fault in pack.read(name).faults]


def test_a_good_pack_becomes_typed_models(write: Write) -> None:
    folder = write(
        goals="""\
            goals:
              better_csat:
                metric: csat
                target: 1
                by: 2025-12-31
                rationale: Peers are there.
                where: {market: "NO"}
                benchmark: {value: 0.8, source: S, comparable: no, as_of: 2025-01-01}
            """,
        readouts="""\
            readouts:
              what-changed:
                notebook: 2_what_changed
                parameters: {week: 2025-01-06, weeks: 8, level: 2, markets: [NO, SE]}
                matrix: {market: all, queue: [a, b]}
            """,
    )
    read = pack.load("desk")
    assert (read.name, read.folder, read.info.title) == ("desk", folder, "Helpdesk")
    assert read.metric("csat").owner == "Ana"
    assert read.metric("csat").breaks == ()
    assert read.dimensions == ["queue", "market"]
    goal = read.goals["better_csat"]
    assert (goal.target, goal.by, goal.where) == (1.0, date(2025, 12, 31), {"market": "NO"})
    assert goal.benchmark is not None and goal.benchmark.comparable == "no"
    readout = read.readouts["what-changed"]
    assert readout.parameters == {
        "week": "2025-01-06", "weeks": 8, "level": 2, "markets": ["NO", "SE"]
    }  # fmt: skip
    assert readout.matrix == {"market": "all", "queue": ["a", "b"]}


def test_countries_and_hours_survive_yaml(write: Write) -> None:
    write(pack="title: Desk\nwhere: {market: NO, queue: 12:30}\n")
    assert pack.load("desk").info.where == {"market": "NO", "queue": "12:30"}


def test_packs_and_drafts_are_frozen(write: Write) -> None:
    write()
    draft = pack.read("desk")
    assert draft.pack is not None
    with pytest.raises(ValidationError, match="Instance is frozen"):
        draft.pack.metrics["csat"].owner = "Bo"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Instance is frozen"):
        draft.pack.name = "other"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'pack'"):
        draft.pack = None  # type: ignore[misc]


def test_raw_has_the_defaults_under_each_metric_even_where_models_fail(write: Write) -> None:
    write(metrics="defaults: {owner: Ana, unit: count}\nmetrics: {a: {unit: shre}, b: 3}\n")
    draft = pack.read("desk")
    assert draft.pack is None
    assert draft.raw["metrics"]["metrics"] == {"a": {"owner": "Ana", "unit": "shre"}, "b": {}}
    assert draft.raw["source"]["tables"]["tickets"]["row"] == "one ticket"
    assert draft.raw["goals"] == {"goals": {}}


def test_a_null_in_a_metric_takes_a_default_away(write: Write) -> None:
    text = "defaults: {guards: [a]}\nmetrics: {a: {guards: null}, b: {}}\n"
    write(metrics=text)
    assert pack.read("desk").raw["metrics"]["metrics"] == {"a": {}, "b": {"guards": ["a"]}}


def test_a_path_without_a_place_gets_its_nearest_ancestors(write: Write) -> None:
    folder = write()
    draft = pack.read("desk")
    metrics = folder / "metrics.yaml"
    assert draft.at("metrics", "metrics", "csat", "numerator") == (metrics, 13)
    assert draft.at("metrics", "metrics", "csat", "owner") == (metrics, 3)
    assert draft.at("metrics", "metrics", "csat", "target") == (metrics, 7)
    assert draft.at("metrics", "metrics", "csat", "guards", 0) == (metrics, 15)
    assert draft.at("goals", "goals", "x") == (folder / "goals.yaml", 1)
    assert draft.at() == (folder / "pack.yaml", 1)
    fault = draft.fault("no such column", "metrics", "metrics", "csat", "numerator")
    assert str(fault) == "params/desk/metrics.yaml:13: no such column"


CHILD_METRICS = """\
metrics:
  tickets: null
  csat:
    guards: []
    numerator: score = 5
"""


def test_a_child_lies_over_its_parent_and_each_value_keeps_its_place(write: Write) -> None:
    parent = write("templates/base")
    child = write(
        "child", alone=True, pack="extends: base\ntitle: Child\n", metrics=CHILD_METRICS
    )
    draft = pack.read("child")
    assert [str(fault) for fault in draft.faults] == []
    assert draft.pack is not None
    assert (draft.pack.info.title, draft.pack.name) == ("Child", "child")
    assert list(draft.pack.metrics) == ["csat"]
    csat = draft.pack.metrics["csat"]
    assert (csat.numerator, csat.denominator) == ("score = 5", "score is not null")
    assert csat.guards == ()
    place = ("metrics", "metrics", "csat")
    assert draft.at(*place) == (child / "metrics.yaml", 3)
    assert draft.at(*place, "numerator") == (child / "metrics.yaml", 5)
    assert draft.at(*place, "denominator") == (parent / "metrics.yaml", 14)
    assert draft.at("source", "tables", "tickets") == (parent / "source.yaml", 3)


def test_a_fault_points_to_the_file_that_says_it(write: Write) -> None:
    write("base", goals="goals:\n  g: {metric: tickets, target: 1, rationale: r}\n")
    write("child", alone=True, pack="extends: base\n",
          metrics="metrics:\n  tickets: null\n  csat: {better: up, guards: []}\n")  # fmt: skip
    assert texts("child") == [
        "params/base/goals.yaml:2: goal 'g': unknown metric 'tickets'; there are csat.",
        "params/child/metrics.yaml:3: metric 'csat': better is 'up'; "
        "it must be higher, lower or band",
    ]


def test_removing_what_is_not_inherited_is_a_fault(write: Write) -> None:
    write("base")
    write("child", alone=True, pack="extends: base\n", metrics="metrics:\n  tikets: null\n")
    assert texts("child") == [
        "params/child/metrics.yaml:2: metric 'tikets' is empty, "
        "and nothing of that name is inherited; did you mean 'tickets'?"
    ]


def test_a_pack_may_extend_a_template_of_its_own_name(write: Write) -> None:
    write("templates/desk")
    write("desk", alone=True, pack="extends: desk\ntitle: Ours\n")
    read = pack.load("desk")
    assert (read.info.title, sorted(read.metrics)) == ("Ours", ["csat", "tickets"])


def test_a_parent_may_be_a_path_from_the_pack_and_have_a_parent(write: Write) -> None:
    write("deep/old")
    write("mid", alone=True, pack="extends: ../deep/old\ntitle: Mid\nmin_group: 20\n")
    write("child", alone=True, pack="extends: mid\ntitle: Child\n")
    info = pack.load("child").info
    assert (info.title, info.min_group) == ("Child", 20)


def test_a_missing_parent_is_the_only_fault_reported(write: Write) -> None:
    write("base")
    write("child", alone=True, pack="title: C\nextends: bsae\n", metrics="metrics: {a: {}}\n")
    assert texts("child") == [
        "params/child/pack.yaml:2: extends 'bsae': no such pack; did you mean 'base'? "
        "There are base."
    ]


def test_packs_that_extend_each_other_are_a_fault(write: Write) -> None:
    write("a", alone=True, pack="title: A\nextends: b\n")
    write("b", alone=True, pack="extends: c\n")
    write("c", alone=True, pack="title: C\nextends: a\n")
    assert texts("a") == ["params/c/pack.yaml:2: extends goes round in a circle: a, b, c, a"]
    write("self", alone=True, pack="extends: self\n")
    assert texts("self") == [
        "params/self/pack.yaml:1: extends goes round in a circle: self, self"
    ]


def test_a_broken_parent_file_does_not_make_its_children_look_wrong(write: Write) -> None:
    write("base", metrics="metrics: a: b\n", goals="goals:\n  g: {metric: x}\n")
    write(
        "child", alone=True, pack="extends: base\n", metrics="metrics: {csat: {unit: shre}}\n"
    )
    assert texts("child") == [
        "params/base/goals.yaml:2: goal 'g' lacks rationale",
        "params/base/metrics.yaml:1: not YAML: a second ': ' in one value; "
        "put the value in quotes",
        "params/child/metrics.yaml:1: metric 'csat': unit is 'shre'; it must be count, share, "
        "seconds, minutes, hours, days or score; did you mean 'share'?",
    ]


def test_a_broken_pack_file_is_one_fault_and_the_others_are_read(write: Write) -> None:
    write("child", alone=True, pack="extends: base\ntitle: 'x\n", goals="goals: 3\n")
    assert texts("child") == [
        "params/child/goals.yaml:1: goals is 3; it must be a mapping by name",
        "params/child/pack.yaml:2: not YAML: a quote that is never closed",
    ]


def test_a_file_that_is_not_utf8_is_a_fault_at_its_line(write: Write) -> None:
    folder = write()
    (folder / "goals.yaml").write_bytes(b"goals:\n  # caf\xe9\n")
    (folder / "events.yaml").mkdir()
    assert texts("desk") == [
        "params/desk/events.yaml:1: it cannot be read: Is a directory",
        "params/desk/goals.yaml:2: not UTF-8 text; save the file as UTF-8",
    ]


def test_a_byte_order_mark_is_no_fault(write: Write) -> None:
    folder = write()
    (folder / "pack.yaml").write_bytes(b"\xef\xbb\xbftitle: Desk\n")
    assert pack.load("desk").info.title == "Desk"


@pytest.mark.parametrize(
    "connection",
    ["postgresql://ana:hunter2@db/desk", "postgresql://ana:hun/ter2@db/desk",
     "postgresql://:hunter2@db", "duckdb://x?motherduck_token=hunter2",
     "password=hunter2 host=db", "postgresql://db/desk?user=a&password=hunter2"],
)  # fmt: skip
def test_a_written_credential_is_refused_and_never_shown(write: Write, connection: str) -> None:
    table = "tables:\n  tickets: {path: a, row: one}\n"
    write(source=f"connection: '{connection}'\n{table}")
    draft = pack.read("desk")
    assert [str(fault) for fault in draft.faults] == [
        "params/desk/source.yaml:1: source: connection: a credential is written out; "
        "put it in the environment and say 'secret:NAME'"
    ]
    assert "hunter2" not in repr(draft) + repr(draft.faults)


@pytest.mark.parametrize(
    "connection",
    ["duckdb://", "postgresql://ana:secret:DESK_PASSWORD@db:5432/desk", "postgresql://db:5432/desk",
     "postgresql://db:5432/desk?user=ana@desk", "secret:DESK_URL",
     "duckdb://x?motherduck_token=secret:DESK_TOKEN"],
)  # fmt: skip
def test_addresses_without_a_written_credential_are_fine(write: Write, connection: str) -> None:
    write(
        source=f"connection: '{connection}'\n"
        "tables:\n  tickets: {path: a/key=1/b, row: one}\n"
    )
    assert pack.load("desk").source.connection == connection


def test_secrets_come_from_the_environment_and_stay_out_of_the_pack(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "hunter2")
    monkeypatch.setenv("DESK_BUCKET", "secret:DESK_PASSWORD")
    write(
        source="""\
        connection: postgresql://ana:secret:DESK_PASSWORD@db/desk
        tables:
          tickets: {path: "s3://secret:DESK_BUCKET/t.csv", row: one}
        """
    )
    read = pack.load("desk")
    assert pack.secret_names(read) == ["DESK_BUCKET", "DESK_PASSWORD"]
    assert "hunter2" not in repr(read)
    assert pack.resolve_secrets(read.source.connection) == "postgresql://ana:hunter2@db/desk"
    assert pack.resolve_secrets("secret:DESK_BUCKET") == "secret:DESK_PASSWORD"


def test_a_secret_that_is_not_set_is_named_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DESK_NONE", raising=False)
    monkeypatch.setenv("DESK_PASSWORD", "hunter2")
    with pytest.raises(ParamError) as raised:
        pack.resolve_secrets("x://secret:DESK_PASSWORD@secret:DESK_NONE/")
    assert (
        str(raised.value)
        == "secret 'DESK_NONE' is not set; put it in the environment as DESK_NONE"
    )


def test_hundreds_of_metrics_are_read(write: Write) -> None:
    one = "title: T, kind: count, unit: count, better: higher, definition: D, guards: [m0, m1]"
    lines = "\n".join(f"  m{i}: {{{one}}}" for i in range(500))
    defaults = "defaults: {table: tickets, owner: Ana, clock: day, dimensions: [a, b, c]}\n"
    write(metrics=f"{defaults}metrics:\n{lines}\n")
    assert len(pack.load("desk").metrics) == 500
