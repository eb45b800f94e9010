from __future__ import annotations

import base64
import html
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from runs_root import BLOCKS, bare, command, files, make_root, manifests, notebook

from insights.runs.secrets import Secrets

VALUE = "p&ss/wörd\"+ 'x'"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    monkeypatch.setenv("SHOP_TOKEN", VALUE)
    return Secrets.of_environment(["SHOP_TOKEN", "NOT_SET"])


@pytest.mark.parametrize(
    "text",
    [
        VALUE,
        VALUE.replace("p", "P").replace("x", "X"),
        repr([VALUE]),
        json.dumps({"a": VALUE}),
        json.dumps(VALUE, ensure_ascii=False),
        json.dumps(json.dumps(VALUE)),
        html.escape(VALUE),
        html.escape(VALUE).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        json.dumps(html.escape(VALUE)),
        quote(VALUE, safe=""),
        quote(VALUE, safe="").lower(),
        *(base64.b64encode(b"u" * n + VALUE.encode() + b"host").decode() for n in range(4)),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_spelling(secrets: Secrets, text: str):
    assert secrets.in_text(f"before {text} after") == ["SHOP_TOKEN"]


def test_a_text_without_the_secret_is_clean(secrets: Secrets):
    assert secrets.in_text("secret:SHOP_TOKEN is set, NOT_SET is not") == []
    assert secrets.withhold("division by zero") == "division by zero"


def test_a_message_with_a_secret_is_replaced(secrets: Secrets):
    assert secrets.withhold(f"no connection to db://me:{VALUE}@host") == (
        "the message is withheld, for it holds the value of secret:SHOP_TOKEN"
    )


def test_a_short_secret_counts_as_a_word_and_not_inside_a_picture(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("PIN", "a1b2")
    short = Secrets.of_environment(["PIN"])
    assert short.in_text("the pin is a1b2.") == ["PIN"]
    assert short.in_text("data:image/png;base64,xxa1b2yy") == []


def test_every_file_of_a_folder_is_read(secrets: Secrets, tmp_path: Path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x.bin").write_bytes(b"\x00\xff" + VALUE.encode() + b"\x00")
    assert secrets.in_folder(tmp_path) == ["SHOP_TOKEN"]


def test_the_values_are_not_in_the_repr(secrets: Secrets):
    assert "ss/w" not in repr(secrets)


MARK = "hunter2-hunter2"
NOTEBOOKS = {
    "7_says": [
        BLOCKS,
        'import os\nraise ValueError("cannot open " + os.environ["SHOP_PLACE"])',
    ],
    "8_cannot": [
        BLOCKS,
        "import os, duckdb",
        'place = os.environ["SHOP_PLACE"]\nduckdb.connect(place + "/no/such.duckdb")',
    ],
    "9_prints": [
        BLOCKS,
        "import os, traceback",
        'try:\n    open(os.environ["SHOP_PLACE"] + "/no")\n'
        "except OSError:\n    traceback.print_exc()",
    ],
}
READOUTS = """
readouts:
  scorecard: {notebook: 1_scorecard, title: Scorecard, due: Monday 07:00}
  says: {notebook: 7_says}
  cannot: {notebook: 8_cannot}
  prints: {notebook: 9_prints}
"""
SOURCE = """
connection: duckdb:///secret:SHOP_PLACE
tables:
  orders: {table: orders, row: one order, key: [id]}
"""


@pytest.fixture
def shop(tmp_path: Path) -> dict[str, Path]:
    """A fleet over a database whose whole address is a secret; one notebook is shipped."""
    root = make_root(tmp_path / "root")
    shipped = Path(__file__).parents[2] / "notebooks" / "1_scorecard.ipynb"
    shutil.copy(shipped, root / "notebooks")
    for name, code in NOTEBOOKS.items():
        (root / "notebooks" / f"{name}.ipynb").write_text(notebook(*code))
    pack = root / "params" / "shop"
    (pack / "readouts.yaml").write_text(READOUTS)
    (pack / "source.yaml").write_text(SOURCE)
    (pack / "pack.yaml").write_text("title: Shop\nsubject: channel\nmin_group: 1\n")
    place = tmp_path / f"orders-{MARK}.duckdb"
    with duckdb.connect(str(place)) as database:
        database.execute(
            "create table orders as select n as id, date '2026-01-05' + (n // 20)::int as day, "
            "'web' as channel from range(20 * 7 * 12) t(n)"
        )
    made = {"root": root, "place": place}
    for name in ("out", "home", "tmp"):
        made[name] = tmp_path / name
        made[name].mkdir()
    return made


def insights(shop: dict[str, Path], *words: Any) -> subprocess.CompletedProcess[str]:
    env = {"SHOP_PLACE": shop["place"], "HOME": shop["home"], "TMPDIR": shop["tmp"]}
    return subprocess.run(
        command(*words, "--out", shop["out"]),
        cwd=shop["root"],
        env=bare({name: str(value) for name, value in env.items()}),
        capture_output=True,
        text=True,
    )


def assert_no_trace(
    shop: dict[str, Path], *said: subprocess.CompletedProcess[str], secrets: Secrets
) -> None:
    """Look into every file that the commands left anywhere, and into all that they said."""
    for name in ("out", "home", "tmp", "root"):
        held = {
            n: text for n, text in files(shop[name]).items() if MARK.encode() in text.lower()
        }
        assert sorted(held) == []
        assert secrets.in_folder(shop[name]) == []
    for done in said:
        assert MARK not in done.stdout + done.stderr
        assert secrets.in_text(done.stdout + done.stderr) == []


def test_a_fleet_leaves_no_trace_of_a_secret_on_success_and_on_failure(
    shop: dict[str, Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SHOP_PLACE", str(shop["place"]))
    secrets = Secrets.of_environment(["SHOP_PLACE"])
    ran = insights(shop, "run", "shop", "--json")
    assert ran.returncode == 1, ran.stderr
    runs = {run["readout"]: run for run in json.loads(ran.stdout)["runs"]}
    assert runs["scorecard"]["status"].startswith("published"), runs["scorecard"]["error"]
    assert runs["scorecard"]["readings"][0]["past"]
    leak = "its output holds the value of secret:SHOP_PLACE; nothing of it was published"
    errors = {name: run["error"] for name, run in runs.items()}
    assert errors == {"scorecard": None, "says": leak, "cannot": leak, "prints": leak}
    assert len(manifests(shop["out"])) == 4
    shop["place"].unlink()
    gone = insights(shop, "run", "shop")
    assert gone.returncode != 0
    later = [insights(shop, "list"), insights(shop, "prune")]
    assert [done.returncode for done in later] == [0, 0]
    assert (shop["out"] / "shop" / "scorecard" / "index.html").is_file()
    assert_no_trace(shop, ran, gone, *later, secrets=secrets)
