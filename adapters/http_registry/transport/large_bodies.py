"""Large response bodies: read from the socket in large pieces, past httpcore and h11.

Theory of operation. httpcore reads 64 KiB at a time, and h11 copies each piece three times while
it holds the interpreter's lock. For a layer whose length is announced there is nothing to parse, so
only its first piece takes that way:

1. httpcore's connection sends the request and reads the head. h11 hands out what it has of the
   body as one piece (its ``Data`` event), and has no byte of the connection left then.
2. ``_LargeBody`` reads the rest of the announced length from the stream (the response's public
   extension ``network_stream``).
3. h11 knows nothing of these bytes, and would have httpcore close the connection. So the stream is
   detached from it, and a new ``httpcore.HTTP11Connection`` takes it over: ``_Connection`` stands
   for both in the pool. A body that is not read to its end, or the last one of its connection
   (``Connection: close``), closes the stream, as any other does.

A body without an announced length (chunked, or until the connection closes), a small one, and one
that comes through a proxy are h11's as before. Bytes are neither lost nor taken for others without
notice: the reader counts and hashes them.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import httpcore

from manyfest.adapters.http_registry.transport.network_backend import DeadlineStream
from manyfest.adapters.read_budget import READ_BUDGET

_SMALLEST = 256 * 1024  # bytes of a body that is worth it
_STATUSES = (200, 206)


class LargeBodyPool(httpcore.ConnectionPool):
    """httpcore's pool, whose connections read large bodies as this module says."""

    def __init__(self, *, keepalive_expiry: float, **options: Any) -> None:
        super().__init__(keepalive_expiry=keepalive_expiry, **options)
        self._seconds_kept = keepalive_expiry

    def create_connection(self, origin: httpcore.Origin) -> httpcore.ConnectionInterface:
        """Return a connection that is not open yet."""
        return _Connection(super().create_connection(origin), origin, self._seconds_kept)


class _Connection(httpcore.ConnectionInterface):
    """The connection of httpcore's that has the stream at the moment.

    One that has taken the stream over is new to itself, and idle to the pool (``_expires_at``).
    """

    def __init__(
        self, inner: httpcore.ConnectionInterface, origin: httpcore.Origin, seconds_kept: float
    ) -> None:
        self._inner = inner
        self._origin = origin
        self._seconds_kept = seconds_kept
        self._stream: DeadlineStream | None = None  # while the connection is idle
        self._expires_at = 0.0

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        self._stream = None
        response = self._inner.handle_request(request)
        size = _large_size(request, response)
        stream = response.extensions.get("network_stream")
        if size is None or not isinstance(stream, DeadlineStream):
            return response
        seconds = request.extensions.get("timeout", {}).get("read")
        body = _LargeBody(response, stream, size, seconds, self._take_over)
        return httpcore.Response(
            response.status,
            headers=response.headers,
            content=body,
            extensions=response.extensions,
        )

    def _take_over(self, stream: DeadlineStream) -> None:
        self._inner = httpcore.HTTP11Connection(
            self._origin, stream, keepalive_expiry=self._seconds_kept
        )
        self._expires_at = time.monotonic() + self._seconds_kept
        self._stream = stream

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        return origin == self._origin

    def is_available(self) -> bool:
        return self._stream is not None or self._inner.is_available()

    def is_idle(self) -> bool:
        return self._stream is not None or self._inner.is_idle()

    def has_expired(self) -> bool:
        """Return True if the server closed it, or nobody used it for long.

        Another thread may take the connection between httpcore's look at its state and that at its
        socket, which is readable then because an answer arrives: so the state is looked at again.
        """
        return self._seems_expired() and self.is_idle()

    def _seems_expired(self) -> bool:
        if (stream := self._stream) is None:
            return self._inner.has_expired()
        return time.monotonic() > self._expires_at or stream.get_extra_info("is_readable")

    def is_closed(self) -> bool:
        return self._inner.is_closed()

    def info(self) -> str:
        return self._inner.info()

    def close(self) -> None:
        self._inner.close()


class _LargeBody:
    """The body of ``response``, ``size`` bytes; ``keep`` gets the stream once all are read."""

    def __init__(
        self,
        response: httpcore.Response,
        stream: DeadlineStream,
        size: int,
        seconds: float | None,
        keep: Callable[[DeadlineStream], None],
    ) -> None:
        assert isinstance(response.stream, Iterable)  # noqa: S101 - httpcore types both its worlds
        self._parsed = iter(response.stream)  # kept, because it closes the stream when it ends
        self._reading = ExitStack()  # ends with ``close``, however long the iterator lives
        self._response = response
        self._stream = stream
        self._left = size
        self._size = size
        self._seconds = seconds
        self._keep = keep

    def __iter__(self) -> Iterator[bytes]:
        first = next(self._parsed, b"")
        self._left -= len(first)
        yield first
        self._reading.enter_context(READ_BUDGET.reader())
        while self._left:
            wanted = min(READ_BUDGET.piece(), self._left)
            piece = self._stream.read_arrived(wanted, self._seconds)
            if not piece:
                raise httpcore.RemoteProtocolError(self._broken_off())
            self._left -= len(piece)
            yield piece

    def _broken_off(self) -> str:
        received = self._size - self._left
        return (  # h11's words
            "peer closed connection without sending complete message body "
            f"(received {received} bytes, expected {self._size})"
        )

    def close(self) -> None:
        """Keep the connection if all is read; close it otherwise."""
        self._reading.close()
        kept = None if self._left or _is_last(self._response) else self._stream.detach()
        self._response.close()
        if kept is not None:
            self._keep(kept)


def _large_size(request: httpcore.Request, response: httpcore.Response) -> int | None:
    """Return the announced bytes of a body that is worth reading by ourselves."""
    if request.method != b"GET" or response.status not in _STATUSES:
        return None
    headers = {name.lower(): value for name, value in response.headers}
    text = headers.get(b"content-length", b"")
    if b"transfer-encoding" in headers or not text.isdigit():
        return None
    return size if (size := int(text)) >= _SMALLEST else None


def _is_last(response: httpcore.Response) -> bool:
    values = [value for name, value in response.headers if name.lower() == b"connection"]
    is_old = response.extensions.get("http_version") == b"HTTP/1.0"
    return is_old or any(b"close" in value.lower() for value in values)
