from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from insights.runs import staging

HOLD = """
import sys, pathlib
from insights.runs import staging
with staging.folder(pathlib.Path(sys.argv[1]), "theirs") as place:
    (place / "half").write_text("x")
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_gone_after_an_error(tmp_path: Path):
    with pytest.raises(RuntimeError), staging.folder(tmp_path, "run") as place:
        (place / "file").write_text("half")
        raise RuntimeError
    assert list((tmp_path / ".building").iterdir()) == []


def test_what_a_living_command_builds_stays_and_what_a_dead_one_left_goes(tmp_path: Path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert staging.remove_stale(tmp_path) == []
        assert (tmp_path / ".building" / "theirs" / "half").exists()
        other.kill()
    assert staging.remove_stale(tmp_path) == ["theirs"]
    assert list((tmp_path / ".building").iterdir()) == []


def test_a_file_is_replaced_in_one_step_and_nothing_stays_aside(tmp_path: Path):
    (tmp_path / "page").write_text("old")
    with staging.folder(tmp_path, "run") as aside:
        staging.replace(tmp_path / "page", "new", aside)
        assert list(aside.iterdir()) == []
    assert (tmp_path / "page").read_text() == "new"
