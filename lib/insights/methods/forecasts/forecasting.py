"""Forecast many series at once: what is coming, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights.errors import ParamError, some
from insights.methods.forecasts import tables
from insights.methods.forecasts.calendar import Calendar, calendar
from insights.methods.forecasts.clock import Clock
from insights.methods.forecasts.fitting import fit
from insights.methods.forecasts.law import Law
from insights.methods.forecasts.models import Rows
from insights.methods.forecasts.reading import Panel, read
from insights.methods.forecasts.result import Forecast
from insights.methods.forecasts.seasons import fill

Floats = npt.NDArray[np.float64]

HOURS = 26 * 168  # newest hours that are used


def forecast(
    history: pd.DataFrame,
    *,
    horizon: int,
    freq: str,
    levels: Sequence[float] = (80, 95),
    events: pd.DataFrame | None = None,
    missing: str | Mapping[object, str] = "interpolate",
    seed: int = 0,
    now: pd.Timestamp | str | None = None,
) -> Forecast:
    """Forecast many series, with intervals that earlier forecasts of them would have kept.

    Parameters
    ----------
    history
        One row a (unique_id, ds), any order: ``unique_id``; ``ds`` datetime64 without a time
        zone, dated as ``freq`` says; ``y`` float, NaN where not known. A series is forecast
        from its own last row on.
    horizon
        Periods ahead, at least 1.
    freq
        h, D, B, W (W-MON ...), MS, ME, QS or QE. A week is dated by its first day.
    levels
        Per cent of the intervals, each in (0, 100).
    events
        ``unique_id`` (NA: every series), ``ds``, ``name``, ``kind``. An *incident* spoils its
        period, which is left out. A *holiday* acts on its day and both neighbours, a *launch*
        on its day and the six after; what earlier ones of the name did is expected again. A
        date without an hour means the whole day.
    missing
        What an absent date means: "interpolate" (not known) or "zero" (nothing happened), or a
        mapping of unique_id to one of these (interpolate where it says nothing). A NaN is never
        a zero.
    seed
        For the ties of small counts; the same seed gives the same numbers.
    now
        Where given, rows dated after it are refused.

    Returns
    -------
    Forecast
        ``table``: unique_id, ds, mean, median, lo-80, hi-80, ... ; means add up, the median is
        what is typical. ``scores``: the leaderboard. ``notes``: what was filled in, masked or
        borrowed.

    Raises
    ------
    ParamError
        An unknown frequency, policy or level, or a horizon below 1.
    ContractError
        Columns lack or are of the wrong kind, dates come twice or do not fit ``freq``, rows
        follow another frequency or lie after ``now``, or an event is of an unknown kind.
    MethodError
        There are no rows, or a series has no value.

    Notes
    -----
    Models: optimised theta (Fiorucci et al. 2016, Int. J. Forecasting 32(4) 1151-1161), damped
    trend (Gardner and McKenzie 1985, Management Science 31(10) 1237-1246), the same made robust
    (Gelper, Fried and Croux 2010, J. Forecasting 29(3) 285-300) and a return to the recent
    level, after seasons of a day, a week or a year are taken out as shrunk ratios or
    differences, steady or moving; the typical and the mean season, naive and seasonal naive.
    Each is replayed from 6 to 12 earlier origins. The median of the models that miss least
    is published; what is no plain theta or damped trend must miss 8 % less than these, and
    where nothing beats seasonal naive that is published itself. ``mean`` is the mean of the
    models that miss least in squares.

    Intervals are quantiles of the replayed misses of all series together, in units of each
    one's usual step, times what its own replays say (empirical Bayes), wider with the horizon.
    Small whole numbers are a negative binomial about the mean where that misses no more, its
    chances corrected by replays (Czado, Gneiting and Held 2009, Biometrics 65(4) 1254-1261).
    Series of fewer than two seasons take the shape of the others, or repeat their last season.
    """
    _params(horizon, levels)
    panel = read(history, freq=freq, missing=missing, now=now)
    dates = calendar(panel, events, horizon)
    rows, size = _rows(panel, dates)
    fitted = fit(_trimmed(rows, panel.clock), panel, dates.touched, horizon, seed)
    law = _eventful(fitted.law, dates, size)
    law = replace(law, shut=panel.closed(panel.ahead(horizon)))
    tables.unvaried(panel, rows)
    return Forecast(
        table=tables.table(panel, law, levels, horizon),
        scores=tables.board(fitted, panel),
        notes=tuple(panel.notes),
        errors=tables.errors(fitted, panel),
        history=tables.past(panel, dates),
        events=tables.listed(events, panel),
        levels=tuple(levels),
        noun=panel.clock.noun,
        origins=fitted.warm.origins if fitted.warm else 0,
        seed=seed,
        law=law,
    )


def _params(horizon: int, levels: Sequence[float]) -> None:
    """Refuse parameters that cannot be."""
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
        raise ParamError(
            f"forecast: horizon is {horizon!r}. Give a whole number of at least 1."
        )
    if wrong := [level for level in levels if not 0 < level < 100]:
        raise ParamError(
            f"forecast: {some(wrong)} is no level. "
            "Give per cents between 0 and 100, such as 80."
        )
    if not len(levels):
        raise ParamError("forecast: no level. Give per cents between 0 and 100, such as 80.")


def _rows(panel: Panel, dates: Calendar) -> tuple[Rows, Floats]:
    """Return the series without what events did, filled, and their usual size."""
    known = np.isfinite(panel.y)
    floor = np.where(known, panel.y, np.inf).min(axis=1) >= 0
    level = np.where(known, np.abs(panel.y), 0.0).sum(axis=1) / known.sum(axis=1)
    plain = np.where(
        floor[:, None], panel.y / (1 + dates.past), panel.y - dates.past * level[:, None]
    )
    seen = known & ~dates.masked
    none = ~seen.any(axis=1)
    seen[none] = known[none]
    y = fill(np.where(seen, plain, np.nan), panel.exists, panel.clock.season)
    return Rows(y, seen, panel.first, floor), np.where(floor, np.nan, level)


def _trimmed(rows: Rows, clock: Clock) -> Rows:
    """Return the newest part of very long hourly series."""
    if clock.noun != "hour" or rows.y.shape[1] <= HOURS:
        return rows
    cut = rows.y.shape[1] - HOURS
    return Rows(
        rows.y[:, cut:], rows.seen[:, cut:], np.maximum(rows.first - cut, 0), rows.floor
    )


def _eventful(law: Law, dates: Calendar, level: Floats) -> Law:
    """Put on what coming holidays and launches do."""
    if not dates.marked():
        return law
    ratio = ~np.isfinite(level)[:, None]
    size = np.where(ratio, law.center, np.nan_to_num(level)[:, None])
    factor = np.where(ratio, 1 + dates.ahead, 1.0)
    offset = np.where(ratio, 0.0, dates.ahead * size)
    return law.moved(factor, offset, dates.doubt * np.abs(size))
