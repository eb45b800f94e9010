"""Tests of splitting a change in a count, in a nested rate and in a product of factors."""

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from insights.errors import ContractError, MethodError, ParamError
from insights.methods.changes import (
    count_change,
    factor_change,
    nested_change,
    rate_change,
)
from insights.results import Result

# counts


def tally(before, after):
    return pd.DataFrame(
        [
            (name, side, events)
            for side, cells in (("before", before), ("after", after))
            for name, events in cells.items()
        ],
        columns=["segment", "side", "events"],
    )


def test_each_segment_gives_what_it_grew_by_hand():
    """Poisson: the difference of 900 and 1,600 has standard error 50."""
    change = count_change(tally({"a": 900, "b": 100}, {"a": 1600, "b": 80}))
    assert list(change.table.columns) == ["part"]
    assert change.table["part"].to_dict() == {"a": 700, "b": -20}
    assert change.detail.loc["a", "part_upper"] == pytest.approx(700 + 1.959964 * 50)
    assert (change.before, change.after, change.change) == (1000, 1680, 680)
    assert change.upper == pytest.approx(680 + 1.959964 * np.sqrt(2680))
    assert isinstance(change, Result)


def test_a_segment_absent_on_one_side_counts_nought_there():
    change = count_change(tally({"a": 10, "gone": 4}, {"a": 12, "new": 7}))
    assert change.table["part"].to_dict() == {"a": 2, "gone": -4, "new": 7}
    assert change.detail.loc["new", "before"] == 0


def test_count_intervals_hold_the_truth_as_often_as_they_say():
    """200 draws; with dispersion 3, each contact counts three times."""
    rng, mean = np.random.default_rng(8), np.array([[300, 60, 20], [330, 50, 40]])
    for dispersion in (1, 3):
        hits = []
        for _ in range(200):
            n = rng.poisson(mean / dispersion) * dispersion
            rows = tally(
                dict(zip("abc", n[0], strict=True)), dict(zip("abc", n[1], strict=True))
            )
            detail = count_change(rows, dispersion=dispersion).detail
            truth = mean[1] - mean[0]
            hits.append((detail["part_lower"] <= truth) & (detail["part_upper"] >= truth))
        assert np.mean(hits) == pytest.approx(0.95, abs=0.03)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=9),
    st.randoms(use_true_random=False),
)
def test_count_parts_add_in_any_row_order_and_flip_with_the_sides(cells, random):
    before, after = ({f"s{i}": c[k] for i, c in enumerate(cells)} for k in (0, 1))
    rows = tally(before, after)
    order = list(range(len(rows)))
    random.shuffle(order)
    change, back = count_change(rows.iloc[order]), count_change(tally(after, before))
    assert change.table["part"].sum() == pytest.approx(change.change, abs=1e-9)
    pd.testing.assert_frame_equal(count_change(rows).detail, change.detail)
    np.testing.assert_array_equal(back.table["part"], -change.table["part"])


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (
            tally({"a": 1}, {"a": 2}).drop(columns="events"),
            ContractError,
            "count_change: columns lack: events. Give side, segment and events.",
        ),
        (
            tally({"a": -1}, {"a": 2}),
            ContractError,
            "count_change: 1 of 2 rows below 0: a before. Correct the counts.",
        ),
        (
            tally({}, {"a": 2}),
            MethodError,
            "count_change: no rows before. Give rows of both sides.",
        ),
    ],
)
def test_counts_that_have_no_answer_are_refused(rows, error, message):
    with pytest.raises(error) as raised:
        count_change(rows)
    assert str(raised.value) == message


# nested rates


def leaves(seed, dims=(4, 3), n=40_000):
    """Rows of a tree drawn at random, dimensions a, b, ...; every leaf on both sides."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(dims))
    index = np.array(np.unravel_index(np.arange(size), dims)).T
    frames = []
    for side in ("before", "after"):
        exposure = np.round(n * rng.dirichlet(np.full(size, 2.0)))
        rate = rng.uniform(0.1, 0.9, size)
        frame = pd.DataFrame({"side": side, "exposure": exposure, "events": exposure * rate})
        for at, name in enumerate("abcd"[: len(dims)]):
            frame[name] = [f"{name}{value}" for value in index[:, at]]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def test_a_nested_split_by_hand():
    """Markets x and y, half each, then .25/.75; in x topics p, q at rates 0 and 1.

    x before is half p, after all q, whose rate falls to .5; p, gone, keeps its rate. y stays.
    """
    rows = pd.DataFrame(
        [
            ("x", "p", "before", 0, 50), ("x", "q", "before", 50, 50),
            ("y", "p", "before", 90, 100),
            ("x", "p", "after", 0, 0), ("x", "q", "after", 25, 50),
            ("y", "p", "after", 135, 150),
        ],
        columns=["market", "topic", "side", "events", "exposure"],
    )  # fmt: skip
    change = nested_change(rows, dims=["market", "topic"])
    assert list(change.table.columns) == ["mix_market", "mix_topic", "rate"]
    mean = (0.7 + 0.8) / 2
    x, y = change.table.loc["x"], change.table.loc["y"]
    assert x["mix_market"] == pytest.approx(-0.25 * (0.5 - mean))
    assert y["mix_market"] == pytest.approx(0.25 * (0.9 - mean))
    share = (0.5 + 0.25) / 2
    assert x["mix_topic"] == pytest.approx(share * (-0.5 * (0 - 0.5) + 0.5 * (0.75 - 0.5)))
    assert x["rate"] == pytest.approx(share * 0.75 * -0.5)
    assert y[["mix_topic", "rate"]].tolist() == [0, 0]


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from([(3,), (3, 2), (2, 3, 2), (2, 2, 2, 2)]))
def test_nested_parts_add_and_their_first_mix_is_that_of_rate_change(seed, dims):
    rows = leaves(seed, dims)
    change = nested_change(rows, dims=list("abcd"[: len(dims)]))
    flat = rate_change(rows.rename(columns={"a": "segment"}))
    assert change.table.to_numpy().sum() == pytest.approx(change.change, abs=1e-9)
    np.testing.assert_allclose(change.parts["value"], change.table.sum(), atol=1e-12)
    np.testing.assert_allclose(change.table["mix_a"], flat.table["mix"], atol=1e-12)
    inner = change.table.drop(columns="mix_a").sum(axis=1)
    np.testing.assert_allclose(inner, flat.table["rate"], atol=1e-12)
    assert change.lower == pytest.approx(flat.lower, abs=2e-4)


def slow_nested(rows, dims, segment=()):
    """Apply rate_change to one node, then to each of its children, weights multiplied."""
    own = rows[rows[list(dims[: len(segment)])].eq(list(segment)).all(axis=1)]
    split = rate_change(own.rename(columns={dims[len(segment)]: "segment"}))
    weight = split.detail[["share_before", "share_after"]].mean(axis=1)
    found = {}
    for name, parts in split.table.iterrows():
        node = (*segment, name)
        found[node] = (f"mix_{dims[len(segment)]}", parts["mix"])
        if len(node) == len(dims):
            found[(*node, "rate")] = ("rate", parts["rate"])
            continue
        for under, (component, value) in slow_nested(rows, dims, node).items():
            found[under] = (component, value * weight[name])
    return found


@pytest.mark.parametrize("dims", [(3, 2), (2, 3, 2)])
def test_a_nested_split_equals_rate_change_node_by_node(dims):
    rows, names = leaves(4, dims), "abcd"[: len(dims)]
    change = nested_change(rows, dims=list(names))
    slow = pd.DataFrame(
        [(node[0], *found) for node, found in slow_nested(rows, names).items()],
        columns=["segment", "component", "value"],
    )
    table = slow.pivot_table(
        index="segment", columns="component", values="value", aggfunc="sum"
    )
    np.testing.assert_allclose(change.table, table[change.table.columns], atol=1e-12)


def test_nested_intervals_hold_the_truth_as_often_as_they_say():
    truth_rows = leaves(9, (3, 2), n=4_000)
    truth = nested_change(truth_rows, dims=["a", "b"])
    rate = truth_rows["events"] / truth_rows["exposure"]
    rng, hits = np.random.default_rng(2), []
    for seed in range(100):
        exposure = rng.poisson(truth_rows["exposure"])
        events = rng.binomial(exposure, rate)
        drawn = truth_rows.assign(exposure=exposure, events=events)
        change = nested_change(drawn, dims=["a", "b"], seed=seed)
        for frame, real in ((change.detail, truth.detail), (change.parts, truth.parts)):
            hits.extend((frame["lower"] <= real["value"]) & (frame["upper"] >= real["value"]))
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)


def test_nested_answers_do_not_depend_on_row_order_and_follow_the_seed():
    rows = leaves(3)
    one = nested_change(rows, dims=["a", "b"])
    other = nested_change(rows.sample(frac=1, random_state=1), dims=["a", "b"])
    pd.testing.assert_frame_equal(one.detail, other.detail)
    reseeded = nested_change(rows, dims=["a", "b"], seed=1)
    pd.testing.assert_frame_equal(one.table, reseeded.table)
    assert not one.detail["lower"].equals(reseeded.detail["lower"])
    np.testing.assert_allclose(one.detail["lower"], reseeded.detail["lower"], atol=2e-3)
    wide = nested_change(rows, dims=["a", "b"], dispersion=4)
    width = one.detail["upper"] - one.detail["value"]
    np.testing.assert_allclose(wide.detail["upper"] - wide.detail["value"], 2 * width)


def test_a_leaf_without_rows_on_one_side_has_no_exposure_there():
    rows = leaves(5, (2, 2))
    gone = rows["a"].eq("a0") & rows["b"].eq("b1") & rows["side"].eq("after")
    zero = rows.assign(
        exposure=rows["exposure"].where(~gone, 0), events=rows["events"].where(~gone, 0)
    )
    one, other = (nested_change(r, dims=["a", "b"]) for r in (rows[~gone], zero))
    pd.testing.assert_frame_equal(one.table, other.table)
    assert one.table.to_numpy().sum() == pytest.approx(one.change, abs=1e-9)


def test_a_nested_mean_without_squares_has_no_interval():
    change = nested_change(leaves(5, (2, 2)), dims=["a", "b"], unit="days")
    assert change.detail["lower"].isna().all()
    assert np.isnan(change.lower)


@pytest.mark.parametrize(
    ("dims", "error", "message"),
    [
        ("a", ParamError, "nested_change: dims is the text 'a'. Give a list, outermost first."),
        ([], ParamError, "nested_change: no dims. Give at least one."),
        (["a", "a"], ParamError, "nested_change: dims come twice: a. Give each once."),
        (
            ["a", "side"],
            ParamError,
            "nested_change: not a dimension: side. Rename the column.",
        ),
        (
            ["a", "z"],
            ContractError,
            "nested_change: columns lack: z. Give side, a, z, events and exposure.",
        ),
    ],
)
def test_dimensions_that_do_not_nest_are_refused(dims, error, message):
    with pytest.raises(error) as raised:
        nested_change(leaves(1), dims=dims)
    assert str(raised.value) == message


def test_a_value_of_the_first_dimension_on_one_side_only_is_refused():
    rows = leaves(1)
    with pytest.raises(ContractError) as raised:
        nested_change(rows[~(rows["a"].eq("a2") & rows["side"].eq("before"))], dims=["a", "b"])
    assert str(raised.value) == (
        "nested_change: 1 of 4 segments lack a side: ['a2']. "
        "Fill with series.complete(rows), or pool into 'Other'."
    )


# factors


def slow_shapley(before, after, of):
    """Change one factor at a time, in every order, and take means."""
    effects, orders = dict.fromkeys(before, 0.0), list(permutations(before))
    for order in orders:
        now = dict(before)
        for name in order:
            then = of(now)
            now[name] = after[name]
            effects[name] += (of(now) - then) / len(orders)
    return effects


values = st.floats(-100, 100).map(lambda x: round(x, 3))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(values, values), min_size=4, max_size=4))
def test_effects_equal_a_slow_loop_over_all_orders(cells):
    before, after = (dict(zip("abcd", side, strict=True)) for side in zip(*cells, strict=True))
    for of in (None, lambda f: f["a"] * f["b"] + math.sin(f["c"]) * f["d"] ** 2):
        change = factor_change(before, after, of=of)
        slow = slow_shapley(before, after, of or (lambda f: math.prod(f.values())))
        size = max(1.0, *(abs(x) for x in slow.values()))
        for name, effect in slow.items():
            assert change.table.loc[name, "effect"] == pytest.approx(effect, abs=1e-11 * size)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(0.1, 9), st.floats(0.1, 9)), min_size=1, max_size=8))
def test_effects_add_flip_with_the_sides_and_do_not_depend_on_order(cells):
    names = [f"f{i}" for i in range(len(cells))]
    before, after = (dict(zip(names, side, strict=True)) for side in zip(*cells, strict=True))
    change = factor_change(before, after)
    scale = max(1.0, abs(change.before), abs(change.after))
    assert change.table["effect"].sum() == pytest.approx(change.change, abs=1e-9 * scale)
    back = factor_change(after, before).table["effect"]
    np.testing.assert_allclose(back, -change.table["effect"], atol=1e-9 * scale)
    turned = factor_change(pd.Series(dict(reversed(before.items()))), after).table["effect"]
    np.testing.assert_allclose(turned[names], change.table["effect"], atol=1e-9 * scale)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.1, 9), st.floats(0.1, 9), st.floats(0.1, 9))
def test_a_factor_that_stands_still_has_no_effect(old, new, still):
    assume(old != new)
    change = factor_change({"a": old, "b": still}, {"a": new, "b": still})
    assert change.table["effect"].tolist() == pytest.approx([(new - old) * still, 0])


def test_twelve_factors_are_split():
    change = factor_change({f"f{i}": 1.0 for i in range(12)}, {f"f{i}": 1.1 for i in range(12)})
    np.testing.assert_allclose(change.table["effect"], (1.1**12 - 1) / 12)


@pytest.mark.parametrize(
    ("before", "after", "options", "error", "message"),
    [
        (
            {f"f{i}": 1.0 for i in range(13)},
            {f"f{i}": 1.0 for i in range(13)},
            {},
            ParamError,
            "factor_change: 13 factors. Give 1 to 12; join those that go together.",
        ),
        (
            {},
            {},
            {},
            ParamError,
            "factor_change: 0 factors. Give 1 to 12; join those that go together.",
        ),
        (
            {"a": 1, "b": 2},
            {"a": 1, "c": 2},
            {},
            ContractError,
            "factor_change: 2 of 3 factors lack a side: b, c. "
            "Give the same names before and after.",
        ),
        (
            {"a": 1, "b": "x"},
            {"a": math.nan, "b": [1, 2]},
            {},
            ContractError,
            "factor_change: 3 of 4 values are not numbers: a after, b before, b after. "
            "Give one finite number each, or `of` for arrays.",
        ),
        (
            {"a": 1, "b": [1, 2]},
            {"a": 1, "b": [1, math.inf]},
            {"of": lambda f: f["a"]},
            ContractError,
            "factor_change: 1 of 4 values are not numbers: b after. Give finite numbers.",
        ),
        (
            {"a": 1, "b": 2},
            {"a": 3, "b": 4},
            {"of": lambda f: math.nan if f["b"] == 4 else f["a"]},
            MethodError,
            "factor_change: no finite number with these factors as after: b. "
            "Give a function that has one for every mix of the two sides.",
        ),
        (
            {"a": 1},
            {"a": 3},
            {"unit": "parsecs"},
            ParamError,
            "factor_change: unknown unit 'parsecs'. "
            "Give one of share, count, score, seconds, minutes, hours, days.",
        ),
    ],
)
def test_factors_that_have_no_answer_are_refused(before, after, options, error, message):
    with pytest.raises(error) as raised:
        factor_change(before, after, **options)
    assert str(raised.value) == message
