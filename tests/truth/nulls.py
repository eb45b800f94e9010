"""How often does a page raise a headline in an operation in which nothing happens?"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import pandas as pd

from insights.data.simulate import EFFECTS
from insights.readout import card, choices
from insights.readout.measures import gather

from . import builds, world
from .scoring import Row
from .signals import judged, quiet
from .world import World

SEEDS = (101, 102, 103)  # stated, and never looked at when methods are chosen
WEEKS = 52  # pages judged a seed, the last ones in which every metric is final


def score(here: World, seeds: Sequence[int] = SEEDS) -> list[Row]:
    """Return one row over all seeds: headlines of all the pack's metrics judged together."""
    one = partial(pages, here.origin, here.scale)
    with ProcessPoolExecutor(min(2, len(seeds)), mp_context=get_context("spawn")) as pool:
        table = pd.concat(pool.map(one, seeds))
    metrics, named = table["series"].nunique(), ", ".join(map(str, seeds))
    asked = f"every effect off, {metrics} metrics a page, seeds {named}"
    return [quiet("E15", asked, table)]


def pages(pack: str, scale: float, seed: int) -> pd.DataFrame:
    """Return the verdicts of a year of weekly pages, built as the scorecard builds them.

    Series are built once and each page is judged by what came up to it. Maturity does not
    matter: every week shown was final when the tables were taken.
    """
    with world.opened(pack, builds.without(EFFECTS, scale=scale, seed=seed)) as null:
        measures = gather(choices.start(null.pack))
    last = min(measure.shown for measure in measures)
    rows = pd.concat([card._for_judging(measure) for measure in measures], ignore_index=True)
    return judged(rows, pd.date_range(end=last, periods=WEEKS, freq="7D"))
