"""One readout's own process: run a notebook with stock papermill and say how it ended."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from insights.runs.processes import adopt_orphans, descendants, end

RESULT = "result.json"
NOTEBOOK = "notebook.ipynb"
OWN_ERRORS = ("ParamError", "ContractError", "MethodError")  # their messages are sentences
THREADS = {  # readouts share the processors; threads in one only contend
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
INLINE = "module://matplotlib_inline.backend_inline"
DRAWING = {"MPLBACKEND": INLINE}  # as a kernel's launcher has it, unless a user wants another


def one_line(name: str, message: str, most: int = 400) -> str:
    """Return an error as one line, without the class where the message is a sentence of ours.

    >>> one_line("ZeroDivisionError", "division by zero")
    'ZeroDivisionError: division by zero'
    >>> one_line("ParamError", "unknown platform 'TikTk'; did you mean 'TikTok'?")
    "unknown platform 'TikTk'; did you mean 'TikTok'?"
    """
    said = " ".join(message.encode("utf-8", "replace").decode().split())
    text = said if name in OWN_ERRORS and said else f"{name}: {said}" if said else name
    return text if len(text) <= most else f"{text[: most - 1]}…"


def skip_iri_grammar() -> None:
    """Spare the import of nbformat a second and more of compiling a grammar of web addresses.

    It is an optional extra of jsonschema, which no notebook schema uses.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def private_jupyter(scratch: Path) -> None:
    """Make ``python3`` this very Python, whatever kernels and profiles a user has."""
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    kernel = scratch / "jupyter" / "kernels" / "python3"
    temporary = scratch / "tmp"
    for folder in (kernel, temporary):
        folder.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    os.environ |= {
        "JUPYTER_PATH": str(scratch / "jupyter"),  # searched before every other place
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(scratch / "ipython"),
        "TMPDIR": str(temporary),
        **THREADS,
    }


def limit_memory(megabytes: int) -> None:
    """Keep this process, and each that it starts, from asking for more; 0 is no limit.

    What the machine has left is no limit either: should it run out, this is to be killed first.
    """
    if megabytes:
        most = megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with suppress(OSError):  # Linux alone has it
        Path("/proc/self/oom_score_adj").write_text("1000")


def run(order: dict[str, Any], scratch: Path, engine: str | None = None) -> dict[str, Any]:
    """Execute one notebook; what it had written when it failed stays in the scratch folder."""
    skip_iri_grammar()
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import execute_notebook

    def literal(path: object) -> str:  # papermill fills braces in a path
        return str(path).replace("{", "{{").replace("}", "}}")

    try:
        execute_notebook(
            literal(order["notebook"]),
            literal(scratch / NOTEBOOK),
            parameters=order["parameters"],
            engine_name=engine,
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
            cwd=order["root"],
            shutdown_kernel="immediate",
        )
    except PapermillExecutionError as error:
        return {"error": one_line(error.ename, error.evalue)}
    except DeadKernelError:
        return {"error": "the kernel died"}
    return {"error": None}


def _follow_parent(scratch: Path) -> None:
    """End with the process that ordered the run: however it ends, its pipe closes."""
    sys.stdin.buffer.read()
    end(descendants())
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(1)


def main() -> None:
    """Read an order from standard input, carry it out, leave the result in the scratch."""
    scratch = Path(sys.argv[1])
    order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_follow_parent, args=(scratch,), daemon=True).start()
    adopt_orphans()
    private_jupyter(scratch)
    limit_memory(order["memory_mb"])
    result = run(order, scratch)
    end(descendants())
    (scratch / RESULT).write_text(json.dumps(result), encoding="utf-8")
    os._exit(0)  # nothing is left to tidy, and tearing an interpreter down takes time


if __name__ == "__main__":
    main()
