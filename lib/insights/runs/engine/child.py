"""One readout's own process, forked: made as good as new, then the notebook runs in it."""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from insights.runs import worker
from insights.runs.processes import adopt_orphans, descendants, end

PR_SET_PDEATHSIG = 1


def main(order: dict[str, Any]) -> None:
    """Carry an order out, leave the result in its scratch folder and exit."""
    scratch = Path(order["scratch"])
    parent = os.getppid()
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before we asked
        os._exit(1)
    adopt_orphans()
    log = os.open(scratch / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for fd in (1, 2):
        os.dup2(log, fd)
    os.close(log)
    renew(scratch, order["environment"])
    worker.limit_memory(order["memory_mb"])
    result = run(order, scratch)
    end(descendants())
    (scratch / worker.RESULT).write_text(json.dumps(result), encoding="utf-8")
    os._exit(0)


def renew(scratch: Path, environment: dict[str, str]) -> None:
    """Give this process what a new one would have: signals, surroundings, chance and names."""
    for signum in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(worker.DRAWING | environment)
    worker.private_jupyter(scratch)
    tempfile.tempdir = None  # it was looked up where TMPDIR was another
    tempfile._name_sequence = None  # type: ignore[attr-defined]
    random.seed()
    np.random.seed()  # noqa: NPY002 - the state that notebooks may draw from
    sys.argv = [sys.executable]


def run(order: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Run the notebook, or say what to run it with instead."""
    from insights.runs.engine import inside

    os.chdir(order["root"])
    try:
        return worker.run(order, scratch, inside.NAME)
    except inside.Unsupported as why:
        return {"instead": str(why), "error": None}
    except Exception as error:  # noqa: BLE001 - nobody else can say what it was
        said = worker.one_line(type(error).__name__, str(error))
        return {"error": f"the notebook could not be carried through: {said}"}
