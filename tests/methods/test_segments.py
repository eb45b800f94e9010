"""Tests of the search for segments: planted causes, quiet weeks, numbers against slow loops."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from insights.methods.segments import find
from insights.methods.segments.leaves import Leaves
from insights.methods.segments.moves import Law
from insights.results import Result

DIMS = ["market", "topic", "channel"]
MARKETS = ["BR", "DE", "ES", "FR", "GB", "ID", "IT", "JP", "MX", "PL", "TR", "US"]
TOPICS = ["access", "appeal", "billing", "bug", "live", "minor", "privacy", "shop"]
CHANNELS = ["chat", "email", "form", "phone"]
UCB = {  # men admitted, rejected; women admitted, rejected
    "A": (512, 313, 89, 19), "B": (353, 207, 17, 8), "C": (120, 205, 202, 391),
    "D": (138, 279, 131, 244), "E": (53, 138, 94, 299), "F": (22, 351, 24, 317),
}  # fmt: skip


def week(
    seed, *causes, kind="rate", volume=120_000, wobble=0.1, mix=0.0, drift=1.0, whole=False
):
    """Draw two windows of an operation; a cause is ({dim: value}, factor on the after side)."""
    rng = np.random.default_rng(seed)
    names = (MARKETS[:4], TOPICS[:4], CHANNELS[:2]) if whole else (MARKETS, TOPICS, CHANNELS)
    grid = pd.DataFrame(list(itertools.product(*names)), columns=DIMS)
    weight = np.ones(len(grid))
    for dim in DIMS:
        share = rng.dirichlet(np.full(grid[dim].nunique(), 4.0))
        weight *= share[pd.factorize(grid[dim])[0]]
    base = 0.08 * np.exp(rng.normal(0, 0.3, len(grid)))
    base *= np.exp(rng.normal(0, 0.4, 8))[pd.factorize(grid["topic"])[0]]
    sides = []
    for side in ("before", "after"):
        rate = base * np.exp(rng.normal(0, wobble, len(grid)))
        if side == "after":
            rate *= drift
            weight = weight * np.exp(rng.normal(0, mix, 8))[pd.factorize(grid["topic"])[0]]
            for where, factor in causes:
                hit = np.logical_and.reduce([grid[d] == v for d, v in where.items()])
                rate[hit] *= factor
        mean = (
            volume * weight / weight.sum() if kind == "rate" else volume * weight * rate / 0.08
        )
        count = rng.poisson(mean).astype(float)
        if kind == "rate":
            events = rng.binomial(count.astype(int), np.minimum(rate, 0.95)).astype(float)
            sides.append(grid.assign(side=side, events=events, exposure=count))
        else:
            sides.append(grid.assign(side=side, events=count, exposure=1.0))
    return pd.concat(sides, ignore_index=True)


def places(result):
    """The segments found, each as {dim: value}."""
    return [
        {dim: row[dim] for dim in DIMS if pd.notna(row[dim])}
        for _, row in result.table.iterrows()
    ]


def only(rows, where):
    return rows[np.logical_and.reduce([rows[dim] == value for dim, value in where.items()])]


# planted truth


@pytest.mark.parametrize("kind", ["rate", "total"])
@pytest.mark.parametrize("factor", [2.2, 0.4])
@pytest.mark.parametrize(
    "where", [{"topic": "access", "market": "DE"}, {"market": "FR"}, {"topic": "bug"}]
)
def test_one_cause_is_located_exactly_whether_it_rises_or_falls(where, factor, kind):
    found = find(week(1, (where, factor), kind=kind, volume=1_000_000), dims=DIMS, kind=kind)
    assert places(found) == [where]
    row = found.table.iloc[0]
    assert (row["contribution"] > 0) == (factor > 1)
    assert (row["unexpected_difference"] > 0) == (factor > 1)
    assert row["lower"] < row["contribution"] < row["upper"]
    assert row["p_value"] <= row["q_value"] <= 0.05


def test_causes_that_share_a_value_are_not_reported_as_their_parent():
    causes = [({"market": "DE", "topic": topic}, 2.5) for topic in ("access", "shop")]
    found = find(week(2, *causes, volume=250_000), dims=DIMS)
    assert sorted(map(str, places(found))) == sorted(str(where) for where, _ in causes)


def test_a_rise_and_a_fall_that_cancel_are_both_found():
    causes = [
        ({"market": "GB", "channel": "email"}, 2.0),
        ({"topic": "billing", "channel": "chat"}, 0.35),
    ]
    found = find(week(3, *causes, volume=250_000), dims=DIMS)
    assert sorted(map(str, places(found))) == sorted(str(where) for where, _ in causes)
    assert found.table["contribution"].gt(0).sum() == 1


def test_three_causes_do_not_hide_in_the_scatter_that_they_make():
    causes = [({"market": m}, f) for m, f in (("DE", 2.5), ("FR", 0.4))]
    causes.append(({"topic": "bug", "channel": "chat"}, 2.5))
    rows = week(5, *causes, whole=True, wobble=0.0)
    rows = rows[~((rows["market"].isin(["DE", "FR"])) & (rows["topic"] == "bug"))]
    assert sorted(map(str, places(find(rows, dims=DIMS)))) == sorted(str(w) for w, _ in causes)


def test_at_most_max_segments_and_depth_are_reported_and_the_others_are_counted():
    causes = [({"market": m}, 2.5) for m in ("DE", "FR")]
    causes.append(({"market": "US", "topic": "bug"}, 3.0))
    rows = week(6, *causes, volume=400_000)
    assert len(find(rows, dims=DIMS).table) == 3
    found = find(rows, dims=DIMS, max_segments=1)
    assert (len(found.table), found.further) == (1, 2)
    assert found.narrative().endswith(" 2 further segments stand out, within everything else.")
    shallow = find(rows, dims=DIMS, max_depth=1)
    assert all(len(where) == 1 for where in places(shallow))


def test_a_pure_mix_shift_is_mix_and_no_segment():
    found = find(week(7, mix=0.8), dims=DIMS)
    assert found.table.empty
    steady = find(week(7), dims=DIMS)
    assert abs(found.mix) > 5 * abs(steady.mix)
    assert found.parts.loc["mix", "lower"] * found.parts.loc["mix", "upper"] > 0


@pytest.mark.parametrize("kind", ["rate", "total"])
def test_uniform_growth_is_no_segment(kind):
    found = find(week(8, drift=1.5, kind=kind), dims=DIMS, kind=kind)
    assert found.table.empty
    assert found.lower > 0
    assert "no clear change" not in found.narrative()


def test_quiet_weeks_alarm_no_more_often_than_alpha_allows():
    """80 small cases at alpha 5 %: more than 9 would come by chance in 1 of 100 such tests."""
    alarms = sum(
        bool(len(find(week(s, kind=kind, wobble=w, whole=True), dims=DIMS, kind=kind).table))
        for s in range(20)
        for kind in ("rate", "total")
        for w in (0.0, 0.2)
    )
    assert alarms <= stats.binom.ppf(0.99, 80, 0.05)


def test_markets_that_wobble_as_wholes_seldom_pass_for_segments():
    """Each market moves by 10 % of its own; without regard to that, every such week alarms."""
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        moves = [
            ({"market": m}, float(f))
            for m, f in zip(MARKETS, np.exp(rng.normal(0, 0.14, 12)), strict=True)
        ]
        rows = week(100 + seed, *moves, kind="total", volume=1_000_000)
        alarms += len(find(rows, dims=DIMS, kind="total").table) > 0
    assert alarms <= 5


def test_a_mean_over_cases_is_searched_with_its_own_spread():
    rng = np.random.default_rng(9)
    frames = []
    for side, market in itertools.product(("before", "after"), MARKETS):
        for topic in TOPICS:
            moved = side == "after" and market == "TR"
            scores = np.clip(rng.normal(3.2 if moved else 4.0, 1.0, 60).round(), 1, 5)
            sums = [scores.sum(), 60.0, (scores**2).sum()]
            frames.append([market, topic, side, *sums])
    columns = ["market", "topic", "side", "events", "exposure", "events_sq"]
    rows = pd.DataFrame(frames, columns=columns)
    found = find(rows, dims=["market", "topic"], metric="Score")
    assert found.table["market"].tolist() == ["TR"]
    assert found.unit == "score"
    assert found.table["contribution"].iloc[0] == pytest.approx(-0.75 / 12, abs=0.02)
    quiet = rows[rows["market"] != "TR"]
    assert find(quiet, dims=["market", "topic"]).table.empty


def test_counts_by_exposure_may_exceed_one_in_another_unit():
    rows = week(10, ({"market": "IT"}, 2.0), kind="total")
    rows["exposure"] = 40.0
    rows["events"] += 30.0
    found = find(rows, dims=DIMS, unit="score")
    assert places(found) == [{"market": "IT"}]


def test_a_new_segment_and_one_that_vanished_are_found():
    rows = week(11, kind="total")
    new = (rows["market"] == "DE") & (rows["topic"] == "live") & (rows["side"] == "before")
    gone = (rows["market"] == "MX") & (rows["topic"] == "shop") & (rows["side"] == "after")
    rows.loc[new | gone, "events"] = 0.0
    rows.loc[gone, "exposure"] = 0.0
    found = find(rows, dims=DIMS, kind="total")
    assert {"market": "DE", "topic": "live"} in places(found)
    assert {"market": "MX", "topic": "shop"} in places(found)


def test_few_rows_yield_a_segment_only_where_it_differs_by_much():
    def rows(markets, factor):
        frame = pd.DataFrame(
            [(m, s, 500.0, 5_000.0) for s in ("before", "after") for m in MARKETS[:markets]],
            columns=["market", "side", "events", "exposure"],
        )
        hit = (frame["market"] == "DE") & (frame["side"] == "after")
        frame.loc[hit, "events"] *= factor
        frame["events"] += np.resize([-15.0, 10.0, 20.0, -5.0, 0.0, 12.0, -22.0], len(frame))
        return frame

    assert find(rows(8, 2.0), dims=["market"]).table["market"].tolist() == ["DE"]
    assert find(rows(8, 1.05), dims=["market"]).table.empty
    for markets in (2, 3):
        assert find(rows(markets, 3.0), dims=["market"]).table.empty


def test_a_dimension_with_one_value_is_left_out_of_the_search():
    rows = week(1, ({"market": "FR"}, 2.2)).assign(kind="all")
    found = find(rows, dims=[*DIMS, "kind"])
    assert found.table["kind"].isna().all()
    assert found.searched == find(rows, dims=DIMS).searched


def test_no_events_and_all_events_are_quiet():
    rows = week(12)
    for events in (0.0, rows["exposure"]):
        found = find(rows.assign(events=events), dims=DIMS)
        assert found.table.empty
        assert found.change == pytest.approx(0)


# numbers, against published ones and slow loops


def test_scores_reproduce_the_mantel_haenszel_test_of_berkeley_admissions():
    """R Core Team, stats::mantelhaen.test(UCBAdmissions): X-squared = 1.4269, p = 0.2323."""
    table = np.array(list(UCB.values()), dtype=float)
    events, exposure = table[:, [0, 2]].T, (table[:, ::2] + table[:, 1::2]).T
    leaves = Leaves(
        ["dept"], [np.array(list(UCB))], np.arange(6)[:, None], events, exposure, None, "share"
    )
    moves = Law(leaves).moves(np.zeros(6))
    square = (abs(moves.score.sum()) - 0.5) ** 2 / moves.information.sum()
    assert square == pytest.approx(1.4269, abs=5e-5)
    assert stats.chi2.sf(square, 1) == pytest.approx(0.2323, abs=5e-5)


def slow_rate(rows, where):
    """Contribution and own rates of one segment, one leaf at a time."""
    whole = rows.groupby("side")["exposure"].sum()
    own = only(rows, where)
    above = below = 0.0
    for _, leaf in own.groupby(DIMS):
        b, a = (leaf[leaf["side"] == side] for side in ("before", "after"))
        nb, na = b["exposure"].sum(), a["exposure"].sum()
        if nb and na:
            weight = nb * na / (nb + na)
            above += weight * (a["events"].sum() / na - b["events"].sum() / nb)
            below += weight
    share = np.mean([own.groupby("side")["exposure"].sum()[s] / whole[s] for s in whole.index])
    sums = own.groupby("side")[["events", "exposure"]].sum()
    rate = sums["events"] / sums["exposure"]
    return share * above / below, share, rate["before"], rate["after"]


def test_rate_contributions_equal_a_slow_obvious_loop_and_add_to_the_change():
    causes = [
        ({"market": "GB", "channel": "email"}, 2.0),
        ({"topic": "billing", "channel": "chat"}, 0.35),
    ]
    rows = week(3, *causes, volume=250_000, mix=0.3)
    found = find(rows, dims=DIMS)
    assert len(found.table) == 2
    for (_, row), where in zip(found.table.iterrows(), places(found), strict=True):
        assert row[["contribution", "share", "before", "after"]].tolist() == pytest.approx(
            slow_rate(rows, where)
        )
    sums = rows.groupby("side")[["events", "exposure"]].sum()
    rate = sums["events"] / sums["exposure"]
    assert found.change == pytest.approx(rate["after"] - rate["before"], abs=1e-12)
    assert found.table["contribution"].sum() + found.remainder == pytest.approx(
        found.change, abs=1e-12
    )
    assert found.parts["contribution"].sum() == pytest.approx(found.change, abs=1e-12)
    assert found.parts.index.tolist()[-2:] == ["everything else", "mix"]


def test_total_contributions_and_unexpected_difference_equal_a_slow_obvious_loop():
    """Expected = before x everything else's growth, as BigQuery's ML.GET_INSIGHTS has it."""
    where = {"topic": "access", "market": "DE"}
    rows = week(1, (where, 2.2), kind="total")
    found = find(rows, dims=DIMS, kind="total")
    own = only(rows, where).groupby("side")["events"].sum()
    rest = rows.groupby("side")["events"].sum() - own
    row = found.table.iloc[0]
    assert (row["before"], row["after"]) == (own["before"], own["after"])
    assert row["contribution"] == own["after"] - own["before"]
    expected = own["before"] * rest["after"] / rest["before"]
    assert row["unexpected_difference"] == pytest.approx(own["after"] - expected)
    assert found.remainder == pytest.approx(rest["after"] - rest["before"])
    assert found.mix is None


def test_a_hand_sized_rate_change_splits_as_on_paper():
    """Twenty like markets, one doubles: 5 % of the exposure times 10 points is 0.5 points."""
    names = [f"m{index:02}" for index in range(20)]
    rows = pd.DataFrame(
        [(n, s, 100.0, 1_000.0) for s in ("before", "after") for n in names],
        columns=["market", "side", "events", "exposure"],
    )
    rows.loc[(rows["market"] == "m07") & (rows["side"] == "after"), "events"] = 200.0
    found = find(rows, dims=["market"])
    row = found.table.iloc[0]
    assert row["market"] == "m07"
    assert row["contribution"] == pytest.approx(0.005)
    assert row["unexpected_difference"] == pytest.approx(0.1)
    assert row["share"] == pytest.approx(0.05)
    assert found.mix == pytest.approx(0)
    assert found.dispersion < 0.1


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 1_000))
def test_segments_found_never_overlap(seed):
    rng = np.random.default_rng(seed)
    causes = [
        ({"market": str(rng.choice(MARKETS[:4])), "topic": str(rng.choice(TOPICS[:4]))}, 3.0),
        ({"channel": str(rng.choice(CHANNELS[:2])), "topic": str(rng.choice(TOPICS[:4]))}, 0.3),
    ]
    rows = week(seed, *causes, whole=True)
    held = [set(only(rows, where).index) for where in places(find(rows, dims=DIMS))]
    assert all(not one & two for one, two in itertools.combinations(held, 2))


# properties

CAUSE = ({"market": "FR", "topic": "bug"}, 3.0)


def same(one, two):
    pd.testing.assert_frame_equal(one.table, two.table, rtol=1e-6)
    pd.testing.assert_frame_equal(one.parts, two.parts, rtol=1e-6, atol=1e-9)
    assert one.narrative() == two.narrative()


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 1_000), st.sampled_from(["rate", "total"]))
def test_row_order_split_rows_and_spare_rows_change_nothing(seed, kind):
    rows = week(seed, CAUSE, kind=kind, whole=True)
    plain = find(rows, dims=DIMS, kind=kind)
    same(plain, find(rows.sample(frac=1, random_state=seed), dims=DIMS, kind=kind))
    part = np.floor(rows[["events", "exposure"]] * 0.3)
    part["exposure"] = np.maximum(part["exposure"], part["events"])
    rest = rows.assign(**{c: rows[c] - part[c] for c in part})
    halves = pd.concat([rows.assign(**part), rest])
    if kind == "rate":
        same(plain, find(halves[halves["exposure"] > 0], dims=DIMS))
    nothing = rows.assign(events=0.0, exposure=0.0)
    same(plain, find(pd.concat([rows, nothing]), dims=DIMS, kind=kind))


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 1_000))
def test_names_and_their_order_change_nothing_but_names(seed):
    rows = week(seed, CAUSE, whole=True)
    turned = {m: f"x{index}" for index, m in enumerate(reversed(MARKETS))}
    one = find(rows, dims=DIMS)
    two = find(rows.assign(market=rows["market"].map(turned)), dims=DIMS)
    back = {new: old for old, new in turned.items()}
    renamed = two.table["market"].map(lambda name: back.get(name, name), na_action="ignore")
    pd.testing.assert_frame_equal(
        one.table, two.table.assign(market=renamed.astype(object)), rtol=1e-6
    )


def test_ten_times_the_data_keeps_shares_and_contributions():
    rows = week(13, CAUSE, whole=True)
    large = rows.assign(events=10 * rows["events"], exposure=10 * rows["exposure"])
    one, two = find(rows, dims=DIMS), find(large, dims=DIMS)
    assert places(one) == places(two) == [CAUSE[0]]
    columns = ["before", "after", "share", "contribution"]
    pd.testing.assert_frame_equal(one.table[columns], two.table[columns])


def test_another_unit_of_a_mean_scales_it_and_keeps_p_values():
    rng = np.random.default_rng(14)
    rows = pd.DataFrame(
        list(itertools.product(MARKETS, TOPICS, ("before", "after"))),
        columns=["market", "topic", "side"],
    )
    scores = rng.normal(4.0, 1.0, (len(rows), 50))
    scores[((rows["market"] == "PL") & (rows["side"] == "after")).to_numpy()] -= 0.7
    rows = rows.assign(
        events=scores.sum(axis=1), exposure=50.0, events_sq=(scores**2).sum(axis=1)
    )
    scaled = rows.assign(events=60 * rows["events"], events_sq=3_600 * rows["events_sq"])
    one, two = (find(r, dims=["market", "topic"]).table for r in (rows, scaled))
    assert one["market"].tolist() == two["market"].tolist() == ["PL"]
    assert two["p_value"].iloc[0] == pytest.approx(one["p_value"].iloc[0], rel=1e-3)
    assert two["contribution"].iloc[0] == pytest.approx(60 * one["contribution"].iloc[0])


def test_a_higher_level_widens_intervals_and_arguments_are_left_alone():
    rows = week(1, ({"market": "FR"}, 2.2))
    kept = rows.copy()
    narrow, wide = (find(rows, dims=DIMS, level=level).table for level in (0.8, 0.99))
    assert (wide["lower"] < narrow["lower"]).all()
    assert (wide["upper"] > narrow["upper"]).all()
    pd.testing.assert_frame_equal(rows, kept)


def test_categories_and_numbers_serve_as_values():
    rows = week(1, ({"market": "FR"}, 2.2))
    rows = rows.assign(
        market=pd.Categorical(rows["market"]), topic=pd.factorize(rows["topic"])[0]
    )
    found = find(rows, dims=DIMS)
    assert places(found) == [{"market": "FR"}]
    assert isinstance(found, Result)
