"""Tests that the segment search takes odd counts without a warning."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from insights.errors import MethodError
from insights.methods import segments


def odd(rng: np.random.Generator, kind: str) -> tuple[pd.DataFrame, list[str]]:
    """A few leaves of any size: none or all are events, sides lack leaves, rates jump."""
    dims = [f"d{at}" for at in range(rng.integers(1, 5))]
    count = int(rng.integers(2, 60))
    names = {d: rng.integers(0, rng.integers(1, 7), count).astype(str) for d in dims}
    grid = pd.DataFrame(names).drop_duplicates()
    sides = []
    for side in ("before", "after"):
        rows = grid[rng.random(len(grid)) < 0.9]
        size = rng.poisson(10 ** rng.uniform(0, 3.5), len(rows)) * (rng.random(len(rows)) < 0.9)
        share = rng.uniform(0, 1) * np.exp(rng.normal(0, rng.choice([0, 0.3, 1.5]), len(rows)))
        events = rng.binomial(size, np.clip(share, 0, 1))
        rows = rows.assign(side=side, events=events, exposure=1 if kind == "total" else size)
        if kind == "mean":
            events = size * rng.normal(0, 1, len(rows))
            least = events**2 / np.maximum(size, 1)
            squares = least + size * rng.gamma(1, 1, len(rows))
            rows = rows.assign(events=events, events_sq=squares)
        sides.append(rows)
    return pd.concat(sides, ignore_index=True), dims


@pytest.mark.parametrize("kind", ["rate", "mean", "total"])
def test_odd_counts_are_searched_or_refused_without_a_warning(kind: str) -> None:
    answered = 0
    for seed in range(60):
        rng = np.random.default_rng([11, seed])
        rows, dims = odd(rng, kind)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = segments.find(
                    rows,
                    dims=dims,
                    kind="total" if kind == "total" else "rate",
                    max_segments=int(rng.integers(1, 5)),
                    max_depth=int(rng.integers(1, 4)),
                )
        except MethodError:
            continue
        answered += 1
        table = found.table
        total = table["contribution"].sum() + found.remainder
        assert total == pytest.approx(found.change, rel=1e-9, abs=1e-9)
        assert np.isfinite(table[["contribution", "lower", "upper"]].to_numpy(float)).all()
        assert (table["p_value"] <= 0.05).all()
        assert (table["q_value"] >= table["p_value"]).all()
    assert answered > 40
