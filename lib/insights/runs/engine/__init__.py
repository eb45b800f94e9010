"""How is one notebook executed? In a process of its own that can be stopped or die alone."""

from insights.runs.engine.forking import fork, leave, possible
from insights.runs.engine.jobs import (
    ENGINES,
    TIMEOUT_SECONDS,
    Engine,
    Job,
    Outcome,
    sentence,
)
from insights.runs.engine.stock import papermill

__all__ = [
    "ENGINES",
    "TIMEOUT_SECONDS",
    "Engine",
    "Job",
    "Outcome",
    "fork",
    "leave",
    "papermill",
    "possible",
    "sentence",
]
