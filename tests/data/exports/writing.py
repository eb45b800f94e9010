"""How made-up exports are written: files that are the same whenever they are made."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

BEGIN = datetime(2025, 9, 1)  # a Monday
DAYS = 112
Files = dict[str, bytes]


def table(names: Sequence[str], rows: Iterable[Sequence[Any]], *, by: str = ",") -> bytes:
    """Return a CSV."""
    text = io.StringIO()
    made = csv.writer(text, delimiter=by, lineterminator="\n")
    made.writerows([names, *rows])
    return text.getvalue().encode()


def gzipped(content: bytes) -> bytes:
    """Return a gzip that is the same whenever it is made."""
    return gzip.compress(content, mtime=0)


def zipped(members: Files) -> bytes:
    """Return a zip that is the same whenever it is made."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            one = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            made.writestr(one, content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def stamps(rng: np.random.Generator, a_day: float, days: int = DAYS) -> list[datetime]:
    """Return when cases came in: fewer at weekends, all within the day."""
    made = []
    for day in range(days):
        weekend = (BEGIN + timedelta(day)).weekday() > 4
        n = rng.poisson(a_day * (0.5 if weekend else 1))
        made += [
            BEGIN + timedelta(day, int(s)) for s in np.sort(rng.integers(25_000, 80_000, n))
        ]
    return made


def iso(when: datetime | None) -> str:
    return "" if when is None else when.isoformat(" ")


def zulu(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat() + "Z"


def snake(name: str) -> str:
    """Return a column's name as an API writes it."""
    return "_".join(re.findall(r"[a-z0-9]+", name.lower()))
