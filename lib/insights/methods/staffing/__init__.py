"""Say how many people the coming work takes, live and deferred."""

from insights.methods.staffing.deferred import flow, from_forecast
from insights.methods.staffing.erlang import (
    State,
    erlang_a,
    erlang_b,
    erlang_c,
    service_level,
)
from insights.methods.staffing.flows import Flow
from insights.methods.staffing.live import Agents, agents

__all__ = [
    "Agents",
    "Flow",
    "State",
    "agents",
    "erlang_a",
    "erlang_b",
    "erlang_c",
    "flow",
    "from_forecast",
    "service_level",
]
