"""Everything about one operation, from a folder of YAML: read it, check it, find it."""

from __future__ import annotations

from insights.pack.draft import Draft
from insights.pack.due import Due
from insights.pack.faults import Fault
from insights.pack.fields import Grain, Unit, Weekday
from insights.pack.models import (
    Action,
    Benchmark,
    Break,
    Driver,
    Event,
    Goal,
    Metric,
    Pack,
    PackInfo,
    Peers,
    Readout,
    Source,
    Study,
    Table,
)
from insights.pack.notebooks import (
    Parameter,
    check_typed,
    check_value,
    notebook_parameters,
    unknown_parameter,
)
from insights.pack.places import find, packs, root, shown
from insights.pack.plans import Holidays, Plan, Setting
from insights.pack.reading import load, read
from insights.pack.secrets import resolve_secrets, secret_names

__all__ = [
    "Action",
    "Benchmark",
    "Break",
    "Draft",
    "Due",
    "Driver",
    "Event",
    "Fault",
    "Goal",
    "Grain",
    "Holidays",
    "Metric",
    "Pack",
    "PackInfo",
    "Parameter",
    "Peers",
    "Plan",
    "Readout",
    "Setting",
    "Source",
    "Study",
    "Table",
    "Unit",
    "Weekday",
    "check_typed",
    "check_value",
    "find",
    "load",
    "notebook_parameters",
    "packs",
    "read",
    "resolve_secrets",
    "root",
    "secret_names",
    "shown",
    "unknown_parameter",
]
