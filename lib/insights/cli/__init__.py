"""The one command: run a pack's readouts, check, start or explain one, simulate, list."""

from __future__ import annotations

import sys

from insights.cli import history, packs, running, simulating
from insights.cli.app import app, print_json, say
from insights.errors import InsightsError
from insights.runs.processes import Stopped, stoppable

__all__ = ["app", "main"]

for _command in (
    running.run,
    packs.check,
    packs.new,
    packs.explain,
    simulating.simulate,
    history.list_,
    history.prune,
):
    app.command(name=_command.__name__.strip("_"))(_command)


def main() -> None:
    """Run the command; what a person can mend is said in one sentence, never as a traceback."""
    try:
        with stoppable():
            app()
    except InsightsError as error:
        say(str(error))
        if "--json" in sys.argv:
            print_json({"runs": [], "failed": 0, "error": str(error)})
        sys.exit(2)
    except Stopped as stop:
        sys.exit(stop.exit_code)
