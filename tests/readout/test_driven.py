"""The what-drives page over a small survey whose drivers are planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from operation import write

from insights.errors import MethodError, ParamError
from insights.readout import choices, driven
from insights.readout import driven_words as words
from insights.readout.driven import WhatDrives

FIRST, DAYS, A_DAY = pd.Timestamp("2025-01-06"), 84, 25


def survey(seed: int = 1, *, effect: float = 1.0) -> pd.DataFrame:
    """Twelve weeks: waiting beyond 4 hours hurts, so does reopening; shift does not."""
    rng = np.random.default_rng(seed)
    n = DAYS * A_DAY
    wait = rng.exponential(4, n)
    reopened = rng.random(n) < 0.15
    pull = 0.25 * np.maximum(wait - 4, 0) + 0.8 * reopened
    score = np.clip(np.rint(4.2 - effect * pull + rng.normal(0, 0.7, n)), 1, 5)
    days = FIRST + pd.to_timedelta(np.repeat(np.arange(DAYS), A_DAY), unit="D")
    shift = rng.choice(["early", "late", "night"], n)
    answers = {"day": days, "score": score, "wait_hours": wait, "reopened": reopened}
    frame = pd.DataFrame({**answers, "shift": shift, "market": rng.choice(["A", "B"], n)})
    silent = rng.random(n) < 0.2
    return frame.assign(score=frame["score"].mask(silent))


def make(folder: Path, rows: pd.DataFrame, **study: object) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(folder / "answers.parquet")
    csat = {
        "title": "CSAT", "table": "answers", "kind": "ratio", "unit": "share", "clock": "day",
        "better": "higher", "owner": "Support", "definition": "Satisfied.",
        "numerator": "score >= 4", "denominator": "score is not null",
        "dimensions": ["market"],
    }  # fmt: skip
    drivers = {
        "wait_hours": {
            "title": "Time to first reply", "unit": "hours", "controllable": True,
            "threshold": True, "owner": "Planning",
        },
        "reopened": {"title": "Opened again", "unit": "share", "controllable": True},
        "shift": {"title": "Agent's shift"},
    }  # fmt: skip
    described = {
        "title": "Satisfaction", "table": "answers", "clock": "day", "outcome": "score",
        "outcome_title": "Satisfaction", "unit": "score", "better": "higher", "model": "linear",
        "metric": "csat", "owner": "Support", "dimensions": ["market"], "drivers": drivers,
        **study,
    }  # fmt: skip
    described = {key: value for key, value in described.items() if value is not None}
    write(
        folder,
        pack={"title": "Acme"},
        source={"tables": {"answers": {"path": "answers.parquet", "row": "an answer"}}},
        metrics={"metrics": {"csat": csat}},
        drivers={"studies": {"satisfaction": described}},
    )
    return str(folder)


def page(pack: str, **chosen: object) -> WhatDrives:
    run = choices.start(pack, study="satisfaction", **chosen)  # type: ignore[arg-type]
    return driven.build(run, study="satisfaction", span=12)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> WhatDrives:
    return page(make(tmp_path_factory.mktemp("survey") / "acme", survey()))


def test_the_planted_drivers_are_supported_and_the_null_one_is_not(found: WhatDrives) -> None:
    assert found.importance.supported == ["time to first reply", "opened again"]
    said = plain(words.headline(found))
    assert said.startswith("Time to first reply goes with satisfaction most: ")
    assert words.limits(found)[-1] == "Not supported here: agent's shift."


def test_where_waiting_starts_to_hurt_is_located(found: WhatDrives) -> None:
    bend = found.thresholds["time to first reply"]
    assert bend.shape == "threshold"
    assert bend.break_lower <= 4.3
    assert bend.break_upper >= 3.7


def test_a_what_if_says_association_and_whose_trial_it_would_be(found: WhatDrives) -> None:
    steps = {step["owner"]: step for step in words.steps(found)}
    assert steps["Planning"]["text"] == (
        "Plan a trial on time to first reply, with a group to compare it with."
    )
    assert plain(steps["Planning"]["by"]) == "13 April 2025"
    assert all("by association." in step["because"] for step in steps.values())
    assert all("cause" not in step["because"] for step in steps.values())


def test_the_rows_used_and_left_out_are_said(found: WhatDrives) -> None:
    notes = " ".join(map(plain, words.limits(found)))
    assert f"{found.importance.n:,} of 2,100 rows" in notes
    assert any("stayed silent" in text for text in words.care(found))


def test_without_any_effect_the_answer_is_that_no_driver_is_supported(tmp_path: Path) -> None:
    quiet = page(make(tmp_path / "acme", survey(3, effect=0.0)))
    assert quiet.importance.supported == []
    assert plain(words.headline(quiet)).startswith("No supported driver: none of 3 goes with ")
    assert words.steps(quiet) == []
    assert [fact["value"] for fact in words.facts(quiet)][0] == "0 of 3"


def test_weeks_that_fail_a_gate_are_left_out(tmp_path: Path) -> None:
    rows = survey()
    lost = rows["day"].between(FIRST + pd.Timedelta(days=28), FIRST + pd.Timedelta(days=34))
    short = page(make(tmp_path / "acme", rows[~lost]))
    assert [p.date().isoformat() for p in short.left_out] == ["2025-02-03"]
    (said,) = [text for text in words.care(short) if "left out" in text]
    assert plain(said) == "1 week is left out: 3 February 2025."


def test_a_study_without_a_metric_or_name_is_refused(tmp_path: Path) -> None:
    pack = make(tmp_path / "acme", survey(), metric=None)
    with pytest.raises(ParamError) as error:
        page(pack)
    assert str(error.value) == (
        "study 'satisfaction' names no metric. Say in drivers.yaml which metric it explains, "
        "so that weeks that fail its gates are left out."
    )
    with pytest.raises(ParamError) as error:
        choices.start(pack, study="satisfied")
    assert str(error.value) == (
        "unknown study 'satisfied'; did you mean 'satisfaction'? The pack has satisfaction."
    )


def test_a_span_that_is_too_short_and_one_without_data_are_refused(tmp_path: Path) -> None:
    run = choices.start(make(tmp_path / "acme", survey()), study="satisfaction")
    with pytest.raises(ParamError) as error:
        driven.build(run, study="satisfaction", span=3)
    assert str(error.value) == "span is 3; it must be 4 weeks or more."
    rows = survey()
    late = rows[rows["day"] >= FIRST + pd.Timedelta(days=77)]
    few = make(tmp_path / "few", late.assign(score=late["score"].where(late.index % 30 == 0)))
    with pytest.raises(MethodError):
        page(few)
