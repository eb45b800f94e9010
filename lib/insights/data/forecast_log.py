"""What was forecast earlier? A log of figures that only published runs add to.

What it is: every figure of every published forecast, so that later runs can be held against it.
Source: the workbook's own forecasts.
One row is: one figure, of one segment, made at one origin for one period.
Period covered: from the first published forecast on.
Columns: ``metric``; ``segment``, such as ``market=TR, queue=payout`` ("all": the operation);
``model``; ``origin``, first day of the last period known; ``grain``; ``period``, first day;
``horizon``, periods ahead from 1; ``quantile``, empty for the mean; ``value``.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from insights import pack as packs
from insights.errors import ContractError, some

NAME = "forecasts.csv"
FOLDER = "INSIGHTS_OUTPUTS"  # the environment's word for where pages are published
COLUMNS = (
    "metric", "segment", "model", "origin", "grain", "period", "horizon", "quantile", "value",
)  # fmt: skip
DATES = ("origin", "period")


def segment(where: Mapping[str, str]) -> str:
    """Return the name of the rows that a page keeps to.

    >>> segment({"queue": "payout", "market": "TR"}), segment({})
    ('market=TR, queue=payout', 'all')
    """
    return ", ".join(f"{d}={v}" for d, v in sorted(where.items())) or "all"


def outputs() -> Path:
    """Return where pages are published: what the command says, else the root's outputs."""
    said = os.environ.get(FOLDER)
    return Path(said) if said else packs.root() / "outputs"


def read(pack: str, metric: str, grain: str) -> pd.DataFrame:
    """Return what was forecast of a metric in any readout of a pack, the oldest first.

    Raises
    ------
    ContractError
        A log is not one.
    """
    found = [parsed(file) for file in sorted((outputs() / pack).glob(f"*/{NAME}"))]
    rows = pd.concat([empty(), *found], ignore_index=True) if found else empty()
    own = rows[(rows["metric"] == metric) & (rows["grain"] == grain)]
    return own.sort_values("origin", kind="stable", ignore_index=True)


def empty() -> pd.DataFrame:
    """Return a log without rows."""
    types = {c: "datetime64[ns]" for c in DATES} | {"horizon": "int64"}
    types |= {"quantile": "float64", "value": "float64"}
    return pd.DataFrame({c: pd.Series(dtype=types.get(c, "object")) for c in COLUMNS})


def parsed(file: Path | io.StringIO) -> pd.DataFrame:
    """Return the rows of one log."""
    name = file.name if isinstance(file, Path) else NAME
    text = {c: str for c in ("metric", "segment", "model", "grain")}
    try:
        rows = pd.read_csv(file, dtype=text, keep_default_na=False, na_values=[""])
    except ValueError as error:
        raise ContractError(f"{name}: it cannot be read: {error}. Move it away.") from error
    if lacking := [c for c in COLUMNS if c not in rows]:
        raise ContractError(f"{name}: it lacks {some(lacking)}. Move it away.")
    return rows.assign(**{c: pd.to_datetime(rows[c]) for c in DATES})[list(COLUMNS)]


def added(text: str, rows: Sequence[Mapping[str, object]]) -> str:
    """Return a log's text with new rows at its end; earlier lines stay as they are.

    What was forecast of a segment from one origin stands as it was first published.
    """
    there = parsed(io.StringIO(text)) if text else empty()
    keys = ["metric", "segment", "grain", "origin"]
    known = {(m, s, g, o.date().isoformat()) for m, s, g, o in there[keys].to_numpy()}
    new = [row for row in rows if tuple(row[key] for key in keys) not in known]
    if not new:
        return text
    made = io.StringIO()
    frame = pd.DataFrame(new, columns=list(COLUMNS))
    frame.to_csv(made, index=False, header=not text, lineterminator="\n")
    ended = "" if text.endswith("\n") or not text else "\n"
    return text + ended + made.getvalue()
