"""A notebook's declared parameters, and values for them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from insights.errors import ParamError
from insights.pack import (
    Parameter,
    check_typed,
    check_value,
    notebook_parameters,
    unknown_parameter,
)


def write(path: Path, code: str, tag: str = "parameters") -> Path:
    cell = {"cell_type": "code", "metadata": {"tags": [tag]}, "source": code}
    path.write_text(json.dumps({"cells": [{"metadata": {}, "source": ""}, cell]}))
    return path


def test_parameters_are_read_with_default_comment_and_line(tmp_path: Path) -> None:
    code = (
        'pack: str = "demo"  # a pack\n\nweeks = -4  # weeks # back\nrate: float = 0.5\nx: int'
    )
    assert notebook_parameters(write(tmp_path / "n.ipynb", code)) == {
        "pack": Parameter("pack", "demo", "a pack", 1, "str"),
        "weeks": Parameter("weeks", -4, "weeks # back", 3),
        "rate": Parameter("rate", 0.5, "", 4, "float"),
    }


def test_a_notebook_without_a_tagged_cell_declares_nothing(tmp_path: Path) -> None:
    assert notebook_parameters(write(tmp_path / "n.ipynb", "a = 1", tag="figure")) == {}


@pytest.mark.parametrize(
    ("code", "message"),
    [("a = 1\nb = today()\n", "the default of parameter 'b' is not a plain value: 'today()'"),
     ("a = 1\nb = = 2\n", "line 2 of the parameters cell is not Python")],
)  # fmt: skip
def test_a_cell_that_is_not_plain_is_refused(tmp_path: Path, code: str, message: str) -> None:
    path = write(tmp_path / "n.ipynb", code)
    with pytest.raises(ParamError) as raised:
        notebook_parameters(path)
    assert str(raised.value) == f"{path}: {message}"


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"cells": 3}', '{"cells": [3]}'])
def test_a_file_that_is_not_a_notebook_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(text)
    with pytest.raises(ParamError) as raised:
        notebook_parameters(path)
    assert str(raised.value) == f"{path}: it cannot be read as a notebook"


def test_an_unknown_parameter_is_named_with_the_nearest_and_all() -> None:
    sentence = unknown_parameter(
        "weak", Path("2_what_changed.ipynb"), ["week", "metric", "market"]
    )
    assert sentence == (
        "unknown parameter 'weak' for 2_what_changed.ipynb; did you mean 'week'? "
        "It declares week, metric, market."
    )


def parameter(default: object, annotation: str = "") -> Parameter:
    return Parameter("p", default, "", 1, annotation)


@pytest.mark.parametrize(
    ("default", "annotation", "text", "value"),
    [
        (13, "", "8", 8),
        (13, "", " -8 ", -8),
        (1, "float", "8", 8.0),
        (0.5, "", "1e-3", 0.001),
        (True, "", "FALSE", False),
        ("", "", "2025-01-06", "2025-01-06"),
        ("", "", " 12", " 12"),
        ([], "", '["a", 1]', ["a", 1]),
        ([], "", "[no, 2025-01-06]", ["no", "2025-01-06"]),
        ({}, "", "{market: NO}", {"market": "NO"}),
        (None, "", "2025", "2025"),
        (None, "int | None", "3", 3),
        (None, "int | None", "", None),
        (3, "int | None", "null", None),
        (None, "list[str] | None", "[a]", ["a"]),
    ],
)
def test_text_becomes_the_value_that_a_parameter_wants(
    default: object, annotation: str, text: str, value: object
) -> None:
    found = check_value(parameter(default, annotation), text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("default", "text", "wanted"),
    [
        (13, "ten", "a whole number"),
        (13, "1.5", "a whole number"),
        (13, "1_0", "a whole number"),
        (13, "", "a whole number"),
        (0.5, "x", "a number"),
        (0.5, "nan", "a number"),
        (0.5, "1_0", "a number"),
        (True, "1", "true or false"),
        ([], "a, b", "a list such as [a, b]"),
        ([], "[a", "a list such as [a, b]"),
        ([], "", "a list such as [a, b]"),
        ({}, "[a]", "a mapping such as {a: b}"),
    ],
)
def test_text_that_does_not_fit_is_refused(default: object, text: str, wanted: str) -> None:
    with pytest.raises(ParamError) as raised:
        check_value(parameter(default), text)
    assert str(raised.value) == f"parameter 'p' is '{text}'; it must be {wanted}"


def test_typed_values_pass_where_they_fit_and_dates_become_text() -> None:
    assert check_typed(parameter(""), date(2025, 1, 6)) == "2025-01-06"
    assert check_typed(parameter(0.5), 2) == 2
    assert check_typed(parameter(None), [1]) == [1]
    assert check_typed(parameter(None, "str | None"), None) is None


@pytest.mark.parametrize(
    ("default", "value", "message"),
    [
        (13, True, "parameter 'p' is true; it must be a whole number"),
        (13, "8", "parameter 'p' is '8'; it must be a whole number"),
        ("", 8, "parameter 'p' is 8; it must be text"),
        ("", None, "parameter 'p' is empty; it must be text"),
        ([], {"a": 1}, "parameter 'p' is a mapping; it must be a list such as [a, b]"),
    ],
)
def test_typed_values_that_do_not_fit_are_refused(
    default: object, value: object, message: str
) -> None:
    with pytest.raises(ParamError) as raised:
        check_typed(parameter(default), value)
    assert str(raised.value) == message
