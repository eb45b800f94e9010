"""How often do drivers err, how sure are their shares, and how long does it take?

Seed 20260101 throughout. Size: samples in which no driver does anything, by model and rows; and
tickets in which seven of ten drivers do. Coverage: how often 95 % intervals of shares hold the
population's. Thresholds: lines without a bend, and bends that are there. Speed: the task of
issue 4 against the same shares by a loop of least-squares fits, in one process, in turns.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from insights.errors import MethodError
from insights.methods import drivers
from insights.methods.drivers import shares

SEED = 20260101
SEEDS, SAMPLES, ROUNDS, LOOPED = 50, 200, 5, 3
TRUE = [
    "first_reply_hours", "resolution_hours", "granted", "quality", "reopened", "transfers",
    "topic",
]  # fmt: skip
NULL = ["agent_shift", "device", "macro_count"]
WAITS = TRUE[:2]
SIGN = {"granted": 1, "quality": 1} | dict.fromkeys([*WAITS, "reopened", "transfers"], -1)
say = sys.stdout.write


def nothing(rng: np.random.Generator, n: int, model: str) -> pd.DataFrame:
    """Draw eight drivers, skewed, rare, correlated and text, and an outcome apart from them."""
    rows = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    rows["b"] = 0.7 * rows["a"] + 0.7 * rows["b"]
    rows["skewed"] = rng.lognormal(0, 1.5, n)
    rows["rare"] = rng.permutation(n) < max(n // 20, 12)
    rows["item"] = rng.integers(1, 6, n)
    rows["kind"] = rng.choice(["x", "y", "z"], n, p=[0.7, 0.2, 0.1])
    outcome = {
        "linear": rng.lognormal(0, 1, n),
        "logit": rng.random(n) < 0.3,
        "ordinal": rng.choice([1, 2, 3, 4, 5], n, p=[0.1, 0.1, 0.1, 0.25, 0.45]),
    }
    return rows.assign(y=outcome[model])


def tickets(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw tickets whose satisfaction has the simulator's coefficients."""
    topic = rng.choice(["account", "payout", "appeal", "safety"], n, p=[0.4, 0.2, 0.25, 0.15])
    rows = pd.DataFrame(
        {
            "first_reply_hours": rng.lognormal(1.5, 1, n),
            "resolution_hours": rng.lognormal(3, 1, n),
            "granted": rng.random(n) < 0.6,
            "quality": rng.normal(size=n),
            "reopened": rng.random(n) < 0.09,
            "transfers": rng.random(n) < 0.12,
            "topic": topic,
            "agent_shift": rng.choice(["early", "late", "night"], n),
            "device": rng.choice(["ios", "android", "web"], n, p=[0.4, 0.5, 0.1]),
            "macro_count": rng.poisson(np.where(topic == "appeal", 3, 1)),
        }
    )
    latent = (
        1.9
        - 0.22 * np.log2(1 + rows["first_reply_hours"])
        - 0.10 * np.log2(1 + rows["resolution_hours"])
        + 0.9 * rows["granted"]
        + 0.55 * rows["quality"]
        - 0.60 * rows["reopened"]
        - 0.45 * rows["transfers"]
        - 0.70 * (topic == "appeal")
    )
    latent = latent + 0.6 * rng.logistic(size=n)
    score = 1 + np.searchsorted([-0.5, 0.3, 1.0, 1.8], latent)
    return rows.assign(latent=latent, score=score, satisfied=score >= 4)


def sizes() -> None:
    say(f"% of {SEEDS} samples with a supported driver, none of eight doing anything\n")
    say(f"{'':24}" + "".join(f"{f'n = {n}':>10}" for n in (200, 600, 3000)) + "\n")
    for model in ("linear", "logit", "ordinal"):
        cells = []
        for n in (200, 600, 3000):
            hits = refused = 0
            for seed in range(SEEDS):
                rows = nothing(np.random.default_rng([SEED, seed]), n, model)
                names = list(rows.columns.drop("y"))
                options = {"outcome": "y", "drivers": names, "bootstraps": 100}
                try:
                    hits += drivers.importance(rows, model=model, **options).supported != []
                except MethodError:  # twelve rows of a rare driver have one outcome only
                    refused += 1
            cells.append(
                f"{100 * hits / SEEDS:10.0f}" + f" ({refused} refused)" * (refused > 0)
            )
        say(f"{model:24}" + "".join(cells) + "\n")


def planted() -> None:
    names = [*TRUE, *NULL]
    many = tickets(np.random.default_rng(SEED), 100_000)
    truth = drivers.importance(
        many, outcome="latent", drivers=names, log=WAITS, bootstraps=100
    ).table["share"]
    say(f"\n{SEEDS} samples of tickets, seven of ten drivers do something: Kendall's tau of\n")
    say("shares with the latent truth (mean, least), % of signs right, % of true drivers\n")
    say("supported, % of null drivers supported, % of samples with any null one supported\n")
    for model, outcome in (("linear", "score"), ("logit", "satisfied"), ("ordinal", "score")):
        for n in (1000, 3000):
            tau, right, found, false = [], [], [], []
            for seed in range(SEEDS):
                rows = tickets(np.random.default_rng([SEED, seed]), n)
                one = drivers.importance(
                    rows, outcome=outcome, drivers=names, log=WAITS, model=model,
                    bootstraps=100,
                )  # fmt: skip
                tau.append(stats.kendalltau(truth, one.table["share"]).statistic)
                effect = one.table["effect"]
                right.append(np.mean([effect[k] * s > 0 for k, s in SIGN.items()]))
                found.append(np.mean([k in one.supported for k in TRUE]))
                false.append(np.mean([k in one.supported for k in NULL]))
            cells = (right, found, false, np.array(false) > 0)
            say(f"{f'{model}, n = {n}':24}{np.mean(tau):8.2f}{min(tau):8.2f}")
            say("".join(f"{100 * np.mean(cell):8.0f}" for cell in cells) + "\n")


def population(rho: float, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return coefficients, a root of the drivers' covariance, and the true shares."""
    beta = np.array([0.6, 0.45, 0.3, 0.2, 0.1, 0.05, 0.0, 0.0])
    sigma = rho + (1 - rho) * np.eye(8)
    cross = np.empty((9, 9))
    cross[:8, :8] = sigma
    cross[:8, 8] = cross[8, :8] = sigma @ beta
    cross[8, 8] = beta @ sigma @ beta + noise**2
    return beta, np.linalg.cholesky(sigma), shares.divided(cross[None], [1] * 8)[0]


def coverage() -> None:
    say(f"\n% of {SAMPLES} intervals (95 %) that hold the population's share; by true share\n")
    say(f"{'':40}" + "".join(f"{name:>9}" for name in ("> .2", ".1-.2", "< .1", "0")) + "\n")
    for n, rho, noise, kind in (
        (200, 0.3, 1.0, "normal"), (200, 0.3, 3.0, "normal"), (1000, 0.3, 3.0, "normal"),
        (5000, 0.3, 3.0, "normal"), (1000, 0.0, 1.0, "normal"), (1000, 0.6, 1.5, "normal"),
        (1000, 0.3, 1.5, "t, 4 df"), (1000, 0.3, 1.5, "spread grows"),
    ):  # fmt: skip
        beta, root, truth = population(rho, noise)
        held = np.zeros((SAMPLES, 8))
        for sample in range(SAMPLES):
            rng = np.random.default_rng([SEED, sample])
            x = rng.normal(size=(n, 8)) @ root.T
            error = (
                rng.standard_t(4, n) / np.sqrt(2) if kind == "t, 4 df" else rng.normal(size=n)
            )
            if kind == "spread grows":
                error = error * np.sqrt(0.5 + 0.5 * x[:, 0] ** 2)
            rows = pd.DataFrame(x, columns=list("abcdefgh")).assign(y=x @ beta + noise * error)
            table = drivers.importance(rows, outcome="y", drivers=list("abcdefgh")).table
            held[sample] = (table["lower"] <= truth + 1e-9) & (truth <= table["upper"] + 1e-9)
        groups = (truth > 0.2, (truth > 0.1) & (truth <= 0.2), (truth < 0.1) & (truth > 1e-6),
                  truth <= 1e-6)  # fmt: skip
        cells = [f"{100 * held[:, g].mean():9.0f}" if g.any() else f"{'':9}" for g in groups]
        r2 = 1 - noise**2 / (noise**2 + np.sum((beta @ root) ** 2))
        say(f"{f'n {n}, r {rho}, R² {r2:.2f}, {kind}':40}" + "".join(cells) + "\n")
    for model in ("logit", "ordinal"):
        _coverage_curved(model)


def _coverage_curved(model: str) -> None:
    """Print coverage of shares of the deviance; the truth is that of 200,000 rows."""

    def draw(rng: np.random.Generator, n: int) -> pd.DataFrame:
        x = 0.6 * rng.normal(size=(n, 5)) + 0.5 * rng.normal(size=(n, 1))
        latent = x @ [1.2, 0.8, 0.4, 0.2, 0.0] + rng.logistic(size=n)
        cuts = [0.0] if model == "logit" else [-1.5, -0.5, 0.5, 1.5]
        return pd.DataFrame(x, columns=list("abcde")).assign(y=np.searchsorted(cuts, latent))

    options = {"outcome": "y", "drivers": list("abcde"), "model": model}
    truth = drivers.importance(
        draw(np.random.default_rng(SEED), 200_000), bootstraps=100, **options
    ).table["share"]
    for n in (300, 1500):
        held = []
        for sample in range(SAMPLES):
            rows = draw(np.random.default_rng([SEED, sample]), n)
            table = drivers.importance(rows, **options).table
            held.append((table["lower"] <= truth) & (truth <= table["upper"]))
        each = np.mean(held, axis=0)
        groups = (truth > 0.2, (truth > 0.1) & (truth <= 0.2), truth < 0.1)
        cells = [f"{100 * each[g].mean():9.0f}" if g.any() else f"{'':9}" for g in groups]
        say(f"{f'{model}, n {n}':40}" + "".join(cells) + "\n")


Draw = Callable[[np.random.Generator, np.ndarray], np.ndarray]
LINES: dict[str, Draw] = {
    "nothing": lambda rng, x: rng.normal(size=len(x)),
    "nothing, spread grows": lambda rng, x: (0.3 + x) * rng.normal(size=len(x)),
    "line": lambda rng, x: -0.5 * x + rng.normal(size=len(x)),
    "line, spread grows": lambda rng, x: -0.5 * x + (0.3 + x) * rng.normal(size=len(x)),
    "line, 0 and 1": lambda rng, x: 1.0 * (rng.random(len(x)) < 0.9 - 0.1 * x),
}
BENDS: dict[str, tuple[Draw, float, float]] = {  # at 3 h; with slopes before and after
    "bend": (
        lambda rng, x: -0.1 * x - 0.6 * np.maximum(x - 2, 0) + 0.8 * rng.normal(size=len(x)),
        -0.1, -0.7,
    ),
    "bend, 0 and 1": (
        lambda rng, x: 1.0 * (rng.random(len(x)) < 0.9 - 0.2 * np.maximum(x - 2, 0)), 0.0, -0.2,
    ),
}  # fmt: skip


def bent(draw: Draw, n: int, sample: int) -> drivers.Threshold:
    """Return the threshold of one sample of waits."""
    rng = np.random.default_rng([SEED, sample])
    hours = np.minimum(rng.lognormal(1, 1, n), 60)
    rows = pd.DataFrame({"hours": hours, "y": draw(rng, np.log2(1 + hours))})
    return drivers.thresholds(rows, outcome="y", driver="hours", scale="log", bootstraps=200)


def bends() -> None:
    say(f"\n% of {SAMPLES} samples with a relation, with a threshold\n")
    for name, draw in LINES.items():
        for n in (200, 1000):
            found = [bent(draw, n, sample).shape for sample in range(SAMPLES)]
            cells = (
                np.mean([f != "none" for f in found]),
                np.mean([f == "threshold" for f in found]),
            )
            say(f"{f'{name}, n = {n}':32}" + "".join(f"{100 * c:8.1f}" for c in cells) + "\n")
    say("the same; where found, % whose 95 % intervals hold place, slope before, slope after\n")
    for name, (draw, before, after) in BENDS.items():
        for n in (200, 1000):
            found = [bent(draw, n, sample) for sample in range(SAMPLES)]
            known = [f for f in found if f.shape == "threshold"]
            cells = (
                np.mean([f.shape != "none" for f in found]),
                len(known) / SAMPLES,
                np.mean([f.break_lower <= 3 <= f.break_upper for f in known]),
                np.mean([f.before_range[0] <= before <= f.before_range[1] for f in known]),
                np.mean([f.after_range[0] <= after <= f.after_range[1] for f in known]),
            )
            say(f"{f'{name}, n = {n}':32}" + "".join(f"{100 * c:8.1f}" for c in cells) + "\n")


def looped(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return LMG shares by one least-squares fit a subset: what is commonly written."""
    n, p = x.shape
    left = np.empty(2**p)
    for size in range(p + 1):
        for some in combinations(range(p), size):
            a = np.column_stack([np.ones(n), x[:, some]])
            b = np.linalg.solve(a.T @ a, a.T @ y)
            left[sum(1 << j for j in some)] = np.sum((y - a @ b) ** 2)
    return shares.whole(shares.shapley(left[None]))[0]


def speed() -> None:
    rng = np.random.default_rng(SEED)
    x = 0.7 * rng.normal(size=(5000, 10)) + 0.5 * rng.normal(size=(5000, 1))
    latent = x @ np.linspace(0.6, 0, 10) + rng.logistic(size=5000)
    names = [f"d{at}" for at in range(10)]
    rows = pd.DataFrame(x, columns=names).assign(
        linear=latent, logit=latent > 0, ordinal=np.searchsorted([-2, -1, 0, 1.5], latent)
    )
    took: dict[str, list[tuple[float, float]]] = {}
    first = time.perf_counter()
    drivers.importance(rows, outcome="linear", drivers=names, bootstraps=500)
    first = time.perf_counter() - first  # statsmodels is imported once
    for _ in range(ROUNDS):
        for model in ("linear", "logit", "ordinal", "loop"):
            cpu, wall = time.process_time(), time.perf_counter()
            if model == "loop":
                for sample in range(LOOPED):
                    at = np.random.default_rng(sample).integers(0, 5000, 5000)
                    looped(x[at], latent[at])
            else:
                drivers.importance(
                    rows, outcome=model, drivers=names, model=model, bootstraps=500
                )
            took.setdefault(model, []).append(
                (time.process_time() - cpu, time.perf_counter() - wall)
            )
    say("\n10 drivers, 5,000 rows, 500 bootstraps: seconds of CPU, of wall (median; range)\n")
    for model, each in took.items():
        scale = 501 / LOOPED if model == "loop" else 1.0
        text = "".join(
            f"{scale * np.median(c):10.2f} ({scale * min(c):.2f} to {scale * max(c):.2f})"
            for c in zip(*each, strict=True)
        )
        say(f"{model:12}{text}\n")
    ratio = [
        b[0] * 501 / LOOPED / a[0] for a, b in zip(took["linear"], took["loop"], strict=True)
    ]
    say(f"the loop ran {LOOPED} of 501 samples, scaled; it takes {np.median(ratio):.0f} times ")
    say(f"the CPU of linear ({min(ratio):.0f} to {max(ratio):.0f}); first call with ")
    say(f"statsmodels' import {first:.2f} s\n")


def main() -> None:
    began = time.perf_counter()
    say(f"seed {SEED}\n")
    for part in (sizes, planted, coverage, bends, speed):
        part()
    say(f"whole benchmark {time.perf_counter() - began:.0f} s\n")


if __name__ == "__main__":
    main()
