"""Faults of real public files that gates must name, each verified by hand in the file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from insights.data import quality
from insights.data.quality import Look

DURATION = {"kind": "duration", "unit": "hours", "target": 24}


def read(desk, shared: Path, name: str, **said):
    """Put one file of the public data behind the desk's table."""
    return desk.table(path=str(shared / "data" / name), **said)


def gates(findings) -> list[str]:
    return [finding.gate for finding in findings]


def test_half_of_the_synthetic_tickets_are_resolved_before_their_first_reply(desk, shared):
    read(
        desk, shared, "support/kaggle_support_tickets_synthetic_null.csv", key=["Ticket_ID"],
        cast={"First_Response_Time": "timestamp", "Time_to_Resolution": "timestamp"},
        order=["First_Response_Time", "Time_to_Resolution"],
    )  # fmt: skip
    ends = {"from": "First_Response_Time", "to": "Time_to_Resolution"}
    desk.metric(**DURATION, **ends, clock="First_Response_Time")
    desk.metric("asked", clock="First_Response_Time")
    (found,) = desk.findings()
    assert found.message == (
        "1,365 of 2,769 rows (49.3\xa0%) end before they begin (Time_to_Resolution before "
        "First_Response_Time): the columns mean something else, dated 31\xa0May to "
        "2\xa0June 2023"
    )
    assert found.refuses
    assert desk.findings("asked") == []  # and the page goes on


def test_bulk_closed_requests_are_said(desk, shared):
    stamp = "timestamp month first"
    read(
        desk, shared, "support/nyc311_animals_2025.csv.gz", key=["Unique Key"],
        rename={"Created Date": "created", "Closed Date": "closed"},
        cast={"created": stamp, "closed": stamp},
    )  # fmt: skip
    desk.metric(**DURATION, **{"from": "created", "to": "closed"}, clock="created")
    (found,) = desk.findings()
    assert found.gate == "zero durations" and found.level == "warn"
    assert found.message.startswith("309 of 4,692 rows (6.6\xa0%) end the moment they begin")


def test_the_last_day_of_the_requests_is_nearly_empty(desk, shared):
    requests = pd.read_csv(shared / "data/support/nyc311_animals_2025.csv.gz")
    day = pd.to_datetime(requests["Created Date"], format="%m/%d/%Y %H:%M").dt.normalize()
    days = (
        day.value_counts()
        .rename_axis("period")
        .reset_index(name="volume")
        .sort_values("period")
    )
    feed = quality.feed(days, grain="week")
    assert "14\xa0March 2025" in feed.says("tiny")


def test_copies_in_the_event_log_are_counted_and_its_winters_are_of_another_zone(desk, shared):
    read(desk, shared, "support/helpdesk_events.csv").metric(clock="CompleteTimestamp")
    copies, zone = desk.findings()
    assert copies.message.startswith("91 rows are exact copies of others, dated ")
    assert (copies.gate, copies.level) == ("exact duplicates", "fail")
    assert (
        "read 2 hours later than usual, 31\xa0October 2011 to 25\xa0March 2012" in zone.message
    )
    assert (zone.gate, zone.level) == ("mixed time zones", "warn")  # winter after winter


def test_answers_alike_without_a_key_are_said_and_codes_caught(desk, shared):
    read(
        desk, shared, "surveys/sfo_survey_2010_2017.csv.gz", valid={"all": [1, 5]},
        columns={"day": "make_date(year, 7, 1)"},
    )  # fmt: skip
    share = {"numerator": '"all" >= 4', "denominator": '"all" is not null'}
    desk.metric(kind="ratio", unit="share", **share)
    copies, codes = desk.findings()
    assert copies.message.startswith("495 rows are exact copies of others")
    assert copies.level == "warn"
    assert codes.message.startswith("1,477 values of all are outside 1 to 5 (0, 6), dated ")


def reports(desk, shared, name: str, **said):
    return read(
        desk, shared, f"dsa_reports_2025H2/{name}.csv", aggregated=True,
        columns={"day": "cast(left(period, 10) as date)"}, **said,
    )  # fmt: skip


def test_more_measures_are_automated_than_there_are(desk, shared):
    reports(desk, shared, "t6_own_initiative_tc")
    share = {"numerator": "automated", "denominator": "measures"}
    (found,) = desk.metric(kind="ratio", unit="share", **share).findings()
    assert found.message == "9 rows count more than there was to count, dated 1\xa0July 2025"
    assert found.gate == "numerator above denominator"


def test_age_gates_are_in_no_category(desk, shared):
    """28,117,025 measures of TikTok are in the total and in no category."""
    reports(desk, shared, "t6_own_initiative_tc")
    desk.table(
        "totals",
        sql="select day, service, max(measures) filter (category = 'TOTAL') as total, "
        "sum(measures) filter (category <> 'TOTAL') as in_categories from tickets "
        "where service = 'TikTok' and not starts_with(category, 'KEYWORD') "
        "group by day, service",
        equals={"total": "in_categories"},
    )
    findings = desk.metric(table="totals", numerator="total").findings()
    assert "parts do not add up" in gates(findings)
    said = next(f.message for f in findings if f.gate == "parts do not add up")
    assert said == (
        "1 row has a total that is not in_categories (28.12\xa0M apart in all), dated "
        "1\xa0July 2025"
    )


def test_categories_that_changed_on_a_day_are_named(desk, shared):
    read(
        desk, shared, "eu_dsa/statements_daily_by_category.csv.gz",
        key=["platform", "date", "category"], aggregated=True, volume="count",
    )  # fmt: skip
    desk.metric(numerator="count", clock="date", dimensions=["platform", "category"])
    (found,) = desk.findings(where={"platform": "TikTok"})
    assert found.gate == "changed labels"
    assert "SCOPE_OF_PLATFORM_SERVICE" in found.message.split(" ended ")[0]
    began = found.message.split("until 30\xa0June 2025) and ")[1]
    assert "STATEMENT_CATEGORY_OTHER_VIOLATION_TC" in began


def test_the_plateau_of_march_2025_reads_as_a_limit_on_the_export(eu_dsa):
    metric = eu_dsa.pack.metrics["statements_filed"]
    (seen,) = quality.see(
        [Look(eu_dsa, "statements_filed", metric, {"platform": "TikTok"})], until=None
    )
    days = seen.days[["period", "volume"]]
    whole = pd.DataFrame({"period": pd.date_range(days["period"].min(), days["period"].max())})
    feed = quality.feed(whole.merge(days, how="left"), grain="week")
    assert "15\xa0March to 20\xa0March 2025" in feed.says("level")


def test_parts_of_the_real_total_add_up(eu_dsa):
    metric = eu_dsa.pack.metrics["automated_share"]
    (seen,) = quality.see([Look(eu_dsa, "automated_share", metric, {})], until=None)
    assert "parts do not add up" in seen.asked
    assert seen.findings == []


@pytest.mark.parametrize("name", ["callcenter_daily_a_dated.csv"])
def test_incoming_calls_are_those_answered_and_those_abandoned(desk, shared, name):
    read(
        desk, shared, f"support/{name}", aggregated=True, volume="calls",
        rename={
            "Date": "day", "Incoming Calls": "calls", "Answered Calls": "answered",
            "Abandoned Calls": "abandoned",
        },
        cast={"day": "date month first", "calls": "number", "answered": "number"},
        equals={"calls": "answered + abandoned"}, key=["day"],
    )  # fmt: skip
    assert desk.metric(numerator="calls").findings() == []
