"""Tests of how many agents live channels take."""

import json
import math
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.errors import ParamError
from insights.methods import staffing
from insights.methods.staffing import erlang_a, erlang_b, erlang_c, service_level
from insights.results import Result

NARROW = str.maketrans("\u00a0", " ")


@pytest.fixture(scope="module")
def published():
    """The published answers for queues; absent it skips, but in CI it fails."""
    root = Path(__file__).parents[2]
    folder = (root / os.environ.get("INSIGHTS_SHARED", "../shared")).resolve() / "data"
    if not folder.is_dir():
        said = f"no public data at {folder}; set INSIGHTS_SHARED"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    return json.loads((folder / "published_answers" / "expected.json").read_text())["erlang_c"]


def said(result):
    return result.narrative().translate(NARROW)


# live channels: published numbers, the direct sum, the limits


def test_published_erlang_c_holds_to_the_printed_digits(published):
    printed = published["100 calls/30min, AHT 3min, 14 agents, 20s"]
    answer = staffing.agents(100, 30, 3, 0.8, 20)
    assert answer.agents == 14
    assert answer.abandoned is None
    assert answer.wait_probability == pytest.approx(printed["pw"], abs=5e-5)
    assert answer.service_level == pytest.approx(printed["sl"], abs=5.1e-5)
    assert answer.occupancy == pytest.approx(printed["occ"], abs=5e-5)
    assert erlang_c(2, 1) == pytest.approx(published["C(2,1)"], abs=1e-10)
    assert erlang_c(3, 2) == pytest.approx(published["C(3,2)"], abs=1e-10)


def test_published_erlang_a_holds_to_its_simulation_error(published):
    """The printed wait over patience is not the printed share lost: no exact answer."""
    printed = published["erlangA same, patience 5, 13 agents"]
    answer = staffing.agents(100, 30, 3, 0.8, 20, patience_minutes=5)
    assert answer.agents == 13
    assert answer.service_level == pytest.approx(printed["sl"], abs=1e-3)
    assert answer.wait_probability == pytest.approx(printed["pw"], abs=1e-3)
    assert answer.abandoned == pytest.approx(printed["abandon"], abs=1e-3)
    assert answer.occupancy == pytest.approx(printed["occ"], abs=1e-3)
    assert answer.average_wait_seconds / 60 == pytest.approx(printed["asa_min"], abs=2e-3)


def test_published_erlang_b_lies_at_the_load_it_was_printed_for(published):
    """The source gives no load; 17 channels block 2 % at 10.66 erlangs in printed tables."""
    assert erlang_b(17, 10.656) == pytest.approx(0.02, abs=5e-6)
    low, high = erlang_b(17, 10.51), erlang_b(17, 10.52)
    assert low < published["erlangB 17 channels"]["blocking"] < high


@pytest.mark.parametrize("agents", [1, 2, 3, 10, 47, 120, 300, 500])
@pytest.mark.parametrize("percent", [5, 50, 85, 99])
def test_erlang_c_equals_the_direct_sum_in_whole_numbers(agents, percent):
    load = Fraction(agents * percent, 100)
    top, bottom = load.numerator, load.denominator
    term = bottom**agents  # load**k / k!, all times bottom**agents x agents!
    terms = [term * math.factorial(agents)]
    for k in range(1, agents + 1):
        terms.append(terms[-1] * top // (bottom * k))
    last = terms[-1] * Fraction(agents) / (agents - load)
    direct = float(last / (sum(terms[:-1]) + last))
    assert erlang_c(agents, float(load)) == pytest.approx(direct, rel=1e-12, abs=1e-300)


def slow_chain(agents, rate, handle, patience, within):
    """Chances by the chain's own recursion; waits by stepping through departures."""
    chances = [1.0]
    for k in range(1, agents + 400):
        leave = min(k, agents) / handle + max(k - agents, 0) / patience
        chances.append(chances[-1] * rate / leave)
    chances = np.array(chances) / math.fsum(chances)
    # position 0 is served next; dt steps of a person who joins behind k others
    size, steps = len(chances) - agents, 4000
    dt, k = within / steps, np.arange(size)
    served, gone = agents / handle, 1 / patience
    alive, answered = np.zeros(size), 0.0
    alive[:] = chances[agents:]
    for _ in range(steps):
        moves = alive * (served + k * gone)
        answered += moves[0] * dt
        lost = alive * gone
        alive = alive + dt * (np.append(moves[1:], 0) - moves - lost)
    lost = float((chances[agents:] * (k * gone)).sum() / rate)
    return chances[:agents].sum() + answered, float(chances[agents:].sum()), lost


@pytest.mark.parametrize("agents", [8, 13])
def test_erlang_a_equals_a_slow_chain(agents):
    level, waits, lost = slow_chain(agents, 100 / 30, 3, 5, 1 / 3)
    state = erlang_a(agents, 10, 3, 20, 5)
    assert state.wait_probability == pytest.approx(waits, rel=1e-10)
    assert state.abandoned == pytest.approx(lost, rel=1e-10)
    assert state.service_level == pytest.approx(level, abs=2e-4)


def test_erlang_a_becomes_c_as_patience_grows_and_b_as_it_goes():
    errors = []
    for patience in (1e3, 1e5, 1e7, 1e9):
        state = erlang_a(13, 10, 3, 20, patience)
        errors.append(abs(state.service_level - service_level(13, 10, 3, 20)))
    assert all(later < before / 50 for before, later in zip(errors, errors[1:], strict=False))
    assert errors[-1] < 1e-8
    assert state.wait_probability == pytest.approx(erlang_c(13, 10), abs=1e-8)
    assert erlang_a(13, 10, 3, 20, 1e-9).abandoned == pytest.approx(erlang_b(13, 10))


def test_with_agents_short_those_who_give_up_are_what_cannot_be_served():
    state = erlang_a(50, 100, 3, 20, 1e7)
    assert state.abandoned == pytest.approx(0.5)
    assert state.occupancy == pytest.approx(1)
    assert state.service_level == pytest.approx(0, abs=1e-12)


def test_the_length_of_the_interval_changes_nothing_at_the_same_rate():
    short, long = staffing.agents(50, 15, 4, 0.9, 30), staffing.agents(200, 60, 4, 0.9, 30)
    assert (short.agents, short.service_level) == (long.agents, long.service_level)


def test_nobody_arriving_takes_nobody():
    for patience in (None, 5):
        answer = staffing.agents(0, 30, 3, 0.8, 20, patience)
        assert (answer.agents, answer.service_level) == (0, 1)
        assert said(answer) == "It takes no agents: nobody arrives."


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.1, 400),
    st.floats(0.5, 20),
    st.floats(0.05, 0.99),
    st.floats(0, 600),
    st.one_of(st.none(), st.floats(0.01, 1000)),
)
def test_the_answer_is_the_fewest_and_shares_are_shares(
    arrivals, handle, target, within, patience
):
    answer = staffing.agents(arrivals, 30, handle, target, within, patience)
    table = answer.table.set_index("agents")
    assert answer.service_level >= target
    assert (table.loc[: answer.agents - 1, "service_level"] < target).all()
    assert (table["service_level"].diff().dropna() >= -1e-12).all()
    shares = table[["service_level", "occupancy", "wait_probability"]]
    assert shares.ge(-1e-12).all(axis=None)
    assert shares.le(1 + 1e-12).all(axis=None)
    if patience is None and answer.agents > 1 and answer.agents - 1 not in table.index:
        assert answer.agents - 1 <= arrivals * handle / 30


def test_an_answer_says_what_it_takes_and_what_one_fewer_gives():
    assert said(staffing.agents(100, 30, 3, 0.8, 20)) == (
        "It takes 14 agents to answer 80 % of 100 arrivals in 30 min within 20 s: 88.8 %"
        " are answered in time and agents are busy 71.4 % of the time."
        " One fewer would answer 79.6 %."
    )
    assert said(staffing.agents(100, 30, 3, 0.8, 20, 5)) == (
        "It takes 13 agents to answer 80 % of 100 arrivals in 30 min within 20 s: 85.8 % are"
        " answered in time, 2.5 % give up and agents are busy 75.0 % of the time. One fewer"
        " would answer 77.2 %."
    )
    assert said(staffing.agents(1, 30, 3, 0.8, 20)) == (
        "It takes 1 agent to answer 80 % of 1 arrival in 30 min within 20 s: 91.0 % are"
        " answered in time and agents are busy 10.0 % of the time. One fewer could not keep up."
    )


def test_shrinkage_adds_people_who_are_scheduled_but_away():
    answer = staffing.agents(100, 30, 3, 0.8, 20)
    assert answer.scheduled(0.3) == 20
    assert answer.scheduled(0) == 14


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("arrivals", -3, "arrivals is -3. Give a finite number of at least 0."),
        ("arrivals", math.nan, "arrivals is nan. Give a finite number of at least 0."),
        ("interval_minutes", 0, "interval_minutes is 0. Give a finite number above 0."),
        ("handle_minutes", 0, "handle_minutes is 0. Give a finite number above 0."),
        ("target", 1, "target is 1. Give a share above 0 and below 1."),
        ("within_seconds", -1, "within_seconds is -1. Give a finite number of at least 0."),
        (
            "patience_minutes",
            0,
            "patience_minutes is 0. Give a finite number above 0, or leave it out.",
        ),
    ],
)
def test_a_number_outside_its_range_is_refused(option, value, message):
    given_ = {
        "arrivals": 100,
        "interval_minutes": 30,
        "handle_minutes": 3,
        "target": 0.8,
        "within_seconds": 20,
    }
    with pytest.raises(ParamError) as caught:
        staffing.agents(**{**given_, option: value})
    assert str(caught.value) == f"agents: {message}"


def test_shrinkage_of_everybody_is_refused():
    with pytest.raises(ParamError) as caught:
        staffing.agents(100, 30, 3, 0.8, 20).scheduled(1)
    assert str(caught.value) == (
        "scheduled: shrinkage is 1. Give a share of at least 0 and below 1."
    )


def test_an_answer_is_a_result_and_draws():
    answer = staffing.agents(5, 30, 3, 0.8, 20)
    assert isinstance(answer, Result)
    assert answer.plot().axes
