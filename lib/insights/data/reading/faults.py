"""What an engine says of a file that it cannot read, in one sentence that shows no data."""

from __future__ import annotations

import re
from pathlib import Path

LINE = re.compile(r"CSV Error on Line: (\d+)")
COLUMNS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
FILE = re.compile(r"^\s*file ?= ?(.+)$", re.MULTILINE)
MALFORMED = re.compile(r'Malformed JSON in file "([^"]+)", at byte (\d+) in record/value (\d+)')
MEND = "Mend the file, or export it again."


def said(error: Exception) -> str:
    """Return what is wrong; of anything else the first line, as the rest may hold data."""
    text = str(error).strip()
    place = _place(text)
    if "not utf-8 encoded" in text:
        return (
            f"{place or 'the text'} is not UTF-8. "
            "Say its encoding in source.yaml, such as encoding: cp1252."
        )
    if found := COLUMNS.search(text):
        names, there = (int(n) for n in found.groups())
        more = "more" if there > names else "fewer"
        return f"{place} has {more} values than the {names} columns of the header. {MEND}"
    if "unterminated quote" in text:
        return f"{place} opens a quote that nothing closes. {MEND}"
    if "state machine reached an invalid state" in text:
        why = "its line ends are mixed, or a quote stands inside a value"
        return f"{place or 'the file'} is no sound CSV: {why}. {MEND}"
    if found := MALFORMED.search(text):
        file, byte, record = found.groups()
        return (
            f"'{Path(file).name}' is no sound JSON from byte {byte} (record {record}). {MEND}"
        )
    return (text.splitlines() or [type(error).__name__])[0][:200]


def _place(text: str) -> str:
    """Return the file, and the line, that an engine speaks of."""
    file, line = FILE.search(text), LINE.search(text)
    parts = [f"'{Path(file[1].strip()).name}'"] if file else []
    return " ".join([*parts, f"line {line[1]}"] if line else parts)
