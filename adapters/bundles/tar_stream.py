"""Tapes: an archive's bytes from the front to the end, expanded where they are compressed."""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from io import SEEK_CUR, SEEK_SET, BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Self

from manyfest.adapters.bundles.compression import START, decompressor_for, translating_errors
from manyfest.domain.digests import CHUNK_SIZE
from manyfest.domain.errors import BundleError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What expands to more than both, with nothing that names it, is made to keep machines busy.
_EXPANDED_FREELY = 1024 * 1024 * 1024
_EXPANSION = 1000


class TarStream:
    """The archive in an open file, for ``with``, from its front, wherever other tapes of it are.

    It goes forwards only; ``read`` gives at most 1 MiB. ``path`` is how errors name it.
    Raises BundleError: damaged, cut off within a compressed part or a member, expands without end,
    or is asked for what lies behind.
    """

    def __init__(self, path: Path, archive: BinaryIO) -> None:
        self._path = path
        with ExitStack() as stack:
            file = stack.enter_context(BufferedReader(_IndependentReader(archive.fileno())))
            expand = decompressor_for(_start(file))
            self._expanded = expand is not None
            self._file: IO[bytes] = stack.enter_context(expand(file)) if expand else file
            self._size = os.fstat(archive.fileno()).st_size
            self._limit = max(_EXPANDED_FREELY, _EXPANSION * self._size)
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

    def may_expand(self, size: int) -> bool:
        """Whether ``size`` more bytes are within what may be expanded to."""
        return not self._expanded or self._at + size <= self._limit

    def allow_expansion(self, size: int) -> None:
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
        if not 0 <= size <= CHUNK_SIZE:
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
            while self._at < position and self.read(min(CHUNK_SIZE, position - self._at)):
                pass
        elif position > self._size:  # perhaps by more than a file can have
            raise BundleError(str(self._path), "is cut off")
        else:
            self._file.seek(position)
            self._at, self._ahead = position, b""
        return position

    def chunks(self, size: int) -> Iterator[bytes]:
        """The next ``size`` bytes. Raises BundleError: they end before."""
        left = size
        while left:
            chunk = self.read(min(CHUNK_SIZE, left))
            if not chunk:
                raise BundleError(str(self._path), "is cut off")
            left -= len(chunk)
            yield chunk

    def _next(self, size: int) -> bytes:
        if size <= 0:
            return b""
        parts: list[bytes] = []
        with translating_errors(self._path):
            while size > 0 and (part := self._file.read(size)):
                parts.append(part)
                size -= len(part)
        data = b"".join(parts)
        if self._expanded and self._at + len(data) > self._limit:
            reason = f"expands to more than {_EXPANSION} times its size, as no bundle does"
            raise BundleError(str(self._path), reason)
        return data


class _IndependentReader(RawIOBase):
    """An open file of another, read at a place of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Of the two that are asked for here."""
        self._at = offset + (self._at if whence == SEEK_CUR else 0)
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        count = os.preadv(self._descriptor, [buffer], self._at)
        self._at += count
        return count


def open_archive_file(path: Path) -> BinaryIO:
    """The file; a pipe would be waited for, and a device never ends. Raises BundleError, OSError.

    All that is read of an archive is read of one open file: another may take its place meanwhile.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise BundleError(str(path), "is no regular file")
    return path.open("rb")


def _start(file: BinaryIO) -> bytes:
    start = file.read(START)
    file.seek(0)
    return start
