"""Tests of splitting a change in a rate into mix and rate."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from insights.errors import ContractError, MethodError, ParamError
from insights.methods.changes import rate_change
from insights.results import Result

PARTS = ("mix", "rate", "total")


def panel(cells):
    return pd.DataFrame(cells, columns=["segment", "side", "events", "exposure"])


def sides(before, after):
    """Rows from {segment: (events, exposure)} of each side."""
    return panel(
        [
            (name, side, *counts)
            for side, cells in (("before", before), ("after", after))
            for name, counts in cells.items()
        ]
    )


def drawn(shares, rates, n, rng=None):
    """Rows of n cases a side: as expected, or drawn (Poisson exposures, binomial events)."""
    shares, rates = np.asarray(shares), np.asarray(rates)
    exposure = n * shares if rng is None else rng.poisson(n * shares).astype(float)
    events = exposure * rates if rng is None else rng.binomial(exposure.astype(int), rates)
    cells = [
        {f"s{i}": (float(e), float(x)) for i, (e, x) in enumerate(zip(*side, strict=True))}
        for side in zip(events, exposure, strict=True)
    ]
    return sides(*cells)


E1 = [[0.45, 0.20, 0.15, 0.20], [0.32, 0.18, 0.30, 0.20]]  # domain.md 6.3
E1_RATES = [[0.86, 0.80, 0.52, 0.68], [0.88, 0.82, 0.54, 0.70]]

# hand and published numbers


def test_pure_mix_shift_is_all_mix():
    """Rates fixed at 10% chat and 30% email; only the shares move, 50:50 to 25:75."""
    change = rate_change(
        sides({"chat": (10, 100), "email": (30, 100)}, {"chat": (5, 50), "email": (45, 150)})
    )
    assert change.table["rate"].sum() == pytest.approx(0)
    assert change.table["mix"].sum() == pytest.approx(0.05)  # 25% - 20%
    assert (change.before, change.after) == (pytest.approx(0.2), pytest.approx(0.25))


def test_the_split_by_hand_has_the_right_sign_in_each_segment():
    """Shares .5/.5 to .25/.75, rates .1 to .2 and .3 to .4: R .2 to .35, mean .275.

    chat: mix (-.25)(.15 - .275), rate .375 * .1; email: mix .25 (.35 - .275), rate .625 * .1.
    A shrinking segment of a low rate pushes up.
    """
    change = rate_change(
        sides({"chat": (10, 100), "email": (30, 100)}, {"chat": (10, 50), "email": (60, 150)})
    )
    assert list(change.table.columns) == ["mix", "rate"]
    assert change.table.index.name == "segment"
    assert change.table.loc["chat"].tolist() == pytest.approx([0.03125, 0.0375])
    assert change.table.loc["email"].tolist() == pytest.approx([0.01875, 0.0625])
    assert change.change == pytest.approx(0.15)
    detail = change.detail.loc["chat"]
    assert detail["share_before"] == 0.5
    assert detail["after"] == pytest.approx(0.2)
    assert detail["exposure_after"] == 50


def test_the_automation_share_fell_because_what_is_never_automated_grew():
    """TikTok's DSA reports: age-gates belong to no category and never count as automated.

    H2-2025: 258,691,522 measures, 28,117,025 age-gates, 220,097,575 automated; H1-2026:
    291.1 M, 73.8 M and 70.5 % automated (domain.md 0.3 and its finding 6).
    """
    total, gates, automated = (258_691_522, 291.1e6), (28_117_025, 73.8e6), (220_097_575, 0)
    automated = (automated[0], 0.705 * total[1])
    cells = [
        {"age-gated": (0, gates[i]), "rest": (automated[i], total[i] - gates[i])}
        for i in range(2)
    ]
    change = rate_change(sides(*cells), metric="Automated share")
    assert (round(change.before, 3), round(change.after, 3)) == (0.851, 0.705)
    rest = change.detail.loc["rest"]
    assert (round(rest["before"], 3), round(rest["after"], 3)) == (0.955, 0.944)
    assert change.table.loc["age-gated", "rate"] == 0
    assert round(change.change, 3) == -0.146
    assert change.mix.value == pytest.approx(-0.138, abs=1e-3)
    assert change.rate.value == pytest.approx(-0.008, abs=1e-3)
    assert not change.simpson
    assert "carries most" in change.narrative()
    assert "age-gated carries most" in change.narrative()


# planted truth


def test_e1_has_the_planted_parts_and_is_flagged():
    """Every topic up 2.0 points, the total down 2.98 (domain.md 6.3, E1)."""
    change = rate_change(drawn(E1, E1_RATES, 100_000))
    assert change.change == pytest.approx(-0.0298, abs=1e-12)
    assert change.rate.value == pytest.approx(0.02)
    assert change.mix.value == pytest.approx(-0.0498)
    assert change.simpson


def test_e1_is_flagged_from_noisy_counts_and_nothing_is_flagged_without_the_mix():
    flagged = [
        rate_change(drawn(E1, E1_RATES, 20_000, np.random.default_rng(seed))).simpson
        for seed in range(40)
    ]
    assert np.mean(flagged) > 0.9
    still, same = [E1[0], E1[0]], [E1_RATES[0], E1_RATES[0]]
    for shares, rates in ((still, E1_RATES), (E1, same), (still, same)):
        false = [
            rate_change(drawn(shares, rates, 20_000, np.random.default_rng(seed))).simpson
            for seed in range(60)
        ]
        assert np.mean(false) <= 0.06


@pytest.mark.parametrize(("n", "dispersion"), [(400, 1.0), (3_000, 4.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(n, dispersion):
    """200 draws from E1's shares and rates; over-dispersion: each case counts four times."""
    truth = rate_change(drawn(E1, E1_RATES, n))
    rng, hits = np.random.default_rng(11), []
    for _ in range(200):
        rows = drawn(E1, E1_RATES, n / dispersion, rng)
        rows[["events", "exposure"]] *= dispersion
        change = rate_change(rows, dispersion=dispersion)
        hit = {}
        for part in PARTS:
            own = truth.detail[part].to_numpy()
            low, high = (
                change.detail[f"{part}_{end}"].to_numpy() for end in ("lower", "upper")
            )
            inside = (low <= own) & (own <= high)
            hit[part] = inside.mean()
            whole, real = getattr(change, part), getattr(truth, part).value
            hit[f"all {part}"] = whole.lower <= real <= whole.upper
        hits.append(hit)
    covered = pd.DataFrame(hits).astype(float).mean()
    assert covered.between(0.90, 0.99).all(), covered


def test_delta_errors_equal_those_of_a_parametric_bootstrap():
    shares = [[0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.2, 0.3]]
    rates = [[0.2, 0.5, 0.7, 0.4], [0.3, 0.45, 0.75, 0.4]]
    truth, rng = rate_change(drawn(shares, rates, 2_000)), np.random.default_rng(3)
    draws = [rate_change(drawn(shares, rates, 2_000, rng)) for _ in range(400)]
    for part in PARTS:
        boot = np.std([draw.detail[part] for draw in draws], axis=0)
        delta = (truth.detail[f"{part}_upper"] - truth.detail[part]) / 1.959964
        np.testing.assert_allclose(delta, boot, rtol=0.13)
        boot = np.std([getattr(draw, part).value for draw in draws])
        delta = (getattr(truth, part).upper - getattr(truth, part).value) / 1.959964
        assert delta == pytest.approx(boot, rel=0.13)


def test_means_over_cases_take_their_noise_from_the_squares():
    """Waits, mean 4 and 6 hours, 500 a side: the interval is that of two means, as Welch's."""
    rng = np.random.default_rng(5)
    waits = [rng.exponential(mean, 500) for mean in (4, 6)]
    rows = pd.DataFrame(
        {
            "segment": "all",
            "side": ["before", "after"],
            "events": [w.sum() for w in waits],
            "exposure": [500, 500],
            "events_sq": [(w**2).sum() for w in waits],
        }
    )
    change = rate_change(rows, unit="hours")
    error = np.sqrt(sum(w.var(ddof=1) / 500 for w in waits))
    assert change.upper - change.change == pytest.approx(1.959964 * error, rel=1e-6)
    assert change.change == pytest.approx(waits[1].mean() - waits[0].mean())


def test_a_cell_of_one_case_borrows_the_spread_of_the_others():
    rows = sides({"a": (10, 5), "b": (3, 1)}, {"a": (12, 5), "b": (2, 1)})
    rows["events_sq"] = [25.0, 9.0, 32.0, 4.0]
    change = rate_change(rows, unit="hours")
    assert change.detail["rate_upper"].gt(change.detail["rate"]).all()


def test_a_unit_without_squares_has_no_interval_and_says_so():
    rows = sides({"a": (400, 100), "b": (300, 100)}, {"a": (450, 100), "b": (310, 100)})
    change = rate_change(rows, unit="hours", metric="Wait")
    assert np.isnan([change.lower, change.mix.lower, change.rate.upper]).all()
    assert change.narrative() == (
        "Wait rose from 3.50\u00a0h to 3.80\u00a0h, +0.30\u00a0h (no interval: the rows carry "
        "no sums of squares): 0 came from the mix of segments and +0.30 from rates within "
        "them; a carries most, +0.25."
    )


# segments that come and go


def test_a_segment_without_exposure_on_one_side_is_all_mix():
    rows = sides({"a": (50, 100), "new": (0, 0)}, {"a": (50, 100), "new": (90, 100)})
    change = rate_change(rows)
    assert change.table.loc["new", "rate"] == 0
    assert change.table["rate"].sum() == 0
    assert change.mix.value == pytest.approx(0.2)
    assert np.isnan(change.detail.loc["new", "before"])
    assert np.isfinite(change.detail.drop(columns="before").to_numpy()).all()
    assert change.upper > change.change


def test_a_segment_empty_on_both_sides_changes_nothing():
    rows = sides({"a": (50, 100), "b": (9, 90)}, {"a": (60, 100), "b": (9, 80)})
    more = pd.concat([rows, sides({"none": (0, 0)}, {"none": (0, 0)})])
    with_none, without = rate_change(more), rate_change(rows)
    assert with_none.table.loc["none"].tolist() == [0, 0]
    pd.testing.assert_frame_equal(with_none.table.drop(index="none"), without.table)
    assert with_none.mix == without.mix


def test_one_segment_is_all_rate():
    change = rate_change(sides({"a": (50, 100)}, {"a": (60, 100)}))
    assert change.table.loc["a"].tolist() == pytest.approx([0, 0.1])
    assert not change.simpson


def test_several_rows_of_a_segment_are_summed():
    rows = sides({"a": (50, 100), "b": (9, 90)}, {"a": (60, 100), "b": (9, 80)})
    halves = pd.concat([rows, rows]).assign(period="2025-01-06")
    halves[["events", "exposure"]] /= 2
    one, other = rate_change(rows), rate_change(halves)
    pd.testing.assert_frame_equal(one.detail, other.detail)


# properties

counts = st.lists(
    st.tuples(
        st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500)
    ),
    min_size=1,
    max_size=9,
)


def from_counts(cells):
    """Hits and misses of each segment on each side."""
    assume(sum(a + b for a, b, _, _ in cells) and sum(c + d for _, _, c, d in cells))
    return sides(
        {f"s{i}": (a, a + b) for i, (a, b, _, _) in enumerate(cells)},
        {f"s{i}": (c, c + d) for i, (_, _, c, d) in enumerate(cells)},
    )


@settings(deadline=None, max_examples=50)
@given(counts)
def test_parts_add_and_intervals_hold_their_parts(cells):
    change = rate_change(from_counts(cells))
    assert change.table.to_numpy().sum() == pytest.approx(change.change, abs=1e-9)
    assert change.mix.value + change.rate.value == pytest.approx(change.change, abs=1e-9)
    for part in PARTS:
        assert (change.detail[f"{part}_lower"] <= change.detail[part]).all()
        assert (change.detail[f"{part}_upper"] >= change.detail[part]).all()


@settings(deadline=None, max_examples=25)
@given(counts, st.randoms(use_true_random=False))
def test_row_order_and_names_do_not_matter(cells, random):
    rows = from_counts(cells)
    order = list(range(len(rows)))
    random.shuffle(order)
    one, other = rate_change(rows), rate_change(rows.iloc[order])
    pd.testing.assert_frame_equal(one.detail, other.detail)
    assert one.narrative() == other.narrative()


@settings(deadline=None, max_examples=25)
@given(counts, st.integers(2, 1_000))
def test_scaling_events_and_exposure_changes_no_part_and_narrows_the_intervals(cells, times):
    rows = from_counts(cells)
    assume(rows["exposure"].max() > 0)
    more = rows.assign(events=rows["events"] * times, exposure=rows["exposure"] * times)
    one, other = rate_change(rows), rate_change(more)
    np.testing.assert_allclose(other.table, one.table, atol=1e-12)
    assert other.upper - other.lower <= one.upper - one.lower + 1e-12


@settings(deadline=None, max_examples=25)
@given(counts)
def test_swapping_the_sides_flips_every_sign(cells):
    rows = from_counts(cells)
    back = rows.assign(side=rows["side"].map({"before": "after", "after": "before"}))
    one, other = rate_change(rows), rate_change(back)
    np.testing.assert_allclose(other.table, -one.table, atol=1e-12)
    assert other.lower == pytest.approx(-one.upper, abs=1e-12)
    assert other.simpson == one.simpson


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 9), st.integers(1, 9))
def test_merging_segments_of_equal_rates_leaves_the_totals(hits, other, before, after):
    """Two segments with one rate on each side, split unevenly, or pooled."""
    half = sides(
        {"a": (hits, 100), "b": (hits * before, 100 * before), "c": (other, 200)},
        {"a": (other, 100), "b": (other * after, 100 * after), "c": (hits, 200)},
    )
    pooled = half.assign(segment=half["segment"].replace({"b": "a"}))
    one, two = rate_change(half), rate_change(pooled)
    assert one.change == pytest.approx(two.change)
    assert one.rate.value == pytest.approx(two.rate.value, abs=1e-12)
    assert one.mix.value == pytest.approx(two.mix.value, abs=1e-12)


@settings(deadline=None, max_examples=20)
@given(counts, st.floats(1, 9))
def test_intervals_nest_by_level_and_widen_with_dispersion(cells, dispersion):
    rows = from_counts(cells)
    base, wide = rate_change(rows), rate_change(rows, level=0.99)
    loose = rate_change(rows, dispersion=dispersion)
    assert wide.lower <= base.lower
    assert wide.upper >= base.upper
    width = base.upper - base.change
    assert loose.upper - loose.change == pytest.approx(width * np.sqrt(dispersion))
    pd.testing.assert_frame_equal(loose.table, base.table)


def slow_split(rows):
    """Kitagawa's symmetric form, one segment at a time."""
    cell = {(r.segment, r.side): (r.events, r.exposure) for r in rows.itertuples()}
    names = sorted({name for name, _ in cell})
    size = {side: sum(cell[name, side][1] for name in names) for side in ("before", "after")}
    hits = {side: sum(cell[name, side][0] for name in names) for side in size}
    mean = sum(hits[side] / size[side] for side in size) / 2
    parts = {}
    for name in names:
        share, rate = {}, {}
        for side, other in (("before", "after"), ("after", "before")):
            events, exposure = cell[name, side]
            share[side] = exposure / size[side]
            if not exposure:
                events, exposure = cell[name, other]
            rate[side] = events / exposure if exposure else 0
        mix = (share["after"] - share["before"]) * ((rate["after"] + rate["before"]) / 2 - mean)
        own = (share["after"] + share["before"]) / 2 * (rate["after"] - rate["before"])
        parts[name] = (mix, own)
    return parts


@settings(deadline=None, max_examples=30)
@given(counts)
def test_the_split_equals_a_slow_obvious_loop(cells):
    rows = from_counts(cells)
    table = rate_change(rows).table
    slow = pd.DataFrame(slow_split(rows), index=["mix", "rate"]).T
    assert table.index.tolist() == slow.index.tolist()
    np.testing.assert_allclose(table, slow, atol=1e-12)


def test_the_rows_given_are_left_as_they_were():
    rows = drawn(E1, E1_RATES, 1_000)
    before = rows.copy()
    assert isinstance(rate_change(rows), Result)
    pd.testing.assert_frame_equal(rows, before)


# refusals


def spoiled(row=0, **values):
    rows = sides({"chat": (10, 100), "email": (30, 100)}, {"chat": (5, 50), "email": (45, 150)})
    rows = rows.astype({"events": float, "exposure": float})
    for column, value in values.items():
        if isinstance(value, str):
            rows[column] = rows[column].astype(object)
        rows.loc[row, column] = value
    return rows


LACKING = sides({"chat": (1, 2), "email": (1, 2), "phone": (1, 2)}, {"chat": (1, 2)})


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (
            pd.concat([spoiled(), sides({"phone": (1, 2)}, {})]),
            ContractError,
            "rate_change: 1 of 3 segments lack a side: ['phone']. "
            "Fill with series.complete(rows), or pool into 'Other'.",
        ),
        (
            sides({f"s{i}": (1, 2) for i in range(9)}, {"s0": (1, 2)}),
            ContractError,
            "rate_change: 8 of 9 segments lack a side: ['s1', 's2', 's3', 's4', 's5'] and 3 "
            "more. Fill with series.complete(rows), or pool into 'Other'.",
        ),
        (
            spoiled().drop(columns=["segment", "exposure"]),
            ContractError,
            "rate_change: columns lack: segment, exposure. "
            "Give side, segment, events and exposure.",
        ),
        (
            spoiled().iloc[:0],
            MethodError,
            "rate_change: no rows. Give rows of both sides.",
        ),
        (
            spoiled().iloc[:2],
            MethodError,
            "rate_change: no rows after. Give rows of both sides.",
        ),
        (
            sides({"a": (0, 0), "b": (0, 0)}, {"a": (1, 2), "b": (1, 2)}),
            MethodError,
            "rate_change: no exposure before, so there is no rate. Choose a window with data.",
        ),
        (
            spoiled(side="during"),
            ContractError,
            "rate_change: unknown side: during. Give before or after.",
        ),
        (
            spoiled(events="10"),
            ContractError,
            "rate_change: events is not all numbers. Cast it at the source.",
        ),
        (
            spoiled(segment=None),
            ContractError,
            "rate_change: 1 of 4 rows without a segment: ? before. Name each.",
        ),
        (
            spoiled(row=3, events=-1.0, exposure=np.inf),
            ContractError,
            "rate_change: 1 of 4 rows with empty or infinite events or exposure: email after. "
            "Fill each. 1 of 4 rows below 0: email after. Correct the counts.",
        ),
        (
            spoiled(events=101.0),
            ContractError,
            "rate_change: 1 of 4 cells with more events than exposure: chat before. "
            "Count each case once.",
        ),
        (
            spoiled(exposure=0.0),
            ContractError,
            "rate_change: 1 of 4 cells with events but no exposure: chat before. "
            "Give the exposure.",
        ),
        (
            spoiled().assign(events_sq=[10, 30, 5, 2.0]),
            ContractError,
            "rate_change: 1 of 4 cells with events_sq below events² / exposure: email after. "
            "Sum the squares of cases.",
        ),
    ],
)
def test_rows_that_have_no_answer_are_refused(rows, error, message):
    with pytest.raises(error) as raised:
        rate_change(rows)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"unit": "shares"},
            "rate_change: unknown unit 'shares'; did you mean 'share'? "
            "Give one of share, count, score, seconds, minutes, hours, days.",
        ),
        (
            {"level": 95},
            "rate_change: level is 95. Give a chance between 0 and 1, such as 0.95.",
        ),
        ({"dispersion": 0.5}, "rate_change: dispersion is 0.5. Give 1 or more."),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(ParamError) as raised:
        rate_change(spoiled(), **options)
    assert str(raised.value) == message


def test_events_above_exposure_are_allowed_where_the_unit_is_no_share():
    rows = sides({"a": (300, 100)}, {"a": (310, 100)})
    assert rate_change(rows, unit="score").change == pytest.approx(0.1)
    below = sides({"a": (-30, 100)}, {"a": (31, 100)}).assign(events_sq=90.0)
    assert rate_change(below, unit="score").change == pytest.approx(0.61)
