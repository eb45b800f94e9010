"""The what-next page over a small operation whose numbers are planted."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from operation import FIRST, LAST_WEEK, METRICS, WEEKS, make, queues

from insights.data import forecast_log
from insights.errors import ParamError
from insights.methods import forecasts
from insights.readout import choices, expected, outlook, people_words
from insights.readout import outlook_words as words
from insights.readout.outlook import Outlook
from insights.readout.supposed import Scenarios

NOTHING = Scenarios(spike=0.0, automation=0.0, launch_lift=0.0)
MORE: dict[str, dict[str, object]] = {
    **METRICS,
    "hours": {
        "title": "Hours", "kind": "count", "unit": "hours", "numerator": "hours",
        "better": "band", "definition": "Paid hours on the schedule.",
    },
    "open": {
        "title": "Open", "kind": "count", "unit": "count", "numerator": "open",
        "better": "lower", "definition": "Open at the day's end.", "snapshot": "last",
    },
    "bot_share": {
        "title": "By the bot", "kind": "ratio", "unit": "share", "numerator": "0.2 * contacts",
        "denominator": "contacts", "better": "band", "definition": "Answered by the bot.",
    },
}  # fmt: skip
PLAN: dict[str, object] = {
    "title": "Contacts", "metric": "contacts", "owner": "Planning", "queue": "queue",
    "missing": "zero", "handle_minutes": 12, "occupancy": 0.8, "shrinkage": 0.25,
    "hours": "hours", "backlog": "open", "automated": "bot_share",
}  # fmt: skip


def rows(*, hours: float = 300.0) -> pd.DataFrame:
    return queues().assign(hours=hours, open=100)


def packed(
    folder: Path, table: pd.DataFrame | None = None, *, plan: dict[str, object] | None = None,
    **files: object,
) -> str:  # fmt: skip
    """Write the operation with a plan for its contacts; its pages show all queues."""
    said = {key: v for key, v in {**PLAN, **(plan or {})}.items() if v is not None}
    made = make(
        folder,
        rows() if table is None else table,
        metrics=MORE,
        pack={"where": {}, "peers": None},
        plans={"plans": {"contacts": said}},
        **files,
    )
    return str(made)


def page(pack: str, *, horizon: int = 4, **chosen: Any) -> Outlook:
    asked = {k: chosen.pop(k) for k in ("scenarios", "clear_by") if k in chosen}
    return outlook.build(choices.start(pack, coming="", **chosen), horizon=horizon, **asked)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> str:
    return packed(tmp_path_factory.mktemp("acme"))


@pytest.fixture(autouse=True)
def own_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setenv(forecast_log.FOLDER, str(out))
    return out


@pytest.fixture(scope="module")
def whole(acme: str) -> Outlook:
    return page(acme, scenarios=Scenarios())


def test_queues_add_up_to_the_whole_in_every_week(whole: Outlook) -> None:
    made = whole.expected
    parts = sum(made.of(name)["mean"] for name in made.parts.values())
    assert list(made.parts) == ["Appeals", "Billing", "Safety"]
    assert np.allclose(parts, made.of(made.own)["mean"], rtol=0, atol=1e-6)


def test_a_page_of_one_queue_shows_what_the_whole_page_says_of_it(
    acme: str, whole: Outlook
) -> None:
    part = page(acme, where={"queue": "Safety"}, scenarios=NOTHING)
    assert np.allclose(part.table["mean"], whole.expected.of("queue=Safety")["mean"])


def test_what_is_expected_is_what_was_where_nothing_moves(whole: Outlook) -> None:
    """Three queues of 7,000 a week, without trend."""
    low, mean, high = whole.average()
    assert low < mean < high
    assert mean == pytest.approx(21000, rel=0.02)
    assert whole.expected.paths.mean(axis=0) == pytest.approx(
        whole.table["mean"].to_numpy(), rel=1e-9
    )


def test_hours_are_those_of_a_slow_loop(whole: Outlook) -> None:
    assert whole.staffed is not None
    table = whole.staffed.flow.table
    for queue, segment in whole.expected.parts.items():
        upper = whole.expected.of(segment)["hi-80"].to_numpy()
        own = table[table["queue"] == queue]
        for volume, needed, gap in zip(upper, own["hours_needed"], own["gap"], strict=True):
            hours = volume * 12 / 60 / 0.8 / (1 - 0.25)
            assert needed == pytest.approx(hours)
            assert gap == pytest.approx(7 * 300 - hours)


def test_short_hours_lead_to_a_step_and_spare_ones_do_not(tmp_path: Path, acme: str) -> None:
    short = page(packed(tmp_path / "short", rows(hours=200)), scenarios=NOTHING)
    gap = people_words.gap_people(short)
    assert gap is not None and gap < 0
    assert "more than there are" in words.headline(short)
    first = words.steps(short)[0]
    assert first["text"].startswith("Find ")
    assert first["owner"] == "Planning"
    calm = page(packed(tmp_path / "calm", rows(hours=400)), scenarios=NOTHING)
    assert words.steps(calm) == []
    assert "fewer than there are" in words.headline(calm)


def test_without_hours_on_hand_the_gap_is_not_known_and_said_so(tmp_path: Path) -> None:
    metrics = {**MORE, "hours": {**MORE["hours"], "dimensions": []}}
    folder = Path(packed(tmp_path / "acme"))
    make(
        folder, rows(), metrics=metrics, pack={"where": {}, "peers": None},
        plans={"plans": {"contacts": PLAN}},
    )  # fmt: skip
    made = page(str(folder), scenarios=NOTHING)
    assert people_words.gap_people(made) is None
    assert "Hours on hand are not known by queue." in words.care(made)


def test_scenarios_change_what_they_say(whole: Outlook) -> None:
    base, *others = whole.what_ifs
    by_name = {what.name: what for what in others}
    assert list(by_name) == ["Spike", "Automation", "Launch"]
    ratio = by_name["Spike"].volume["mean"] / base.volume["mean"]
    assert ratio.tolist() == pytest.approx([1.25, 1.25, 1, 1])
    ratio = by_name["Automation"].volume["mean"] / base.volume["mean"]
    assert ratio.tolist() == pytest.approx([(1 - 0.2 + 0.02) / (1 - 0.2)] * 4)
    ratio = by_name["Launch"].volume["mean"] / base.volume["mean"]
    assert ratio.tolist() == pytest.approx([1, 1, 1.1, 1.1])
    assert people_words.most_of(by_name["Spike"]) == pytest.approx(
        1.25 * max(_hours(whole)[:2]) / 40
    )


def _hours(made: Outlook) -> list[float]:
    assert made.staffed is not None
    return made.staffed.flow.table.groupby("period")["hours_needed"].sum().tolist()


def test_a_launch_falls_in_the_week_of_its_day(acme: str) -> None:
    day = (LAST_WEEK + pd.Timedelta(days=7 * 2 + 3)).date().isoformat()
    asked = Scenarios(spike=0, automation=0, launch=day, launch_lift=0.5)
    made = page(acme, scenarios=asked)
    ratio = made.what_ifs[1].volume["mean"] / made.what_ifs[0].volume["mean"]
    assert ratio.tolist() == pytest.approx([1, 1.5, 1.5, 1.5])


def test_a_goal_of_the_whole_is_none_of_a_part(tmp_path: Path) -> None:
    goal = {"metric": "hours", "low": 1, "high": 9e9, "rationale": "So."}
    band = {"metric": "contacts", "low": 15000, "high": 18000, "rationale": "Staffed for that."}
    pack = packed(tmp_path / "acme", goals={"goals": {"contacts": band, "hours": goal}})
    made = page(pack, scenarios=NOTHING)
    upper, lower = made.chances
    assert upper.chance < 0.01
    assert lower.chance > 0.99
    assert any(s["text"].startswith("Decide whether the goal") for s in words.steps(made))
    part = page(pack, where={"queue": "Safety"}, scenarios=NOTHING)
    assert part.chances == ()
    assert part.card.targets == {}


def test_published_forecasts_are_scored_once_they_have_come_true(
    acme: str, own_outputs: Path
) -> None:
    then = (LAST_WEEK - pd.Timedelta(weeks=4)).date().isoformat()
    early = page(acme, as_of=then, scenarios=NOTHING)
    assert plain(words.score(early)).startswith(
        "No forecast that was published earlier has come true yet."
    )
    home = own_outputs / Path(acme).name / "what_next"
    home.mkdir(parents=True)
    text = forecast_log.added("", outlook.log_rows(early))
    (home / forecast_log.NAME).write_text(text)
    later = page(acme, scenarios=NOTHING)
    assert later.record.scored == 4
    assert set(later.record.table.index) == {
        "all", "queue=Appeals", "queue=Billing", "queue=Safety",
    }  # fmt: skip
    actual = later.expected.past()["y"].tail(4).to_numpy()
    missed = np.abs(early.table["mean"].to_numpy() - actual).sum() / actual.sum()
    assert later.record.table.loc["all", "wape"] == pytest.approx(missed, rel=1e-3)
    assert words.score(later) == later.record.narrative()


def test_a_page_of_a_past_week_does_not_know_what_came_after(acme: str) -> None:
    then = LAST_WEEK - pd.Timedelta(weeks=8)
    made = page(acme, as_of=then.date().isoformat(), scenarios=NOTHING)
    assert made.expected.past()["ds"].max() == then
    assert made.table["ds"].iloc[0] == then + pd.Timedelta(weeks=1)


def test_a_replay_is_what_the_method_says_of_the_earlier_weeks_alone(whole: Outlook) -> None:
    past = whole.expected.past()
    known = past.iloc[:-4].assign(unique_id="x")[["unique_id", "ds", "y"]]
    again = forecasts.forecast(known, horizon=4, freq="W-MON")
    assert whole.replay.pairs["mean"].tolist() == pytest.approx(
        again.table["mean"].tolist(), abs=1e-3
    )
    assert "would have missed the 4 weeks since by" in words.replayed(whole)


def test_a_replay_in_which_nothing_came_has_no_share_to_miss_by(whole: Outlook) -> None:
    pairs, name = whole.replay.pairs.assign(y=0.0), whole.replay.main
    actual = pairs[["segment", "period", "y"]]
    log = pairs.melt(["segment", "origin", "period", "horizon"], ["mean", "lo-80", "hi-80"])
    quantile = log["variable"].map({"lo-80": 0.1, "hi-80": 0.9})
    nothing = forecasts.record(
        log.assign(model="published", quantile=quantile),
        actual.rename(columns={"segment": "unique_id", "period": "ds"}),
        metric="Contacts",
        main=name,
    )
    said = words.replayed(dataclasses.replace(whole, replay=nothing))
    assert "would have missed the 4 weeks since by no share that can be told: 0 came" in said
    assert said.endswith("0 of 4 would have lain within the 80\xa0% range.")
    (row,) = words.scores(nothing)
    assert row[1:] == ["4", "", "", "", "0\xa0%", ""]


def test_weeks_without_usable_data_are_left_out_and_not_zero(tmp_path: Path) -> None:
    table = rows()
    days = pd.to_datetime(table["day"])
    gone = days.between(FIRST + pd.Timedelta(weeks=30), FIRST + pd.Timedelta(weeks=31, days=6))
    made = page(packed(tmp_path / "acme", table[~gone]), scenarios=NOTHING)
    past = made.expected.past()
    assert past["y"].isna().sum() == 2
    assert made.average()[1] == pytest.approx(21000, rel=0.03)
    assert any("2 weeks without usable data are left out" in text for text in words.care(made))


def test_only_weeks_of_the_present_definition_are_learnt_from(tmp_path: Path) -> None:
    """The first 20 weeks counted every contact three times."""
    table = rows()
    early = pd.to_datetime(table["day"]) < FIRST + pd.Timedelta(weeks=20)
    table.loc[early, "contacts"] *= 3
    when = (FIRST + pd.Timedelta(weeks=20)).date()
    broken = {"breaks": [{"date": when, "why": "merged contacts no longer count"}]}
    metrics = {**MORE, "contacts": {**MORE["contacts"], **broken}}
    folder = Path(packed(tmp_path / "acme"))
    make(
        folder, table, metrics=metrics, pack={"where": {}, "peers": None},
        plans={"plans": {"contacts": PLAN}},
    )  # fmt: skip
    made = page(str(folder), scenarios=NOTHING)
    assert made.expected.cut
    assert len(made.expected.past()) == WEEKS - 20
    assert made.average()[1] == pytest.approx(21000, rel=0.03)
    assert any("the definition changed before" in text for text in words.care(made))


def test_small_queues_are_pooled_and_not_logged(tmp_path: Path) -> None:
    table = rows()
    small = table["queue"].isin(["Appeals", "Billing"])
    lone = table.groupby(["queue"]).cumcount() % 7 == 0
    table["contacts"] = table["contacts"].where(~small, lone.astype(int) * 3)
    made = page(packed(tmp_path / "acme", table), scenarios=NOTHING)
    assert made.staffed is not None
    queues_ = list(dict.fromkeys(made.staffed.volume["queue"]))
    assert all("Appeals" not in name and "Billing" not in name for name in queues_)
    assert {row["segment"] for row in outlook.log_rows(made)} <= {"all", "queue=Safety"}


def test_a_pack_without_a_plan_is_forecast_and_staffs_nobody(tmp_path: Path) -> None:
    made = page(str(make(tmp_path / "acme")), scenarios=Scenarios())
    assert made.plan is None
    assert made.staffed is None
    assert [what.name for what in made.what_ifs] == ["As forecast", "Spike", "Launch"]
    assert plain(words.headline(made)).startswith("Safety, contacts: 7,0")


def test_the_headline_holds_what_is_expected_its_range_and_the_change(whole: Outlook) -> None:
    said = plain(words.headline(whole))
    assert said.startswith("Acme support, contacts: 2")
    assert "a week expected in the 4 weeks from 13 October 2025 (80 % range 2" in said
    assert "than in the last 4 weeks" in said or "as in the last 4 weeks" in said


def test_a_backlog_that_cannot_be_cleared_in_time_is_said(tmp_path: Path) -> None:
    pack = packed(tmp_path / "acme", rows(hours=150))
    by = (LAST_WEEK + pd.Timedelta(weeks=3)).date().isoformat()
    made = page(pack, clear_by=by, scenarios=NOTHING)
    assert "cannot be cleared by" in made.late
    assert any("cannot be cleared by" in text for text in words.care(made))


def test_segments_of_the_same_rows_stand_once() -> None:
    """Each market has one language, so market and language say the same."""
    table = pd.DataFrame({"market": ["TR", "US", "GB"], "language": ["tr", "en", "en"]})
    nodes, alias = expected._nodes(table, ("market", "language"))
    assert set(nodes) == {
        "market=TR, language=tr", "market=US, language=en", "market=GB, language=en",
        "language=en", "all",
    }  # fmt: skip
    assert alias["market=TR"] == alias["language=tr"] == "market=TR, language=tr"


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"horizon": 0}, "horizon is 0; it must be from 1 to 104 periods."),
        ({"clear_by": "soon"}, "clear_by is 'soon'; it must be a date such as 2025-12-29."),
        (
            {"scenarios": Scenarios(launch="2031-01-01")},
            "launch is '2031-01-01', which is not in the 4 weeks from 13 October 2025. "
            "Give a day in them.",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_parameters_that_cannot_be_are_refused(
    acme: str, chosen: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParamError) as refused:
        page(acme, **chosen)
    assert plain(str(refused.value)) == message


def test_only_a_count_of_what_comes_in_is_forecast(acme: str) -> None:
    for metric, kind in (("solved_share", "a ratio"), ("open", "a stock")):
        with pytest.raises(ParamError) as refused:
            outlook.build(choices.start(acme, coming=metric))
        assert str(refused.value) == (
            f"metric '{metric}' is {kind}; only a count of what comes in is forecast. "
            "Choose a count."
        )


def test_a_year_is_no_grain_of_a_forecast(acme: str) -> None:
    run = choices.start(acme, coming="", grain="quarter")
    with pytest.raises(ParamError) as refused:
        outlook.build(dataclasses.replace(run, grain="year"))
    assert str(refused.value) == (
        "grain is 'year'; a forecast needs day, week, month, quarter."
    )
