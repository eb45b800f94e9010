"""The same export in every form it comes in gives the same rows, or one sentence why not."""

from __future__ import annotations

import gc
import gzip
import io
import json
import tempfile
import zipfile
from datetime import datetime
from typing import Any

import duckdb
import pytest

from insights.data.reading import Header, header
from insights.errors import ContractError, ParamError

TAKE = {
    "id": "Ticket ID",
    "opened": ["Created Date", "created"],
    "who": "Requester",
    "n": "Hits",
}
CAST = {"opened": "date month first", "n": "number"}
NAMES = ["Ticket ID", "Created Date", "Requester", "Hits"]
ROWS = [
    ["1", "3/14/2025", "Jürgen", "1,005"],
    ["2", "12/1/2024", "a; b, c", "7"],
    ["3", "2025-01-02", "", ""],
]
SAME = [
    ("1", datetime(2025, 3, 14), "Jürgen", 1005.0),
    ("2", datetime(2024, 12, 1), "a; b, c", 7.0),
    ("3", datetime(2025, 1, 2), None, None),
]


def text(
    rows: list[list[str]] | None = None,
    *,
    names: list[str] | None = None,
    by: str = ",",
    end: str = "\n",
    tail: str = "",
) -> str:
    lines = [names or NAMES, *(rows or ROWS)]
    quoted = [
        [f'"{cell}"' if set(cell) & set(",;|\t") else cell for cell in one] for one in lines
    ]
    return "".join(by.join(one) + tail + end for one in quoted)


def packed(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return held.getvalue()


def export(desk, content: bytes, name: str = "export.csv", **said: Any):
    desk.file(name, content)
    desk.metric(clock="opened" if "opened" in said.get("take", TAKE) else "id")
    return desk.table(**{"path": name, "take": TAKE, "cast": CAST, "format": "csv", **said})


def read(desk, *columns: str) -> list[tuple[Any, ...]]:
    frame = desk.open().tables["tickets"].to_pandas()[list(columns or TAKE)].astype(object)
    return sorted(tuple(row) for row in frame.where(frame.notna(), None).to_numpy())


def refusal(desk) -> str:
    with pytest.raises(ContractError) as raised:
        desk.open()
    return str(raised.value)


FORMS = {
    "as it is": text().encode(),
    "Windows line ends": text(end="\r\n").encode(),
    "old Mac line ends": text(end="\r").encode(),
    "two kinds of line ends": text().replace("\n2", "\r\n2").encode("utf-8-sig"),
    "a byte order mark": text().encode("utf-8-sig"),
    "semicolons": text(by=";").encode(),
    "tabs": text(by="\t").encode(),
    "bars": text(by="|").encode(),
    "a trailing comma": text(tail=",").encode(),
    "a trailing comma in the rows alone": text(tail=",").replace("Hits,\n", "Hits\n").encode(),
    "UTF-16 with its mark": text(by="\t").encode("utf-16"),
    "other case and spaces": text(
        names=["TICKET_ID", " created  date", "requester ", "hits"]
    ).encode(),
    "columns in another order": text([one[::-1] for one in ROWS], names=NAMES[::-1]).encode(),
    "a further column": text([[*one, "x"] for one in ROWS], names=[*NAMES, "Body"]).encode(),
    "an alias": text(names=["Ticket ID", "created", "Requester", "Hits"]).encode(),
    "a title above": ("Report of March\n\n" + text()).encode(),
    "Excel's own first line": ("sep=;\r\n" + text(by=";", end="\r\n")).encode(),
    "blank lines": text().replace("\n", "\n\n").encode(),
    "gzip that does not say so": gzip.compress(text().encode()),
    "gzipped UTF-16": gzip.compress(text().encode("utf-16")),
    "a zip": packed({"a.csv": text().encode()}),
    "a zip of parts in zips": packed(
        {
            "p/1.zip": packed({"1.csv": text(ROWS[:1]).encode()}),
            "p/2.zip": packed({"2.csv.gz": gzip.compress(text(ROWS[1:]).encode())}),
            "__MACOSX/._1": b"junk",
        }
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_export_reads_the_same_in_every_form(desk, form):
    export(desk, FORMS[form])
    assert read(desk) == SAME
    assert desk.faults() == []


def test_a_line_break_inside_a_value_is_no_other_line_end(desk):
    rows = [["1", "3/14/2025", '"two\nlines"', "1"], ROWS[1]]
    export(desk, text(rows, end="\r\n").encode())
    assert [one[2] for one in read(desk)] == ["two\nlines", "a; b, c"]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16-le", "shift_jis"])
def test_a_declared_encoding_is_read(desk, encoding):
    content = text().replace("ü", "ü" if encoding != "shift_jis" else "ユ")
    export(desk, content.encode(encoding), encoding=encoding)
    assert [one[2] for one in read(desk)] == [content.split(",")[5].strip('"'), "a; b, c", None]


def test_parts_of_several_vintages_are_one_table(desk):
    desk.file("p/2013.csv", text(ROWS[:1]).encode("utf-16"))
    desk.file(
        "p/2014.csv", text(ROWS[1:2], names=["ticket_id", "created", "requester", "hits"])
    )
    newer = [[*one[:2], "x", *one[2:]] for one in ROWS[2:]]
    export(
        desk,
        text(
            newer, names=["Ticket ID", "Created", "Body", "Requester", "Hits"], by=";"
        ).encode(),
        "p/2015.csv",
        path="p/*.csv",
    )
    assert read(desk) == SAME


def test_an_optional_column_is_empty_where_a_file_lacks_it(desk):
    desk.file("p/new.csv", text([one[:3] for one in ROWS[1:]], names=NAMES[:3]))
    export(desk, text(ROWS[:1]).encode(), "p/old.csv", path="p/*.csv", optional=["n"])
    assert [one[3] for one in read(desk)] == [1005.0, None, None]


def test_what_is_not_taken_is_not_there(desk):
    export(desk, text().encode(), take={"id": "Ticket ID"}, cast={})
    assert desk.open().tables["tickets"].columns == ("id",)


# --- refusals


WRONG = {
    "a renamed column": (
        text(names=["Ticket ID", "Opened On", "Requester", "Hits"]).encode(),
        "'export.csv' has no column 'Created Date', 'created'. It has Ticket ID, Opened On, "
        "Requester, Hits. Name the column of 'opened' under take in source.yaml, or call it "
        "optional.",
    ),
    "several renamed columns": (
        text(names=["Ticket Id", "Opened On", "Requestor", "Hits"]).encode(),
        "'export.csv' has no column 'Created Date', 'created'. 2 are missing: opened, who. "
        "It has Ticket Id, Opened On, Requestor, Hits. Name the column of 'opened' under take "
        "in source.yaml, or call it optional.",
    ),
    "a column twice": (
        text(names=["Ticket ID", "Created Date", "ticket-id", "Hits"]).encode(),
        "'export.csv' has no column 'Requester'. It has Ticket ID, Created Date, ticket-id, "
        "Hits. Name the column of 'who' under take in source.yaml, or call it optional.",
    ),
    "two columns alike": (
        text(names=["ticket_id", "Created Date", "Requester", "Hits"])
        .replace("Hits", "Hits,ticket-id")
        .encode(),
        "'export.csv' has 2 columns for 'id': 'ticket_id', 'ticket-id'. Remove or rename one.",
    ),
    "a value too many": (
        text([ROWS[0], [*ROWS[1], "x", "y"], ROWS[2]]).encode(),
        "table 'tickets' cannot be read: 'export.csv' line 3 has more values than the 4 "
        "columns of the header. Mend the file, or export it again.",
    ),
    "a value too few": (
        text([ROWS[0], ["2"]]).encode(),
        "table 'tickets' cannot be read: 'export.csv' line 3 has fewer values than the 4 "
        "columns of the header. Mend the file, or export it again.",
    ),
    "a quote left open": (
        text([ROWS[0], ["2", '"12/1/2024', "b", "7"]]).encode(),
        "table 'tickets' cannot be read: 'export.csv' line 3 opens a quote that nothing "
        "closes. Mend the file, or export it again.",
    ),
    "another encoding": (
        text().encode("cp1252"),
        "table 'tickets' cannot be read: 'export.csv' line 2 is not UTF-8. Say its encoding in "
        "source.yaml, such as encoding: cp1252.",
    ),
    "UTF-16 without its mark": (
        text().encode("utf-16-be"),
        "'export.csv' holds zero bytes: it is no UTF-8 text. Say its encoding in source.yaml, "
        "such as encoding: utf-16-le.",
    ),
    "nothing": (b"", "'export.csv' is empty. Export it again."),
    "blank lines alone": (b"\n\n \n", "'export.csv' holds no text. Export it again."),
    "a workbook": (
        packed({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}),
        "'export.csv' is an Excel workbook. Save it as CSV.",
    ),
    "an empty zip": (
        packed({"__MACOSX/x": b"y"}),
        "'export.csv' holds no file. Export it again.",
    ),
    "a cut zip": (
        packed({"a.csv": text(ROWS * 99).encode()})[:-30],
        "'export.csv' is no whole zip. Fetch it again.",
    ),
    "a broken gzip": (
        b"\x1f\x8b\x08" + bytes(40),
        "'export.csv' is no sound gzip. Fetch it again.",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_read_is_one_sentence(desk, wrong):
    content, sentence = WRONG[wrong]
    export(desk, content)
    assert refusal(desk) == sentence
    assert desk.faults() == [f"{desk.line('source', 'tickets:')}: {sentence}"]


@pytest.mark.parametrize("cut", [1, 8, 9, 200, 700])
def test_a_gzip_cut_off_anywhere_is_never_read_in_part(desk, cut):
    """Left alone, the engine reads a cut gzip up to where it breaks off, and says nothing."""
    rows = [[str(i), "1/2/2025", f"w{i * 7919 % 1013}", "1"] for i in range(500)]
    export(desk, gzip.compress(text(rows).encode())[:-cut], "export.csv.gz")
    assert refusal(desk) == (
        "'export.csv.gz' ends too early: its gzip is cut off. Fetch it again."
    )


def test_an_encoding_that_does_not_fit_is_refused(desk):
    export(desk, "id\n\u20ac".encode("cp1250")[:3] + b"\x81\x98\n", encoding="cp1250")
    assert refusal(desk) == (
        "'export.csv' is not cp1250 text. Say its encoding in source.yaml, such as encoding: "
        "cp1252."
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"encoding": "cp1525"},
            "table 'tickets': encoding: 'cp1525' is not an encoding; did you mean 'cp1252'?",
        ),
        (
            {"optional": ["whom"]},
            "table 'tickets': optional names 'whom', which take does not; did you mean 'who'?",
        ),
        ({"take": {"id": []}}, "table 'tickets': take: id: name at least one column"),
        ({"take": {"id": 3}}, "table 'tickets': take: id is 3; it must be a list"),
    ],
)
def test_a_description_that_cannot_be_is_a_fault(desk, said, message):
    export(desk, text().encode(), **said)
    with pytest.raises(ParamError) as raised:
        desk.load()
    assert str(raised.value).partition(": ")[2] == message


# --- JSON


TICKETS = [
    {
        "id": 1,
        "created_at": "2025-03-14T10:00:00Z",
        "via": {"channel": "web"},
        "tags": ["a", "b"],
    },
    {
        "id": 2,
        "created_at": "2025-03-14T10:00:00+02:00",
        "via": None,
        "tags": [],
        "score": "good",
    },
]
JSON_TAKE = {
    "id": "id",
    "opened": "Created at",
    "channel": ["via.channel", "channel"],
    "tags": "tags",
    "score": ["satisfaction.score", "score"],
}
JSON_ROWS = [
    ("1", datetime(2025, 3, 14, 10), "web", ["a", "b"], None),
    ("2", datetime(2025, 3, 14, 8), None, [], "good"),
]
LINES = "\n".join(json.dumps(one) for one in TICKETS)
JSON_FORMS = {
    "a page of the API": json.dumps({"tickets": TICKETS, "next_page": None, "count": 2}),
    "a list": json.dumps(TICKETS),
    "lines": LINES,
    "one page a line": "\n".join(json.dumps({"tickets": [one]}) for one in TICKETS),
}


def api(desk, content: str, **said: Any):
    desk.file("t.json", content)
    cast = {"opened": "timestamp", "tags": "list"}
    return desk.table(
        **{"path": "t.json", "records": "tickets", "take": JSON_TAKE, "cast": cast, **said}
    )


@pytest.mark.parametrize("form", JSON_FORMS)
def test_records_of_an_api_read_the_same_in_every_form(desk, form):
    api(desk, JSON_FORMS[form])
    found = read(desk, *JSON_TAKE)
    assert [(a, b, c, list(d), e) for a, b, c, d, e in found] == JSON_ROWS


def test_pages_in_several_files_are_one_table(desk, zipped):
    desk.file("p/1.json.gz", zipped(json.dumps({"tickets": TICKETS[:1]})))
    desk.file("p/2.json.gz", zipped(json.dumps({"tickets": TICKETS[1:]})))
    assert len(api(desk, "", path="p/*.json.gz").rows()) == 2


def test_json_that_is_cut_off_or_holds_an_error_is_one_sentence(desk):
    whole = json.dumps({"tickets": TICKETS})
    api(desk, whole[:90])
    assert refusal(desk) == (
        "table 'tickets' cannot be read: 't.json' is no sound JSON from byte 91 (record 2). "
        "Mend the file, or export it again."
    )
    api(desk, whole + '\n{"error": "too many requests"}')
    assert (
        refusal(desk) == "1 of the 2 objects in 't.json' have no list 'tickets'. Remove them."
    )
    api(desk, json.dumps({"tickets": []}))
    assert refusal(desk) == "'t.json' holds no record. Export it again."
    api(desk, json.dumps({"tickets": [{"id": 1}]}))
    assert refusal(desk).startswith("'t.json' has no column 'Created at'. 4 are missing: ")


# --- tables that have types already


def test_columns_of_sql_and_parquet_are_taken_by_name_and_keep_their_types(desk):
    query = "select 1 as \"Ticket ID\", date '2025-03-14' as CREATED, 'x' as body"
    duckdb.sql(query).write_parquet(str(desk.folder / "t.parquet"))
    take = {"id": "ticket_id", "day": "created", "extra": "lost"}
    desk.table(path="t.parquet", take=take, optional=["extra"])
    desk.table("asked", sql=query, take=take, optional=["extra"])
    assert desk.rows()[0] == desk.rows("asked")[0]
    assert desk.rows()[0][0] == 1
    desk.tables["asked"]["optional"] = []
    assert refusal(desk) == (
        "the query has no column 'lost'. It has Ticket ID, CREATED, body. Name the column of "
        "'extra' under take in source.yaml, or call it optional."
    )


def test_a_list_of_numbers_with_decimal_commas_needs_to_be_called_so(desk):
    """Taken for thousands, 3,5 would be 35: it is no number unless the pack says what it is."""
    desk.file("t.csv", "id;n\n1;3,5\n2;1.234,5\n")
    desk.table(path="t.csv", take={"id": "id", "n": "n"}, cast={"n": "number"})
    desk.metric(
        kind="ratio", unit="score", numerator="n", denominator="1", clock="day", table="tickets"
    )
    desk.tables["tickets"]["columns"] = {"day": "date '2025-01-01'"}
    (found,) = desk.findings()
    assert found.gate == "unreadable numbers"
    assert found.message.startswith("n: 2 values such as '9,9', '9.999,9' are not numbers")
    desk.tables["tickets"]["cast"] = {"n": "number decimal comma"}
    assert [row[1] for row in sorted(desk.rows())] == [3.5, 1234.5]


def test_what_was_unpacked_goes_with_the_connection(desk, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    export(desk, FORMS["a zip"])
    source = desk.open()
    assert list((tmp_path / "own").iterdir())
    source.backend.disconnect()
    desk.sources.clear()
    del source
    gc.collect()
    assert list((tmp_path / "own").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Export;;\nAs of 2025;;\nid;at;ok\n1;2;3\n4;5;6\n",
            Header(";", 2, ("id", "at", "ok")),
        ),
        ("Cases of the desk\nid,at,ok\n1,2,3\n", Header(",", 1, ("id", "at", "ok"))),
        (",at,ok\n1,2,3\n", Header(",", 0, ("", "at", "ok"))),
        ("id\n1\n2\n", Header(",", 0, ("id",))),
    ],
)
def test_of_a_file_that_nothing_is_known_of_titles_are_not_the_header(tmp_path, text, found):
    file = tmp_path / "x.csv"
    file.write_text(text)
    assert header(file) == found
