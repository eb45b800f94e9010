"""What if it comes otherwise: a spike, less automation, a launch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from insights import wording
from insights.methods.staffing import Flow
from insights.pack import Plan
from insights.readout.choices import step_ahead
from insights.readout.expected import Expected
from insights.readout.staffed import Staffed, recent

LAUNCH_PERIODS = 4  # in which a launch is felt, its own included


@dataclass(frozen=True, slots=True)
class Scenarios:
    """What might come otherwise; 0 leaves a scenario out."""

    spike: float = 0.25  # share more than forecast ...
    spike_periods: int = 2  # ... in the first so many periods
    automation: float = -0.02  # change of the share that no person handles
    launch: str = ""  # day of a launch; empty: the middle of the periods ahead
    launch_lift: float = 0.1  # share more in the launch's period and the three after it


@dataclass(frozen=True, slots=True)
class What:
    """One scenario, worked out."""

    name: str
    words: str
    volume: pd.DataFrame  # ds, mean
    flow: Flow | None


def build(made: Expected, staffed: Staffed | None, asked: Scenarios) -> Iterator[What]:
    """Yield the forecast itself and every scenario that is asked for."""
    base = made.table[["ds", "mean"]].reset_index(drop=True)
    flow = staffed.flow if staffed else None
    yield What("As forecast", "", base, flow)
    for name, words, factor in _factors(made, asked):
        volume = base.assign(mean=base["mean"] * factor)
        again = None
        if staffed is not None:
            rows = staffed.volume
            by_period = pd.Series(factor.to_numpy(), index=base["ds"])
            scaled = rows.assign(volume=rows["volume"] * rows["period"].map(by_period))
            again = staffed.again(scaled)
        yield What(name, words, volume, again)


def _factors(made: Expected, asked: Scenarios) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield each scenario's name, what it supposes, and its factor on every period."""
    run, plan, ahead = made.run, made.plan, made.table["ds"]
    step = pd.Series(range(len(ahead)))
    if asked.spike:
        count = min(asked.spike_periods, len(ahead))
        more = f"{wording.relative(asked.spike)} in the first {wording.count(count, run.grain)}"
        yield "Spike", more, 1 + asked.spike * (step < count)
    if asked.automation and plan is not None and plan.automated:
        share = _automated(made, plan, plan.automated)
        people = (1 - share - asked.automation) / (1 - share)
        said = wording.change(asked.automation, "share")
        text = f"{said} answered without a person, from {wording.number(share, 'share')}"
        yield "Automation", text, pd.Series(max(people, 0.0), index=step.index)
    if asked.launch_lift:
        first = len(ahead) // 2
        if asked.launch:
            first = step_ahead(run, "launch", asked.launch, len(ahead))
        felt = step.between(first, first + LAUNCH_PERIODS - 1)
        when = wording.the_period(ahead.iloc[first].date(), run.grain)
        periods_ = wording.count(int(felt.sum()), run.grain)
        text = f"{wording.relative(asked.launch_lift)} from {when}, for {periods_}"
        yield "Launch", text, 1 + asked.launch_lift * felt


def _automated(made: Expected, plan: Plan, name: str) -> float:
    """Return the share that no person handles now."""
    rows = recent(made.run, plan, name)
    return float(rows["events"].sum() / rows["exposure"].sum())
