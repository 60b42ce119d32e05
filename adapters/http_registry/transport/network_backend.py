"""Sockets under a deadline: httpcore's network backend whose every wait ends in time.

httpx's timeouts are per read, so a server that sends one byte a second is never late. Here each
connect, handshake, read and write gets at most what the deadline has left, and cancelling it shuts
all sockets down, which wakes the threads that wait on them.
"""

import contextlib
import math
import select
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import httpcore

from manyfest.adapters.address_policy import AddressPolicy
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.transport import sockets
from manyfest.adapters.http_registry.transport.keep_alive import KeepAlivePolicy
from manyfest.adapters.http_registry.transport.sockets import CONNECT_SECONDS, Connected

if TYPE_CHECKING:  # needed behind an https:// proxy only
    from manyfest.adapters.http_registry.transport.tls_in_tls import TlsInTls

    Connection = socket.socket | TlsInTls

TRANSFER_SECONDS = 30.0

# Bytes before the body: interim responses and headers. h11 allows 100 KiB for each of them.
_HEAD_LIMIT = 256 * 1024
_RECORD = 16 * 1024  # the data of a TLS record, at most (RFC 8446 §5.1)
_HEAD_PIECE = 16 * 1024  # read at a time until the head is complete: h11 copies what comes with it

# Returns the connection to a host and port that was opened early, if there is one. May raise as
# ``sockets`` does.
TakeEarly = Callable[[str, int], Connected | None]


class HandshakeError(httpcore.ConnectError):
    """The port was reached, but the TLS handshake failed; the argument is the OSError."""


def nothing_early(_host: str, _port: int) -> None:
    """Return None: no connection was opened early."""


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens TCP connections under ``deadline``, which are reused as ``reuse`` decides.

    Those of a ``policy`` are opened to addresses that it permits. ``take_early`` gives those that
    were opened before, by the same rules; if they are of TLS, hands were shaken, too.
    """

    def __init__(
        self,
        deadline: Deadline,
        reuse: KeepAlivePolicy,
        policy: AddressPolicy | None = None,
        take_early: TakeEarly = nothing_early,
    ) -> None:
        self._deadline = deadline
        self._reuse = reuse
        self._policy = policy
        self._take_early = take_early

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - httpcore's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - likewise
    ) -> httpcore.NetworkStream:
        """Return the early connection, else connect to the first address that answers.

        Raises ForbiddenAddressError: the policy permits none of them.
        """
        seconds = CONNECT_SECONDS if timeout is None else timeout
        with _translated(_CONNECT):
            made = self._take_early(host, port) or sockets.connect(
                host, port, seconds, self._deadline, self._policy
            )
        stream = _EarlyTls if isinstance(made.socket, ssl.SSLSocket) else DeadlineStream
        return stream(made.socket, self._deadline, self._reuse, made.address)


_Errors = tuple[type[Exception], type[Exception]]  # for a timeout, for any other OSError
_CONNECT: _Errors = (httpcore.ConnectTimeout, httpcore.ConnectError)
_HANDSHAKE: _Errors = (httpcore.ConnectTimeout, HandshakeError)
_READ: _Errors = (httpcore.ReadTimeout, httpcore.ReadError)
_WRITE: _Errors = (httpcore.WriteTimeout, httpcore.WriteError)


@contextlib.contextmanager
def _translated(errors: _Errors) -> Iterator[None]:
    """Turn an OSError into httpcore's, with it as the argument."""
    try:
        yield
    except OSError as error:
        late, failed = errors
        raise (late if isinstance(error, TimeoutError) else failed)(error) from error


class DeadlineStream(httpcore.NetworkStream):
    """One connection: closed by its pool, shut down when the deadline is cancelled."""

    def __init__(
        self, sock: "Connection", deadline: Deadline, reuse: KeepAlivePolicy, address: str
    ) -> None:
        self.socket = sock
        self.server_address = address  # the IP address that it is connected to
        self._deadline = deadline
        self._reuse = reuse
        self._opened_at = self._deadline.clock.monotonic()
        self._head: int | None = None  # bytes read of the response's head; None outside of one
        self._rest_until = math.inf
        self._is_detached = False
        self._wake = sockets.shutting_down(sock if isinstance(sock, socket.socket) else sock.outer)
        try:
            deadline.on_cancel(self._wake)
        except BaseException:
            sock.close()
            raise

    @contextlib.contextmanager
    def bounded(self, seconds: float, errors: _Errors) -> Iterator[None]:
        """Run one operation on the socket, within ``seconds`` and the deadline.

        A socket that is closed fails as one that broke: another thread's look at the pool may close
        a connection in the moment in which it is taken.
        """
        clamped = self._deadline.clamp(seconds)
        try:
            self.socket.settimeout(clamped)
            yield
        except OSError as error:
            self._deadline.check()
            late, failed = errors
            raise (late if isinstance(error, TimeoutError) else failed)(error) from error
        self._deadline.check()

    @contextlib.contextmanager
    def closed_on_error(self) -> Iterator[None]:
        """Close a connection whose making fails: no pool has it yet."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the bytes that arrived, at most ``max_bytes``; none at the end of the stream."""
        seconds = TRANSFER_SECONDS if timeout is None else timeout
        if self._head is not None:
            max_bytes = min(max_bytes, _HEAD_PIECE)
        with self.bounded(min(seconds, self._rest_until - self._deadline.clock.monotonic()), _READ):
            data = self.socket.recv(max_bytes)
        self._deadline.record_progress(len(data))
        if self._head is not None:
            self._head += len(data)
            if self._head > _HEAD_LIMIT:
                raise httpcore.RemoteProtocolError(f"{_HEAD_LIMIT} bytes and no answer yet")
        return data

    def read_arrived(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return as ``read`` the bytes that arrived; TLS hands out one record of them at a time."""
        if isinstance(self.socket, socket.socket) and not isinstance(self.socket, ssl.SSLSocket):
            return self.read(max_bytes, timeout)
        records = [self.read(min(max_bytes, _RECORD), timeout)]
        left = max_bytes - len(records[0])
        while left and records[-1] and _is_readable(self.socket):
            records.append(self.read(min(left, _RECORD), timeout))
            left -= len(records[-1])
        return b"".join(records)

    def answered(self) -> bool:
        """End the head of a response. False if none of its bytes were read since the request.

        Then they had arrived before it, after the end of the previous response.
        """
        was_read, self._head = self._head != 0, None
        return was_read

    def finish_within(self, seconds: float) -> None:
        """Require the rest of this response within ``seconds``."""
        self._rest_until = self._deadline.clock.monotonic() + seconds

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of ``buffer``; the timeout is for each piece that the system takes."""
        self._head, self._rest_until = 0, math.inf
        rest = memoryview(buffer)
        while rest:
            sent = self._send(rest, TRANSFER_SECONDS if timeout is None else timeout)
            self._deadline.record_progress(sent)
            rest = rest[sent:]

    def _send(self, data: memoryview, seconds: float) -> int:
        """Raise WriteError, not a timeout, if a response waits: httpcore reads it only then."""
        try:
            with self.bounded(seconds, _WRITE):
                return self.socket.send(data)
        except httpcore.WriteTimeout as fault:
            if _is_readable(self.socket):
                raise httpcore.WriteError(*fault.args) from fault
            raise

    def close(self) -> None:
        """Unwatch first: the number of a closed socket may soon be another's."""
        self._deadline.unwatch(self._wake)
        if not self._is_detached:
            self.socket.close()

    def detach(self) -> "DeadlineStream":
        """Return a new stream of the same connection, which closing this one leaves open."""
        self._is_detached = True
        return self._continued(self.socket)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Return the same connection, encrypted; close it if the handshake fails."""
        seconds = CONNECT_SECONDS if timeout is None else timeout
        sock = self.socket
        if isinstance(sock, ssl.SSLSocket):
            return self._start_inner_tls(sock, ssl_context, server_hostname, seconds)
        assert isinstance(sock, socket.socket)  # noqa: S101 - nothing is inside of an inner session
        with self.closed_on_error(), _translated(_HANDSHAKE):
            wrapped = sockets.shake_hands(
                sock, ssl_context, server_hostname, seconds, self._deadline
            )
        return self._continued(wrapped)

    def _start_inner_tls(
        self, outer: ssl.SSLSocket, context: ssl.SSLContext, hostname: str | None, seconds: float
    ) -> httpcore.NetworkStream:
        from manyfest.adapters.http_registry.transport.tls_in_tls import TlsInTls

        with self.closed_on_error(), self.bounded(seconds, _HANDSHAKE):
            inner = TlsInTls(outer, context, hostname)
            inner.do_handshake(self._deadline.clamp(seconds))
        return self._continued(inner)

    def _continued(self, sock: "Connection") -> "DeadlineStream":
        """Return a stream of the same connection that reads and writes by ``sock``."""
        self._deadline.unwatch(self._wake)
        stream = DeadlineStream(sock, self._deadline, self._reuse, self.server_address)
        stream._opened_at = self._opened_at
        return stream

    def get_extra_info(self, info: str) -> Any:
        """Answer httpcore, which gives up an idle connection that is ``is_readable``."""
        if info == "ssl_object" and isinstance(self.socket, ssl.SSLSocket):
            return self.socket
        if info == "is_readable":
            return not self._reuse.may_reuse(self._opened_at) or _is_readable(self.socket)
        return None


class _EarlyTls(DeadlineStream):
    """An early connection, whose handshake was that of the pool that takes it."""

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - it was used by then
        server_hostname: str | None = None,  # noqa: ARG002 - likewise
        timeout: float | None = None,  # noqa: ARG002 - likewise
    ) -> httpcore.NetworkStream:
        """Return this connection."""
        return self


def _is_readable(sock: "Connection") -> bool:
    if sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
