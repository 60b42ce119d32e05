"""Connections in threads, each with the content open, until a signal ends the program.

Threads are daemons, and the process ends without waiting for them: nothing is written. More than
``_CONNECTIONS`` at a time wait in the kernel's queue. A thread opens the content for its own
connection, so that a store that is locked, replaced or mended in between matters to no other one.
"""

import errno
import resource
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import BoundedSemaphore, Event, Lock, Thread
from time import sleep

from attr import field

from manyfest.cli.server.access import Guard
from manyfest.cli.server.connection import ConnectionOverError, HttpConnection
from manyfest.cli.server.content import OpenContent
from manyfest.cli.server.messages import Request, Response, refusal
from manyfest.cli.server.pulls import Pulls
from manyfest.domain.errors import ManyfestError
from manyfest.domain.values import frozen

_CONNECTIONS = 128
_OPEN_FILES = 4096  # a connection has its socket, and up to six files of the store
_HANDSHAKE_SECONDS = 10.0
_RETRY_SECONDS = 0.01
_NOTES = 1000  # different ones

OnNote = Callable[[str], None]


class Notes:
    """Hands each note on once, and no more than ``_NOTES``. Thread-safe."""

    def __init__(self, on_note: OnNote) -> None:
        self._on_note = on_note
        self._told: set[str] = set()
        self._lock = Lock()

    def add(self, text: str) -> None:
        """Hand ``text`` on, if it is new."""
        with self._lock:
            if text and text not in self._told and len(self._told) < _NOTES:
                self._told.add(text)
                self._on_note(text)


@frozen
class Server:
    """Answers connections from the content that ``open_content`` opens."""

    open_content: OpenContent
    guard: Guard
    notes: Notes
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    crowded: Event = field(factory=Event, repr=False)

    def run(self, listener: socket.socket) -> None:
        """Accept connections until a signal interrupts it, or ``listener`` is closed."""
        free = BoundedSemaphore(_CONNECTIONS)
        while True:
            if not free.acquire(blocking=False):
                self.crowded.set()
                free.acquire()
                self.crowded.clear()
            try:
                sock, _ = listener.accept()
            except OSError as error:
                if error.errno == errno.EBADF:  # the listener is closed
                    return
                free.release()
                sleep(_RETRY_SECONDS)  # the client is gone, or too many files are open
                continue
            work = partial(self._serve, sock, free)
            Thread(target=work, name="connection", daemon=True).start()

    def _serve(self, sock: socket.socket, free: BoundedSemaphore) -> None:
        try:
            with suppress(OSError), self._secured(sock) as secured:
                self._converse(HttpConnection(secured, self.crowded.is_set))
        finally:
            sock.close()
            free.release()

    def _secured(self, sock: socket.socket) -> socket.socket:
        sock.settimeout(_HANDSHAKE_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(sock, server_side=True) if self.tls else sock

    def _converse(self, connection: HttpConnection) -> None:
        try:
            with self.open_content() as content:
                for request in connection.requests():
                    self._answer(request, connection, Pulls(content))
        except ConnectionOverError as over:
            if over.answer:
                connection.refuse(over.answer)
        except ManyfestError as error:
            self.notes.add(str(error))
            connection.refuse(refusal(500, "UNKNOWN", "the content cannot be read"))
        except Exception as error:  # noqa: BLE001 - it ends one connection, not the server
            self.notes.add(f"a request failed by a fault of manyfest: {error!r}")
            connection.refuse(refusal(500, "UNKNOWN", "the request failed"))
        connection.finish()

    def _answer(self, request: Request, connection: HttpConnection, pulls: Pulls) -> None:
        answer: Response = self.guard.refusal(request) or pulls.answer(request)
        self.notes.add(answer.note)
        if problem := connection.send(answer, request.method):
            self.notes.add(f"{request.method} {request.target} broke off: {problem}")


def allow_open_files() -> None:
    """Allow this process as many open files as the connections may need, if the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return the TLS of a server with this certificate. Raises OSError: a file cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
