"""Look through every attribute combination for the few that carry a change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from insights.errors import ParamError
from insights.methods.segments.fitting import Scan
from insights.methods.segments.judging import confirmed
from insights.methods.segments.lattice import Lattice, lattice
from insights.methods.segments.leaves import NUMBERS, Leaves, leaves
from insights.methods.segments.moves import Law
from insights.methods.segments.parts import Parts, parts
from insights.methods.segments.result import Segments

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SPARE = 2  # segments looked for beyond those asked for, so that they do not pass as scatter


def find(
    rows: pd.DataFrame,
    *,
    dims: Sequence[str],
    kind: str = "rate",
    max_segments: int = 3,
    max_depth: int = 3,
    alpha: float = 0.05,
    level: float = 0.95,
    metric: str | None = None,
    unit: str | None = None,
) -> Segments:
    """Find the few attribute combinations in which a change is concentrated.

    Parameters
    ----------
    rows
        One row a (combination of ``dims``, side), any order; rows of the same leaf and side are
        summed. The dimensions: any values, none missing. ``side`` "before" or "after";
        ``events`` >= 0; ``exposure`` >= 0, which may be 0 where events are. Optional
        ``events_sq``, the sum of squares over cases: a rate is then a mean over cases, whose
        events may be negative. Further columns are ignored.
    dims
        Columns to combine. One with a single value is left out of the search.
    kind
        "rate" (events / exposure) or "total" (events; exposure only says that a leaf existed).
    max_segments, max_depth
        Segments at most, >= 1; attributes a segment may name, 1 to 3.
    alpha
        Chance, in (0, 1), that a segment is found where none moved by itself.
    level
        Chance, in (0, 1), that an interval holds its contribution.
    metric, unit
        Name and unit in words; by default "Rate" in "share" ("score" for a mean) or "Total" in
        "count". A rate in a unit other than share counts events by exposure and may exceed 1.

    Returns
    -------
    Segments
        ``table``: one row a segment, largest contribution first, no two of which overlap: the
        dims (NA = any); ``before``, ``after``: its own rate or total; ``share``: of exposure
        (rate) or events (total), mean of the sides; ``contribution`` with ``lower`` and
        ``upper``, in the unit of the overall rate or total; ``unexpected_difference``: its own
        change, like compared with like, beyond the one it would show had it moved as all that
        is outside the segments found; ``p_value`` for the whole search; ``q_value``,
        Benjamini-Hochberg over the rows. Empty where no segment stands out.

    Raises
    ------
    ParamError
        An unknown kind or unit, no dims, dims that repeat or clash, a setting out of range.
    ContractError
        A column, a side or a dimension's value is missing, or amounts that cannot be.
    MethodError
        A side has no exposure (rate) or events (total), or all rows are one segment.

    Notes
    -----
    Each leaf is scored against the shift of everything else, both windows' margins held, and so
    what differs between leaves, and mix, drop out: Mantel and Haenszel (1959), J. Natl. Cancer
    Inst. 22(4) 719-748; Yusuf et al. (1985), Prog. Cardiovasc. Dis. 27(5) 335-371. Leaves
    scatter beyond counting noise: a normal log odds ratio, log ratio or step a leaf, linearised
    as in Breslow and Clayton (1993), J. Am. Stat. Assoc. 88(421) 9-25, its variance by REML
    once the segments are taken out, each with a move of its own. The best set of disjoint
    segments (likelihood, less the cost of naming each; depths, subsets of dims and cells cost
    alike) is sought by adding, exchanging, splitting and dropping, once from the scatter of all
    leaves and once from none, as several moves may pass for scatter. A few values of one
    dimension, all else the same, may share a move. Such a set costs less than its members one
    by one and takes the place of others where it explains more; its members are those that its
    move fits best: Speakman et al. (2016), J. Comput. Graph. Stat. 25(2) 382-404. A fifth of
    the search is theirs.

    ``p_value``: chance of a move as large (gamma tail where counts lean), averaged over what
    the scatter may be; where combinations of the same dims scatter more than their leaves say,
    against that (an empirical null: Efron (2004), J. Am. Stat. Assoc. 99(465) 96-104); divided
    by the segment's share of the search, a weighted Bonferroni bound: Genovese, Roeder and
    Wasserman (2006), Biometrika 93(3) 509-524. A member of a set has the larger of the set's
    chance and its own among its siblings: tests nested as in Yekutieli (2008), J. Am. Stat.
    Assoc. 103(481) 309-316. Few leaves say little of their scatter, so that among few leaves a
    segment must differ by much, and needs 3 others.

    ``contribution`` of a rate: mean share of exposure times the change of the segment's rate,
    leaf compared with leaf (weights na nb / (na + nb)); mix is what no such change explains.
    Intervals are for a segment named in advance; the largest of many tend to be overstated.
    """
    _settings(max_segments, max_depth, alpha, level)
    table = leaves(rows, dims, kind, unit or "share")
    cells = lattice(table.codes, max_depth)
    scan = Scan(Law(table), cells, alpha)
    fit, p, variance = confirmed(scan, max_segments + SPARE, max_segments)
    group = scan.group([(cell,) for cell in fit.cells])
    shares = parts(table, group, float(fit.shift[0]), variance)
    kept = np.argsort(-np.abs(shares.contribution[1:]), kind="stable")[:max_segments]
    found = [_attributes(table, cells, fit.cells[at]) for at in kept]
    names = {"total": ("Total", "count"), "mean": ("Rate", "score")}.get(table.law)
    default = names or ("Rate", "share")
    before, after = _overall(table, 0), _overall(table, 1)
    reach = float(special.ndtri((1 + level) / 2))
    return Segments(
        metric=metric or default[0],
        unit=unit or default[1],
        dims=tuple(dims),
        table=_table(table.dims, found, shares, kept, p[kept], reach),
        before=before,
        after=after,
        lower=after - before - reach * float(shares.error[-1]),
        upper=after - before + reach * float(shares.error[-1]),
        mix=shares.mix,
        mix_reach=reach * float(shares.error[-2]),
        own_reach=reach * float(np.sqrt((shares.error[:-2] ** 2).sum())),
        dispersion=float(np.sqrt(variance)),
        searched=int(cells.usable.sum()),
        further=len(p) - len(kept),
    )


def _settings(max_segments: int, max_depth: int, alpha: float, level: float) -> None:
    """Refuse settings out of range."""
    if max_segments < 1:
        raise ParamError(f"find: max_segments is {max_segments}. Give 1 or more.")
    if max_depth not in (1, 2, 3):
        raise ParamError(f"find: max_depth is {max_depth}. Give 1, 2 or 3.")
    for name, value in (("alpha", alpha), ("level", level)):
        if not 0 < value < 1:
            raise ParamError(f"find: {name} is {value}. Give a chance between 0 and 1.")


def _overall(table: Leaves, side: int) -> float:
    """Return the overall rate or total of a side."""
    events = float(table.events[side].sum())
    return events if table.law == "total" else events / float(table.exposure[side].sum())


def _attributes(table: Leaves, cells: Lattice, cell: int) -> dict[str, object]:
    """Return the dimensions that a cell names and their values."""
    leaf = int(np.flatnonzero(cells.leaves(cell))[0])
    named = cells.subsets[cells.subset(cell)]
    return {table.dims[dim]: table.labels[dim][table.codes[leaf, dim]] for dim in named}


def _table(
    dims: list[str],
    found: list[dict[str, object]],
    shares: Parts,
    kept: Ints,
    p: Floats,
    reach: float,
) -> pd.DataFrame:
    """Return the segments found, one a row."""
    at = kept + 1
    half = reach * shares.error[at]
    order = np.argsort(p, kind="stable")
    steps = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    named = {
        dim: pd.Series([one.get(dim, pd.NA) for one in found], dtype=object) for dim in dims
    }
    numbers = [
        shares.before[at], shares.after[at], shares.share[at], shares.contribution[at],
        shares.contribution[at] - half, shares.contribution[at] + half, shares.unexpected[at],
        p, q,
    ]  # fmt: skip
    return pd.DataFrame(named | dict(zip(NUMBERS, numbers, strict=True)))
