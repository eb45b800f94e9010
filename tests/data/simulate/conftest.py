"""One small build for tests that read tables; `worlds` plays single weeks for the others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from worlds import SCALE, SEED  # noqa: E402

from insights.data import simulate  # noqa: E402
from insights.data.simulate import Truth  # noqa: E402

Read = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    place = tmp_path_factory.mktemp("simulated") / "operation"
    return simulate.build(place, scale=SCALE, seed=SEED)


@pytest.fixture(scope="session")
def table(truth: Truth) -> Read:
    """Read a table of the build once: "contacts", or "truth/contacts" for what is hidden."""
    held: dict[str, pd.DataFrame] = {}

    def read(name: str) -> pd.DataFrame:
        if name not in held:
            held[name] = pd.read_parquet(truth.folder / f"{name}.parquet")
        return held[name]

    return read
