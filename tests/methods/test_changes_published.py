"""Tests of splits of a change against published answers."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from insights.methods.changes import factor_change, rate_change


@pytest.fixture(scope="module")
def published():
    """The folder of published answers; absent it skips, but in CI it fails."""
    root = Path(__file__).parents[2]
    folder = (root / os.environ.get("INSIGHTS_SHARED", "../shared")).resolve() / "data"
    if not folder.is_dir():
        said = f"no public data at {folder}; set INSIGHTS_SHARED"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    return folder / "published_answers"


def test_headship_rates_hold_to_the_printed_digits(published):
    """Das Gupta (1993), P23-186, table 5.1: households by age of head, 1970 and 1985."""
    data = pd.read_csv(published / "dasgupta" / "headship_5_1.csv")
    change = rate_change(das_gupta(data, "age_group", "size_pct", "rate"), unit="score")
    assert round(change.mix.value, 4) == 1.2269
    assert round(change.rate.value, 4) == 1.7403
    assert round(change.before, 4) == 44.7268
    assert round(change.after, 4) == 47.6940
    assert round(change.change, 4) == 2.9672


def test_death_rates_of_opposing_parts_hold_to_the_printed_digits(published):
    """Das Gupta (1993), P23-186, table 5.3: deaths per 1,000 by race and age."""
    data = pd.read_csv(published / "dasgupta" / "deathrates_5_3.csv")
    data["cell"] = data["race"].astype(str) + "-" + data["age"].astype(str)
    change = rate_change(das_gupta(data, "cell", "size", "rate"), unit="score")
    assert round(change.mix.value, 7) == 1.5415096
    assert round(change.rate.value, 7) == -2.2277254
    assert round(change.before, 6) == 9.421833
    assert round(change.after, 6) == 8.735618
    assert round(change.change, 7) == -0.6862158


def das_gupta(data, segment, size, rate):
    side = data["pop"].map({1970: "before", 1985: "after"})
    exposure = data[size].astype(float)
    return pd.DataFrame({"side": side, "segment": data[segment], "exposure": exposure}).assign(
        events=exposure * data[rate]
    )


def test_berkeley_admissions_are_flagged_whichever_side_comes_first(published):
    """Bickel, Hammel and O'Connell (1975), Science 187: .3035 of women, .4452 of men."""
    data = pd.read_csv(published / "UCBAdmissions.csv").rename(columns={"Dept": "segment"})
    data["events"] = data["Freq"] * (data["Admit"] == "Admitted")
    for before in ("Male", "Female"):
        side = np.where(data["Gender"] == before, "before", "after")
        change = rate_change(data.assign(side=side, exposure=data["Freq"]), metric="Admitted")
        sign = 1 if before == "Male" else -1
        assert change.simpson
        assert round(change.change * sign, 4) == pytest.approx(0.3035 - 0.4452, abs=1e-4)
        assert change.rate.value * sign == pytest.approx(0.0360, abs=5e-5)
        up = change.detail["after"] > change.detail["before"]
        assert up.sum() == (4 if before == "Male" else 2)


def test_two_and_four_factors_hold_to_the_printed_digits(published):
    """Das Gupta (1993), P23-186, examples 2.1 and 2.3."""
    answers = json.loads((published / "expected.json").read_text())["dasgupta"]
    two = answers["eg2.1 two factors R=ab"]
    change = factor_change(two["black"], two["white"])
    for name, effect in two["effect"].items():
        assert round(change.table.loc[name, "effect"], 3) == effect
    assert round(change.change, 3) == two["crude_diff"]
    four = answers["eg2.3 four factors R=abcd"]
    before, after = (dict(zip("abcd", four[year], strict=True)) for year in ("1971", "1979"))
    change = factor_change(before, after)
    assert change.table["effect"].round(7).tolist() == four["effect"]
    assert round(change.change, 7) == four["crude_diff"]


def test_a_ratio_of_sums_of_vector_factors_holds_to_the_printed_digits(published):
    """Das Gupta (1993), P23-186, table 4.4: births out of wedlock by age, 1963 and 1983."""
    data = pd.read_csv(published / "dasgupta" / "illegitimacy_4_4.csv")
    answer = json.loads((published / "expected.json").read_text())["dasgupta"]
    answer = answer["illegitimacy_4_4 ratio of sums, 4 vector factors"]

    def share(f):
        out = (f["A"] * f["B"] * f["C"]).sum()
        return out / (out + (f["A"] * (1 - f["B"]) * f["D"]).sum())

    sides = [
        {name: data.loc[data["pop"] == year, name].to_numpy() for name in "ABCD"}
        for year in (1963, 1983)
    ]
    change = factor_change(*sides, of=share, metric="Share", unit="share")
    for name in "ABCD":
        assert round(change.table.loc[name, "effect"], 8) == answer[name]
    assert round(change.before, 8) == answer["crude_1963"]
    assert round(change.after, 8) == answer["crude_1983"]
    assert round(change.change, 8) == answer["crude_diff"]
