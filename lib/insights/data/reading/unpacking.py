"""Is a file whole, and text that the engine can read? If not, it is made so or refused."""

from __future__ import annotations

import codecs
import gzip
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from insights.errors import ContractError

CHUNK = 1 << 20
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
EXCEL = "[Content_Types].xml"
WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
LONE = re.compile(rb"(?<!\r)\n")  # a line end that is not Windows'
DEPTH = 3  # zips within zips
IGNORED = ("__MACOSX/", ".DS_Store")
Scratch = Callable[[], Path]  # a folder of one's own, made when first asked for


def plain(found: list[Path], encoding: str | None, scratch: Scratch) -> list[Path]:
    """Return files of UTF-8 text, plain or gzipped, that hold what the given ones hold.

    Parameters
    ----------
    found
        Text files, gzipped ones, or zips of either, of zips too.
    encoding
        Of text that is not UTF-8; UTF-16 with its mark is known by itself.
    scratch
        Makes a folder for what has to be unpacked or written anew; files keep their names.

    Raises
    ------
    ContractError
        A file is empty, not whole, of another encoding, or no text.
    """
    return [text for path in found for text in _plain(path, encoding, scratch, DEPTH)]


def _plain(
    path: Path, encoding: str | None, scratch: Scratch, depth: int, shown: str = ""
) -> Iterator[Path]:
    shown = shown or path.name
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise ContractError(f"'{shown}' is empty. Export it again.")
    if head == ZIP:
        yield from _unzipped(path, encoding, scratch, depth, shown)
        return
    packed = head[:2] == GZIP
    start = _first_of_gzip(path, shown) if packed else _first(path)
    coded = WIDE.get(start[:2]) or (encoding if not _is_utf8(encoding) else None)
    if coded is None and b"\x00" in start:
        raise ContractError(
            f"'{shown}' holds zero bytes: it is no UTF-8 text. "
            "Say its encoding in source.yaml, such as encoding: utf-16-le."
        )
    mixed = b"\r\n" in start and LONE.search(start) is not None
    if coded is None and not mixed and packed == (path.suffix.lower() == ".gz"):
        yield path
        return
    with gzip.open(path, "rb") if packed else path.open("rb") as raw:
        yield _recoded(raw, coded or "utf-8-sig", _place(scratch, shown), shown)


def _unzipped(
    path: Path, encoding: str | None, scratch: Scratch, depth: int, shown: str
) -> Iterator[Path]:
    """Unpack each member of a zip, in the order of their names."""
    if depth == 0:
        raise ContractError(f"'{shown}' holds zips within zips within zips. Unpack it first.")
    try:
        with zipfile.ZipFile(path) as held:
            names = sorted(one.filename for one in held.infolist() if not one.is_dir())
            if EXCEL in names:
                raise ContractError(f"'{shown}' is an Excel workbook. Save it as CSV.")
            names = [name for name in names if not name.startswith(IGNORED)]
            if not names:
                raise ContractError(f"'{shown}' holds no file. Export it again.")
            for name in names:
                own = _place(scratch, Path(name).name)
                with held.open(name) as member, own.open("wb") as copy:
                    shutil.copyfileobj(member, copy, CHUNK)
                yield from _plain(own, encoding, scratch, depth - 1, f"{shown}/{own.name}")
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise ContractError(f"'{shown}' is no whole zip. Fetch it again.") from error
    except (RuntimeError, NotImplementedError) as error:  # a password, a rare compression
        raise ContractError(f"'{shown}' cannot be unpacked here. Unpack it first.") from error


def _first(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(CHUNK)


def _first_of_gzip(path: Path, shown: str) -> bytes:
    """Return a gzip's first bytes, having read it to its end: an engine reads what is there."""
    try:
        with gzip.open(path, "rb") as file:
            start = file.read(CHUNK)
            while file.read(CHUNK):
                pass
    except EOFError as error:
        raise ContractError(
            f"'{shown}' ends too early: its gzip is cut off. Fetch it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ContractError(f"'{shown}' is no sound gzip. Fetch it again.") from error
    return start


def _is_utf8(encoding: str | None) -> bool:
    return encoding is None or codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}


def _place(scratch: Scratch, shown: str) -> Path:
    """Return a new place for a file of a name, without what only packing says."""
    name = re.sub(r"[^\w.-]+", "_", shown.rpartition("/")[2])
    name = re.sub(r"\.gz$", "", name, flags=re.IGNORECASE) or "part"
    folder = scratch()
    own = folder / str(len(list(folder.iterdir())))
    own.mkdir()
    return own / name


def _recoded(raw: gzip.GzipFile | BufferedReader, encoding: str, to: Path, shown: str) -> Path:
    """Write text as UTF-8 with one kind of line end, and return where."""
    try:
        with (
            TextIOWrapper(raw, encoding=encoding) as text,  # all line ends become one
            to.open("w", encoding="utf-8", newline="") as out,
        ):
            shutil.copyfileobj(text, out, CHUNK)
    except UnicodeError as error:
        said = "UTF-8" if encoding == "utf-8-sig" else encoding
        raise ContractError(
            f"'{shown}' is not {said} text. Say its encoding in source.yaml, such as encoding: "
            "cp1252."
        ) from error
    return to
