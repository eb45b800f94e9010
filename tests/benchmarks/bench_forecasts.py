"""How near do forecasts come, do their intervals hold, and what do they cost?

Public series (in INSIGHTS_SHARED, default ../shared) are scored by its bench/forecast_bench.py:
OWA against Naive2, lower is better; coverage of 80 and 95 % intervals; bias of the mean. Four
sets are made here: hours of a bank's call centre, closed at night and at weekends (there Naive2
divides by zero; see MASE); statements filed a day under the Digital Services Act, with holes;
simulated days with gaps; and simulated hours with a day and a week (seed 20260101). Cost is CPU
in one process, what is loaded once left out.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from insights.methods.forecasts import forecast, reconcile

SEED = 20260101
ROOT = Path(__file__).resolve().parents[2]
SHARED = (ROOT / os.environ.get("INSIGHTS_SHARED", "../shared")).resolve()
PURPOSES = {"Business", "Holiday", "Other", "Visiting"}
Set = tuple[pd.DataFrame, pd.DataFrame, dict[str, np.ndarray], int, str, int]


def judge() -> ModuleType:
    """Load the outside judge of forecasts."""
    spec = importlib.util.spec_from_file_location(
        "forecast_bench", SHARED / "bench" / "forecast_bench.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bank_hourly(bench: ModuleType) -> Set:
    """Calls by the hour, nights and weekends as zeros; 48 hours from 8 origins."""
    rows = pd.read_csv(SHARED / "data/support/bank_calls_5min_2003.csv.gz")
    hour = pd.to_datetime(rows["DateTime"]).dt.tz_localize(None).dt.floor("h")
    calls = rows["Calls"].groupby(hour).sum()
    every = pd.date_range(calls.index[0].normalize(), calls.index[-1], freq="h")
    y = calls.reindex(every, fill_value=0).astype(float)
    long = pd.DataFrame({"unique_id": "bank", "ds": every, "y": y.to_numpy()})
    return bench.rolling(long, 48, "h", 24, 8, step=48)


def dsa_daily(bench: ModuleType) -> Set:
    """Statements filed a day by platform, days without any unknown; 28 days from 6 origins."""
    rows = pd.read_csv(SHARED / "data/eu_dsa/statements_daily.csv.gz", parse_dates=["date"])
    parts = []
    for name, one in rows.groupby("platform"):
        count = one.set_index("date")["sor_count"].astype(float)
        every = pd.date_range(count.index[0], rows["date"].max())
        if len(every) >= 400:
            y = count.reindex(every).to_numpy()
            parts.append(pd.DataFrame({"unique_id": name, "ds": every, "y": y}))
    return bench.rolling(pd.concat(parts), 28, "D", 7, 6, step=28)


def gaps(bench: ModuleType) -> Set:
    """40 daily queues with a week, a year, growth and gaps; 28 days from 2 origins."""
    rng, parts, n = np.random.default_rng(SEED), [], 800
    t = np.arange(n)
    for i in range(40):
        week = np.exp(0.2 * rng.normal(size=7)) * np.where(np.arange(7) < 5, 1, 0.6)
        level = np.exp(rng.uniform(3, 7.5) + rng.normal(0.0003, 0.006, n).cumsum())
        year = np.exp(0.15 * np.sin(2 * np.pi * (t + rng.integers(365)) / 365.25))
        y = rng.negative_binomial(25, 25 / (25 + level * year * week[t % 7])).astype(float)
        y[rng.random(n) < 0.02] = np.nan
        if i % 2:
            y[(at := rng.integers(100, 600)) : at + rng.integers(3, 40)] = np.nan
        y[0] = level[0]
        when = pd.date_range("2022-01-03", periods=n)
        parts.append(pd.DataFrame({"unique_id": f"d{i:02}", "ds": when, "y": y}))
    return bench.rolling(pd.concat(parts), 28, "D", 7, 2, step=28)


def hours(bench: ModuleType) -> Set:
    """40 hourly series with a day, a week and correlated noise; 48 hours from 1 origin."""
    rng, parts, n = np.random.default_rng(SEED), [], 24 * 7 * 5 + 48
    t = np.arange(n)
    for i in range(40):
        day = np.exp(0.5 * np.sin(2 * np.pi * (np.arange(24) / 24 + rng.random())))
        weekend = np.where(np.arange(7) < 5, 1, rng.uniform(0.5, 1.1))
        level = rng.uniform(50, 5000) * np.exp(rng.normal(0, 0.004, n).cumsum())
        noise = rng.normal(0, rng.uniform(0.02, 0.08), n)
        for at in range(1, n):
            noise[at] += 0.7 * noise[at - 1]
        y = np.round(level * day[t % 24] * weekend[t // 24 % 7] * np.exp(noise))
        when = pd.date_range("2024-01-01", periods=n, freq="h")
        parts.append(pd.DataFrame({"unique_id": f"h{i:02}", "ds": when, "y": y}))
    return bench.rolling(pd.concat(parts), 48, "h", 24, 1)


def scored(bench: ModuleType, data: Set) -> str:
    """Return a line of the table."""
    train, test, full, horizon, freq, season = data
    began, tables = cpu(), []
    for _, rows in train.groupby("origin"):
        one = rows.drop(columns="origin").reset_index(drop=True)
        tables.append(forecast(one, horizon=horizon, freq=freq).table)
    cost = 1000 * (cpu() - began) / train["unique_id"].nunique()
    known = {u: pd.Series(x).ffill().to_numpy() for u, x in full.items()}
    with np.errstate(all="ignore"):
        o = bench.score(test, known, horizon, season, pd.concat(tables))
    return (
        f"{o['series']:>7}{o['owa']:>8.3f}{o['mase']:>8.3f}{o['mase2']:>9.3f}"
        f"{o['coverage80']:>7.2f}{o['coverage95']:>7.2f}{100 * o['bias']:>8.1f}"
        f"{o['negative']:>6.0f}{cost:>8.0f}"
    )


def cpu() -> float:
    """Return seconds of this process."""
    spent = os.times()
    return spent.user + spent.system


def parents(name: str) -> list[tuple[str, str | None]]:
    """Return what a tourism series is part of, with its purpose and without."""
    parts = name.split("/")
    if len(parts) == 1:
        return [(name, None)]
    found: list[tuple[str, str | None]] = [(name, "/".join(parts[:-1]))]
    if parts[-1] in PURPOSES and len(parts) > 2:
        found.append((name, "/".join([*parts[:-2], parts[-1]])))
    return found


def coherent(bench: ModuleType) -> str:
    """Return how reconciling 425 tourism series changes their errors."""
    train, test, full, horizon, freq, season = bench.SETS["tourism"]()
    base = forecast(train.drop(columns="origin"), horizon=horizon, freq=freq)
    edges = [
        (f"{child}@0", up and f"{up}@0")
        for name in base.ids
        for child, up in parents(str(name).removesuffix("@0"))
    ]
    hierarchy = pd.DataFrame(edges, columns=["unique_id", "parent"])
    scale = {u: np.nanmean(np.abs(x[season:] - x[:-season])) for u, x in full.items()}
    actual = test.set_index(["unique_id", "ds"])["y"]

    def mase(table: pd.DataFrame, column: str) -> float:
        miss = (table.set_index(["unique_id", "ds"])[column] - actual).abs()
        return float((miss.groupby("unique_id").mean() / pd.Series(scale)).mean())

    lines = []
    for name, errors in (("structural", None), ("replayed errors", base.errors)):
        table = reconcile(base.table, hierarchy, errors=errors)
        ratios = (mase(table, c) / mase(base.table, c) for c in ("mean", "median"))
        wide = table.pivot_table(index="unique_id", columns="ds", values="mean")
        leaf = wide[~wide.index.isin(hierarchy["parent"])].sum()
        gap = float((wide.loc["Australia@0"] - leaf).abs().max())
        text = ", ".join(f"{r:.3f}" for r in ratios)
        lines.append(f"{name:18} mean, median {text} of the base; largest gap {gap:.1e}")
    return "\n".join(lines)


def growing(count: int) -> float:
    """Return CPU seconds for so many daily series of two years."""
    rng, t = np.random.default_rng(SEED), np.arange(730)
    week = np.exp(0.2 * rng.normal(size=(count, 7)))[:, t % 7]
    level = np.exp(rng.uniform(2, 7, (count, 1)) + rng.normal(0, 0.01, (count, 730)).cumsum(1))
    y = rng.poisson(level * week * rng.gamma(25, 1 / 25, (count, 730))).astype(float)
    names = np.array([f"s{i:03}" for i in range(count)], dtype=object)
    when = pd.date_range("2023-01-01", periods=730)
    rows = pd.DataFrame(
        {"unique_id": np.repeat(names, 730), "ds": np.tile(when, count), "y": y.ravel()}
    )
    began = cpu()
    forecast(rows, horizon=28, freq="D")
    return cpu() - began


def main() -> None:
    say, began, bench = sys.stdout.write, time.perf_counter(), judge()
    own: dict[str, Callable[[ModuleType], Set]] = {
        "bank_hourly": bank_hourly, "dsa_daily": dsa_daily, "gaps, simulated": gaps,
        "hours, simulated": hours,
    }  # fmt: skip
    there = ("m4_weekly", "tourism", "bank_daily", "lowcount")
    say(f"{'':18}{'series':>7}{'OWA':>8}{'MASE':>8}{'Naive2':>9}{'80 %':>7}{'95 %':>7}"
        f"{'bias %':>8}{'neg':>6}{'CPU ms':>8}\n")  # fmt: skip
    growing(5)  # what is loaded once is not counted
    for name in there:
        say(f"{name:18}{scored(bench, bench.SETS[name]())}\n")
    for name, make in own.items():
        say(f"{name:18}{scored(bench, make(bench))}\n")
    say(f"\nTourism, 425 series made to add up:\n{coherent(bench)}\n\n")
    for count in (125, 250, 500):
        seconds = growing(count)
        say(f"{count} daily series of two years: {seconds:.1f} s, "
            f"{1000 * seconds / count:.0f} ms a series\n")  # fmt: skip
    say(f"whole benchmark {time.perf_counter() - began:.0f} s\n")


if __name__ == "__main__":
    main()
