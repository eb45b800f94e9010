"""What the outcome would be if one driver were moved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from insights import charts
from insights.errors import MethodError, ParamError
from insights.methods.drivers import importance, what_if
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


def words(figure):
    return [text(one.get_text()) for ax in figure.axes for one in ax.texts]


def test_moving_a_wait_equals_predicting_with_it_moved():
    rows = rows_of()
    found = importance(
        rows, outcome="score", drivers=["wait_hours", "channel"], log=["wait_hours"],
        metric="satisfaction",
    )  # fmt: skip
    moved = what_if(found, driver="wait_hours", driver_unit="hours")
    value = np.quantile(rows["wait_hours"], 0.25, method="inverted_cdf")
    gain = np.log2(1 + rows["wait_hours"]) - np.log2(1 + rows["wait_hours"].clip(upper=value))
    b = found.table.loc["wait_hours"]
    assert moved.value == pytest.approx(value)
    assert moved.effect == pytest.approx(-b["effect"] * gain.mean())
    assert moved.lower == pytest.approx(-b["effect_upper"] * gain.mean())
    assert moved.upper == pytest.approx(-b["effect_lower"] * gain.mean())
    assert moved.before == pytest.approx(rows["score"].mean())
    assert text(moved.narrative()) == (
        f"Wait hours at the 25th percentile ({value:.1f} h), for the 75.0 % of rows above it: "
        f"+{moved.effect:.2f} (+{moved.lower:.2f} to +{moved.upper:.2f}) in satisfaction, "
        "by association."
    )
    assert isinstance(moved, Result)
    assert moved.table.loc["wait_hours", "effect"] == moved.effect


@pytest.mark.parametrize("model", ["logit", "ordinal"])
def test_moving_a_driver_of_a_curved_model_equals_the_mean_of_its_predictions(model):
    rows = rows_of().assign(rated=lambda f: pd.qcut(f["score"], 3, labels=False) + 1)
    outcome = "good" if model == "logit" else "rated"
    names = ["wait_hours", "quality"]
    found = importance(rows, outcome=outcome, drivers=names, model=model)
    to = float(rows["wait_hours"].median())
    moved = what_if(found, driver="wait_hours", to=to)

    def mean(frame):
        eta = frame[names].to_numpy() @ found.fitted.coef
        above = expit(eta[:, None] - found.fitted.theta[: found.fitted.cuts])
        return (model == "ordinal") + above.sum(axis=1).mean()

    after = rows.assign(wait_hours=rows["wait_hours"].clip(upper=to))
    assert moved.before == pytest.approx(mean(rows))
    assert moved.after == pytest.approx(mean(after))
    assert moved.lower < moved.effect < moved.upper


def test_only_rows_that_do_worse_move_whichever_way_is_better():
    rows = rows_of().assign(bad=lambda f: -f["score"], speed=lambda f: -f["wait_hours"])
    to = {"wait_hours": 2.0, "speed": -2.0}
    for driver, side in (("wait_hours", "above"), ("speed", "below")):
        up = importance(rows, outcome="score", drivers=[driver])
        down = importance(rows, outcome="bad", drivers=[driver])
        one = what_if(up, driver=driver, to=to[driver])
        other = what_if(down, driver=driver, to=to[driver], better="lower")
        assert (one.worse, other.worse) == (side, side)
        assert one.effect == pytest.approx(-other.effect)
        assert one.effect > 0


def test_no_clear_change_and_a_verified_action_are_said():
    rows = rows_of()
    found = importance(rows, outcome="good", drivers=["wait_hours", "noise"], model="logit",
                       log=["wait_hours"])  # fmt: skip
    none = what_if(found, driver="noise", quantile=0.5)
    assert not none.clear
    said = text(none.narrative())
    assert said.startswith("Noise at the 50th percentile (")
    assert "no clear change in good (" in said and said.endswith(" points), by association.")
    sure = what_if(found, driver="wait_hours", to=1, verified_by="Weekend shift")
    assert text(sure.narrative()).startswith("Wait hours at 1.0, for the ")
    assert sure.narrative().endswith(" in good, verified by the action 'Weekend shift'.")
    for moved in (none, sure):
        figure = moved.plot()
        figure.draw_without_rendering()
        assert len(words(figure)) == 2
    assert none.plot().axes[0].get_xlabel() == "mean good: no clear change"
    assert charts.SOFT in {line.get_color() for line in none.plot().axes[0].lines}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"driver": "wait"},
            ParamError,
            "what_if: no driver 'wait'. Give one of the result's.",
        ),
        (
            {"driver": "channel"},
            ParamError,
            "what_if: 'channel' is text. Give a driver of numbers.",
        ),
        (
            {"driver": "quality", "better": "more"},
            ParamError,
            "what_if: better is 'more'. Give higher or lower.",
        ),
        (
            {"driver": "quality", "to": 1, "quantile": 0.5},
            ParamError,
            "what_if: both quantile and to are given. Give one of them.",
        ),
        (
            {"driver": "quality", "quantile": 25},
            ParamError,
            "what_if: quantile is 25. Give a share between 0 and 1.",
        ),
        (
            {"driver": "reopened", "to": 2},
            MethodError,
            "what_if: 2 is beyond all values of 'reopened' seen (0 to 1). "
            "Give one between them.",
        ),
        (
            {"driver": "reopened", "to": 1, "better": "lower"},
            MethodError,
            "what_if: no row has 'reopened' above 1, which is worse. "
            "Give a value that rows would move to.",
        ),
    ],
)
def test_what_if_refuses_what_cannot_be(options, error, message):
    rows = rows_of().assign(score=lambda f: f["score"] + 3 * f["reopened"])
    found = importance(rows, outcome="score", drivers=["quality", "reopened", "channel"])
    with pytest.raises(error) as raised:
        what_if(found, **options)
    assert str(raised.value) == message
