"""Builds of the simulator beside the demo, each made once a version and then found again."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from insights.data import simulate
from insights.data.simulate import cache


def demo(scale: float | None = None) -> Path:
    """Return the demo's folder, or that of the same operation at another scale."""
    if scale is None or scale == simulate.DEMO_SCALE:
        return cache.demo()
    return build(f"scale-{scale:g}", scale=scale)


def without(effects: Iterable[str], *, scale: float, seed: int) -> Path:
    """Return the folder of an operation with some effects off."""
    off = sorted(effects, key=lambda name: int(name[1:]))
    what = "null" if off == list(simulate.EFFECTS) else f"without-{'-'.join(off)}"
    return build(f"{what}-{scale:g}-{seed}", scale=scale, seed=seed, without=off)


def build(name: str, **options: object) -> Path:
    """Return a build of this version of the simulator by its name, made where it is not there.

    The folder is ``truth-<version>/<name>`` beside the demo's: a level deeper than the demo's
    own builds, so that their cache neither counts nor forgets these.
    """
    home = cache.place().parent / f"truth-{cache.version()}"
    folder = home / name
    if not (folder / simulate.RECORD).is_file():
        _forget(home)
        simulate.build(folder, **options)  # type: ignore[arg-type]  # named by the callers above
    return folder


def _forget(home: Path) -> None:
    """Remove the builds of older versions, but for the newest."""
    others = [old for old in home.parent.glob("truth-*") if old != home]
    others.sort(key=lambda old: old.stat().st_mtime)
    for old in others[:-1]:
        shutil.rmtree(old, ignore_errors=True)
