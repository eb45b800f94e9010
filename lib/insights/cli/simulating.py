"""`insights simulate`: an operation whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insights.cli.app import weeks_shown


def simulate(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="The folder to write: empty, not there yet, or an earlier build to replace.",
            show_default=False,
        ),
    ],
    scale: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            help="1 is about 10,000 contacts a day. Default: the demo's 0.07.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed, the same tables.")] = 1,
    weeks: Annotated[
        int, typer.Option(metavar="W", help="Weeks in the tables; 13 more are kept back.")
    ] = 104,
    without: Annotated[
        str,
        typer.Option(
            metavar="EFFECTS",
            help="Planted effects to switch off, such as E3,E4.",
            show_default=False,
        ),
    ] = "",
    dirt: Annotated[
        str,
        typer.Option(
            metavar="KINDS",
            help="Faults of real exports to lay over the tables, such as D1,D5, or all.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Simulate an operation with planted truth; the last line says where it is."""
    from insights.data import simulate as simulated

    size = simulated.DEMO_SCALE if scale is None else scale
    with weeks_shown() as advance:
        simulated.build(
            folder, scale=size, seed=seed, weeks=weeks, without=_listed(without),
            dirt=_listed(dirt), progress=advance,
        )  # fmt: skip
    typer.echo(str(folder.resolve()))


def _listed(given: str) -> list[str]:
    return [name.strip() for name in given.split(",")] if given.strip() else []
