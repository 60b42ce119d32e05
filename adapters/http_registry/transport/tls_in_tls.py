"""TLS inside of TLS: an encrypted connection to a server through an ``https://`` proxy.

``SSLContext.wrap_socket`` takes the descriptor from a socket, and so would speak past a TLS session
that the socket already has. Here the inner session works on buffers (``SSLContext.wrap_bio``), and
its records are the data of the outer one.
"""

import ssl
import time
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")

_RECORDS = 64 * 1024  # bytes read from the outer session at a time


class TlsInTls:
    """The inner session, with the part of a socket's interface that streams need.

    ``outer`` is the socket with the outer session. Not thread-safe.
    """

    def __init__(self, outer: ssl.SSLSocket, context: ssl.SSLContext, hostname: str | None) -> None:
        self.outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)

    def do_handshake(self, seconds: float) -> None:
        """Shake hands within so many seconds. Raises TimeoutError and ssl.SSLError."""
        self._run(self._session.do_handshake, time.monotonic() + seconds)

    def recv(self, size: int) -> bytes:
        """Return the bytes that arrived, at most ``size``; none at the end of the stream."""
        try:
            return self._run(lambda: self._session.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):  # as SSLSocket.recv does
            return b""

    def send(self, data: bytes | memoryview) -> int:
        """Send some of ``data``, a record at most, and return how many bytes."""
        return self._run(lambda: self._session.write(data))

    def settimeout(self, seconds: float | None) -> None:
        """Set the seconds that each read and write of the outer session may take."""
        self.outer.settimeout(seconds)

    def fileno(self) -> int:
        """Return the descriptor, -1 once it is closed."""
        return self.outer.fileno()

    def close(self) -> None:
        """Close the connection."""
        self.outer.close()

    def _run(self, step: Callable[[], _Result], end: float | None = None) -> _Result:
        """Repeat ``step`` until it needs no more records, which are carried in between."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                self._receive(end)
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        if self._outgoing.pending:
            self.outer.sendall(self._outgoing.read())

    def _receive(self, end: float | None) -> None:
        if end is not None:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("the handshake timed out")
            self.outer.settimeout(left)
        if data := self.outer.recv(_RECORDS):
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
