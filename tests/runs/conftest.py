"""What the tests of runs share."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from runs_root import make_root


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that no test changes."""
    return make_root(tmp_path_factory.mktemp("root"))


@pytest.fixture
def no_process_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail if a process that the test started, at any depth, is still there after it."""
    mark = secrets.token_hex(8)
    monkeypatch.setenv("STARTED_BY_TEST", mark)  # children inherit it
    yield
    left = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("STARTED_BY_TEST") == mark:
                left.append(process.cmdline())
        except psutil.Error:
            continue
    assert left == []
