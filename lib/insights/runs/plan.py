"""What is to be run? Readouts, over their matrix, as set; all checked before any starts."""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from insights import pack as packs
from insights import wording
from insights.errors import ParamError, did_you_mean, some
from insights.pack import Pack, Parameter, Readout
from insights.runs.engine import Job

LONGEST = 60  # letters of a folder's name that come from a value
PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]*")
OWN = {
    "pack": "the pack is the command's first argument",
    "as_of": "give the date with --as-of",
    "where": "set the dimension itself",
}

Values = Callable[[str], list[str]]  # every value of one dimension
Require = Callable[[Mapping[str, str]], None]  # refuses a value that the data does not know


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for, as the command line says it."""

    readouts: Sequence[str] = ()
    settings: Mapping[str, str] | None = None
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class _Cell:
    """One readout at one place of its matrix."""

    name: str
    values: tuple[tuple[str, str], ...]  # matrix key, value


def jobs(pack: Pack, request: Request, *, values: Values, require: Require) -> list[Job]:
    """Return one job a readout and cell of its matrix.

    Parameters
    ----------
    pack
        A pack without faults.
    request
        Readouts by name, none for all that are not on request; settings; an ISO date or "".
    values, require
        How to ask the data for a dimension's values, and to refuse one that it does not have.

    Raises
    ------
    ParamError
        A readout, a setting, a value or the date is not known or not valid.
    """
    root = packs.root()
    chosen = _chosen(pack, request.readouts)
    as_of = _date(request.as_of)
    declared = {name: _declared(root, readout) for name, readout in chosen.items()}
    settings = dict(request.settings or {})
    _refuse_unknown(settings, pack, chosen, declared)
    asked = {key: value for key, value in settings.items() if key in pack.dimensions}
    if asked:
        require(asked)
    cells = [
        _elsewhere(pack, c, settings)
        for name, readout in chosen.items()
        for c in _cells(pack, name, readout, values)
    ]
    folders = _folders(cells)
    wanted = [cell for cell in cells if _is_asked(cell, settings)]
    _refuse_narrowed_away(chosen, cells, wanted, settings)
    return [
        _job(pack, root, cell, folders[cell], as_of, settings, declared[cell.name])
        for cell in wanted
    ]


def settings(pairs: Iterable[str]) -> dict[str, str]:
    """Read ``key=value`` pairs.

    Raises
    ------
    ParamError
        A pair has no ``=`` or is not UTF-8, or a key is given twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        key = key.strip()
        if not (sign and key):
            raise ParamError(f"--set {pair}: write it as key=value")
        if key in found:
            raise ParamError(f"--set {key} is given twice; give it once")
        if (shown := pair.encode("utf-8", "replace").decode()) != pair:
            raise ParamError(f"--set {shown}: it is not UTF-8; write it in UTF-8")
        found[key] = value
    return found


def slug(value: str) -> str:
    """Return a value as part of a folder's name: lower-case letters, digits and hyphens, or "".

    >>> slug("Google Play"), slug("../../etc"), slug("<script>alert(1)</script>"), slug("日本")
    ('google-play', 'etc', 'script-alert-1-script', '')
    """
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST].strip("-")


def folder_name(name: str) -> str:
    """Return a pack's name as a folder's name in the outputs.

    >>> folder_name("eu_dsa"), folder_name("My pack"), folder_name("..")
    ('eu_dsa', 'my-pack', 'x-5ec1f7')
    """
    return name if PLAIN.fullmatch(name) else slug(name) or f"x-{_mark(name)}"


def _chosen(pack: Pack, names: Sequence[str]) -> dict[str, Readout]:
    """Return the readouts asked for, each once."""
    if not names:
        chosen = {name: r for name, r in pack.readouts.items() if not r.on_request}
        if not chosen:
            has = (
                f"name one with --readout: {some(pack.readouts)}"
                if pack.readouts
                else "add one"
            )
            raise ParamError(f"pack '{pack.name}' has no readout that runs unasked; {has}")
        return chosen
    for name in names:
        if name not in pack.readouts:
            hint = did_you_mean(name, pack.readouts) or "."
            raise ParamError(
                f"unknown readout '{name}'{hint} The pack has {some(pack.readouts, 20)}."
            )
    return {name: pack.readouts[name] for name in names}


def _date(text: str) -> str:
    try:
        if text and text != date.fromisoformat(text).isoformat():
            raise ValueError
    except ValueError:
        raise ParamError(f"--as-of {text} is not a date; write it as 2025-12-31") from None
    return text


def _declared(root: Path, readout: Readout) -> dict[str, Parameter]:
    return packs.notebook_parameters(_notebook(root, readout))


def _notebook(root: Path, readout: Readout) -> Path:
    return root / "notebooks" / f"{readout.notebook}.ipynb"


def _refuse_unknown(
    settings: Mapping[str, str],
    pack: Pack,
    chosen: Mapping[str, Readout],
    declared: Mapping[str, Mapping[str, Parameter]],
) -> None:
    """Refuse a setting that no selected readout takes, and a value that does not fit."""
    parameters = list(dict.fromkeys(key for known in declared.values() for key in known))
    parameters = [key for key in parameters if key not in OWN]
    matrix = [key for readout in chosen.values() for key in readout.matrix]
    for key, value in settings.items():
        if key in OWN:
            raise ParamError(f"--set {key} is not possible; {OWN[key]}")
        if key not in (*parameters, *pack.dimensions, *matrix):
            hint = did_you_mean(key, [*parameters, *pack.dimensions]) or "."
            raise ParamError(
                f"--set {key}: unknown key{hint} "
                f"The dimensions are {_or_none(pack.dimensions)}, "
                f"the notebook's parameters {_or_none(parameters)}."
            )
        for known in declared.values():
            if key in known:
                packs.check_value(known[key], value)


def _or_none(names: Sequence[str]) -> str:
    return some(names, 20) if names else "none"


def _cells(pack: Pack, name: str, readout: Readout, values: Values) -> list[_Cell]:
    """Return every place of a readout's matrix; a readout without one is a single cell."""

    def of(key: str, listed: str | list[str]) -> list[tuple[str, str]]:
        if listed != "all":
            return [(key, value) for value in listed]
        if key == "metric" and key not in pack.dimensions:
            return [(key, metric) for metric in pack.metrics]
        return [(key, value) for value in values(key)]

    axes = [of(key, listed) for key, listed in readout.matrix.items()]
    for key, axis in zip(readout.matrix, axes, strict=True):
        if not axis:
            raise ParamError(f"readout '{name}': its matrix has no {key} to run for")
    return [_Cell(name, place) for place in itertools.product(*axes)]


def _elsewhere(pack: Pack, cell: _Cell, settings: Mapping[str, str]) -> _Cell:
    """Return a cell with the dimensions that are set beside its matrix: a page of its own."""
    usual = {**pack.info.where, **pack.readouts[cell.name].where}
    extra = tuple(
        (key, value)
        for key, value in settings.items()
        if key in pack.dimensions and key not in dict(cell.values) and usual.get(key) != value
    )
    return _Cell(cell.name, cell.values + extra)


def _folders(cells: Sequence[_Cell]) -> dict[_Cell, str]:
    """Name a folder for every cell; those that would share a name get a short mark."""

    def said(cell: _Cell) -> str:
        return "-".join([cell.name, *(slug(value) for _, value in cell.values)])

    shared = Counter(map(said, cells))
    names = {}
    for cell in cells:
        unclear = shared[said(cell)] > 1 or any(not slug(value) for _, value in cell.values)
        mark = (
            f"-{_mark(*(value for _, value in cell.values))}" if cell.values and unclear else ""
        )
        names[cell] = said(cell).strip("-") + mark
    return names


def _mark(*values: str) -> str:
    return hashlib.sha256("\0".join(values).encode()).hexdigest()[:6]


def _is_asked(cell: _Cell, settings: Mapping[str, str]) -> bool:
    return all(settings.get(key, value) == value for key, value in cell.values)


def _refuse_narrowed_away(
    chosen: Mapping[str, Readout],
    cells: Sequence[_Cell],
    wanted: Sequence[_Cell],
    settings: Mapping[str, str],
) -> None:
    """Refuse a setting that leaves a readout nothing of its matrix."""
    left = {cell.name for cell in wanted}
    for name, readout in chosen.items():
        for key in readout.matrix if name not in left else ():
            known = list(
                dict.fromkeys(
                    value for c in cells if c.name == name for k, value in c.values if k == key
                )
            )
            if key in settings and settings[key] not in known:
                hint = did_you_mean(settings[key], known) or "."
                raise ParamError(
                    f"--set {key}={settings[key]}: readout '{name}' does not run for it{hint} "
                    f"It runs for {some(known)}."
                )


def _shown(pack: Pack, key: str, value: str) -> str:
    """Return a value of a matrix as a list of pages says it."""
    is_metric = key == "metric" and key not in pack.dimensions and value in pack.metrics
    return pack.metrics[value].title if is_metric else value


def _job(
    pack: Pack,
    root: Path,
    cell: _Cell,
    folder: str,
    as_of: str,
    settings: Mapping[str, str],
    declared: Mapping[str, Parameter],
) -> Job:
    """Return one job with every parameter that its notebook gets."""
    readout = pack.readouts[cell.name]
    dimensions = {key: value for key, value in settings.items() if key in pack.dimensions}
    dimensions |= {key: value for key, value in cell.values if key in pack.dimensions}
    given = dict(readout.parameters)
    texts = {key: value for key, value in cell.values if key not in pack.dimensions}
    texts |= {key: value for key, value in settings.items() if key not in texts}
    for key, text in texts.items():
        if key in declared and key not in OWN:
            given[key] = packs.check_value(declared[key], text)
    place = pack.folder.relative_to(root) if pack.folder.is_relative_to(root) else pack.folder
    own: dict[str, Any] = {
        "pack": place.as_posix(),
        "where": {**readout.where, **dimensions},
        "as_of": as_of,
    }
    values = tuple(value for _, value in cell.values)
    title, shown = readout.title, [_shown(pack, *place) for place in cell.values]
    return Job(
        pack=folder_name(pack.name),
        readout=folder,
        title=f"{title}: {wording.listing(shown)}" if title and values else title,
        notebook=_notebook(root, readout),
        parameters={**given, **own},
        values=values,
        due=readout.due if len(values) == len(readout.matrix) else "",  # not a page of its own
        zone=pack.info.timezone,
    )
