"""What one readout has found out, the next one forked from the same process need not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

from insights import pack as packs
from insights.data import remembered, series, sources
from insights.data.tables import over


def counting() -> Callable[[], int]:
    """Return what says how often it was asked."""
    asked = [0]

    def make() -> int:
        asked[0] += 1
        return asked[0]

    return make


def test_nothing_is_kept_unless_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(remembered, "_kept", False)
    make = counting()
    assert [remembered.once("a", make), remembered.once("a", make)] == [1, 2]


@pytest.mark.usefixtures("kept")
def test_an_answer_is_made_once_a_key_and_handed_on():
    make = counting()
    made = [remembered.once(key, make) for key in ("a", "a", "b", None, None)]
    assert made == [1, 1, 2, 3, 4]
    told = remembered.told()
    remembered._held.clear()
    remembered.learn(told)
    assert remembered.once("b", make) == 2


def forked(do: Callable[[], object]) -> int:
    """Return the id of a process that does something and ends."""
    if (pid := os.fork()) == 0:
        try:
            do()
        finally:
            os._exit(0)
    return pid


@pytest.fixture
def folder(kept: dict[Any, Any], tmp_path: Path) -> Path:
    """The folder in which readouts at work leave answers."""
    remembered.keep(tmp_path)
    return tmp_path


def test_processes_that_want_the_same_at_once_find_it_out_once(folder: Path):
    """Each of them makes its mark and takes a while; whoever comes later waits and reads."""

    def slow() -> list[int]:
        (folder / f"made-{os.getpid()}").touch()
        time.sleep(0.3)
        return [os.getpid()]

    pids = [
        forked(
            lambda: (folder / f"got-{os.getpid()}").write_text(str(remembered.once("a", slow)))
        )
        for _ in range(4)
    ]
    for pid in pids:
        os.waitpid(pid, 0)
    (maker,) = folder.glob("made-*")
    got = {(folder / f"got-{pid}").read_text() for pid in pids}
    assert got == {f"[{maker.name.removeprefix('made-')}]"}
    remembered.gather()
    assert remembered.once("a", counting()) == [int(maker.name.removeprefix("made-"))]


def test_one_that_is_killed_at_it_leaves_the_question_to_the_next(folder: Path):
    asking = folder / "asking"
    pid = forked(lambda: remembered.once("a", lambda: (asking.touch(), time.sleep(60))))
    while not asking.exists():
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    assert remembered.once("a", lambda: 7) == 7
    os.waitpid(pid, 0)


def test_an_error_is_no_answer(folder: Path):
    with pytest.raises(ZeroDivisionError):
        remembered.once("a", lambda: 1 // 0)
    assert remembered.once("a", lambda: 7) == 7


def test_where_nothing_can_be_written_each_asks_for_itself(folder: Path):
    remembered.keep(folder / "gone")
    make = counting()
    assert [remembered.once(key, make) for key in "aab"] == [1, 1, 2]


def test_where_nobody_can_be_kept_waiting_two_do_not_write_the_same_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """A disk without locks; neither has come so far as to give its file the answer's name."""

    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(remembered.fcntl, "flock", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    for _ in range(2):
        os.waitpid(forked(lambda: remembered.once("a", lambda: 7)), 0)
    assert len(list(folder.glob("*.part"))) == 2


def test_no_more_is_handed_on_than_fits(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(remembered, "LARGEST", 1000)
    for key, size in (("a", 2000), ("b", 10)):
        os.waitpid(forked(lambda key=key, n=size: remembered.once(key, lambda: "x" * n)), 0)
        remembered.gather()
    assert list(remembered._held) == ["a"]
    remembered.once("c", lambda: "x")
    assert len(list(folder.glob("*.answer"))) == 1  # the second was not even written


@pytest.mark.usefixtures("kept")
def test_the_types_of_a_query_are_asked_for_once_and_are_those_of_the_engine():
    backend = ibis.duckdb.connect()
    first = backend.sql("select 1 as a, 'x' as b")
    made = [over(rows, "a / 2 as half, b", "where a > 0") for rows in (first, first)]
    assert made[0].schema() == made[1].schema()
    assert made[1].schema()["half"].is_float64()
    pd.testing.assert_frame_equal(made[0].to_pandas(), made[1].to_pandas())
    other = over(backend.sql("select 1.5 as a, 'x' as b"), "a * 2 as half, b", "where a > 0")
    assert other.schema()["half"].is_decimal()
    assert len(remembered._held) == 2


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "pack.yaml").write_text("title: Shop\nsubject: channel\n")
    (folder / "source.yaml").write_text(
        "connection: duckdb://\ntables:\n"
        "  orders: {path: orders.csv, row: one order, key: [id]}\n"
        "  web:\n    sql: select * from orders where channel = 'web'\n"
        "    row: one order\n    key: [id]\n"
    )
    (folder / "metrics.yaml").write_text(
        "metrics:\n  orders:\n    title: Orders\n    kind: count\n    table: web\n"
        "    unit: count\n    better: higher\n    owner: Sales\n    clock: day\n"
        "    definition: Orders placed.\n    dimensions: [channel]\n"
    )
    (folder / "orders.csv").write_text("id,day,channel\n1,2026-01-05,web\n2,2026-01-06,app\n")
    return folder


@pytest.mark.usefixtures("kept")
def test_other_data_are_looked_at_again(shop: Path):
    def prints() -> list[Any]:
        with sources.opened(str(shop)) as source:
            return sources.fingerprints(source, ["orders", "web"])

    first = prints()
    assert prints() == first
    assert [row["rows"] for row in first] == [2, 1]
    orders = shop / "orders.csv"
    orders.write_text(orders.read_text() + "3,2026-01-06,web\n")
    second = prints()
    assert [row["rows"] for row in second] == [3, 2]
    before = orders.stat()
    orders.write_text(orders.read_text().replace("3,2026", "4,2026"))
    os.utime(orders, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert prints()[0]["fingerprint"] != second[0]["fingerprint"]


@pytest.mark.usefixtures("kept")
def test_a_connection_is_asked_every_time(shop: Path):
    source = shop / "source.yaml"
    source.write_text(source.read_text().replace("duckdb://", "'duckdb://:memory:'"))
    with sources.opened(str(shop)) as open_:
        assert sources.stamp(open_) is None


def test_a_table_of_sql_reads_like_one_of_files(shop: Path):
    """It is a view by its own name, whatever name the SQL gives to its parts."""
    with sources.opened(packs.load(str(shop))) as source:
        assert source.tables["web"].count().execute() == 1
        assert series.build(source, "orders")["events"].sum() == 1
