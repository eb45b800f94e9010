"""Results in, things people read out: all that a notebook needs to import."""

from __future__ import annotations

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

__all__ = [
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
]


def __getattr__(name: str) -> Any:
    """Import the cells, and the engines behind them, only when a notebook calls one."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from insights.readout import cells

    return getattr(cells, name)
