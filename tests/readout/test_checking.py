"""What the gates found, as a page says it: each finding once, with the measures it concerns."""

from __future__ import annotations

import pytest

from insights.readout import card as cards
from insights.readout import checking, choices
from insights.readout.card import Scorecard


@pytest.fixture(scope="module")
def tiktok() -> Scorecard:
    """Its measures read two tables that have the same holes."""
    return cards.build(choices.start("eu_dsa"))


def test_what_two_tables_have_alike_is_said_once(tiktok: Scorecard) -> None:
    rows = checking.rows(tiktok)
    said = [(row["gate"], row["level"], row["message"]) for row in rows]
    assert len(said) == len(set(said))
    (missing,) = [row for row in rows if row["gate"] == "missing days"]
    assert missing["metric"] == "every measure"
    assert missing["message"].startswith("41 days without any data: ")


def test_a_finding_of_some_measures_names_them() -> None:
    """The answer scale was reversed for three days; each end of it reads otherwise."""
    card = cards.build(choices.start("demo", metrics=["contact_volume", "dsat", "csat"]))
    reversed_ = [row for row in checking.rows(card) if row["gate"] == "reversed scale"]
    assert [row["metric"] for row in reversed_] == [
        "Dissatisfied, as answered",
        "Satisfied, as answered",
    ]


def test_gates_that_found_something_are_not_among_those_that_passed(tiktok: Scorecard) -> None:
    failed = {row["gate"] for row in checking.rows(tiktok)}
    said = checking.passed(tiktok)
    clean = said.partition(": ")[2]
    assert said.split()[0].isdigit()
    assert "duplicate keys" in clean
    assert not [gate for gate in failed if gate in clean]
