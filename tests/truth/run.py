"""Run every scorer and print one table."""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from . import (
    changes,
    drivers,
    forecasts,
    gates,
    nulls,
    plain,
    satisfaction,
    scoring,
    segments,
    signals,
    staffing,
    unbuilt,
    values,
    world,
)
from .scoring import BROKEN, Row
from .world import World

SCORERS = (
    values, plain, satisfaction, gates, signals, nulls, changes, segments, drivers, forecasts,
    staffing, unbuilt,
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 where a method raised, else 0: a miss is an answer."""
    given = _parser().parse_args(arguments)
    began = time.perf_counter()
    with world.demo(given.pack, given.scale) as here:
        rows = [row for scorer in SCORERS for row in safely(scorer.score, here)]
        record = here.record
    about = f"{given.pack}: scale {record['scale']:g}, seed {record['seed']}"
    about += f", {record['weeks']} weeks from {record['start']}"
    sys.stdout.write(f"{about}\n\n{scoring.printed(rows)}\n")
    sys.stderr.write(f"{time.perf_counter() - began:.0f} s\n")
    if given.json:
        made = {"about": about, "rows": [asdict(row) for row in rows]}
        given.json.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return int(any(row.verdict == BROKEN for row in rows))


def safely(score: Callable[[World], list[Row]], here: World) -> list[Row]:
    """Return a scorer's rows; where a method raises, a row that says so."""
    began, name = time.perf_counter(), score.__module__.rpartition(".")[2]
    try:
        return score(here)
    except Exception as error:  # noqa: BLE001 - one broken method must not hide the others
        traceback.print_exc()
        said = (str(error).splitlines() or [""])[0]
        return [Row("-", name, "everything", BROKEN, note=f"{type(error).__name__}: {said}")]
    finally:
        sys.stderr.write(f"{name} {time.perf_counter() - began:.0f} s\n")


def _parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description=__doc__)
    parser.add_argument("--pack", default="params/demo", help="a pack on simulated: tables")
    parser.add_argument("--scale", type=float, help="of the operation; the demo's unless given")
    parser.add_argument("--json", type=Path, help="a file for the rows")
    return parser
