"""Whether a figure can be trusted: gates look at what a metric reads, and fail closed."""

from insights.data.quality.days import Feed, feed
from insights.data.quality.findings import Finding
from insights.data.quality.rows import row_findings

__all__ = ["Feed", "Finding", "feed", "row_findings"]
