"""Choose models where series can be replayed, borrow where they cannot, learn the law."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from insights import wording
from insights.errors import some
from insights.methods.forecasts.clock import Clock
from insights.methods.forecasts.cold import LAST, MEAN, SHAPE, Cold, short, warm_up
from insights.methods.forecasts.law import ALIKE, Law, learn, together
from insights.methods.forecasts.models import SEASONAL, Rows
from insights.methods.forecasts.reading import Panel
from insights.methods.forecasts.replay import NEAR, Replay, choose, closer, replay, scores

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SMALL = 30.0  # mean below which whole numbers may be forecast as counts


@dataclass(frozen=True, slots=True)
class Warm:
    """What was forecast for series long enough to be replayed."""

    law: Law
    replayed: Replay
    chosen: Bools  # (model, series)
    published: Floats  # (series,) score of what is published
    miss: Floats  # (origin, series, horizon) of the mean, newest origin first

    @property
    def origins(self) -> int:
        """Earlier origins."""
        return len(self.miss)


@dataclass(frozen=True, slots=True)
class Fitted:
    """The law of all series, and where it comes from."""

    law: Law
    short: Bools  # (series,): fewer than two seasons
    warm: Warm | None
    cold: Cold | None


def fit(rows: Rows, panel: Panel, touched: Bools, horizon: int, seed: int) -> Fitted:
    """Forecast every series; ``touched`` cells are no measure of a replay."""
    which = short(rows, panel.clock)
    warm = None
    if not which.all():
        warm = _warm(rows, ~which, panel.clock, touched, horizon, seed)
    if not which.any():
        assert warm is not None
        return Fitted(warm.law, which, warm, None)
    cold = warm_up(rows, panel.position, panel.ahead(horizon), panel.clock, which)
    _said(panel, rows, which, cold)
    law = _joined(warm.law if warm else None, cold, rows.floor, which)
    return Fitted(law, which, warm, cold)


def _warm(
    rows: Rows, which: Bools, clock: Clock, touched: Bools, horizon: int, seed: int
) -> Warm:
    """Replay, choose and learn the law for the series that are long enough."""
    y, seen = rows.y[which], rows.seen[which]
    first, floor = rows.first[which], rows.floor[which]
    scored = seen & ~touched[which][:, -y.shape[1] :]
    replayed = replay(y, seen, scored, first, floor, clock, horizon)
    choice, additive = choose(replayed), choose(replayed, squares=True)
    center, mean = choice.median(replayed.ahead), additive.mean(replayed.ahead)
    count = _counts(y, seen, floor, clock)
    center[:, count] = np.rint(center[:, count])

    def law() -> Law:
        return learn(
            center, mean, replayed.actual, replayed.noise, count=count, floor=floor,
            rng=np.random.default_rng(seed),
        )  # fmt: skip

    now = law()
    typical = now.typical(mean)
    count &= closer(replayed.actual, typical, center, most=NEAR)
    center[:, count] = typical[:, count]
    now = law()
    at = replayed.names.index(SEASONAL)
    naive = choice.naive & closer(replayed.actual, replayed.ahead[at], center, prior=0.0)
    if naive.any():
        center[:, naive] = mean[:, naive] = replayed.ahead[at][:, naive]
        count &= ~naive
        now = law()
    chosen = np.where(count, additive.chosen[:, 0], choice.chosen[:, 0])
    chosen[:, naive] = (np.arange(len(chosen)) == at)[:, None]
    published = scores(replace(replayed, ahead=center[None]))[0]
    miss = (replayed.actual - mean)[1:]
    return Warm(now, replayed, chosen, published, miss)


def _counts(y: Floats, seen: Bools, floor: Bools, clock: Clock) -> Bools:
    """Say which series are small whole numbers that are not always the same."""
    whole = np.where(seen, y, 0.0)
    recent = slice(-max(8 * clock.season, 56), None)
    mean = whole[:, recent].sum(axis=1) / np.maximum(seen[:, recent].sum(axis=1), 1)
    varied = np.where(seen, y, -np.inf).max(axis=1) > np.where(seen, y, np.inf).min(axis=1)
    return np.asarray((whole % 1 == 0).all(axis=1) & floor & (mean < SMALL) & varied)


def _joined(law: Law | None, cold: Cold, floor: Bools, which: Bools) -> Law:
    """Put the short series among the others."""
    series, horizon = len(which), cold.center.shape[1]
    size = (series, horizon)
    one = np.zeros(series, dtype=np.int64)
    grids = cold.grids if law is None else np.concatenate([law.grids, cold.grids])
    one[which] = np.arange(len(cold.grids)) + len(grids) - len(cold.grids)
    whole = {name: np.zeros(size) for name in ("center", "mean", "scale")}
    for name, values in whole.items():
        values[which] = cold.scale if name == "scale" else cold.center
        if law is not None:
            values[~which] = getattr(law, name)
    count, spread = np.zeros(series, dtype=bool), np.zeros(series)
    if law is not None:
        count[~which], spread[~which] = law.count, law.spread
    return Law(
        **whole, shape=one, grids=grids, count=count, spread=spread,
        mapped=law.mapped if law else np.zeros(grids.shape[1]), floor=floor,
        shut=np.zeros(size, dtype=bool),
        root=law.root if law else together(np.full(horizon, ALIKE)),
        common=law.common if law else 0.0,
    )  # fmt: skip


def _said(panel: Panel, rows: Rows, which: Bools, cold: Cold) -> None:
    """Note what short series fall back on."""
    known, places = rows.seen.sum(axis=1), np.flatnonzero(which)
    siblings = wording.count(cold.siblings, "other series", "other series")
    how = {
        SHAPE: f"forecast from their own level and the shape of {siblings}",
        LAST: "forecast as their last season again",
        MEAN: "forecast as their own mean",
    }
    for model, text in how.items():
        names = [
            f"{panel.ids[i]} ({wording.count(int(known[i]), panel.clock.noun)})"
            for i, one in zip(places, cold.model, strict=True)
            if one == model
        ]
        if names:
            subject = wording.count(len(names), "series has", "series have")
            panel.notes.append(f"{subject} fewer than two seasons, {text}: {some(names)}.")
    bare = [panel.ids[i] for i, scale in zip(places, cold.scale, strict=True)
            if not np.isfinite(scale).all()]  # fmt: skip
    if bare:
        panel.notes.append(f"One value gives no interval: {some(bare)}.")
