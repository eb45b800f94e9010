"""Readouts on other machines: a dask.distributed cluster as an executor."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from insights.errors import ParamError

SECONDS = 10.0


@contextmanager
def executor(address: str) -> Iterator[Executor]:
    """Yield an executor that runs on a cluster's workers.

    The workers need this library, the root at the same path and the data. What they run comes
    back and is published here. One that is lost in the middle of a run loses that run to
    another.

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
        pool: Executor = client.get_executor(pure=False)
        yield pool
