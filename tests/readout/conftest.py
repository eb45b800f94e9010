"""Fixtures for tests that read pages out of a small operation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import operation
import pandas as pd
import pytest


@pytest.fixture
def make_pack(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the small operation with planted rows and changed YAML."""

    def make(rows: pd.DataFrame | None = None, *, name: str = "ops", **changed: object) -> Path:
        return operation.make(tmp_path / name, rows, **changed)  # type: ignore[arg-type]

    return make
