"""Results in, things people read out: all that a notebook needs to import."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from insights.readout.cells import (
        actions,
        charts,
        checks,
        definitions,
        footer,
        gaps,
        headline,
        opening,
        scorecard,
        show,
    )
    from insights.readout.cells_changed import change, drill, found, not_this
    from insights.readout.cells_drives import drives, effects, limits, thresholds, what_if
    from insights.readout.cells_next import (
        chances,
        coming,
        leaderboard,
        scenarios,
        score,
        staffing,
        unknowns,
    )

HOMES = {  # who calls a name needs what its module needs, and nothing else is imported
    "cells": (
        "actions",
        "charts",
        "checks",
        "definitions",
        "footer",
        "gaps",
        "headline",
        "opening",
        "scorecard",
        "show",
    ),
    "cells_changed": ("change", "drill", "found", "not_this"),
    "cells_next": (
        "chances",
        "coming",
        "leaderboard",
        "scenarios",
        "score",
        "staffing",
        "unknowns",
    ),
    "cells_drives": ("drives", "effects", "limits", "thresholds", "what_if"),
}

__all__ = [
    "actions",
    "chances",
    "change",
    "charts",
    "checks",
    "coming",
    "definitions",
    "drill",
    "drives",
    "effects",
    "footer",
    "found",
    "gaps",
    "headline",
    "leaderboard",
    "limits",
    "not_this",
    "opening",
    "scenarios",
    "score",
    "scorecard",
    "show",
    "staffing",
    "thresholds",
    "unknowns",
    "what_if",
]


def __getattr__(name: str) -> Any:
    """Import the cells, and the engines behind them, only when a notebook calls one."""
    for home, names in HOMES.items():
        if name in names:
            return getattr(import_module(f"insights.readout.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
