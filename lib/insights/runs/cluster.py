"""Readouts on other machines: a dask.distributed cluster as an executor."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
from typing import Any

from insights.errors import ParamError
from insights.runs.engine import stopping

SECONDS = 10.0


class _Pool(Executor):
    """A client's executor whose jobs can be ended, where they run, by the name of this one."""

    def __init__(self, client: Any) -> None:
        self._pool = client.get_executor(pure=False)
        self._client = client
        self._name = uuid.uuid4().hex

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a job over."""
        job: Future[Any] = self._pool.submit(
            partial(stopping.under, self._name, fn), *args, **kwargs
        )
        return job

    def end(self) -> None:
        """End the jobs on every worker; one that does not answer soon is left to its limits."""
        told = threading.Thread(
            target=partial(self._client.run, stopping.end, self._name, on_error="ignore"),
            daemon=True,
        )
        told.start()
        told.join(SECONDS)


@contextmanager
def executor(address: str) -> Iterator[Executor]:
    """Yield an executor that runs on a cluster's workers.

    The workers need this library, the root at the same path and the data. What they run comes
    back and is published here. One that is lost in the middle of a run loses that run to
    another. Should the command end early, so do its runs.

    Raises
    ------
    ParamError
        ``distributed`` is not installed, or no scheduler answers at the address.
    """
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ImportError as error:
        raise ParamError(
            "--dask needs the package distributed. Install insights-workbook[dask]."
        ) from error
    try:  # plainly first: a client that finds nobody goes on looking for a while
        socket.create_connection(get_address_host_port(address), SECONDS).close()
        client = Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ParamError(
            f"--dask {address}: no scheduler answers there. "
            "Give the address that dask scheduler prints, such as tcp://10.0.0.1:8786."
        ) from error
    with client:
        pool = _Pool(client)
        try:
            yield pool
        except BaseException:
            pool.end()
            raise
