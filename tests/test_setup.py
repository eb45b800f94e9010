"""What a newcomer is told when the machine lacks something."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def set_up(folder: Path, python: str, tools: tuple[str, ...] = ()) -> str:
    """Run the set-up in an empty folder, with a python of our own and no uv on the path."""
    path = folder / "bin"
    path.mkdir()
    (path / "python3").write_text(f"#!/bin/sh\n{python}\n")
    (path / "python3").chmod(0o755)
    for tool in ("sh", "cat", "rm", "sed", *tools):
        found = shutil.which(tool)
        assert found is not None
        (path / tool).symlink_to(found)
    done = subprocess.run(
        ["sh", str(ROOT / ".ci/setup")],
        cwd=folder,
        env={"PATH": str(path), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert not (folder / ".venv").exists()
    return done.stderr


def test_an_old_python_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert set_up(tmp_path, "exit 1") == (
        "Set-up stopped: python3 is not Python 3.11 or newer. "
        "Install one, or name it: make setup PYTHON=python3.12\n"
    )


def test_a_python_without_venv_is_told_which_package_to_install(tmp_path: Path) -> None:
    python = 'if [ "$1" = -m ]; then echo "ensurepip is not available" >&2; exit 1; fi; exit 0'
    assert set_up(tmp_path, python) == (
        "Setting up .venv (once) ...\n"
        "ensurepip is not available\n"
        "Set-up stopped: python3 cannot make environments. "
        "On Debian or Ubuntu: apt install python3-venv\n"
    )
