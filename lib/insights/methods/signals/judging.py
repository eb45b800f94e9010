"""Judge one period of many series against what each usually does."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights import wording
from insights.errors import ParamError, did_you_mean
from insights.methods.signals import noise
from insights.methods.signals.panel import GRAINS, Panel, panel
from insights.methods.signals.result import Signals
from insights.methods.signals.usual import LEAST, Usual, usual
from insights.methods.signals.xmr import OUTSIDE, RUN

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def judge(
    rows: pd.DataFrame, *, grain: str, shown: pd.Timestamp | str, alpha: float = 0.1
) -> Signals:
    """Judge whether each series, in the period shown, moved beyond what it usually does.

    Parameters
    ----------
    rows
        One row a (series, period), any order. ``series`` str; ``period`` datetime64, first
        day; ``value`` float, NaN where there is none. Optional: ``usable`` bool, False for a
        period that is broken, partial or not yet final: it forms no limits and is not judged;
        ``baseline`` int, one higher after each declared break: only periods of the regime
        shown form limits; ``kind`` "level" (default) or "rate"; ``events`` and ``exposure``,
        which a rate needs (value = events / exposure); ``floor`` and ``ceiling``, values cannot
        lie beyond (a rate: 0 and 1). Further columns are ignored.
    grain
        day, week, month, quarter or year.
    shown
        First day of the period that is judged; it is never part of its own limits.
    alpha
        Share of headlines, in (0, 1), that may be false.

    Returns
    -------
    Signals
        ``table`` is indexed by series: period, kind, value, centre, lower, upper, p_value,
        q_value, state (usual, headline, watch, short, unusable, missing), side (above, below or
        ""), rule, n (periods in the baseline), rho (correlation of neighbours) and note.
        ``limits`` is tidy.

    Raises
    ------
    ContractError
        Columns lack, a (series, period) comes twice, or values cannot be.
    MethodError
        There are no rows.
    ParamError
        An unknown grain, or ``alpha`` outside (0, 1).

    Notes
    -----
    The usual range of a period is what is expected after the last usable period of its regime:
    neighbours that resemble each other (rho) make the range follow, and what it follows is
    left out of the surprise. So a sudden step is a headline at its onset, and staying at the
    new level is no news. After a gap, and in the first period of a regime, the range widens
    towards that of all values. With rho = 0 it is the ordinary chart: mean ± t sigma
    sqrt(1 + 1/n), t the 0.99865 quantile of Student's t, which for a long baseline gives the
    natural process limits mean ± 2.66 mean moving range (Wheeler 2000). Alwan and Roberts
    (1988), J. Bus. Econ. Stat. 6(1) 87-95, special-cause chart of residuals; Montgomery and
    Mastrangelo (1991), J. Qual. Technol. 23(3) 179-193, moving centreline. A steady drift of
    20 periods or more, around which neighbours are unalike, is followed as a line; growth by
    a ratio where the floor is 0.

    Rate: Laney (2002), Qual. Eng. 14(4) 531-537, limits that follow each period's own
    exposure, never narrower than binomial noise. Days: the weekday pattern of the baseline is
    taken out first (median ratios; differences for rates) and put back into the limits.

    ``headline``: outside the limits and Benjamini-Hochberg q < alpha over all series judged.
    ``watch``: outside the limits with a larger q; 8 periods in a row on one side of what was
    expected; 3 of 4 nearer to one limit than to the centre; or different from a baseline that
    never varied, which allows no p-value. Where rho > 0.3 runs mean little and are not flagged.
    """
    if grain not in GRAINS:
        near = did_you_mean(grain, GRAINS) or "."
        raise ParamError(
            f"judge: unknown grain '{grain}'{near} Give day, week, month, quarter or year."
        )
    if not 0 < alpha < 1:
        raise ParamError(f"judge: alpha is {alpha}. Give a share between 0 and 1, such as 0.1.")
    when = pd.Timestamp(shown)
    data = panel(rows, grain=grain, shown=when)
    expected = usual(data)
    table = _table(data, expected, alpha, grain).assign(period=when)
    return Signals(
        table=table[["period", *table.columns.drop("period")]],
        limits=_limits(data, expected),
        grain=grain,
        shown=when,
        alpha=alpha,
    )


def _table(data: Panel, expected: Usual, alpha: float, grain: str) -> pd.DataFrame:
    """Return the verdict on each series."""
    at = data.shown
    value, centre = data.value[:, at], expected.centre[:, at]
    away = value - centre
    ready = data.usable[:, at] & data.member[:, at] & np.isfinite(value)
    long = expected.n >= LEAST
    varied = ready & long & ~expected.constant
    p = np.where(varied, _p(data, expected), np.nan)
    q = noise.q_values(p)
    slack = 1e-12 * np.maximum(np.abs(value), np.abs(centre))
    outside = varied & (np.abs(away) > expected.reach[:, at] + slack)
    changed = ready & long & expected.constant & (np.abs(away) > 1e-9 * np.abs(centre))
    texts = _rules(data, expected, outside, changed, varied, grain)
    headline = outside & (q < alpha)
    watch = ~headline & np.array([bool(text) for text in texts])
    state = np.select(
        [~data.present, data.present & ~data.flag, ~ready, ~long, headline, watch],
        ["missing", "unusable", "missing", "short", "headline", "watch"],
        "usual",
    )
    side = np.where(headline | watch, np.where(away > 0, "above", "below"), "")
    return pd.DataFrame(
        {
            "kind": data.kind,
            "value": value,
            "centre": centre,
            "lower": expected.lower[:, at],
            "upper": expected.upper[:, at],
            "p_value": p,
            "q_value": q,
            "state": state,
            "side": side,
            "rule": texts,
            "n": expected.n.astype(int),
            "rho": np.where(long & ~expected.constant, expected.noise.rho, np.nan),
            "note": _notes(state, expected, changed, grain),
        },
        index=pd.Index(data.names, name="series"),
    )


def _p(data: Panel, expected: Usual) -> Floats:
    """Return the p-value of each series' shown value; NaN where it has none.

    What cannot lie beyond a floor or ceiling leans away from it: the skewness believed is at
    least that of a gamma (level) or of binomial events with spread (rate).
    """
    at, sigma = data.shown, expected.noise.sigma
    centre, scale = expected.centre[:, at], expected.scale[:, at]
    away, exposure = data.value[:, at] - centre, data.exposure[:, at]
    with np.errstate(divide="ignore", invalid="ignore"):
        # spread beyond chance does not shrink as exposure grows, which Laney's limits do
        mean = np.where(data.base, data.exposure, 0.0).sum(axis=1) / expected.n
        more = np.where(data.rate, np.fmax(exposure / mean, 1.0), 1.0)
        wider = np.where(data.rate, np.sqrt(1 + (sigma**2 - 1) * more) / sigma, 1.0)
        chance = (1 - 2 * centre) / np.sqrt(centre * (1 - centre) * exposure)
        rate = chance * (2 * sigma**2 - 1) / sigma
        level = 2 * sigma * scale / np.maximum(centre - data.floor, 0.0)
        known = np.nan_to_num(np.where(data.rate, rate, level))
        skew = np.maximum(expected.noise.skew * np.sign(away), known * np.sign(away))
        t = away / (scale * expected.noise.width[:, at] * wider)
    return noise.p_values(t, expected.noise.df, skew)


def _rules(
    data: Panel, expected: Usual, outside: Bools, changed: Bools, varied: Bools, grain: str
) -> list[str]:
    """Return the rules that each series breaks in the period shown, in words."""
    at = data.shown
    known = data.usable & data.member & np.isfinite(data.value)
    away = np.where(known, data.value - expected.centre, 0.0)
    runs = varied & (expected.noise.rho <= noise.NEIGHBOURS)
    texts = [OUTSIDE if hit else "" for hit in outside]
    hits: list[tuple[Bools, str]] = [(changed, "differs from a baseline that never varied")]
    for side, limit, sign in (("above", "upper", 1), ("below", "lower", -1)):
        last = away[:, max(at - RUN + 1, 0) : at + 1] * sign > 0
        whole = runs & last.all(axis=1) & (last.shape[1] == RUN)
        hits.append((whole, f"{RUN} {grain}s in a row {side} the centre"))
        four = slice(max(at - 3, 0), at + 1)
        near = away[:, four] * sign > expected.reach[:, four] / 2
        most = near[:, -1] & (near.sum(axis=1) >= 3) & known[:, four].all(axis=1)
        hits.append(
            (runs & most & (near.shape[1] == 4), f"3 of 4 {grain}s near the {limit} limit")
        )
    for hit, text in hits:
        for index in np.flatnonzero(hit):
            texts[index] = "; ".join(filter(None, [texts[index], text]))
    return texts


def _notes(state: Any, expected: Usual, changed: Bools, grain: str) -> list[str]:
    """Say why a series has no verdict or a limited one."""
    notes = []
    for index, name in enumerate(state):
        periods = wording.count(int(expected.n[index]), f"usable earlier {grain}")
        if name == "missing":
            note = f"no figure for the {grain} shown"
        elif name == "unusable":
            note = f"the {grain} shown is not usable"
        elif name == "short":
            note = f"{periods}; limits need {LEAST}"
        elif expected.constant[index]:
            note = f"{periods} and no variation, so a move has no p-value"
        else:
            note = ""
        notes.append("; ".join(filter(None, [note, expected.note[index]])))
    return notes


def _limits(data: Panel, expected: Usual) -> pd.DataFrame:
    """Return values and limits, tidy, in order of series and period."""
    rows, columns = np.nonzero(data.given)
    drawn = expected.drawn[rows, columns]
    return pd.DataFrame(
        {
            "series": np.asarray(data.names, dtype=object)[rows],
            "period": data.periods[rows, columns],
            "value": data.value[rows, columns],
            "centre": np.where(drawn, expected.centre[rows, columns], np.nan),
            "lower": np.where(drawn, expected.lower[rows, columns], np.nan),
            "upper": np.where(drawn, expected.upper[rows, columns], np.nan),
            "usable": data.usable[rows, columns],
            "baseline": data.regime[rows, columns].astype(int),
        }
    )
