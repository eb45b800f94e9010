"""The readouts as a stakeholder gets them: run by the command, read as a page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "lib/insights/data/samples/eu_dsa/statements_daily.parquet"
HOSTILE = "<script>alert(1)</script>"


def insights(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "insights"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def heading(page: Path) -> str:
    (h1,) = re.findall(r"<h1>(.*?)</h1>", page.read_text())
    return str(h1).replace("\u00a0", " ").replace("&#39;", "'")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated operation's pages: scorecard, why satisfaction moved, what is coming."""
    out = tmp_path_factory.mktemp("demo")
    only = ("scorecard", "what_changed", "what_drives")
    chosen = [word for name in only for word in ("--readout", name)]
    done = insights(
        "run", "params/demo", *chosen, "--set", "metric=csat", "--out", str(out), "--json"
    )
    assert done.returncode == 0, done.stderr
    only = ("--readout", "what_next", "--out", str(out), "--json")
    next_ = insights("run", "params/demo", *only)
    assert next_.returncode == 0, next_.stderr
    runs = [run for each in (done, next_) for run in json.loads(each.stdout)["runs"]]
    assert {run["status"] for run in runs} <= {"published", "published_with_warnings"}
    return out / "demo"


@pytest.fixture(scope="module")
def scorecard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TikTok's scorecard, published twice: by default and by --as-of for the same week."""
    out = tmp_path_factory.mktemp("outputs")
    for extra in ([], ["--as-of", "2026-01-01"]):
        only = ["--readout", "scorecard", "--out", str(out), "--json"]
        done = insights("run", "params/eu_dsa", *only, *extra)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["runs"][0]["status"] == "published_with_warnings"
    return out / "eu_dsa" / "scorecard"


def test_the_first_sentence_is_the_answer(scorecard: Path) -> None:
    html = (scorecard / "index.html").read_text()
    (h1,) = re.findall(r"<h1>(.*?)</h1>", html)
    assert h1.replace("\u00a0", " ").startswith(
        "The statements TikTok filed in the week of 29 December 2025 came on average 47.8 d "
        "after their decisions, 44.8 d over the goal of at most 3 d; none of 8 measures moved"
    )
    assert "“Decided fully automatically” at 81.4\u00a0%, below its usual" in html


def test_a_page_is_whole_small_and_keeps_to_itself(scorecard: Path) -> None:
    html = (scorecard / "index.html").read_text()
    page = Page(html)
    assert page.images
    assert all(len(image["alt"] or "") > 40 for image in page.images)
    assert all(
        (image["src"] or "").startswith("data:image/svg+xml;base64,") for image in page.images
    )
    assert html.count('<svg class="spark"') == 8
    assert "script" not in page.tags
    assert "Traceback" not in page.text
    assert "© European Union, DSA Transparency Database" in page.text
    words = re.sub(
        r"<svg.*?</svg>|data:image[^\"]+|<details><summary>The figures.*?</details>",
        "",
        html,
        flags=re.S,
    )
    assert len(words.encode()) <= 40_000


def test_the_numbers_on_the_page_equal_plain_sql(scorecard: Path) -> None:
    html = (scorecard / "index.html").read_text().replace("\u00a0", " ")
    row = duckdb.sql(
        f"""select sum(sor_count) / 1e6, 100 * sum(automated_decision_fully) / sum(sor_count),
        100 * sum(decision_visibility_content_removed) / sum(sor_count),
        sum(decision_account_terminated),
        sum(disclosure_delay_n * disclosure_delay_mean_s) / sum(disclosure_delay_n) / 86400
        from '{SAMPLE}'
        where platform = 'TikTok' and date between '2025-12-29' and '2026-01-04'"""
    ).fetchone()
    assert row is not None
    filed, automated, removed, terminated, delay = row
    for said in (
        f"<b>{filed:.2f} M</b>",
        f"<b>{automated:.1f} %</b>",
        f"<b>{removed:.1f} %</b>",
        f"<b>{terminated:,.0f}</b>",
        f"<b>{delay:.1f} d</b>",
    ):
        assert said in html


def test_a_second_run_as_of_the_same_week_gives_the_same_page(scorecard: Path) -> None:
    pages = [path.read_text() for path in sorted(scorecard.glob("runs/*/index.html"))]
    assert len(pages) == 2

    def told(html: str) -> str:
        """Without what differs by design: the run's provenance, and the note on old data."""
        body = html.split("<main", 1)[1].split("Where these numbers come from")[0]
        return re.sub(r"<p[^>]*>[^<]*have not advanced[^<]*</p>", "", body)

    assert told(pages[0]) == told(pages[1])
    assert "have not advanced" in pages[1]


def test_the_run_keeps_its_notebook_and_says_where_its_numbers_come_from(
    scorecard: Path,
) -> None:
    run = sorted((scorecard / "runs").iterdir())[0]
    notebook = nbformat.read(run / "notebook.ipynb", as_version=4)
    assert notebook.metadata.papermill.exception is None
    manifest: dict[str, Any] = json.loads((run / "manifest.json").read_text())
    assert manifest["as_of"] == "2025-12-29"
    assert manifest["data_through"] == "2026-01-10"
    rows = {one["table"]: one["rows"] for one in manifest["inputs"]}
    assert rows == {"statements": 9984, "categories": 97946}
    assert manifest["figures"] == len(re.findall(r"<img\b", (run / "index.html").read_text()))
    assert "/" + str(ROOT).strip("/") not in (run / "index.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--set", "platform=Tiktok"],
            "the data has no platform 'Tiktok'; did you mean 'TikTok'?",
        ),
        (["--set", "platfrom=TikTok"], "did you mean 'platform'?"),
        (["--set", "history=many"], "history"),
        (["--readout", "scorecrad"], "did you mean 'scorecard'?"),
        (["--as-of", "2025-13-01"], "2025-13-01"),
        (["--as-of", "2020-01-01"], "but the data begin on 25\u00a0September 2023."),
        (["--as-of", "2026-01-08"], "the week of 5\u00a0January 2026 is not complete"),
        (["--set", "grain=months"], "did you mean 'month'?"),
        (["--set", "metrics=[nope]"], "unknown metric 'nope'"),
        (["--set", "history=0"], "history is 0; it must be 2 periods or more."),
        (
            ["--readout", "what_changed", "--set", "compare=never"],
            "compare is 'never'. Use previous, year, event:NAME or a range",
        ),
        (
            ["--readout", "what_next", "--set", "metric=automated_share"],
            "metric 'automated_share' is a ratio; only a count of what comes in is forecast. "
            "Choose a count.",
        ),
        (
            ["--readout", "what_next", "--set", "launch=2030-01-01"],
            "launch is '2030-01-01', which is not in the 13 weeks from 5\u00a0January 2026. "
            "Give a day in them.",
        ),
        (
            ["--readout", "what_next", "--set", "clear_by=soon"],
            "clear_by is 'soon'; it must be a date such as 2025-12-29.",
        ),
        (
            ["--readout", "what_next", "--set", "horizon=0"],
            "horizon is 0; it must be from 1 to 104 periods.",
        ),
    ],
)
def test_bad_input_ends_in_one_sentence_before_anything_runs(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = insights("run", "params/eu_dsa", "--out", str(tmp_path / "out"), *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.html"))


def test_check_names_eight_faults_at_once_in_a_copy_anywhere(tmp_path: Path) -> None:
    pack = tmp_path / "elsewhere" / "copy"
    assert insights("new", str(pack), "--like", "eu_dsa").returncode == 0
    for name, old, new in (
        ("pack.yaml", "week_starts: monday", "week_starts: moonday"),
        ("pack.yaml", "subject: platform", "subject: plattform"),
        ("source.yaml", "aggregated: true", "aggregated: maybe"),
        ("metrics.yaml", "date: 2025-07-01", "date: 2025-07-32"),
        ("metrics.yaml", "numerator: automated_decision_fully", "numerator: automated_fuly"),
        ("metrics.yaml", "guards: [notice_share", "guards: [notise_share"),
        ("goals.yaml", "target: 3", "target: three"),
        ("actions.yaml", "when: below", "wen: below"),
    ):
        text = (pack / name).read_text()
        assert old in text
        (pack / name).write_text(text.replace(old, new, 1))
    done = insights("check", str(pack), cwd=tmp_path)
    assert done.returncode == 2
    for found in (
        "moonday",
        "plattform",
        "maybe",
        "2025-07-32",
        "automated_fuly",
        "notise_share",
        "three",
        "wen",
    ):
        assert re.search(rf"\.yaml:\d+: .*'?{found}", done.stdout), found
    assert "Traceback" not in done.stdout + done.stderr


def test_an_unknown_platform_ends_stock_papermill_in_the_same_sentence(tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).parent / "papermill"),
        "--no-progress-bar",
        str(ROOT / "notebooks/1_scorecard.ipynb"),
        str(tmp_path / "out.ipynb"),
        "-y",
        "where: {platform: Tiktok}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    sentence = "ParamError: the data has no platform 'Tiktok'; did you mean 'TikTok'?"
    assert done.stderr.rstrip().endswith(sentence)
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    (error,) = [o for c in cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert error.traceback == [sentence]


def test_hostile_text_is_shown_as_text_everywhere(tmp_path: Path) -> None:
    pack = tmp_path / "hostile"
    done = insights("new", str(pack), "--like", "eu_dsa")
    assert done.returncode == 0, done.stderr
    duckdb.sql(
        f"""copy (select * replace
        (case platform when 'TikTok' then '{HOSTILE}' else platform end as platform)
        from '{SAMPLE}') to '{pack}/rows.parquet' (format parquet)"""
    )
    for name, old, new in (
        ("source.yaml", "sample:eu_dsa/statements_daily.parquet", "rows.parquet"),
        ("pack.yaml", "{platform: TikTok}", f'{{platform: "{HOSTILE}"}}'),
        ("metrics.yaml", "title: Statements filed", f"title: '{HOSTILE}'"),
        ("readouts.yaml", "title: Scorecard", f"title: '{HOSTILE}'"),
    ):
        text = (pack / name).read_text()
        assert old in text
        (pack / name).write_text(text.replace(old, new))
    out = tmp_path / "out"
    arguments = ["--readout", "platforms", "--set", f"platform={HOSTILE}", "--out", str(out)]
    done = insights("run", str(pack), *arguments)
    assert done.returncode == 0, done.stderr
    pages = sorted(out.rglob("*.html"))
    assert len(pages) == 3
    for path in pages:
        assert re.fullmatch(r"[A-Za-z0-9_./-]+", str(path.relative_to(out)))
        page = Page(path.read_text())
        assert "script" not in page.tags
        assert HOSTILE in page.text


def test_the_demo_scorecard_leads_with_what_misses_its_goal_and_cries_no_wolf(
    demo: Path,
) -> None:
    """The last weeks hold nothing new: effect E1 lowered satisfaction half a year before."""
    said = heading(demo / "scorecard" / "index.html")
    assert said.startswith("Of those who answered Demo operation's survey in the week of 15")
    assert "under the goal of at least 70 %; none of 36 measures moved clearly." in said
    page = Page((demo / "scorecard" / "index.html").read_text())
    assert "95\u00a0% interval" in page.text
    assert "Satisfied, adjusted for who answered" in page.text


def test_the_planted_mix_shift_is_the_first_claim_of_its_page(demo: Path) -> None:
    """E1: every topic a little better, appeal help from 15 to 30 % of contacts."""
    page = demo / "what_changed-csat" / "index.html"
    said = heading(page)
    assert re.match(
        r"Satisfied, as answered fell from 66\.\d % to 63\.\d %, −2\.\d points", said
    )
    assert said.endswith("rose: the composition moved.")
    assert "No combination of dimensions stands out among" in page.read_text()


def test_the_strongest_planted_driver_is_the_first_claim_and_no_null_one_is(
    demo: Path,
) -> None:
    page = demo / "what_drives" / "index.html"
    said = heading(page)
    assert said.startswith("Decided in the user's favour goes with satisfaction most: ")
    text = Page(page.read_text()).text.replace("\u00a0", " ")
    (idle,) = re.findall(r"Not supported here: ([^.]*?)\.\s", text)
    assert "agent's shift" in idle
    assert "macros used" in idle
    assert "by association" in text


def test_what_is_coming_holds_its_range_its_record_and_the_people_it_takes(demo: Path) -> None:
    page = demo / "what_next" / "index.html"
    said = heading(page)
    assert re.match(
        r"Demo operation, contacts for people: [56],\d{3} a week expected in the 13 weeks from "
        r"29 December 2025 \(80 % range 5,\d{3} to 6,\d{3}\)",
        said,
    )
    assert re.search(r"to be safe it takes up to \d\d people full-time", said)
    text = Page(page.read_text()).text.replace("\u00a0", " ")
    assert "No forecast that was published earlier has come true yet." in text
    assert "the method would have missed the 13 weeks since by" in text
    log = pd.read_csv(demo / "what_next" / "forecasts.csv")
    assert set(log["horizon"]) == set(range(1, 14))
    assert (log["origin"] == "2025-12-22").all()


def test_pages_lead_to_each_other_and_every_address_is_there(demo: Path) -> None:
    for name in ("scorecard", "what_changed-csat", "what_drives"):
        page = demo / name / "index.html"
        links = re.findall(r'<a class="go" data-go="[^"]*" href="([^"]*)"', page.read_text())
        assert links, name
        assert all((page.parent / link).resolve().is_file() for link in links)


@pytest.mark.slow
def test_every_platform_gets_its_page_and_the_one_without_figures_exits_1(
    tmp_path: Path,
) -> None:
    """Tinder filed nothing in the week shown; its page says so, and so does the exit code."""
    arguments = ["--readout", "platforms", "--out", str(tmp_path), "--json"]
    done = insights("run", "params/eu_dsa", *arguments)
    assert done.returncode == 1, done.stderr
    runs = json.loads(done.stdout)["runs"]
    assert len({run["readout"] for run in runs}) == 16
    assert all(run["status"].startswith("published") for run in runs)
    assert all(run["figures"] >= 1 for run in runs)
    assert [run["readout"] for run in runs if run["all_refused"]] == ["platforms-tinder"]
