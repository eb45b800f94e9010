"""A pack for a file that nobody described: clean, published, with its reasons beside it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from runs_root import bare, command

from insights import pack as packs
from insights.data import checks, series, sources
from insights.errors import ParamError
from insights.readout import card, choices
from insights.runs import proposing

ROOT = packs.root(Path(__file__).parent)
DATA = (ROOT / os.environ.get("INSIGHTS_SHARED", "../shared") / "data").resolve()
BEGIN = datetime(2025, 3, 3)


def real(name: str) -> Path:
    if not (DATA / name).is_file():
        pytest.skip("no public data; set INSIGHTS_SHARED")
    return DATA / name


def proposed(data: Path, folder: Path) -> packs.Pack:
    """Propose a pack, which must be clean."""
    proposing.propose(data, folder)
    assert checks.faults(packs.read(folder)) == []
    return packs.load(folder)


def text(folder: Path, stem: str) -> str:
    return (folder / f"{stem}.yaml").read_text()


def flat(folder: Path, stem: str) -> str:
    """Return a file without its line breaks inside comments."""
    return re.sub(r"\n\s*# ", " ", text(folder, stem))


def csv(
    path: Path, names: str, rows: list[Any], by: str = ",", encoding: str = "utf-8"
) -> Path:
    lines = [names, *(by.join(map(str, row)) for row in rows)]
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def days(n: int = 70) -> list[datetime]:
    return [BEGIN + timedelta(day) for day in range(n)]


def publish(folder: Path, out: Path) -> tuple[dict, str]:
    done = subprocess.run(
        command("run", folder, "--out", out, "--json"),
        cwd=ROOT, env=bare(), capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    page = (out / folder.name / "scorecard/index.html").read_text()
    return run, re.sub(r"\s+", " ", page.replace("\u00a0", " "))


# --- two real files, from file to page


def test_a_log_of_events_becomes_a_scorecard(tmp_path):
    folder = tmp_path / "desk"
    pack = proposed(real("support/helpdesk_events.csv"), folder)
    assert list(pack.metrics) == ["row_count", "different_cases", "time_in_progress"]
    assert pack.metrics["row_count"].clock == "complete_timestamp"
    assert pack.metrics["row_count"].dimensions == ("activity_id",)
    said = flat(folder, "source")
    assert "91 rows are equal to another in every column." in said
    assert (
        "The file thins out: from 13 August 2012 on it holds at most 39 rows a week where 94"
        in said
    )
    with sources.opened(pack) as source:
        rows = series.build(source, "row_count", grain="year")
        cases = series.build(source, "time_in_progress", grain="year")
    plain = duckdb.sql(
        f"select count(*), count(distinct CaseID) from (select distinct * from "
        f"'{real('support/helpdesk_events.csv')}' where CompleteTimestamp < '2012-08-13')"
    ).fetchone()
    assert (rows["events"].sum(), cases["exposure"].sum()) == plain
    run, page = publish(folder, tmp_path / "out")
    assert run["state"] == "none"
    assert "after which the file thins out" in page


def test_a_survey_that_says_only_the_year_becomes_a_scorecard_by_year(tmp_path):
    """The overall share of 4 and 5 in 2017, 82.1 %, is Singh's and the airport's own."""
    folder = tmp_path / "airport"
    pack = proposed(real("surveys/sfo_survey_2010_2017.csv.gz"), folder)
    assert pack.readouts["scorecard"].parameters == {"grain": "year"}
    assert list(pack.metrics) == ["row_count", "good_all_", "good_sign"]
    assert "'year' says the year, no column the day" in flat(folder, "metrics")
    assert "CHECK: 0, 6 beside it are taken for no answer" in flat(folder, "metrics")
    assert "495 rows are equal to another in every column. Nothing names a row" in flat(
        folder, "source"
    )
    with sources.opened(pack) as source:
        found = series.build(source, "good_all_", grain="year").set_index("period")["value"]
    shares = {f"{when:%Y}": round(100 * share, 1) for when, share in found.items()}
    assert (shares["2010"], shares["2017"], shares["2018"]) == (75.4, 82.1, 78.4)
    run, page = publish(folder, tmp_path / "out")
    assert run["grain"] == "year"
    assert "in 2018" in page


@pytest.mark.parametrize(
    ("name", "metrics", "grain"),
    [
        (
            "support/kaggle_support_tickets_synthetic_null.csv",
            [
                "row_count",
                "good_customer_satisfaction_rating",
                "share_of_commonest_ticket_type",
            ],
            "day",
        ),
        (
            "support/callcenter_daily_a_dated.csv",
            ["total_incoming_calls", "share_answered_calls", "mean_answer_rate"],
            "week",
        ),
        (
            "support/cfpb_2013_sample.csv",
            ["row_count", "share_timely_response", "share_consumer_disputed"],
            "day",
        ),
        (
            "support/nyc311_animals_2025.csv.gz",
            ["row_count", "time_to_closed_date", "share_of_commonest_complaint_type"],
            "week",
        ),
        ("support/bank_calls_5min_2003.csv.gz", ["total_calls"], "week"),
    ],
)
def test_other_real_files_become_packs(tmp_path, name, metrics, grain):
    pack = proposed(real(name), tmp_path / "p")
    assert list(pack.metrics) == metrics
    assert pack.readouts["scorecard"].parameters == {"grain": grain}
    run = choices.start(str(tmp_path / "p"), grain=grain)
    assert [measure.name for measure in card.build(run).measures] == metrics
    run.source.backend.disconnect()


def test_columns_that_end_before_they_begin_are_no_duration(tmp_path):
    proposed(real("support/kaggle_support_tickets_synthetic_null.csv"), tmp_path / "p")
    assert (
        "Not proposed: from 'First_Response_Time' to 'Time_to_Resolution': 1,365 of 2,769 rows "
        "(49.3 %) end before they begin, so that these columns mean something else."
    ) in flat(tmp_path / "p", "metrics").replace("\u00a0", " ")


# --- forms


def test_a_file_in_another_language_s_form_is_read_as_it_is_written(tmp_path):
    rng = np.random.default_rng(1)
    rows = [
        [f"{when:%d.%m.%Y}", f"{rng.uniform(1, 9):.2f}".replace(".", ","), kind]
        for when in days()
        for kind in ("Störung", "Größe", "Störung")
    ]
    data = csv(tmp_path / "Anrufe.csv", "Datum;Kosten;Art", rows, by=";", encoding="cp1252")
    pack = proposed(data, tmp_path / "p")
    (table,) = pack.source.tables.values()
    assert table.encoding == "cp1252"
    assert table.cast == {"datum": "date day first", "kosten": "number decimal comma"}
    assert pack.metrics["row_count"].dimensions == ("art",)
    with sources.opened(pack) as source:
        mean = series.build(source, "mean_kosten", grain="year")["value"].iloc[0]
    assert mean == pytest.approx(np.mean([float(r[1].replace(",", ".")) for r in rows]))


def test_json_of_an_api_and_parquet_are_looked_at_too(tmp_path):
    records = [
        {
            "id": i,
            "created_at": f"{when.isoformat()}Z",
            "solved": bool(i % 3),
            "kind": "ab"[i % 2],
        }
        for i, when in enumerate([*days(), *days()])
    ]
    pages = tmp_path / "api.json"
    pages.write_text(json.dumps({"tickets": records, "count": len(records)}))
    lines = tmp_path / "lines.jsonl"
    lines.write_text("\n".join(map(json.dumps, records)))
    parquet = tmp_path / "t.parquet"
    duckdb.sql(f"select * from '{lines}'").write_parquet(str(parquet))
    for data in (pages, lines, parquet):
        pack = proposed(data, tmp_path / f"p_{data.suffix[1:]}_{data.stem}")
        assert list(pack.metrics)[:2] == ["row_count", "share_solved"]
        (table,) = pack.source.tables.values()
        assert table.key == ("id",)
        assert table.records == ("tickets" if data is pages else None)
        with sources.opened(pack) as source:
            share = series.build(source, "share_solved", grain="year")["value"].iloc[0]
        assert share == pytest.approx(np.mean([one["solved"] for one in records]))


def test_hostile_and_clashing_names_are_only_names(tmp_path):
    names = '"select","Select","2nd","value","naïve # key: {x}","order","","day"'
    rows = [
        ["a", "b", i, i * 1.5, "x", "o", "", f"{when:%Y-%m-%d}"]
        for i, when in enumerate(days())
    ]
    data = csv(tmp_path / "my 'odd' [file] #1: {x}.csv", names, rows)
    pack = proposed(data, tmp_path / "p")
    assert "row_count" in pack.metrics


def test_days_that_could_be_months_are_marked(tmp_path):
    rows = [[f"{1 + i % 12}/{1 + i % 9}/2025", i] for i in range(200)]
    pack = proposed(csv(tmp_path / "t.csv", "date,n", rows), tmp_path / "p")
    assert next(iter(pack.source.tables.values())).cast["date"] == "date month first"
    said = "CHECK: no day is beyond the 12th: day and month may be swapped"
    assert said in text(tmp_path / "p", "source")
    assert said in flat(tmp_path / "p", "metrics")


def test_months_as_text_stand_at_their_last_day(tmp_path):
    rows = [
        [f"{2023 + m // 12}-{m % 12 + 1:02}", "ab"[i % 2]] for m in range(24) for i in range(20)
    ]
    pack = proposed(csv(tmp_path / "t.csv", "month,kind", rows), tmp_path / "p")
    assert pack.readouts["scorecard"].parameters == {"grain": "month"}
    with sources.opened(pack) as source:
        counts = series.build(source, "row_count", grain="month")["value"]
    assert counts.tolist() == [20] * 24


def test_people_and_free_text_are_neither_read_nor_split_by(tmp_path):
    rows = [
        [
            f"{when:%Y-%m-%d}",
            f"a{i % 3}@example.org",
            f"Agent {i % 4}",
            f"text {i}",
            "ab"[i % 2],
        ]
        for i, when in enumerate([*days(), *days()])
    ]
    data = csv(tmp_path / "t.csv", "day,email,agent_name,comment,channel", rows)
    pack = proposed(data, tmp_path / "p")
    (table,) = pack.source.tables.values()
    assert set(table.take) == {"day", "channel"}
    assert pack.dimensions == ["channel"]
    assert '# email: "email"  # text, 3 different' in text(tmp_path / "p", "source")
    assert "example.org" not in "".join(p.read_text() for p in (tmp_path / "p").iterdir())


# --- refusals


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "'t.csv' is empty. Export it again."),
        ("day,n\n", "'t.csv' holds no row under its header. Export it again."),
        (
            "name,n\nann,1\nbob,2\n",
            "no column of 't.csv' is a date, a month or a year: it has name, n. Add when each "
            "row happened.",
        ),
        (
            "day,n\n2025-01-01,1,2\n",
            "table 't.csv' cannot be read: 't.csv' line 2 has more values than the 2 columns "
            "of the header. Mend the file, or export it again.",
        ),
    ],
)
def test_what_cannot_be_a_pack_is_one_sentence(tmp_path, content, message):
    data = tmp_path / "t.csv"
    data.write_text(content)
    with pytest.raises(ParamError) as raised:
        proposing.propose(data, tmp_path / "p")
    assert str(raised.value) == f"--data {data}: {message}"
    assert not (tmp_path / "p").exists()


def test_a_folder_or_a_file_that_is_not_there_is_refused(tmp_path):
    for data, what in (
        (tmp_path, "is a folder; name one file, or a template with --like"),
        (tmp_path / "gone.csv", "is no file that is there"),
    ):
        with pytest.raises(ParamError) as raised:
            proposing.propose(data, tmp_path / "p")
        assert str(raised.value) == f"--data {data} {what}."
