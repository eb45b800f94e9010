"""Say what goes with an outcome in survey or ticket rows, and what could be changed."""

from insights.methods.drivers.importance import importance
from insights.methods.drivers.result import Importance
from insights.methods.drivers.threshold import Threshold
from insights.methods.drivers.thresholds import thresholds
from insights.methods.drivers.whatif import WhatIf, what_if

__all__ = ["Importance", "Threshold", "WhatIf", "importance", "thresholds", "what_if"]
