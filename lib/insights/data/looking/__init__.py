"""What could be made of an unknown file: its columns, what they are for, what to count."""

from insights.data.looking.kinds import Column
from insights.data.looking.measures import Proposals, proposals
from insights.data.looking.profile import Looked, look
from insights.data.looking.proposals import Proposed
from insights.data.looking.roles import Choice, Roles, roles

__all__ = [
    "Choice",
    "Column",
    "Looked",
    "Proposals",
    "Proposed",
    "Roles",
    "look",
    "proposals",
    "roles",
]
