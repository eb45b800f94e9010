"""Intervals: how sure a share is that comes from a sample."""

from __future__ import annotations

import math

from scipy import special


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
