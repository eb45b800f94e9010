"""Every fault that the data show is named at its file and line, all of them at once."""

from __future__ import annotations

import pytest

CONTENT = "id,day,queue,score\n1,2025-03-01,mail,5\n2,2025-03-02,chat,2\n"
THERE = "There are id, day, queue, score."
RATIO = {"kind": "ratio", "unit": "share", "numerator": "score >= 4", "denominator": "1"}


def only(found: list[str]) -> str:
    assert len(found) == 1, found
    return found[0]


def test_a_sound_pack_has_no_faults(desk):
    desk.table(content=CONTENT, key=["id"], columns={"good": "score >= 4"}, volume="1")
    desk.metric("share", **RATIO, dimensions=["queue"]).metric(numerator="score")
    assert desk.faults() == []


@pytest.mark.parametrize(
    ("said", "line", "message"),
    [
        (
            {"numerator": "scroe >= 4"},
            "numerator:",
            "metric 'share': numerator: 'scroe >= 4' names column 'scroe', "
            f"which is not there; did you mean 'score'? {THERE}",
        ),
        (
            {"denominator": "asked > 0"},
            "denominator:",
            "metric 'share': denominator: 'asked > 0' names column 'asked', "
            f"which is not there. {THERE}",
        ),
        (
            {"clock": "dya"},
            "clock:",
            "metric 'share': clock names column 'dya', which is not there; "
            f"did you mean 'day'? {THERE}",
        ),
        (
            {"clock": "score"},
            "clock:",
            "metric 'share': clock 'score' is int64; it must be a date or a time stamp",
        ),
        (
            {"dimensions": ["queue", "market"]},
            "- market",
            f"metric 'share': dimensions names column 'market', which is not there. {THERE}",
        ),
        (
            {"numerator": "sum(score)"},
            "numerator:",
            "metric 'share': numerator: 'sum(score)' adds up rows; say what one row adds, "
            "the sums are made for you",
        ),
        (
            {"numerator": "score / count(*) over ()"},
            "numerator:",
            "metric 'share': numerator: 'score / count(*) over ()' adds up rows; say what one "
            "row adds, the sums are made for you",
        ),
        (
            {"numerator": "kurtosis_pop(score)"},
            "numerator:",
            "metric 'share': numerator: 'kurtosis_pop(score)' adds up rows; say what one row "
            "adds, the sums are made for you",
        ),
        (
            {"numerator": "score > (select avg(score) from tickets)"},
            "numerator:",
            "metric 'share': numerator: 'score > (select avg(score) from tickets)' is a query; "
            "give an expression over the columns of one row",
        ),
        (
            {"numerator": "1; drop table tickets"},
            "numerator:",
            "metric 'share': numerator: '1; drop table tickets' is a query; give an expression "
            "over the columns of one row",
        ),
        (
            {"numerator": "score >"},
            "numerator:",
            "metric 'share': numerator: 'score >' is not SQL: a part of it is missing",
        ),
        (
            {"numerator": "(score"},
            "numerator:",
            "metric 'share': numerator: '(score' is not SQL: Expecting )",
        ),
        (
            {"numerator": "queue = 'mail"},
            "numerator:",
            "metric 'share': numerator: 'queue = 'mail' is not SQL: a quote is open",
        ),
        (
            {"numerator": "unnest([1, 2])"},
            "numerator:",
            "metric 'share': numerator: 'unnest([1, 2])' gives more than one value; "
            "give one a row",
        ),
    ],
)
def test_a_metric_s_fault_stands_at_its_line(desk, said, line, message):
    desk.table(content=CONTENT).metric("share", **RATIO | said)
    assert only(desk.faults()) == f"{desk.line('metrics', line)}: {message}"


def test_what_only_the_engine_can_refuse_is_said_in_its_first_line(desk):
    desk.table(content=CONTENT).metric("share", **RATIO | {"numerator": "queue - day"})
    said = only(desk.faults())
    start = (
        f"{desk.line('metrics', 'numerator:')}: metric 'share': numerator: "
        "'queue - day' cannot be worked out: "
    )
    assert said.startswith(start)


def test_expressions_that_the_engine_takes_are_put_to_it_once_a_table(desk, monkeypatch):
    from insights.data import tables

    desk.table(content=CONTENT)
    for name in ("one", "two", "three"):
        desk.metric(name, **RATIO | {"numerator": f"score >= {len(name)}"})
    asked, over = [], tables.over
    monkeypatch.setattr(tables, "over", lambda *said: asked.append(said) or over(*said))
    assert desk.faults() == []
    assert len(asked) == 1
    desk.metrics["two"]["numerator"] = "queue - day"
    assert only(desk.faults()).startswith(desk.line("metrics", "numerator: queue"))


def test_a_duration_s_columns_are_checked(desk):
    desk.table(content=CONTENT)
    ends = {"from": "day", "to": "ended", "target": 2}
    desk.metric("wait", kind="duration", unit="hours", **ends)
    assert only(desk.faults()) == (
        f"{desk.line('metrics', 'to: ended')}: metric 'wait': to names column 'ended', "
        f"which is not there. {THERE}"
    )


def test_a_dimension_may_not_bear_the_name_of_a_result(desk):
    desk.table(content="day,value\n2025-03-01,a\n").metric(dimensions=["value"])
    assert only(desk.faults()) == (
        f"{desk.line('metrics', '- value')}: metric 'tickets': dimensions names column "
        "'value', a name that results use; rename it in source.yaml"
    )


@pytest.mark.parametrize(
    ("said", "line", "message"),
    [
        (
            {"rename": {"Scroe": "stars"}},
            "Scroe:",
            f"table 'tickets': rename names column 'Scroe', which is not there; did you mean "
            f"'score'? {THERE}",
        ),
        (
            {"cast": {"when": "date"}},
            "when:",
            f"table 'tickets': cast names column 'when', which is not there. {THERE}",
        ),
        (
            {"key": ["id", "mail"]},
            "- mail",
            f"table 'tickets': key names column 'mail', which is not there. {THERE}",
        ),
        (
            {"recorded_at": "seen"},
            "recorded_at:",
            f"table 'tickets': recorded_at names column 'seen', which is not there. {THERE}",
        ),
        (
            {"volume": "n * 2"},
            "volume:",
            f"table 'tickets': volume: 'n * 2' names column 'n', which is not there. {THERE}",
        ),
        (
            {"columns": {"good": "stars >= 4"}},
            "good:",
            "table 'tickets': good: 'stars >= 4' names column 'stars', which is not there. "
            f"{THERE}",
        ),
        (
            {"columns": {"good": "max(score)"}},
            "good:",
            "table 'tickets': good: 'max(score)' adds up rows; say what one row adds, "
            "the sums are made for you",
        ),
    ],
)
def test_a_table_s_fault_stands_at_its_line(desk, said, line, message):
    desk.table(content=CONTENT, **said)
    assert only(desk.faults()) == f"{desk.line('source', line)}: {message}"


def test_a_cast_to_no_type_is_a_fault_of_its_table(desk):
    desk.table(content=CONTENT, cast={"score": "nonesuch"})
    said = only(desk.faults())
    assert said.startswith(
        f"{desk.line('source', 'tickets:')}: table 'tickets' cannot be read: "
    )


def test_a_column_that_builds_on_a_wrong_one_is_not_reported_again(desk):
    desk.table(content=CONTENT, columns={"good": "stars >= 4", "fine": "good and id > 0"})
    desk.metric("share", **RATIO | {"numerator": "fine"})
    assert only(desk.faults()).startswith(desk.line("source", "good:"))


def test_every_fault_is_reported_at_once(desk):
    desk.table(
        content=CONTENT,
        key=["mail"],
        volume="n",
        columns={"good": "score >= 4", "best": "max(score)", "fast": "wait < 3"},
    )
    desk.metric("share", **RATIO | {"numerator": "scroe", "clock": "dya"})
    desk.metric("other", dimensions=["market"])
    places = [fault.split(": ")[0] for fault in desk.faults()]
    assert sorted(places) == sorted(
        [
            desk.line("metrics", "clock: dya"),
            desk.line("metrics", "numerator: scroe"),
            desk.line("metrics", "- market"),
            desk.line("source", "- mail"),
            desk.line("source", "best:"),
            desk.line("source", "fast:"),
            desk.line("source", "volume:"),
        ]
    )


def test_a_misspelt_key_does_not_hide_a_missing_column(desk):
    from insights import pack as packs

    desk.table(content=CONTENT).metric("share", **RATIO | {"denominator": "asked > 0"})
    desk.metrics["share"]["numerater"] = desk.metrics["share"].pop("numerator")
    data = desk.faults()
    draft = packs.read(desk.folder)
    assert any("numerater" in fault.message for fault in draft.faults)
    assert only(data).startswith(desk.line("metrics", "denominator:"))


def test_a_wrong_word_in_a_table_does_not_hide_a_missing_column(desk):
    desk.table(content=CONTENT, aggregated="maybe")
    desk.metric("share", **RATIO | {"denominator": "asked > 0"})
    assert only(desk.faults()).startswith(desk.line("metrics", "denominator:"))


def test_files_that_cannot_be_read_are_one_fault_each_and_the_rest_goes_on(desk, zipped):
    whole = zipped("id,n\n" + "".join(f"{i},{i * 7919 % 1013}\n" for i in range(50_000)))
    desk.file("cut.csv.gz", whole[: len(whole) // 2])
    desk.file("text.parquet", "id\n" + "1\n" * 50)
    desk.table("cut", path="cut.csv.gz").table("text", path="text.parquet")
    desk.table("gone", path="gone.csv").table("tickets", CONTENT)
    desk.metric("share", **RATIO | {"clock": "dya"})
    found = dict(fault.split(": ", 1) for fault in desk.faults())
    assert found[desk.line("source", "cut:")] == (
        "'cut.csv.gz' ends too early: its gzip is cut off. Fetch it again."
    )
    assert found[desk.line("source", "text:")].startswith("table 'text' cannot be read: ")
    assert found[desk.line("source", "gone:")] == (
        "no file matches 'gone.csv'. Give a path relative to the pack's folder."
    )
    assert len(found) == 4
    assert not any("Traceback" in said or "\n" in said for said in found.values())


def test_a_connection_that_fails_is_one_fault(desk, monkeypatch):
    monkeypatch.delenv("DESK_WORD", raising=False)
    desk.connection = "duckdb:///secret:DESK_WORD"
    desk.table(table="tickets")
    assert only(desk.faults()) == (
        f"{desk.line('source', 'connection:')}: secret 'DESK_WORD' is not set; "
        "put it in the environment as DESK_WORD"
    )


def test_capitals_and_spaces_in_names_are_no_fault(desk):
    desk.table(
        content='"Ticket ID","Closed On",Score\n1,2025-03-01,5\n',
        key=["Ticket ID"],
        columns={"good": '"Ticket ID" > 0 and SCORE > 3'},
    )
    desk.metric("share", **RATIO | {"numerator": 'score > 3 and "ticket id" > 0 and good'})
    desk.metrics["share"]["clock"] = "Closed On"
    assert desk.faults() == []
    assert desk.build("share", grain="day")["value"].tolist() == [1]


def test_a_field_of_a_struct_is_no_missing_column(desk):
    desk.file("t.json", '[{"day": "2025-03-01", "place": {"city": "Rome"}}]')
    desk.table(path="t.json", cast={"day": "date"})
    desk.metric("share", **RATIO | {"numerator": "place.city = 'Rome'"})
    assert desk.faults() == []


def test_a_pack_of_sql_over_its_own_tables_is_checked(desk):
    desk.table("tickets", CONTENT)
    desk.table("daily", sql="select day, count(*) as n from tickets group by day")
    desk.metric("perday", table="daily", numerator="m")
    assert only(desk.faults()) == (
        f"{desk.line('metrics', 'numerator:')}: metric 'perday': numerator: 'm' names column "
        "'m', which is not there. There are day, n."
    )
