"""What does a readout cost beside its analysis, by each way of executing it? And a large fleet?

Four tables. The first runs the very same readouts in interleaved rounds: analysis alone (the
cells' code, in a process that has imported all), with and without what earlier readouts found
out, the engine that forks, stock papermill as we call it, and the command lines of papermill
and nbconvert one after the other. The second runs scorecards of the demo with ``insights run``
and by command lines, by turns. The third runs a fleet of small readouts and follows cost and
memory, then runs it again with nothing changed. The fourth runs the demo's own notebooks.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "runs"))
from runs_root import make_root

from insights import pack as packs
from insights.data import remembered, sources
from insights.runs import engine, plan, publish, worker
from insights.runs.engine import Job, forking, warm
from insights.runs.manifest import Run
from insights.runs.secrets import Secrets

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SEVEN = ["US", "BR", "DE", "GB", "FR", "ES", "MX"]
THIN = {"qa_accuracy"}  # too few reviews a market and week to compare


@dataclass(frozen=True)
class Cost:
    """CPU and wall seconds of something."""

    cpu: float
    wall: float


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def jobs(pack: str, most: int) -> list[Job]:
    """Return at most so many of a pack's readouts, spread over all of them."""
    loaded = packs.load(pack)
    with sources.opened(loaded) as source:
        made = plan.jobs(
            loaded,
            plan.Request(),
            values=lambda dimension: sources.dimension_values(source, dimension),
            require=lambda where: sources.require_values(source, where),
        )
    return made[:: max(1, len(made) // most)][:most]


def cpu() -> float:
    """Return the CPU seconds of this process, of what it has waited for and of the server."""
    spent = sum(os.times()[:4])
    if forking._server is not None and forking._server.alive:
        spent += sum(psutil.Process(forking._server._process.pid).cpu_times()[:4])
    return spent


def cost(do: Callable[[], object]) -> Cost:
    """Return what something costs."""
    before, started = cpu(), time.monotonic()
    do()
    return Cost(cpu() - before, time.monotonic() - started)


def alone(job: Job, news: Path | None = None) -> None:
    """Run a notebook's code in a fork of this process: no shell, no outputs, no page.

    With a file for ``news`` it starts with what those before it have found out.
    """
    pid = os.fork()
    if pid == 0:
        try:
            if news is None:
                remembered._held.clear()
            with open(os.devnull, "w") as nothing:
                sys.stdout = nothing
                names: dict[str, Any] = {"__name__": "__main__"}
                for cell in json.loads(job.notebook.read_text())["cells"]:
                    if cell["cell_type"] == "code":
                        exec("".join(cell["source"]), names)
                        if "parameters" in cell["metadata"].get("tags", []):
                            names |= job.parameters
            if news is not None:
                news.write_bytes(remembered.told())
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit(f"{job.readout}: its code fails")
    if news is not None:
        remembered.learn(news.read_bytes())


def published(execute: engine.Engine, job: Job, out: Path) -> None:
    """Execute a readout and publish its page, as the command does."""
    outcome = execute(job, ROOT, 600)
    publisher = publish.Publisher(out, ROOT, Secrets({}), publish.renderer())
    run = publisher.settle(job, Run.begun(), outcome)
    if run["status"] == "failed":
        raise SystemExit(f"{job.readout}: {run['error']}")


def by_command_lines(job: Job, folder: Path) -> None:
    """Run papermill, then nbconvert, as a person would."""
    parameters, executed = folder / "parameters.json", folder / "executed.ipynb"
    parameters.write_text(json.dumps(job.parameters))
    for words in (
        ["papermill", "--no-progress-bar", job.notebook, executed, "-f", parameters],
        ["jupyter", "nbconvert", "--to", "html", "--no-input", executed],
    ):
        command = [str(BIN / str(words[0])), *map(str, words[1:])]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def ways(out: Path) -> dict[str, Callable[[Job], None]]:
    """Return every way to run a readout, by name."""
    return {
        "analysis alone": alone,
        "analysis alone, answers shared": lambda job: alone(job, out / "news"),
        "fork": lambda job: published(engine.fork, job, out),
        "stock papermill": lambda job: published(engine.papermill, job, out),
        "command lines": lambda job: by_command_lines(job, out),
    }


def compare(chosen: list[Job], rounds: int, out: Path) -> None:
    """Print what each way costs a readout."""
    import_all = cost(warm.up)
    first = cost(lambda: engine.fork(chosen[0], ROOT, 600))
    publish.renderer()
    for job in chosen:  # once warm: what the first of a kind finds out is known
        alone(job, out / "news")
        published(engine.fork, job, out)
    costs: dict[str, list[Cost]] = {name: [] for name in ways(out)}
    for _ in range(rounds):
        for job in chosen:
            for name, run in ways(out).items():
                costs[name].append(cost(lambda run=run, job=job: run(job)))
    n = rounds * len(chosen)
    mean = {
        k: Cost(sum(c.cpu for c in v) / n, sum(c.wall for c in v) / n) for k, v in costs.items()
    }
    base, pair = mean["analysis alone, answers shared"].cpu, mean["command lines"]
    say(f"{len(chosen)} readouts, {rounds} rounds. Importing all: {import_all.cpu:.1f} CPU s;")
    say(f"the first readout that forks, warm-up in: {first.cpu:.1f}.\n")
    say("| way | CPU s a readout | beside analysis, answers shared | wall s | CLI pair's CPU |")
    say("| --- | --: | --: | --: | --: |")
    for name, c in mean.items():
        cells = (c.cpu, c.cpu - base, c.wall)
        said = " | ".join(f"{cell:.2f}" for cell in cells)
        say(f"| {name} | {said} | {pair.cpu / c.cpu:.1f} |")


def scorecards(rounds: int, folder: Path) -> None:
    """Print what 20 of the demo's scorecards take by one command and by command lines."""
    weekly = {"notebook": "1_scorecard", "matrix": {"market": "all"}}
    first = {"notebook": "1_scorecard", "title": "Scorecard"}
    monthly = weekly | {"parameters": {"grain": "month"}, "matrix": {"market": SEVEN}}
    root = demo(folder / "cards", {"whole": first, "weekly": weekly, "monthly": monthly})
    chosen = jobs(str(root / "params" / "demo"), 20)
    command = [BIN / "insights", "run", "params/demo", "--jobs", "2", "--force"]
    ours, theirs = list[Cost](), list[Cost]()
    for _ in range(rounds):
        ours.append(
            cost(lambda: subprocess.run(command, cwd=root, check=True, capture_output=True))
        )
        theirs.append(cost(lambda: [by_command_lines(job, folder) for job in chosen]))
    n = len(chosen)
    say(f"\n{n} scorecards of the demo, {rounds} rounds; two at a time against one by one:\n")
    say("| | insights run, warm-up in | CLI pair | ratio, a round |")
    say("| --- | --: | --: | --- |")
    for name in ("cpu", "wall"):
        own, pair = ([getattr(c, name) for c in made] for made in (ours, theirs))
        ratios = ", ".join(f"{b / a:.1f}" for a, b in zip(own, pair, strict=True))
        means = " | ".join(f"{sum(c) / rounds / n:.2f}" for c in (own, pair))
        say(f"| {name} s a readout | {means} | {ratios} |")


def demo(root: Path, readouts: dict[str, Any]) -> Path:
    """Return a root with the notebooks and the demo, and these readouts of it."""
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    shutil.copytree(ROOT / "params" / "demo", root / "params" / "demo")
    (root / "pyproject.toml").write_text("")
    said = json.dumps({"readouts": readouts})
    (root / "params" / "demo" / "readouts.yaml").write_text(said)
    return root


def tree(process: psutil.Process) -> tuple[float, float, float]:
    """Return a command's CPU seconds, its own memory and its server's, in MiB."""
    own = process.memory_info().rss / 2**20
    spent, server = sum(process.cpu_times()[:4]), 0.0
    for child in process.children():
        try:
            if "insights.runs.engine.server" in child.cmdline():
                spent += sum(child.cpu_times()[:4])
                server = child.memory_info().rss / 2**20
        except psutil.NoSuchProcess:
            continue
    return spent, own, server


def large(n: int, folder: Path) -> None:
    """Print how cost and memory develop over a fleet, and what a second run of it costs."""
    root = make_root(folder / "root", [f"shop {i:04}" for i in range(n)])
    words = [BIN / "insights", "run", "params/shop", "--readout", "each", "--json"]
    command, log = [str(word) for word in words], root / "outputs" / "log.jsonl"
    say(f"\n{n} small readouts with insights run:\n")
    say("| readouts done | CPU s a readout since the line before | command MiB | server MiB |")
    say("| --: | --: | --: | --: |")
    started = time.monotonic()
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as it:
        process, last, steps = psutil.Process(it.pid), (0, 0.0), 8
        while it.poll() is None:
            time.sleep(0.2)
            text = log.read_text() if log.exists() else ""
            done = text.count('"run ended"')
            try:
                spent, own, server = tree(process)
            except psutil.NoSuchProcess:  # it has just ended
                break
            if server and done >= last[0] + max(1, n // steps):
                each = (spent - last[1]) / (done - last[0])
                say(f"| {done} | {each:.2f} | {own:.0f} | {server:.0f} |")
                last = (done, spent)
    say(f"\nAll of it took {time.monotonic() - started:.0f} s of wall.")
    again = cost(lambda: subprocess.run(command, cwd=root, check=True, capture_output=True))
    say(f"Run again with nothing changed: {again.wall:.1f} s of wall, {again.cpu:.1f} of CPU.")


def real(folder: Path) -> None:
    """Print what a fleet of the demo's own notebooks takes: every market, every metric."""
    metrics = [
        name
        for name, metric in packs.load("params/demo").metrics.items()
        if "market" in metric.dimensions and not metric.poststratify and name not in THIN
    ]
    each = {"market": "all"}
    windows = {"metric": metrics, "compare": ["previous", "year"], "span": ["4", "8", "13"]}
    readouts = {
        "markets": {"notebook": "1_scorecard", "matrix": each},
        "next": {"notebook": "4_what_next", "matrix": each},
        "changed": {"notebook": "2_what_changed", "matrix": each | {"metric": metrics}},
        "whole": {"notebook": "2_what_changed", "matrix": windows},
    }
    root = demo(folder / "real", readouts)
    command = [BIN / "insights", "run", "params/demo", "--jobs", "2", "--json"]
    done: list[Any] = []
    took = cost(lambda: done.append(subprocess.run(command, cwd=root, capture_output=True)))
    counts = json.loads(done[0].stdout)["counts"]
    n = sum(counts.values())
    came = ", ".join(f"{many} {status.replace('_', ' ')}" for status, many in counts.items())
    say(f"\n{n} readouts of the demo's notebooks, two at a time: {took.wall / 60:.1f} minutes,")
    say(f"{took.cpu / n:.2f} CPU s each; {came}.")


def main() -> None:
    """Read the options and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", default="params/eu_dsa")
    parser.add_argument("--sample", type=int, default=4, help="readouts to compare the ways on")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, default=200, help="readouts in the fleet")
    parser.add_argument("--only", choices=["ways", "scorecards", "large", "real"])
    chosen = parser.parse_args()
    os.environ |= worker.THREADS
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        tables = {
            "ways": lambda: compare(jobs(chosen.pack, chosen.sample), chosen.rounds, folder),
            "scorecards": lambda: scorecards(chosen.rounds, folder),
            "large": lambda: large(chosen.large, folder),
            "real": lambda: real(folder),
        }
        for name in [chosen.only] if chosen.only else tables:
            tables[name]()
            engine.leave()


if __name__ == "__main__":
    main()
