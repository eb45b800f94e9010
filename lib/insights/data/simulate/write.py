"""How do tables reach the disk? A batch of rows at a time, so that size costs no memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from insights.data.simulate.tables import FIELDS, words
from insights.data.simulate.world import START, Array, Columns, joined

BATCH_ROWS = 100_000  # rows held before a row group is written
EPOCH_DAYS = int(np.datetime64(START).astype("datetime64[D]").astype(np.int64))
TYPES = {
    "id": pa.int64(), "time": pa.timestamp("ms"), "date": pa.date32(), "float": pa.float64(),
    "small": pa.int16(), "count": pa.int32(), "flag": pa.bool_(), "label": pa.string(),
    "key": pa.string(),
}  # fmt: skip
FEW = (pa.string(), pa.date32(), pa.int16())  # of few values: a dictionary makes them small


def _what(kind: str) -> str:
    """Return the part of a kind that names its type."""
    return kind.partition(":")[0]


def column(values: Array, kind: str, keys: dict[str, Array]) -> Any:
    """Return an Arrow array; codes below 0, infinity and NaN become null."""
    what = _what(kind)
    if what in ("label", "key"):
        return _worded(values, words(kind, keys))
    if what == "time":
        never = ~np.isfinite(values)
        since = np.where(never, 0, values).astype(np.int64) + EPOCH_DAYS * 86_400
        return pa.array(since * 1000, mask=never).cast(TYPES[what])
    if what == "date":
        return pa.array((values + EPOCH_DAYS).astype(np.int32)).cast(TYPES[what])
    if what == "float":
        wide = np.asarray(values, dtype=np.float64)
        return pa.array(wide, mask=~np.isfinite(wide))
    if what in ("small", "flag") and values.dtype != np.bool_:
        return pa.array(values.astype(np.int16), mask=values < 0).cast(TYPES[what])
    return pa.array(values).cast(TYPES[what])


def _worded(values: Array, vocabulary: Array) -> Any:
    """Return codes with the words they stand for, only those that are used."""
    if len(vocabulary) > 1000:
        used, values = np.unique(values, return_inverse=True)
        values = values - (1 if len(used) and used[0] < 0 else 0)
        vocabulary = vocabulary[used[used >= 0]]
    codes = pa.array(values.astype(np.int32), mask=values < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(vocabulary.tolist(), pa.string()))


class Sink:
    """A table on its way to a Parquet file."""

    def __init__(self, path: Path, name: str, keys: dict[str, Array]) -> None:
        self.fields = FIELDS[name]
        self.keys = keys
        self.rows = 0
        self._held: list[Columns] = []
        self._size = 0
        self._schema = pa.schema(
            [
                (column, pa.dictionary(pa.int32(), pa.string()) if ":" in kind else TYPES[kind])
                for column, kind in self.fields.items()
            ]
        )
        coded = [column for column, kind in self.fields.items() if TYPES[_what(kind)] in FEW]
        self._writer = pq.ParquetWriter(
            path, self._schema, store_schema=False, use_dictionary=coded
        )

    def add(self, rows: Columns) -> None:
        """Hold rows, and write what is held once it is a batch."""
        size = len(next(iter(rows.values())))
        if not size:
            return
        self._held.append(rows)
        self._size += size
        self.rows += size
        if self._size >= BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        """Write what is held as one row group."""
        if not self._held:
            return
        rows = joined(self._held)
        arrays = [column(rows[name], kind, self.keys) for name, kind in self.fields.items()]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._held, self._size = [], 0

    def close(self) -> None:
        """Write the rest and finish the file."""
        self._flush()
        self._writer.close()


class Sinks:
    """The files of a build: source tables, and under truth/ what nobody could have seen."""

    def __init__(self, folder: Path, keys: dict[str, Array]) -> None:
        (folder / "truth").mkdir(parents=True, exist_ok=True)
        names = [name for name in FIELDS if name != "csat"]
        self.seen = {name: Sink(folder / f"{name}.parquet", name, keys) for name in names}
        self.hidden = {
            name: Sink(folder / "truth" / f"{name}.parquet", name, keys) for name in FIELDS
        }

    def close(self) -> None:
        """Finish every file."""
        for sink in [*self.seen.values(), *self.hidden.values()]:
            sink.close()
