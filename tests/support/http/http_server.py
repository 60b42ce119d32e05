"""A threaded HTTP/1.1 server on loopback with a log: what the in-process fakes stand on."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Self

from tests.support.http.certificates import Certificate
from tests.support.http.http_messages import Answer, Gone, Reply, Request, read_request

App = Callable[[Request], Reply]

TLS_HANDSHAKE = b"\x16"  # the first byte of a TLS hello
_GONE = (Gone, OSError, ValueError)  # what reading from and writing to a bad peer raises


class HttpServer:
    """Serves ``app`` on a free port of ``address`` while its block lasts; connections are kept.

    A TLS hello on a plain port is answered 400, as Go's servers do: docker's ``--insecure`` tries
    plain HTTP only after that. It is counted as a connection, not as a request. An ``app`` that
    raises is answered 500, and its error comes out again when the block is left.
    """

    def __init__(
        self,
        app: App,
        *,
        address: str = "127.0.0.1",
        certificate: Certificate | None = None,
    ) -> None:
        self._app = app
        self._address, self._port = address, 0
        self._tls = None if certificate is None else _context(certificate)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._requests: list[Request] = []
        self._connections = 0
        self._error: Exception | None = None
        self._closing = False

    @property
    def host(self) -> str:
        """``ADDRESS:PORT``, known once the block is entered."""
        return f"{self._address}:{self._port}"

    @property
    def url(self) -> str:
        """The origin, such as ``http://127.0.0.1:5000``."""
        return f"{self._scheme}://{self.host}"

    @property
    def requests(self) -> tuple[Request, ...]:
        """All requests so far, in the order in which they came in whole."""
        with self._lock:
            return tuple(self._requests)

    @property
    def connections(self) -> int:
        """The number of connections accepted so far."""
        with self._lock:
            return self._connections

    def count(self, method: str = "*", path: str = "*") -> int:
        """The number of requests that matched shell patterns; ``*`` matches ``/``, too."""
        return sum(matches(request, method, path) for request in self.requests)

    def log(self) -> list[str]:
        """The requests as ``METHOD /path?query`` lines."""
        return [f"{request.method} {request.target}" for request in self.requests]

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self._address, 0), backlog=128)
        self._port = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._closing = True
            opened = tuple(self._open)
        for connection in (self._listener, *opened):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in tuple(self._threads):
            thread.join(timeout=10)
        if self._error is not None and error is None:
            raise self._error

    @property
    def _scheme(self) -> str:
        return "http" if self._tls is None else "https"

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections += 1
                self._open.add(connection)
                if self._closing:
                    connection.close()
                    return
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self._secured(connection)
            if self._tls is None and connection.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
                _refuse_tls(connection)
                return
            with connection.makefile("rb") as stream:
                while self._answer(stream, connection):
                    pass
        except _GONE:
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _secured(self, connection: socket.socket) -> socket.socket:
        """Over TLS if there is a certificate; hands are shaken when it is first read."""
        if self._tls is None:
            return connection
        secured = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.discard(connection)  # it gave its descriptor away
            self._open.add(secured)
        return secured

    def _answer(self, stream: object, connection: socket.socket) -> bool:
        request = read_request(stream, connection, self._scheme)
        with self._lock:
            self._requests.append(request)
        return self._reply(request).send(connection, request)

    def _reply(self, request: Request) -> Reply:
        try:
            return self._app(request)
        except Exception as error:  # noqa: BLE001
            self._error = self._error or error
            return Answer(500, repr(error).encode())


def matches(request: Request, method: str, path: str) -> bool:
    """Whether method and path match these shell patterns."""
    return fnmatchcase(request.method, method) and fnmatchcase(request.path, path)


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    return context


def _refuse_tls(connection: socket.socket) -> None:
    connection.recv(65536)  # unread bytes would turn the close into a reset
    refusal = Answer(400, b"400 Bad Request", (("Connection", "close"),))
    connection.sendall(refusal.with_header("Content-Type", "text/plain; charset=utf-8").head())
    connection.sendall(refusal.body)
