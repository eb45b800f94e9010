"""Find the few segments in which a change is concentrated."""

from insights.methods.segments.finding import find
from insights.methods.segments.result import Segments

__all__ = ["Segments", "find"]
