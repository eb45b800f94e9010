"""Put sets of siblings that moved alike in the place of segments, or beside them."""

from __future__ import annotations

import numpy as np

from insights.methods.segments.fitting import Fit, Pick, Rest, Scan, fitness, size
from insights.methods.segments.kin import Family, alike
from insights.methods.segments.moves import Moves


def related(scan: Scan, fit: Fit, most: int, largest: int, moves: Moves) -> Fit:
    """Return a fit of ``most`` cells with sets of up to ``largest``, where it explains more."""
    for _ in range(4):
        tried: list[list[Pick]] = []
        for old in [*fit.picks, ()]:
            picks = sorted(_better(scan, fit, old, most, largest))
            if picks and picks not in [sorted(fit.picks), *tried]:
                tried.append(picks)
        fits = [fit, *(scan.fit(picks, fit) for picks in tried)]
        found = max(fits, key=lambda one: fitness(scan, one, moves))
        if found is fit:
            break
        fit = found
    return fit


def _better(scan: Scan, fit: Fit, old: Pick, most: int, largest: int) -> list[Pick]:
    """Return the picks with the best set in the place of one, or none if it gains nothing."""
    best, highest = [], 0.0
    for family in scan.families(old[0] if old else None):
        own = set(family.cells.tolist())
        others = [pick for pick in fit.picks if pick != old and not own.issuperset(pick)]
        room = min(most - size(others), largest)
        found, gain = _set(scan, fit, family, others, room)
        if gain > highest:
            best, highest = [*others, found], gain
    return best


def _set(
    scan: Scan, fit: Fit, family: Family, others: list[Pick], most: int
) -> tuple[Pick, float]:
    """Return the siblings that gain most together, and their gain net of their cost."""
    taken = [cell for pick in others for cell in pick]
    cells = family.cells[fit.information[family.cells] > 0]
    for cell in taken:
        cells = cells[~scan.cell(cell)[1][cells]]
    rest = Rest.of(scan, fit, taken)
    if min(most, len(cells) - 1) < 2 or not rest.information > 0:
        return (), -np.inf
    v = fit.information[cells]
    u = fit.score[cells] - v * rest.score / rest.information
    pick = tuple(sorted(cells[alike(u, v, family.cost(most))].tolist()))
    scan.sets[pick] = family
    return pick, scan.gain(fit, pick, others)
