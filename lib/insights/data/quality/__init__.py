"""Whether a figure can be trusted: gates look at what a metric reads, and fail closed."""

from insights.data.quality.days import Feed, feed
from insights.data.quality.findings import Finding
from insights.data.quality.gates import ASKS, DAYS
from insights.data.quality.looking import Look
from insights.data.quality.report import Inspection, inspect, lines
from insights.data.quality.rows import Seen, row_findings, see

__all__ = [
    "ASKS", "DAYS", "Feed", "Finding", "Inspection", "Look", "Seen", "feed", "inspect", "lines",
    "row_findings", "see",
]  # fmt: skip
