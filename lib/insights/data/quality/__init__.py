"""Whether a figure can be trusted: gates look at what a metric reads, and fail closed."""

from insights.data.quality.days import Feed, feed
from insights.data.quality.findings import Finding
from insights.data.quality.rows import Look, row_findings, see

__all__ = ["Feed", "Finding", "Look", "feed", "row_findings", "see"]
