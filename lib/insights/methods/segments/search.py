"""Find the few combinations that, each with a move of its own, explain the leaves best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from insights.methods.segments.fitting import Fit, Pick, Scan, fitness, size
from insights.methods.segments.siblings import related

Floats = npt.NDArray[np.float64]


def best(fit: Fit, gains: Floats, but: int = -1) -> tuple[int, float]:
    """Return the cell that gains most, the smaller of two that gain alike, and its gain."""
    gains = gains.copy()
    if but >= 0:
        gains[but] = -np.inf
    near = np.flatnonzero(gains >= gains.max() - 1e-7)
    cell = int(near[np.argmin(fit.information[near])])
    return cell, float(gains[cell])


def search(scan: Scan, plain: Fit, most: int, largest: int) -> Fit:
    """Return the best ``most`` segments, ``largest`` siblings at once, before any is tested."""

    def with_sets(fit: Fit) -> Fit:
        return related(scan, fit, most, largest, plain.rest)

    found = with_sets(improve(scan, _fill(scan, plain, most), most))
    few = min(most, max(scan.count // 8, 1))  # moves that pass for scatter must leave a rest
    if found.variance > 0:
        bare = scan.fit([], replace(plain, variance=0.0), fixed=True)
        other = _fill(scan, bare, few, fixed=True)
        if sorted(other.picks) != sorted(found.picks):
            other = improve(scan, with_sets(scan.fit(other.picks, other)), most)
            found = max(found, other, key=lambda fit: fitness(scan, fit, plain.rest))
    return found


def _fill(scan: Scan, fit: Fit, most: int, *, fixed: bool = False) -> Fit:
    """Add the best cell while it gains."""
    while size(fit.picks) < most:
        cell, gain = best(fit, scan.gains(fit, fit.picks))
        if not gain > 0:
            break
        picks = [*fit.picks, (cell,)]
        grown = scan.fit(picks, fit, fixed=fixed)
        if fixed and (grown.group == 0).sum() < scan.count / 2:
            break
        fit = grown
    return fit


def improve(scan: Scan, fit: Fit, most: int) -> Fit:
    """Exchange, split, drop and add segments while that explains more."""
    for _ in range(8):
        picks = _exchange(scan, fit, most)
        if picks == fit.picks:
            grown = _fill(scan, fit, most)
            if grown.picks == fit.picks:
                break
            fit = grown
        else:
            fit = scan.fit(picks, fit)
    return fit


def _exchange(scan: Scan, fit: Fit, most: int) -> list[Pick]:
    """Return the picks after trying another cell, none, or two cells in the place of each."""
    picks = list(fit.picks)
    for old in fit.picks:
        at = picks.index(old)
        others = picks[:at] + picks[at + 1 :]
        gains = scan.gains(fit, others)
        cell, gain = best(fit, gains)
        alone = float(gains[old[0]]) if len(old) == 1 else scan.gain(fit, old, others)
        if max(gain, alone) <= 0:
            picks = others
        elif gain > alone + 1e-6:
            picks[at] = (cell,)
        elif len(old) == 1 and size(picks) < most:
            pair = _pair(scan, fit, others, old[0], gains)
            if pair:
                picks = others + pair
    return picks


def _pair(scan: Scan, fit: Fit, others: list[Pick], old: int, alone: Floats) -> list[Pick]:
    """Return two cells that together gain more than the one they replace, or none."""
    first, gain = best(fit, alone, old)
    if not gain > 0:
        return []
    second, gain = best(fit, scan.gains(fit, [*others, (first,)]), old)
    if not gain > 0:
        return []
    first, gain = best(fit, scan.gains(fit, [*others, (second,)]), old)
    better = gain + alone[second] > alone[old] + 1e-6
    return [(first,), (second,)] if better else []
