"""A raw-socket server for conversations that go wrong, and a registry that speaks to it."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
from attrs import field, frozen

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry

_TLS_HANDSHAKE = b"\x16"
COMPLAINT = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"


@frozen
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


# The raw bytes to send; None ends the connection. The socket is for slow answers.
Answer = Callable[[Request, socket.socket], bytes | None]


class RawServer:
    """Answers each request on loopback by a function, and remembers all requests.

    To who speaks TLS to a plain server, or plain HTTP to a TLS server, it sends ``complaint``.
    """

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None, complaint: bytes) -> None:
        self.requests: list[Request] = []
        self.complaints = 0
        self._answer, self._tls, self._complaint = answer, tls, complaint
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._connections: list[socket.socket] = []
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def seen(self, method: str, part: str = "") -> list[Request]:
        return [r for r in self.requests if r.method == method and part in r.target]

    def close(self) -> None:
        for connection in (self._listener, *self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            is_tls = connection.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE
            if is_tls != (self._tls is not None):
                self.complaints += 1
                connection.recv(65536)
                connection.sendall(self._complaint)
            elif self._tls is None:
                self._converse(connection)
            else:
                with self._tls.wrap_socket(connection, server_side=True) as encrypted:
                    self._converse(encrypted)

    def _converse(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while line := stream.readline():
                request = _read(line, stream)
                self.requests.append(request)
                data = self._answer(request, connection)
                if data is None:
                    return
                head, blank, _ = data.partition(b"\r\n\r\n")
                connection.sendall(head + blank if request.method == "HEAD" else data)


def _read(line: bytes, stream) -> Request:
    method, target, _ = line.decode().split()
    headers = {}
    while (header := stream.readline().strip()) != b"":
        name, _, value = header.decode().partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, target, headers, stream.read(int(headers.get("content-length", 0))))


def reply(status: int, body: bytes = b"", **headers: str) -> bytes:
    """A raw answer; header names with ``_`` for ``-``. ``content_length`` may lie."""
    given = {"content_length": str(len(body))} | headers
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Reason", *lines, "", ""]).encode() + body


@pytest.fixture(name="reply")
def _reply() -> Callable[..., bytes]:
    return reply


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    with contextlib.ExitStack() as stack:

        def start(
            answer: Answer, tls: ssl.SSLContext | None = None, complaint: bytes = COMPLAINT
        ) -> RawServer:
            server = RawServer(answer, tls, complaint)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def registry() -> Iterator[HttpRegistry]:
    """Without credentials, 20 s, and no time lost on pauses between tries."""
    with HttpRegistry(Deadline(20, jitter=lambda: -1.4)) as made:
        yield made
