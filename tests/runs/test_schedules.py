"""The schedules in the README do what they say, taken from it as they stand there."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from runs_root import make_root

from insights import pack as packs
from insights.pack import Due

ROOT = Path(__file__).parents[2]
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
CRON = {  # field: lowest, highest
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "month": (1, 12),
    "weekday": (0, 7),
}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def blocks() -> list[str]:
    """Return the code blocks of the README's section on schedules."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"^## Every Monday at seven\n(.*?)(?=^## )", text, re.DOTALL | re.M)
    return re.findall(r"^```\n(.*?)^```$", section, re.DOTALL | re.M)


def cron_lines() -> list[str]:
    (block,) = [block for block in blocks() if re.match(r"[\d*]", block)]
    return block.splitlines()


def unit(kind: str) -> tuple[str, configparser.RawConfigParser]:
    """Return a systemd unit's file name and what it says."""
    (block,) = [b for b in blocks() if re.match(rf"# ~/\.config/.*\.{kind}\n", b)]
    found = configparser.RawConfigParser(strict=True, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(block)
    return Path(block.splitlines()[0].removeprefix("# ")).name, found


@dataclass(frozen=True)
class Cron:
    """One line of a crontab."""

    fields: dict[str, set[int]]
    command: str

    @classmethod
    def parse(cls, line: str) -> Cron:
        *words, command = line.split(maxsplit=5)
        fields = {
            name: _values(word, *ends)
            for (name, ends), word in zip(CRON.items(), words, strict=True)
        }
        fields["weekday"] = {day % 7 for day in fields["weekday"]}  # 0 and 7 are Sunday
        return cls(fields, command)

    def after(self, when: datetime) -> datetime:
        """Return the next start, minute by minute."""
        when = when.replace(second=0, microsecond=0) + timedelta(minutes=1)
        while not self._starts(when):
            when += timedelta(minutes=1)
        return when

    def _starts(self, when: datetime) -> bool:
        now = {
            "minute": when.minute,
            "hour": when.hour,
            "day": when.day,
            "month": when.month,
            "weekday": when.isoweekday() % 7,
        }
        return all(now[name] in values for name, values in self.fields.items())


def _values(word: str, low: int, high: int) -> set[int]:
    """Return what one field of a crontab names; refuse what cron would refuse."""
    found: set[int] = set()
    for part in word.split(","):
        said = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
        assert said, f"'{part}' is nothing that cron knows"
        first = low if said[1] is None else int(said[1])
        last = (high if said[1] is None else first) if said[2] is None else int(said[2])
        assert low <= first <= last <= high, part
        found |= set(range(first, last + 1, int(said[3] or 1)))
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the workbook in ~/insights; its pack eu_dsa is a small one."""
    root = make_root(tmp_path / "insights")
    (root / "params" / "shop").rename(root / "params" / "eu_dsa")
    (root / "outputs").mkdir()
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "insights").symlink_to(Path(sys.executable).parent / "insights")
    return tmp_path


def start(home: Path, words: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Start something as a scheduler does: with next to no environment and no terminal."""
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "someone"}
    return subprocess.run(
        words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def assert_published(home: Path) -> None:
    outputs = home / "insights" / "outputs"
    assert (outputs / "index.html").is_file()
    assert "Orders rose to 3." in (outputs / "index.html").read_text()
    assert (outputs / "eu_dsa" / "good" / "index.html").is_file()


def test_the_cron_lines_do_what_they_say_as_cron_runs_them(home: Path):
    run, prune = (Cron.parse(line) for line in cron_lines())
    assert "%" not in run.command + prune.command  # cron would make line breaks of them
    assert "insights run params/eu_dsa" in run.command
    done = start(home, ["/bin/sh", "-c", run.command], cwd=home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert_published(home)
    log = (home / "insights" / "outputs" / "cron.log").read_text()
    assert log.splitlines()[-1] == str(home / "insights" / "outputs" / "index.html")
    done = start(home, ["/bin/sh", "-c", prune.command], cwd=home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    log = (home / "insights" / "outputs" / "cron.log").read_text()
    assert log.splitlines()[-1] == "0 runs removed, 0\u00a0kB."
    assert_published(home)


def test_cron_starts_on_the_day_on_which_the_shipped_pages_are_due_and_before_the_hour():
    run, prune = (Cron.parse(line) for line in cron_lines())
    starts = run.after(SATURDAY)
    assert starts == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    assert run.after(starts) == starts + timedelta(days=7)
    assert prune.after(SATURDAY) == datetime(2026, 12, 1, 5, tzinfo=UTC)
    for name in ("eu_dsa", "demo"):
        shipped = packs.load(name)
        times = {readout.due for readout in shipped.readouts.values() if readout.due}
        assert times
        for text in times:
            due = Due.parse(text, shipped.info.timezone)
            assert due.after(SATURDAY) - starts <= timedelta(hours=1)
            assert due.after(starts) > run.after(starts)  # that start serves the next one


def test_the_systemd_units_do_what_they_say(home: Path):
    name, service = unit("service")
    timer_name, timer = unit("timer")
    assert Path(timer_name).stem == Path(name).stem  # a timer starts the service of its name
    assert f"enable --now {timer_name}" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert {s: set(service[s]) for s in service.sections()} == {
        "Unit": {"Description"},
        "Service": {"Type", "WorkingDirectory", "ExecStart"},
    }
    assert service["Service"]["Type"] == "oneshot"
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"
    place, command = (
        service["Service"][key].replace("%h", str(home))
        for key in ("WorkingDirectory", "ExecStart")
    )
    assert not re.search(r"[%$;|&<>]", command)  # no shell reads it
    words = shlex.split(command)
    assert Path(words[0]).is_absolute()
    done = start(home, words, cwd=Path(place))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{home}/insights/outputs/index.html\n"
    assert_published(home)


def test_the_timer_elapses_on_mondays_before_the_pages_are_due():
    _, timer = unit("timer")
    said = timer["Timer"]["OnCalendar"]
    found = re.fullmatch(rf"({'|'.join(WEEKDAYS)}) (\d\d):(\d\d) (\S+)", said)
    assert found, f"'{said}' is no weekday, time and time zone"
    zone = ZoneInfo(found[4])
    due = Due.parse("Monday 07:00").after(SATURDAY)
    starts = due.astimezone(zone).replace(hour=int(found[2]), minute=int(found[3]))
    assert WEEKDAYS[starts.weekday()] == found[1]
    assert timedelta() < due - starts <= timedelta(hours=1)


def test_systemd_itself_takes_the_units_where_it_is_installed(home: Path):
    """Elsewhere the tests above are all there is."""
    units = home / ".config" / "systemd" / "user"
    units.mkdir(parents=True)
    for kind in ("service", "timer"):
        name, _ = unit(kind)
        (block,) = [b for b in blocks() if f"/{name}\n" in b]
        (units / name).write_text(block)
    said = unit("timer")[1]["Timer"]["OnCalendar"]
    if (analyze := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd is not installed")
    env = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "LC_ALL": "C"}
    files = [str(file) for file in sorted(units.iterdir())]
    for words in (["verify", "--user", "--man=no", *files], ["calendar", said]):
        done = subprocess.run([analyze, *words], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "insights" not in done.stderr
