"""Say what is coming, how sure that is, and keep the parts in line with the whole."""

from insights.methods.forecasts.forecasting import forecast
from insights.methods.forecasts.hierarchy import reconcile
from insights.methods.forecasts.record import Record, record
from insights.methods.forecasts.result import Forecast

__all__ = ["Forecast", "Record", "forecast", "reconcile", "record"]
