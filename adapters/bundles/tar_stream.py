"""The bytes of an archive, front to end, decompressed within a limit.

Theory of operation. A ``TarStream`` is one pass over an archive. It knows its position in the
*expanded* bytes and moves forwards only, since a decompressor can do no more: ``seek`` reads and
drops the bytes between. In a plain archive it seeks in the file. ``peek`` keeps bytes that the next
``read`` returns. A read gives at most 1 MiB, so that a header which claims terabytes costs no
memory.

*Bombs.* A few kilobytes of gzip or zstd may expand for hours. The position of a compressed stream
may not exceed a limit, at first 1 GiB or 1000 times the file, whichever is larger. ``tar_reader``
raises it by ``allow_expansion`` for a file that a document names: honest content may be as large as
it likes, padding may not. A plain archive needs no limit: it ends with its file.

*Several passes* over one archive share its open file, each with a position of its own
(``pread(2)``). So all of them read the same file, even if another takes its path meanwhile.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import SEEK_CUR, SEEK_SET, BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Self

from manyfest.adapters.bundles.compression import START, decompressor_for, translating_errors
from manyfest.domain.digests import CHUNK_SIZE
from manyfest.domain.errors import BundleError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Bytes that no document names may expand to the larger of these two.
_EXPANDED_FREELY = 1024 * 1024 * 1024  # bytes
_EXPANSION = 1000  # times the size of the file


# Called again and again while an archive is read; raises to end that.
Check = Callable[[], None]


def unlimited() -> None:
    """Let an archive be read for as long as it takes."""


class TarStream:
    """One pass over the archive in an open file, for ``with``; independent of other passes.

    ``check`` is called before each read.

    Errors name it by ``path``. Raises BundleError: the archive is damaged, is cut off within a
    compressed part or a member, or exceeds the limit of expansion; or a seek goes backwards.
    """

    def __init__(self, path: Path, archive: BinaryIO, check: Check = unlimited) -> None:
        self._path = path
        self._check = check
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
        """Return whether the archive is compressed, so that going back means to start again."""
        return self._expanded

    def may_expand(self, size: int) -> bool:
        """Return whether ``size`` more bytes are within the limit of expansion."""
        return not self._expanded or self._at + size <= self._limit

    def allow_expansion(self, size: int) -> None:
        """Raise the limit by ``size`` bytes, because a document names them."""
        self._limit += size

    def tell(self) -> int:
        """The position, in expanded bytes."""
        return self._at

    def peek(self, size: int) -> bytes:
        """Return the next bytes without passing them; fewer than ``size`` at the end."""
        self._ahead += self._next(size - len(self._ahead))
        return self._ahead[:size]

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, at most 1 MiB; fewer at the end."""
        if not 0 <= size <= CHUNK_SIZE:
            raise BundleError(str(self._path), f"is damaged: a header of {size} bytes")
        self._check()
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        data += self._next(size - len(data))
        self._at += len(data)
        return data

    def seek(self, position: int) -> int:
        """Move forwards to ``position``."""
        if position < self._at:
            raise BundleError(str(self._path), "is damaged: an offset points backwards")
        if self._expanded or position - self._at <= len(self._ahead):
            while self._at < position and self.read(min(CHUNK_SIZE, position - self._at)):
                pass
        elif position > self._size:  # checked here: it may exceed what a file can have
            raise BundleError(str(self._path), "is cut off")
        else:
            self._file.seek(position)
            self._at, self._ahead = position, b""
        return position

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield the next ``size`` bytes. Raises BundleError: the archive ends before."""
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
    """A reader of another's open file, with a position of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move; of the three kinds of ``whence`` only SEEK_SET and SEEK_CUR are used here."""
        self._at = offset + (self._at if whence == SEEK_CUR else 0)
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        count = os.preadv(self._descriptor, [buffer], self._at)
        self._at += count
        return count


def open_archive_file(path: Path) -> BinaryIO:
    """Open a regular file: a pipe would be waited for, and a device never ends.

    Raises BundleError: it is not regular; OSError.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise BundleError(str(path), "is not a regular file")
    return path.open("rb")


def _start(file: BinaryIO) -> bytes:
    start = file.read(START)
    file.seek(0)
    return start
