"""`insights list`: what has run."""

from __future__ import annotations

import typer

from insights.cli.app import JsonOption, OutOption, failed, out_folder, print_json, say


def list_(out: OutOption = None, as_json: JsonOption = False) -> None:
    """List the runs there have been, newest first."""
    from insights.runs import catalog
    from insights.runs.progress import print_runs

    place = out_folder(out)
    runs, problems = catalog.read(place)
    for problem in problems:
        say(problem)
    if as_json:
        print_json({"runs": runs, "failed": failed(runs), "problems": problems})
    elif runs:
        print_runs(runs)
    else:
        typer.echo(f"No readout has been run into {place} yet.")
