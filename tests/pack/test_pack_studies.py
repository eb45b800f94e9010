"""Studies from drivers.yaml: what they say, and every fault at its own line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import ValidationError

from insights import pack
from insights.pack import Driver, Study

Faults = Callable[..., list[str]]
HEAD = {
    "title": "Satisfaction",
    "table": "tickets",
    "clock": "closed_on",
    "outcome": "score",
    "outcome_title": "Satisfaction, 1 to 5",
    "unit": "score",
    "better": "higher",
    "owner": "Ana",
}
STUDY_KEYS = (
    "title, table, clock, outcome, outcome_title, model, unit, better, metric, missing, "
    "weight, cluster, owner, dimensions, controls, drivers."
)
DRIVER_KEYS = "title, expression, unit, controllable, scale, missing, threshold, owner."


def study(drivers: str = "wait: {title: Wait}", **said: str | None) -> str:
    """Return drivers.yaml with one study: eight lines, those given, then its drivers."""
    lines = [f"{key}: {value}" for key, value in (HEAD | said).items() if value is not None]
    below = [f"  {line}" for line in dedent(drivers).splitlines()]
    lines += [f"drivers: {drivers}"] if drivers[0] in "{[" else ["drivers:", *below]
    return "studies:\n  csat:\n" + "".join(f"    {line}\n" for line in lines)


def made(**said: object) -> Study:
    driver = {"title": "Wait"}
    return Study.model_validate(HEAD | {"drivers": {"wait": driver}} | said)


def test_a_study_becomes_a_typed_model(write: Callable[..., Path]) -> None:
    drivers = """\
        wait:
          {title: Wait, expression: minutes / 60, unit: hours, controllable: true, scale: log,
           threshold: true, owner: Bo, missing: []}
        channel: {title: Channel}
        """
    given = study(
        drivers,
        metric="csat",
        missing="[0, 98, n/a]",
        weight="w",
        cluster="who_key",
        dimensions="[queue, market]",
        controls="[topic]",
    )
    write(drivers=given)
    read = pack.load("desk").studies["csat"]
    assert (read.table, read.metric, read.model, read.unit) == (
        "tickets", "csat", "linear", "score"
    )  # fmt: skip
    assert (read.weight, read.cluster, read.controls) == ("w", "who_key", ("topic",))
    assert read.dimensions == ("queue", "market")
    wait, channel = read.drivers["wait"], read.drivers["channel"]
    assert wait == Driver(
        title="Wait", expression="minutes / 60", unit="hours", controllable=True, scale="log",
        threshold=True, owner="Bo", missing=(),
    )  # fmt: skip
    assert (channel.controllable, channel.scale, channel.threshold) == (False, "linear", False)
    assert [read.codes(name) for name in ("wait", "channel")] == [(), (0, 98, "n/a")]
    assert [read.expression(name) for name in ("wait", "channel")] == [
        "minutes / 60", '"channel"'
    ]  # fmt: skip
    assert [read.owner_of(name) for name in ("wait", "channel")] == ["Bo", "Ana"]


def test_a_pack_needs_no_studies(write: Callable[..., Path], faults: Faults) -> None:
    write()
    assert pack.load("desk").studies == {}
    assert faults(drivers="# none yet\n") == faults(drivers="studies:\n") == []


@pytest.mark.parametrize(("model", "unit"), [("logit", "share"), ("ordinal", "score")])
def test_the_unit_of_a_logit_or_ordinal_study_is_known(model: str, unit: str) -> None:
    said = {key: value for key, value in HEAD.items() if key != "unit"}
    drivers = {"wait": {"title": "Wait"}}
    given = said | {"model": model, "drivers": drivers}
    assert Study.model_validate(given).unit == unit
    assert "unit" not in given  # what was handed in is not edited
    assert Study.model_validate(given | {"unit": unit}).unit == unit


def test_a_study_is_frozen() -> None:
    with pytest.raises(ValidationError, match="Instance is frozen"):
        made().drivers["wait"].title = "x"  # type: ignore[misc]


def test_a_child_edits_one_driver_of_its_parent_and_takes_another_away(
    write: Callable[..., Path],
) -> None:
    write("base", drivers=study("wait: {title: Wait}\nage: {title: Age}\n"))
    child = "studies:\n  csat:\n    drivers: {age: null, wait: {scale: log}}\n"
    write("child", alone=True, pack="extends: base\n", drivers=child)
    drivers = pack.load("child").studies["csat"].drivers
    assert list(drivers) == ["wait"]
    assert (drivers["wait"].title, drivers["wait"].scale) == ("Wait", "log")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (study(table="tikets"),
         "4: unknown table 'tikets'; did you mean 'tickets'? There are tickets."),
        (study(metric="cast"),
         "11: unknown metric 'cast'; did you mean 'csat'? There are csat, tickets."),
        (study(dimensions="[queue, markt]"),
         "11: unknown dimension 'markt'; did you mean 'market'? There are queue, market."),
        (study(owner=None, ownr="Bo"),
         f"10: unknown key 'ownr'; did you mean 'owner'? It may hold {STUDY_KEYS}"),
        (study(better="band"), "9: better is 'band'; it must be higher or lower"),
        (study(model="logistic"),
         "11: model is 'logistic'; it must be linear, logit or ordinal; did you mean 'logit'?"),
        (study(model="ordinal", unit="hours"),
         "8: unit: model ordinal speaks of a score; leave unit out"),
        (study(model="logit"), "8: unit: model logit speaks of a share; leave unit out"),
        (study(missing="[0, true]"),
         "11: missing item 2: true is no code; give a number or a text"),
        (study(missing="99"), "11: missing is 99; it must be a list"),
        (study(controls="[queue, wait]"),
         "11: controls item 2: 'wait' is a driver too; keep it as one of the two"),
        (study(controls="[queue, queue]"),
         "11: controls item 2: 'queue' is a control already; name it once"),
        (study(controls="[outcome]"),
         "11: controls item 1: 'outcome' is a column that every study may have; rename it"),
        (study("{}"), "11: drivers: name at least one driver"),
        (study("[wait]"), "11: drivers is a list; it must be a mapping"),
        (study("wait:"), "12: drivers: wait is empty; it must be a mapping"),
        (study("wait: {title: W}\nrest: {title: W}"),
         "13: drivers: rest: 'W' is the title of 'wait' too; give each its own"),
        (study("wait: {title: W, scale: ln}"),
         "12: drivers: wait: scale is 'ln'; it must be linear or log"),
        (study("wait: {title: W, unit: hour}"),
         "12: drivers: wait: unit is 'hour'; it must be count, share, seconds, minutes, hours, "
         "days or score; did you mean 'hours'?"),
        (study("wait: {title: W, treshold: true}"),
         "12: drivers: wait: unknown key 'treshold'; did you mean 'threshold'? "
         f"It may hold {DRIVER_KEYS}"),
        (study("Wait h: {title: W}"),
         "12: drivers: Wait h: a name may hold lower-case letters, digits and _, a letter "
         "first"),
        (study("weight: {title: W}"),
         "12: drivers: weight: 'weight' is a column that every study may have; choose another "
         "name"),
    ],
)  # fmt: skip
def test_each_fault_is_said_at_its_line(faults: Faults, text: str, fault: str) -> None:
    line, _, said = fault.partition(": ")
    expected = f"params/desk/drivers.yaml:{line}: study 'csat': {said}"
    assert faults(drivers=text) == [expected]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (study(outcome=None), "2: study 'csat' lacks outcome"),
        (study(outcome=None, unit=None), "2: study 'csat' lacks outcome and unit"),
        (study("wait: {}"), "12: study 'csat': drivers: wait lacks title"),
        (study("wait: {title: W}\nwait: {title: X}"),
         "13: duplicate key 'wait'; the first is on line 12"),
        (study().replace("csat:", "C Sat:"),
         "2: study name 'C Sat' is not allowed; it may hold lower-case letters, digits, _ "
         "and -"),
        ("study: {}\n", "1: unknown key 'study'; did you mean 'studies'? It may hold studies."),
        ("studies: [a]\n", "1: studies is a list; it must be a mapping by name"),
        ("studies: {csat: 3}\n", "1: study 'csat' is 3; it must be a mapping"),
    ],
)  # fmt: skip
def test_what_lacks_is_said_once(faults: Faults, text: str, fault: str) -> None:
    assert faults(drivers=text) == [f"params/desk/drivers.yaml:{fault}"]


REMEDY = "leave it out, or derive what it is to say as a column in source.yaml"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (study("agent_key: {title: Agent}"), "12: drivers: agent_key: 'agent_key'"),
        (study("who: {title: W, expression: 'left(AGENT_KEY, 3)'}"),
         "12: drivers: who: expression: 'AGENT_KEY'"),
        (study("who: {title: W, expression: agent.user_id}"),
         "12: drivers: who: expression: 'user_id'"),
        (study(controls="[queue, agent_key]"), "11: controls item 2: 'agent_key'"),
        (study(outcome="agent_key = 'a'"), "6: outcome: 'agent_key'"),
        (study(weight="ticket_id"), "11: weight: 'ticket_id'"),
    ],
)  # fmt: skip
def test_nothing_but_cluster_may_stand_for_a_person(
    faults: Faults, text: str, fault: str
) -> None:
    line, _, said = fault.partition(": ")
    assert faults(drivers=text) == [
        f"params/desk/drivers.yaml:{line}: study 'csat': {said} stands for one person or case; "
        f"{REMEDY}"
    ]
    assert faults(drivers=study(cluster="agent_key")) == []


def test_rows_may_not_be_kept_by_person(faults: Faults) -> None:
    found = faults(drivers=study(dimensions="[agent_key]"))
    assert found[0] == (
        "params/desk/drivers.yaml:11: study 'csat': dimensions item 1: 'agent_key' stands for "
        f"one person or case; {REMEDY}"
    )


def test_every_fault_of_a_study_is_reported_at_once(faults: Faults) -> None:
    drivers = "wait: {titel: W, scale: ln}\nage: {title: A, unit: year}\n"
    found = faults(drivers=study(drivers, table="tikets", metric="x", controls="[age]"))
    assert [one.partition("drivers.yaml:")[2].partition(" ")[0] for one in found] == [
        "4:", "11:", "12:", "14:", "14:", "15:"
    ]  # fmt: skip


def test_what_stands_in_a_broken_file_is_not_missed(faults: Faults) -> None:
    given = study(table="other", metric="other", dimensions="[other]")
    assert len(faults(drivers=given)) == 3
    assert [one.split(":")[0] for one in faults(drivers=given, source="tables: a: b\n")] == [
        "params/desk/drivers.yaml", "params/desk/drivers.yaml", "params/desk/source.yaml"
    ]  # fmt: skip
