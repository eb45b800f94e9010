"""Intervals: how sure a share is, and how much more than counting noise periods wobble."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

LEAST = 6  # periods that can tell how much a series wobbles


def wilson(events: float, exposure: float, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share seen in a simple random sample.

    Parameters
    ----------
    events, exposure
        How many of how many, 0 <= events <= exposure.
    level
        Chance, in (0, 1), that the interval holds the share.

    Returns
    -------
    tuple
        Lower and upper bound, shares; NaN where nothing was counted.

    Notes
    -----
    Wilson (1927), J. Am. Stat. Assoc. 22(158): 209-212.
    """
    if exposure <= 0:
        return math.nan, math.nan
    z = float(-special.ndtri((1 - level) / 2))
    share = events / exposure
    middle = share + z**2 / (2 * exposure)
    half = z * math.sqrt(share * (1 - share) / exposure + z**2 / (4 * exposure**2))
    scale = 1 + z**2 / exposure
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def dispersion(events: ArrayLike, exposure: ArrayLike | None = None) -> float:
    """Return how much more a series wobbles from period to period than counting would.

    Parameters
    ----------
    events
        One a period, oldest first, >= 0; periods with NaN are passed over.
    exposure
        Of how many, for a share; none for a count.

    Returns
    -------
    float
        Variance in units of counting noise, >= 1; 1 where fewer than 6 periods tell.

    Notes
    -----
    Mean moving range of standardised values over 1.128, squared: Laney (2002), Quality
    Engineering 14(4): 531-537.
    """
    y = np.asarray(events, dtype=float)
    n = np.ones_like(y) if exposure is None else np.asarray(exposure, dtype=float)
    known = np.isfinite(y) & np.isfinite(n) & (n > 0)
    y, n = y[known], n[known]
    if y.size < LEAST:
        return 1.0
    centre = y.sum() / n.sum()
    noise = centre * n if exposure is None else centre * (1 - centre) * n
    if not (noise > 0).all():
        return 1.0
    ranges = np.abs(np.diff((y - centre * n) / np.sqrt(noise)))
    return max(1.0, float(ranges.mean() / 1.128) ** 2)
