"""What does a YAML file say, on which line: plain values of YAML 1.2's core with places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from insights.pack.faults import Fault, Steps

MOST_VALUES = 200_000  # aliases can make a small file say a great deal
TAG = "tag:yaml.org,2002:"
PROBLEMS = {
    "mapping values are not allowed": "a second ': ' in one value; put the value in quotes",
    "cannot start any token": "a tab, or a sign with a meaning in YAML; use spaces or quotes",
    "could not find expected ':'": "a line that is not 'key: value'",
    "unexpected end of stream": "a quote that is never closed",
    "',' or ": "a bracket that is never closed",
    "did not find expected": "an indentation that does not fit, or a value that needs quotes",
    "expected <block end>": "an indentation that does not fit, or a value that needs quotes",
    "another document": "a second document ('---'); a file holds one",
    "undefined alias": "an alias (*name) without its anchor; quote the value if it is text",
}


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a YAML file and where it stands."""

    data: Any  # dict[str, Value], list[Value] or a scalar
    file: Path
    line: int


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's parser with YAML 1.2's core scalars and dates: ``no`` and ``12:30`` are text."""

    yaml_implicit_resolvers: dict[str, Any] = {}


for _tag, _pattern, _first in (
    ("null", r"(?:null|Null|NULL|~|)$", [*"nN~", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", [*"tTfF"]),
    ("int", r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", [*"-+0123456789"]),
    (
        "float",
        r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        [*"-+.0123456789"],
    ),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}$", [*"0123456789"]),
):
    _Loader.add_implicit_resolver(TAG + _tag, re.compile(_pattern), _first)


def parse(text: str, file: Path) -> tuple[Value | None, list[Fault]]:
    """Read one YAML text.

    Returns
    -------
    tuple[Value | None, list[Fault]]
        None where the text is not YAML at all; an empty text is an empty mapping.
    """
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return Value({}, file, 1), []
        build = _Build(file)
        return build.value(node, node.start_mark.line + 1), build.faults
    except yaml.YAMLError as error:
        return None, [_syntax_fault(error, text, file)]
    except (_TooMuchError, RecursionError):
        return None, [Fault(file, 1, "too many or too deeply nested values")]
    finally:
        if loader is not None:
            loader.dispose()


def merge(under: Value, over: Value) -> Value:
    """Lay one value over another: mappings merge by key, all else replaces, null removes."""
    if not (isinstance(under.data, dict) and isinstance(over.data, dict)):
        return over
    merged = dict(under.data)
    for key, value in over.data.items():
        if key not in merged:
            merged[key] = value
        elif value.data is None:
            del merged[key]
        else:
            merged[key] = merge(merged[key], value)
    return Value(merged, over.file, over.line)


def plain(value: Value) -> Any:
    """Return a value without its places."""
    if isinstance(value.data, dict):
        return {key: plain(inner) for key, inner in value.data.items()}
    if isinstance(value.data, list):
        return [plain(inner) for inner in value.data]
    return value.data


def places(value: Value, path: Steps = ()) -> Iterator[tuple[Steps, tuple[Path, int]]]:
    """Give the file and line of every path in a value."""
    yield path, (value.file, value.line)
    if isinstance(value.data, dict):
        for key, inner in value.data.items():
            yield from places(inner, (*path, key))
    elif isinstance(value.data, list):
        for index, inner in enumerate(value.data):
            yield from places(inner, (*path, index))


class _TooMuchError(Exception):
    """A text that says more than any pack has to say."""


class _Build:
    """Turns PyYAML's nodes into values and collects faults on the way."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.count = 0

    def value(self, node: yaml.Node, line: int) -> Value:
        self.count += 1
        if self.count > MOST_VALUES:
            raise _TooMuchError
        if isinstance(node, yaml.MappingNode):
            data: Any = self._mapping(node)
        elif isinstance(node, yaml.SequenceNode):
            data = [self.value(item, item.start_mark.line + 1) for item in node.value]
        else:
            data = self._scalar(node)
        return Value(data, self.file, line)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for key, inner in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._fault(line, "a key must be one word or text")
            elif key.value in values:
                first = values[key.value].line
                self._fault(line, f"duplicate key '{key.value}'; the first is on line {first}")
            else:
                values[key.value] = self.value(inner, line)
        return values

    def _scalar(self, node: yaml.Node) -> object:
        text = str(node.value)
        name = str(node.tag).removeprefix(TAG)
        if name not in ("null", "bool", "int", "float", "timestamp", "str"):
            self._fault(
                node.start_mark.line + 1, f"unknown tag '{node.tag}'; write a plain value"
            )
            return text
        try:
            return _converted(name, text)
        except ValueError:  # 2025-13-01: the model says what it should have been
            return text

    def _fault(self, line: int, message: str) -> None:
        self.faults.append(Fault(self.file, line, message))


def _converted(name: str, text: str) -> object:
    """Return a scalar's value; ValueError where it has none."""
    if name == "null":
        return None
    if name == "bool":
        return text.lower() == "true"
    if name == "int":
        bases = {"0o": 8, "0x": 16}
        return int(text, bases.get(text[:2], 10))
    if name == "float":
        return float(re.sub(r"\.(inf|nan)", r"\1", text.lower()))
    return date.fromisoformat(text) if name == "timestamp" else text


def _syntax_fault(error: yaml.YAMLError, text: str, file: Path) -> Fault:
    """Say what keeps a text from being YAML, and on which line."""
    if not isinstance(error, yaml.MarkedYAMLError):
        line = text[: getattr(error, "position", 0) or 0].count("\n") + 1
        return Fault(file, line, "not YAML: a character that text cannot hold")
    problem = error.problem or "it cannot be read"
    why = next((words for part, words in PROBLEMS.items() if part in problem), problem)
    opened = "never closed" in why and error.context_mark
    mark = error.context_mark if opened else error.problem_mark or error.context_mark
    return Fault(file, mark.line + 1 if mark else 1, f"not YAML: {why}")
