"""What is said of drivers: sentences, cautions and pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from insights.methods.drivers import importance
from insights.results import Result


def rows_of(n=400, seed=0):
    """A score that goes with wait and with channel, and with nothing else."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "wait_hours": rng.lognormal(1, 1, n),
            "quality": rng.normal(size=n),
            "reopened": np.arange(n) % 5 == 0,
            "channel": np.resize(["chat", "email", "chat", "phone"], n),
            "noise": rng.normal(size=n),
        }
    )
    latent = -0.5 * np.log2(1 + rows["wait_hours"]) - 0.8 * (rows["channel"] == "phone")
    rows["score"] = latent + rng.normal(size=n)
    return rows.assign(good=(latent + rng.logistic(size=n) > -1).astype(int))


def text(found):
    return found.replace("\u00a0", " ")


# sentences


def test_the_sentence_names_the_largest_supported_driver_its_step_and_what_all_explain():
    found = importance(
        rows_of(), outcome="score", drivers=["wait_hours", "channel", "noise"],
        log=["wait_hours"], metric="satisfaction",
    )  # fmt: skip
    row = found.table.loc["wait_hours"]
    said = text(found.narrative())
    assert said.startswith(
        f"Wait hours goes with satisfaction most: {100 * row['share']:.1f} % of what the "
        f"3 drivers explain ({100 * row['lower']:.1f} % to {100 * row['upper']:.1f} %); "
        f"a doubling goes with −{-row['effect']:.2f} (−"
    )
    assert said.endswith(
        f"2 of 3 drivers are supported; all together explain {100 * found.r2:.1f} % of its "
        "spread (R², 400 rows)."
    )
    assert found.supported == ["wait_hours", "channel"]
    assert isinstance(found, Result)


def test_one_driver_up_in_points_and_one_level_against_another():
    rows = rows_of().assign(bad=lambda f: 1 - f["good"])
    one = importance(rows, outcome="bad", drivers=["wait_hours"], log=["wait_hours"],
                     model="logit")  # fmt: skip
    row, said = one.table.iloc[0], text(one.narrative())
    assert said == (
        f"Wait hours goes with bad; a doubling goes with +{100 * row['effect']:.1f} points "
        f"(+{100 * row['effect_lower']:.1f} to +{100 * row['effect_upper']:.1f}). It explains "
        f"{100 * one.r2:.1f} % of its spread (McFadden's R², 400 rows)."
    )
    level = importance(rows, outcome="score", drivers=["channel", "noise"])
    assert "; phone against chat goes with −0." in text(level.narrative())
    assert "1 of 2 drivers is supported" in level.narrative()


def test_yes_against_no_and_small_units_are_said_so_that_they_can_be_read():
    rows = rows_of().assign(score=lambda f: f["score"] - 2 * f["reopened"])
    found = importance(rows, outcome="score", drivers=["reopened", "noise"])
    assert "; yes against no goes with −" in found.narrative()
    seconds = rows.assign(seconds=3600 * rows["wait_hours"])
    found = importance(seconds, outcome="score", drivers=["seconds", "noise"])
    assert "; a standard deviation more goes with −0." in found.narrative()


def test_nothing_supported_says_so_and_what_could_have_been_seen():
    rows = rows_of()
    flat = pd.get_dummies(rows[["noise", "quality", "channel"]], dtype=float).to_numpy()
    rest = np.random.default_rng(9).normal(size=400)  # and then nothing to do with any driver
    rest -= flat @ np.linalg.lstsq(flat, rest, rcond=None)[0]
    rows = rows.assign(score=rest + 0.02 * rows["noise"])
    found = importance(rows, outcome="score", drivers=["noise", "quality", "channel"])
    seen = (found.table["detectable"] * rows[["noise", "quality"]].std()).max()
    assert found.supported == []
    assert text(found.narrative()) == (
        "No supported driver: none of 3 goes with score beyond chance (lowest q "
        f"{found.table['q_value'].min():.2g}, 400 rows). An effect of {seen:.2f} for a "
        "standard deviation more would have been seen in 4 of 5 such samples."
    )
    one = importance(rows, outcome="score", drivers=["channel"])
    assert text(one.narrative()) == (
        "No supported driver: channel does not go with score beyond chance (p = "
        f"{one.table['p_value'].iloc[0]:.2g}, 400 rows). An effect of "
        f"{one.table['detectable'].iloc[0]:.2f} for a difference between levels would have "
        "been seen in 4 of 5 such samples."
    )


def test_what_is_called_detectable_is_found_in_four_of_five_samples():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 400))
    first = pd.DataFrame({"x": x[0], "y": rng.normal(size=400)})
    size = importance(first, outcome="y", drivers=["x"], alpha=0.05, bootstraps=100)
    b = size.table["detectable"].iloc[0]
    found = [
        importance(
            pd.DataFrame({"x": one, "y": b * one + rng.normal(size=400)}), outcome="y",
            drivers=["x"], alpha=0.05, bootstraps=100,
        ).supported != []
        for one in x[:150]
    ]  # fmt: skip
    assert 0.7 < np.mean(found) < 0.9


# cautions


def test_cautions_name_rows_left_out_weights_pooled_levels_and_too_few_rows():
    rows = rows_of(60).assign(w=np.resize([1.0, 3.0], 60))
    rows.loc[:5, "quality"] = np.nan
    rows.loc[6:9, "channel"] = "fax"
    rows.loc[10:13, "channel"] = "letter"
    names = ["wait_hours", "quality", "channel", "noise"]
    found = importance(rows, outcome="score", drivers=names, weights="w")
    said = [text(one) for one in found.warnings]
    assert said[0] == "6 of 60 rows (10.0 %) lack a value and are left out."
    assert said[1] == "The weights make 54 rows say as much as 43 unweighted ones would."
    assert said[2] == (
        "2 levels of channel with fewer than 10 rows (8 in all) count as 'other'."
    )
    assert any(one.startswith("Chance alone would explain about") for one in said)


def test_a_rare_level_with_next_to_no_rows_counts_as_the_most_common_one():
    rows = rows_of(100)
    rows.loc[:2, "channel"] = "fax"
    found = importance(rows, outcome="score", drivers=["channel", "quality"])
    assert "1 level of channel with fewer than 10 rows (3 in all) counts as 'chat'." in (
        found.warnings
    )


def test_a_level_with_one_outcome_only_is_pooled_where_its_effect_would_have_no_bound():
    rows = rows_of(300)
    rows.loc[:14, ["channel", "good"]] = ["fax", 1]
    found = importance(rows, outcome="good", drivers=["channel", "quality"], model="logit")
    assert (
        "1 level of channel with fewer than 10 rows or one outcome only (15 in all) counts as "
        "'chat'." in found.warnings
    )
    rows.loc[15:17, ["channel", "good"]] = ["letter", 0]
    rows.loc[18:40, "channel"] = "other"
    both = importance(rows, outcome="good", drivers=["channel", "quality"], model="logit")
    assert (
        "2 levels of channel with fewer than 10 rows or one outcome only (18 in all) count as "
        "'other levels'." in both.warnings
    )


def test_drivers_with_the_same_information_are_named_together():
    rng = np.random.default_rng(5)
    rows = rows_of()
    rows["twin"] = rows["quality"] + 0.2 * rng.normal(size=400)
    rows["held"] = rows["noise"] + 0.2 * rng.normal(size=400)
    found = importance(
        rows, outcome="score", drivers=["quality", "wait_hours", "twin", "noise"],
        controls=["held"],
    )  # fmt: skip
    said = [one for one in found.warnings if "information" in one]
    high = found.table["vif"]
    assert said == [
        f"Quality and twin carry much the same information (variance inflation up to "
        f"{high[['quality', 'twin']].max():.1f}), so how their shares divide is unsure.",
        f"Noise and the controls carry much the same information (variance inflation up to "
        f"{high['noise']:.1f}), so how their shares divide is unsure.",
    ]


def test_an_order_that_is_not_settled_is_said_and_a_settled_one_is_not():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(500, 3))
    rows = pd.DataFrame(x, columns=["first", "second", "third"])
    rows["y"] = x @ [1.0, 1.0, 0.2] + rng.normal(size=500)
    found = importance(rows, outcome="y", drivers=["first", "second", "third"])
    unsettled = [one for one in found.warnings if "order" in one]
    names = " and ".join(found.supported[:2])
    assert unsettled == [f"The order of {names} is not settled: their rank intervals overlap."]
    rows["y"] = x @ [2.0, 1.0, 0.3] + rng.normal(size=500)
    settled = importance(rows, outcome="y", drivers=["first", "second", "third"])
    assert not [one for one in settled.warnings if "order" in one]


def test_an_outcome_among_its_drivers_in_disguise_is_said():
    rows = rows_of().assign(copy=lambda f: 2 * f["score"] + 1e-6 * f["noise"])
    found = importance(rows, outcome="score", drivers=["copy", "noise"])
    assert "The drivers give the outcome exactly; one of them may be the outcome itself." in (
        found.warnings
    )


# pictures


def words(figure):
    return [text(one.get_text()) for ax in figure.axes for one in ax.texts]


def test_bars_say_shares_and_which_drivers_are_not_supported():
    found = importance(rows_of(), outcome="score", drivers=["noise", "wait_hours", "channel"])
    figure = found.plot()
    said = words(figure)
    assert said[0] == "Wait hours" and said[-2] == "Noise"
    assert said[-1].endswith("%, not supported")
    hatched = [bar.get_hatch() for bar in figure.axes[0].patches]
    assert hatched == [None, None, "///"]
    figure.draw_without_rendering()


def test_more_than_seven_drivers_leave_one_bar_for_the_rest():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(300, 9))
    rows = pd.DataFrame(x, columns=list("abcdefghi")).assign(y=x @ np.arange(9))
    rows["y"] += rng.normal(0, 8, 300)
    figure = importance(rows, outcome="y", drivers=list("abcdefghi")).plot()
    assert len(figure.axes[0].patches) == 7
    assert any(one.startswith("3 others") for one in words(figure))
