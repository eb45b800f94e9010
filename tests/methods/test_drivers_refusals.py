"""What importance refuses, and in which words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from insights.errors import ContractError, MethodError, ParamError
from insights.methods.drivers import importance


def tiny(n=40):
    """Numbers that vary, for refusals."""
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    return rows.assign(y=rng.integers(1, 6, n), word=["x"] * (n // 2) + ["z"] * (n - n // 2))


@pytest.mark.parametrize(
    ("rows", "options", "error", "message"),
    [
        (
            tiny(), {"model": "logistic"}, ParamError,
            "importance: unknown model 'logistic'; did you mean 'logit'? "
            "Give linear, logit or ordinal.",
        ),
        (
            tiny(), {"outcome": "yy"}, ContractError,
            "importance: no column 'yy' in the frame; did you mean 'y'? Give one that it has.",
        ),
        (
            tiny(), {"drivers": ["a", "u", "v"]}, ContractError,
            "importance: 2 columns are not in the frame: u, v. Give columns that it has.",
        ),
        (
            pd.concat([tiny(), tiny()[["a"]]], axis=1), {}, ContractError,
            "importance: column 'a' comes twice in the frame. Rename or drop one.",
        ),
        (
            tiny(), {"drivers": ["a", "y"]}, ParamError,
            "importance: 'y' is both outcome and driver. Take it out of the drivers.",
        ),
        (
            tiny(), {"drivers": ["a", "b", "a"]}, ParamError,
            "importance: named twice among drivers and controls: a. Name each once.",
        ),
        (
            tiny(), {"drivers": []}, ParamError,
            "importance: no drivers. Name at least one.",
        ),
        (
            tiny(), {"drivers": "a"}, ParamError,
            "importance: drivers, controls and log are lists of names. Give lists.",
        ),
        (
            tiny(), {"log": ["d"]}, ParamError,
            "importance: log names what is no driver or control: d. Name columns among them.",
        ),
        (
            tiny(), {"drivers": ["a", "word"], "log": ["word"]}, ParamError,
            "importance: log names 'word', which is text. Take it out.",
        ),
        (
            tiny().assign(a=np.arange(40) - 2), {"log": ["a"]}, ContractError,
            "importance: log names 'a', which is negative in 2 rows. Take it out.",
        ),
        (
            tiny().assign(y=3), {}, MethodError,
            "importance: outcome 'y' is 3 in all 40 rows. Give rows in which it varies.",
        ),
        (
            tiny().assign(b=1), {}, MethodError,
            "importance: driver 'b' is 1 in all 40 rows. Drop it.",
        ),
        (
            tiny().assign(b=[1.0] * 3 + [0.0] * 37), {}, MethodError,
            "importance: driver 'b' differs from 0 in 3 of 40 rows. "
            "Drop it, or give at least 5 such rows.",
        ),
        (
            tiny().assign(word="x"), {"drivers": ["a", "word"]}, MethodError,
            "importance: driver 'word' is 'x' in all 40 rows. Drop it.",
        ),
        (
            tiny().assign(word=[f"t{i}" for i in range(40)]), {"drivers": ["word"]},
            MethodError,
            "importance: driver 'word' has 40 levels, none with 10 rows and more than one "
            "outcome. Drop it, or pool its levels.",
        ),
        (
            tiny(12), {}, MethodError,
            "importance: 12 rows with every value. Give at least 20.",
        ),
        (
            tiny().assign(b=[np.nan] * 30 + [1.0, 2.0] * 5, c=[None] * 5 + [1.0] * 35), {},
            MethodError,
            "importance: 30 of 40 rows lack a value, most often in 'b' (30). "
            "Drop the columns that are seldom filled.",
        ),
        (
            tiny().assign(total=lambda f: f["a"] + 2 * f["b"]),
            {"drivers": ["a", "c", "total"], "controls": ["b"]}, MethodError,
            "importance: a, b and total carry the same information exactly: each follows from "
            "the rest of them. Drop one.",
        ),
        (
            tiny(), {"model": "logit"}, ContractError,
            "importance: outcome 'y' is neither 0 nor 1 in 33 of 40 rows: 2, 3, 4, 5. "
            "Give 0 and 1, or another model.",
        ),
        (
            tiny().assign(y=np.arange(40)), {"model": "ordinal"}, MethodError,
            "importance: outcome 'y' has 40 different values; an ordinal model takes 3 to 20. "
            "Give model='linear'.",
        ),
        (
            tiny().assign(y=np.arange(40) % 2), {"model": "ordinal"}, MethodError,
            "importance: outcome 'y' has 2 different values; an ordinal model takes 3 to 20. "
            "Give model='logit'.",
        ),
        (
            tiny().assign(y=(np.arange(40) < 4) * 1), {"model": "logit"}, MethodError,
            "importance: 3 drivers for 4 rows of the rarer outcome. "
            "Give at least 10 such rows, or fewer drivers.",
        ),
        (
            tiny().assign(y=np.arange(40) % 2, b=lambda f: f["y"] + 0.1 * f["a"]),
            {"model": "logit"}, MethodError,
            "importance: for some values of 'b' the outcome 'y' never varies, so that the "
            "effect has no bound. Drop the driver or pool the level.",
        ),
        (
            tiny().assign(y="good"), {}, ContractError,
            "importance: outcome 'y' is not a number: 'good'. Give numbers.",
        ),
        (
            tiny().assign(b=pd.Timestamp("2025-01-06")), {}, ContractError,
            "importance: driver 'b' holds dates or durations. "
            "Turn it into a number, such as hours.",
        ),
        (
            tiny().assign(b=[np.inf] * 2 + [1.0, 2.0] * 19), {}, ContractError,
            "importance: driver 'b' is infinite in 2 rows. Write what is missing as NaN.",
        ),
        (
            tiny().assign(w=[-1.0] * 2 + [1.0] * 38), {"weights": "w"}, ContractError,
            "importance: 2 of 40 weights in 'w' are negative. Give weights of 0 or more.",
        ),
        (
            tiny(), {"cluster": "word"}, MethodError,
            "importance: 2 clusters in 'word'. Give at least 10, or no cluster.",
        ),
        (
            tiny(), {"level": 95}, ParamError,
            "importance: level is 95. Give a share between 0 and 1.",
        ),
        (
            tiny(), {"bootstraps": 10}, ParamError,
            "importance: bootstraps is 10. Give at least 100.",
        ),
    ],
)  # fmt: skip
def test_input_that_cannot_be_is_refused_in_one_sentence(rows, options, error, message):
    with pytest.raises(error) as raised:
        importance(rows, **{"outcome": "y", "drivers": ["a", "b", "c"], **options})
    assert str(raised.value) == message


def test_sixty_drivers_for_forty_rows_are_refused():
    wide = pd.DataFrame(np.random.default_rng(3).normal(size=(40, 61)))
    wide.columns = [f"d{at}" for at in range(60)] + ["y"]
    with pytest.raises(MethodError) as raised:
        importance(wide, outcome="y", drivers=list(wide.columns[:60]))
    assert str(raised.value) == (
        "importance: 60 drivers for 40 rows. Give at least 183 rows, or fewer drivers."
    )
