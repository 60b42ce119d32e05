"""Somebody else who comes between two system calls of a program, wherever that is possible."""

import fcntl
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

Act = Callable[[Path], object]

# Those by which one sees what another does, or is seen.
_CALLS = {
    os: ("listdir", "mkdir", "open", "rename", "replace", "stat", "unlink"),
    fcntl: ("flock",),
}


def each_place(folder: Path, begin: Act, act: Act, other: Act) -> Iterator[Path]:
    """New folders in which ``act`` ran after ``begin``, and within it all of ``other``.

    In the first folder that came before the first system call of ``act``, in the second before the
    second, and so on until ``act`` has no more.
    """
    for number in count(1):
        place = folder / str(number)
        place.mkdir()
        begin(place)
        before = _Before(number, lambda place=place: other(place))
        with pytest.MonkeyPatch.context() as patched:
            before.watch(patched)
            act(place)
        if not before.came:
            return
        yield place


class _Before:
    """Lets ``other`` come before the system call of this number."""

    def __init__(self, number: int, other: Callable[[], object]) -> None:
        self._left = number
        self._other = other

    @property
    def came(self) -> bool:
        return self._left <= 0

    def watch(self, patched: pytest.MonkeyPatch) -> None:
        for module, names in _CALLS.items():
            for name in names:
                patched.setattr(module, name, self._counted(getattr(module, name)))

    def _counted(self, call):
        def counted(*arguments, **options):
            self._left -= 1
            if self._left == 0:
                self._other()
            return call(*arguments, **options)

        return counted
