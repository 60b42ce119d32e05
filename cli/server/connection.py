"""HTTP/1.1 on one socket, with limits on size and time.

Theory of operation. h11 parses: it refuses heads that are malformed, ambiguous or larger than
``_HEAD_LIMIT``. Three waits are bounded, so that no client keeps a thread by being slow: for the
first byte of a request (``_IDLE_SECONDS``), for its whole head (``_HEAD_SECONDS``), and for each
``_PIECE`` of a body to be taken (``_PIECE_SECONDS``; the timeout of ``sendall`` is for all of it).
Where all threads are in use, an idle connection ends within ``_CROWDED_SECONDS``: a client opens
another one without a word. A request with a body, or that tells of one, is answered without reading
that, and ends the connection: we take no writes, and a proxy may see its end in another place. A
refused password ends it, too, so that guesses cost connections.
"""

import select
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from time import monotonic

import h11

from manyfest.cli.server.messages import Request, Response, refusal
from manyfest.domain.errors import ManyfestError

_HEAD_LIMIT = 32 * 1024  # bytes
_IDLE_SECONDS = 30.0
_CROWDED_SECONDS = 1.0
_HEAD_SECONDS = 10.0
_PIECE = 256 * 1024  # bytes
_PIECE_SECONDS = 60.0
_LAST_SECONDS, _LAST_BYTES = 1.0, 1024 * 1024  # of a body that goes unread
_RECEIVED = 64 * 1024

_BODY_HEADERS = frozenset({"content-length", "transfer-encoding"})

# Strangers write what is served: a browser is to show it, at most, and to run nothing.
_FOR_BROWSERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


class ConnectionOverError(Exception):
    """The client is gone, too slow, or not understood; ``answer`` is the last it gets."""

    def __init__(self, answer: Response | None = None) -> None:
        super().__init__()
        self.answer = answer


class HttpConnection:
    """A client's connection: its requests one by one, each answered before the next.

    ``is_crowded`` tells whether other clients wait for a thread.
    """

    def __init__(self, sock: socket.socket, is_crowded: Callable[[], bool]) -> None:
        self._socket = sock
        self._is_crowded = is_crowded
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_LIMIT)
        self._is_last = False

    def requests(self) -> Iterator[Request]:
        """Yield requests until the client is done. Raises ConnectionOverError."""
        while not self._is_last:
            request = self._next_request()
            if request is None:
                return
            yield request
            if self._http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
                return
            self._http.start_next_cycle()

    def send(self, answer: Response, method: str) -> str:
        """Send an answer; return what went wrong with its body, which is then cut off.

        Raises ConnectionOverError: the client did not take it.
        """
        headers = {**answer.headers, "Date": formatdate(usegmt=True), **_FOR_BROWSERS}
        if answer.status != HTTPStatus.NOT_MODIFIED:
            headers["Content-Length"] = str(answer.size)
        self._is_last |= answer.status == HTTPStatus.UNAUTHORIZED
        if self._is_last:
            headers["Connection"] = "close"
        head = h11.Response(
            status_code=answer.status,
            reason=HTTPStatus(answer.status).phrase,
            headers=list(headers.items()),
        )
        begun = self._http.send(head) or b""
        if method == "HEAD" or not answer.size or answer.status == HTTPStatus.NOT_MODIFIED:
            self._write(begun + (self._http.send(h11.EndOfMessage()) or b""))
            return ""
        return self._send_body(begun, answer)

    def refuse(self, answer: Response) -> None:
        """Send the last answer to a client that is not understood."""
        self._is_last = True
        with suppress(h11.LocalProtocolError, ConnectionOverError):
            self.send(answer, "GET")

    def finish(self) -> None:
        """Let the client read the last answer: a socket with unread bytes would reset it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            end, read = monotonic() + _LAST_SECONDS, 0
            while read < _LAST_BYTES and (left := end - monotonic()) > 0:
                self._socket.settimeout(left)
                data = self._socket.recv(_RECEIVED)
                if not data:
                    return
                read += len(data)

    def _send_body(self, begun: bytes, answer: Response) -> str:
        try:
            with answer.opened() as chunks:
                for chunk in chunks:
                    self._write(begun + (self._http.send(h11.Data(data=chunk)) or b""))
                    begun = b""
            self._write(begun + (self._http.send(h11.EndOfMessage()) or b""))
        except (ManyfestError, h11.LocalProtocolError) as error:
            self._is_last = True
            self._http.send_failed()
            return str(error)
        return ""

    def _next_request(self) -> Request | None:
        event = self._event()
        if not isinstance(event, h11.Request):
            return None
        has_body = self._has_body()
        headers: dict[str, str] = {}
        for raw, value in event.headers:
            name, text = raw.decode("latin-1"), value.decode("latin-1")
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
        self._is_last = has_body or not _BODY_HEADERS.isdisjoint(headers)
        return Request(event.method.decode(), event.target.decode("latin-1"), headers)

    def _has_body(self) -> bool:
        """Return whether more of the request follows than its head."""
        event = self._http.next_event()
        return not isinstance(event, h11.EndOfMessage)

    def _event(self) -> object:
        end: float | None = None
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                status = error.error_status_hint
                code, text = "UNSUPPORTED", "the request is not HTTP/1.1, or its head is too large"
                raise ConnectionOverError(refusal(status, code, text)) from error
            if event is not h11.NEED_DATA:
                return event
            if end is None:
                self._wait_for_request()
                end = monotonic() + _HEAD_SECONDS
            self._http.receive_data(self._receive(end - monotonic()))

    def _wait_for_request(self) -> None:
        """Wait for the first bytes of a request. Raises ConnectionOverError: none come in time."""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return
        poll = select.poll()  # as ``select``, but for any number of open files
        poll.register(self._socket, select.POLLIN)
        for _ in range(int(_IDLE_SECONDS / _CROWDED_SECONDS)):
            if poll.poll(_CROWDED_SECONDS * 1000):
                return
            if self._is_crowded():
                break
        raise ConnectionOverError

    def _receive(self, seconds: float) -> bytes:
        if seconds <= 0:
            raise ConnectionOverError(refusal(408, "UNSUPPORTED", "the request took too long"))
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(_RECEIVED)
        except OSError as error:
            raise ConnectionOverError from error

    def _write(self, data: bytes) -> None:
        self._socket.settimeout(_PIECE_SECONDS)
        view = memoryview(data)
        try:
            for start in range(0, len(data), _PIECE):
                self._socket.sendall(view[start : start + _PIECE])
        except OSError as error:
            raise ConnectionOverError from error
