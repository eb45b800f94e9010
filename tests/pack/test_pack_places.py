"""A pack by name or by path, and the root that holds it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import insights
from insights import pack
from insights.errors import ParamError

Write = Callable[..., Path]


def test_the_root_is_found_upwards(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pack.root() == house
    assert pack.root(house / "notebooks") == house
    monkeypatch.chdir(house / "params")
    assert pack.root() == house


def test_without_a_project_above_the_root_is_the_checkout_of_the_library() -> None:
    assert pack.root(Path("/")) == Path(insights.__file__).resolve().parents[2]


def test_a_pack_is_found_by_name_and_by_path(
    house: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, template = write("desk"), write("templates/mail")
    for given in ("desk", "params/desk", desk, str(desk), "./params/desk", Path("params/desk")):
        assert pack.find(given) == desk
    assert pack.find("mail") == template
    monkeypatch.chdir(house / "notebooks")
    assert pack.find("params/desk") == desk
    assert pack.find("../params/desk") == desk
    monkeypatch.chdir(desk)
    assert pack.find(".") == desk


def test_a_folder_without_a_pack_does_not_hide_a_pack_of_that_name(
    house: Path, write: Write
) -> None:
    desk = write("desk")
    (house / "desk").mkdir()
    assert pack.find("desk") == desk


def test_a_template_of_the_same_name_comes_second(write: Write) -> None:
    write("templates/desk")
    desk = write("desk")
    assert pack.find("desk") == desk


@pytest.mark.parametrize(
    ("name", "message"),
    [("dsk", "no pack 'dsk'; did you mean 'desk'? There are desk, mail."),
     ("params/dsk", "no pack 'params/dsk'; did you mean 'desk'? There are desk, mail."),
     ("zzz", "no pack 'zzz'. There are desk, mail."),
     ("", "no pack ''. There are desk, mail."),
     (".", "no pack '.'. There are desk, mail.")],
)  # fmt: skip
def test_a_pack_that_is_not_there_is_refused(write: Write, name: str, message: str) -> None:
    write("desk")
    write("templates/mail")
    with pytest.raises(ParamError) as raised:
        pack.read(name)
    assert str(raised.value) == message


def test_without_any_pack_the_refusal_says_so(house: Path) -> None:
    with pytest.raises(ParamError) as raised:
        pack.find("desk")
    assert str(raised.value) == "no pack 'desk'. There is none under params."
