"""Tests of making parts add up to wholes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.errors import ContractError
from insights.methods.forecasts import forecast, reconcile

TREE = pd.DataFrame({"unique_id": ["all", "a", "b"], "parent": [None, "all", "all"]})
CROSSED = pd.DataFrame(
    [("all", None), ("m1", "all"), ("m2", "all"), ("q1", "all"), ("q2", "all")]
    + [(f"{m}{q}", up) for m in ("m1", "m2") for q in ("q1", "q2") for up in (m, q)],
    columns=["unique_id", "parent"],
)
NODES = list(dict.fromkeys(CROSSED["unique_id"]))
CELLS = ["m1q1", "m1q2", "m2q1", "m2q2"]


def table(means, periods=1, **columns):
    names = list(means)
    when = pd.date_range("2025-01-06", periods=periods, freq="7D")
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(names, periods),
            "ds": np.tile(when, len(names)),
            "mean": np.concatenate([np.broadcast_to(m, periods) for m in means.values()]),
        }
    ).astype({"mean": float})
    return frame.assign(**columns)


def misfit(result):
    wide = result.pivot_table(index="unique_id", columns="ds", values="mean")
    gaps = [
        wide.loc["all"] - wide.loc[CELLS].sum(),
        wide.loc["m1"] - wide.loc[["m1q1", "m1q2"]].sum(),
        wide.loc["q2"] - wide.loc[["m1q2", "m2q2"]].sum(),
    ]
    return np.abs(np.array(gaps)).max()


def test_two_parts_and_their_whole_by_hand():
    """Whole 10, parts 4 and 4; variances 2, 1, 1: the least squares are at 9, 4.5 and 4.5."""
    result = reconcile(table({"all": 10, "a": 4, "b": 4}), TREE)
    np.testing.assert_allclose(result["mean"], [9, 4.5, 4.5])


def test_errors_say_which_forecast_moves():
    """Errors of b are ten times those of a: b gives way a hundred times as far."""
    rng = np.random.default_rng(0)
    size = {"all": 1.0, "a": 1.0, "b": 10.0}
    errors = pd.DataFrame(
        [(u, o, s * e) for u, s in size.items() for o, e in enumerate(rng.normal(size=400))],
        columns=["unique_id", "origin", "error"],
    )
    moved = reconcile(table({"all": 10, "a": 4, "b": 4}), TREE, errors=errors)["mean"]
    assert moved[0] == pytest.approx(10, abs=0.1)
    assert moved[1] == pytest.approx(4, abs=0.1)
    assert moved[2] == pytest.approx(6, abs=0.2)


def slow_mint(base, sums, weights):
    """As printed: S (S' W^-1 S)^-1 S' W^-1 y (Wickramasuriya et al. 2019, eq. 8)."""
    inverse = np.linalg.inv(weights)
    return sums @ np.linalg.inv(sums.T @ inverse @ sums) @ sums.T @ inverse @ base


def test_structural_weights_reproduce_the_printed_formula():
    base = dict(zip(NODES, [100.0, 55, 40, 60, 45, 30, 20, 25, 28], strict=True))
    sums = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1],
                     *np.eye(4)])  # fmt: skip
    wanted = slow_mint(np.array(list(base.values())), sums, np.diag(sums.sum(axis=1)))
    result = reconcile(table(base), CROSSED)
    np.testing.assert_allclose(result["mean"], wanted)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 1000), min_size=18, max_size=18))
def test_parts_add_up_and_nothing_is_negative(values):
    means = dict(zip(NODES, np.array(values).reshape(9, 2), strict=True))
    result = reconcile(table(means, periods=2), CROSSED)
    assert misfit(result) < 1e-8
    assert (result["mean"] >= 0).all()


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(1, 1000), min_size=4, max_size=4))
def test_what_adds_up_is_left_as_it_is(cells):
    a, b, c, d = cells
    means = dict(
        zip(NODES, [a + b + c + d, a + b, c + d, a + c, b + d, a, b, c, d], strict=True)
    )
    base = table(means)
    np.testing.assert_allclose(reconcile(base, CROSSED)["mean"], base["mean"], rtol=1e-9)


def test_median_and_intervals_move_with_their_mean():
    base = table({"all": 10, "a": 4, "b": 4}, median=[9.0, 4, 2], **{"lo-80": 0.0})
    base["hi-80"] = base["mean"] * 2
    result = reconcile(base, TREE)
    np.testing.assert_allclose(result["median"], [8.1, 4.5, 2.25])
    np.testing.assert_allclose(result["hi-80"], [18, 9, 9])
    assert (result["lo-80"] == 0).all()
    assert list(result.columns) == list(base.columns)
    signed = reconcile(base.assign(mean=[10.0, -4, 4]), TREE)
    shift = signed["mean"] - [10.0, -4, 4]
    np.testing.assert_allclose(signed["median"], base["median"] + shift)


def test_row_order_is_kept_and_the_table_is_not_changed():
    base = table({"all": 10, "a": 4, "b": 4}, periods=3)
    mixed = base.sample(frac=1, random_state=1)
    result = reconcile(mixed, TREE)
    assert (result.index == mixed.index).all()
    pd.testing.assert_frame_equal(result.sort_index(), reconcile(base, TREE))
    assert mixed.sort_index().equals(base)


def test_forecasts_with_their_replayed_errors_add_up_and_do_not_get_worse():
    rng = np.random.default_rng(3)
    cells = 60 * np.exp(0.15 * rng.normal(size=(4, 114)))
    cells *= np.exp(0.03 * rng.normal(size=(4, 114)).cumsum(axis=1))
    sums = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1],
                     *np.eye(4)])  # fmt: skip
    y = sums @ cells
    when = pd.date_range("2023-01-02", periods=114, freq="7D")
    long = pd.concat([pd.DataFrame({"unique_id": n, "ds": when, "y": y[i]})
                      for i, n in enumerate(NODES)])  # fmt: skip
    result = forecast(long[long["ds"] < when[104]], horizon=10, freq="W-MON")
    whole = reconcile(result.table, CROSSED, errors=result.errors)
    assert misfit(whole) < 1e-8
    actual = long[long["ds"] >= when[104]].set_index(["unique_id", "ds"])["y"]

    def miss(frame):
        return (frame.set_index(["unique_id", "ds"])["mean"] - actual).abs().mean()

    assert miss(whole) < 1.1 * miss(result.table)


REFUSED = {
    "columns of the table": (
        table({"all": 1, "a": 1, "b": 1}).drop(columns="mean"), TREE, None,
        "reconcile: table lacks columns: mean. Give unique_id, ds and mean.",
    ),
    "columns of the hierarchy": (
        table({"all": 1, "a": 1, "b": 1}), TREE[["unique_id"]], None,
        "reconcile: hierarchy lacks columns: parent. Give one row a (unique_id, parent).",
    ),
    "series": (
        table({"all": 1, "a": 1, "c": 1}), TREE, None,
        "reconcile: 1 series only in the hierarchy: b; 1 series only in the table: c. "
        "Give every series in both.",
    ),
    "circle": (
        table({"a": 1, "b": 1}),
        pd.DataFrame({"unique_id": ["a", "b"], "parent": ["b", "a"]}), None,
        "reconcile: the hierarchy goes in a circle: a, b. Give each its wholes only.",
    ),
    "dates": (
        table({"all": 1, "a": 1, "b": 1}, periods=2).iloc[:-1], TREE, None,
        "reconcile: 1 of 3 series lack a mean at some date: b. Forecast all from one origin.",
    ),
    "twice": (
        pd.concat([table({"all": 1, "a": 1, "b": 1}), table({"a": 1})]), TREE, None,
        "reconcile: (unique_id, ds) that come twice in table. Drop one.",
    ),
    "columns of the errors": (
        table({"all": 1, "a": 1, "b": 1}), TREE, pd.DataFrame({"unique_id": [], "error": []}),
        "reconcile: errors lack columns. Give unique_id, error and what tells observations "
        "apart, such as origin and horizon.",
    ),
    "few errors": (
        table({"all": 1, "a": 1, "b": 1}), TREE,
        pd.DataFrame({"unique_id": ["a"] * 5 + ["b"] * 3, "origin": [*range(5), *range(3)],
                      "error": 1.0}),
        "reconcile: 2 of 3 series have fewer than 4 errors: all, b. "
        "Give more, or leave errors out.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", list(REFUSED))
def test_what_cannot_be_reconciled_is_refused_in_full(what):
    base, hierarchy, errors, message = REFUSED[what]
    with pytest.raises(ContractError) as raised:
        reconcile(base, hierarchy, errors=errors)
    assert str(raised.value) == message
