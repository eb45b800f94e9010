"""How often do limits and headlines of `signals.judge` err, and what do they find?

Seed 20260101 throughout. Size: 2,000 series a cell in which nothing happens (a drift is
nothing). False headlines: 50 repetitions of 30 series over 13 weekly pages after 26 weeks;
the bar is one headline in 30 series-quarters. Power: 100 pages of 30 series, in each of which
one series steps by so many standard deviations of the innovations in the week shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from insights.methods import signals

SEED = 20260101
SERIES, QUARTERS, PAGES, FIRST, PAGE, STEPPED = 2_000, 50, 13, 26, 30, 100
ALPHA = 0.1
Draw = Callable[[np.random.Generator, int, int], pd.DataFrame]


def level_rows(values: np.ndarray, floor: float = np.nan) -> pd.DataFrame:
    weeks = pd.date_range("2023-01-02", periods=values.shape[1], freq="7D")
    names = np.array([f"s{index:05}" for index in range(len(values))], dtype=object)
    return pd.DataFrame(
        {
            "series": np.repeat(names, len(weeks)),
            "period": np.tile(weeks, len(values)),
            "value": values.ravel(),
            "floor": floor,
        }
    )


def path(rng: np.random.Generator, series: int, periods: int, rho: float) -> np.ndarray:
    """Draw an AR(1) whose innovations have standard deviation 1."""
    noise = rng.standard_normal((series, periods))
    noise[:, 0] /= np.sqrt(1 - rho**2)
    for at in range(1, periods):
        noise[:, at] += rho * noise[:, at - 1]
    return noise


def autoregressive(rho: float) -> Draw:
    return lambda rng, series, periods: level_rows(path(rng, series, periods, rho))


def counts(spread: float) -> Draw:
    """Draw negative binomial counts around 200; they cannot be below 0."""
    size = 1 / (spread**2 - 1 / 200)
    return lambda rng, series, periods: level_rows(
        rng.negative_binomial(size, size / (size + 200), (series, periods)).astype(float), 0.0
    )


def growth(rate: float, spread: float = 0.08) -> Draw:
    """Draw counts that grow by ``rate`` a week, with a spread in proportion to their level."""
    return lambda rng, series, periods: level_rows(
        1e6
        * (1 + spread * rng.standard_normal((series, periods)))
        * (1 + rate) ** np.arange(periods),
        0.0,
    )


def walk(rng: np.random.Generator, series: int, periods: int) -> pd.DataFrame:
    return level_rows(rng.standard_normal((series, periods)).cumsum(axis=1))


def heavy(rng: np.random.Generator, series: int, periods: int) -> pd.DataFrame:
    return level_rows(rng.standard_t(5, (series, periods)))


def rates(extra: float) -> Draw:
    """Draw shares around 30 % of 200 to 2,000 cases; ``extra`` is spread beyond chance."""

    def draw(rng: np.random.Generator, series: int, periods: int) -> pd.DataFrame:
        exposure = rng.integers(200, 2_000, (series, periods))
        share = np.clip(0.3 + extra * rng.standard_normal((series, periods)), 0.01, 0.99)
        events = rng.binomial(exposure, share)
        rows = level_rows(events / exposure, 0.0)
        return rows.assign(
            events=events.ravel(), exposure=exposure.ravel(), kind="rate", ceiling=1.0
        )

    return draw


def lopsided(rng: np.random.Generator, series: int, periods: int) -> pd.DataFrame:
    """Draw shares of about a million cases from a beta distribution, 8 % give or take 2.9."""
    exposure = rng.integers(800_000, 1_200_000, (series, periods))
    events = rng.binomial(exposure, rng.beta(6.92, 79.6, (series, periods)))
    rows = level_rows(events / exposure, 0.0)
    return rows.assign(
        events=events.ravel(), exposure=exposure.ravel(), kind="rate", ceiling=1.0
    )


FAMILIES: dict[str, Draw] = {
    "normal, independent": autoregressive(0.0),
    "AR(1), rho 0.3": autoregressive(0.3),
    "AR(1), rho 0.6": autoregressive(0.6),
    "AR(1), rho 0.9": autoregressive(0.9),
    "random walk": walk,
    "growth 0.2 % a week": growth(0.002),
    "growth 0.5 % a week": growth(0.005),
    "growth 0.6 % a week": growth(0.006),
    "counts, spread 15 %": counts(0.15),
    "counts, spread 23 %": counts(0.23),
    "counts, spread 45 %": counts(0.45),
    "rate, chance only": rates(0.0),
    "rate, spread 3 points": rates(0.03),
    "rate, 8 %, lopsided": lopsided,
    "Student t, 5 df": heavy,
}


def judged(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return p-values and which series are outside their limits, in the newest week."""
    table = signals.judge(rows, grain="week", shown=rows["period"].max()).table
    outside = (table["value"] < table["lower"]) | (table["value"] > table["upper"])
    return table["p_value"].to_numpy(), outside.to_numpy()


def headline(p: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Apply the rule of `judge` to pages of 30 series each."""
    q = stats.false_discovery_control(p.reshape(-1, PAGE), axis=1)
    return (q < ALPHA) & outside.reshape(-1, PAGE)


def false(draw: Draw) -> float:
    """Return false headlines a 30 series-quarters."""
    rows = draw(np.random.default_rng(SEED), PAGE * QUARTERS, FIRST + PAGES)
    weeks = np.sort(rows["period"].unique())[FIRST:]
    found = sum(headline(*judged(rows[rows["period"] <= week])).sum() for week in weeks)
    return float(found) / QUARTERS


def power(rho: float, periods: int, step: float) -> float:
    """Return how often a step in the week shown is a headline among 30 series."""
    values = path(np.random.default_rng(SEED), PAGE * STEPPED, periods + 1, rho)
    values[::PAGE, -1] += step
    return float(headline(*judged(level_rows(values)))[:, 0].mean())


def main() -> None:
    began = time.perf_counter()
    say = sys.stdout.write
    say(f"seed {SEED}; % of {SERIES:,} points: p < 1 % | p < 0.27 % | outside limits;\n")
    say("last column: false headlines in 30 series-quarters (bar: 1)\n")
    lengths = (8, 15, 26, 52, 104)
    say(f"{'':24}" + "".join(f"{f'n = {n}':>18}" for n in lengths) + "    false\n")
    for name, draw in FAMILIES.items():
        cells = []
        for n in lengths:
            p, outside = judged(draw(np.random.default_rng(SEED), SERIES, n + 1))
            shares = ((p < 0.01).mean(), (p < 0.0027).mean(), outside.mean())
            cells.append(" ".join(f"{100 * x:5.2f}" for x in shares))
        say(f"{name:24}" + "".join(f"{cell:>18}" for cell in cells) + f"{false(draw):9.2f}\n")
    say("\n% of steps found in the week they happen, among 30 series; sd of the innovations\n")
    say(f"{'':24}" + "".join(f"{f'step {step}':>9}" for step in (2, 3, 4, 5)) + "\n")
    for rho in (0.0, 0.5, 0.9):
        for n in (15, 26, 52):
            found = (100 * power(rho, n, step) for step in (2, 3, 4, 5))
            say(f"{f'rho {rho}, n = {n}':24}" + "".join(f"{x:9.0f}" for x in found) + "\n")
    rows = autoregressive(0.3)(np.random.default_rng(SEED), 1_000, 104)
    start = time.perf_counter()
    signals.judge(rows, grain="week", shown=rows["period"].max())
    say(f"\n1,000 series x 104 weeks: {time.perf_counter() - start:.2f} s; ")
    say(f"whole benchmark {time.perf_counter() - began:.0f} s\n")


if __name__ == "__main__":
    main()
