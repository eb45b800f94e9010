"""`insights check`, `new` and `explain`: what a pack is, before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insights.cli.app import PackArgument, faults_of, say
from insights.errors import ParamError


def check(
    pack: PackArgument,
    data: Annotated[
        bool, typer.Option("--data", help="Put every metric through the gates on its data too.")
    ] = False,
) -> None:
    """Check a pack without running it: every fault at once, with file and line."""
    from insights import pack as packs
    from insights import wording
    from insights.pack.places import shown

    draft = packs.read(pack)
    if faults := faults_of(draft):
        for fault in faults:
            say(str(fault), err=False)
        raise typer.Exit(2)
    assert draft.pack is not None
    metrics = wording.count(len(draft.pack.metrics), "metric")
    readouts = wording.count(len(draft.pack.readouts), "readout")
    typer.echo(f"{shown(draft.folder)}: clean, {metrics}, {readouts}.")
    if data:
        from insights.data import quality, sources

        with sources.opened(draft.pack) as source:
            found = quality.inspect(source)
        for line in quality.lines(found):
            say(line, err=False)
        raise typer.Exit(int(any(one.refused for one in found)))


def new(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="The folder to make.",
            show_default=False,
        ),
    ],
    like: Annotated[
        str | None,
        typer.Option(
            metavar="PACK",
            help="The pack or template to start from, by name or path.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The file, or the folder of files, to point it at.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Start a pack: from one that works, on your own data, or from one file of any kind."""
    from insights.runs import starter

    if like is not None:
        lines = starter.copy(like, folder, data)
        of = f", on {data}" if data else ""
        typer.echo(f"{folder} is a copy of {like}{of}. Edit next:")
    elif data is not None:
        from insights.runs import proposing

        lines = proposing.propose(data, folder)
        typer.echo(f"{folder} is proposed from {data}. Read its comments; edit next:")
    else:
        raise ParamError("say --like PACK, the pack to start from, or --data FILE, or both")
    for line in lines:
        typer.echo(f"  {line}")
    typer.echo(f"Then: insights check {folder}")


def explain(
    pack: PackArgument,
    metric: Annotated[
        str,
        typer.Argument(
            metavar="METRIC",
            help="A metric's name in metrics.yaml.",
            show_default=False,
        ),
    ],
) -> None:
    """Say in words what a metric is, and show the SQL that each engine would run for it."""
    from insights import pack as packs
    from insights.data import explain as explaining
    from insights.errors import did_you_mean, some

    loaded = packs.load(pack)
    if metric not in loaded.metrics:
        hint = did_you_mean(metric, loaded.metrics) or "."
        raise ParamError(
            f"unknown metric '{metric}'{hint} The pack has {some(loaded.metrics, 30)}."
        )
    typer.echo(explaining.text(loaded, metric))
