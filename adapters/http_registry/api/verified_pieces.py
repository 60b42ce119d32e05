"""A blob in pieces, each of which can be opened again, verified as a whole.

The state of the hash is kept every ``_SNAPSHOT`` bytes. A piece that is wanted again is read from
the last of them on, so that a source far away need not send all again.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Self

from attr import define, field

from manyfest.domain.digests import Digest, Hasher, new_hasher
from manyfest.domain.errors import DigestMismatchError, SizeMismatchError
from manyfest.domain.ports.registry import BlobSource

_SNAPSHOT = 16 * 1024 * 1024


@define
class VerifiedPieces:
    """Pieces of a blob, for ``with``; each may be opened again. Not thread-safe."""

    source: BlobSource
    digest: Digest
    size: int
    subject: str
    _stack: ExitStack = field(factory=ExitStack)
    _chunks: Iterator[bytes] = field(init=False)
    _position: int = -1  # of the next byte to hand out; -1: nothing is open
    _left: bytes = b""  # read, hashed and not handed out
    _hashed: int = 0
    _hasher: Hasher = field(init=False)
    _snapshots: list[tuple[int, Hasher]] = field(factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._position = -1

    def opened(self, start: int, count: int) -> AbstractContextManager[Iterator[bytes]]:
        """Open ``count`` bytes from byte ``start`` on.

        Raises as ``verified_chunks``, before the blob's last byte is handed out.
        """
        return nullcontext(self._piece(start, count))

    def _piece(self, start: int, count: int) -> Iterator[bytes]:
        if start != self._position:
            self._seek(start)
        end = start + count
        while self._position < end:
            if not self._left:
                self._read()
            piece, self._left = self._split(end - self._position)
            self._position += len(piece)
            yield piece

    def _split(self, count: int) -> tuple[bytes, bytes]:
        return self._left[:count], self._left[count:]

    def _read(self) -> None:
        if not self._snapshots or self._hashed - self._snapshots[-1][0] >= _SNAPSHOT:
            self._snapshots.append((self._hashed, self._hasher.copy()))
        self._left = next(self._chunks, b"")
        self._hashed += len(self._left)
        self._hasher.update(self._left)
        if self._hashed > self.size or not self._left:
            raise SizeMismatchError(self.subject, self.size, self._hashed)
        if self._hashed == self.size:
            self._check()

    def _check(self) -> None:
        more = len(next(self._chunks, b""))
        if more:
            raise SizeMismatchError(self.subject, self.size, self.size + more)
        found = f"{self.digest.algorithm}:{self._hasher.hexdigest()}"
        if found != str(self.digest):
            raise DigestMismatchError(self.subject, str(self.digest), found, "blob")

    def _seek(self, start: int) -> None:
        self._stack.close()
        known = [(0, new_hasher(self.digest.algorithm)), *self._snapshots]
        self._hashed, hasher = [each for each in known if each[0] <= start][-1]
        self._snapshots = [each for each in self._snapshots if each[0] <= self._hashed]
        self._hasher = hasher.copy()
        opening = self.source(self._hashed) if self._hashed else self.source()
        self._chunks = self._stack.enter_context(opening)
        self._position, self._left = self._hashed, b""
        while self._position < start:
            self._read()
            skipped, self._left = self._split(start - self._position)
            self._position += len(skipped)
