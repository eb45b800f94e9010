"""`insights simulate` as a person meets it: what it prints, and the code it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from insights import cli

Inside = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Inside:
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["insights", "simulate", *map(str, words)])
        capsys.readouterr()
        code: object = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        assert isinstance(code, int | None)
        return subprocess.CompletedProcess(sys.argv, code or 0, said.out, said.err)

    return run


def test_it_writes_a_build_says_where_and_keeps_progress_off_standard_output(
    inside: Inside, tmp_path: Path
):
    done = inside("op", "--scale", 0.002, "--seed", 5, "--weeks", 20, "--without", "E9, E10")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'op'}\n")
    assert "Simulating weeks" in done.stderr
    record = json.loads((tmp_path / "op" / "truth.json").read_text())
    assert (record["scale"], record["seed"], record["weeks"]) == (0.002, 5, 20)
    off = [e["effect_id"] for e in record["effects"] if e["status"] == "off"]
    assert off == ["E9", "E10"]
    again = inside("op", "--scale", 0.002, "--weeks", 20, "--dirt", "D9,D5")
    assert (again.returncode, again.stdout) == (0, f"{tmp_path / 'op'}\n")
    record = json.loads((tmp_path / "op" / "truth.json").read_text())
    assert [kind["dirt_id"] for kind in record["dirt"]] == ["D5", "D9"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["op", "--dirt", "D2,mud"],
            "unknown dirt 'mud'. There are "
            + ", ".join(f"D{number}" for number in range(1, 13))
            + ".",
        ),
        (
            ["op", "--without", "E3,E44"],
            "unknown effect 'E44'; did you mean 'E4'? There are "
            + ", ".join(f"E{number}" for number in range(1, 16)) + ".",
        ),
        (
            ["op", "--weeks", "5"],
            "weeks is 5; give a whole number of 20 or more, such as 104.",
        ),
        (["op", "--scale", "0"], "scale is 0.0; give a number above 0, such as 0.07."),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_code_two(
    inside: Inside, tmp_path: Path, words: list[str], sentence: str
):
    done = inside(*words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{sentence}\n")
    assert not (tmp_path / "op").exists()


def test_every_option_has_its_help(inside: Inside):
    text = inside("--help").stdout
    for option in ("--scale", "--seed", "--weeks", "--without"):
        line = next(line for line in text.splitlines() if line.strip().startswith(option))
        assert len(line) > 30
