"""Split a change in a rate into the mix of segments and the rates within them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights.methods.changes.estimate import Estimate, around, reach
from insights.methods.changes.result import RateChange
from insights.methods.changes.rows import SIDES, Cells, cells, require_options, require_sides

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """One part by segment and how it moves with what is counted; lines before and after.

    A segment's part moves by ``share`` with its own share, by ``rate`` with its own rate, and
    by ``overall`` with the overall rate of the side.
    """

    value: Floats
    share: Floats
    rate: Floats
    overall: Floats

    def __add__(self, other: Part) -> Part:
        """Return the sum of two parts."""
        return Part(
            self.value + other.value,
            self.share + other.share,
            self.rate + other.rate,
            self.overall + other.overall,
        )


def rate_change(
    rows: pd.DataFrame,
    *,
    metric: str = "Rate",
    unit: str = "share",
    level: float = 0.95,
    dispersion: float = 1.0,
    noun: str = "segment",
) -> RateChange:
    """Split the change in a rate between two windows into mix and rate, by segment.

    Parameters
    ----------
    rows
        One row a (segment, side), any order; several are summed. ``segment`` str; ``side``
        "before" or "after"; ``exposure`` count, >= 0; ``events``, where the unit is a share a
        count of at most the exposure, else a sum. Optional ``events_sq``: the sum of the
        squares of the cases' values, where these are not 0 or 1. Further columns are ignored.
    metric
        Name used in the claim, e.g. "Reopen rate".
    unit
        What events / exposure is: share, count, score, seconds, minutes, hours or days.
    level
        Chance, in (0, 1), that an interval holds its part.
    dispersion
        Variance in units of counting noise, >= 1; more where cases come in clusters or weeks
        wobble.
    noun
        What one segment is called in sentences, e.g. "topic".

    Returns
    -------
    RateChange
        ``table`` is indexed by segment with ``mix`` and ``rate``, in the rate's unit; their
        total equals ``change`` to floating-point error. ``detail`` has shares, own rates,
        counts and an interval of every part.

    Raises
    ------
    ContractError
        Columns lack, a segment lacks one of the two sides, or counts cannot be.
    MethodError
        A side has no rows or no exposure.
    ParamError
        An unknown unit, ``level`` outside (0, 1) or ``dispersion`` below 1.

    Notes
    -----
    With shares w, own rates r and overall rates R, and bars for the mean of both sides:
    mix = Δw (r̄ - R̄), rate = w̄ Δr. Kitagawa (1955), J. Am. Stat. Assoc. 50(272) 1168-1194,
    symmetric form. Its own mix is Δw r̄, with the same total, as shares add to 1; measured
    from the mean overall rate it has the right sign by segment too: a growing segment of a low
    rate pulls down. A segment without exposure on one side has no rate there; that of the
    other side stands for it, so that it is all mix.

    Intervals: delta method, shares multinomial, rates binomial; where there is ``events_sq``,
    of a mean of cases. For the variances alone each segment has one case more, of the side's
    overall rate, and each side half a case more of either kind, so that no events are not taken
    as certain. A unit other than share without ``events_sq`` has no interval.
    """
    where = "rate_change"
    require_options(where, unit=unit, level=level, dispersion=dispersion)
    laid = cells(where, rows, ["segment"], unit=unit)
    require_sides(where, laid.names, laid.given)
    share = laid.exposure / laid.exposure.sum(axis=1, keepdims=True)
    own = ratio(laid.events, laid.exposure)
    spread = variance_of_rates(laid, unit) * dispersion
    mix, within = _parts(share, filled(own))
    detail = _detail(laid, share, own)
    totals = {}
    for name, part in {"mix": mix, "rate": within, "total": mix + within}.items():
        each, together = _variances(part, laid.exposure / dispersion, filled(own), spread)
        half = reach(level) * np.sqrt(each)
        detail[name] = part.value
        detail[f"{name}_lower"], detail[f"{name}_upper"] = part.value - half, part.value + half
        totals[name] = around(float(part.value.sum()), together, level)
    frame = pd.DataFrame(detail, index=pd.Index(laid.names, name="segment", dtype=object))
    before, after = laid.events.sum(axis=1) / laid.exposure.sum(axis=1)
    change = Estimate(float(after - before), totals["total"].lower, totals["total"].upper)
    return RateChange(
        metric=metric,
        unit=unit,
        table=frame[["mix", "rate"]],
        before=float(before),
        after=float(after),
        total=change,
        detail=frame,
        mix=totals["mix"],
        rate=totals["rate"],
        noun=noun,
    )


def ratio(top: Floats, bottom: Floats) -> Floats:
    """Divide; NaN where there is nothing to divide by."""
    none = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    return np.asarray(np.divide(top, bottom, out=none, where=bottom > 0))


def filled(rate: Floats) -> Floats:
    """Give what is unknown on one side the value of the other; 0 where both are unknown."""
    return np.nan_to_num(np.where(np.isnan(rate), rate[..., ::-1, :], rate))


def variance_of_rates(laid: Cells, unit: str) -> Floats:
    """Return the variance of each segment's rate on each side; NaN where nothing tells it."""
    n, seen = laid.exposure, laid.exposure > 0
    none = np.zeros_like(n)
    if laid.squares is not None:
        square = np.maximum(laid.squares - n * filled(ratio(laid.events, n)) ** 2, 0)
        pooled = square.sum() / max(n.sum() - seen.sum(), 1)
        case = np.divide(square, n - 1, out=none + pooled, where=n >= 2)
        return np.asarray(np.divide(case, n, out=none, where=seen))
    if unit != "share":
        return np.where(seen, np.nan, 0.0)
    whole = n.sum(axis=1, keepdims=True)
    overall = (laid.events.sum(axis=1, keepdims=True) + 0.5) / (whole + 1)
    near = (laid.events + overall + 0.5 * n / whole) / (n + 1 + n / whole)
    near = np.clip(near, 0, 1)
    return np.asarray(np.divide(near * (1 - near), n, out=none, where=seen))


def variance_of_change(exposure: Floats, rate: Floats, spread: Floats) -> float:
    """Return the variance of the change in the overall rate."""
    share = exposure / exposure.sum(axis=1, keepdims=True)
    whole = _parts(share, rate)
    return _variances(whole[0] + whole[1], exposure, rate, spread)[1]


def _parts(share: Floats, rate: Floats) -> tuple[Part, Part]:
    """Return mix and rate by segment."""
    overall = (share * rate).sum(axis=1).mean()
    moved, step = np.diff(share, axis=0)[0], np.diff(rate, axis=0)[0]
    apart, weight = rate.mean(axis=0) - overall, share.mean(axis=0)
    half = np.stack([moved, moved]) / 2
    mix = Part(moved * apart, np.stack([-apart, apart]), half, -half)
    steps = np.stack([step, step]) / 2
    within = Part(weight * step, steps, np.stack([-weight, weight]), np.zeros_like(half))
    return mix, within


def _variances(
    part: Part, exposure: Floats, rate: Floats, spread: Floats
) -> tuple[Floats, float]:
    """Return the variance of each segment's part, and of their total."""
    empty = exposure == 0  # its rate is taken from the other side
    own = np.where(empty, 0.0, part.rate) + np.where(empty, part.rate, 0.0)[::-1]
    each, together = np.zeros_like(part.value), 0.0
    for side in range(len(SIDES)):
        a, b, c = part.share[side], own[side], part.overall[side]
        r, v, n = rate[side], spread[side], exposure[side].sum()
        w = exposure[side] / n
        square = a**2 * w + 2 * a * c * r * w + c**2 * (r**2 * w).sum()
        each += np.maximum(square - (a * w + c * (r * w).sum()) ** 2, 0) / n
        each += np.maximum(b**2 * v + 2 * b * c * w * v + c**2 * (w**2 * v).sum(), 0)
        together += max((a**2 * w).sum() - (a * w).sum() ** 2, 0) / n + (b**2 * v).sum()
    return each, float(together)


def _detail(laid: Cells, share: Floats, own: Floats) -> dict[str, Floats]:
    """Return what the parts are made of, two columns each."""
    found = {"share_": share, "": own, "events_": laid.events, "exposure_": laid.exposure}
    return {
        name + side: values[line]
        for name, values in found.items()
        for line, side in enumerate(SIDES)
    }
