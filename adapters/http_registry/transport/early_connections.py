"""Connections that are opened while the HTTP client is still imported (ADR 0042).

Importing httpx takes longer than reaching a registry, and neither needs the other. So a command
that knows which hosts it asks begins to connect to them at once, with the standard library alone,
and the pools take these connections over (``network_backend``).

Theory of operation.

- A ``Destination`` has all that decides about a connection: how it is encrypted, what is trusted,
  which addresses are permitted. A pool takes a connection only if its own destination is equal, so
  none serves a pool that would have made another.
- Each connection has a thread of its own, which connects and shakes hands by ``sockets``, under the
  command's deadline, as a pool would. Nothing is sent beyond the handshake. One more thread for
  each kind of TLS context loads that meanwhile; ``tls`` loads each context once.
- ``take`` hands a connection out once, and waits for one that is being made. One that has ended, or
  on which the server spoke before it was asked, is closed instead.
- A name without address, a port that is closed, and time that is used up are an answer of ``take``:
  the pool would only do the same again. Every other failure is silent: the pool connects by
  itself, and reports what it meets.
- No thread keeps the process alive. ``close`` closes connections that were not taken; a
  thread that is still at it closes its own connection at its end.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from manyfest.adapters.address_policy import AddressPolicy
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.endpoint import NO_CERTIFICATES, Certificates, ConnectionMode
from manyfest.adapters.http_registry.transport import sockets
from manyfest.adapters.http_registry.transport.sockets import CONNECT_SECONDS, Connected
from manyfest.domain.values import frozen

if TYPE_CHECKING:
    import ssl


@frozen
class Destination:
    """A server, and the rules for connections to it; without a ``policy``, any address is good."""

    host: str
    port: int
    mode: ConnectionMode
    certificates: Certificates = NO_CERTIFICATES
    policy: AddressPolicy | None = None


class EarlyConnections:
    """The connections that a command opens early, and its pools take. Thread-safe."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._lock = threading.Lock()
        self._attempts: dict[Destination, deque[_Attempt]] = {}

    def open(self, destinations: Sequence[Destination]) -> None:
        """Begin to connect to each; one that is named twice gets two connections."""
        attempts = [_Attempt(each, self._deadline) for each in destinations]
        with self._lock:
            for attempt in attempts:
                self._attempts.setdefault(attempt.destination, deque()).append(attempt)
        for attempt in attempts:
            attempt.start()
        for mode, certificates in dict.fromkeys((d.mode, d.certificates) for d in destinations):
            self.load_context(mode, certificates)

    def load_context(self, mode: ConnectionMode, certificates: Certificates) -> None:
        """Begin to load the context for TLS, if the mode has it."""
        if mode.scheme == "https":
            _start(partial(_load_context, mode, certificates))

    def take(self, destination: Destination) -> Connected | None:
        """Return a connection that is fit for its first request; None if there is none.

        Raises OSError: there is no way to the port, or it took all of its time;
        DeadlineExceededError.
        """
        with self._lock:
            attempts = self._attempts.get(destination)
            attempt = attempts.popleft() if attempts else None
        return attempt.result() if attempt else None

    def close(self) -> None:
        """Close the connections that were not taken."""
        with self._lock:
            attempts = [each for waiting in self._attempts.values() for each in waiting]
            self._attempts.clear()
        for attempt in attempts:
            attempt.abandon()


class _Attempt:
    """One connection, made in a thread: open, failed, or not done yet."""

    def __init__(self, destination: Destination, deadline: Deadline) -> None:
        self.destination = destination
        self._deadline = deadline
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._made: Connected | None = None
        self._error: OSError | None = None
        self._is_abandoned = False

    def start(self) -> None:
        """Begin; without a thread for it, this has failed."""
        if not _start(self._run):
            self._done.set()

    def result(self) -> Connected | None:
        """Wait, and return the connection, for the caller to close; None if it is no use.

        Raises as ``EarlyConnections.take``.
        """
        try:
            self._wait()
        except BaseException:
            self.abandon()
            raise
        if self._error is not None:
            raise self._error
        if self._made is None or _is_silent(self._made.socket):
            return self._made
        self._made.socket.close()
        return None

    def abandon(self) -> None:
        """Close the connection, now or when it is made."""
        with self._lock:
            self._is_abandoned = True
            if self._made is not None:
                self._made.socket.close()

    def _wait(self) -> None:
        self._deadline.on_cancel(self._done.set)
        try:
            self._done.wait(self._deadline.clamp(2 * CONNECT_SECONDS))
            self._deadline.check()
        finally:
            self._deadline.unwatch(self._done.set)
        if not self._done.is_set():
            raise TimeoutError("no early connection in time")

    def _run(self) -> None:
        with suppress(Exception):  # the pool meets it, too, and reports it
            self._connect()
        self._done.set()

    def _connect(self) -> None:
        to = self.destination
        try:
            made = sockets.connect(to.host, to.port, CONNECT_SECONDS, self._deadline, to.policy)
        except OSError as error:
            self._error = error
            return
        try:
            self._keep(_shaken(made, to, self._deadline))
        except TimeoutError as error:
            self._error = error

    def _keep(self, made: Connected) -> None:
        with self._lock:
            if self._is_abandoned:
                made.socket.close()
            else:
                self._made = made


def _shaken(made: Connected, to: Destination, deadline: Deadline) -> Connected:
    """Return the connection, with TLS if the destination has it; else it is closed."""
    if to.mode.scheme == "http":
        return made
    try:
        context = _context(to.mode, to.certificates)
    except BaseException:
        made.socket.close()
        raise
    wrapped = sockets.shake_hands(made.socket, context, to.host, CONNECT_SECONDS, deadline)
    return Connected(wrapped, made.address)


def _load_context(mode: ConnectionMode, certificates: Certificates) -> None:
    """Load it; what is wrong with a file is reported when a pool loads it again."""
    with suppress(Exception):
        _context(mode, certificates)


def _context(mode: ConnectionMode, certificates: Certificates) -> "ssl.SSLContext":
    """Return the context; here the standard library's TLS is imported, and not before."""
    from manyfest.adapters.http_registry.transport import tls

    return tls.context_for(mode, certificates)


def _is_silent(sock: socket.socket) -> bool:
    """Return whether the connection is open and the server has said nothing.

    Of TLS, a look at the socket would not do: TLS 1.3 sends tickets after the handshake, which
    reading takes in.
    """
    sock.settimeout(0)
    try:
        sock.recv(1)
    except OSError as error:
        return isinstance(error, BlockingIOError) or _wants_more(error)
    return False


def _wants_more(error: OSError) -> bool:
    """Return whether TLS waits for bytes of the server."""
    import ssl

    return isinstance(error, ssl.SSLWantReadError)


def _start(function: Callable[[], None]) -> bool:
    """Run ``function`` in a daemon thread; return False if the system refuses another thread."""
    try:
        threading.Thread(target=function, daemon=True).start()
    except RuntimeError:
        return False
    return True
