"""Every kind of metric equals the same sums done slowly, and a gap is a row."""

from __future__ import annotations

import math
from collections import defaultdict

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from insights.data import series
from insights.errors import ContractError, ParamError

SLOW = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
RATIO = {"kind": "ratio", "unit": "share"}


def cases(n: int = 300, seed: int = 5) -> pd.DataFrame:
    """Tickets of ten weeks, two of them empty, with blanks in every column but the first."""
    rng = np.random.default_rng(seed)
    weeks = rng.choice([0, 1, 2, 4, 5, 7, 8, 9], n)
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "day": pd.Timestamp("2025-01-06")
            + pd.to_timedelta(weeks * 7 + rng.integers(0, 7, n), unit="D"),
            "queue": rng.choice(["mail", "chat", "phone"], n),
            "market": rng.choice(["DE", "FR"], n),
            "who": rng.integers(0, 40, n),
            "score": rng.choice([1, 2, 3, 4, 5, np.nan], n),
            "minutes": np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 90, n)),
        }
    )
    return frame.assign(score=frame["score"].astype("Int64"))


def put(desk, frame: pd.DataFrame, name: str = "tickets.csv", **said):
    desk.file(name, frame.to_csv(index=False))
    return desk.table(path=said.pop("path", name), **said)


def monday(day: pd.Timestamp) -> pd.Timestamp:
    return day - pd.Timedelta(days=day.weekday())


def slowly(frame: pd.DataFrame, add, by=()) -> dict:
    """Add up ``add(row)`` by week and segment, one row at a time."""
    sums: dict = defaultdict(lambda: np.zeros(3))
    for row in frame.to_dict("records"):
        sums[(monday(row["day"]), *(row[d] for d in by))] += np.array(add(row), dtype=float)
    return dict(sums)


def there(rows: pd.DataFrame, by=()) -> dict:
    """Return the rows that have a figure, by week and segment."""
    kept = rows.dropna(subset=["events"]).to_dict("records")
    return {(row["period"], *(row[d] for d in by)): row for row in kept}


# --- kinds


def test_a_count_adds_one_a_row(desk):
    frame = cases()
    found = there(put(desk, frame).metric().build())
    expected = slowly(frame, lambda row: (1, 0, 0))
    assert {k: v["events"] for k, v in found.items()} == {k: v[0] for k, v in expected.items()}
    assert all(row["value"] == row["events"] for row in found.values())


def test_a_count_s_exposure_is_its_days_with_data(desk):
    frame = cases()
    found = there(put(desk, frame).metric().build())
    for (week,), row in found.items():
        assert row["exposure"] == frame.loc[frame["day"].map(monday) == week, "day"].nunique()


def test_a_count_adds_its_numerator_and_blanks_add_nothing(desk):
    frame = cases()
    put(desk, frame).metric(numerator="minutes")
    found = there(desk.build())
    expected = slowly(
        frame, lambda row: (0 if math.isnan(row["minutes"]) else row["minutes"], 0, 0)
    )
    assert {k: v["events"] for k, v in found.items()} == {k: v[0] for k, v in expected.items()}


def test_distinct_counts_each_value_once_a_period_and_segment(desk):
    frame = cases()
    put(desk, frame).metric(kind="distinct", numerator="who", dimensions=["queue"])
    found = there(desk.build(by=["queue"]), ["queue"])
    seen = defaultdict(set)
    for row in frame.to_dict("records"):
        seen[(monday(row["day"]), row["queue"])].add(row["who"])
    assert {k: v["events"] for k, v in found.items()} == {k: len(v) for k, v in seen.items()}


def test_a_share_is_sum_over_sum_and_a_blank_numerator_is_zero(desk):
    frame = cases()
    put(desk, frame).metric(**RATIO, numerator="score >= 4", denominator="minutes is not null")
    found = there(desk.build())

    def add(row):
        if math.isnan(row["minutes"]):
            return 0, 0, 0
        return (not pd.isna(row["score"]) and row["score"] >= 4), 1, 0

    for key, (events, exposure, _) in slowly(frame, add).items():
        assert (found[key]["events"], found[key]["exposure"]) == (events, exposure)
        assert found[key]["value"] == events / exposure
    assert "events_sq" not in desk.build().columns


def test_a_period_of_blank_numerators_is_zero_of_its_denominators(desk):
    desk.table(content="day,good,n\n2025-03-01,,4\n2025-03-02,1,4\n", cast={"good": "number"})
    rows = desk.metric(**RATIO, numerator="good", denominator="n").build(grain="day")
    assert rows[["events", "exposure", "value"]].to_numpy().tolist() == [
        [0, 4, 0],
        [1, 4, 0.25],
    ]


def test_a_mean_over_cases_keeps_its_squares(desk):
    frame = cases()
    put(desk, frame)
    desk.metric(
        kind="ratio", unit="minutes", numerator="minutes", denominator="minutes is not null"
    )
    found = there(desk.build())

    def add(row):
        blank = math.isnan(row["minutes"])
        return (0, 0, 0) if blank else (row["minutes"], 1, row["minutes"] ** 2)

    for key, sums in slowly(frame, add).items():
        row = found[key]
        assert [row["events"], row["exposure"], row["events_sq"]] == sums.tolist()
        week = frame.loc[frame["day"].map(monday) == key[0], "minutes"]
        assert row["value"] == pytest.approx(week.mean(), rel=1e-12)
        variance = (row["events_sq"] - row["events"] ** 2 / row["exposure"]) / (
            row["exposure"] - 1
        )
        assert variance == pytest.approx(week.var(), rel=1e-9)


def test_a_mean_from_aggregates_has_no_squares(desk):
    put(desk, cases(), aggregated=True)
    desk.metric(kind="ratio", unit="minutes", numerator="minutes", denominator="1")
    assert "events_sq" not in desk.build().columns


def test_a_stock_is_its_period_s_last_day(desk):
    """The backlog of Sunday stands for the week; a week without its Sunday has no figure."""
    content = "day,queue,open\n" + "".join(
        f"{day},{queue},{n}\n"
        for day, queue, n in [
            ("2025-01-11", "mail", 900), ("2025-01-12", "mail", 5), ("2025-01-12", "chat", 2),
            ("2025-01-18", "mail", 70), ("2025-01-26", "mail", 9), ("2025-01-27", "mail", 8),
        ]
    )  # fmt: skip
    desk.table(content=content, aggregated=True)
    rows = desk.metric(numerator="open", snapshot="last", dimensions=["queue"]).build()
    assert rows["period"].dt.day.tolist() == [6, 13, 20]
    assert rows["value"].tolist()[::2] == [7, 9]
    assert math.isnan(rows["value"][1])
    assert desk.build(by=["queue"]).dropna()["value"].tolist() == [2, 5, 9]


def test_expressions_may_name_columns_in_any_case_and_quoted(desk):
    desk.table(content='day,"Top Score",FLAG\n2025-01-01,5,true\n2025-01-01,2,false\n')
    desk.metric(**RATIO, numerator='"top score" >= 4 and flag', denominator="1")
    assert desk.build(grain="day")["value"].tolist() == [0.5]


# --- gaps


def test_a_period_without_rows_is_a_row_of_nothing(desk):
    rows = put(desk, cases()).metric().build()
    assert rows["period"].tolist() == list(pd.date_range("2025-01-06", periods=10, freq="7D"))
    assert rows.loc[rows["events"].isna(), "period"].tolist() == [
        pd.Timestamp("2025-01-27"),
        pd.Timestamp("2025-02-17"),
    ]
    assert rows.loc[3, ["events", "exposure", "value"]].isna().all()
    assert rows["period"].dtype == "datetime64[ns]"
    assert set(rows["metric"]) == {"tickets"}


def test_every_segment_runs_from_its_first_period_to_the_last_of_all(desk):
    desk.table(content="day,queue\n2025-01-06,mail\n2025-01-20,chat\n2025-02-03,mail\n").metric(
        dimensions=["queue"]
    )
    rows = desk.build(by=["queue"])
    shown = [rows["queue"], rows["period"].dt.strftime("%m-%d"), rows["events"].fillna(-1)]
    found = list(zip(*shown, strict=True))
    assert found == [
        ("chat", "01-20", 1), ("chat", "01-27", -1), ("chat", "02-03", -1),
        ("mail", "01-06", 1), ("mail", "01-13", -1), ("mail", "01-20", -1),
        ("mail", "01-27", -1), ("mail", "02-03", 1),
    ]  # fmt: skip


def test_rows_that_name_no_segment_are_a_segment(desk):
    desk.table(content="day,queue\n2025-01-06,mail\n2025-01-06,\n2025-01-14,\n")
    desk.metric(dimensions=["queue"])
    rows = desk.build(by=["queue"])
    assert rows["queue"].tolist() == ["(none)", "(none)", "mail", "mail"]
    assert rows["events"].fillna(0).tolist() == [1, 1, 1, 0]
    assert desk.build(where={"queue": "(none)"})["events"].tolist() == [1, 1]


def test_no_rows_at_all_give_an_empty_frame_with_its_columns(desk):
    desk.table(content="day,queue\n2025-01-06,mail\n").metric(dimensions=["queue"])
    rows = desk.build(where={"queue": "fax"}, by=["queue"])
    assert rows.empty
    assert rows.columns.tolist() == ["period", "metric", "queue", "events", "exposure", "value"]


# --- choices


def test_two_dimensions_give_a_segment_a_pair(desk):
    frame = cases()
    put(desk, frame).metric(dimensions=["queue", "market"])
    found = there(desk.build(by=["queue", "market"]), ["queue", "market"])
    expected = slowly(frame, lambda row: (1, 0, 0), ["queue", "market"])
    assert {k: v["events"] for k, v in found.items()} == {k: v[0] for k, v in expected.items()}


def test_where_keeps_the_rows_of_a_segment(desk):
    frame = cases()
    put(desk, frame).metric(dimensions=["queue", "market"])
    kept = desk.build(where={"queue": "mail", "market": "DE"})
    n = ((frame["queue"] == "mail") & (frame["market"] == "DE")).sum()
    assert kept["events"].sum() == n


def test_a_value_that_holds_a_quote_is_only_a_value(desk):
    desk.table(content="day,queue\n2025-01-06,it's\n2025-01-06,other\n")
    desk.metric(dimensions=["queue"])
    assert desk.build(where={"queue": "it's"})["events"].tolist() == [1]


def test_start_and_end_are_both_included(desk):
    days = pd.date_range("2025-01-01", periods=10).strftime("%Y-%m-%d")
    desk.table(content="day\n" + "\n".join(days) + "\n").metric()
    rows = desk.build(grain="day", start="2025-01-03", end=pd.Timestamp("2025-01-05").date())
    assert rows["period"].dt.day.tolist() == [3, 4, 5]


def test_rows_that_arrived_later_are_left_out(desk):
    desk.table(
        content="day,seen\n2025-01-06,2025-01-07\n2025-01-06,2025-02-01\n", recorded_at="seen"
    ).metric()
    assert desk.build(known_by="2025-01-10")["events"].tolist() == [1]
    assert desk.build(known_by=pd.Timestamp("2025-02-01").date())["events"].tolist() == [2]
    assert desk.build()["events"].tolist() == [2]


def test_days_give_the_volume_that_the_table_says(desk):
    desk.table(content="day,n\n2025-01-06,5\n2025-01-06,2\n2025-01-08,1\n", volume="n")
    source = desk.metric().open()
    days = series.days(source, source.pack.metrics["tickets"])
    assert days.columns.tolist() == ["period", "volume"]
    assert days["volume"].fillna(-1).tolist() == [7, -1, 1]


# --- refusals


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (
            {"metric": "tikets"},
            "unknown metric 'tikets'; did you mean 'tickets'? The pack has tickets.",
        ),
        (
            {"by": ["quue"]},
            "metric 'tickets' has no dimension 'quue'; did you mean 'queue'? It has queue.",
        ),
        (
            {"where": {"market": "DE"}},
            "metric 'tickets' has no dimension 'market'. It has queue.",
        ),
        (
            {"grain": "weak"},
            "grain is 'weak'; it must be day, week, month, quarter or year; "
            "did you mean 'week'?",
        ),
    ],
)
def test_what_the_pack_does_not_have_is_refused(desk, kept, message):
    desk.table(content="day,queue\n2025-01-06,mail\n").metric(dimensions=["queue"])
    with pytest.raises(ParamError) as raised:
        desk.build(kept.pop("metric", "tickets"), **kept)
    assert str(raised.value) == message


def test_adding_up_text_is_refused_without_showing_it(desk):
    desk.table(content="day,n\n2025-01-06,12\n2025-01-06,secret\n").metric(numerator="n")
    with pytest.raises(ContractError) as raised:
        desk.build()
    assert str(raised.value) == (
        "'Tickets' adds up text (n). Say cast: {column: number} in source.yaml."
    )


# --- properties

frames = st.lists(
    st.tuples(
        st.dates(pd.Timestamp("2024-12-20").date(), pd.Timestamp("2025-02-10").date()),
        st.sampled_from(["mail", "chat", ""]),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=40,
).map(lambda rows: pd.DataFrame(rows, columns=["day", "queue", "n"]))


def counted(new_desk, **frames):
    """One open source with a metric a frame; a list of frames is a table of several files."""
    desk = new_desk()
    for name, parts in frames.items():
        for i, part in enumerate(parts if isinstance(parts, list) else [parts]):
            desk.file(f"{name}{i}.csv", part.to_csv(index=False))
        desk.table(name, path=f"{name}*.csv", cast={"day": "date", "queue": "varchar"})
        desk.metric(name, table=name, numerator="n", dimensions=["queue"])
    source = desk.open()

    def build(name, **kept):
        return series.build(source, name, **kept).drop(columns="metric")

    return build


@SLOW
@given(frame=frames, seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(new_desk, frame, seed):
    build = counted(new_desk, a=frame, b=frame.sample(frac=1, random_state=seed))
    assert_frame_equal(build("a", by=["queue"]), build("b", by=["queue"]))


@SLOW
@given(frame=frames, parts=st.integers(2, 4))
def test_splitting_rows_over_files_does_not_matter(new_desk, frame, parts):
    split = [part for i in range(parts) if len(part := frame.iloc[i::parts])]
    build = counted(new_desk, a=frame, b=split)
    assert_frame_equal(build("a"), build("b"))


@SLOW
@given(frame=frames, grain=st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_segments_add_up_to_the_total(new_desk, frame, grain):
    build = counted(new_desk, a=frame)
    total = build("a", grain=grain).set_index("period")["events"]
    parts = build("a", grain=grain, by=["queue"]).groupby("period")["events"]
    assert total.equals(parts.sum(min_count=1).reindex(total.index))
    assert total.sum() == frame["n"].sum()


# --- real data

WEEKS = ["2024-06-17", "2025-03-31", "2025-12-29"]
SUMS = {
    "statements_filed": ("sor_count", "count(distinct date)"),
    "automated_share": ("automated_decision_fully", "sor_count"),
    "removed_share": ("decision_visibility_content_removed", "sor_count"),
    "age_restricted_share": ("decision_visibility_content_age_restricted", "sor_count"),
    "notice_share": ("source_article_16 + source_trusted_flagger", "sor_count"),
    "accounts_terminated": ("decision_account_terminated", "count(distinct date)"),
    "moderation_delay": (
        "moderation_delay_n * moderation_delay_mean_s / 86400.0",
        "moderation_delay_n",
    ),
    "filing_delay": (
        "disclosure_delay_n * disclosure_delay_mean_s / 86400.0",
        "disclosure_delay_n",
    ),
}


def same(found: float, expected: float) -> bool:
    """Whether two figures agree to the last digit that adding in another order leaves."""
    return found == expected or math.isclose(found, expected, rel_tol=1e-14)


@pytest.mark.parametrize("metric", SUMS)
@pytest.mark.parametrize("week", WEEKS)
def test_tiktok_equals_plain_sql_over_the_shipped_parquet(eu_dsa, metric, week):
    from insights.data.files import paths

    (file,) = paths(eu_dsa.pack.source.tables["statements"], eu_dsa.pack.folder)
    events, exposure = SUMS[metric]
    blank = " + ".join(f"coalesce({part}, 0)" for part in events.split(" + "))
    below = exposure if "distinct" in exposure else f"sum({exposure})"
    expected = duckdb.sql(
        f"select sum({blank}), {below} from '{file}' where platform = 'TikTok' "
        f"and date between date '{week}' and date '{week}' + 6"
    ).fetchone()
    end = pd.Timestamp(week) + pd.Timedelta(days=6)
    (row,) = series.build(
        eu_dsa, metric, where={"platform": "TikTok"}, start=week, end=end.date()
    ).to_dict("records")
    assert row["period"] == pd.Timestamp(week)
    assert same(row["events"], float(expected[0]))
    assert row["exposure"] == float(expected[1])
    ratio = eu_dsa.pack.metrics[metric].kind == "ratio"
    assert row["value"] == (row["events"] / row["exposure"] if ratio else row["events"])


@pytest.fixture(scope="module")
def published(shared) -> pd.DataFrame:
    """TikTok's days as published, read by pandas; blank means zero within a filed day."""
    frame = pd.read_csv(shared / "data/eu_dsa/statements_daily.csv.gz", parse_dates=["date"])
    return frame[frame["platform"] == "TikTok"].fillna(0)


@pytest.mark.parametrize("week", WEEKS)
def test_tiktok_equals_the_published_daily_file(eu_dsa, published, week):
    first = pd.Timestamp(week)
    days = published[published["date"].between(first, first + pd.Timedelta(days=6))]
    days = days.assign(one=1)
    for metric, (events, exposure) in SUMS.items():
        below = "one" if "distinct" in exposure else exposure
        expected = math.fsum(days.eval(events)), float(days[below].sum())
        rows = series.build(eu_dsa, metric, where={"platform": "TikTok"})
        row = rows[rows["period"] == first].iloc[0]
        assert same(row["events"], expected[0]), metric
        assert row["exposure"] == expected[1], metric
