"""Clocks of another zone, labels that change, extracts cut by a window, days held level."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from insights.data import quality
from insights.data.quality.extracts import expected_ends
from insights.data.quality.labels import drifting
from insights.data.quality.spread import Spread
from insights.data.quality.zones import stretches

HOURS = np.array(
    [2, 1, 1, 1, 1, 2, 4, 8, 12, 14, 14, 13, 12, 13, 13, 12, 10, 8, 7, 6, 5, 4, 3, 2.0]
)
WEEKS = pd.date_range("2024-01-01", periods=40, freq="7D")
TIMES = {"kind": "duration", "unit": "hours", "from": "begun", "to": "ended", "target": 2}


def spread(counts: dict[str, np.ndarray]) -> Spread:
    """Return a spread of values by weeks and hours."""
    rows = [
        {"week": WEEKS[w], "hour": h, "value": value, "n": n}
        for value, table in counts.items()
        for (w, h), n in np.ndenumerate(table)
        if n
    ]
    found = pd.DataFrame(rows)
    days = found["week"] + pd.to_timedelta(6, unit="D")
    return Spread(found.assign(first=found["week"], last=days))


def week_by_hour(rng: np.random.Generator, size: int = 200) -> np.ndarray:
    return rng.multinomial(size, HOURS / HOURS.sum(), len(WEEKS))


# --- zones


@pytest.mark.parametrize(("hours", "said"), [(-6, -6), (9, 9), (2, 2), (13, -11)])
def test_weeks_of_another_zone_are_found_with_how_far_they_are_off(hours: int, said: int):
    rng = np.random.default_rng(1)
    one, other = week_by_hour(rng), week_by_hour(rng)
    one[10:18] = np.roll(one[10:18], hours, axis=1)
    found = stretches(spread({"US": one, "DE": other}), "market")
    assert [(m.value, m.hours, m.first, m.last) for m in found] == [
        ("US", said, WEEKS[10], WEEKS[17] + pd.Timedelta(days=6))
    ]
    assert found[0].rows == 8 * 200


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [12, 200])
def test_usual_weeks_are_of_one_zone(seed: int, size: int):
    rng = np.random.default_rng(seed)
    parts = {f"v{i}": week_by_hour(rng, size) for i in range(12)}
    assert stretches(spread(parts), "market") == []


def test_a_night_of_trouble_is_no_other_zone():
    rng = np.random.default_rng(2)
    one = week_by_hour(rng)
    one[20, 2:5] += 150
    assert stretches(spread({"US": one}), "market") == []


def test_a_clock_without_hours_has_no_zone():
    counts = np.zeros((len(WEEKS), 24), dtype=int)
    counts[:, 0] = 50
    assert stretches(spread({"US": counts}), "market") == []


def test_the_zone_gate_fails_the_days_of_what_is_moved(desk):
    rng = np.random.default_rng(3)
    rows = []
    for market, size in (("US", 60), ("DE", 60)):
        table = week_by_hour(rng, size)
        for (week, hour), n in np.ndenumerate(table):
            shift = -6 if market == "US" and 20 <= week < 24 else 0
            for _ in range(n):
                at = WEEKS[week] + pd.Timedelta(hours=hour, minutes=int(rng.integers(60)))
                at += pd.Timedelta(days=int(rng.integers(1, 6)), hours=shift)
                rows.append((at, market))
    frame = pd.DataFrame(rows, columns=["at", "market"]).assign(id=range(len(rows)))
    desk.table(content=frame.to_csv(index=False), key=["id"])
    (found,) = desk.metric(clock="at", dimensions=["market"]).findings()
    assert found.message.startswith("240 rows of market US read 6 hours earlier than usual, ")
    assert found.message.endswith(
        "local time among UTC. Mend the stamps, or read that part as a table with its own "
        "timezone"
    )
    assert (found.gate, found.level, len(found.days)) == ("mixed time zones", "fail", 28)
    assert desk.findings(where={"market": "DE"}) == []
    assert desk.findings(where={"market": "US"}) == [found]


# --- labels


def steady(
    rng: np.random.Generator, weekly: float, first: int = 0, end: int = 40
) -> np.ndarray:
    counts = np.zeros((len(WEEKS), 24), dtype=int)
    counts[first:end, 0] = rng.poisson(weekly, end - first)
    return counts


def test_a_renamed_label_is_named_with_its_successor():
    rng = np.random.default_rng(5)
    parts = {
        "old": steady(rng, 30, end=20),
        "new": steady(rng, 30, 20),
        "other": steady(rng, 50),
    }
    (found,) = drifting(spread(parts))
    assert (found.old, found.begun, found.risen) == (("old",), ("new",), "")


def test_a_merged_label_is_named_with_what_rose_by_as_much():
    rng = np.random.default_rng(6)
    into = steady(rng, 40)
    into[20:, 0] += rng.poisson(60, 20)
    parts = {"gone": steady(rng, 60, end=20), "into": into, "other": steady(rng, 50)}
    (found,) = drifting(spread(parts))
    assert (found.old, found.begun, found.risen) == (("gone",), (), "into")


@pytest.mark.parametrize("seed", range(5))
def test_what_only_ends_or_only_begins_or_is_rare_is_no_drift(seed: int):
    rng = np.random.default_rng(seed)
    parts = {
        "ends": steady(rng, 30, end=15), "begins": steady(rng, 30, 25),
        "rare": steady(rng, 0.2), "other": steady(rng, 80),
    }  # fmt: skip
    assert drifting(spread(parts)) == []


def drifted(desk, **said):
    days = [str((WEEKS[0] + pd.Timedelta(days=d)).date()) for d in range(7 * 40)]
    rows = "".join(
        f"{d},{'mail' if i < 140 else 'email'}\n{d},chat\n"
        for i, d in enumerate(days)
        for _ in "ab"
    )
    desk.table(content=f"day,queue\n{rows}", aggregated=True)
    return desk.metric(dimensions=["queue"], **said)


def test_changed_labels_touch_splits_and_fail_figures_that_read_them(desk):
    desk = drifted(desk).metric("mails", dimensions=["queue"], numerator="queue = 'mail'")
    (found,) = desk.findings()
    assert found.message == (
        "queue: mail ended (some 14 rows a week until 19\xa0May 2024) and email began; splits "
        "by it do not compare across that day"
    )
    assert (found.gate, found.level) == ("changed labels", "warn")
    (hard,) = desk.findings("mails")
    assert (hard.level, len(hard.days)) == ("fail", 140)


def test_a_page_kept_to_a_label_that_changed_fails_and_one_kept_to_another_does_not(desk):
    desk = drifted(desk)
    assert [one.level for one in desk.findings(where={"queue": "mail"})] == ["fail"]
    assert desk.findings(where={"queue": "chat"}) == []


def test_a_declared_break_of_that_day_excuses_changed_labels(desk):
    why = [{"date": pd.Timestamp("2024-05-20").date(), "why": "queues were renamed"}]
    assert drifted(desk, breaks=why).findings() == []


# --- extracts


def window(desk, *, cut: bool):
    """Cases of a process, or those of them that were active from a day on."""
    rng = np.random.default_rng(8)
    begun = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.random(1500) * 120, unit="D")
    ended = begun + pd.to_timedelta(rng.exponential(6, 1500), unit="D")
    frame = pd.DataFrame({"begun": begun.floor("s"), "ended": ended.floor("s")})
    if cut:
        frame = frame[frame["ended"] >= "2025-03-01"]
    frame = frame.assign(id=range(len(frame)))
    desk.table(content=frame.to_csv(index=False), key=["id"])
    return desk.metric(**TIMES, clock="begun").findings()


def test_a_log_of_what_was_active_is_caught_by_what_did_not_end_before_it(desk):
    (found,) = window(desk, cut=True)
    assert found.message.startswith("no item ended before 1\xa0March 2025, though ")
    assert found.message.endswith(
        "the extract holds what was active from then on, so that earlier days of begun are "
        "only what lasted"
    )
    assert found.gate == "extraction window"
    assert f"{found.days[-1]:%Y-%m-%d}" == "2025-02-28"


def test_a_log_of_what_began_is_not(desk):
    assert window(desk, cut=False) == []


def test_expected_ends_are_what_a_loop_counts():
    items = pd.DataFrame(
        {
            "begun": pd.to_datetime(["2025-01-01", "2025-01-04", "2025-01-05", "2025-01-06"]),
            "ended": pd.to_datetime(["2025-01-09", "2025-01-07", "2025-01-06", pd.NaT]),
            "n": [10, 10, 3, 1],
        }
    )
    found = expected_ends(items, pd.Timestamp("2025-01-05"))
    share_by_day = [0 / 4, 3 / 4, 3 / 4, 3 / 4]  # of those begun since, ended after 0 .. 3 days
    assert found == pytest.approx(10 * share_by_day[3] + 10 * share_by_day[0])


# --- level days


def volumes(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-01-01", periods=400)
    return pd.DataFrame({"period": days, "volume": 1e6 * rng.lognormal(0, 0.1, 400)})


def test_days_held_level_by_a_limit_are_named():
    days = volumes()
    days.loc[200:204, "volume"] = [800_000, 800_010, 799_995, 800_003, 800_001]
    found = quality.feed(days, grain="week")
    assert found.says("level") == (
        "5 days held level as by a limit on the export (799,995 to 800,010 a day): 19\xa0July "
        "to 23\xa0July 2024"
    )


@pytest.mark.parametrize("seed", range(10))
def test_days_that_come_and_go_are_not_level(seed: int):
    assert quality.feed(volumes(seed), grain="week").says("level") == ""


@pytest.mark.parametrize("volume", [40.0, 96.0, 1e6])
def test_a_source_that_never_changes_is_not_held_level(volume: float):
    days = volumes().assign(volume=volume)
    assert quality.feed(days, grain="week").says("level") == ""
