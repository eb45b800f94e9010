"""What goes with an outcome, and what could be changed: one study of a pack, worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from insights.data import periods, studies
from insights.data.studies import StudyRows
from insights.errors import MethodError, ParamError
from insights.methods import drivers
from insights.methods.drivers import Importance, Threshold, WhatIf
from insights.pack import Driver, Study
from insights.readout import card as cards
from insights.readout import choices
from insights.readout.card import Scorecard
from insights.readout.choices import Run

QUARTER = 0.25  # a what-if moves everybody to where the best quarter is
FEWEST = 4  # periods in which the metric must be usable


@dataclass(frozen=True, slots=True)
class WhatDrives:
    """A study's answer: what goes with its outcome; a Result."""

    card: Scorecard  # of the metric that the study explains
    rows: StudyRows
    importance: Importance
    thresholds: Mapping[str, Threshold]  # by driver
    what_ifs: Mapping[str, WhatIf]  # by driver, the largest effect first
    not_asked: tuple[str, ...]  # why a what-if was not worked out, a sentence each
    first: pd.Timestamp  # first day that is looked at
    left_out: tuple[pd.Timestamp, ...]  # periods whose answers cannot be trusted

    @property
    def run(self) -> Run:
        """What the page is about."""
        return self.card.run

    @property
    def study(self) -> Study:
        """The study."""
        return self.rows.study

    @property
    def table(self) -> pd.DataFrame:
        """Shares, effects and their intervals, one row a driver."""
        return self.importance.table

    def narrative(self) -> str:
        """Return what goes with the outcome most, or that nothing does."""
        return self.importance.narrative()

    def plot(self) -> Figure:
        """Return the shares with their intervals."""
        return self.importance.plot()

    def driver(self, name: str) -> Driver:
        """Return a driver by its name in the table."""
        return named(self.study)[name]


def build(run: Run, *, study: str, span: int = 26, seed: int = 0) -> WhatDrives:
    """Work out a study over the last periods of a run.

    Parameters
    ----------
    run
        From ``choices.start``, with the study's metric.
    study
        A name from ``drivers.yaml``.
    span
        Periods, up to the one shown; those in which the metric is not usable are left out.
    seed
        Of bootstrap and sampling.

    Raises
    ------
    ParamError
        The pack has no such study, or ``span`` is too short.
    MethodError
        Too few answers, or nothing varies.
    """
    study = choices.study_of(run.pack, study)
    metric = choices.metric_of(run.pack, study)
    if span < FEWEST:
        raise ParamError(f"span is {span}; it must be {FEWEST} {run.grain}s or more.")
    card = cards.build(run)
    measure = card.measure(metric)
    last = measure.rows.tail(span)
    out = tuple(last.loc[~last["usable"], "period"])
    if len(last) == len(out):
        raise MethodError(
            f"study '{study}': none of the last {span} {run.grain}s of '{metric}' is usable. "
            "Choose another as_of."
        )
    first = pd.Timestamp(last["period"].iloc[0])
    rows = studies.rows(
        run.source,
        study,
        where=run.where,
        start=first.date(),
        end=periods.last_day(measure.shown, run.grain).date(),
        known_by=run.known_by.date(),
        without=_days(run, out),
        seed=seed,
    )
    frame = rows.frame.rename(columns=_names(rows.study))
    options = _options(rows)
    found = drivers.importance(frame, seed=seed, **options)
    what_ifs, not_asked = _what_ifs(rows.study, found)
    return WhatDrives(
        card=card,
        rows=rows,
        importance=found,
        thresholds=_thresholds(rows.study, frame, options, found, seed),
        what_ifs=what_ifs,
        not_asked=not_asked,
        first=first,
        left_out=out,
    )


def named(study: Study) -> dict[str, Driver]:
    """Return the drivers by the names they bear in sentences."""
    return {_name(driver): driver for driver in study.drivers.values()}


def _name(driver: Driver) -> str:
    """Return a driver's title as it stands within a sentence."""
    title = driver.title
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _names(study: Study) -> dict[str, str]:
    return {key: _name(driver) for key, driver in study.drivers.items()}


def _days(run: Run, out: tuple[pd.Timestamp, ...]) -> list[pd.Timestamp]:
    """Return every day of some periods."""
    return [
        day for p in out for day in pd.date_range(p, periods.last_day(p, run.grain), freq="D")
    ]


def _options(rows: StudyRows) -> dict[str, Any]:
    """Return what ``drivers.importance`` is asked, with the names that sentences use."""
    names, options = _names(rows.study), dict(rows.options)
    for part in ("drivers", "controls", "log"):
        options[part] = [names.get(name, name) for name in options[part]]
    title = rows.study.outcome_title
    options["metric"] = title[:1].lower() + title[1:]
    return options


def _thresholds(
    study: Study,
    frame: pd.DataFrame,
    options: Mapping[str, Any],
    found: Importance,
    seed: int,
) -> dict[str, Threshold]:
    """Look for where supported drivers that ask for it start to hurt."""
    asked = {
        name: driver
        for name, driver in named(study).items()
        if driver.threshold and name in found.supported
    }
    return {
        name: drivers.thresholds(
            frame,
            outcome=str(options["outcome"]),
            driver=name,
            scale=driver.scale,
            weights="weight" if study.weight else None,
            metric=str(options["metric"]),
            unit=study.unit,
            driver_unit=driver.unit or "",
            seed=seed,
        )
        for name, driver in asked.items()
    }


def _what_ifs(study: Study, found: Importance) -> tuple[dict[str, WhatIf], tuple[str, ...]]:
    """Ask what each supported controllable driver at its best quarter goes with."""
    made: dict[str, WhatIf] = {}
    refused = []
    for name in found.supported:
        driver = named(study)[name]
        if not driver.controllable or driver.unit is None:
            continue
        hurts = (found.table["effect"][name] < 0) == (study.better == "higher")
        try:
            made[name] = drivers.what_if(
                found,
                driver=name,
                quantile=QUARTER if hurts else 1 - QUARTER,
                better=study.better,
                driver_unit=driver.unit,
            )
        except MethodError as error:
            refused.append(str(error))
    order = sorted(made, key=lambda name: -abs(made[name].effect))
    return {name: made[name] for name in order}, tuple(refused)
