"""Mask incidents, and learn what holidays and launches do to the days about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights import wording
from insights.errors import ContractError, some
from insights.methods.forecasts.clock import STAMP
from insights.methods.forecasts.reading import Panel
from insights.methods.forecasts.seasons import fill

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

KINDS = ("holiday", "incident", "launch")
REACH = {  # days before and after, or weeks where a period is a week
    ("holiday", "day"): (-1, 1),
    ("launch", "day"): (0, 6),
    ("holiday", "week"): (0, 0),
    ("launch", "week"): (0, 1),
}
LOWEST = -0.98  # an effect takes no more than this share away


@dataclass(frozen=True, slots=True)
class Calendar:
    """What dated events did, as shares of the usual level, and where."""

    masked: Bools  # (series, past): incident
    touched: Bools  # (series, past): a holiday or launch, or next to one
    past: Floats  # (series, past): effect
    ahead: Floats  # (series, horizon)
    doubt: Floats  # (series, horizon): standard error, same unit

    def marked(self) -> bool:
        """Say whether anything lies ahead."""
        return bool((self.ahead != 0).any() or (self.doubt != 0).any())


def calendar(panel: Panel, events: pd.DataFrame | None, horizon: int) -> Calendar:
    """Lay the events over the panel and estimate their effects."""
    shape = panel.y.shape
    none = np.zeros(shape, dtype=bool)
    ahead = np.zeros((shape[0], horizon))
    if events is None or not len(events):
        return Calendar(none, none, np.zeros(shape), ahead, ahead)
    rows = _contract(panel, events)
    masked = _masked(panel, rows[rows["kind"] == "incident"])
    label, names = _labels(panel, rows[rows["kind"] != "incident"], horizon)
    past, later = label[:, : shape[1]], label[:, shape[1] :]
    effect, error = _effects(panel, masked, past, len(names))
    _said(panel, rows, masked, names, past, later)
    effect, error = np.pad(effect, ((0, 0), (0, 1))), np.pad(error, ((0, 0), (0, 1)))
    at = np.arange(shape[0])[:, None]  # label -1 is the padded column: nothing
    return Calendar(masked, past >= 0, effect[at, past], effect[at, later], error[at, later])


def _contract(panel: Panel, events: pd.DataFrame) -> pd.DataFrame:
    """Return the events, or say what is wrong with them."""
    wanted = ["unique_id", "ds", "name", "kind"]
    if lacking := [c for c in wanted if c not in events.columns]:
        raise ContractError(
            f"forecast: events lack columns: {some(lacking)}. "
            "Give unique_id (NA for every series), ds, name and kind."
        )
    rows = events[wanted].reset_index(drop=True)
    if not pd.api.types.is_datetime64_dtype(rows["ds"]) or rows["ds"].isna().any():
        raise ContractError(
            "forecast: ds of events is not all dates. Give datetime64 without a time zone."
        )
    unknown = sorted({str(kind) for kind in rows["kind"]} - set(KINDS))
    if unknown:
        raise ContractError(
            f"forecast: unknown kind of event: {some(unknown)}. "
            "Give holiday, incident or launch."
        )
    strange = rows["unique_id"].notna() & ~rows["unique_id"].isin(panel.ids)
    if strange.any():
        names = rows.loc[strange, "unique_id"].drop_duplicates()
        panel.notes.append(
            f"{wording.count(int(strange.sum()), 'event')} left out; no such series: "
            f"{some(names)}."
        )
    return rows[~strange].sort_values(["ds", "kind", "name"], kind="stable")


def _who(panel: Panel, unique_id: Any) -> Ints:
    """Return the series an event is about."""
    if pd.isna(unique_id):
        return np.arange(len(panel.ids))
    return np.array([panel.ids.index(unique_id)])


def _span(panel: Panel, when: pd.Timestamp) -> Ints:
    """Return the periods of an event: one, or all hours of a day that is named without hour."""
    size = panel.clock.day if when == when.normalize() else 1
    found = panel.clock.position(np.array([when.to_datetime64()]).astype(STAMP))
    return found + np.arange(size)


def _masked(panel: Panel, rows: pd.DataFrame) -> Bools:
    """Mark the cells that incidents spoil."""
    width = panel.y.shape[1]
    masked = np.zeros(panel.y.shape, dtype=bool)
    for unique_id, when in zip(rows["unique_id"], rows["ds"], strict=True):
        for i in _who(panel, unique_id):
            column = _span(panel, when) - panel.last[i] + width - 1
            masked[i, column[(column >= panel.first[i]) & (column < width)]] = True
    return masked & np.isfinite(panel.y)


def _labels(
    panel: Panel, rows: pd.DataFrame, horizon: int
) -> tuple[Ints, list[tuple[str, int]]]:
    """Give each cell, past and ahead, the nearest event's (name, lag) as a number; else -1."""
    wide = panel.y.shape[1] + horizon
    label = np.full((len(panel.ids), wide), -1)
    near = np.full(label.shape, 99)
    names: dict[tuple[str, int], int] = {}
    unit = "week" if panel.clock.noun == "week" else "day"
    if panel.clock.noun in ("month", "quarter"):
        rows = rows[:0]
    for unique_id, when, name, kind in rows.itertuples(index=False, name=None):
        first, last = REACH[kind, unit]
        span = _span(panel, when.normalize() if panel.clock.day > 1 else when)
        for lag in sorted(range(first, last + 1), key=abs):
            number = names.setdefault((str(name), lag), len(names))
            who = _who(panel, unique_id)[:, None]
            at = span + lag * panel.clock.day - panel.last[who] + panel.y.shape[1] - 1
            inside = (at >= panel.first[who]) & (at < wide)
            closer = inside & (near[who, at.clip(0, wide - 1)] > abs(lag))
            row, column = np.broadcast_to(who, at.shape)[closer], at[closer]
            label[row, column], near[row, column] = number, abs(lag)
    return label, list(names)


def _effects(panel: Panel, masked: Bools, label: Ints, many: int) -> tuple[Floats, Floats]:
    """Return (series, label) effects as shares of the usual level, and their errors.

    Each occurrence is held against the same slot of the two cycles before and after it. What
    all series say is shrunk towards none by its error, each series towards what all say.
    """
    total = np.zeros((len(panel.ids), many))
    if not many:
        return total, total
    usual = _usual(panel, masked, label >= 0)
    known = np.isfinite(panel.y) & ~masked
    floor = np.nanmin(np.where(panel.exists, panel.y, np.nan), axis=1) >= 0
    total_size = np.where(known, np.abs(panel.y), 0.0).sum(axis=1)
    level = (total_size / np.maximum(known.sum(axis=1), 1))[:, None]
    base = np.where(floor[:, None], np.maximum(usual, 0.0), level)
    away = np.where(known, panel.y - usual, 0.0)
    quiet = known & (label < 0)
    sizes = np.where(quiet, base, 0.0).sum(axis=1)
    noise = 1.2533 * np.where(quiet, np.abs(away), 0.0).sum(axis=1) / np.maximum(sizes, 1e-300)
    count, weight = np.zeros_like(total), np.zeros_like(total)
    for one in range(many):
        here = known & (label == one)
        total[:, one] = np.where(here, away, 0.0).sum(axis=1)
        weight[:, one] = np.where(here, base, 0.0).sum(axis=1)
        count[:, one] = here.sum(axis=1) / panel.clock.day
    seen = (count > 0) & (weight > 0)
    own = np.where(seen, total / np.where(seen, weight, 1.0), 0.0)
    variance = np.where(seen, noise[:, None] ** 2 / np.maximum(count, 1e-9), 0.0)
    series = np.maximum(seen.sum(axis=0), 1)
    general = own.sum(axis=0) / series
    error = variance.sum(axis=0) / series**2
    between = np.where(seen, (own - general) ** 2 - variance, 0.0).sum(axis=0) / series
    between = np.where(series > 1, np.maximum(between, 0.0), 0.0)
    general *= np.clip(1 - error / np.maximum(general**2, 1e-300), 0, 1)
    alone = series == 1
    share = np.where(alone, 0.0, between / np.maximum(between + variance, 1e-300))
    share = np.where(seen, share, 0.0)
    effect = np.maximum(general + share * (own - general), LOWEST)
    return effect, np.sqrt(share * variance + (1 - share) * (error + between))


def _usual(panel: Panel, masked: Bools, touched: Bools) -> Floats:
    """Return what each cell would be by the same slot of two cycles before and after."""
    clean = np.where(masked | touched, np.nan, panel.y)
    bare = ~np.isfinite(clean).any(axis=1)
    clean[bare] = panel.y[bare]
    whole = fill(clean, panel.exists, panel.clock.season)
    size, width = panel.clock.season, whole.shape[1]
    total, many = np.zeros_like(whole), np.zeros_like(whole)
    for cycle in (-2, -1, 1, 2):
        at = np.arange(width) + cycle * size
        inside = (at >= panel.first[:, None]) & (at < width)
        total += np.where(inside, whole[:, at.clip(0, width - 1)], 0.0)
        many += inside
    return np.where(many > 0, total / np.maximum(many, 1), whole)


def _said(
    panel: Panel,
    rows: pd.DataFrame,
    masked: Bools,
    names: list[tuple[str, int]],
    past: Ints,
    later: Ints,
) -> None:
    """Note what was masked, and what could not be learnt."""
    if masked.any():
        cells = masked.sum(axis=1)
        named = [f"{panel.ids[i]} ({cells[i]})" for i in np.flatnonzero(cells)]
        incidents = rows.loc[rows["kind"] == "incident", "name"].drop_duplicates()
        panel.notes.append(
            f"Incidents ({some(incidents)}) masked, in {panel.clock.noun}s a series: "
            f"{some(named)}."
        )
    seen, coming = set(np.unique(past)), set(np.unique(later))
    new = {names[k][0] for k in coming - seen if k >= 0 and names[k][1] == 0}
    if new:
        panel.notes.append(
            f"No effect known of {some(sorted(new))}: no earlier one lies in the history."
        )
    if panel.clock.noun in ("month", "quarter") and (rows["kind"] != "incident").any():
        panel.notes.append(
            f"Holidays and launches are not told apart within a {panel.clock.noun}."
        )
