"""The engine for papermill itself: ``papermill --engine insights in.ipynb out.ipynb``.

Papermill imports this whenever it starts, so it imports papermill only when it is used.
"""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from insights.runs.engine.forking import possible

if TYPE_CHECKING:
    from nbformat import NotebookNode

DONE, INSTEAD = 0, 3  # how the child says what came of it


class Forked:
    """Runs a notebook's cells in a child forked from papermill's own process."""

    @classmethod
    def execute_notebook(
        cls, nb: NotebookNode, kernel_name: str, **kwargs: Any
    ) -> NotebookNode:
        """Run a notebook, or have papermill run it as usual and say why."""
        from papermill.engines import papermill_engines
        from papermill.log import logger

        why = _unfit(kernel_name)
        if not why:
            with tempfile.TemporaryDirectory(prefix="insights-") as folder:
                executed, why = _in_child(nb, kernel_name, Path(folder), kwargs)
            if executed is not None:
                return executed
        logger.warning(f"Run by papermill's own engine: {why}")
        made: NotebookNode = papermill_engines.execute_notebook_with_engine(
            None, nb, kernel_name, **kwargs
        )
        return made

    @classmethod
    def nb_kernel_name(cls, nb: NotebookNode, name: str | None = None) -> str:
        """Return the name of a notebook's kernel."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: NotebookNode, language: str | None = None) -> str:
        """Return a notebook's language."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))


def _unfit(kernel_name: str) -> str:
    """Return why a child cannot run it, or ""."""
    if not possible():
        return "this system cannot fork safely"
    if threading.active_count() > 1:
        return "a process with threads cannot fork safely"
    if kernel_name not in ("python", "python3"):
        return f"its kernel is {kernel_name}"
    return ""


def _in_child(
    nb: NotebookNode, kernel_name: str, folder: Path, options: dict[str, Any]
) -> tuple[NotebookNode | None, str]:
    """Return the executed notebook, or None and why it has to be run in another way."""
    from nbclient.exceptions import DeadKernelError
    from nbformat import v4

    said = folder / "said"
    pid = os.fork()
    if pid == 0:
        _become(nb, kernel_name, said, options)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (DONE, INSTEAD):
        raise DeadKernelError("the process that ran the notebook died")
    text = said.read_text(encoding="utf-8")
    return (v4.reads(text), "") if code == DONE else (None, text)


def _become(
    nb: NotebookNode, kernel_name: str, said: Path, options: dict[str, Any]
) -> NoReturn:
    """Be the child: run the notebook and leave it, or why that cannot be, in a file."""
    try:
        from nbformat import v4

        from insights.runs.engine import inside

        code = DONE
        options |= {"progress_bar": False, "log_output": False}  # they would be captured
        try:
            text = v4.writes(inside.InProcess.execute_notebook(nb, kernel_name, **options))
        except inside.Unsupported as why:
            code, text = INSTEAD, str(why)
        said.write_text(text, encoding="utf-8")
        os._exit(code)
    finally:
        os._exit(1)
