"""Every template reads what its system writes, in every vintage, and counts it right."""

from __future__ import annotations

import gzip
import io
import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import exports
import pandas as pd
import pytest
from exports import MAKERS, SAMPLES, public

from insights import pack as packs
from insights.data import quality, series, sources
from insights.data.quality.rows import Look
from insights.data.sources import Source
from insights.pack.places import root
from insights.readout import card, choices
from insights.runs import starter

TEMPLATES = root(Path(__file__).parent) / "params" / "templates"
REAL = {
    "cfpb": ["cfpb_2013_sample.csv", "cfpb_2019_sample.csv"],
    "nyc311": ["nyc311_animals_2025.csv.gz"],
    "callcenter": ["callcenter_daily_a_dated.csv"],
    "support_tickets": ["kaggle_support_tickets_synthetic_null.csv"],
    "zendesk": ["zendesk_fivetran_seeds"],
}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    """Start a pack like a template on files, and open it."""
    made: list[Source] = []

    def one(like: str, data: Path | exports.Files) -> Source:
        if isinstance(data, dict):
            data = exports.write(tmp_path / f"data{len(made)}", data)
        folder = tmp_path / f"pack{len(made)}"
        starter.copy(like, folder, data)
        made.append(sources.open_source(packs.load(folder)))
        return made[-1]

    yield one
    for source in made:
        source.backend.disconnect()


def values(source: Source, metric: str, grain: str = "week", **kept: Any) -> dict[str, float]:
    rows = series.build(source, metric, grain=grain, **kept)
    return {f"{p:%Y-%m-%d}": v for p, v in zip(rows["period"], rows["value"], strict=True)}


def total(source: Source, metric: str) -> tuple[float, float]:
    rows = series.build(source, metric, grain="month")
    return float(rows["events"].sum()), float(rows["exposure"].sum())


def findings(source: Source, metric: str) -> list[quality.Finding]:
    look = Look(source, metric, source.pack.metrics[metric], {})
    return quality.row_findings(look)


def unpacked(content: bytes) -> Any:
    """Return what a file holds, whatever packed it: packers differ by a byte."""
    if content[:2] == b"\x1f\x8b":
        return gzip.decompress(content)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as held:
            return {name: unpacked(held.read(name)) for name in held.namelist()}
    return content


def test_every_template_has_a_maker_of_its_exports():
    assert {path.parent.name for path in TEMPLATES.glob("*/pack.yaml")} == set(MAKERS)


@pytest.mark.parametrize("name", MAKERS)
def test_a_template_s_sample_is_what_its_maker_makes(name):
    made = MAKERS[name]()
    there = {path.name: path.read_bytes() for path in (SAMPLES / name).iterdir()}
    assert {n: unpacked(c) for n, c in there.items()} == {
        n: unpacked(c) for n, c in made.items()
    }


@pytest.mark.parametrize("name", MAKERS)
def test_a_template_s_scorecard_stands_on_its_sample(name):
    """Every figure stands; rows are made up and called so; what is not taken is not read."""
    run = choices.start(name)
    made = card.build(run)
    lacking = [m.name for m in made.measures if not m.stands]
    assert lacking == (["disputed_share"] if name == "cfpb" else [])
    assert run.pack.info.attribution.startswith("MADE-UP ROWS")
    assert not [f for m in made.measures for f in m.findings if f.level == "fail"]
    for rows in run.source.tables.values():
        held = rows.to_pandas().astype(str)
        assert not held.apply(lambda column: column.str.contains("rivate|@")).any(axis=None)
    run.source.backend.disconnect()


# --- each system's traps, counted by hand in Python


def test_zendesk_s_history_says_what_was_reopened_and_passed_on(start):
    made = exports.desks.Cases(1)
    source = start("zendesk", exports.zendesk())
    kept = [i for i in range(len(made.ids)) if not (made.deleted[i] or made.merged[i])]
    assert total(source, "ticket_volume")[0] == len(kept)
    solved = [i for i in kept if made.solved[i]]
    assert total(source, "reopen_rate") == (sum(made.reopened[i] for i in solved), len(solved))
    assert total(source, "transfer_rate") == (sum(made.passed[i] for i in solved), len(solved))
    assert total(source, "untracked")[0] == 0
    waits = series.build(source, "first_reply", grain="month")
    assert waits["events"].sum() == sum(made.replied[i] is not None for i in kept)


def test_zendesk_s_first_replies_are_measured_in_business_hours_too(start):
    """Against a loop over minutes: open from nine to five, Monday to Friday."""
    made = exports.desks.Cases(1)
    source = start("zendesk", exports.zendesk())
    minutes = []
    for i, begun in enumerate(made.created):
        replied = made.replied[i]
        if begun.month != 9 or made.deleted[i] or made.merged[i]:
            continue
        assert replied is not None
        seconds = sum(
            max(0.0, (min(replied, at(day, 17)) - max(begun, at(day, 9))).total_seconds())
            for day in pd.date_range(begun.date(), replied.date())
            if day.weekday() < 5
        )
        minutes.append(math.ceil(seconds / 60))
    half = sorted(minutes)[math.ceil(len(minutes) / 2) - 1]
    found = values(source, "first_reply_business", grain="month")["2025-09-01"]
    assert found == pytest.approx(half / 60)
    assert found < values(source, "first_reply", grain="month")["2025-09-01"]


def at(day: pd.Timestamp, hour: int) -> pd.Timestamp:
    return day.normalize() + pd.Timedelta(hours=hour)


def test_zendesk_s_api_says_the_same_in_pages_lists_and_lines(start):
    made = exports.desks.Cases(2)
    files = exports.zendesk_api()
    pages = {n: gzip.decompress(c).decode().splitlines() for n, c in files.items()}
    plain: exports.Files = {}
    for name, lines in pages.items():
        key = name.partition(".")[0]
        records = [one for line in lines for one in json.loads(line)[key]]
        plain[f"{key}.jsonl"] = "\n".join(json.dumps(one) for one in records).encode()
    kept = [i for i in range(len(made.ids)) if not (made.deleted[i] or made.merged[i])]
    rated = [made.rating[i] for i in kept if made.rating[i] in ("good", "bad")]
    for source in (start("zendesk_api", files), start("zendesk_api", plain)):
        assert total(source, "ticket_volume")[0] == len(kept)
        assert total(source, "csat") == (rated.count("good"), len(rated))
        assert total(source, "reopen_rate")[0] == sum(
            made.reopened[i] for i in kept if made.solved[i]
        )


def test_salesforce_leaves_out_what_was_deleted_or_merged(start):
    made = exports.desks.Cases(3)
    source = start("salesforce", exports.salesforce())
    kept = [i for i in range(len(made.ids)) if not (made.deleted[i] or made.merged[i])]
    closed = [i for i in kept if made.solved[i]]
    assert total(source, "case_volume")[0] == len(kept)
    assert total(source, "reopen_rate") == (sum(made.reopened[i] for i in closed), len(closed))
    assert total(source, "transfer_rate")[0] == sum(made.passed[i] for i in closed)


def test_a_salesforce_report_with_local_times_reads_the_same(start):
    files = {
        name: gzip.decompress(content).decode()
        for name, content in exports.salesforce().items()
    }
    frame = pd.read_csv(io.StringIO(files["Case.csv.gz"]), dtype=str)
    for column in ("CreatedDate", "ClosedDate"):
        frame[column] = pd.to_datetime(frame[column]).dt.strftime("%-m/%-d/%Y %I:%M %p")
    names = {
        "Id": "Case ID",
        "CreatedDate": "Date/Time Opened",
        "ClosedDate": "Date/Time Closed",
    }
    report = frame.rename(columns=names).to_csv(index=False, sep=";").encode("utf-16")
    others = {n: c.encode() for n, c in files.items() if not n.startswith("Case.")}
    plain = start("salesforce", exports.salesforce())
    local = start("salesforce", {"report.csv": report, **others})
    assert values(local, "case_volume") == values(plain, "case_volume")
    assert values(local, "reopen_rate") == values(plain, "reopen_rate")


def test_complaints_read_the_same_as_csv_and_as_the_api_s_json(start):
    rows = public.complaints()
    named = [
        {exports.snake(name): value for name, value in row.items()}
        | {
            "company_response": row["Company response to consumer"],
            "timely": row["Timely response?"],
        }
        | {"date_received": row["Date received"] + "T12:00:00-05:00"}
        for row in rows
    ]
    for one in named:
        del one["company_response_to_consumer"], one["timely_response"]
    csv_, json_ = (
        start("cfpb", exports.cfpb()),
        start("cfpb", {"c.json": json.dumps(named).encode()}),
    )
    for metric in ("complaints", "timely_share", "in_progress", "relief_share"):
        assert values(csv_, metric) == pytest.approx(values(json_, metric), nan_ok=True)
    answered = [row for row in rows if row["Company response to consumer"] != "In progress"]
    timely = sum(row["Timely response?"] == "Yes" for row in answered)
    assert total(csv_, "timely_share") == (timely, len(answered))


def test_requests_read_the_same_by_old_and_new_names(start):
    old, new = (
        start("nyc311", exports.nyc311()),
        start("nyc311", exports.nyc311(new_names=True)),
    )
    for metric in ("requests", "resolution", "closed_at_once"):
        assert values(old, metric) == pytest.approx(values(new, metric), nan_ok=True)


def test_statements_read_the_same_full_and_light(start):
    full = start("dsa_statements", exports.dsa_statements())
    light = start("dsa_statements", exports.dsa_statements(light=True))
    for metric in full.pack.metrics:
        assert values(full, metric) == pytest.approx(values(light, metric), nan_ok=True)
    events, filed = total(full, "removed_share")
    assert total(full, "age_restricted_share") == (filed - events, filed)


def test_calls_read_the_same_with_clock_times_and_durations(start):
    clock = start("callcenter", exports.callcenter())
    plain = start("callcenter", exports.callcenter(clock=False))
    for metric in clock.pack.metrics:
        assert values(clock, metric) == pytest.approx(values(plain, metric), rel=0.02)


# --- real files


def of(shared: Path, name: str) -> Path:
    return shared / "data" / "support" / name


@pytest.mark.parametrize(
    ("like", "file"), [(like, file) for like, files in REAL.items() for file in files]
)
def test_a_template_on_its_real_file_has_no_fault_and_a_page(start, shared, like, file):
    source = start(like, of(shared, file))
    run = choices.start(str(source.pack.folder), **_parameters(source))
    made = card.build(run)
    assert made.measures
    run.source.backend.disconnect()


def _parameters(source: Source) -> dict[str, Any]:
    return dict(source.pack.readouts["scorecard"].parameters)


def test_both_vintages_of_complaints_are_one_table(start, shared, tmp_path):
    folder = tmp_path / "both"
    folder.mkdir()
    for name in REAL["cfpb"]:
        (folder / name).write_bytes(of(shared, name).read_bytes())
    source = start("cfpb", folder)
    assert source.tables["complaints"].count().execute() == 1268
    years = source.tables["complaints"].to_pandas().groupby(lambda _: 0)["received"]
    assert [f"{day.iloc[0]:%Y-%m-%d}" for day in (years.min(), years.max())] == [
        "2013-08-30",
        "2020-06-29",
    ]
    assert source.pack.source.tables["complaints"].path == f"{folder}/cfpb_*_sample.csv"
    timely, answered = total(source, "timely_share")
    frames = [pd.read_csv(of(shared, name)) for name in REAL["cfpb"]]
    said = pd.concat(
        [f.set_axis([exports.snake(c) for c in f], axis=1) for f in frames], ignore_index=True
    )
    final = said[said["company_response_to_consumer"] != "In progress"]
    assert (timely, answered) == ((final["timely_response"] == "Yes").sum(), len(final))


def test_requests_count_those_still_open_and_those_closed_at_once(start, shared):
    source = start("nyc311", of(shared, REAL["nyc311"][0]))
    plain = pd.read_csv(of(shared, REAL["nyc311"][0]))
    assert total(source, "requests")[0] == len(plain) == 4969
    assert total(source, "closed_at_once")[0] == 309  # 6.2 %, closed in bulk
    ended, all_ = total(source, "resolution")
    assert (all_ - ended) == 277  # still open, 5.6 %
    (median,) = series.build(source, "resolution", grain="quarter")["value"]
    assert median == pytest.approx(5.7, abs=0.05)  # 4.5 h without those still open
    weeks = values(source, "requests")
    days = pd.to_datetime(plain["Created Date"], format="%m/%d/%Y %H:%M")
    assert weeks["2025-03-03"] == ((days >= "2025-03-03") & (days < "2025-03-10")).sum()


def test_calls_add_up_and_their_clock_times_are_seconds(start, shared):
    source = start("callcenter", of(shared, REAL["callcenter"][0]))
    plain = pd.read_csv(of(shared, REAL["callcenter"][0]))
    assert total(source, "calls")[0] == plain["Incoming Calls"].sum()
    first = values(source, "answer_speed", grain="day")["2017-04-01"]
    assert first == 17  # 12:00:17 AM
    assert values(source, "waiting_time", grain="day")["2017-04-01"] == 165  # 12:02:45 AM


def test_timing_is_refused_where_half_was_resolved_before_the_first_reply(start, shared):
    source = start("support_tickets", of(shared, REAL["support_tickets"][0]))
    for metric in ("resolution", "resolution_slow"):
        (found,) = [f for f in findings(source, metric) if f.level == "fail"]
        assert found.refuses
        assert found.gate == "ended before it began"
        assert "1,365 of 2,769 rows (49.3" in found.message
    assert not [f for f in findings(source, "csat") if f.level == "fail"]
    run = choices.start(str(source.pack.folder), grain="day")
    made = card.build(run)
    assert [m.name for m in made.measures if m.stands] == ["tickets_answered", "csat"]
    run.source.backend.disconnect()


def test_a_seed_ticket_s_history_is_read_step_by_step(start, shared):
    """Ticket 11071 was solved once, on 14 November 2020, after pending, on-hold and open."""
    source = start("zendesk", of(shared, "zendesk_fivetran_seeds"))
    moves = source.tables["moves"].to_pandas().set_index("ticket_id")
    assert f"{moves.loc['11071', 'last_solved_at']:%Y-%m-%d}" == "2020-11-14"
    assert moves.loc["11071", "reopens"] == 0
    assert len(source.tables["tickets"].to_pandas()) == 8  # of ten, two are deleted


# --- dirt in what a table is made of


def spoiled(
    files: exports.Files, name: str, column: str, rows: int, text: str
) -> exports.Files:
    """Write a text over the first values of a column."""
    content = files[name]
    frame = pd.read_csv(io.BytesIO(unpacked(content)), dtype=str, keep_default_na=False)
    frame.loc[frame.index[frame[column] != ""][:rows], column] = text
    made = frame.to_csv(index=False).encode()
    return {**files, name: gzip.compress(made) if name.endswith(".gz") else made}


def test_what_cannot_be_read_is_told_of_tables_that_are_joined_from_it(start):
    """Otherwise a ticket without a readable date would leave the count without a word."""
    source = start(
        "zendesk", spoiled(exports.zendesk(), "ticket.csv.gz", "created_at", 3, "soon")
    )
    (found,) = [f for f in findings(source, "ticket_volume") if f.gate == "unreadable dates"]
    assert found.refuses
    assert found.message == (
        "created_at of ticket, which tickets is made of: 3 values such as 'aaaa' are not "
        "dates. Mend the source."
    )
    (told,) = [f for f in findings(source, "transfer_rate") if f.gate == "unreadable dates"]
    assert told.level == "warn"


def test_many_unread_values_refuse_whatever_is_made_of_them(start):
    """A first reply that no cast could read would count as a wait without end."""
    files = spoiled(
        exports.salesforce(), "EmailMessage.csv.gz", "MessageDate", 90, "31/31/2025"
    )
    (found,) = [
        f
        for f in findings(start("salesforce", files), "first_reply")
        if f.gate == "unreadable dates"
    ]
    assert found.refuses
    assert found.message == (
        "sent_at of email_message, which cases is made of: 90 values such as '99/99/9999' are "
        "not dates. Mend the source."
    )


def test_calls_that_do_not_add_up_are_named(start):
    files = spoiled(exports.callcenter(), "days.csv", "Answered Calls", 2, "150")
    gates = {f.gate for f in findings(start("callcenter", files), "calls")}
    assert "parts do not add up" in gates
