"""Each gate fires on a planted fault, names days and shapes, and is silent on clean rows."""

from __future__ import annotations

import pandas as pd
import pytest

from insights.data.quality import Look, row_findings

CLEAN = "id,day,queue,good,all\n1,2025-03-01,mail,3,5\n2,2025-03-02,chat,1,4\n"
SHARE = {"kind": "ratio", "unit": "share", "numerator": "good", "denominator": '"all"'}


def only(findings):
    assert len(findings) == 1, [finding.message for finding in findings]
    return findings[0]


def days(finding) -> list[str]:
    return [f"{day:%m-%d}" for day in finding.days]


def put(desk, rows: str, **said):
    return desk.table(content="id,day,queue,good,all\n" + rows, **said)


def test_clean_rows_pass_every_gate(desk):
    desk.table(content=CLEAN, key=["id"], cast={"day": "date", "good": "number"})
    desk.metric("share", **SHARE).metric("tickets", numerator="good")
    assert desk.findings("share") == []
    assert desk.findings("tickets") == []


# --- doubled keys


def test_doubled_keys_of_aggregates_are_named_with_all_their_days(desk):
    put(
        desk,
        "1,2025-03-01,mail,3,5\n1,2025-03-04,mail,3,5\n2,2025-03-02,chat,1,4\n",
        key=["id", "queue"],
        aggregated=True,
    ).metric()
    found = only(desk.findings())
    assert found.message == (
        "1 key stands more than once (1 row too many), dated 1\xa0March 2025 and "
        "4\xa0March 2025: 1 / mail"
    )
    assert (found.gate, found.metric, found.level) == ("duplicate keys", "tickets", "fail")
    assert days(found) == ["03-01", "03-04"]
    assert not found.refuses


def test_doubled_keys_of_cases_show_their_shape_only(desk):
    desk.table(
        content="id,day\nann-1,2025-03-01\nann-1,2025-03-01\nbob-2,2025-03-02\n"
        "bob-2,2025-03-02\nbob-2,2025-03-02\neve-3,2025-03-02\n",
        key=["id"],
    ).metric(clock_is="filed")
    found = only(desk.findings())
    assert found.message == (
        "2 keys stand more than once, every column alike (3 rows too many), filed 1\xa0March "
        "to 2\xa0March 2025: such as 'aaa-9'"
    )
    assert found.gate == "exact duplicates"


def test_a_key_may_hold_blanks(desk):
    put(
        desk,
        "1,2025-03-01,,3,5\n1,2025-03-01,,4,5\n",
        key=["id", "queue"],
        aggregated=True,
        cast={"queue": "varchar"},
    ).metric()
    assert only(desk.findings()).message == (
        "1 key stands more than once (1 row too many), dated 1\xa0March 2025: 1 / nothing"
    )


# --- impossible figures


def test_a_numerator_above_its_denominator_fails_its_days(desk):
    put(desk, "1,2025-03-01,mail,6,5\n2,2025-03-02,mail,1,4\n3,2025-03-03,mail,2,\n")
    found = only(desk.metric("share", **SHARE).findings("share"))
    assert found.message == (
        "2 rows count more than there was to count, dated 1\xa0March 2025 and 3\xa0March 2025"
    )
    assert found.gate == "numerator above denominator"
    assert days(found) == ["03-01", "03-03"]


def test_a_mean_may_exceed_its_denominator(desk):
    put(desk, "1,2025-03-01,mail,6,5\n")
    assert desk.metric("mean", **SHARE | {"unit": "minutes"}).findings("mean") == []


def test_a_negative_count_fails_its_day(desk):
    put(desk, "1,2025-03-01,mail,-1,5\n2,2025-03-02,mail,1,4\n").metric(numerator="good")
    found = only(desk.findings())
    assert found.message == "1 row counts less than nothing, dated 1\xa0March 2025"
    assert (found.gate, days(found)) == ("negative counts", ["03-01"])


def test_a_negative_denominator_is_a_negative_count(desk):
    put(desk, "1,2025-03-01,mail,,-5\n2,2025-03-02,mail,1,4\n")
    found = only(desk.metric("share", **SHARE).findings("share"))
    assert found.message == "1 row counts less than nothing, dated 1\xa0March 2025"


def test_an_end_before_its_beginning_fails_its_day(desk):
    desk.table(
        content="begun,ended\n2025-03-01 10:00:00,2025-03-01 09:00:00\n"
        "2025-03-02 10:00:00,2025-03-02 11:00:00\n2025-03-03 10:00:00,\n"
    )
    ends = {"from": "begun", "to": "ended", "target": 2, "clock": "begun"}
    found = only(desk.metric(kind="duration", unit="hours", **ends).findings())
    assert found.message == "1 row ends before it begins, dated 1\xa0March 2025"
    assert (found.gate, days(found)) == ("ended before it began", ["03-01"])


def test_two_faults_are_two_findings(desk):
    put(desk, "1,2025-03-01,mail,6,5\n2,2025-03-02,mail,-1,4\n")
    found = desk.metric("share", **SHARE).findings("share")
    assert [one.gate for one in found] == ["numerator above denominator", "negative counts"]


# --- text where a number or a date should be


def test_mixed_number_formats_refuse_the_metric_and_show_no_value(desk):
    put(desk, '1,2025-03-01,mail,"291,093,794",5\n2,2025-03-02,mail,7,4\n')
    found = only(desk.metric(numerator="good").findings())
    assert found.message == (
        "good: 1 value such as '999,999,999' beside 1 bare figure, dated 1\xa0March 2025. "
        "Say cast: {good: number} in source.yaml."
    )
    assert found.gate == "mixed number formats"
    assert found.refuses


def test_text_where_a_number_is_needed_refuses_the_metric(desk):
    put(desk, "1,2025-03-01,mail,ann@x.org,5\n").metric(numerator="good")
    assert only(desk.findings()).message == (
        "good: is text where a number is needed. Say cast: {good: number} in source.yaml."
    )


def test_text_that_is_only_compared_is_no_number(desk):
    put(desk, "1,2025-03-01,mail,3,5\n")
    desk.metric("share", **SHARE | {"numerator": "queue = 'mail'", "denominator": "1"})
    assert desk.findings("share") == []


def test_a_clock_of_text_refuses_the_metric_by_shapes(desk):
    desk.table(content="day\n2025-03-01\n31/02/2025\nsoon\n").metric()
    found = only(desk.findings())
    assert found.message == (
        "day is text: 2 values such as '99/99/9999', 'aaaa' are not dates. "
        "Say cast: {day: timestamp} in source.yaml, or timestamp day first, or month first."
    )
    assert found.gate == "unreadable dates"
    assert found.refuses


def test_a_clock_of_text_that_reads_as_dates_must_still_be_declared(desk):
    desk.table(content="day\n2025-03-01\n", cast={"day": "varchar"}).metric()
    assert only(desk.findings()).message == (
        "day is text: its values read as dates. Say cast: {day: timestamp} in source.yaml."
    )


def test_a_declared_cast_that_cannot_read_some_dates_refuses_the_metric(desk):
    desk.table(content="day\n2025-03-01\n31/02/2025\n\n", cast={"day": "date"}).metric()
    found = only(desk.findings())
    assert found.message == (
        "day: 1 value such as '99/99/9999' is not a date. Mend the source."
    )
    assert found.refuses


def test_an_end_that_cannot_be_read_refuses_a_duration(desk):
    desk.table(
        content="begun,ended\n2025-03-01,2025-03-02\n2025-03-02,tomorrow\n",
        cast={"begun": "timestamp", "ended": "timestamp"},
    )
    ends = {"from": "begun", "to": "ended", "target": 2, "clock": "begun"}
    found = only(desk.metric(kind="duration", unit="hours", **ends).findings())
    assert found.message == "ended: 1 value such as 'aaaaaaaa' is not a date. Mend the source."


def test_numbers_that_a_cast_cannot_read_fail_their_days(desk):
    put(
        desk,
        '1,2025-03-01,mail,"1,000",5\n2,2025-03-02,mail,n/a,4\n3,2025-03-03,mail,,4\n',
        cast={"good": "number"},
    ).metric(numerator="good")
    found = only(desk.findings())
    assert found.message == (
        "good: 1 value such as 'a/a' is not a number, dated 2\xa0March 2025. Mend the source."
    )
    assert (found.gate, days(found)) == ("unreadable numbers", ["03-02"])
    assert not found.refuses


def test_a_derived_column_carries_the_fault_of_what_it_is_made_of(desk):
    put(
        desk,
        "1,2025-03-01,mail,x,5\n",
        cast={"good": "number"},
        columns={"double": "good * 2", "fast": "double > 3"},
    )
    desk.metric("share", **SHARE | {"numerator": "fast", "denominator": "1"})
    assert only(desk.findings("share")).gate == "unreadable numbers"


# --- only what the metric reads


def test_a_fault_in_a_column_touches_only_the_metrics_that_read_it(desk):
    put(desk, '1,2025-03-01,mail,-3,"1,005"\n2,2025-03-02,mail,1,n/a\n', cast={"all": "number"})
    desk.metric("good", numerator="good").metric("every", numerator='"all"').metric("rows")
    assert [one.gate for one in desk.findings("good")] == ["negative counts"]
    assert [one.gate for one in desk.findings("every")] == ["unreadable numbers"]
    assert desk.findings("rows") == []


def test_a_fault_outside_the_rows_looked_at_is_not_reported(desk):
    put(desk, "1,2025-03-01,mail,-3,5\n2,2025-03-02,chat,1,5\n")
    desk.metric(numerator="good", dimensions=["queue"])
    assert desk.findings(where={"queue": "chat"}) == []
    assert len(desk.findings(where={"queue": "mail"})) == 1
    assert desk.findings(end=pd.Timestamp("2025-02-28").date()) == []


@pytest.mark.parametrize("metric", ["statements_filed", "automated_share", "filing_delay"])
def test_the_real_data_pass_every_row_gate(eu_dsa, metric):
    assert row_findings(Look(eu_dsa, metric, eu_dsa.pack.metrics[metric], {})) == []
