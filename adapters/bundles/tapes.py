"""Tapes: an archive's bytes from the front to the end, expanded where they are compressed."""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, BinaryIO, Self

from manyfest.adapters.bundles.compression import START, expanding, reported
from manyfest.adapters.bundles.files import CHUNK
from manyfest.domain.errors import BundleError

# What expands to more than both, with nothing that names it, is made to keep machines busy.
_EXPANDED_FREELY = 1024 * 1024 * 1024
_EXPANSION = 1000


class Tape:
    """An open archive, for ``with``. It goes forwards only; ``read`` gives at most 1 MiB.

    Raises BundleError: damaged, cut off within a compressed part, expands without end, or is asked
    for what lies behind.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with ExitStack() as stack:
            file = stack.enter_context(_opened(path))
            expand = expanding(_start(file))
            self._expanded = expand is not None
            self._file: IO[bytes] = stack.enter_context(expand(file)) if expand else file
            self._limit = max(_EXPANDED_FREELY, _EXPANSION * os.fstat(file.fileno()).st_size)
            self._stack = stack.pop_all()
        self._at = 0
        self._ahead = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def is_expanded(self) -> bool:
        """Whether going back to the front costs all that was read."""
        return self._expanded

    def has_room(self, size: int) -> bool:
        """Whether ``size`` more bytes are within what may be expanded to."""
        return not self._expanded or self._at + size <= self._limit

    def make_room(self, size: int) -> None:
        """Somebody named the next ``size`` bytes: they do not count as expansion."""
        self._limit += size

    def tell(self) -> int:
        """How many bytes were passed."""
        return self._at

    def peek(self, size: int) -> bytes:
        """The next bytes, which ``read`` gives again; fewer than ``size`` at the end."""
        self._ahead += self._next(size - len(self._ahead))
        return self._ahead[:size]

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes; fewer at the end."""
        if not 0 <= size <= CHUNK:
            raise BundleError(str(self._path), f"is damaged: a header of {size} bytes")
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        data += self._next(size - len(data))
        self._at += len(data)
        return data

    def seek(self, position: int) -> int:
        """Go on to ``position``."""
        if position < self._at:
            raise BundleError(str(self._path), "is damaged: it leads backwards")
        if self._expanded or position - self._at <= len(self._ahead):
            while self._at < position and self.read(min(CHUNK, position - self._at)):
                pass
        else:
            self._file.seek(position)
            self._at, self._ahead = position, b""
        return position

    def chunks(self, size: int) -> Iterator[bytes]:
        """The next ``size`` bytes. Raises BundleError: they end before."""
        left = size
        while left:
            chunk = self.read(min(CHUNK, left))
            if not chunk:
                raise BundleError(str(self._path), "is cut off")
            left -= len(chunk)
            yield chunk

    def _next(self, size: int) -> bytes:
        if size <= 0:
            return b""
        parts: list[bytes] = []
        with reported(self._path):
            while size > 0 and (part := self._file.read(size)):
                parts.append(part)
                size -= len(part)
        data = b"".join(parts)
        if self._expanded and self._at + len(data) > self._limit:
            reason = f"expands to more than {_EXPANSION} times its size, as no bundle does"
            raise BundleError(str(self._path), reason)
        return data


def _opened(path: Path) -> BinaryIO:
    """The file; a pipe would be waited for, and a device never ends."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise BundleError(str(path), "is no regular file")
    return path.open("rb")


def _start(file: BinaryIO) -> bytes:
    start = file.read(START)
    file.seek(0)
    return start
