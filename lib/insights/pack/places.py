"""Where is it: the root of the work, a pack by name or path, a file as people write it."""

from __future__ import annotations

from pathlib import Path

from insights.errors import ParamError, did_you_mean, some


def root(start: Path | None = None) -> Path:
    """Return the folder that holds pyproject.toml, found upwards; else this library's checkout.

    Parameters
    ----------
    start
        Where to begin; the working directory unless given.
    """
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
    return Path(__file__).resolve().parents[3]


def shown(file: Path) -> str:
    """Return a path relative to the root or the working directory, else as given."""
    for base in (root(), Path.cwd()):
        if file.is_relative_to(base):
            return file.relative_to(base).as_posix()
    return str(file)


def packs() -> dict[str, Path]:
    """Return every pack and template under ``params`` by name, packs before templates."""
    found: dict[str, Path] = {}
    for folder in (root() / "params", root() / "params" / "templates"):
        for file in sorted(folder.glob("*/pack.yaml")):
            found.setdefault(file.parent.name, file.parent)
    return found


def first_pack(candidates: list[Path]) -> Path | None:
    """Return the first folder that holds a pack.yaml, else the first folder, else None."""
    folders = [folder.resolve() for folder in candidates if folder.is_dir()]
    with_pack = [folder for folder in folders if (folder / "pack.yaml").is_file()]
    return next(iter(with_pack + folders), None)


def find(pack: str | Path) -> Path:
    """Return the folder of a pack that is given by name or by path.

    Parameters
    ----------
    pack
        A path (absolute, or relative to the working directory or the root), or the name of a
        folder under ``params`` or ``params/templates``.

    Raises
    ------
    ParamError
        There is no such pack; the message says which there are.
    """
    text = str(pack).strip()
    base = root()
    bases = [Path.cwd(), base, base / "params", base / "params" / "templates"]
    folder = first_pack([folder / text for folder in bases]) if text not in ("", ".") else None
    if text == "." and (Path.cwd() / "pack.yaml").is_file():
        folder = Path.cwd().resolve()
    if folder is None:
        there = packs()
        hint = did_you_mean(Path(text).name, there)
        names = f"There are {some(there, 12)}." if there else "There is none under params."
        raise ParamError(f"no pack '{text}'{hint or '.'} {names}")
    return folder
