"""Gates that a pack declares in source.yaml: what values can be, what follows, what adds up."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from insights.data.quality import Look, see
from insights.data.quality.arrivals import completeness

SHARE = {"kind": "ratio", "unit": "share", "numerator": "score >= 4", "denominator": "1"}
TIMES = {"kind": "duration", "unit": "hours", "from": "begun", "to": "ended", "target": 2}
CLOCKED = "id,begun,ended,closed\n"


def only(findings):
    assert len(findings) == 1, [finding.message for finding in findings]
    return findings[0]


def days(finding) -> list[str]:
    return [f"{day:%m-%d}" for day in finding.days]


def stamps(rows: list[tuple[str, str, str]]) -> str:
    """Return rows of begun, ended and closed at times of March 2025, such as ``03 10:00``."""
    lines = [
        ",".join([str(i), *(f"2025-03-{at}:00" if at else "" for at in row)])
        for i, row in enumerate(rows)
    ]
    return CLOCKED + "\n".join(lines) + "\n"


# --- what values can be


def test_values_that_cannot_be_fail_their_days_and_are_shown(desk):
    desk.table(
        content="day,score\n2025-03-01,5\n2025-03-01,99\n2025-03-02,4\n2025-03-03,0\n",
        valid={"score": [1, 5]},
    ).metric(**SHARE)
    found = only(desk.findings())
    assert found.message == (
        "2 values of score are outside 1 to 5 (0, 99), dated 1\xa0March 2025 and "
        "3\xa0March 2025"
    )
    assert (found.gate, days(found)) == ("codes among answers", ["03-01", "03-03"])


def test_what_a_metric_does_not_read_is_not_held_against_it(desk):
    desk.table(content="day,score\n2025-03-01,99\n", valid={"score": [1, 5]}).metric()
    assert desk.findings() == []


def test_a_code_far_from_the_answers_is_found_undeclared(desk):
    desk.table(
        content="day,score\n2025-03-01,5\n2025-03-01,1\n2025-03-02,99\n2025-03-03,3\n"
    ).metric(**SHARE)
    found = only(desk.findings())
    assert found.message == (
        "1 value of score is 99, far from the others, dated 2\xa0March 2025: a code for no "
        "answer. Say valid: {score: [lowest, highest]} in source.yaml."
    )


@pytest.mark.parametrize("scores", [[96, 97, 98, 99, 100], [0, 5, 8, 10], [1, 2, 3]])
def test_scores_of_any_scale_are_no_codes(desk, scores):
    lines = "".join(f"2025-03-01,{score}\n" for score in scores)
    desk.table(content=f"day,score\n{lines}").metric(**SHARE)
    assert desk.findings() == []


# --- what follows what


def test_stamps_out_of_order_fail_their_days_where_a_metric_reads_both(desk):
    desk.table(
        content=stamps(
            [("01 10", "01 12", "01 09"), ("02 10", "02 12", "02 13"), ("03 10", "", "")]
        ),
        order=["begun", "ended", "closed"],
    )
    desk.metric("late", **SHARE | {"numerator": "closed is not null", "clock": "begun"})
    desk.metric("times", **TIMES, clock="begun")
    found = only(desk.findings("late"))
    assert found.message == "1 row has closed before begun, dated 1\xa0March 2025"
    assert (found.gate, days(found)) == ("times out of order", ["03-01"])
    assert desk.findings("times") == []


def test_where_the_fault_is_the_rule_the_metric_is_refused_whole(desk):
    early = [(f"{day:02} 10", f"{day:02} 09", "") for day in range(1, 11)]
    fine = [(f"{day:02} 10", f"{day:02} 11", "") for day in range(11, 21)]
    desk.table(content=stamps(early + fine)).metric(**TIMES, clock="begun")
    found = only(desk.findings())
    assert found.message == (
        "10 of 20 rows (50.0\xa0%) end before they begin (ended before begun): the columns "
        "mean something else, dated 1\xa0March to 10\xa0March 2025"
    )
    assert found.refuses


def test_items_closed_as_they_begin_are_said(desk):
    quick = [(f"{day:02} 10", f"{day:02} 10", "") for day in range(1, 13)]
    slow = [(f"{day:02} 10", f"{day:02} 18", "") for day in range(1, 21)]
    desk.table(content=stamps(quick + slow)).metric(**TIMES, clock="begun")
    found = only(desk.findings())
    assert found.message == (
        "12 of 32 rows (37.5\xa0%) end the moment they begin, dated 1\xa0March to "
        "12\xa0March 2025: closed in bulk or by a machine, they make the figure too low"
    )
    assert (found.gate, found.level) == ("zero durations", "warn")


def test_days_without_a_time_make_no_zero_durations(desk):
    rows = "".join(f"{i},2025-03-01,2025-03-01,\n" for i in range(30))
    desk.table(
        content=CLOCKED + rows, cast={"begun": "timestamp", "ended": "timestamp"}, key=["id"]
    ).metric(**TIMES, clock="begun")
    assert desk.findings() == []


# --- what adds up, what only grows, what was merged


def test_a_total_that_is_not_its_parts_fails_its_days(desk):
    desk.table(
        content="day,calls,taken,lost\n2025-03-01,10,8,2\n2025-03-02,10,8,1\n",
        aggregated=True,
        equals={"calls": "taken + lost"},
    )
    desk.metric(numerator="calls").metric("rows", numerator="1")
    found = only(desk.findings())
    assert found.message == (
        "1 row has a calls that is not taken + lost (1 apart in all), dated 2\xa0March 2025"
    )
    assert (found.gate, days(found)) == ("parts do not add up", ["03-02"])
    assert desk.findings("rows") == []


def test_an_id_whose_years_fall_stands_for_two_people(desk):
    desk.table(
        content="day,who,years\n2025-03-01,ann7,5\n2025-03-02,ann7,6\n2025-03-05,ann7,0\n"
        "2025-03-06,ann7,1\n2025-03-01,bob8,1\n2025-03-06,bob8,1\n",
        grows={"years": "who"},
    )
    desk.metric().metric("people", kind="distinct", numerator="who")
    found = only(desk.findings("people"))
    assert found.message == (
        "1 id of who stands for more than one person: years falls, first on 5\xa0March 2025; "
        "2 rows since, such as 'aaa9'"
    )
    assert (found.gate, days(found)) == ("reused ids", ["03-05", "03-06"])
    assert only(desk.findings()).level == "warn"


def test_merged_rows_count_once_unless_the_metric_asks(desk):
    desk.table(content="id,day,merged_into\n1,2025-03-01,\n2,2025-03-02,1\n", key=["id"])
    desk.metric().metric("own", numerator="merged_into is null")
    found = only(desk.findings())
    assert found.message == (
        "1 row was merged into another and counts beside it, dated 2\xa0March 2025"
    )
    assert found.gate == "merged rows counted"
    assert desk.findings("own") == []


def test_a_pack_says_by_itself_what_was_merged(desk):
    desk.table(
        content="id,day,tags\n1,2025-03-01,vip\n2,2025-03-02,closed_by_merge\n",
        merged="tags like '%closed_by_merge%'",
    ).metric()
    assert only(desk.findings()).gate == "merged rows counted"


# --- copies without a key, and tables made of others


def test_copies_with_a_time_of_day_are_no_chance(desk):
    desk.table(
        content="case,at\n7,2025-03-01 10:15:04\n7,2025-03-01 10:15:04\n8,2025-03-02 11:00:00\n"
    ).metric(clock="at")
    found = only(desk.findings())
    assert found.message == "1 row is an exact copy of another, dated 1\xa0March 2025"
    assert (found.gate, found.level) == ("exact duplicates", "fail")


def test_copies_by_the_day_alone_are_said_where_rows_seldom_are_alike(desk):
    rows = "".join(f"2025-03-{day:02},{day}\n" for day in range(1, 31))
    desk.table(content=f"day,n\n{rows}2025-03-30,30\n").metric()
    found = only(desk.findings())
    assert found.message == (
        "1 row is an exact copy of another, dated 30\xa0March 2025; without a key nobody can "
        "tell whether they may be"
    )
    assert found.level == "warn"


def test_some_rows_of_a_table_keep_its_key_and_what_is_said_of_it(desk):
    desk.table(
        "cases",
        "id,day,score\n1,2025-03-01,5\n1,2025-03-02,4\n2,2025-03-03,9\n",
        key=["id"],
        valid={"score": [1, 5]},
    )
    desk.table("good", sql="select * from cases where score > 3")
    desk.metric(table="good", **SHARE)
    assert [one.gate for one in desk.findings()] == ["duplicate keys", "codes among answers"]


def test_sums_over_doubled_rows_are_refused(desk):
    desk.table("cases", "id,day\n1,2025-03-01\n1,2025-03-02\n2,2025-03-03\n", key=["id"])
    desk.table(
        "daily", sql="select day, count(*) as n from cases group by day", aggregated=True
    )
    found = only(desk.metric(table="daily", numerator="n").findings())
    assert found.message == "made of cases, where 1 key stands more than once"
    assert found.refuses


def test_sql_reads_what_its_connection_holds_under_the_name_of_a_later_table(desk):
    with duckdb.connect(str(desk.folder / "desk.duckdb")) as connection:
        connection.sql("create table cases as select 1 as id, date '2025-03-01' as day")
    desk.connection = "duckdb://desk.duckdb"
    desk.table("clean", sql="select * from cases where id > 0", key=["id"])
    desk.table("cases", sql="select * from clean")
    assert desk.metric(table="cases").findings() == []


# --- arrival


def late(desk, mature: int):
    rng = np.random.default_rng(4)
    n = 4000
    day = pd.Timestamp("2025-01-06") + pd.to_timedelta(rng.integers(0, 120, n), unit="D")
    lag = np.where(rng.random(n) < 0.05, rng.integers(8, 31, n), rng.integers(0, 2, n))
    frame = pd.DataFrame({"day": day, "arrived": day + pd.to_timedelta(lag, unit="D")})
    frame = frame[frame["arrived"] < "2025-05-06"]
    content = frame.assign(id=range(len(frame))).to_csv(index=False)
    desk.table(content=content, key=["id"], recorded_at="arrived").metric(mature_after=mature)
    return desk.findings(end=pd.Timestamp("2025-05-05").date())


def test_days_that_are_not_all_there_yet_fail_until_they_are(desk):
    found = only(late(desk, 0))
    assert found.gate == "late arrivals" and found.level == "fail"
    assert " rows, 4." in found.message or " rows, 5." in found.message
    needed = len(found.days)
    assert 20 <= needed <= 31
    assert found.message.endswith(f"Say mature_after: {needed}")
    assert f"{found.days[-1]:%m-%d}" == "05-05"


def test_rows_that_come_within_a_week_are_late_where_the_pack_does_not_wait(desk):
    days = "".join(
        f"{10 * day + row},{at:%Y-%m-%d},{at + pd.Timedelta(days=3 * (row < 2)):%Y-%m-%d}\n"
        for day, at in enumerate(pd.date_range("2025-03-01", periods=20))
        for row in range(10)
    )
    desk.table(content=f"id,day,arrived\n{days}", key=["id"], recorded_at="arrived").metric()
    found = only(desk.findings(end=pd.Timestamp("2025-03-20").date()))
    assert found.message == (
        "40 rows, 20.0\xa0% of all, arrived more than 2 days late, dated 1\xa0March to "
        "20\xa0March 2025; it takes 3 days until 99.0\xa0% are there, and the pack calls "
        "figures final after 0 days. Say mature_after: 3"
    )


def test_a_pack_that_waits_long_enough_has_no_late_arrivals(desk):
    assert late(desk, 31) == []


def test_completeness_is_what_a_loop_over_old_days_finds():
    """Where all days are old enough nothing is truncated: shares are plain counts."""
    lags = pd.DataFrame({"day": pd.Timestamp("2024-01-01"), "lag": [0, 1, 3], "n": [6, 3, 1]})
    share = completeness(lags, pd.Timestamp("2025-01-01"))
    assert share.tolist() == pytest.approx([0.6, 0.9, 0.9, 1.0])


# --- personal data


def test_addresses_and_numbers_are_counted_and_never_shown(desk):
    desk.table(
        content="id,day,note\n1,2025-03-01,write to ann@x.org\n2,2025-03-02,call +49 30 901820"
        "\n3,2025-03-03,(212) 555-0143\n4,2025-03-04,order 64345465 of 2025-03-01 10:15\n",
        key=["id"],
    ).metric()
    found = only(desk.findings())
    assert found.message == (
        "tickets.note holds 1 e-mail address and 2 telephone numbers, dated 1\xa0March 2025 to "
        "3\xa0March 2025: nothing of it is shown"
    )
    assert (found.gate, found.level) == ("personal data", "warn")


def test_personal_data_in_a_dimension_refuse_the_metric(desk):
    desk.table(content="id,day,who\n1,2025-03-01,ann@x.org\n", key=["id"])
    found = only(desk.metric(dimensions=["who"]).findings())
    assert found.message.endswith("take it out of the metric")
    assert found.refuses


# --- what was asked


def test_a_metric_says_which_gates_it_went_through(desk):
    desk.table(content="id,day,queue\n1,2025-03-01,mail\n", key=["id"])
    source = desk.metric(dimensions=["queue"]).open()
    (seen,) = see([Look(source, "tickets", source.pack.metrics["tickets"], {})], until=None)
    assert seen.asked == (
        "unreadable dates", "mixed number formats", "exact duplicates", "duplicate keys",
        "negative counts", "changed labels", "personal data", "missing days",
        "nearly empty days", "backfill", "level days",
    )  # fmt: skip
