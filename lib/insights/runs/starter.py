"""How does a new pack begin? As a copy of the YAML of one that works."""

from __future__ import annotations

import shutil
from pathlib import Path

from insights import pack as packs
from insights.errors import ParamError

NEXT = {
    "pack": "its title, time zone and whose readout it is",
    "source": "where your data is and what its columns are called",
    "metrics": "what you count, who owns it and which way is better",
    "goals": "where each metric should be, by when",
    "actions": "what to do when a metric says so",
    "events": "what is known to move numbers",
    "drivers": "what may go with an outcome, and what of it could be changed",
    "readouts": "which pages are made",
}


def copy(like: str, folder: Path) -> list[str]:
    """Copy a pack's YAML into a new folder and return what to edit next, a line each.

    Parameters
    ----------
    like
        Any pack or template, by name or path. What it extends it goes on extending.
    folder
        New, or empty.

    Raises
    ------
    ParamError
        There is no such pack, or the folder holds something already.
    """
    source = packs.find(like)
    files = sorted(source.glob("*.yaml"))
    if not (source / "pack.yaml").is_file():
        raise ParamError(f"{source} is no pack: it has no pack.yaml")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ParamError(f"{folder} exists and is not an empty folder; name a new one")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copyfile(file, folder / file.name)
    except OSError as error:
        raise ParamError(f"{folder} cannot be written: {error.strerror}") from error
    order = [stem for stem in NEXT if (folder / f"{stem}.yaml").is_file()]
    return [f"{folder / stem}.yaml: {NEXT[stem]}" for stem in order]
