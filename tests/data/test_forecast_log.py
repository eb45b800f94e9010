"""The log of forecasts: rows are added, never edited, and read back as they were."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from insights.data import forecast_log
from insights.errors import ContractError


def row(
    origin: str = "2025-01-06", segment: str = "all", value: float = 5.0
) -> dict[str, object]:
    return {
        "metric": "contacts", "segment": segment, "model": "published", "origin": origin,
        "grain": "week", "period": "2025-01-13", "horizon": 1, "quantile": None, "value": value,
    }  # fmt: skip


def put(out: Path, text: str, readout: str = "what_next") -> None:
    home = out / "acme" / readout
    home.mkdir(parents=True)
    (home / forecast_log.NAME).write_text(text)


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(forecast_log.FOLDER, str(tmp_path))
    return tmp_path


def test_rows_come_back_typed(out: Path) -> None:
    put(out, forecast_log.added("", [row(), row(segment="queue=chat, mail")]))
    rows = forecast_log.read("acme", "contacts", "week")
    assert list(rows.columns) == list(forecast_log.COLUMNS)
    assert list(rows["segment"]) == ["all", "queue=chat, mail"]
    assert rows["origin"].iloc[0] == pd.Timestamp("2025-01-06")
    assert rows["quantile"].isna().all()


def test_logs_of_several_readouts_are_read_together_by_metric_and_grain(out: Path) -> None:
    put(out, forecast_log.added("", [row("2025-01-13")]))
    put(out, forecast_log.added("", [row(), row() | {"metric": "other"}]), "markets-tr")
    rows = forecast_log.read("acme", "contacts", "week")
    assert [d.day for d in rows["origin"]] == [6, 13]
    assert forecast_log.read("acme", "contacts", "day").empty
    assert forecast_log.read("nobody", "contacts", "week").empty


def test_earlier_lines_stay_and_the_same_origin_is_not_logged_twice() -> None:
    first = forecast_log.added("", [row()])
    assert forecast_log.added(first, [row(value=9.0)]) == first
    later = forecast_log.added(first, [row(value=9.0), row("2025-01-13")])
    assert later.startswith(first)
    assert len(later.splitlines()) == 3


def test_a_line_cut_off_does_not_swallow_the_next() -> None:
    text = forecast_log.added("", [row()]).rstrip("\n")
    assert len(forecast_log.added(text, [row("2025-01-13")]).splitlines()) == 3


def test_a_file_that_is_no_log_is_named(out: Path) -> None:
    put(out, "a,b\n1,2\n")
    with pytest.raises(ContractError) as refused:
        forecast_log.read("acme", "contacts", "week")
    assert str(refused.value) == (
        "forecasts.csv: it lacks metric, segment, model, origin, grain and 4 more. "
        "Move it away."
    )


def test_without_a_word_from_the_command_outputs_are_the_roots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(forecast_log.FOLDER, raising=False)
    assert forecast_log.outputs().name == "outputs"
