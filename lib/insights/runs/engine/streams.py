"""What a notebook prints: by print, and by what writes past Python, such as a subprocess."""

from __future__ import annotations

import array
import codecs
import fcntl
import io
import os
import select
import sys
import termios
import threading
from collections.abc import Callable
from itertools import groupby
from typing import Self

from insights.errors import ContractError

NAMES = {1: "stdout", 2: "stderr"}


class _Stream(io.TextIOBase):
    """A standard stream whose text becomes outputs."""

    encoding = "UTF-8"
    errors = "replace"

    def __init__(self, captured: Captured, fd: int) -> None:
        self._captured, self._fd, self.name = captured, fd, NAMES[fd]

    def writable(self) -> bool:
        """Say that this takes text."""
        return True

    def fileno(self) -> int:
        """Return the descriptor, for what writes past Python."""
        return self._fd

    def write(self, text: str) -> int:
        """Take text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._captured.write(self._fd, text)
        return len(text)

    def flush(self) -> None:
        """Make an output of what was written so far."""
        self._captured.flush()


class Captured:
    """Standard output and error while cells run, delivered in the order in which they came.

    Parameters
    ----------
    deliver
        Is given a stream's name and text.
    most
        How much text, and other output that ``count`` is told of, there may be.
    """

    def __init__(self, deliver: Callable[[str, str], None], *, most: int) -> None:
        self._deliver = deliver
        self._most = self._left = most
        self._lock = threading.RLock()
        self._parts: list[tuple[int, str]] = []
        self._pipes: dict[int, int] = {}  # by the end we read, the descriptor it stands for
        self.full = False

    def __enter__(self) -> Self:
        for fd, name in NAMES.items():
            ours, theirs = os.pipe()
            os.dup2(theirs, fd)  # what this process starts inherits it
            os.close(theirs)
            self._pipes[ours] = fd
            setattr(sys, name, _Stream(self, fd))
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for fd, name in NAMES.items():
            setattr(sys, name, getattr(sys, f"__{name}__"))
            os.dup2(nowhere, fd)
        os.close(nowhere)

    def write(self, fd: int, text: str) -> None:
        """Keep text for the next output."""
        self._drain()
        self.count(len(text))
        with self._lock:
            self._parts.append((fd, text))

    def count(self, size: int) -> None:
        """Take note of so much output.

        Raises
        ------
        ContractError
            It is more than there may be.
        """
        self._left -= size
        if self._left < 0:
            self.full = True
            raise self.refusal()

    def refusal(self) -> ContractError:
        """Return what is said of too much output."""
        most = self._most // 2**20
        return ContractError(f"the notebook's output is larger than {most} MB. Print less.")

    def flush(self) -> None:
        """Deliver what was written so far."""
        self._drain()
        with self._lock:
            parts, self._parts = self._parts, []
        for fd, turn in groupby(parts, key=lambda part: part[0]):
            if text := "".join(text for _, text in turn):
                self._deliver(NAMES[fd], text)

    def _drain(self) -> None:
        """Wait until everything in the pipes was taken."""
        while True:
            with self._lock:
                if not any(map(_waiting, self._pipes)):
                    return

    def _listen(self) -> None:
        """Take what comes past Python; once it is too much, its writer finds nobody there."""
        make = codecs.getincrementaldecoder("utf-8")
        decoders = {pipe: make("replace") for pipe in self._pipes}
        while decoders:
            for pipe in select.select(list(decoders), [], [])[0]:
                with self._lock:
                    chunk = os.read(pipe, 65536)
                    self._parts.append((self._pipes[pipe], decoders[pipe].decode(chunk)))
                    self._left -= len(chunk)
                    self.full = self.full or self._left < 0
                    if self.full or not chunk:
                        os.close(pipe)
                        del decoders[pipe], self._pipes[pipe]


def _waiting(pipe: int) -> int:
    """Return how many bytes stand in a pipe."""
    held = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, held)
    return held[0]
