"""What stands in a file is what stands in the table; what is wrong is one sentence."""

from __future__ import annotations

import traceback
from datetime import date
from pathlib import Path

import duckdb
import pytest

from insights.data import files, sources
from insights.errors import ContractError, ParamError
from insights.pack import Table

THREE = "id,score\n1,5\n2,4\n3,\n"


def refusal(desk, error=ContractError) -> str:
    with pytest.raises(error) as raised:
        desk.open()
    return str(raised.value)


def parquet(path: Path, query: str) -> None:
    duckdb.sql(query).write_parquet(str(path))


# --- files


def test_a_csv_is_read_with_its_types(desk):
    desk.table(content="id,score,day,who\n1,5,2025-03-01,ann\n2,,2025-03-02,\n")
    assert [c for c in desk.open().tables["tickets"].columns] == ["id", "score", "day", "who"]
    rows = desk.rows()
    assert [(r[0], r[1], r[3]) for r in rows] == [(1, 5, "ann"), (2, None, None)]
    assert rows[0][2].date() == date(2025, 3, 1)


def test_a_csv_with_byte_order_mark_semicolons_and_crlf_is_read(desk):
    desk.file("tickets.csv", b"\xef\xbb\xbfid;score\r\n1;5\r\n2;\r\n")
    assert desk.table(path="tickets.csv").rows() == [(1, 5), (2, None)]


def test_a_csv_of_nothing_but_text_keeps_its_header(desk):
    assert desk.table(content="who,city\nann,rome\nbob,oslo\n").rows() == [
        ("ann", "rome"),
        ("bob", "oslo"),
    ]


def test_a_gzipped_csv_is_read(desk, zipped):
    desk.file("tickets.csv.gz", zipped(THREE))
    assert desk.table(path="tickets.csv.gz").rows() == [(1, 5), (2, 4), (3, None)]


def test_parquet_is_read(desk):
    parquet(desk.folder / "t.parquet", "select 1 as id, date '2025-01-01' as day")
    assert desk.table(path="t.parquet").rows()[0][0] == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.json", '[{"id": 1, "tag": "a"}, {"id": 2, "tag": null}]'),
        ("t.jsonl", '{"id": 1, "tag": "a"}\n{"id": 2, "tag": null}\n'),
        ("t.ndjson", '{"id": 1, "tag": "a"}\n{"id": 2, "tag": null}\n'),
    ],
)
def test_json_is_read_as_an_array_or_as_lines(desk, name, text):
    desk.file(name, text)
    assert desk.table(path=name).rows() == [(1, "a"), (2, None)]


def test_gzipped_json_is_json_and_not_csv(desk, zipped):
    desk.file("t.json.gz", zipped('[{"id": 1}]'))
    assert desk.table(path="t.json.gz").rows() == [(1,)]


def test_a_declared_format_wins_over_the_ending(desk):
    desk.file("export.txt", THREE)
    assert len(desk.table(path="export.txt", format="csv").rows()) == 3


def test_a_glob_reads_all_its_files_by_column_name(desk):
    desk.file("parts/a.csv", "id,score\n1,5\n")
    desk.file("parts/b.csv", "score,id,extra\n4,2,x\n")
    desk.table(path="parts/*.csv", columns={"bad": "score < 5"})
    assert sorted(desk.rows(), key=str) == [(1, 5, None, False), (2, 4, "x", True)]


def test_a_glob_of_parquet_may_gain_a_column(desk):
    parquet(desk.folder / "a.parquet", "select 1 as id")
    parquet(desk.folder / "b.parquet", "select 2 as id, 9 as extra")
    assert sorted(desk.table(path="*.parquet").rows(), key=str) == [(1, None), (2, 9)]


def test_files_whose_numbers_differ_in_form_meet_as_text(desk):
    desk.file("p/a.csv", "id,n\n1,5\n")
    desk.file("p/b.csv", 'id,n\n2,"1,005"\n')
    desk.table(path="p/*.csv", cast={"n": "number"})
    assert sorted(desk.rows()) == [(1, 5.0), (2, 1005.0)]


def test_a_file_whose_name_looks_like_a_pattern_is_found(desk):
    desk.file("export [1].csv", THREE)
    assert len(desk.table(path="export [1].csv").rows()) == 3


def test_a_missing_file_says_how_paths_are_given(desk):
    desk.table(path="data/gone.csv")
    assert refusal(desk) == (
        "no file matches 'data/gone.csv'. Give a path relative to the pack's folder."
    )


def test_an_unknown_ending_says_which_are_known(desk):
    desk.file("t.xlsx", "x")
    desk.table(path="t.xlsx")
    assert refusal(desk) == (
        "'t.xlsx': its ending does not tell the format (.csv, .tsv, .parquet, .json, .jsonl, "
        ".ndjson). Say format: csv, parquet or json."
    )


def test_a_truncated_gzip_is_one_sentence(desk, zipped):
    whole = zipped("id,n\n" + "".join(f"{i},{i * 7919 % 1013}\n" for i in range(50_000)))
    desk.file("t.csv.gz", whole[: len(whole) // 2])
    desk.table(path="t.csv.gz")
    assert refusal(desk) == ("'t.csv.gz' ends too early: its gzip is cut off. Fetch it again.")


def test_text_that_calls_itself_parquet_is_one_sentence(desk):
    desk.file("t.parquet", "id\n" + "1\n" * 50)
    desk.table(path="t.parquet")
    said = refusal(desk)
    assert said.startswith(
        "table 'tickets' cannot be read: Invalid Input Error: No magic bytes"
    )
    assert "\n" not in said


def test_a_row_with_a_column_too_many_never_makes_other_rows_vanish(desk):
    """Left alone, the engine would pass over the first rows to make the last one fit."""
    desk.table(content="id,n\n1,1\n2,2,3\n", key=["id"])
    assert refusal(desk) == (
        "table 'tickets': key names column 'id', which is not there; did you mean 'id,n'? "
        "There are id,n."
    )


def test_text_that_is_not_utf_8_is_refused_without_showing_it(desk):
    desk.file("t.csv", b"id,who\n1,J\xfcrgen\n")
    desk.table(path="t.csv")
    assert refusal(desk) == (
        "table 'tickets' cannot be read: 't.csv' line 2 is not UTF-8. "
        "Say its encoding in source.yaml, such as encoding: cp1252."
    )


def test_a_column_may_not_bear_a_name_that_sums_use(desk):
    desk.table(content="id,_day\n1,2\n")
    assert refusal(desk) == (
        "table 'tickets': column '_day' bears a name that sums use; rename it"
    )
    desk.tables["tickets"]["rename"] = {"_day": "day"}
    assert desk.rows() == [(1, 2)]


# --- rename, cast, derive


def test_columns_are_renamed_before_they_are_cast_and_derived(desk):
    desk.table(
        content="Ticket ID,Stars\n1,5\n2,none\n",
        rename={"Ticket ID": "id", "Stars": "score"},
        cast={"score": "integer"},
        columns={"happy": "score >= 4", "sure": "happy and id > 0"},
    )
    assert set(desk.rows()) == {(1, 5, True, True), (2, None, None, None)}


def test_number_reads_thousands_separators_beside_bare_figures(desk):
    desk.table(
        content='id,n\n1,"291,093,794"\n2,291093794\n3,\n4,1 005\n5,n/a\n6,-2.5\n',
        cast={"n": "number"},
    )
    expected = {1: 291093794.0, 2: 291093794.0, 3: None, 4: 1005.0, 5: None, 6: -2.5}
    assert dict(desk.rows()) == expected


def test_a_cast_that_does_not_fit_gives_nothing_and_not_an_error(desk):
    desk.table(content="id,day\n1,2025-02-28\n2,2025-02-31\n3,later\n", cast={"day": "date"})
    days = dict(desk.rows())
    assert days[1].date() == date(2025, 2, 28)
    assert days[2] is None
    assert days[3] is None


def test_hostile_column_names_are_only_names(desk):
    bad = 'a"b; drop table x --'
    parquet(
        desk.folder / "t.parquet",
        f"""select '1,000' as "{bad.replace('"', '""')}", 2 as "Two Words" """,
    )
    desk.table(path="t.parquet", cast={bad: "number"}, columns={"twice": '"Two Words" * 2'})
    assert desk.rows() == [(2, 1000.0, 4)]


def test_a_comment_behind_an_expression_harms_nothing(desk):
    desk.table(content=THREE, columns={"good": "score >= 4 -- four or five"})
    assert (1, 5, True) in desk.rows()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"rename": {"scroe": "stars"}},
            "table 'tickets': rename names column 'scroe', which is not there; did you mean "
            "'score'? There are id, score.",
        ),
        (
            {"rename": {"score": "stars"}, "cast": {"score": "integer"}},
            "table 'tickets': cast names column 'score', which is not there. "
            "There are id, stars.",
        ),
        (
            {"key": ["id", "queue"]},
            "table 'tickets': key names column 'queue', which is not there. "
            "There are id, score.",
        ),
        (
            {"recorded_at": "seen"},
            "table 'tickets': recorded_at names column 'seen', which is not there. "
            "There are id, score.",
        ),
        (
            {"recorded_at": "score"},
            "table 'tickets': recorded_at 'score' is int64; it must be a date or a time stamp",
        ),
    ],
)
def test_a_column_that_is_not_there_is_named_with_those_that_are(desk, said, message):
    desk.table(content=THREE, **said)
    assert refusal(desk) == message


# --- SQL over the connection


def test_sql_sees_the_tables_before_it_and_builds_on_them(desk):
    desk.table("tickets", THREE)
    desk.table("rated", sql="select * from tickets where score is not null;")
    desk.table("best", sql="select max(score) as top -- the best\nfrom rated")
    assert desk.rows("rated") == [(1, 5), (2, 4)]
    assert desk.rows("best") == [(5,)]


def test_sql_joins_two_tables_of_the_pack(desk):
    desk.table("tickets", THREE).table("names", "id,who\n1,ann\n3,bob\n")
    sql = "select names.who, tickets.score from tickets join names using (id) order by 1"
    assert desk.table("joined", sql=sql).rows("joined") == [("ann", 5), ("bob", None)]


def test_sql_cannot_see_a_table_that_comes_later(desk):
    desk.table("first", sql="select * from tickets")
    desk.table("tickets", THREE)
    assert refusal(desk).startswith(
        "table 'first' cannot be read: Catalog Error: Table with name tickets does not exist!"
    )


def test_sql_is_one_query(desk, database):
    desk.connection = f"duckdb://{database}"
    desk.table("tickets", sql="select 1 as id; drop table extra")
    assert refusal(desk) == (
        "table 'tickets' cannot be read: Parser Error: syntax error at or near \";\""
    )


def test_a_name_of_its_own_inside_sql_wins_over_a_table_of_the_pack(desk):
    desk.table("tickets", THREE)
    desk.table("other", sql="with tickets as (select 7 as id) select * from tickets")
    assert desk.rows("other") == [(7,)]


# --- a database file


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "desk.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table tickets as select 1 as id, 5 as score")
        connection.execute("create table extra as select 9 as id")
        connection.execute("create schema raw; create table raw.calls as select 3 as n")
    return path


def test_a_database_file_gives_its_tables(desk, database):
    desk.connection = f"duckdb://{database}"
    assert desk.table(table="tickets").rows() == [(1, 5)]


def test_a_table_in_a_schema_is_named_with_it(desk, database):
    desk.connection = f"duckdb://{database}"
    assert desk.table(table="raw.calls").rows() == [(3,)]


def test_a_relative_database_is_beside_the_pack(desk, database):
    desk.connection = "duckdb://desk.duckdb"
    assert desk.table(table="tickets").rows() == [(1, 5)]


def test_a_pack_table_may_bear_the_name_of_another_real_table(desk, database):
    """Each real name means the real table until the pack has defined its own."""
    desk.connection = f"duckdb://{database}"
    desk.table("copy", sql="select * from extra")
    desk.table("extra", table="tickets")
    desk.table("tickets", sql="select id + 1 as id from tickets")
    desk.table("late", sql="select * from extra")
    source = desk.open()
    found = {name: rows.to_pandas()["id"].tolist() for name, rows in source.tables.items()}
    assert found == {"copy": [9], "extra": [1], "tickets": [2], "late": [1]}


def test_a_database_file_is_never_changed(desk, database):
    before = database.read_bytes()
    desk.connection = f"duckdb://{database}"
    desk.table("tickets", THREE).table("extra", sql="select * from tickets")
    source = desk.open()
    with pytest.raises(duckdb.Error, match="read-only"):
        source.backend.raw_sql("create table desk.main.mine as select 1 as x")
    source.backend.disconnect()
    assert database.read_bytes() == before
    assert [path.name for path in desk.folder.glob("*duckdb*")] == ["desk.duckdb"]
    with duckdb.connect(str(database)) as connection:
        assert connection.execute("select * from tickets").fetchall() == [(1, 5)]


def test_a_database_may_be_called_memory(desk, database):
    database.rename(desk.folder / "memory.duckdb")
    desk.connection = "duckdb://memory.duckdb"
    desk.table(table="tickets").table("other", "id\n4\n")
    assert (desk.rows(), desk.rows("other")) == ([(1, 5)], [(4,)])


def test_a_database_that_is_not_there_is_not_made(desk):
    desk.connection = "duckdb://gone.duckdb"
    desk.table(table="tickets")
    assert refusal(desk, ParamError) == (
        "cannot connect (duckdb, IOException). "
        "Check the connection in source.yaml, the network and the secrets it names."
    )
    assert not (desk.folder / "gone.duckdb").exists()


# --- secrets


@pytest.mark.parametrize(
    "url", ["duckdb:///nowhere/secret:DESK_WORD/x.duckdb", "wierd://u:secret:DESK_WORD@host/db"]
)
def test_a_failed_connection_shows_neither_address_nor_secret(monkeypatch, url):
    monkeypatch.setenv("DESK_WORD", "swordfish")
    with pytest.raises(ParamError) as raised:
        sources.connect(url)
    shown = "".join(traceback.format_exception(raised.value)) + str(raised.value)
    assert "swordfish" not in shown
    assert "nowhere" not in str(raised.value)
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None


def test_a_connection_that_is_a_secret_altogether_is_called_one(monkeypatch):
    monkeypatch.setenv("desk_url", "wierd://host")
    with pytest.raises(ParamError) as raised:
        sources.connect("secret:desk_url")
    assert str(raised.value) == (
        "cannot connect (secret, ValueError). "
        "Check the connection in source.yaml, the network and the secrets it names."
    )


def test_a_secret_is_wanted_only_when_connecting(desk, monkeypatch):
    monkeypatch.delenv("DESK_WORD", raising=False)
    desk.connection = "duckdb:///secret:DESK_WORD"
    desk.table(table="tickets")
    assert desk.load().source.connection == "duckdb:///secret:DESK_WORD"
    assert refusal(desk, ParamError) == (
        "secret 'DESK_WORD' is not set; put it in the environment as DESK_WORD"
    )


# --- fingerprints


def test_equal_content_has_an_equal_fingerprint_whatever_its_name(new_desk):
    found = []
    for name in ("a.csv", "b.csv"):
        desk = new_desk()
        desk.file(name, THREE)
        (one,) = sources.fingerprints(desk.table(path=name).open(), ["tickets"])
        found.append(one)
    assert found[0]["fingerprint"] == found[1]["fingerprint"]
    assert found[0] == {
        "table": "tickets",
        "origin": "a.csv",
        "rows": 3,
        "fingerprint": found[1]["fingerprint"],
    }
    assert len(found[0]["fingerprint"]) == 16


def test_one_changed_byte_changes_the_fingerprint(desk):
    path = desk.file("t.csv", THREE)
    before = files.digest([path])
    desk.file("t.csv", THREE.replace("4", "3"))
    assert files.digest([path]) != before


def test_large_files_are_known_by_size_and_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "WHOLE", 50)
    monkeypatch.setattr(files, "PIECE", 10)
    path = tmp_path / "x"
    content = bytearray(b"a" * 100)
    path.write_bytes(content)
    before = files.digest([path])
    for place, seen in ((0, True), (20, False), (50, True), (99, True)):
        changed = content.copy()
        changed[place] = ord("b")
        path.write_bytes(changed)
        assert (files.digest([path]) != before) is seen
    path.write_bytes(content + b"a")
    assert files.digest([path]) != before


def test_a_changed_database_table_of_as_many_rows_has_another_fingerprint(desk, database):
    desk.connection = f"duckdb://{database}"
    desk.table(table="tickets")

    def one() -> dict:
        source = desk.open()
        (found,) = sources.fingerprints(source, ["tickets"])
        source.backend.disconnect()
        return found

    before, again = one(), one()
    with duckdb.connect(str(database)) as connection:
        connection.execute("update tickets set score = 4")
    after = one()
    assert before == again
    assert (before["origin"], before["rows"]) == ("table tickets", 1)
    assert after["rows"] == 1
    assert after["fingerprint"] != before["fingerprint"]


# --- dimensions


def dimensional(desk):
    desk.table(content="day,queue,big\n2025-01-01,mail,1\n2025-01-02,chat,\n2025-01-02,,2\n")
    return desk.metric(dimensions=["queue", "big"])


def test_a_dimension_s_values_are_sorted_text(desk):
    source = dimensional(desk).open()
    assert sources.dimension_values(source, "queue") == ["chat", "mail"]
    assert sources.dimension_values(source, "big") == ["1", "2"]


def test_an_unknown_dimension_is_refused_with_the_nearest(desk):
    with pytest.raises(ParamError) as raised:
        sources.dimension_values(dimensional(desk).load(), "quue")
    assert str(raised.value) == (
        "unknown dimension 'quue'; did you mean 'queue'? The pack has queue, big."
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("mial", "the data has no queue 'mial'; did you mean 'mail'?"),
        ("<b>", "the data has no queue '<b>'. It has chat, mail."),
    ],
)
def test_an_unknown_value_is_refused(desk, value, message):
    with pytest.raises(ParamError) as raised:
        sources.require_values(dimensional(desk).load(), {"queue": value})
    assert str(raised.value) == message


def test_a_known_value_is_not_refused(desk):
    sources.require_values(dimensional(desk).load(), {"queue": "mail", "big": "2"})


def test_an_open_source_is_passed_on_and_left_open(desk):
    source = desk.table(content=THREE).open()
    with sources.opened(source) as again:
        assert again is source
    assert source.tables["tickets"].count().execute() == 3


def test_preparing_returns_the_rows_as_read_and_as_cleaned(desk):
    desk.file("t.csv", 'id,n\n1,"1,000"\n')
    backend = sources.connect("duckdb://")
    table = Table(row="one", path="t.csv", cast={"n": "number"})
    raw, rows = sources.prepare(backend, "t", table, desk.folder)
    assert raw.to_pandas()["n"].tolist() == ["1,000"]
    assert rows.to_pandas()["n"].tolist() == [1000.0]
    backend.disconnect()
