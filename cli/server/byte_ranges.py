"""The part of a blob that a ``Range`` header asks for (RFC 9110, 14)."""

import re
from collections.abc import Iterator

from manyfest.domain.values import frozen

_ONE_RANGE = re.compile(r"bytes=\s*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))\s*", re.ASCII)


@frozen
class ByteRange:
    """The bytes from ``start`` up to ``stop``, which is not one of them."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.stop - self.start

    def cut(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield these bytes of a whole blob; of its rest no more is read than needed."""
        at = 0
        for chunk in chunks:
            first, last = max(self.start - at, 0), self.stop - at
            if part := chunk[first : max(last, 0)]:
                yield part
            at += len(chunk)
            if at >= self.stop:
                return


class UnsatisfiableRangeError(Exception):
    """No byte of the blob is in the range (416)."""


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the part of a blob of ``size`` bytes; None for all of it.

    A header that is malformed, of another unit, or of several ranges counts as none, as RFC 9110
    has it. Raises UnsatisfiableRangeError.
    """
    found = _ONE_RANGE.fullmatch(header or "")
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return _of_size(max(size - int(suffix), 0), size)
    if last and int(last) < int(first):
        return None
    return _of_size(int(first), min(int(last) + 1, size) if last else size)


def _of_size(start: int, stop: int) -> ByteRange:
    if start >= stop:
        raise UnsatisfiableRangeError
    return ByteRange(start, stop)
