"""Small packs written into a temporary folder."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from insights import pack as packs
from insights.data import checks, quality, remembered, series, sources
from insights.data.quality import Finding
from insights.data.quality.rows import Look
from insights.data.sources import Source
from insights.pack import Pack

METRIC = {
    "title": "Tickets",
    "kind": "count",
    "table": "tickets",
    "unit": "count",
    "better": "band",
    "owner": "Ana",
    "definition": "Tickets.",
    "clock": "day",
}


@dataclass
class Desk:
    """A pack that a test fills: files, tables, metrics."""

    folder: Path
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=lambda: {"title": "Desk"})
    connection: str = "duckdb://"
    sources: list[Source] = field(default_factory=list)

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def table(self, name: str = "tickets", content: str | None = None, **said: Any) -> Desk:
        if content is not None:
            self.file(f"{name}.csv", content)
            said.setdefault("path", f"{name}.csv")
        self.tables[name] = {"row": "one ticket", **said}
        return self

    def metric(self, name: str = "tickets", **said: Any) -> Desk:
        self.metrics[name] = METRIC | said
        return self

    def write(self) -> Path:
        source = {"connection": self.connection, "tables": self.tables}
        if not self.metrics:
            self.metric()
        content = {"pack": self.info, "source": source, "metrics": {"metrics": self.metrics}}
        for stem, said in content.items():
            text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True)
            (self.folder / f"{stem}.yaml").write_text(text, encoding="utf-8")
        return self.folder

    def load(self) -> Pack:
        return packs.load(self.write())

    def open(self) -> Source:
        self.sources.append(sources.open_source(self.load()))
        return self.sources[-1]

    def rows(self, table: str = "tickets") -> list[tuple[Any, ...]]:
        frame = self.open().tables[table].to_pandas()
        frame = frame[[c for c in frame.columns if not c.startswith("_unread_")]]
        return [
            tuple(row) for row in frame.astype(object).where(frame.notna(), None).to_numpy()
        ]

    def build(self, metric: str = "tickets", **kept: Any) -> Any:
        return series.build(self.open(), metric, **kept)

    def findings(self, metric: str = "tickets", **kept: Any) -> list[Finding]:
        source = self.open()
        kept.setdefault("where", {})
        return quality.row_findings(Look(source, metric, source.pack.metrics[metric], **kept))

    def faults(self) -> list[str]:
        """Return the faults that the data find, with file name and line."""
        found = checks.faults(packs.read(self.write()))
        return [f"{fault.file.name}:{fault.line}: {fault.message}" for fault in found]

    def line(self, stem: str, text: str, nth: int = 1) -> str:
        """Return ``file:line`` of the nth line that holds a text."""
        lines = (self.folder / f"{stem}.yaml").read_text(encoding="utf-8").splitlines()
        return f"{stem}.yaml:{[i for i, one in enumerate(lines, 1) if text in one][nth - 1]}"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    for source in made.sources:
        source.backend.disconnect()


@pytest.fixture
def new_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Desk]]:
    """A fresh desk a call: for properties that try many."""
    made: list[Desk] = []

    def new() -> Desk:
        made.append(Desk(tmp_path_factory.mktemp("desk")))
        return made[-1]

    yield new
    for one in made:
        for source in one.sources:
            source.backend.disconnect()


@pytest.fixture(scope="session")
def eu_dsa() -> Iterator[Source]:
    with sources.opened("eu_dsa") as source:
        yield source


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public data; absent it skips, but in CI it fails."""
    root = packs.root(Path(__file__).parent)
    folder = (root / os.environ.get("INSIGHTS_SHARED", "../shared")).resolve()
    if not (folder / "data").is_dir():
        said = f"no public data at {folder}; set INSIGHTS_SHARED"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    return folder


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """Keep answers, with none so far, until the test ends; return those kept."""
    held: dict[Any, Any] = {}
    fresh = {"_held": held, "_kept": False, "_folder": None, "_read": {}}
    for name, value in fresh.items():
        monkeypatch.setattr(remembered, name, value)
    remembered.keep()
    return held


@pytest.fixture
def zipped() -> Callable[[str], bytes]:
    return lambda text: gzip.compress(text.encode())
