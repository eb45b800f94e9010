"""Days read together, for all metrics of a table, make the same series as a query for each."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ibis.backends.duckdb import Backend
from pandas.testing import assert_frame_equal
from ticketing import RATIO, desk_of, tickets

from insights.data import daily, series, sources
from insights.data.quality import Look, row_findings, see
from insights.data.sources import Source
from insights.errors import ContractError

GRAINS = ["day", "week", "month", "quarter"]
PLAIN = ["worked", "open", "weighted", "handle", "solved"]  # days of these add up


def asks(source: Source, names=None) -> dict[str, daily.Ask]:
    return {name: daily.Ask(source.pack.metrics[name]) for name in names or source.pack.metrics}


def same_as_alone(source: Source, *, names=None, by=(), grains=("week",), end=None, **kept):
    """Compare every metric with ``series.build``; days are read further than they are used."""
    days = daily.read(source, asks(source, names), by=by, **kept)
    for name, own in days.items():
        for grain in grains:
            said = {"by": by, "grain": grain, "end": end, **kept}
            found = daily.build(source, name, own, **said)
            alone = series.build(source, name, **said)
            assert_frame_equal(found, alone, rtol=1e-12, atol=0, obj=f"{name} by {grain}")
    return days


def counting(monkeypatch) -> list[str]:
    """Return a list that grows by one with every query."""
    asked: list[str] = []
    execute = Backend.execute

    def counted(self, expr, *args, **kept):
        asked.append(type(expr).__name__)
        return execute(self, expr, *args, **kept)

    monkeypatch.setattr(Backend, "execute", counted)
    return asked


# --- the same rows


@pytest.mark.parametrize(
    ("zone", "week_starts"), [("UTC", "monday"), ("Pacific/Auckland", "sunday")]
)
def test_every_kind_at_every_grain_equals_a_query_of_its_own(desk, zone, week_starts):
    desk.info = {"title": "Desk", "timezone": zone, "week_starts": week_starts}
    source = desk_of(desk, tickets()).open()
    same_as_alone(source, names=PLAIN, grains=GRAINS)
    same_as_alone(source, by=["queue"])


def test_every_kind_as_of_an_earlier_day_equals_a_query_of_its_own(desk):
    source = desk_of(desk, tickets()).open()
    same_as_alone(source, end=pd.Timestamp("2025-02-16").date())
    same_as_alone(source, known_by=pd.Timestamp("2025-02-16").date())
    same_as_alone(source, where={"queue": "(none)"})
    same_as_alone(source, where={"queue": "fax"})


def test_sums_of_aggregates_are_the_same(desk):
    frame = tickets().assign(day=lambda rows: rows["begun"].dt.date.astype(str))
    desk.table(content=frame.to_csv(index=False), aggregated=True, sampled=True, volume="who")
    desk.metric("share", **RATIO, numerator="weight", denominator="who", dimensions=["queue"])
    desk.metric("mean", kind="ratio", unit="minutes", numerator="minutes", denominator="who")
    source = desk.open()
    days = same_as_alone(source, grains=GRAINS)
    volumes = series.days(source, source.pack.metrics["mean"]).dropna()
    assert days["mean"]["volume"].tolist() == volumes["volume"].tolist()


def test_a_sum_that_is_no_number_stays_none(desk):
    """A NaN in the data makes its week unknown; it is not left out of it."""
    desk.table(
        content="day,n\n2025-01-06,1\n2025-01-07,NaN\n2025-01-14,2\n", cast={"n": "double"}
    )
    source = desk.metric(numerator="n").open()
    days = same_as_alone(source)
    found = daily.build(source, "tickets", days["tickets"])
    assert found["value"].isna().tolist() == [True, False]


def test_the_real_data_s_metrics_equal_queries_of_their_own(eu_dsa):
    same_as_alone(eu_dsa, where={"platform": "TikTok"})
    same_as_alone(eu_dsa, by=["platform"], start="2025-11-03")


def test_the_simulated_operation_s_metrics_equal_queries_of_their_own():
    with sources.opened("demo") as demo:
        same_as_alone(demo)


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(n=st.integers(1, 60), seed=st.integers(0, 99), grain=st.sampled_from(GRAINS))
def test_any_rows_give_the_same(new_desk, n, seed, grain):
    rows = tickets(n, seed)
    assume(rows["minutes"].notna().any())  # a column of blanks has no type in a file of text
    source = desk_of(new_desk(), rows).open()
    same_as_alone(source, names=PLAIN, grains=[grain], by=["queue"])


# --- few queries


def test_metrics_of_a_table_and_clock_share_a_query(desk, monkeypatch):
    source = desk_of(desk, tickets()).open()
    asked = counting(monkeypatch)
    daily.read(source, asks(source))
    assert len(asked) == 2  # by the day it began, by the day it ended


def test_clean_metrics_of_the_same_rows_are_judged_with_the_same_queries(desk, monkeypatch):
    source = desk_of(desk, tickets()).open()
    final = {"mature_after": 30}
    metrics = source.pack.metrics.items()
    looks = [Look(source, name, one.model_copy(update=final), {}) for name, one in metrics]
    asked = counting(monkeypatch)
    assert all(not seen.findings for seen in see(looks, until=None))
    once = len(asked)
    twice = [replace(look, name=f"{look.name} again") for look in looks]
    see([*looks, *twice], until=None)
    assert len(asked) == 2 * once


# --- the same findings


def faulty(desk):
    """Doubled keys, impossible figures, unread numbers, text: on different days."""
    desk.table(
        content="id,day,ended,queue,good,all,cost\n"
        "1,2025-03-01,2025-03-02,mail,6,5,1\n1,2025-03-02,2025-03-01,mail,1,4,n/a\n"
        "2,2025-03-03,,chat,-1,4,2\n3,2025-03-09,2025-03-09,chat,1,4,x\n"
        '3,2025-03-10,2025-03-09,mail,9,2,"1,000"\n',
        key=["id"],
        cast={"cost": "number"},
    )
    ends = {"from": "day", "to": "ended", "target": 2}
    said = {
        "share": {**RATIO, "numerator": "good", "denominator": '"all"'},
        "good": {"numerator": "good"},
        "cost": {"numerator": "cost"},
        "wait": {"kind": "duration", "unit": "hours", **ends},
        "texts": {"numerator": "queue"},
    }
    for name, metric in said.items():
        desk.metric(name, dimensions=["queue"], **metric)
    return desk.open()


@pytest.mark.parametrize("where", [{}, {"queue": "mail"}])
def test_gates_say_the_same_of_metrics_together_and_alone(desk, where):
    source = faulty(desk)
    ends = dict.fromkeys(source.pack.metrics, pd.Timestamp("2025-03-31").date())
    ends |= {
        "share": pd.Timestamp("2025-03-08").date(),
        "wait": pd.Timestamp("2025-03-02").date(),
    }
    looks = [
        Look(source, name, metric, where, ends[name])
        for name, metric in source.pack.metrics.items()
    ]
    together = see(looks, until=pd.Timestamp("2025-03-31").date())
    assert [seen.findings for seen in together] == [row_findings(look) for look in looks]
    assert [len(seen.findings) for seen in together] == (
        [3, 2, 2, 2, 1] if not where else [2, 1, 2, 2, 1]
    )
    assert together[-1].days is None, "text refuses a metric before its days are read"


def test_text_is_refused_without_showing_it(desk):
    desk.table(content="day,n\n2025-01-06,12\n2025-01-06,secret\n").metric(numerator="n")
    source = desk.open()
    with pytest.raises(ContractError) as raised:
        daily.read(source, asks(source))
    assert str(raised.value) == (
        "'Tickets' adds up text (n). Say cast: {column: number} in source.yaml."
    )
