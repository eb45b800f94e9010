"""One simulated operation as the scorers use it: its truth, its pack, its tables."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from insights import pack as packs
from insights.data import series, sources
from insights.data.simulate import RECORD
from insights.data.sources import Source

from . import builds

SIMULATED = "simulated:"


@dataclass(frozen=True, slots=True)
class World:
    """A build, its truth, and the pack that reads it."""

    origin: str  # the pack as it was given
    pack: str  # a copy of it that reads this build
    source: Source
    folder: Path
    record: dict[str, Any]

    @property
    def scale(self) -> float:
        """How large the operation is; 1 is about 10,000 contacts a day."""
        return float(self.record["scale"])

    @property
    def end(self) -> pd.Timestamp:
        """The day after the last one in the source tables."""
        return pd.Timestamp(self.record["end"])

    def effect(self, name: str) -> dict[str, Any]:
        """Return an effect of truth.json."""
        found: dict[str, Any] = next(
            effect for effect in self.record["effects"] if effect["effect_id"] == name
        )
        return found

    def measure(self, effect: str, metric: str, **segment: Sequence[str]) -> dict[str, Any]:
        """Return what truth.json holds of an effect in a metric and segment."""
        wanted = {name: list(values) for name, values in segment.items()}
        found: dict[str, Any] = next(
            measure
            for measure in self.effect(effect)["measures"]
            if measure["metric"] == metric and measure["segment"] == wanted
        )
        return found

    def seen(self, measure: dict[str, Any]) -> bool:
        """Whether truth says that the operation is large enough to see it."""
        needed = measure["smallest_scale"]
        return needed is not None and needed <= self.scale

    def rows(self, metric: str, **options: Any) -> pd.DataFrame:
        """Return series rows of the pack's metric."""
        return series.build(self.source, metric, **options)

    def sql(self, query: str) -> pd.DataFrame:
        """Run plain SQL; ``{name}`` is a source table's file, ``{truth/name}`` a hidden one."""
        names = [*self.folder.glob("*.parquet"), *self.folder.glob("truth/*.parquet")]
        for file in names:
            name = file.relative_to(self.folder).with_suffix("").as_posix()
            query = query.replace(f"{{{name}}}", f"read_parquet('{file}')")
        with duckdb.connect() as connection:
            connection.execute("set enable_progress_bar = false")
            return connection.sql(query).df()


@contextmanager
def opened(pack: str, folder: Path) -> Iterator[World]:
    """Yield a build, read through a copy of the pack that looks nowhere else."""
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / packs.find(pack).name
        shutil.copytree(packs.find(pack), copy)
        described = (copy / "source.yaml").read_text(encoding="utf-8")
        (copy / "source.yaml").write_text(described.replace(SIMULATED, f"{folder}/"))
        source = sources.open_source(packs.load(copy))
        try:
            yield World(pack, str(copy), source, folder, record)
        finally:
            source.backend.disconnect()


@contextmanager
def demo(pack: str, scale: float | None = None) -> Iterator[World]:
    """Yield the demo, or the same operation at another scale."""
    with opened(pack, builds.demo(scale)) as world:
        yield world
