"""Say what goes with an outcome, how much of it each driver explains, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from insights.methods.drivers import cautions, fitting, reading, shares
from insights.methods.drivers.design import WHERE, Column, Design, design
from insights.methods.drivers.explained import Explained, explained
from insights.methods.drivers.fitting import Fitted
from insights.methods.drivers.reading import Floats
from insights.methods.drivers.result import Importance
from insights.methods.drivers.words import label

POWER = 0.8  # how often what is called detectable would be found


def importance(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    model: str = "linear",
    controls: Sequence[str] = (),
    log: Sequence[str] = (),
    weights: str | None = None,
    cluster: str | None = None,
    bootstraps: int = 300,
    level: float = 0.95,
    alpha: float = 0.1,
    seed: int = 0,
    metric: str | None = None,
    unit: str | None = None,
) -> Importance:
    """Divide what drivers explain of an outcome among them, and estimate the effect of each.

    Parameters
    ----------
    frame
        One row a response or ticket, any order; rows with a missing value are left out.
    outcome
        Column of the outcome. linear: numbers; logit: 0 and 1; ordinal: 3 to 20 different
        numbers, or an ordered category.
    drivers
        Columns that may go with it. Numbers and yes/no enter as they are. Text or a category is
        ONE driver of as many dummies as it has levels, compared with its most common level;
        levels of fewer than 10 rows (logit and ordinal: or of one outcome only) are pooled as
        "other".
    model
        linear (least squares), logit, or ordinal (proportional odds).
    controls
        Columns that are held constant and get no share; every subset of drivers has them.
    log
        Drivers or controls, >= 0, that enter as log2(1 + x), as waits should: one unit of that
        is a doubling of 1 + x.
    weights
        Column of survey weights, >= 0; 0 leaves a row out.
    cluster
        Column that says which rows belong together (10 clusters or more): errors and bootstrap
        samples are by cluster.
    bootstraps
        Samples with replacement for the intervals of shares and ranks, at least 100 and
        2 / (1 - level).
    level
        Chance, in (0, 1), that an interval holds what it is for.
    alpha
        Chance, in (0, 1), that any supported driver is false: supported means q below it.
    seed
        Of the bootstrap; the order of rows and of drivers changes no number.
    metric
        Name of the outcome in sentences; by default the column's.
    unit
        How ``wording`` writes the outcome; by default share for 0 and 1, else score.

    Returns
    -------
    Importance
        ``table`` is indexed by driver, in the order given. ``share`` of what the drivers
        explain, adding to 1, with ``lower`` and ``upper``. ``effect``: change of the expected
        outcome for one more of a number (a doubling with ``log``; 1 against 0 for 0/1), or the
        clearest difference between a level and the most common one (the largest in standard
        errors; ``contrast`` names it), with ``effect_lower`` and ``effect_upper``.
        ``p_value``: all columns of the driver nought; ``q_value`` over the drivers; ``vif``.
        Then ``rank``, ``rank_lower``, ``rank_upper``, ``contrast``, ``effect_sd`` (a standard
        deviation more; NaN for text) and ``detectable`` (effect that 4 of 5 such samples would
        find).

    Raises
    ------
    ContractError
        Columns lack or hold what they cannot: text as outcome, infinities, negative weights.
    MethodError
        Too few rows or cases, more than half of the rows incomplete, nothing varies, drivers
        that follow from each other exactly, or tell the outcome apart without exception.
    ParamError
        Names or options that contradict each other, or an unknown model.

    Notes
    -----
    Shares: Lindeman, Merenda and Gold (1980), p. 119 ff., that is, Shapley values over all
    subsets of up to 12 drivers, of R² (linear) or of the deviance. Beyond 12, relative weights:
    Johnson (2000), Multivar. Behav. Res. 35(1): 1-19, of R² or of the quadratic form below.

    Intervals of shares and ranks are percentiles of samples with replacement (Grömping 2007,
    Am. Stat. 61(2): 139-147). Linear: every sample's shares are exact, from cross-products.
    Logit and ordinal: the sample's own shares come from a fit of every subset to the end; in a
    bootstrap sample the deviance of a subset's fit is summed over the rows drawn, and what a
    refit would gain is that of one Newton step with the full model's scores (Moulton and Zeger
    1991, Comput. Stat. Data Anal. 11(1): 53-63). Relative weights: coefficients one such step
    away. A share cannot be negative, so bootstrap draws of a share near 0 lie too high: where
    neither the driver alone (F or likelihood ratio) nor with the others has a
    p-value below (1 - level) / 2 its lower bound is 0.

    Effects of logit and ordinal models are average marginal effects, on the probability and on
    the expected score. Errors are robust (HC3: Long and Ervin 2000, Am. Stat. 54(3): 217-224)
    or by cluster, but never smaller than the model's own, since robust ones are too small where
    few rows decide (Angrist and Pischke 2009, Mostly Harmless Econometrics, 8.1); Student's t.
    The interval of a clearest difference is widened for the number of levels it was chosen from
    (Bonferroni). q: Holm (1979), Scand. J. Stat. 6(2): 65-70; it bounds the chance of any false
    driver, and so the rate of false ones, however the tests hang together. The method of
    Benjamini and Hochberg bounds the rate alone: beside seven true drivers it lets a null one
    pass at p < 0.08. vif: Fox and Monette (1992), J. Am. Stat. Assoc. 87(417): 178-183, to the
    power 1/df, which for one column is the variance inflation factor.
    """
    reading.share_option(WHERE, "alpha", alpha)
    reading.samples(WHERE, bootstraps, level)
    made = design(
        frame, outcome=outcome, drivers=drivers, controls=controls, log=log, weights=weights,
        cluster=cluster, model=model,
    )  # fmt: skip
    fitted, data = fitting.fit(made, model)
    rng = np.random.default_rng(seed)
    parts = explained(made, fitted, data, bootstraps=bootstraps, rng=rng)
    table = _table(made, fitted, parts, level=level, alpha=alpha)
    return Importance(
        table=table,
        metric=metric or label(outcome),
        unit=unit or ("share" if set(np.unique(made.y)) == {0.0, 1.0} else "score"),
        method="LMG" if len(drivers) <= shares.EXACT else "Johnson",
        n=made.size,
        n_effective=made.effective,
        left_out=made.left_out,
        r2=parts.r2,
        r2_controls=parts.r2_controls,
        alpha=alpha,
        level=level,
        warnings=cautions.cautions(made, parts, table, alpha=alpha),
        fitted=fitted,
        draws=pd.DataFrame(parts.draws, columns=list(drivers)),
    )


def _table(
    made: Design, fitted: Fitted, parts: Explained, *, level: float, alpha: float
) -> pd.DataFrame:
    """Return one row a driver."""
    tail = (1 - level) / 2
    lower, upper = np.quantile(parts.draws, [tail, 1 - tail], axis=0)
    p = np.array([fitted.wald(j) for j in range(len(made.drivers))])
    unsure = np.minimum(p, parts.alone) > tail
    ranks = _ranks(parts.draws)
    low, high = np.quantile(ranks, [tail, 1 - tail], axis=0, method="inverted_cdf")
    rank = _ranks(parts.share[None])[0]
    effects = [_effect(made, fitted, j, level) for j in range(len(made.drivers))]
    table = pd.DataFrame(
        {
            "share": parts.share,
            "lower": np.minimum(np.where(unsure, 0.0, lower), parts.share),
            "upper": np.maximum(upper, parts.share),
            **{name: [e[name] for e in effects] for name in list(effects[0])[:3]},
            "p_value": p,
            "q_value": q_values(p),
            "vif": parts.vif,
            "rank": rank,
            "rank_lower": np.minimum(low, rank),
            "rank_upper": np.maximum(high, rank),
            **{name: [e[name] for e in effects] for name in list(effects[0])[3:]},
        },
        index=pd.Index(made.drivers, name="driver"),
    )
    reach = special.stdtrit(fitted.df, 1 - alpha / 2 / len(table)) + special.ndtri(POWER)
    table["detectable"] = reach * table.pop("error")
    return table


def _effect(made: Design, fitted: Fitted, driver: int, level: float) -> dict[str, object]:
    """Return the effect of one driver in the outcome's unit, its interval and its step."""
    own = made.of(driver)
    found = [_step(made, fitted, own, int(at)) for at in own]
    effect, error = max(found, key=lambda pair: abs(pair[0]) / max(pair[1], 1e-300))
    column = made.columns[own[found.index((effect, error))]]
    reach = fitted.t(1 - (1 - level) / len(own)) * error
    return {
        "effect": effect,
        "effect_lower": effect - reach,
        "effect_upper": effect + reach,
        "contrast": _contrast(column),
        "effect_sd": np.nan if column.level else effect * made.spread[own[0]],
        "error": error,
    }


def _step(made: Design, fitted: Fitted, own: reading.Ints, at: int) -> tuple[float, float]:
    """Return the effect of one column and its error; yes and no, and levels, are switched."""
    if not made.columns[at].binary:
        return fitted.slope(at)
    before, after = made.x.copy(), made.x.copy()
    before[:, own], after[:, own] = 0.0, 0.0
    after[:, at] = 1.0
    return fitted.shift(before, after)[2:]


def _contrast(column: Column) -> str:
    """Return what is compared, in words; "" for one more of a number."""
    if column.level:
        return f"{column.level} against {column.usual}"
    if column.log:
        return "doubled"
    return "1 against 0" if column.binary else ""


def _ranks(values: Floats) -> reading.Ints:
    """Return the rank of each driver in each row, 1 for the largest share."""
    order = np.argsort(-values, axis=1, kind="stable")
    return np.asarray(np.argsort(order, axis=1, kind="stable") + 1)


def q_values(p: Floats) -> Floats:
    """Return the smallest chance of any false driver at which each is supported (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    q = np.empty(len(p))
    q[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.minimum(q, 1.0)
