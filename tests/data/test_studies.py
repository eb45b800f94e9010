"""A study's rows equal the same rows made slowly, hold no person, and do not hang on order."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from insights import pack as packs
from insights.data import sources, studies, study_checks
from insights.data.checks import Opened
from insights.errors import ContractError, MethodError, ParamError

STUDY: dict[str, Any] = {
    "title": "Satisfaction",
    "table": "tickets",
    "clock": "day",
    "outcome": "score",
    "outcome_title": "Satisfaction, 1 to 5",
    "unit": "score",
    "better": "higher",
    "owner": "Ana",
    "dimensions": ["queue", "market"],
    "drivers": {
        "wait_hours": {"title": "Wait", "expression": "minutes / 60", "unit": "hours"},
        "queue": {"title": "Queue"},
        "again": {"title": "Opened again", "expression": "reopened = 'back'"},
    },
}


def tickets(n: int = 400, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "ticket_id": [f"t{i}" for i in range(n)],
            "day": pd.Timestamp("2025-03-01") + pd.to_timedelta(rng.integers(0, 60, n), "D"),
            "queue": rng.choice(["mail", "chat", "n/a"], n),
            "market": rng.choice(["DE", "FR"], n),
            "agent_key": [f"ag_{i}" for i in rng.integers(0, 30, n)],
            "score": rng.choice([1, 2, 3, 4, 5, 99, np.nan], n),
            "minutes": rng.choice([6, 30, 90, 120, 99, np.nan], n),
            "reopened": rng.choice(["back", "gone", None], n),
            "weight": rng.choice([0.5, 1.5], n),
        }
    )
    return frame.assign(score=frame["score"].astype("Int64"))


def opened(desk, frame: pd.DataFrame | None = None, **said: Any):
    """Open a pack with one study over tickets."""
    desk.table(content=(tickets() if frame is None else frame).to_csv(index=False))
    desk.metric(dimensions=["queue", "market"])
    given = {key: value for key, value in (STUDY | said).items() if value is not None}
    desk.file("drivers.yaml", yaml.safe_dump({"studies": {"csat": given}}, sort_keys=False))
    return desk.open()


def slowly(frame: pd.DataFrame, codes: tuple[float | str, ...] = ()) -> list[str]:
    """Return what the frame should hold, one row at a time."""
    rows = []
    for row in frame.to_dict("records"):
        if pd.isna(row["score"]) or row["score"] in codes:
            continue
        wait = row["minutes"]
        queue = None if row["queue"] == "n/a" and "n/a" in codes else row["queue"]
        again = np.nan if pd.isna(row["reopened"]) else float(row["reopened"] == "back")
        rows.append(str([float(row["score"]), wait / 60, queue, again]))
    return sorted(rows)


def held(frame: pd.DataFrame) -> list[str]:
    names = ["outcome", "wait_hours", "queue", "again"]
    return sorted(map(str, frame[names].astype(object).to_numpy().tolist()))


# --- rows


def test_the_rows_are_those_with_an_outcome_and_what_stood_beside_it(desk):
    frame = tickets()
    found = studies.rows(opened(desk, frame), "csat")
    assert held(found.frame) == slowly(frame)
    assert (found.asked, found.answered) == (400, int(frame["score"].notna().sum()))
    assert found.left_out.to_dict() == dict.fromkeys(
        ["outcome", "wait_hours", "queue", "again"], 0
    )
    assert list(found.frame) == ["outcome", "wait_hours", "queue", "again"]
    assert found.frame.dtypes.astype(str).to_dict() == {
        "outcome": "float64", "wait_hours": "float64", "queue": "object", "again": "float64"
    }  # fmt: skip


def test_codes_for_no_answer_are_taken_out_and_counted(desk):
    frame = tickets()
    found = studies.rows(opened(desk, frame, missing=[99, "n/a"]), "csat")
    assert held(found.frame) == slowly(frame, codes=(99, "n/a"))
    whole = frame[frame["score"].notna() & (frame["score"] != 99)]
    assert found.answered == len(whole)
    assert found.left_out.to_dict() == {
        "outcome": int((frame["score"] == 99).sum()),
        "wait_hours": 0,  # 99 minutes are 1.65 hours
        "queue": int((whole["queue"] == "n/a").sum()),
        "again": 0,
    }


def test_a_driver_s_own_codes_replace_the_study_s(desk):
    drivers = {
        "minutes": {"title": "Minutes", "missing": []},
        "again": {"title": "Again", "expression": "minutes", "missing": [6, 30]},
        "queue": {"title": "Queue", "missing": ["n/a"]},
    }
    found = studies.rows(opened(desk, missing=[99], drivers=drivers), "csat")
    assert set(found.frame["minutes"].dropna()) == {6, 30, 90, 99, 120}
    assert set(found.frame["again"].dropna()) == {90, 99, 120}
    assert set(found.frame["queue"].dropna()) == {"chat", "mail"}
    assert (found.frame["outcome"] < 99).all()


def test_a_numeric_code_is_taken_out_of_text_as_it_is_written(desk):
    frame = tickets().assign(queue=lambda f: f["queue"].replace("n/a", "99 "))
    frame["queue"] = frame["queue"].str.replace("mail", "98")
    found = studies.rows(opened(desk, frame, missing=[98, 99]), "csat")
    assert set(found.frame["queue"].dropna()) == {"chat", "99 "}


def test_yes_and_no_have_no_codes(desk):
    drivers = {"again": {"title": "Again", "expression": "reopened = 'back'"}}
    found = studies.rows(opened(desk, drivers=drivers, missing=[0, 1]), "csat")
    assert set(found.frame["again"].dropna()) == {0.0, 1.0}
    assert found.left_out["again"] == 0


def test_weight_controls_and_cluster_have_columns_of_their_own(desk):
    frame = tickets()
    source = opened(desk, frame, weight="weight * 2", cluster="agent_key", controls=["market"])
    found = studies.rows(source, "csat").frame
    kept = frame[frame["score"].notna()]
    assert set(found["weight"]) == {1.0, 3.0}
    assert found["market"].value_counts().to_dict() == kept["market"].value_counts().to_dict()
    sizes = sorted(found["cluster"].value_counts())
    assert sizes == sorted(kept["agent_key"].value_counts())
    assert sorted(set(found["cluster"])) == list(range(kept["agent_key"].nunique()))


def test_rows_without_a_cluster_have_none(desk):
    frame = tickets()
    frame.loc[frame.index % 4 == 0, "agent_key"] = None
    found = studies.rows(opened(desk, frame, cluster="agent_key"), "csat").frame
    kept = frame[frame["score"].notna()]
    assert int(found["cluster"].isna().sum()) == int(kept["agent_key"].isna().sum())


def test_no_key_no_id_and_no_time_leaves_the_engine(desk):
    source = opened(desk, cluster="agent_key", controls=["market"])
    text = studies.rows(source, "csat").frame.to_csv()
    assert "ag_" not in text and "2025" not in text and "t1" not in text


def test_rows_are_kept_by_dimension_and_by_local_day(desk):
    frame = tickets()
    found = studies.rows(
        opened(desk, frame),
        "csat",
        where={"market": "DE"},
        start="2025-03-10",
        end="2025-04-02",
    )
    kept = frame[(frame["market"] == "DE") & frame["day"].between("2025-03-10", "2025-04-02")]
    assert found.asked == len(kept)
    assert held(found.frame) == slowly(kept)


def test_days_may_be_left_out(desk):
    frame = tickets()
    out = list(pd.date_range("2025-03-10", "2025-03-16"))
    found = studies.rows(opened(desk, frame), "csat", without=out)
    assert held(found.frame) == slowly(frame[~frame["day"].isin(out)])


def test_the_day_of_a_time_stamp_is_the_pack_s(desk):
    desk.info["timezone"] = "Asia/Tokyo"
    frame = tickets(40).assign(day="2025-03-01 16:00:00")  # UTC: 1 a.m. on the 2nd in Tokyo
    source = opened(desk, frame)
    assert studies.rows(source, "csat", start="2025-03-02", end="2025-03-02").asked == 40
    with pytest.raises(MethodError):
        studies.rows(source, "csat", end="2025-03-01")


def test_what_was_not_known_yet_is_left_out(desk):
    frame = tickets().assign(seen=lambda f: f["day"] + pd.Timedelta(days=5))
    source = opened(desk, frame)
    desk.tables["tickets"]["recorded_at"] = "seen"
    late = studies.rows(desk.open(), "csat", end="2025-03-20", known_by="2025-03-20")
    assert late.asked == int((frame["day"] <= "2025-03-15").sum())
    assert studies.rows(source, "csat", end="2025-03-20").asked > late.asked


def test_a_pack_is_opened_and_closed_by_name_too(desk):
    source = opened(desk)
    again = studies.rows(source.pack, "csat")
    assert_frame_equal(again.frame, studies.rows(source, "csat").frame)


# --- draws


def test_more_rows_than_asked_for_are_drawn_by_a_seed(desk):
    source = opened(desk, cluster="agent_key")
    every = studies.rows(source, "csat").frame
    few = studies.rows(source, "csat", most=50)
    assert (len(few.frame), few.answered) == (50, len(every))
    assert_frame_equal(few.frame, studies.rows(source, "csat", most=50).frame)
    other = studies.rows(source, "csat", most=50, seed=1).frame
    assert not few.frame.equals(other)
    assert not Counter(held(few.frame)) - Counter(held(every))


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 99), most=st.sampled_from([20, 100_000]))
def test_the_engine_s_order_of_rows_changes_nothing(new_desk, seed, most):
    frame = tickets(120)
    shuffled = frame.sample(frac=1, random_state=seed)
    both = [
        studies.rows(opened(new_desk(), one, cluster="agent_key"), "csat", most=most).frame
        for one in (frame, shuffled)
    ]
    assert_frame_equal(*both)


# --- what is said


def test_options_are_the_keywords_of_importance(desk):
    drivers = STUDY["drivers"] | {"minutes": {"title": "Minutes", "scale": "log"}}
    source = opened(
        desk, drivers=drivers, weight="weight", cluster="agent_key", controls=["market"]
    )
    found = studies.rows(source, "csat")
    assert found.options == {
        "outcome": "outcome", "drivers": ["wait_hours", "queue", "again", "minutes"],
        "model": "linear", "controls": ["market"], "log": ["minutes"], "weights": "weight",
        "cluster": "cluster", "metric": "Satisfaction, 1 to 5", "unit": "score",
    }  # fmt: skip


def test_what_does_not_vary_is_not_asked_about(desk):
    source = opened(desk, controls=["market"])
    found = studies.rows(source, "csat", where={"market": "DE", "queue": "mail"})
    assert found.options["drivers"] == ["wait_hours", "again"]
    assert found.options["controls"] == []
    assert found.notes[-1] == "Left out, as nearly all rows have the same: Queue and market."


def test_a_driver_that_varies_only_beside_gaps_is_not_asked_about(desk):
    frame = tickets()
    frame["reopened"] = np.where(frame["minutes"].isna(), "back", "gone")
    found = studies.rows(opened(desk, frame), "csat")
    assert found.flat == ["again"]


def test_notes_say_who_answered_what_was_drawn_and_what_was_code(desk):
    frame = tickets()
    found = studies.rows(opened(desk, frame, missing=[99, "n/a"]), "csat", most=100)
    n, coded = found.answered, found.left_out
    assert found.notes == [
        f"{n} of 400 rows ({n / 4:.1f}\N{NO-BREAK SPACE}%) have an outcome.",
        f"100 of {n}, drawn at random, are used.",
        f"Satisfaction, 1 to 5: {coded['outcome']} values stood for no answer.",
        f"Queue: {coded['queue']} values stood for no answer.",
    ]
    answered = frame[frame["score"].notna()]
    assert studies.rows(opened(desk, answered), "csat").notes == []


# --- refusals


def test_unknown_studies_and_dimensions_are_refused(desk):
    source = opened(desk)
    with pytest.raises(ParamError) as raised:
        studies.rows(source, "cast")
    assert str(raised.value) == "unknown study 'cast'; did you mean 'csat'? The pack has csat."
    with pytest.raises(ParamError) as raised:
        studies.rows(source, "csat", where={"markt": "DE"})
    assert str(raised.value) == (
        "study 'csat' has no dimension 'markt'; did you mean 'market'? It has queue, market."
    )
    with pytest.raises(ParamError) as raised:
        studies.rows(source, "csat", most=0)
    assert str(raised.value) == "study 'csat': most is 0. Give at least 1."


def test_a_pack_without_studies_says_where_they_stand(desk):
    desk.table(content=tickets().to_csv(index=False))
    with pytest.raises(ParamError) as raised:
        studies.rows(desk.open(), "csat")
    assert str(raised.value) == (
        "unknown study 'csat'. The pack has none; drivers.yaml names them."
    )


def test_a_question_without_answers_is_refused(desk):
    source = opened(desk)
    with pytest.raises(MethodError) as raised:
        studies.rows(
            source, "csat", where={"market": "XX"}, start="2025-03-01", end="2025-03-09"
        )
    assert str(raised.value) == (
        "study 'csat': no row of market XX, from 2025-03-01, to 2025-03-09. "
        "Widen what is asked for."
    )
    with pytest.raises(MethodError) as raised:
        studies.rows(opened(desk, tickets().assign(score=99), missing=[99]), "csat")
    assert str(raised.value) == (
        "study 'csat': none of 400 rows has an outcome. Widen what is asked for."
    )


def test_a_frame_in_which_no_driver_varies_has_no_options(desk):
    found = studies.rows(opened(desk, tickets(3).assign(score=4)), "csat")
    with pytest.raises(MethodError) as raised:
        _ = found.options
    assert str(raised.value) == (
        "study 'csat': no driver varies in 3 rows. Widen what is asked for."
    )


def test_free_text_and_names_stay_in_the_engine(desk):
    drivers = {"said": {"title": "Said", "expression": "'x' || ticket"}}
    source = opened(desk, tickets().rename(columns={"ticket_id": "ticket"}), drivers=drivers)
    n = studies.rows(source, "csat", where={"market": "DE"}).frame["said"].nunique()
    assert n > 100
    with pytest.raises(ContractError) as raised:
        studies.rows(source, "csat")
    assert str(raised.value) == (
        "study 'csat': said has 400 different texts, more than 300. "
        "Give a category; names and free text stay out."
    )


def test_times_are_refused(desk):
    source = opened(desk, drivers={"day": {"title": "Day"}})
    with pytest.raises(ContractError) as raised:
        studies.rows(source, "csat")
    assert str(raised.value) == (
        "study 'csat': day is date. Say a number, true or false, or text."
    )


# --- packs that are shipped


def test_the_public_pack_s_study_is_sound(eu_dsa):
    tables = {name: Opened(rows, frozenset()) for name, rows in eu_dsa.tables.items()}
    assert list(study_checks.faults(packs.read("eu_dsa"), tables)) == []
    found = studies.rows(eu_dsa, "filing_delay", where={"platform": "TikTok"})
    assert found.asked == found.answered == len(found.frame) == 798
    assert found.flat == ["platform"]
    assert found.frame["cluster"].nunique() == 29
    delay = np.average(found.frame["outcome"], weights=found.frame["weight"])
    statements = eu_dsa.tables["statements"].to_pandas().query("platform == 'TikTok'")
    n = statements["filing_delay_n"]
    expected = (n * statements["filing_mean_seconds"]).sum() / n.sum() / 86400
    assert delay == pytest.approx(expected, rel=1e-12)


def test_the_demo_s_study_holds_what_was_planted():
    """About 12% of those asked answer, and the planted drivers point the way they should."""
    with sources.opened("demo") as source:
        tables = {name: Opened(rows, frozenset()) for name, rows in source.tables.items()}
        assert list(study_checks.faults(packs.read("demo"), tables)) == []
        found = studies.rows(source, "satisfaction", start="2025-06-30", end="2025-12-28")
    assert found.answered == len(found.frame) > 10_000
    assert found.answered / found.asked == pytest.approx(0.12, abs=0.01)
    assert not found.frame.isna().to_numpy().any()
    assert found.flat == []
    signs = found.frame.select_dtypes("number").corr()["outcome"]
    assert (signs[["reply_hours", "resolution_hours", "reopened", "transfers"]] < -0.05).all()
    assert signs["granted"] > 0.3
