"""What the data say against a study stands at its line, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import pytest
import yaml
from ibis.expr.types import Table as Rows

from insights import pack as packs
from insights.data import study_checks
from insights.data.checks import Opened

CONTENT = """\
ticket_id,day,queue,market,agent_key,score,minutes,reopened,weight
t1,2025-03-01,mail,DE,ag_1,5,12,back,0.5
t2,2025-03-02,chat,FR,ag_2,,30,,1.5
"""
STUDY: dict[str, Any] = {
    "title": "Satisfaction",
    "table": "tickets",
    "clock": "day",
    "outcome": "score",
    "outcome_title": "Satisfaction, 1 to 5",
    "unit": "score",
    "better": "higher",
    "owner": "Ana",
    "drivers": {"queue": {"title": "Queue"}, "minutes": {"title": "Wait", "unit": "minutes"}},
}


@pytest.fixture(scope="module")
def there(tmp_path_factory) -> Iterator[Rows]:
    """The tickets' table, open once."""
    place = tmp_path_factory.mktemp("there") / "tickets.csv"
    place.write_text(CONTENT)
    backend = ibis.duckdb.connect()
    yield backend.read_csv(place)
    backend.disconnect()


def draft(desk, **said: Any) -> packs.Draft:
    given = {key: value for key, value in (STUDY | said).items() if value is not None}
    desk.file("drivers.yaml", yaml.safe_dump({"studies": {"csat": given}}, sort_keys=False))
    desk.table(content=CONTENT)
    return packs.read(desk.write())


def faults(desk, rows: Rows, **said: Any) -> list[str]:
    """Return what the check says of a study, with file name and line."""
    found = study_checks.faults(draft(desk, **said), {"tickets": Opened(rows, frozenset())})
    return [f"{fault.file.name}:{fault.line}: {fault.message}" for fault in found]


THERE = "There are ticket_id, day, queue, market, agent_key, score, minutes, reopened, weight."


def driver(**said: Any) -> dict[str, Any]:
    return {"drivers": {"wait": {"title": "Wait"} | said}}


@pytest.mark.parametrize(
    ("said", "line", "fault"),
    [
        ({"outcome": "scroe"}, "outcome:",
         "outcome: 'scroe' names column 'scroe', which is not there; did you mean 'score'? "
         + THERE),
        ({"outcome": "avg(score)"}, "outcome:",
         "outcome: 'avg(score)' adds up rows; say what one row adds, the sums are made for "
         "you"),
        ({"outcome": "queue"}, "outcome:", "outcome: 'queue' is string; give a number"),
        ({"weight": "score >"}, "weight:",
         "weight: 'score >' is not SQL: a part of it is missing"),
        ({"weight": "score > 3"}, "weight:", "weight: 'score > 3' is boolean; give a number"),
        ({"clock": "dya"}, "clock:",
         f"clock names column 'dya', which is not there; did you mean 'day'? {THERE}"),
        ({"clock": "score"}, "clock:",
         "clock 'score' is int64; it must be a date or a time stamp"),
        ({"cluster": "agent"}, "cluster:",
         "cluster names column 'agent', which is not there; did you mean 'agent_key'? "
         + THERE),
        ({"controls": ["market", "topic"]}, "- topic",
         f"controls names column 'topic', which is not there. {THERE}"),
        ({"controls": ["day"]}, "- day",
         "controls 'day' is date; give a number, true or false, or text"),
        (driver(), "wait:", f'drivers: wait: \'"wait"\' names column \'wait\', which is not '
         f"there; did you mean 'weight'? {THERE}"),
        (driver(expression="minute"), "expression:",
         "drivers: wait: 'minute' names column 'minute', which is not there; did you mean "
         f"'minutes'? {THERE}"),
        (driver(expression="day"), "expression:",
         "drivers: wait: 'day' is date; give a number, true or false, or text"),
        (driver(expression="queue", scale="log", unit="hours"), "expression:",
         "drivers: wait: 'queue' is string, no number; leave out scale and unit"),
        (driver(expression="score > 3", threshold=True, unit="share"), "expression:",
         "drivers: wait: 'score > 3' is boolean, no number; leave out threshold"),
    ],
)  # fmt: skip
def test_each_fault_of_a_study_stands_at_its_line(desk, there, said, line, fault):
    found = faults(desk, there, **said)
    assert found == [f"{desk.line('drivers', line)}: study 'csat': {fault}"]


def test_a_sound_study_has_no_faults(desk, there):
    given = {"weight": "weight", "cluster": "agent_key", "controls": ["market"]}
    assert faults(desk, there, outcome="score >= 4", model="logit", unit=None, **given) == []


def test_what_hangs_on_a_wrong_column_is_not_reported_again(desk, there):
    given = draft(desk)
    unsure = Opened(there.drop("score"), frozenset({"score"}))
    assert list(study_checks.faults(given, {"tickets": unsure})) == []
    assert list(study_checks.faults(given, {})) == []
