"""Gate on answers: days on which the scale was shown the wrong way round."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights import wording

USUAL_DAYS = 56  # days before a day that say what is usual
ENOUGH = 10  # answers that a day needs to be judged
RISK = 1e-3  # that chance reverses any day: log likelihoods must differ by as much as says so
MISFIT = 13.8  # chi-square with 2 degrees of freedom, p = .001: beyond, neither fits
TOP, BOTTOM, ALL = "_top", "_bottom", "_all"


def counts(top: str, answers: str, bottom: str) -> dict[str, str]:
    """Return the SQL of what ``reversed_days`` needs to be counted by day."""
    parts = {TOP: top, BOTTOM: bottom, ALL: answers}
    return {name: f"case when {answers} > 0 then {part} end" for name, part in parts.items()}


def reversed_days(days: pd.DataFrame) -> pd.DataFrame:
    """Return the days whose answers look like the usual ones read from the wrong end.

    A day is named where the usual shares of top and bottom answers, swapped, explain it far
    better than as they are, *and* explain it well: a real collapse of satisfaction does not
    land on the mirror image. The likelihood ratio must be a thousand times the number of days.

    Parameters
    ----------
    days
        ``period`` and, as ``counts`` says, top, bottom and all answers; one row a day.

    Returns
    -------
    DataFrame
        ``period`` (day), ``share`` (top answers) and ``usual`` (share in the weeks before).
    """
    days = days[days[ALL] != 0].sort_values("period", ignore_index=True)
    answers = days[[TOP, BOTTOM, ALL]]
    before = answers.rolling(USUAL_DAYS, min_periods=7).sum().shift(1).bfill()
    own = np.column_stack([days[TOP], days[BOTTOM], days[ALL] - days[TOP] - days[BOTTOM]])
    rest = before[ALL] - before[TOP] - before[BOTTOM]
    usual = np.column_stack([before[TOP], before[BOTTOM], rest]) + 0.5
    usual = usual / usual.sum(axis=1, keepdims=True)
    swapped = usual[:, [1, 0, 2]]
    gain = (own * (np.log(swapped) - np.log(usual))).sum(axis=1)
    expected = swapped * own.sum(axis=1, keepdims=True)
    hit = (days[ALL] >= ENOUGH) & (gain > np.log(max(1, len(days)) / RISK))
    hit &= _misfit(own, expected, (~hit).cumsum()) < MISFIT
    found: pd.DataFrame = days.loc[hit, ["period"]]
    share = (days[TOP] / days[ALL])[hit]
    return found.assign(share=share, usual=usual[:, 0][hit.to_numpy()])


def _misfit(
    own: npt.NDArray[np.float64], expected: npt.NDArray[np.float64], runs: pd.Series
) -> pd.Series:
    """Return the larger chi-square of each day alone and of its run of suspect days."""

    def chi(counts: pd.DataFrame, wanted: pd.DataFrame) -> pd.Series:
        return ((counts - wanted) ** 2 / wanted).sum(axis=1)

    days, wanted = pd.DataFrame(own), pd.DataFrame(expected)
    suspect = runs.duplicated()  # the first of a number is the day before its run
    whole = chi(days[suspect].groupby(runs).sum(), wanted[suspect].groupby(runs).sum())
    return chi(days, wanted).clip(lower=runs.map(whole).fillna(0.0))


def message(found: pd.DataFrame) -> str:
    """Return what a gate says of such days."""
    when = wording.days([day.date() for day in found["period"]])
    share = wording.number(float(found["share"].mean()), "share")
    usual = wording.number(float(found["usual"].mean()), "share")
    days = wording.count(len(found), "day")
    return (
        f"{days} read as if the answer scale was reversed, {when}: {share} where {usual} is "
        f"usual, and the other end is its mirror image. Ask who changed the survey"
    )
