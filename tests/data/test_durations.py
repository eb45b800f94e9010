"""Open items are censored, never dropped: Kaplan-Meier against published answers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from insights.data import durations

BEGUN = pd.Timestamp("2025-01-01")
DURATION = {
    "kind": "duration",
    "unit": "days",
    "clock": "begun",
    "from": "begun",
    "to": "ended",
    "target": 240,
}
# Freireich et al. 1963, Blood 21(6): 699-716, weeks of remission on 6-mercaptopurine (as in Cox
# 1972, J. R. Stat. Soc. B 34(2): 187-220); open = still in remission.
ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
OPEN = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def put(desk, spans, **said):
    """One row a (days after the first begins, days it took or None)."""
    lines = ["begun,ended"]
    for after, took in spans:
        begun = BEGUN + pd.Timedelta(days=after)
        ended = "" if took is None else begun + pd.Timedelta(days=took)
        lines.append(f"{begun},{ended}")
    desk.table(
        content="\n".join(lines) + "\n", cast={"begun": "timestamp", "ended": "timestamp"}
    )
    return desk.metric(**DURATION | said)


def one(desk, **kept):
    rows = desk.build(grain=kept.pop("grain", "quarter"), **kept)
    assert len(rows) == 1
    return rows.iloc[0]


def leukaemia(desk):
    """All are seen to the end of day 36: who is open after n began n before it."""
    return put(desk, [(36 - n, None) for n in OPEN] + [(0, n) for n in ENDED])


def test_the_published_median_with_open_items(desk):
    """Median 23; the 90th percentile is not reached; S(10) = 0.753 (so 24.7 % ended by 10)."""
    row = one(leukaemia(desk), end="2025-02-05")
    assert (row["events"], row["exposure"]) == (9, 21)
    assert row["value"] == 23
    assert math.isnan(row["p90"])
    assert row["within"] == pytest.approx(1 - 0.7529, abs=5e-5)


def by_statsmodels(group: pd.DataFrame, target: float) -> list[float]:
    """Median, 90th percentile and share within target of one group, in minutes."""
    if not group["_closed"].any():
        return [math.nan, math.nan, 0.0 if group["_minutes"].max() >= target else math.nan]
    curve = SurvfuncRight(
        group["_minutes"], group["_closed"].astype(int), freq_weights=group["_items"]
    )
    left = pd.Series(curve.surv_prob, index=curve.surv_times)
    within = 1 - left[left.index <= target].min() if left.index[0] <= target else 0.0
    known = group["_minutes"].max() >= target or left.iloc[-1] < 1e-9
    reached = [left.index[left <= share + 1e-9].min() for share in (0.5, 0.1)]
    return [*reached, within if known else math.nan]


@pytest.mark.parametrize("seed", range(3))
def test_any_groups_equal_a_published_implementation_s(seed):
    """Ties of ended and open items, single items, all open, none open, none within target."""
    rng = np.random.default_rng(seed)
    n = 600
    week = rng.integers(0, 90, n)
    frame = pd.DataFrame(
        {
            "period": pd.Timestamp("2025-01-06") + pd.to_timedelta(7 * week, unit="D"),
            "_minutes": rng.integers(-1, 12, n).astype(float),
            "_closed": rng.random(n) < rng.choice([0.0, 0.5, 1.0], 90)[week],
            "_items": rng.integers(1, 4, n),
        }
    )
    keys = ["period", "_minutes", "_closed"]
    frame = frame.groupby(keys, as_index=False).sum().sample(frac=1, random_state=seed)
    found = durations.figures(frame, ["period"], target=5, unit=1.0)
    for row, (period, group) in zip(found.itertuples(), frame.groupby("period"), strict=True):
        assert row.period == period
        assert row.events == group.loc[group["_closed"], "_items"].sum()
        assert row.exposure == group["_items"].sum()
        figures = [row.value, row.p90, row.within]
        assert figures == pytest.approx(by_statsmodels(group, 5), abs=1e-12, nan_ok=True)


def test_dropping_the_open_items_would_say_something_else(desk):
    closed = put(desk, [(0, n) for n in ENDED])
    assert one(closed)["value"] == 10


def test_half_open_means_half_is_not_reached(desk):
    row = one(put(desk, [(0, 1), (0, None), (0, None)]), end="2025-01-20")
    assert math.isnan(row["value"])
    assert row["within"] == pytest.approx(1 / 3)


def test_without_open_items_the_median_is_the_time_by_which_half_have_ended(desk):
    row = one(put(desk, [(0, n) for n in (1, 2, 3, 4)]))
    assert (row["value"], row["p90"]) == (2, 4)


def test_nothing_ended_says_so(desk):
    row = one(put(desk, [(0, None), (1, None)]), end="2025-01-31")
    assert (row["events"], row["exposure"], row["within"]) == (0, 2, 0)
    assert math.isnan(row["value"])


def test_items_too_young_for_the_target_leave_it_open(desk):
    """Four days in, nobody can say how many will end within ten."""
    row = one(put(desk, [(0, 1), (0, None)]), end="2025-01-04")
    assert math.isnan(row["within"])
    row = one(put(desk, [(0, None)]), end="2025-01-04")
    assert math.isnan(row["within"])


def test_an_end_after_the_last_day_known_is_not_known_yet(desk):
    put(desk, [(0, 1), (0, 2), (0, 30)])
    row = one(desk, end="2025-01-11")
    assert (row["events"], row["exposure"]) == (2, 3)


def test_the_last_day_ends_at_local_midnight(desk):
    """23:30 UTC on the 10th is the 11th in Berlin, so an end then is not known by the 10th."""
    desk.info = {"title": "Desk", "timezone": "Europe/Berlin"}
    desk.table(content="begun,ended\n2025-01-09 12:00:00,2025-01-10 23:30:00\n")
    desk.metric(**DURATION)
    assert one(desk, end="2025-01-10")["events"] == 0
    assert one(desk, end="2025-01-11")["events"] == 1


def test_an_item_that_begins_after_the_last_day_known_is_not_there_yet(desk):
    """A planned beginning: recorded before, but not begun."""
    desk.table(
        content="begun,ended,seen\n2025-01-01,2025-01-02,2025-01-01\n2025-01-09,,2025-01-01\n",
        cast={"ended": "timestamp"},
        recorded_at="seen",
    )
    desk.metric(**DURATION)
    assert one(desk, known_by="2025-01-05")["exposure"] == 1
    assert one(desk, known_by="2025-01-09")["exposure"] == 2


def test_a_target_met_to_the_minute_is_met(desk):
    desk.table(
        content="begun,ended\n2025-01-01 00:00:00,2025-01-01 02:00:00\n"
        "2025-01-01 00:00:00,2025-01-01 02:00:01\n"
    )
    row = one(desk.metric(**DURATION | {"unit": "hours", "target": 2}))
    assert row["within"] == 0.5
    assert row["p90"] == pytest.approx(121 / 60)


def test_units_are_the_metric_s(desk):
    put(desk, [(0, 1)], unit="hours")
    assert one(desk)["value"] == 24
    desk.metrics["tickets"]["unit"] = "minutes"
    assert one(desk)["value"] == 1440


def test_segments_and_gaps(desk):
    desk.table(
        content="begun,ended,queue\n2025-01-06,2025-01-07,mail\n2025-01-20,2025-01-22,mail\n"
        "2025-01-13,2025-01-16,chat\n",
        cast={"begun": "timestamp", "ended": "timestamp"},
    )
    desk.metric(**DURATION, dimensions=["queue"])
    rows = desk.build(by=["queue"])
    assert rows["queue"].tolist() == ["chat", "chat", "mail", "mail", "mail"]
    assert rows["value"].fillna(-1).tolist() == [3, -1, 1, -1, 2]


def test_a_metric_may_be_its_slow_tenth(desk):
    """Of 10 that took 1 to 10 days half had ended by day 5 and nine in ten by day 9."""
    spans = [(0, n) for n in range(1, 11)]
    assert one(put(desk, spans), end="2025-01-31")["value"] == 5
    slow = one(put(desk, spans, quantile=0.9), end="2025-01-31")
    assert slow["value"] == slow["p90"] == 9
