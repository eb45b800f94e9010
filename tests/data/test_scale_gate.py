"""The gate on answers that were given on a scale the wrong way round."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from insights import pack as packs
from insights.data.quality import Finding
from insights.data.quality.rows import Look, row_findings
from insights.data.sources import opened

DAYS, A_DAY = 120, 60
USUAL, COLLAPSED = (0.22, 0.13, 0.65), (0.50, 0.28, 0.22)  # shares of 1-2, 3 and 4-5


def findings(folder: Path, shares: dict[int, tuple[float, ...]], seed: int) -> list[Finding]:
    rng = np.random.default_rng(seed)
    days = pd.date_range("2025-01-06", periods=DAYS)
    low = [rng.choice([1, 3, 5], A_DAY, p=shares.get(i, USUAL)) for i in range(DAYS)]
    rows = pd.DataFrame({"day": days.repeat(A_DAY), "score": np.concatenate(low)})
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(folder / "surveys.parquet")
    csat = {
        "title": "CSAT", "table": "surveys", "kind": "ratio", "unit": "share", "clock": "day",
        "better": "higher", "owner": "Support", "definition": "Satisfied.",
        "numerator": "score >= 4", "denominator": "score is not null", "mirror": "score <= 2",
    }  # fmt: skip
    files = {
        "pack": {"title": "Desk"},
        "source": {"tables": {"surveys": {"path": "surveys.parquet", "row": "an answer"}}},
        "metrics": {"metrics": {"csat": csat}},
    }
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(text))
    with opened(packs.load(str(folder))) as source:
        return row_findings(Look(source, "csat", source.pack.metrics["csat"], {}))


def test_three_days_on_a_reversed_scale_are_named(tmp_path: Path):
    shares = dict.fromkeys((80, 81, 82), USUAL[::-1])
    (found,) = findings(tmp_path, shares, seed=1)
    assert found.gate == "reversed scale"
    assert found.level == "fail"
    assert [day.date().isoformat() for day in found.days] == [
        "2025-03-27", "2025-03-28", "2025-03-29",
    ]  # fmt: skip
    assert found.message.replace("\u00a0", " ") == (
        "3 days read as if the answer scale was reversed, 27 March to 29 March 2025: 21.7 % "
        "where 63.5 % is usual, and the other end is its mirror image. "
        "Ask who changed the survey"
    )


def test_a_real_collapse_is_not_taken_for_a_reversed_scale(tmp_path: Path):
    shares = dict.fromkeys((80, 81, 82), COLLAPSED)
    assert findings(tmp_path, shares, seed=2) == []


@pytest.mark.parametrize("seed", range(6))
def test_quiet_weeks_raise_nothing(tmp_path: Path, seed: int):
    assert findings(tmp_path, {}, seed=seed) == []
