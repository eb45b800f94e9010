"""What the commands share: the app, its common options, and how it says things."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from insights.errors import ParamError

if TYPE_CHECKING:
    from insights.pack import Draft, Fault

app = typer.Typer(
    name="insights",
    help="Turn raw safety and support data into pages that say what moved and what to do.",
    epilog="Exit codes: 0 all good, 1 a readout failed or could not be answered, 2 bad input.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

PackArgument = Annotated[
    str,
    typer.Argument(
        metavar="PACK",
        help="A pack: its folder, or its name under params.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where pages go. Default: outputs at the root.",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object on standard output and nothing else."),
]


@contextmanager
def weeks_shown() -> Iterator[Callable[[int, int], None]]:
    """Yield what shows a simulation's progress; nothing is shown before it has begun."""
    with ExitStack() as stack:
        bars: list[Any] = []

        def advance(done: int, of: int) -> None:
            if not bars:
                bar = typer.progressbar(length=of, label="Simulating weeks", file=sys.stderr)
                bars.append(stack.enter_context(bar))
            bars[0].update(1)

        yield advance


def faults_of(draft: Draft) -> list[Fault]:
    """Return everything wrong with a pack, in its YAML and against its data."""
    from insights.data import checks, files

    if files.SIMULATED in json.dumps(draft.raw.get("source"), default=str):
        from insights.data.simulate import cache

        with weeks_shown() as advance:
            cache.demo(advance)
    return sorted({*draft.faults, *checks.faults(draft)})


def refuse(faults: list[Fault]) -> NoReturn:
    """Leave over a pack's faults, all of them at once."""
    raise ParamError("\n".join(map(str, faults)))


def out_folder(out: Path | None, *, make: bool = False) -> Path:
    """Return the folder of pages; where it is to be made and cannot be, that is bad input."""
    from insights import pack as packs

    place = (out or packs.root() / "outputs").resolve()
    if make:
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ParamError(f"--out {place} cannot be made: {error.strerror}") from error
    return place


def failed(runs: list[dict[str, Any]]) -> int:
    """Return how many runs failed."""
    return sum(run["status"] == "failed" for run in runs)


def print_json(record: dict[str, Any]) -> None:
    """Print a command's one JSON object."""
    typer.echo(json.dumps(record, ensure_ascii=False, allow_nan=False))


def say(text: str, *, err: bool = True) -> None:
    """Print text that may come from data."""
    from insights.runs.progress import harmless

    typer.echo(harmless(text), err=err)
