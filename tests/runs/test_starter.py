"""A new pack: a copy that runs as it is, or on somebody's own files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from runs_root import bare, command

from insights import pack as packs
from insights.data import checks
from insights.errors import ParamError
from insights.runs import starter

sys.path.insert(0, str(Path(__file__).parents[1] / "data"))
import exports  # noqa: E402

ROOT = packs.root(Path(__file__).parent)
SUPPORT = (ROOT / os.environ.get("INSIGHTS_SHARED", "../shared") / "data/support").resolve()


def refusal(like: str, folder: Path, data: Path | None = None) -> str:
    with pytest.raises(ParamError) as raised:
        starter.copy(like, folder, data)
    assert not folder.exists()
    return str(raised.value)


def put(folder: Path, **texts: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


# --- pointed at somebody's files


def test_a_copy_without_data_is_the_template_word_for_word(tmp_path):
    lines = starter.copy("cfpb", tmp_path / "p")
    for file in (ROOT / "params/templates/cfpb").glob("*.yaml"):
        assert (tmp_path / "p" / file.name).read_text() == file.read_text()
    assert lines[0] == f"{tmp_path}/p/pack.yaml: its title, time zone and whose readout it is"
    assert len(lines) == 5


def test_only_paths_and_the_note_on_made_up_rows_change(tmp_path):
    data = exports.write(tmp_path / "mine", exports.zendesk())
    starter.copy("zendesk", tmp_path / "p", data)
    before = (ROOT / "params/templates/zendesk/source.yaml").read_text().splitlines()
    after = (tmp_path / "p/source.yaml").read_text().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        f'    path: "{data}/{name}.csv.gz"'
        for name in ("ticket", "ticket_field_history", "ticket_comment", "user", "group")
    ]
    assert "MADE-UP" not in (tmp_path / "p/pack.yaml").read_text()
    assert checks.faults(packs.read(tmp_path / "p")) == []


def test_files_are_known_by_their_columns_and_not_by_their_names(tmp_path):
    made = exports.zendesk()
    names = {"group.csv.gz": "groups_2025.csv.gz", "user.csv.gz": "x/people.csv.gz"}
    for name, content in made.items():
        path = tmp_path / "mine" / names.get(name, f"Export of {name.replace('ticket', 'Z')}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    starter.copy("zendesk", tmp_path / "p", tmp_path / "mine")
    tables = packs.load(tmp_path / "p").source.tables
    assert Path(str(tables["group"].path)).name == "groups_2025.csv.gz"
    assert Path(str(tables["user"].path)).name == "people.csv.gz"
    assert Path(str(tables["ticket"].path)).name == "Export of Z.csv.gz"


def test_files_inside_the_pack_are_named_from_it_and_may_move_with_it(tmp_path):
    data = exports.write(tmp_path / "data", exports.cfpb())
    starter.copy("cfpb", tmp_path / "p", data)
    (tmp_path / "p").rename(tmp_path / "moved")
    assert packs.load(tmp_path / "moved").source.tables["complaints"].path == (
        f"{data}/complaints.csv.gz"
    )
    assert starter.place(f"{tmp_path}/p/data/x.csv", tmp_path / "p") == "data/x.csv"


def test_parts_that_belong_together_are_one_pattern(tmp_path):
    rows = exports.public.complaints()
    names = list(rows[0])
    for year, part in ((2023, rows[:300]), (2024, rows[300:])):
        content = exports.writing.table(names, [list(row.values()) for row in part])
        exports.write(tmp_path / "mine", {f"cfpb-{year}.csv": content})
    starter.copy("cfpb", tmp_path / "p", tmp_path / "mine")
    path = packs.load(tmp_path / "p").source.tables["complaints"].path
    assert path == f"{tmp_path}/mine/cfpb-*.csv"


def test_hostile_names_of_files_are_only_names(tmp_path):
    name = 'a [1] "b": {c}, #d\'é.csv.gz'
    data = exports.write(tmp_path / "mine", {name: exports.cfpb()["complaints.csv.gz"]})
    starter.copy("cfpb", tmp_path / "p", data / name)
    assert checks.faults(packs.read(tmp_path / "p")) == []


# --- refusals


def test_a_file_that_is_not_there_is_refused(tmp_path):
    gone = tmp_path / "gone"
    assert refusal("cfpb", tmp_path / "p", gone) == (
        f"--data {gone}: there is no such file or folder."
    )
    empty = put(tmp_path / "empty")
    assert refusal("cfpb", tmp_path / "p", empty) == (
        f"--data {empty}: no file in it ends in .csv, .gz, .json, .jsonl, .ndjson, .parquet, "
        ".tsv, .zip, .zst."
    )


def test_a_file_that_is_no_such_table_is_refused_with_what_it_lacks(tmp_path):
    data = put(
        tmp_path / "mine", t="Unique Key,Created Date,Closed Date,Agency,Status\n1,,,,\n"
    )
    assert refusal("nyc311", tmp_path / "p", data / "t.csv") == (
        f"--data {data}/t.csv: no table 'requests' in it. 't.csv' has no column 'Complaint "
        "Type', 'Problem (formerly Complaint Type)', 'Problem'. 2 are missing: kind, borough. "
        "It has Unique Key, Created Date, Closed Date, Agency, Status. Name the column of "
        "'kind' under take in source.yaml, or call it optional."
    )


def test_one_file_cannot_be_five_tables(tmp_path):
    data = put(tmp_path / "mine", t="id\n1\n") / "t.csv"
    assert refusal("zendesk", tmp_path / "p", data) == (
        f"--data {data} is one file, and zendesk needs 5: ticket, ticket_field_history, "
        "ticket_comment, user, group. Name the folder that holds them."
    )


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    content = exports.cfpb()["complaints.csv.gz"]
    names = ("a.csv.gz", "b.csv.gz", "a-b.csv.gz", "old.csv.gz")
    other = exports.nyc311()["requests.csv.gz"]
    files = {**dict.fromkeys(names, content), "c.csv.gz": other}
    data = exports.write(tmp_path / "mine", files)
    assert refusal("cfpb", tmp_path / "p", data) == (
        "4 files can be table 'complaints': a-b.csv.gz, a.csv.gz, b.csv.gz, old.csv.gz. "
        "Put those that belong together into a folder of their own."
    )


# --- from file to page


def publish(folder: Path, out: Path) -> tuple[dict, str]:
    done = subprocess.run(
        command("run", folder, "--out", out, "--json"),
        cwd=ROOT, env=bare(), capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert run["status"] in {"published", "published_with_warnings"}, done.stderr
    page = (out / folder.name / "scorecard/index.html").read_text()
    assert "Traceback" not in page
    return run, re.sub(r"\s+", " ", page.replace("\u00a0", " "))


def test_a_page_is_published_though_a_gate_refuses_the_timing(tmp_path):
    data = SUPPORT / "kaggle_support_tickets_synthetic_null.csv"
    if not data.is_file():
        pytest.skip("no public data; set INSIGHTS_SHARED")
    starter.copy("support_tickets", tmp_path / "desk", data)
    run, page = publish(tmp_path / "desk", tmp_path / "out")
    assert not run["all_refused"]
    assert "1,365 of 2,769 rows (49.3 %) end before they begin" in page
    assert str(SUPPORT) not in page  # no page says where on a machine files lie


@pytest.mark.slow
@pytest.mark.parametrize("like", exports.MAKERS)
def test_every_template_goes_from_file_to_page(tmp_path, like):
    data = exports.write(tmp_path / "data", exports.MAKERS[like]())
    starter.copy(like, tmp_path / "desk", data)
    run, page = publish(tmp_path / "desk", tmp_path / "out")
    assert run["figures"] >= 1
    assert "rivate" not in page.replace("private text", "rivate")
