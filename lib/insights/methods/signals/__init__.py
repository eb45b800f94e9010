"""Say which of many series moved beyond what they usually do."""

from insights.methods.signals.judging import judge
from insights.methods.signals.result import Signals
from insights.methods.signals.xmr import XmR, xmr

__all__ = ["Signals", "XmR", "judge", "xmr"]
