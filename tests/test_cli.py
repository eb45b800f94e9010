"""The command as a person meets it: what it prints, where, and the code it ends with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from insights import cli

sys.path.insert(0, str(Path(__file__).parent / "runs"))
from runs_root import bare, command, files, make_root, manifests  # noqa: E402

COMMANDS = ("run", "check", "new", "explain", "simulate", "list", "prune")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = ("web", "<script>alert(1)</script>", "../../etc")
    return make_root(tmp_path_factory.mktemp("root"), values)


def insights(
    root: Path, *words: object, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(*words), cwd=root, env=bare(env), capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


Inside = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Inside:
    """The command without a process of its own, for what starts no notebook."""

    def run(root: Path, *words: object) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(root)
        monkeypatch.setattr(sys, "argv", ["insights", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(sys.argv, code, said.out, said.err)

    return run


def test_help_names_every_command_and_loads_no_engine(root: Path):
    done = insights(root, "--help")
    assert done.returncode == 0
    heavy = "{'ibis', 'pandas', 'matplotlib', 'papermill'} & {*sys.modules}"
    asked = f"import sys, insights.cli; print({heavy} or 'light')"
    light = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True)
    assert light.stdout == "light\n"
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_its_help(inside: Inside, root: Path, name: str):
    text = inside(root, name, "--help").stdout
    options = [line for line in text.splitlines() if line.startswith("  --")]
    assert options
    assert all(len(line.split("  ")) > 2 or len(line) > 30 for line in options)


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["run", "params/shop", "--engine", "x"],
        ["run", "params/shop", "--memory", "-1"],
        ["run", "params/shop", "--jobs", "0"],
        ["runn"],
        ["new", "x"],
    ],
)
def test_a_command_line_that_cannot_be_is_bad_input(
    inside: Inside, root: Path, words: list[str]
):
    assert inside(root, *words).returncode == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["run", "params/shopp"],
            "no pack 'params/shopp'; did you mean 'shop'? There are shop.\n",
        ),
        (
            ["run", "params/shop", "--set", "chanel=web"],
            "--set chanel: unknown key; did you mean 'channel'? The dimensions are channel, "
            "the notebook's parameters fingerprint, state, care, gates, weeks, metric.\n",
        ),
        (
            ["run", "params/shop", "--set", "channel=wep"],
            "the data has no channel 'wep'; did you mean 'web'?\n",
        ),
        (
            ["run", "params/shop", "--as-of", "soon"],
            "--as-of soon is not a date; write it as 2025-12-31\n",
        ),
        (
            ["explain", "params/shop", "order"],
            "unknown metric 'order'; did you mean 'orders'? The pack has orders.\n",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_starts(
    inside: Inside, root: Path, tmp_path: Path, words: list[str], sentence: str
):
    out = ["--out", str(tmp_path / "o")] if words[0] == "run" else []
    done = inside(root, *words, *out)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)
    assert not (tmp_path / "o").exists()


def test_bad_input_with_json_is_still_one_object(inside: Inside, root: Path):
    done = inside(root, "run", "params/shop", "--set", "x", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout) == {
        "runs": [],
        "failed": 0,
        "error": "--set x: write it as key=value",
    }


def test_an_out_that_cannot_be_made_is_bad_input(inside: Inside, root: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = inside(root, "run", "params/shop", "--out", tmp_path / "file" / "o")
    assert done.returncode == 2
    assert done.stderr == f"--out {tmp_path}/file/o cannot be made: Not a directory\n"


def test_a_faulty_pack_shows_every_fault_at_once_by_check_and_run(
    inside: Inside, root: Path, tmp_path: Path
):
    pack = tmp_path / "shop"
    shutil.copytree(root / "params" / "shop", pack)
    metrics = (pack / "metrics.yaml").read_text()
    metrics = metrics.replace("better: higher", "better: sideways").replace("owner:", "ovner:")
    (pack / "metrics.yaml").write_text(metrics.replace("clock: day", "clock: dey"))
    checked = inside(root, "check", pack)
    assert checked.returncode == 2
    assert checked.stderr == ""
    for place, word in ((7, "sideways"), (8, "ovner"), (9, "dey")):
        (line,) = [row for row in checked.stdout.splitlines() if word in row]
        assert line.startswith(f"{pack}/metrics.yaml:{place}: ")
    ran = inside(root, "run", pack, "--out", tmp_path / "o")
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", checked.stdout)


def test_a_clean_pack_is_said_to_be_clean(inside: Inside, root: Path):
    done = inside(root, "check", "shop")
    assert (done.returncode, done.stdout) == (0, "params/shop: clean, 1 metric, 7 readouts.\n")


def test_explain_prints_the_definition(inside: Inside, root: Path):
    done = inside(root, "explain", "shop", "orders")
    assert done.returncode == 0
    assert "Orders placed." in done.stdout


def test_new_copies_a_pack_that_passes_check_and_says_what_to_edit(
    inside: Inside, tmp_path: Path
):
    root = Path(__file__).parent.parent
    folder = tmp_path / "mine"
    done = inside(root, "new", folder, "--like", "eu_dsa")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"{folder} is a copy of eu_dsa. Edit next:"
    assert lines[1] == f"  {folder}/pack.yaml: its title, time zone and whose readout it is"
    assert lines[-1] == f"Then: insights check {folder}"
    assert inside(root, "check", folder).returncode == 0
    again = inside(root, "new", folder, "--like", "eu_dsa")
    assert (again.returncode, again.stderr) == (
        2,
        f"{folder} exists and is not an empty folder; name a new one\n",
    )
    lost = inside(root, "new", tmp_path / "other", "--like", "eu_dsb")
    assert lost.returncode == 2
    assert lost.stderr.startswith("no pack 'eu_dsb'; did you mean 'eu_dsa'?")
    assert not (tmp_path / "other").exists()


def test_a_matrix_of_hostile_values_publishes_text_in_harmless_folders(
    root: Path, tmp_path: Path
):
    done = insights(root, "run", "shop", "--readout", "each", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}/index.html\n"
    assert len(done.stderr.splitlines()) == 4
    assert re.fullmatch(r"3 readouts in [0-9.]+.s: 3 published\.", done.stderr.splitlines()[-1])
    places = sorted(path.name for path in (tmp_path / "shop").iterdir())
    assert places == ["each-etc", "each-script-alert-1-script", "each-web"]
    for name, content in files(tmp_path).items():
        if name.endswith(".html"):
            assert b"<script" not in content, name
    listed = insights(root, "list", "--out", tmp_path)
    assert listed.returncode == 0
    assert listed.stdout.count("Orders rose to 3.") == 3
    record = json.loads(insights(root, "list", "--out", tmp_path, "--json").stdout)
    assert record["failed"] == 0
    assert sorted(r["run_id"] for r in record["runs"]) == sorted(
        r["run_id"] for r in manifests(tmp_path)
    )


def test_a_failure_and_a_leak_exit_1_and_json_is_one_object(root: Path, tmp_path: Path):
    secret = "hunter2-hunter2"
    pack = tmp_path / "shop"
    shutil.copytree(root / "params" / "shop", pack)
    source = (pack / "source.yaml").read_text()
    source = source.replace(
        "tables:", "tables:\n  unused: {sql: \"select 'secret:SHOP_TOKEN' as id\", row: one}"
    )
    (pack / "source.yaml").write_text(source)
    words = ["run", pack, "--readout", "raises", "--readout", "leaks", "--json"]
    done = insights(root, *words, "--out", tmp_path / "o", env={"SHOP_TOKEN": secret})
    assert done.returncode == 1, done.stderr
    record = json.loads(done.stdout)
    assert record["failed"] == 2
    assert {run["readout"]: run["error"] for run in record["runs"]} == {
        "raises": "ZeroDivisionError: division by zero",
        "leaks": "its output holds the value of secret:SHOP_TOKEN; nothing of it was published",
    }
    assert "raises: failed in " in done.stderr
    assert secret not in done.stdout + done.stderr
    assert not any(secret.encode() in content for content in files(tmp_path / "o").values())


def test_a_readout_whose_every_metric_was_refused_is_published_and_exits_1(
    root: Path, tmp_path: Path
):
    done = insights(root, "run", "shop", "--set", "state=refused", "--out", tmp_path)
    assert done.returncode == 1
    (run,) = manifests(tmp_path)
    assert (run["status"], run["all_refused"]) == ("published_with_warnings", True)
    assert done.stdout == f"{tmp_path}/index.html\n"


def test_an_empty_catalogue_says_so(inside: Inside, root: Path, tmp_path: Path):
    done = inside(root, "list", "--out", tmp_path)
    assert (done.returncode, done.stdout) == (
        0,
        f"No readout has been run into {tmp_path} yet.\n",
    )
