"""What the domain asks for and no scorer here asks yet: named, never taken for passed."""

from __future__ import annotations

from . import scoring
from .scoring import MISSING, Row
from .world import World

METHODS = (  # effect, module, function, what would be asked
    ("E3", "effects", "measure", "first reply of payout in 3 waves: size within interval"),
    ("E4", "effects", "measure", "chat greeting: not confirmed"),
    ("E5", "effects", "measure", "handle time target: guard harmed"),
    ("E6", "effects", "measure", "worst three markets: not confirmed"),
    ("-", "effects", "measure", "200 null simulations: at most 7 % confirmed or harmed"),
)  # fmt: skip
REST = (  # module, what would be asked, why it is not
    ("privacy", "cells under the threshold, complementary cells on pages", "not asked here"),
    ("runs", "the same seed and parameters give the same tables and page",
     "not asked here; tables: tests/data/simulate/test_simulated_tables.py"),
)  # fmt: skip


def score(_: World) -> list[Row]:
    """Return a row for everything that is not scored."""
    rows = []
    for effect, module, name, asked in METHODS:
        there = name and scoring.method(module, name) is not None
        note = "built, but no scorer here asks it yet" if there else "method not built"
        rows.append(scoring.missing(effect, module, asked, note))
    return rows + [Row("-", module, asked, MISSING, note=note) for module, asked, note in REST]
