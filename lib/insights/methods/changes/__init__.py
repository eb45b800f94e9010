"""Split a change between two windows into parts that add up to it."""

from insights.methods.changes.counts import CountChange, count_change
from insights.methods.changes.estimate import Estimate
from insights.methods.changes.factors import FactorChange, factor_change
from insights.methods.changes.nested import NestedChange, nested_change
from insights.methods.changes.rates import rate_change
from insights.methods.changes.regression import regression_change
from insights.methods.changes.regression_result import RegressionChange
from insights.methods.changes.result import RateChange

__all__ = [
    "CountChange",
    "Estimate",
    "FactorChange",
    "NestedChange",
    "RateChange",
    "RegressionChange",
    "count_change",
    "factor_change",
    "nested_change",
    "rate_change",
    "regression_change",
]
