"""Does `segments.find` name the causes of a change, and stay quiet where there are none?

Simulated operations of 3 to 5 dimensions with 3 to 7 values each, uneven, a third of the
combinations absent. A case with causes has one to three that do not overlap, each naming one
to three values, holding 1 to 25 % of the events, moving by 1.5 to 3 times, up or down, and by
at least six standard errors of its own counts. Siblings: two or three combinations alike but
for one value move by one factor of 1.5 to 2.2, each by at least four standard errors. F1 counts
exact combinations. Wobble: every leaf by 15 % more. Quiet cases: only counting noise; leaves
wobble; the mix alone moves; every value of the first dimension wobbles by 10 % as a whole. A
plain peer scans one dimension at a time (z of each value against all others, Bonferroni over
the values) on the same cases.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pandas as pd
from scipy import stats

from insights.methods import segments

SEEDS, CASES = (20260101, 20260102, 20260103), 60
CAUSES = ("rate", "total")
MOVED = ("causes", "causes and wobble", "siblings", "siblings and wobble")
QUIET = ("counting noise", "leaves wobble", "mix moves", "values wobble")
LEAVES = (500, 1_500, 5_000, 15_000, 50_000)
Cause = dict[str, str]


def operation(rng: np.random.Generator, sizes: np.ndarray, leaves: int = 0) -> pd.DataFrame:
    """Draw combinations and their weights: ``leaves`` of them, or two in three."""
    size = int(np.prod(sizes))
    kept = rng.choice(size, leaves, replace=False) if leaves else rng.permutation(size)
    kept = np.sort(kept[: leaves or max(2 * size // 3, 4)])
    places = np.array(np.unravel_index(kept, sizes))
    frame = {f"d{d}": np.char.add(f"v{d}", at.astype(str)) for d, at in enumerate(places)}
    weight = np.ones(len(kept))
    for at, count in zip(places, sizes, strict=True):
        weight *= rng.dirichlet(np.full(count, 2.0))[at]
    return pd.DataFrame(frame | {"weight": weight / weight.sum()})


def pick(
    rng: np.random.Generator, frame: pd.DataFrame, dims: list[str]
) -> tuple[Cause, np.ndarray]:
    """Draw one combination of one to three values, and the leaves that it holds."""
    named = sorted(rng.choice(dims, rng.integers(1, 4), replace=False).tolist())
    leaf = frame.iloc[int(rng.integers(len(frame)))]
    hit = np.logical_and.reduce([(frame[d] == leaf[d]).to_numpy() for d in named])
    return {d: leaf[d] for d in named}, hit


def causes(
    rng: np.random.Generator, frame: pd.DataFrame, mean: np.ndarray, dims: list[str]
) -> tuple[list[Cause], np.ndarray]:
    """Draw causes that do not overlap, and the factor by which each leaf moves."""
    factor, found = np.ones(len(frame)), []
    wanted = int(rng.integers(1, 4))
    for _ in range(300):
        where, hit = pick(rng, frame, dims)
        size = float(np.exp(rng.uniform(np.log(1.5), np.log(3)) * rng.choice([-1, 1])))
        events = mean[hit].sum()
        seen = abs(size - 1) * np.sqrt(events / (1 + size))
        fair = 0.01 <= events / mean.sum() <= 0.25 and hit.sum() > 1
        if fair and seen >= 6 and (factor[hit] == 1).all():
            factor[hit] = size
            found.append(where)
        if len(found) == wanted:
            break
    return found, factor


def siblings(
    rng: np.random.Generator, frame: pd.DataFrame, mean: np.ndarray, dims: list[str]
) -> tuple[list[Cause], np.ndarray]:
    """Draw two or three combinations alike but for one value, and each leaf's factor."""
    factor = np.ones(len(frame))
    wanted = int(rng.integers(2, 4))
    for _ in range(300):
        where, _ = pick(rng, frame, dims)
        dim = str(rng.choice(list(where)))
        values = rng.permutation(frame[dim].unique())
        if len(values) < wanted + 2:  # else the others are the ones that moved
            continue
        size = float(np.exp(rng.uniform(np.log(1.5), np.log(2.2)) * rng.choice([-1, 1])))
        found = [where | {dim: value} for value in values[:wanted]]
        hits = [
            np.logical_and.reduce([(frame[d] == v).to_numpy() for d, v in one.items()])
            for one in found
        ]
        events = np.array([mean[hit].sum() for hit in hits])
        seen = abs(size - 1) * np.sqrt(events / (1 + size))
        held = [hit.sum() > 1 for hit in hits]
        if all(held) and seen.min() >= 4 and events.sum() <= 0.3 * mean.sum():
            factor[np.logical_or.reduce(hits)] = size
            return found, factor
    return [], factor


def draw(
    rng: np.random.Generator,
    frame: pd.DataFrame,
    dims: list[str],
    kind: str,
    mean: tuple[np.ndarray, np.ndarray],
    rate: tuple[np.ndarray, np.ndarray],
) -> pd.DataFrame:
    """Draw the rows of both sides."""
    sides = []
    for side, expected, share in zip(("before", "after"), mean, rate, strict=True):
        if kind == "total":
            events, exposure = rng.poisson(expected * share), np.ones(len(frame))
        else:
            exposure = rng.poisson(expected)
            events = rng.binomial(exposure, np.minimum(share, 0.95))
        sides.append(
            frame[dims].assign(side=side, events=events * 1.0, exposure=exposure * 1.0)
        )
    return pd.concat(sides, ignore_index=True)


def case(
    seed: int, number: int, family: str, kind: str
) -> tuple[pd.DataFrame, list[str], list[Cause]]:
    """Draw one case: its rows, its dimensions and the causes planted in it."""
    families = [*QUIET, *MOVED]
    rng = np.random.default_rng([seed, number, families.index(family)])
    frame = operation(rng, rng.integers(3, 8, int(rng.integers(3, 6))))
    dims = [c for c in frame if c != "weight"]
    volume = 10 ** rng.uniform(4.5, 5.8)
    base = rng.uniform(0.03, 0.2) * np.exp(rng.normal(0, 0.3, len(frame)))
    mean = frame["weight"].to_numpy() * volume
    if kind == "total":
        mean, base = mean * 0.1, np.ones(len(frame))
    after, factor, found = mean, np.ones(len(frame)), []
    if family in MOVED:
        plant = siblings if family.startswith("siblings") else causes
        found, factor = plant(rng, frame, mean * base, dims)
    code = pd.factorize(frame["d0"])[0]
    if family == "mix moves":
        after = mean * np.exp(rng.normal(0, 0.7, code.max() + 1))[code]
    wobble = np.zeros((2, len(frame)))
    if family == "leaves wobble" or family.endswith("and wobble"):
        wobble = rng.normal(0, 0.15, wobble.shape)
    if family == "values wobble":
        wobble = rng.normal(0, 0.1, (2, code.max() + 1))[:, code]
    rates = (base * np.exp(wobble[0]), base * np.exp(wobble[1]) * factor)
    return draw(rng, frame, dims, kind, (mean, after), rates), dims, found


def named(table: pd.DataFrame, dims: list[str]) -> list[Cause]:
    return [{d: row[d] for d in dims if pd.notna(row[d])} for _, row in table.iterrows()]


def ours(rows: pd.DataFrame, dims: list[str], kind: str) -> list[Cause]:
    return named(segments.find(rows, dims=dims, kind=kind).table, dims)


def plain(rows: pd.DataFrame, dims: list[str], kind: str) -> list[Cause]:
    """Report at most three values with the largest significant z against all others."""
    found: list[tuple[float, Cause]] = []
    after = (rows["side"] == "after").to_numpy(dtype=int)
    events, exposure = (rows[c].to_numpy() for c in ("events", "exposure"))
    for dim in dims:
        code, values = pd.factorize(rows[dim])
        at, size = code * 2 + after, 2 * len(values)
        (b, a), (n, m) = (np.bincount(at, c, size).reshape(-1, 2).T for c in (events, exposure))
        with np.errstate(divide="ignore", invalid="ignore"):
            if kind == "total":
                part = a.sum() / (a + b).sum()
                z = (a - part * (a + b)) / np.sqrt(part * (1 - part) * (a + b))
            else:
                rate = (a + b) / (n + m)
                z = (a / m - b / n) / np.sqrt(rate * (1 - rate) * (1 / n + 1 / m))
        strength = np.nan_to_num(np.abs(z))
        found += [(float(one), {dim: v}) for one, v in zip(strength, values, strict=True)]
    limit = stats.norm.isf(0.025 / len(found))
    return [where for z, where in sorted(found, key=lambda f: -f[0])[:3] if z > limit]


def score(finder, seed: int, family: str, kind: str) -> tuple[float, float, float]:
    """Return F1, the share of cases with any segment, and CPU milliseconds a case."""
    hits = wrong = missed = alarms = 0
    spent = 0.0
    for number in range(CASES):
        rows, dims, truth = case(seed, number, family, kind)
        start = time.process_time()
        found = finder(rows, dims, kind)
        spent += time.process_time() - start
        good = sum(where in found for where in truth)
        hits, wrong, missed = hits + good, wrong + len(found) - good, missed + len(truth) - good
        alarms += bool(found)
    return 2 * hits / max(2 * hits + wrong + missed, 1), alarms / CASES, 1e3 * spent / CASES


def curve() -> None:
    """Print what 6 dimensions cost by leaves."""
    say = sys.stdout.write
    say(f"\n6 dimensions, one cause: {'leaves':>8}{'kind':>7}{'CPU s':>8}{'peak MB':>9}\n")
    for leaves in LEAVES:
        for kind in CAUSES:
            rng = np.random.default_rng([SEEDS[0], leaves])
            frame = operation(rng, np.array([12, 10, 8, 7, 6, 5]), leaves)
            dims = [c for c in frame if c != "weight"]
            factor = np.where((frame["d0"] == "v01") & (frame["d2"] == "v22"), 2.0, 1.0)
            base = np.full(leaves, 0.1) * np.exp(rng.normal(0, 0.15, (2, leaves)))
            mean = frame["weight"].to_numpy() * leaves * 100
            rows = draw(rng, frame, dims, kind, (mean, mean), (base[0], base[1] * factor))
            start = time.process_time()
            segments.find(rows, dims=dims, kind=kind)
            spent = time.process_time() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            say(f"{'':25}{leaves:>8,}{kind:>7}{spent:8.3f}{peak:9.0f}\n")


def main() -> None:
    began = time.perf_counter()
    say = sys.stdout.write
    curve()
    say(
        f"\n{CASES} cases a cell, seeds {', '.join(map(str, SEEDS))}; F1, then share of quiet\n"
    )
    say(f"cases with a segment (wanted: at most .05){'ours':>20}{'ms':>5}{'plain':>20}\n")
    for family in (*MOVED, *QUIET):
        for kind in CAUSES:
            if kind == "total" and family == "mix moves":
                continue
            cells = []
            for finder in (ours, plain):
                done = [score(finder, seed, family, kind) for seed in SEEDS]
                column = 0 if family in MOVED else 1
                cells.append(" ".join(f"{one[column]:.2f}" for one in done))
                cells.append(f"{np.mean([one[2] for one in done]):.0f}")
            say(f"{family:18}{kind:>7}{cells[0]:>36}{cells[1]:>5}{cells[2]:>20}\n")
    say(f"whole benchmark {time.perf_counter() - began:.0f} s\n")


if __name__ == "__main__":
    main()
