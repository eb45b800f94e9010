"""What every readout needs, done once before any is forked."""

from __future__ import annotations

import importlib
from pathlib import Path

from insights.data import remembered

MODULES = (
    "IPython.core.completerlib",
    "ibis.backends.duckdb",
    "insights.readout",
    "insights.runs.engine.inside",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "papermill.execute",
    "scipy.stats",
    "statsmodels.api",
)


def up(answers: Path | None = None) -> None:
    """Import what notebooks import, and do once what is slow only the first time.

    Parameters
    ----------
    answers
        A folder in which readouts leave for each other what they have found out.
    """
    for name in MODULES:
        importlib.import_module(name)
    _draw()
    _query()
    remembered.keep(answers)


def _draw() -> None:
    """Draw, so that fonts are found and loaded."""
    from insights import charts

    figure, axes = charts.figure()
    axes.plot([0, 1], label="0123456789 %")
    axes.set_ylabel("0123456789 %")
    charts.svg(figure)


def _query() -> None:
    """Compile a query and run it: the first one imports and registers a good deal."""
    import duckdb
    import ibis

    backend = ibis.duckdb.connect()
    rows = backend.sql("select date '2026-01-05' as day, 1 as n")
    rows = rows.alias("rows").sql("select day, n from rows where n > 0", dialect="duckdb")
    found = rows.group_by(day=rows["day"].truncate("W")).agg(n=rows["n"].sum())
    found.to_pandas()
    backend.disconnect()
    duckdb.default_connection().close()  # the thread that importing it started ends
