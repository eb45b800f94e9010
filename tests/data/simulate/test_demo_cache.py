"""The demo is built once a version of the simulator, whole or not at all."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from insights.data import simulate
from insights.data.files import paths
from insights.data.simulate import cache
from insights.errors import ParamError
from insights.pack import Table


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Replace the build by one of a moment, in a cache of its own; return what was built."""
    made: list[Path] = []

    def build(folder: Path, **_: Any) -> None:
        made.append(folder)
        folder.mkdir(parents=True)
        (folder / "contacts.parquet").write_bytes(b"rows")
        (folder / simulate.RECORD).write_text(json.dumps({}))

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(simulate, "build", build)
    return made


def test_the_demo_is_built_when_it_is_first_asked_for_and_then_found(builds: list[Path]):
    table = Table(path="simulated:contacts.parquet", row="a contact")
    first, again = paths(table, Path()), paths(table, Path())
    assert first == again == [cache.place() / "contacts.parquet"]
    assert len(builds) == 1
    assert cache.place().parent.name == "insights"


def test_two_that_ask_at_once_share_one_build(builds: list[Path]):
    threads = [threading.Thread(target=cache.demo) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1


def test_builds_of_older_versions_are_forgotten_but_for_the_newest(builds: list[Path]):
    home = cache.place().parent
    for age in range(5):
        old = home / f"old{age}"
        old.mkdir(parents=True)
        (old / simulate.RECORD).write_text("{}")
        os.utime(old, (1e9 - age, 1e9 - age))
    cache.demo()
    assert sorted(folder.name for folder in home.glob("old*")) == ["old0", "old1"]


def test_a_cache_that_cannot_be_written_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    blocked = tmp_path / "cache"
    blocked.write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with pytest.raises(ParamError) as said:
        cache.demo()
    assert str(said.value) == (
        f"the simulated demo cannot be kept in {blocked}/insights: Not a directory. "
        "Set XDG_CACHE_HOME to a folder that can be written."
    )
