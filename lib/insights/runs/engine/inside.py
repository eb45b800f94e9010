"""A papermill engine that runs cells in this very process: an IPython shell without a kernel.

What a shell would send to a front end is handed to nbclient, message by message, so that cells,
outputs and metadata come out as those of stock papermill.
"""

from __future__ import annotations

import builtins
import getpass
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import comm
from ipykernel.compiler import XCachingCompiler
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from jupyter_client.session import Session
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from traitlets.config import Config

from insights.runs import worker
from insights.runs.engine.streams import Captured

NAME = "insights-inside"
SAVE_SECONDS = 5.0
KEPT = 100_000  # letters of a stream that was too long
LARGEST_MB = 32  # of all that a notebook prints and displays

Send = Callable[[dict[str, Any]], None]


class Unsupported(Exception):
    """The notebook uses what only a kernel has."""


class _Session(Session):
    """Hands every message to a function; nothing is sent anywhere."""

    deliver: Send

    def send(
        self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any
    ) -> Any:
        """Deliver a message, or make one of a type and its content first."""
        made = isinstance(msg_or_type, dict)
        msg = msg_or_type if made else self.msg(msg_or_type, content)
        self.deliver(msg)
        return msg


class _Shell(ZMQInteractiveShell):
    """A kernel's shell without the kernel."""

    def enable_gui(self, gui: Any = None) -> None:
        """Note which event loop is wanted; figures are drawn inline."""
        self.active_eventloop = gui


class _Kernel:
    """Stands where a shell has its kernel, and says what asked for it."""

    def __init__(self, refuse: Callable[[str], NoReturn]) -> None:
        self._refuse = refuse

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse(f"it asks for the kernel ({name})")


class _Sparing(NotebookExecutionManager):  # type: ignore[misc]
    """Saves the notebook now and then, not twice a cell."""

    def save(self, **kwargs: Any) -> None:
        """Save if the last time is a while ago."""
        if (self.now() - self.last_save_time).total_seconds() >= SAVE_SECONDS:
            super().save(**kwargs)


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Runs cells in a shell of this process."""

    def execute(self, **_: Any) -> NotebookNode:
        """Run every cell up to the first error."""
        self.reset_execution_trackers()
        self.unsupported: str | None = None
        self._place: tuple[NotebookNode, int] | None = None
        self._session = _Session()
        self._session.deliver = self._deliver
        self._shell = _new_shell(self._session, self._refuse)
        comm.create_comm = lambda *_, **__: self._refuse("it uses widgets")
        _no_input()
        _draw_inline(self._shell)
        _find_modules()
        with Captured(self._print, most=LARGEST_MB * 2**20) as self._captured:
            self.papermill_execute_cells()
        if self.unsupported:
            raise Unsupported(self.unsupported)
        nb: NotebookNode = self.nb
        nb.metadata["language_info"] = dict(IPythonKernel.language_info)
        return nb

    def execute_cell(self, cell: NotebookNode, index: int, *_: Any, **__: Any) -> NotebookNode:
        """Run one cell; what it shows goes to its outputs."""
        if cell.cell_type != "code" or not cell.source.strip():
            return cell
        cell.outputs = []
        cell["metadata"]["execution"] = {"iopub.status.busy": _now()}
        times = cell["metadata"]["execution"]
        self._place = cell, index
        self.clear_before_next_output = False
        times["iopub.execute_input"] = _now()
        cell["execution_count"] = self._shell.execution_count
        result = self._shell.run_cell(cell.source, store_history=True)
        self._captured.flush()
        if self._captured.full:
            for output in cell.outputs:
                if output["output_type"] == "stream":
                    output["text"] = output["text"][:KEPT]
            error = self._captured.refusal()
            self._shell._showtraceback(type(error), error, [f"{type(error).__name__}: {error}"])
        times["iopub.status.idle"] = times["shell.execute_reply"] = _now()
        self._raise(cell, result)
        return cell

    def _raise(self, cell: NotebookNode, result: Any) -> None:
        """Raise what nbclient raises where a cell failed."""
        failed = not result.success or self._shell._last_traceback_during_displayhook
        allowed = "raises-exception" in cell.metadata.get("tags", [])
        if self.unsupported or self._captured.full or (failed and not allowed):
            error = result.error_before_exec or result.error_in_exec
            name, text = type(error).__name__, str(error)
            raise CellExecutionError("\n".join(self._shell._last_traceback or []), name, text)

    def _deliver(self, msg: dict[str, Any]) -> None:
        """Put a message from the shell among the outputs of the cell that runs."""
        if self._place is None:
            return
        if data := msg["content"].get("data"):
            self._captured.count(sum(len(str(value)) for value in data.values()))
        self.process_message({**msg, "content": _whole(msg["content"])}, *self._place)

    def _print(self, name: str, text: str) -> None:
        """Put printed text among the outputs; it joins a last one of the same stream."""
        text = _whole(text)
        outputs = self._place[0].outputs if self._place else []
        last = outputs[-1] if outputs and not self.clear_before_next_output else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self._session.send(None, "stream", {"name": name, "text": text})

    def _refuse(self, why: str) -> NoReturn:
        self.unsupported = self.unsupported or why
        raise Unsupported(why)


class InProcess(Engine):  # type: ignore[misc]
    """Runs a notebook's cells in this process, which ought to be one of its own."""

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool = True,
        log_output: bool = False,
        **kwargs: Any,
    ) -> NotebookNode:
        """Run a notebook; the outputs so far are written now and then."""
        keeper = _Sparing(nb, output_path, log_output, progress_bar)
        keeper.notebook_start()
        try:
            _Client(keeper, kernel_name=kernel_name, log_output=log_output).execute()
        finally:
            keeper.cleanup_pbar()
            keeper.notebook_complete()
        executed: NotebookNode = keeper.nb
        return executed


papermill_engines.register(NAME, InProcess)


def _new_shell(session: Session, refuse: Callable[[str], NoReturn]) -> _Shell:
    """Return a shell as a kernel makes it, talking to a session."""
    config = Config()
    config.HistoryManager.enabled = False  # it would start a thread and keep a file
    shell = _Shell.instance(
        config=config, kernel=_Kernel(refuse), compiler_class=XCachingCompiler
    )
    hook: Any = shell.displayhook
    hook.session, hook.topic = session, b"execute_result"
    publisher: Any = shell.display_pub
    publisher.session = session
    return shell


def _whole(said: Any) -> Any:
    """Return what was said with a question mark for half a character, which no file holds."""
    if isinstance(said, str):
        return said if said.isascii() else said.encode("utf-8", "replace").decode()
    if isinstance(said, dict):
        return {key: _whole(value) for key, value in said.items()}
    return [_whole(value) for value in said] if isinstance(said, list) else said


def _no_input() -> None:
    """Refuse to ask: nobody is there to answer."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise StdinNotImplementedError(
            "raw_input was called, but this frontend does not support input requests."
        )

    builtins.input = refuse
    getpass.getpass = refuse


def _draw_inline(shell: _Shell) -> None:
    """Show figures after each cell: what was imported before there was a shell knew of none."""
    from IPython.core.pylabtools import activate_matplotlib
    from matplotlib import rcParams
    from matplotlib_inline.backend_inline import configure_inline_support

    backend = rcParams["backend"]
    if backend in ("inline", worker.INLINE):
        activate_matplotlib(backend)
        configure_inline_support(shell, backend)


def _find_modules() -> None:
    """Find modules in the working directory, at the place where a kernel has it."""
    folders = [Path(place).name for place in sys.path]
    if "" not in sys.path:
        sys.path.insert(folders.index("site-packages") if "site-packages" in folders else 0, "")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
