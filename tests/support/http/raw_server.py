"""A server that answers each request by raw bytes, for conversations that go wrong."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

from attrs import field, frozen

from tests.support.http import http_messages
from tests.support.http.http_server import TLS_HANDSHAKE, HttpServer

COMPLAINT = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"


@frozen
class Request:
    """A request as it came, with its headers by lower-case name."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


# Returns the raw bytes to send; None ends the connection. The socket is for slow answers.
Answer = Callable[[Request, socket.socket], bytes | None]


class RawServer(HttpServer):
    """Answers each request on loopback by a function, and logs all requests.

    A client that speaks TLS to a plain server, or plain HTTP to a TLS server, gets ``complaint``.
    """

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None, complaint: bytes) -> None:
        super().__init__(lambda _request: _RawReply(self._replied))
        self.answer = answer
        self.complaints = 0
        self._log: list[Request] = []
        self._tls, self._complaint = tls, complaint

    @property
    def requests(self) -> list[Request]:
        """All requests since the server began or was last told to forget them."""
        return list(self._log)

    def forget_requests(self) -> None:
        """Begin a new log."""
        self._log.clear()

    def seen(self, method: str, part: str = "") -> list[Request]:
        """The requests of this method whose target has this part."""
        return [r for r in self.requests if r.method == method and part in r.target]

    def _replied(self, request: Request, connection: socket.socket) -> bytes | None:
        self._log.append(request)
        return self.answer(request, connection)

    def _serve(self, connection: socket.socket) -> None:
        if self._is_understood(connection):
            super()._serve(connection)
            return
        with suppress(OSError), connection:
            self.complaints += 1
            connection.recv(65536)
            connection.sendall(self._complaint)

    def _is_understood(self, connection: socket.socket) -> bool:
        with suppress(OSError):
            is_tls = connection.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE
            return is_tls == (self._tls is not None)
        return True


@frozen
class _RawReply:
    answer: Answer

    def send(self, connection: socket.socket, request: http_messages.Request) -> bool:
        data = self.answer(_by_name(request), connection)
        if data is None:
            return False
        head, blank, _ = data.partition(b"\r\n\r\n")
        connection.sendall(head + blank if request.method == "HEAD" else data)
        return True


def _by_name(request: http_messages.Request) -> Request:
    headers = {name.lower(): value for name, value in request.headers}
    return Request(request.method, request.target, headers, request.body)


def reply(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Return a raw answer; header names with ``_`` for ``-``. ``content_length`` may lie."""
    given = {"content_length": str(len(body))} | headers
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Reason", *lines, "", ""]).encode() + body
