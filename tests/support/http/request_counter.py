"""Counting HTTP/1.1 requests in a stream of bytes that passes by, on connections that are kept."""

from enum import Enum, auto


class _Part(Enum):
    HEAD = auto()
    BODY = auto()
    CHUNK_SIZE = auto()
    CHUNK = auto()
    TRAILER = auto()
    OPAQUE = auto()


class RequestCounter:
    """Fed with what a client sends on one connection, lists its requests in ``lines``.

    What does not begin like HTTP, such as TLS, counts as nothing.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._part = _Part.HEAD
        self._kept = b""
        self._left = 0  # bytes of the body or chunk that are still to come

    def feed(self, data: bytes) -> None:
        """Take the next bytes, cut anywhere."""
        self._kept += data
        while self._step():
            pass

    def _step(self) -> bool:
        """Take one part off the kept bytes, if it is there in whole."""
        if self._part in (_Part.BODY, _Part.CHUNK):
            return self._skip()
        if self._part is _Part.OPAQUE:
            self._kept = b""
            return False
        if self._part is _Part.HEAD:
            return self._head()
        return self._line()

    def _skip(self) -> bool:
        skipped = min(self._left, len(self._kept))
        self._kept, self._left = self._kept[skipped:], self._left - skipped
        if self._left == 0:
            self._part = _Part.HEAD if self._part is _Part.BODY else _Part.CHUNK_SIZE
        return self._left == 0

    def _head(self) -> bool:
        if self._kept and not self._kept[:1].isupper():
            self._part = _Part.OPAQUE
            return True
        head, end, rest = self._kept.partition(b"\r\n\r\n")
        if not end:
            return False
        line, *fields = head.decode("latin-1").split("\r\n")
        self.lines.append(line.removesuffix(" HTTP/1.1"))
        headers = {
            name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)
        }
        self._kept, self._left = rest, int(headers.get("content-length", 0))
        chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        self._part = _Part.CHUNK_SIZE if chunked else _Part.BODY
        return True

    def _line(self) -> bool:
        line, end, rest = self._kept.partition(b"\r\n")
        if not end:
            return False
        self._kept = rest
        if self._part is _Part.TRAILER:
            self._part = _Part.TRAILER if line else _Part.HEAD
            return True
        size = int(line.partition(b";")[0], 16)
        self._left = size + len(b"\r\n")
        self._part = _Part.CHUNK if size else _Part.TRAILER
        return True
