"""When a page is due, and how it and the list of pages say that it is late."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_notebook
from runs_root import executed, files, make_root

from insights import pack as packs
from insights.cli import main
from insights.errors import ParamError
from insights.pack import Due
from insights.readout import listing, page
from insights.runs import catalog, manifest, plan, publish
from insights.runs.engine import Job, Outcome
from insights.runs.manifest import Manifest, Run
from insights.runs.publish import Publisher
from insights.runs.secrets import Secrets

MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
WAYS = "Write 'Monday 07:00', 'weekdays 07:00', 'every day 07:00' or 'day 3 07:00'"
NB = "\u00a0"


@pytest.mark.parametrize(
    ("when", "zone", "made", "due"),
    [
        ("Monday 07:00", "UTC", "2026-11-23T06:30", "2026-11-30T07:00"),  # that Monday's page
        ("Monday 07:00", "UTC", "2026-11-23T19:00", "2026-11-30T07:00"),
        ("Monday 07:00", "UTC", "2026-11-22T23:59", "2026-11-23T07:00"),  # Sunday's is not
        (
            "monday  7:00",
            "Europe/Dublin",
            "2026-03-28T12:00",
            "2026-03-30T06:00",
        ),  # summer time
        ("Monday 07:00", "Asia/Tokyo", "2026-11-22T16:00", "2026-11-29T22:00"),  # Monday there
        ("every day 18:30", "UTC", "2026-12-31T20:00", "2027-01-01T18:30"),
        ("weekdays 07:00", "UTC", "2026-11-27T07:00", "2026-11-30T07:00"),
        ("day 28 07:00", "UTC", "2026-01-28T07:00", "2026-02-28T07:00"),
        ("day 3 07:00", "UTC", "2026-11-23T07:00", "2026-12-03T07:00"),
    ],
)
def test_the_next_page_is_due_on_the_first_such_day_after_the_one_it_was_made_on(
    when: str, zone: str, made: str, due: str
):
    found = Due.parse(when, zone).after(datetime.fromisoformat(made).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@given(
    st.sampled_from(["Monday 07:00", "weekdays 23:59", "every day 00:00", "day 28 12:00"]),
    st.sampled_from(["UTC", "Europe/Dublin", "America/St_Johns", "Pacific/Kiritimati"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
)
@settings(max_examples=50, deadline=None)
def test_a_page_made_when_one_is_due_is_followed_by_a_later_one(
    when: str, zone: str, made: datetime
):
    """Slowly: no day between is one on which it falls."""
    due = Due.parse(when, zone)
    first = due.after(made)
    second = due.after(first)
    assert made < first < second
    longest = timedelta(days=31 if when.startswith("day") else 7, hours=25)
    assert second - first <= longest


@pytest.mark.parametrize(
    ("due", "fault"),
    [
        ("Mondy 07:00", f"'Mondy 07:00' is no day and time; did you mean 'Monday'? {WAYS}"),
        ("07:00", f"'07:00' is no day and time. {WAYS}"),
        ("Monday 25:00", f"'Monday 25:00' is no day and time. {WAYS}"),
        ("Monday", f"'Monday' is no day and time. {WAYS}"),
        ("day 31 07:00", "day 31 is not in every month; use day 1 to 28"),
    ],
)
def test_a_pack_that_says_no_day_and_time_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, due: str, fault: str
):
    root = make_root(tmp_path)
    monkeypatch.chdir(root)
    file = root / "params" / "shop" / "readouts.yaml"
    file.write_text(f"readouts:\n  good:\n    notebook: 1_good\n    due: {due}\n")
    with pytest.raises(ParamError) as error:
        packs.load("shop")
    assert str(error.value) == f"params/shop/readouts.yaml:4: readout 'good': due: {fault}"


def test_a_plan_knows_when_its_readouts_are_due_but_not_pages_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    root = make_root(tmp_path)
    monkeypatch.chdir(root)
    shop = root / "params" / "shop"
    (shop / "pack.yaml").write_text("title: Shop\ntimezone: Europe/Dublin\n")
    (shop / "readouts.yaml").write_text(
        "readouts:\n  good: {notebook: 1_good, due: monday 7:00}\n"
        "  each: {notebook: 1_good, matrix: {channel: all}, due: every day 06:00}\n"
    )

    def planned(**set_: str) -> list[tuple[str, str, str]]:
        jobs = plan.jobs(
            packs.load("shop"),
            plan.Request(settings=set_),
            values=lambda _: ["web", "phone"],
            require=lambda _: None,
        )
        return [(job.readout, job.due, job.zone) for job in jobs]

    zone = "Europe/Dublin"
    assert planned() == [
        ("good", "Monday 07:00", zone),
        ("each-web", "every day 06:00", zone),
        ("each-phone", "every day 06:00", zone),
    ]
    assert planned(channel="web") == [
        ("good-web", "", zone),  # nobody has promised this one
        ("each-web", "every day 06:00", zone),
    ]


def settle(out: Path, when: datetime, error: str | None = None, **job: Any) -> Manifest:
    """Publish a run that started at some time."""
    job = {"due": "Monday 07:00", "parameters": {}, **job}
    run = Run(f"{when:%Y%m%dT%H%M%SZ}-{len(list(out.glob('*/*/runs/*'))):06}", when)
    one = Job("shop", "good", "Good", Path("/r/notebooks/1_good.ipynb"), **job)
    publisher = Publisher(out, out.parent, Secrets({}), publish.renderer())
    return publisher.settle(one, run, Outcome(executed(), error, 0.1))


def said(file: Path) -> str:
    """Return what a page says of when it is due, as a reader sees it."""
    (slot,) = re.findall(r"<!--due-->(.*?)<!--/due-->", file.read_text(), re.DOTALL)
    return re.sub(r"<[^>]*>", "", slot)


def test_a_page_says_when_the_next_one_is_due_in_the_packs_time_zone(tmp_path: Path):
    run = settle(tmp_path, MONDAY, zone="Europe/Dublin")
    assert run["due"] == {
        "when": "Monday 07:00",
        "zone": "Europe/Dublin",
        "next": "2026-11-30T07:00:00+00:00",
    }
    kept = tmp_path / "shop" / "good" / "runs" / run["run_id"] / "index.html"
    for file in (tmp_path / "shop" / "good" / "index.html", kept):
        assert said(file) == (
            f"The next page is due Monday 30{NB}November 2026, 07:00 Europe/Dublin; "
            "from then on this one is late."
        )
    html = kept.read_text()
    assert page.faults(html, new_notebook()) == []
    assert settle(tmp_path, MONDAY, due="")["due"] is None
    assert said(tmp_path / "shop" / "good" / "index.html") == ""


def test_whatever_runs_next_says_on_the_page_that_it_is_late_until_a_new_one_is_there(
    tmp_path: Path,
):
    home = tmp_path / "shop" / "good"
    run = settle(tmp_path, MONDAY - timedelta(days=7000))
    kept = files(home / "runs")
    assert "The next page is due Monday" in said(home / "index.html")
    catalog.relink(tmp_path, "shop")
    assert re.fullmatch(
        rf"Due Monday 07:00, [0-9]+{NB}days late: a new page was due "
        rf"Monday 1{NB}October 2007, 07:00, and had not come by .* \(UTC\)\.",
        said(home / "index.html"),
    )
    assert 'class="banner" role="status">Due Monday' in (home / "index.html").read_text()
    assert files(home / "runs") == kept
    settle(tmp_path, MONDAY - timedelta(days=6993), "ValueError: no")
    catalog.relink(tmp_path, "shop")
    html = (home / "index.html").read_text()
    assert html.count('class="banner"') == 2  # it failed, and it is late
    assert said(home / "index.html").startswith("Due Monday 07:00, ")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    settle(tmp_path, tomorrow)
    catalog.relink(tmp_path, "shop")
    assert "The next page is due Monday" in said(home / "index.html")
    assert run["due"]["next"] == "2007-10-01T07:00:00+00:00"


def test_a_page_from_before_there_were_times_stays_as_it_is(tmp_path: Path):
    home = tmp_path / "shop" / "good"
    settle(tmp_path, MONDAY - timedelta(days=7000))
    old = re.sub(r"<!--due-->.*<!--/due-->", "", (home / "index.html").read_text())
    (home / "index.html").write_text(old)
    catalog.relink(tmp_path, "shop")
    assert (home / "index.html").read_text() == old


def told(minute: int, status: str = "published", **fields: Any) -> Manifest:
    job = Job("shop", "good", "Good", Path("1_good.ipynb"), {}, due="Monday 07:00")
    run = Run(f"r{minute:04}", MONDAY + timedelta(minutes=minute))
    begun = manifest.begin(job, run, commit=None, found={})
    return begun | {"status": status, "page_exists": True, "headline": "Orders rose."} | fields


@pytest.mark.parametrize(
    ("after", "text"),
    [
        (timedelta(days=6), "due Monday 07:00"),
        (timedelta(days=7, minutes=29), "due Monday 07:00"),
        (timedelta(days=7, minutes=30), f"due Monday 07:00, 0{NB}min late"),
        (timedelta(days=8, hours=2, minutes=59), f"due Monday 07:00, 26{NB}h late"),
        (timedelta(days=20), f"due Monday 07:00, 12{NB}days late"),
    ],
)
def test_the_list_says_what_is_late_when_it_is_written(after: timedelta, text: str):
    html = page.index([told(0)], MONDAY + after)
    assert f'data-due="2026-11-30T07:00:00+00:00" data-rule="due Monday 07:00">{text}</' in html
    late = "late" in text
    assert ('<small class="w-failed" data-due' in html) == late
    assert ('<span id="late">Late: 1.</span>' in html) == late


def test_the_lists_script_is_the_only_thing_that_runs_and_its_policy_says_so():
    html = page.index([told(0)], MONDAY)
    assert html.count("<script>") == 1
    assert page.faults(html, new_notebook(), script=listing.script()) == []
    assert "The page holds a script." in page.faults(html, new_notebook())
    changed = html.replace("let late = 0;", "let late = 1;")
    assert "The page holds a script." in page.faults(
        changed, new_notebook(), script=listing.script()
    )
    assert "<script" not in page.index([told(0, due=None)], MONDAY)


def confirm(out: Path, when: datetime, standing: Manifest) -> None:
    """Note, as of some time, that there is nothing new."""
    one = Job("shop", "good", "Good", Path("1_good.ipynb"), {}, due="Monday 07:00")
    catalog.confirm(out, one, standing, Run("x", when))


def test_a_check_that_found_nothing_new_lets_a_page_serve_on(tmp_path: Path):
    good = settle(tmp_path, MONDAY - timedelta(days=7000))
    home = tmp_path / "shop" / "good"
    before = files(home / "runs")
    confirm(tmp_path, MONDAY + timedelta(days=7000), good)
    catalog.relink(tmp_path, "shop")
    catalog.write_index(tmp_path, page.index)
    at = f"checked 22{NB}January 2046, 06:30 UTC, nothing new"
    assert said(home / "index.html") == (
        f"The next page is due Monday 29{NB}January 2046, 07:00 UTC; "
        "from then on this one is late."
    )
    html = (tmp_path / "index.html").read_text()
    assert f"<small>{at}</small>" in html
    assert ">due Monday 07:00</small>" in html
    assert files(home / "runs") == before
    assert catalog.read(tmp_path) == ([good], [])
    made = (home / "index.html").stat().st_ino
    confirm(tmp_path, MONDAY + timedelta(days=7002), good)  # for the same Monday
    catalog.relink(tmp_path, "shop")
    assert (home / "index.html").stat().st_ino == made


def test_a_check_speaks_of_one_page_only_and_one_that_cannot_be_read_of_none(tmp_path: Path):
    good = settle(tmp_path, MONDAY - timedelta(days=7000))
    home = tmp_path / "shop" / "good"
    confirm(tmp_path, MONDAY, good | {"run_id": "another"})
    catalog.relink(tmp_path, "shop")
    assert said(home / "index.html").startswith("Due Monday 07:00, ")
    note = json.loads((home / "checked.json").read_text())
    for wrong in ("{", "[]", json.dumps(note | {"at": "2026"}), json.dumps(note | {"due": 1})):
        (home / "checked.json").write_text(wrong)
        assert catalog.checked(home) is None
    (home / "checked.json").unlink()
    (home / "checked.json").mkdir()
    assert catalog.checked(home) is None
    confirm(tmp_path, MONDAY, good)  # the disk will not take it


def test_failed_runs_and_reruns_of_the_past_do_not_count_as_a_new_page():
    html = page.index([told(0), told(11000, "failed", error="no")], MONDAY + timedelta(days=8))
    assert f"due Monday 07:00, 23{NB}h late" in html
    past = page.index([told(0), told(11000, stands=False)], MONDAY + timedelta(days=8))
    assert f"due Monday 07:00, 23{NB}h late" in past
    new = page.index([told(0), told(11000)], MONDAY + timedelta(days=8))
    assert ">due Monday 07:00</small>" in new


def test_manifests_from_before_there_were_times_are_never_late():
    old = {key: value for key, value in told(0).items() if key != "due"}
    assert "data-due" not in page.index([old], MONDAY)


def test_listing_rebuilds_a_lost_list_and_says_what_is_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    settle(tmp_path, MONDAY - timedelta(days=7000))
    assert not (tmp_path / "index.html").exists()
    monkeypatch.setattr("sys.argv", ["insights", "list", "--out", str(tmp_path), "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    record = json.loads(capsys.readouterr().out)
    assert record["problems"] == []
    (late,) = record["late"]
    assert re.fullmatch(rf"due Monday 07:00, [0-9]+{NB}days late", late.pop("said"))
    assert late == {"pack": "shop", "readout": "good", "due": "2007-10-01T07:00:00+00:00"}
    assert "Late: 1." in (tmp_path / "index.html").read_text()
    assert said(tmp_path / "shop" / "good" / "index.html").startswith("Due Monday 07:00, ")


def test_what_is_late_is_said_below_the_list_of_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    good = settle(tmp_path, MONDAY - timedelta(days=7000))
    settle(tmp_path, MONDAY, "ValueError: no")
    monkeypatch.setattr("sys.argv", ["insights", "list", "--out", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(rf"shop/good: due Monday 07:00, [0-9]+{NB}days late", last)
    confirm(tmp_path, datetime.now(UTC), good)
    runs, _ = catalog.read(tmp_path)
    assert catalog.late(tmp_path, runs, datetime.now(UTC)) == []
    assert catalog.late(tmp_path, runs, datetime.now(UTC) + timedelta(days=8)) != []
    (tmp_path / "shop" / "good" / "index.html").unlink()
    assert catalog.late(tmp_path, runs, datetime.now(UTC) + timedelta(days=8)) == []


def test_listing_still_lists_where_it_may_not_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def closed(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    settle(tmp_path, MONDAY)
    monkeypatch.setattr(catalog, "relink", closed)
    monkeypatch.setattr("sys.argv", ["insights", "list", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    shown = capsys.readouterr()
    assert "Orders rose to 3." in shown.out
    assert shown.err == (
        "index.html could not be brought up to date: "
        "PermissionError: [Errno 13] Permission denied\n"
    )
