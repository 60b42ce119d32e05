"""Waiting for what can be observed: a condition, a program's threads, files that it has open."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

_PAUSE = 0.01  # seconds between two looks
_PATIENCE = 300.0  # seconds; for machines that do other work as well


class Process(Protocol):
    """A program that runs, such as a ``Popen``, or a fork of the loaded one."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...


def wait_until(condition: Callable[[], Any], process: Process | None = None) -> None:
    """Return as soon as ``condition()`` is true; ``process``, if any, must live until then.

    Raises AssertionError: it ended, or some minutes have passed.
    """
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert process is None or process.poll() is None, "it ended too early"
        assert time.monotonic() < deadline, "some minutes have passed"
        time.sleep(_PAUSE)


def threads_of(process: Process) -> int:
    """Return how many threads the program has now."""
    return sum(1 for _ in Path(f"/proc/{process.pid}/task").iterdir())


def has_open(process: Process, path: Path) -> bool:
    """Return whether the program has the file open now."""
    for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            if descriptor.readlink() == path.resolve():
                return True
    return False
