"""What cannot be simulated is refused in one sentence, before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from insights.data import simulate
from insights.errors import ParamError

ALL = ", ".join(f"E{number}" for number in range(1, 16))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"scale": 0.0}, "scale is 0.0; give a number above 0, such as 0.07."),
        ({"scale": -1}, "scale is -1; give a number above 0, such as 0.07."),
        ({"scale": float("nan")}, "scale is nan; give a number above 0, such as 0.07."),
        ({"scale": float("inf")}, "scale is inf; give a number above 0, such as 0.07."),
        ({"weeks": 19}, "weeks is 19; give a whole number of 20 or more, such as 104."),
        ({"seed": -1}, "seed is -1; give a whole number of 0 or more."),
        (
            {"without": ("E3", "e44")},
            f"unknown effect 'e44'; did you mean 'E4'? There are {ALL}.",
        ),
        ({"without": ("chatbot",)}, f"unknown effect 'chatbot'. There are {ALL}."),
    ],
)
def test_bad_arguments_are_refused_and_nothing_is_written(
    words: dict[str, Any], sentence: str, tmp_path: Path
):
    with pytest.raises(ParamError) as refused:
        simulate.build(tmp_path / "new", **words)
    assert str(refused.value) == sentence
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path):
    note = tmp_path / "note.txt"
    note.write_text("mine")
    with pytest.raises(ParamError) as refused:
        simulate.build(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path} holds something other than an earlier build; name a folder that is empty "
        "or not there yet."
    )
    assert note.read_text() == "mine"


def test_a_build_with_a_file_added_to_it_is_left_alone(tmp_path: Path):
    place = tmp_path / "built"
    simulate.build(place, scale=0.002, weeks=20)
    (place / "notes.md").write_text("mine")
    with pytest.raises(ParamError, match="holds something other than an earlier build"):
        simulate.build(place, scale=0.002, weeks=20)


def test_a_truth_json_of_somebody_else_does_not_make_it_ours(tmp_path: Path):
    (tmp_path / "truth.json").write_text("[]")
    with pytest.raises(ParamError, match="holds something other than an earlier build"):
        simulate.build(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path):
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(ParamError) as refused:
        simulate.build(place)
    assert str(refused.value) == (
        f"{place} is not a folder; name one that is empty or not there yet."
    )
