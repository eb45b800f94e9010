"""What makes shares and their order unsure, in sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from insights import wording
from insights.methods.drivers import fitting
from insights.methods.drivers.design import CONTROL, Design
from insights.methods.drivers.explained import Explained
from insights.methods.drivers.words import label

INFLATED = 5.0  # variance inflation from which drivers are said to carry the same information
LINKED = 0.3  # partial correlation from which two such drivers belong together
NOISE = 0.1  # part of what is explained that chance would explain
THIN = 10  # rows a column
EXACT = 0.999


def cautions(
    design: Design, parts: Explained, table: pd.DataFrame, *, alpha: float
) -> tuple[str, ...]:
    """Return what a reader of the shares has to know, one sentence each."""
    said = [*_rows(design), *design.notes, *_noise(design, parts)]
    supported = bool((table["q_value"] < alpha).any())
    said += _same(design, table) + (_order(table, alpha) if supported else [])
    if parts.r2 > EXACT:
        said.append(
            "the drivers give the outcome exactly; one of them may be the outcome itself"
        )
    return tuple(wording.sentence(text) for text in said)


def _rows(design: Design) -> list[str]:
    """Say how many rows were left out, and what weights leave of the rest."""
    said, given = [], design.size + design.left_out
    if design.left_out:
        share = wording.number(design.left_out / given, "share")
        said.append(
            f"{design.left_out:,} of {given:,} rows ({share}) lack a value and are left out"
        )
    if np.ptp(design.weight) > 0:
        said.append(
            f"the weights make {design.size:,} rows say as much as {design.effective:,.0f} "
            "unweighted ones would"
        )
    return said


def _noise(design: Design, parts: Explained) -> list[str]:
    """Say when chance alone would explain a good part of what is explained."""
    own = int((design.group != CONTROL).sum())
    beyond = parts.r2 - parts.r2_controls
    chance = own * (1 - parts.r2) / max(design.effective - design.x.shape[1] - 1, 1)
    if beyond > 0 and chance / beyond > NOISE:
        share = wording.number(min(chance / beyond, 1.0), "share")
        return [
            f"chance alone would explain about {share} of what is explained, which makes "
            "shares more alike than they are"
        ]
    if design.effective < THIN * design.x.shape[1]:
        return [f"there are fewer than {THIN} rows for each column of the model"]
    return []


def _same(design: Design, table: pd.DataFrame) -> list[str]:
    """Name the drivers that carry much the same information."""
    high = [j for j, vif in enumerate(table["vif"]) if vif > INFLATED]
    if not high:
        return []
    z = fitting.standard(design)
    inverse = np.linalg.inv((design.weight[:, None] * z).T @ z / design.size)
    scale = np.sqrt(np.diag(inverse))
    partial = np.abs(inverse / scale[:, None] / scale)
    link = {
        (a, b): float(partial[np.ix_(design.of(a), design.of(b))].max())
        for a in high
        for b in [CONTROL, *range(len(design.drivers))]
        if b != a and len(design.of(b))
    }
    said, left = [], set(high)
    while left:
        found, queue = set(), [min(left)]
        while queue:
            one = queue.pop()
            found.add(one)
            near = {b: strength for (a, b), strength in link.items() if a == one}
            most = max(near.values(), default=0.0)
            queue += [b for b, s in near.items() if b not in found and s >= min(LINKED, most)]
        left -= found
        names = [label(design.drivers[j]) for j in sorted(found - {CONTROL})]
        names += ["the controls"] * (CONTROL in found)
        largest = wording.number(float(table["vif"].iloc[sorted(found & set(high))].max()), "")
        said.append(
            f"{wording.listing(names)} carry much the same information (variance inflation up "
            f"to {largest}), so how their shares divide is unsure"
        )
    return said


def _order(table: pd.DataFrame, alpha: float) -> list[str]:
    """Name the supported drivers whose rank intervals overlap."""
    known = table[table["q_value"] < alpha].sort_values("rank")
    runs: list[list[str]] = []
    reach = -1
    for name, low, high in zip(
        known.index, known["rank_lower"], known["rank_upper"], strict=True
    ):
        if runs and low <= reach:
            runs[-1].append(label(name))
        else:
            runs.append([label(name)])
        reach = max(reach, int(high))
    return [
        f"the order of {wording.listing(run)} is not settled: their rank intervals overlap"
        for run in runs
        if len(run) > 1
    ]
