"""A small operation whose numbers a test can plant: three queues, 40 weeks, a row a day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

FIRST = pd.Timestamp("2025-01-06")  # a Monday
WEEKS = 40
LAST_WEEK = FIRST + pd.Timedelta(weeks=WEEKS - 1)

METRICS: dict[str, dict[str, object]] = {
    "contacts": {
        "title": "Contacts",
        "kind": "count",
        "unit": "count",
        "numerator": "contacts",
        "better": "band",
        "definition": "Contacts received.",
        "sentence": "{subject} received {value} contacts {period}",
    },
    "solved_share": {
        "title": "Solved in a day",
        "kind": "ratio",
        "unit": "share",
        "numerator": "solved",
        "denominator": "contacts",
        "better": "higher",
        "definition": "Contacts solved within a day, of all contacts.",
        "comparable": "yes",
        "guards": ["reopened_share"],
        "sentence": "Of the contacts {subject} received {period}, {value} were solved in a day",
    },
    "reopened_share": {
        "title": "Reopened",
        "kind": "ratio",
        "unit": "share",
        "numerator": "reopened",
        "denominator": "contacts",
        "better": "lower",
        "definition": "Contacts opened again, of all contacts.",
        "comparable": "yes",
    },
}
DEFAULTS = {"table": "queues", "clock": "day", "owner": "Operations", "dimensions": ["queue"]}


def queues() -> pd.DataFrame:
    """Return the quiet operation; nothing in it moves beyond noise."""
    rng = np.random.default_rng(7)
    days = pd.date_range(FIRST, periods=7 * WEEKS)
    frames = []
    for queue in ("Appeals", "Billing", "Safety"):
        contacts = rng.poisson(1000, len(days))
        frames.append(
            pd.DataFrame(
                {
                    "day": days.date.astype(str),
                    "queue": queue,
                    "contacts": contacts,
                    "solved": rng.binomial(contacts, 0.8),
                    "reopened": rng.binomial(contacts, 0.05),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def write(folder: Path, **files: object) -> Path:
    """Write a pack's YAML files."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, content in files.items():
        (folder / f"{stem}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return folder


def make(
    folder: Path,
    rows: pd.DataFrame | None = None,
    *,
    metrics: dict[str, dict[str, object]] | None = None,
    table: dict[str, object] | None = None,
    pack: dict[str, object] | None = None,
    **files: object,
) -> Path:
    """Write the small operation into a folder, with planted rows and changed YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    (queues() if rows is None else rows).to_csv(folder / "queues.csv", index=False)
    source = {
        "path": "queues.csv",
        "row": "one queue and day",
        "key": ["queue", "day"],
        "aggregated": True,
        "volume": "contacts",
        **(table or {}),
    }
    info = {
        "title": "Acme support",
        "subject": "queue",
        "where": {"queue": "Safety"},
        "peers": {"dimension": "queue"},
        **(pack or {}),
    }
    return write(
        folder,
        pack=info,
        source={"tables": {"queues": source}},
        metrics={"defaults": DEFAULTS, "metrics": metrics or METRICS},
        **files,
    )


def plant(rows: pd.DataFrame, column: str, week: pd.Timestamp, factor: float) -> pd.DataFrame:
    """Return the rows with one column of one queue multiplied in one week."""
    days = pd.to_datetime(rows["day"])
    hit = (rows["queue"] == "Safety") & (days >= week) & (days < week + pd.Timedelta(weeks=1))
    changed = rows.copy()
    changed.loc[hit, column] = (changed.loc[hit, column] * factor).astype(int)
    return changed
