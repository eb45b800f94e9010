from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from insights import pack as packs
from insights.errors import ParamError
from insights.pack import Pack
from insights.runs import plan
from insights.runs.engine import Job

KNOWN = ["phone", "web"]


@pytest.fixture
def pack(root: Path, monkeypatch: pytest.MonkeyPatch) -> Pack:
    monkeypatch.chdir(root)
    return packs.load("params/shop")


def require(where: Mapping[str, str]) -> None:
    if where["channel"] not in KNOWN:
        raise ParamError(f"the data has no channel '{where['channel']}'")


def jobs(pack: Pack, *readouts: str, known: list[str] = KNOWN, **settings: str) -> list[Job]:
    request = plan.Request(readouts, settings)
    return plan.jobs(pack, request, values=lambda _: known, require=require)


def refusal(pack: Pack, *readouts: str, **settings: str) -> str:
    with pytest.raises(ParamError) as caught:
        jobs(pack, *readouts, **settings)
    return str(caught.value)


def test_without_a_name_every_readout_not_on_request_runs(pack: Pack, root: Path):
    (job,) = jobs(pack)
    assert job == Job(
        pack="shop",
        readout="good",
        title="Good",
        notebook=root / "notebooks" / "1_good.ipynb",
        parameters={"pack": "params/shop", "where": {}, "as_of": ""},
    )


def test_a_matrix_over_all_runs_once_a_value(pack: Pack):
    found = jobs(pack, "each")
    assert [job.readout for job in found] == ["each-phone", "each-web"]
    assert [job.title for job in found] == ["Each: phone", "Each: web"]
    assert [job.parameters["where"] for job in found] == [
        {"channel": "phone"},
        {"channel": "web"},
    ]


def test_a_setting_narrows_the_matrix_and_keeps_the_folder(pack: Pack):
    assert [job.readout for job in jobs(pack, "each", channel="web")] == ["each-web"]


def test_a_dimension_reaches_a_readout_without_matrix_in_where_and_gets_its_own_page(
    pack: Pack,
):
    (job,) = jobs(pack, channel="phone")
    assert (job.readout, job.parameters["where"]) == ("good-phone", {"channel": "phone"})


def test_a_parameter_is_typed_as_its_notebook_declares(pack: Pack):
    (job,) = jobs(pack, weeks="8")
    assert job.parameters["weeks"] == 8
    assert refusal(pack, weeks="many") == (
        "parameter 'weeks' is 'many'; it must be a whole number"
    )


def test_a_metric_matrix_fills_the_parameter_and_is_titled_as_metrics_are(pack: Pack):
    readout = pack.readouts["good"].model_copy(update={"matrix": {"metric": "all"}})
    changed = pack.model_copy(update={"readouts": {"good": readout}})
    (job,) = jobs(changed)
    assert (job.readout, job.parameters["metric"]) == ("good-orders", "orders")
    assert job.title == "Good: Orders"


def test_misspelt_names_are_refused_with_what_there_is(pack: Pack):
    assert refusal(pack, "goud") == (
        "unknown readout 'goud'; did you mean 'good'? "
        "The pack has good, raises, killed, slow, big, leaks, each."
    )
    assert refusal(pack, chanel="web") == (
        "--set chanel: unknown key; did you mean 'channel'? The dimensions are channel, "
        "the notebook's parameters fingerprint, state, care, gates, weeks, metric."
    )
    assert refusal(pack, channel="wep") == "the data has no channel 'wep'"


def test_a_value_outside_a_listed_matrix_is_refused(pack: Pack):
    readout = pack.readouts["each"].model_copy(update={"matrix": {"channel": ["web"]}})
    changed = pack.model_copy(update={"readouts": {"each": readout}})
    assert refusal(changed, "each", channel="phone") == (
        "--set channel=phone: readout 'each' does not run for it. It runs for web."
    )


def test_what_the_command_gives_itself_cannot_be_set(pack: Pack):
    assert refusal(pack, as_of="2026-01-01") == (
        "--set as_of is not possible; give the date with --as-of"
    )
    assert refusal(pack, where="x") == ("--set where is not possible; set the dimension itself")


@pytest.mark.parametrize("text", ["yesterday", "2026-1-5", "20260105", "2026-02-30"])
def test_a_date_is_iso(pack: Pack, text: str):
    request = plan.Request(as_of=text)
    with pytest.raises(
        ParamError, match=f"--as-of {text} is not a date; write it as 2025-12-31"
    ):
        plan.jobs(pack, request, values=lambda _: KNOWN, require=require)


def test_settings_are_key_and_value_once_each():
    assert plan.settings(["a=b=c", " d = "]) == {"a": "b=c", "d": " "}
    with pytest.raises(ParamError, match=r"^--set a: write it as key=value$"):
        plan.settings(["a"])
    with pytest.raises(ParamError, match=r"^--set a is given twice; give it once$"):
        plan.settings(["a=1", "a=2"])
    with pytest.raises(ParamError, match=r"^--set a=\?: it is not UTF-8; write it in UTF-8$"):
        plan.settings(["a=\udcff"])


def test_hostile_values_make_harmless_folders_that_differ(pack: Pack):
    hostile = ["../../etc", "<script>alert(1)</script>", "日本", "", "A b", "a-B", "x" * 300]
    found = jobs(pack, "each", known=hostile)
    names = [job.readout for job in found]
    assert all(re.fullmatch(r"[a-z0-9-]+", name) and len(name) < 80 for name in names)
    assert len(set(names)) == len(hostile)
    assert names[:2] == ["each-etc", "each-script-alert-1-script"]
    assert [job.parameters["where"]["channel"] for job in found] == hostile


def test_a_folder_keeps_its_name_when_the_matrix_is_narrowed(pack: Pack):
    every = {
        job.parameters["where"]["channel"]: job.readout
        for job in jobs(pack, "each", known=["web", "WEB"])
    }
    (job,) = jobs(pack, "each", known=["web", "WEB"], channel="web")
    assert job.readout == every["web"] != every["WEB"]
