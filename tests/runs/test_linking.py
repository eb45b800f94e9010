"""Links between published pages: each copy has its own, and every one leads to a page."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from runs_root import MIME, assert_nothing_half, executed, files

from insights import pack as packs
from insights.readout import links
from insights.runs import catalog, command, publish, runner, staging
from insights.runs.engine import Job, Outcome
from insights.runs.manifest import Manifest, Run
from insights.runs.progress import Progress
from insights.runs.publish import Publisher
from insights.runs.secrets import Secrets

WEB = {"channel": "web"}
NOTEBOOKS = {"scorecard": "1_scorecard", "changes": "2_what_changed"}
WANTED = {"scorecard": "2_what_changed", "changes": "1_scorecard"}


def job(readout: str, pack: str = "shop", **parameters: Any) -> Job:
    notebook = Path(f"/r/notebooks/{NOTEBOOKS[readout]}.ipynb")
    return Job(pack, readout, readout.title(), notebook, parameters)


def told(readout: str, where: dict[str, str] | None = None, **opening: Any) -> str:
    """Return an executed notebook that tells what it shows, and asks for the other one."""
    code = json.loads(executed(**opening))
    data = [output["data"] for output in code["cells"][-1]["outputs"]]
    where = WEB if where is None else where
    metrics = ["orders", "returns"] if readout == "scorecard" else ["orders"]
    data[0][MIME] |= {"where": where, "grain": "week", "metrics": metrics}
    metric = "orders" if readout == "scorecard" else None
    asked = links.anchor(
        notebook=WANTED[readout], where=where, metric=metric, grain="week", text="Go on"
    )
    data[1]["text/html"] += str(asked)
    return json.dumps(code)


def settle(
    out: Path, readout: str, error: str | None = None, *, pack: str = "shop", **kept: Any
) -> Manifest:
    publisher = Publisher(out, out.parent, Secrets({}), publish.renderer())
    as_of = {"as_of": kept["as_of"]} if "as_of" in kept else {}
    outcome = Outcome(told(readout, **kept), error, 0.5)
    return publisher.settle(job(readout, pack, **as_of), Run.begun(), outcome)


def links_of(page: Path) -> list[str]:
    """Return where a page's links lead; each must lead to a page."""
    html = page.read_text()
    found = re.findall(r'<a class="go" data-go="[^"]+" href="([^"]+)">', html)
    assert html.count("<a ") == len(found) + html.count(" hidden>")
    for address in found:
        assert (page.parent / address).is_file(), address
    return found


def last(out: Path, readout: str) -> Path:
    return out / "shop" / readout / "index.html"


def kept(out: Path, run: Manifest) -> Path:
    return out / run["pack"] / run["readout"] / "runs" / run["run_id"] / "index.html"


def test_both_copies_link_to_a_page_that_is_there_already(tmp_path: Path):
    settle(tmp_path, "changes")
    run = settle(tmp_path, "scorecard")
    assert links_of(last(tmp_path, "scorecard")) == ["../changes/index.html"]
    assert links_of(kept(tmp_path, run)) == ["../../../changes/index.html"]
    assert run["where"] == WEB and run["grain"] == "week"
    assert run["metrics"] == ["orders", "returns"]
    assert_nothing_half(tmp_path)


def test_a_page_published_first_is_linked_afterwards_and_its_run_never_changes(tmp_path: Path):
    first = settle(tmp_path, "scorecard")
    settle(tmp_path, "changes")
    assert links_of(last(tmp_path, "scorecard")) == []
    before = files(tmp_path)
    catalog.relink(tmp_path, "shop")
    assert links_of(last(tmp_path, "scorecard")) == ["../changes/index.html"]
    assert links_of(last(tmp_path, "changes")) == ["../scorecard/index.html"]
    after = files(tmp_path)
    assert [n for n in after if after[n] != before.get(n)] == ["shop/scorecard/index.html"]
    assert links_of(kept(tmp_path, first)) == []
    assert_nothing_half(tmp_path)


def test_nothing_is_written_where_nothing_changes(tmp_path: Path):
    settle(tmp_path, "changes")
    settle(tmp_path, "scorecard")
    catalog.relink(tmp_path, "shop")
    made = last(tmp_path, "scorecard").stat().st_ino
    catalog.relink(tmp_path, "shop")
    assert last(tmp_path, "scorecard").stat().st_ino == made
    catalog.relink(tmp_path, "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_failed_page_stands_and_so_does_the_link_to_it(tmp_path: Path):
    settle(tmp_path, "changes")
    settle(tmp_path, "scorecard")
    settle(tmp_path, "changes", "ValueError: no")
    catalog.relink(tmp_path, "shop")
    assert 'class="banner"' in last(tmp_path, "changes").read_text()
    assert links_of(last(tmp_path, "scorecard")) == ["../changes/index.html"]
    settle(tmp_path, "scorecard")
    assert links_of(last(tmp_path, "scorecard")) == ["../changes/index.html"]


def test_a_failed_scorecard_keeps_its_links_below_its_banner(tmp_path: Path):
    settle(tmp_path, "changes")
    settle(tmp_path, "scorecard")
    settle(tmp_path, "scorecard", "ValueError: no")
    catalog.relink(tmp_path, "shop")
    assert 'class="banner"' in last(tmp_path, "scorecard").read_text()
    assert links_of(last(tmp_path, "scorecard")) == ["../changes/index.html"]


def test_a_page_that_never_came_or_was_taken_away_is_not_linked(tmp_path: Path):
    settle(tmp_path, "changes", "ValueError: no")
    settle(tmp_path, "scorecard")
    assert links_of(last(tmp_path, "scorecard")) == []
    settle(tmp_path, "changes")
    catalog.relink(tmp_path, "shop")
    assert links_of(last(tmp_path, "scorecard")) != []
    last(tmp_path, "changes").unlink()
    catalog.relink(tmp_path, "shop")
    assert links_of(last(tmp_path, "scorecard")) == []


def test_pages_of_other_rows_and_of_other_packs_are_not_linked(tmp_path: Path):
    settle(tmp_path, "changes", where={"channel": "phone"})
    settle(tmp_path, "changes", pack="other")
    settle(tmp_path, "scorecard")
    catalog.relink(tmp_path, "shop")
    assert links_of(last(tmp_path, "scorecard")) == []


def test_a_rerun_of_the_past_does_not_lead_to_a_later_period(tmp_path: Path):
    for readout in ("changes", "scorecard"):
        settle(tmp_path, readout, as_of="2026-11-09")
    catalog.relink(tmp_path, "shop")
    before = files(tmp_path)
    past = settle(tmp_path, "scorecard", as_of="2026-11-02")
    assert past["stands"] is False
    assert links_of(kept(tmp_path, past)) == []
    catalog.relink(tmp_path, "shop")
    assert {name: files(tmp_path)[name] for name in before} == before


def test_manifests_from_before_there_were_links_answer_to_nothing(tmp_path: Path):
    run = settle(tmp_path, "changes")
    file = kept(tmp_path, run).with_name("manifest.json")
    old = {k: v for k, v in run.items() if k not in ("where", "grain", "metrics")}
    file.write_text(json.dumps(old))
    settle(tmp_path, "scorecard")
    assert links_of(last(tmp_path, "scorecard")) == []


def test_a_page_in_another_encoding_keeps_every_byte_but_its_links(tmp_path: Path):
    settle(tmp_path, "scorecard")
    settle(tmp_path, "changes")
    page = last(tmp_path, "scorecard")
    page.write_bytes(b"\xff\r\n" + page.read_bytes())
    catalog.relink(tmp_path, "shop")
    assert page.read_bytes().startswith(b"\xff\r\n<!doctype html>\n")
    assert b'href="../changes/index.html"' in page.read_bytes()


def test_a_page_that_another_command_replaces_meanwhile_is_not_brought_back(tmp_path: Path):
    """The pack's folder is held, as a command that publishes holds it, until its page is in."""
    settle(tmp_path, "scorecard")
    settle(tmp_path, "changes")
    newer = tmp_path / "newer.html"
    newer.write_text(last(tmp_path, "scorecard").read_text().replace("Orders rose", "Newer"))
    relinking = threading.Thread(target=catalog.relink, args=(tmp_path, "shop"))
    with staging.held(tmp_path / "shop"):
        relinking.start()
        relinking.join(0.2)
        newer.replace(last(tmp_path, "scorecard"))
    relinking.join(60)
    assert "<h1>Newer</h1>" in last(tmp_path, "scorecard").read_text()
    assert links_of(last(tmp_path, "scorecard")) == ["../changes/index.html"]


def test_commands_side_by_side_end_with_whole_pages_and_every_link(tmp_path: Path):
    def publish_all(readouts: Sequence[str]) -> None:
        for readout in readouts:
            settle(tmp_path, readout)
        catalog.relink(tmp_path, "shop")

    orders = [("scorecard", "changes"), ("changes", "scorecard")] * 2
    commands = [threading.Thread(target=publish_all, args=(order,)) for order in orders]
    for thread in commands:
        thread.start()
    for thread in commands:
        thread.join(120)
    assert links_of(last(tmp_path, "scorecard")) == ["../changes/index.html"]
    assert links_of(last(tmp_path, "changes")) == ["../scorecard/index.html"]
    for readout in NOTEBOOKS:
        html = last(tmp_path, readout).read_text()
        assert html.endswith("</html>\n") and html.count("<html") == 1
    assert_nothing_half(tmp_path)


def by_hand(job: Job, root: Path, timeout_seconds: float, **_: object) -> Outcome:
    """Stand in for papermill: the kernel is not what is tested."""
    return Outcome(told(job.readout), None, 0.1)


def test_one_command_links_what_it_publishes_whatever_comes_first(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Also below an --out of its own, which the links do not leave."""
    monkeypatch.chdir(root)
    with Progress(2) as progress:
        command.run(
            packs.load("shop"),
            [job("scorecard"), job("changes")],
            out=tmp_path / "elsewhere",
            how=command.How(runner.Limits(jobs=1), by_hand),
            progress=progress,
        )
    assert not progress.broken
    assert links_of(last(tmp_path / "elsewhere", "scorecard")) == ["../changes/index.html"]
    assert links_of(last(tmp_path / "elsewhere", "changes")) == ["../scorecard/index.html"]
    assert_nothing_half(tmp_path / "elsewhere")


def test_links_that_the_disk_will_not_take_are_said_and_the_list_is_still_made(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(root)
    monkeypatch.setattr(catalog, "relink", full)
    with Progress(1) as progress:
        command.run(
            packs.load("shop"),
            [job("scorecard")],
            out=tmp_path,
            how=command.How(runner.Limits(jobs=1), by_hand),
            progress=progress,
        )
    assert progress.broken
    assert progress.problems == [
        "the links between pages could not be brought up to date: the disk is full"
    ]
    assert (tmp_path / "index.html").is_file()
