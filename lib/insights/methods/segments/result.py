"""What the search returns: the segments found, the sentence and the bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from insights import charts, wording

SCALES = {"M": 1e6, "bn": 1e9}
OTHER, MIX = "everything else", "mix"


@dataclass(frozen=True, slots=True)
class Segments:
    """The few segments in which a change is concentrated, and what remains of it."""

    metric: str
    unit: str
    dims: tuple[str, ...]
    table: pd.DataFrame  # one row a segment; see ``find``
    before: float
    after: float
    lower: float  # of the change
    upper: float
    mix: float | None  # what came from composition; a total has none
    mix_reach: float  # half the width of its interval
    own_reach: float  # half the width of the interval of all that is not mix
    dispersion: float  # standard deviation of leaves' own moves beyond counting noise
    searched: int  # combinations looked at
    further: int  # segments beyond max_segments that stand out too, within everything else

    @property
    def change(self) -> float:
        """After less before, of the overall rate or total."""
        return self.after - self.before

    @property
    def remainder(self) -> float:
        """The change that did not come from the segments found; it includes mix."""
        return self.change - float(self.table["contribution"].sum())

    @property
    def parts(self) -> pd.DataFrame:
        """What adds to the change: contribution, lower and upper by segment and of the rest."""
        own = self.table[["contribution", "lower", "upper"]].astype(float)
        reach = ((own["upper"] - own["lower"]) / 2).pow(2).sum()
        rest = (
            self.remainder - (self.mix or 0.0),
            np.sqrt(max(self.own_reach**2 - reach, 0.0)),
        )
        rows = [rest] if self.mix is None else [rest, (self.mix, self.mix_reach)]
        ends = [(value, value - half, value + half) for value, half in rows]
        found = self.table[list(self.dims)].to_dict("records")
        names = [
            " / ".join(f"{dim} {value}" for dim, value in one.items() if pd.notna(value))
            for one in found
        ]
        return pd.DataFrame(
            np.concatenate([own.to_numpy(), np.array(ends)]),
            index=pd.Index([*names, OTHER, MIX][: len(own) + len(rows)], name="part"),
            columns=own.columns,
        )

    def narrative(self) -> str:
        """Return what the change came from, or that no segment stands out."""
        shown = self.parts
        total, *texts = closing([self.change, *shown["contribution"]], self.unit)
        before = wording.number(self.before, self.unit, like=[self.after])
        after = wording.number(self.after, self.unit, like=[self.before])
        went = f"{self.metric} went from {before} to {after}, {total}"
        parts = [
            text + (f" {_range(low, high, self.unit)}" if name != MIX else "")
            for name, text, low, high in zip(
                shown.index, texts, shown["lower"], shown["upper"], strict=True
            )
        ]
        if self.table.empty:
            return self._nothing(went, texts, parts)
        named = [f"{text} from {name}" for name, text in zip(shown.index, parts, strict=True)]
        named[0] = f"{parts[0]} came from {shown.index[0]}"
        more = wording.count(self.further, "further segment")
        verb = "stands" if self.further == 1 else "stand"
        tail = f" {more} {verb} out, within everything else." if self.further else ""
        return f"{went}: {wording.listing(named)}.{tail}"

    def _nothing(self, went: str, texts: list[str], parts: list[str]) -> str:
        """Return the sentence where no segment stands out."""
        head = f"No segment stands out among {wording.count(self.searched, 'combination')}"
        clear = "" if self.lower > 0 or self.upper < 0 else ", no clear change"
        went = f"{went}{clear} {_range(self.lower, self.upper, self.unit)}"
        if self.mix is None:
            return f"{head}. {went}; it is not concentrated anywhere."
        return f"{head}. {went}; {texts[1]} came from mix and {parts[0]} is not concentrated."

    def plot(self) -> Figure:
        """Return a bar a segment, one for everything else and one for mix, with intervals."""
        shown = self.parts
        figure, ax = charts.figure(7, 0.5 + 0.85 * len(shown))
        texts = closing([self.change, *shown["contribution"]], self.unit)[1:]
        left = blended_transform_factory(ax.transAxes, ax.transData)
        for at, (name, part) in enumerate(shown.iterrows()):
            value = float(part["contribution"])
            found = at < len(self.table)
            color = (charts.UP if value > 0 else charts.DOWN) if found else charts.SOFT
            ax.barh(
                -at, value, 0.34, color=color if found else charts.GREY, edgecolor=color,
                linewidth=0.8, hatch=None if found else "///",
            )  # fmt: skip
            ax.plot([0, 0], [-at - 0.28, 0.28 - at], color=charts.SOFT, linewidth=0.9)
            ends = [float(part["lower"]), float(part["upper"])]
            ax.plot(ends, [-at, -at], color=charts.INK, linewidth=1.4, marker="|", markersize=7)
            ax.text(
                0, 0.3 - at, shorten(str(name), 72, placeholder=" ..."), transform=left,
                va="bottom", color=charts.INK, parse_math=False,
            )  # fmt: skip
            ax.annotate(
                texts[at], (max(*ends, value, 0), -at), (8, 0), textcoords="offset points",
                va="center", color=color, fontweight="bold", annotation_clip=False,
            )  # fmt: skip
        ax.set_ylim(0.65 - len(shown), 0.75)
        low = min(0.0, float(shown["lower"].min()))
        high = max(0.0, float(shown["upper"].max()))
        wide = high - low or 1.0
        ax.set_xlim(low - 0.03 * wide, high + 0.3 * wide)
        charts.no_ticks(ax, "x")
        charts.no_ticks(ax, "y")
        ax.spines["bottom"].set_visible(False)
        return figure


def closing(values: Sequence[float], unit: str) -> list[str]:
    """Return a total and then its parts as text; the parts as printed add to the total.

    >>> closing([0.0104, 0.0083, 0.0008, 0.0013], "share")
    ['+1.0\\xa0points', '+0.80\\xa0points', '+0.10\\xa0points', '+0.10\\xa0points']
    >>> closing([3, 4, -1], "count")
    ['+3', '+4', '−1']
    """
    text = wording.change(max(values, key=abs), unit)
    figure, _, suffix = text.partition(wording.NBSP)
    places = len(figure.partition(".")[2])
    step = 10.0**-places * SCALES.get(suffix, 1.0) / (100 if unit == "share" else 1)
    total, *parts = (round(value / step) for value in values)
    if parts:
        largest = max(range(len(parts)), key=lambda at: abs(parts[at]))
        parts[largest] += total - sum(parts)
    return [wording.change(whole * step, unit) for whole in (total, *parts)]


def _range(lower: float, upper: float, unit: str) -> str:
    """Return an interval of a difference in brackets."""
    return f"({wording.change(lower, unit)} to {wording.change(upper, unit)})"
