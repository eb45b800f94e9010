"""What may a notebook be told: the parameters that its tagged cell declares."""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from insights.errors import ParamError
from insights.pack import yaml
from insights.pack.faults import found, nearest
from insights.pack.models import as_text
from insights.pack.places import shown

WANTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "list": "a list such as [a, b]",
    "dict": "a mapping such as {a: b}",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a notebook, as its cell tagged ``parameters`` declares it."""

    name: str
    default: object
    comment: str  # what stands behind the # on its line
    line: int  # in its cell
    annotation: str = ""  # as written, "" where there is none

    @property
    def kind(self) -> str:
        """The type by annotation, else by default (int, str, list ...); "" if neither says."""
        said = next((w for w in re.findall(r"\w+", self.annotation) if w in WANTED), None)
        return said or ("" if self.default is None else type(self.default).__name__)

    @property
    def may_be_empty(self) -> bool:
        """Whether None is a value."""
        return self.default is None or "None" in self.annotation


def notebook_parameters(path: Path) -> dict[str, Parameter]:
    """Return the parameters that a notebook declares, in its order; none without a tagged cell.

    Raises
    ------
    ParamError
        The file is not a notebook, or a default is not a plain value.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        tagged = [c for c in cells if "parameters" in c.get("metadata", {}).get("tags", [])]
        code = "".join(tagged[0]["source"]) if tagged else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParamError(f"{shown(path)}: it cannot be read as a notebook") from error
    try:
        body = ast.parse(code).body
    except SyntaxError as error:
        raise ParamError(
            f"{shown(path)}: line {error.lineno} of the parameters cell is not Python"
        ) from None
    comments = _comments(code)
    declared: dict[str, Parameter] = {}
    target: ast.expr
    for statement in body:
        if isinstance(statement, ast.AnnAssign):
            target, annotation = statement.target, ast.unparse(statement.annotation)
        elif isinstance(statement, ast.Assign):
            target, annotation = statement.targets[0], ""
        else:
            continue
        if isinstance(target, ast.Name) and statement.value is not None:
            declared[target.id] = Parameter(
                target.id,
                _default(path, target.id, statement.value),
                comments.get(statement.end_lineno or statement.lineno, ""),
                statement.lineno,
                annotation,
            )
    return declared


def unknown_parameter(name: str, notebook: Path, declared: Iterable[str]) -> str:
    """Return the sentence for a parameter that a notebook does not declare."""
    hint = nearest(name, declared, "It declares")
    return f"unknown parameter '{name}' for {notebook.name}{hint}"


def check_value(parameter: Parameter, value: str) -> object:
    """Turn a text from the command line into a parameter's value.

    Parameters
    ----------
    value
        Lists and mappings as YAML or JSON; dates stay text; "" and "null" are None where None
        is allowed.

    Raises
    ------
    ParamError
        The text is no such value; the message names parameter, text and what it must be.
    """
    kind, text = parameter.kind, value.strip()
    if parameter.may_be_empty and text in ("", "null", "None"):
        return None
    if kind == "int" and re.fullmatch(r"[-+]?\d{1,18}", text):
        return int(text)
    if kind == "float" and (number := _number(text)) is not None:
        return number
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in ("list", "dict"):
        parsed, faults = yaml.parse(text, Path(parameter.name))
        if parsed is not None and not faults:
            return check_typed(parameter, yaml.plain(parsed) if text else None, said=value)
    if kind in ("str", ""):
        return value
    raise _misfit(parameter, value)


def check_typed(parameter: Parameter, value: object, *, said: str | None = None) -> object:
    """Return a value that YAML has typed already if it fits a parameter; a date becomes text.

    Raises
    ------
    ParamError
        The value is not of the parameter's type.
    """
    value = as_text(value)
    types: dict[str, type | tuple[type, ...]] = {
        "int": int, "float": (int, float), "bool": bool, "str": str, "list": list, "dict": dict
    }  # fmt: skip
    if value is None and parameter.may_be_empty:
        return None
    wanted = types.get(parameter.kind, object)
    if isinstance(value, bool) and parameter.kind != "bool":
        raise _misfit(parameter, value)
    if not isinstance(value, wanted):
        raise _misfit(parameter, value if said is None else said)
    return value


def _misfit(parameter: Parameter, value: object) -> ParamError:
    wanted = WANTED.get(parameter.kind, parameter.kind)
    return ParamError(f"parameter '{parameter.name}' is {found(value)}; it must be {wanted}")


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def _comments(code: str) -> dict[int, str]:
    """Return the comment on each line of code."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return {
        t.start[0]: t.string.lstrip("#").strip() for t in tokens if t.type == tokenize.COMMENT
    }


def _default(path: Path, name: str, node: ast.expr) -> object:
    try:
        value: object = ast.literal_eval(node)
    except ValueError:
        raise ParamError(
            f"{shown(path)}: the default of parameter '{name}' is not a plain value: "
            f"{found(ast.unparse(node))}"
        ) from None
    return list(value) if isinstance(value, tuple) else value
