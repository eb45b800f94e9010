"""YAML 1.2's core scalars with their lines, and what happens to text that is not YAML."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.pack.yaml import Value, merge, parse, places, plain

FILE = Path("/packs/x.yaml")


def read(text: str) -> Any:
    value, faults = parse(text, FILE)
    assert value is not None and faults == []
    return plain(value)


def complaint(text: str) -> tuple[int, str]:
    _, faults = parse(text, FILE)
    (fault,) = faults
    return fault.line, fault.message


@pytest.mark.parametrize("text", [
    "no", "yes", "on", "off", "y", "N", "12:30", "1:30:00", "1_000", "0b1", "tRUE",
    "2025-01-01 10:00:00", "2025-1-1", "=", "<<",
])  # fmt: skip
def test_words_that_older_yaml_converts_stay_text(text: str) -> None:
    assert read(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("False", False), ("null", None), ("~", None), ("", None), ("12", 12),
     ("-3", -3), ("010", 10), ("0o17", 15), ("0x1F", 31), ("1.5", 1.5), ("1e3", 1000.0),
     (".5", 0.5), ("-.inf", float("-inf")), ("2025-07-01", date(2025, 7, 1)),
     ("2025-13-01", "2025-13-01"), ("'12'", "12"), ("!!str 12", "12"),
     ('"2025-07-01"', "2025-07-01")],
)  # fmt: skip
def test_core_scalars_are_converted(text: str, value: object) -> None:
    found = read(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_text_as_written() -> None:
    assert read("1: a\ntrue: b\nno: c\n2025-01-01: d") == {
        "1": "a", "true": "b", "no": "c", "2025-01-01": "d"
    }  # fmt: skip


def test_every_path_knows_its_line() -> None:
    value, _ = parse("a:\n  b: 1\n  c:\n    - x\n    - y: |\n        long\nd: {e: 2}\n", FILE)
    assert value is not None
    assert {path: line for path, (_, line) in places(value)} == {
        (): 1, ("a",): 1, ("a", "b"): 2, ("a", "c"): 3, ("a", "c", 0): 4, ("a", "c", 1): 5,
        ("a", "c", 1, "y"): 5, ("d",): 7, ("d", "e"): 7,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: x: y\n", (2, "not YAML: a second ': ' in one value; "
                              "put the value in quotes")),
        ("a:\n\tb: 1\n", (2, "not YAML: a tab, or a sign with a meaning in YAML; "
                             "use spaces or quotes")),
        ("a: 1\nb: 'x\nc: 2\n", (2, "not YAML: a quote that is never closed")),
        ("a: 1\nb: [1, 2\nc: 2\n", (2, "not YAML: a bracket that is never closed")),
        ("a: *b\n", (1, "not YAML: an alias (*name) without its anchor; "
                        "quote the value if it is text")),
        ("a: 1\n---\nb: 2\n", (2, "not YAML: a second document ('---'); a file holds one")),
        ("a: 1\nb: \x00\n", (2, "not YAML: a character that text cannot hold")),
        ("a: 1\nb: 2\na: 3\n", (3, "duplicate key 'a'; the first is on line 1")),
        ("? [a]\n: 1\n", (1, "a key must be one word or text")),
        ("a: 1\nb: !!python/name:os.system x\n",
         (2, "unknown tag 'tag:yaml.org,2002:python/name:os.system'; write a plain value")),
        ("a: &a\n  b: *a\n", (1, "too many or too deeply nested values")),
    ],
)  # fmt: skip
def test_a_text_that_cannot_be_read_is_one_fault_with_its_line(
    text: str, fault: tuple[int, str]
) -> None:
    assert complaint(text) == fault


def test_aliases_cannot_make_a_small_file_explode() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert complaint("\n".join(lines)) == (1, "too many or too deeply nested values")


def test_the_first_of_two_equal_keys_is_kept() -> None:
    value, _ = parse("a: 1\na: 2\n", FILE)
    assert value is not None and plain(value) == {"a": 1}


def wrapped(data: Any, file: Path) -> Value:
    if isinstance(data, dict):
        data = {key: wrapped(inner, file) for key, inner in data.items()}
    return Value(data, file, 1)


keys = st.sampled_from("abcd")
scalars = st.one_of(st.integers(0, 3), st.text("xy", max_size=2))
trees = st.recursive(
    scalars, lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
mappings = st.dictionaries(keys, trees, max_size=4)
UNDER, OVER = Path("/under.yaml"), Path("/over.yaml")


@given(mappings, mappings)
def test_merging_keeps_what_the_upper_one_says_and_else_the_lower(
    under: dict[str, Any], over: dict[str, Any]
) -> None:
    merged = plain(merge(wrapped(under, UNDER), wrapped(over, OVER)))
    assert set(merged) == set(under) | set(over)
    for key in merged:
        if key in over and not isinstance(over[key], dict):
            assert merged[key] == over[key]
        elif key not in over:
            assert merged[key] == under[key]


@given(mappings)
def test_merging_with_nothing_or_with_itself_changes_nothing(data: dict[str, Any]) -> None:
    value, empty = wrapped(data, OVER), wrapped({}, UNDER)
    assert plain(merge(value, empty)) == data
    assert plain(merge(empty, value)) == data
    assert plain(merge(value, value)) == data


layers = st.dictionaries(keys, st.dictionaries(keys, scalars, max_size=3), max_size=3)


@given(layers, layers, layers)
def test_where_shapes_agree_it_does_not_matter_which_two_are_merged_first(
    a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]
) -> None:
    x, y, z = (wrapped(data, FILE) for data in (a, b, c))
    assert plain(merge(merge(x, y), z)) == plain(merge(x, merge(y, z)))


@given(mappings, mappings)
def test_a_merged_scalar_comes_from_the_file_that_says_it(
    under: dict[str, Any], over: dict[str, Any]
) -> None:
    merged = merge(wrapped(under, UNDER), wrapped(over, OVER))
    for path, (file, _) in places(merged):
        said: Any = over
        for step in path:
            said = said.get(step) if isinstance(said, dict) else None
        assert (file == OVER) == (said is not None)


@given(mappings)
def test_null_for_every_key_removes_everything(data: dict[str, Any]) -> None:
    assert plain(merge(wrapped(data, UNDER), wrapped(dict.fromkeys(data), OVER))) == {}
