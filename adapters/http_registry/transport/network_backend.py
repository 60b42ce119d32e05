"""Sockets under a deadline: httpcore's network backend whose every wait ends in time.

httpx's timeouts are per read, so a server that sends one byte a second is never late. Here each
connect, handshake, read and write gets at most what the deadline has left, and cancelling it shuts
all sockets down, which wakes the threads that wait on them.
"""

import contextlib
import errno
import ipaddress
import math
import select
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import httpcore

from manyfest.adapters.address_policy import AddressPolicy, Space, space_of
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.transport.dns import Address, resolve
from manyfest.adapters.http_registry.transport.keep_alive import KeepAlivePolicy

if TYPE_CHECKING:  # needed behind an https:// proxy only
    from manyfest.adapters.http_registry.transport.tls_in_tls import TlsInTls

    Connection = socket.socket | TlsInTls

CONNECT_SECONDS = 10.0
TRANSFER_SECONDS = 30.0
_PORTS = 65536
_HTTPS = 443

# Bytes before the body: interim responses and headers. h11 allows 100 KiB for each of them.
_HEAD_LIMIT = 256 * 1024


class HandshakeError(httpcore.ConnectError):
    """The port was reached, but the TLS handshake failed; the argument is the OSError."""


class ForbiddenAddressError(httpcore.ConnectError):
    """No address of ``host`` may be connected to; ``address`` is the first of them."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} is at {address}")
        self.host = host
        self.address = address


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens TCP connections under ``deadline``, which are reused as ``reuse`` decides.

    Those of a ``policy`` are opened to addresses that it permits.
    """

    def __init__(
        self, deadline: Deadline, reuse: KeepAlivePolicy, policy: AddressPolicy | None = None
    ) -> None:
        self._deadline = deadline
        self._reuse = reuse
        self._policy = policy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - httpcore's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - likewise
    ) -> httpcore.NetworkStream:
        """Connect to the first address of ``host`` that answers; they share the seconds.

        Raises ForbiddenAddressError: the policy permits none of them.
        """
        if not 0 < port < _PORTS:
            error = OSError(errno.EINVAL, f"there is no port {port}")
            raise httpcore.ConnectError(error) from error
        seconds = CONNECT_SECONDS if timeout is None else timeout
        addresses = self._permitted(host, self._addresses(host, port, seconds))
        for number, address in enumerate(addresses, start=1):
            try:
                return self._connected(address, seconds / len(addresses))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise httpcore.ConnectError(f"{host} has no address")

    def _connected(self, address: Address, seconds: float) -> "DeadlineStream":
        family, where = address
        sock = socket.socket(family)
        stream = DeadlineStream(sock, self._deadline, self._reuse)
        with stream.closed_on_error(), stream.bounded(seconds, _CONNECT):
            sock.connect(where)
            stream.server_address = where[0]
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream

    def _permitted(self, host: str, addresses: list[Address]) -> list[Address]:
        if self._policy is None:
            return addresses
        policy = self._policy
        if policy.sender is None and any(
            space_of(at) is not Space.PUBLIC for _, (at, *_) in addresses
        ):
            policy = policy.with_sender_at(self._looked_up(policy.sender_name))
        permitted = [
            (family, where)
            for family, where in addresses
            if policy.permits(host, space_of(where[0]))
        ]
        if addresses and not permitted:
            raise ForbiddenAddressError(host, addresses[0][1][0])
        return permitted

    def _looked_up(self, host: str) -> list[str]:
        """Return the addresses of ``host``; none if it cannot be resolved."""
        try:
            return [where[0] for _, where in self._addresses(host, _HTTPS, CONNECT_SECONDS)]
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            return []

    def _addresses(self, host: str, port: int, seconds: float) -> list[Address]:
        if host == "localhost" or host.endswith(".localhost"):
            # RFC 6761 §6.3, and a safeguard: these may speak plain HTTP, so no DNS decides on them.
            return [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port))]
        with contextlib.suppress(ValueError):
            version = ipaddress.ip_address(host).version
            return [(socket.AF_INET6 if version == 6 else socket.AF_INET, (host, port))]  # noqa: PLR2004
        return resolve(host, port, seconds, self._deadline)


_Errors = tuple[type[Exception], type[Exception]]  # for a timeout, for any other OSError
_CONNECT: _Errors = (httpcore.ConnectTimeout, httpcore.ConnectError)
_HANDSHAKE: _Errors = (httpcore.ConnectTimeout, HandshakeError)
_READ: _Errors = (httpcore.ReadTimeout, httpcore.ReadError)
_WRITE: _Errors = (httpcore.WriteTimeout, httpcore.WriteError)


class DeadlineStream(httpcore.NetworkStream):
    """One connection: closed by its pool, shut down when the deadline is cancelled."""

    def __init__(self, sock: "Connection", deadline: Deadline, reuse: KeepAlivePolicy) -> None:
        self.socket = sock
        self.server_address = ""  # the IP address that it is connected to
        self._deadline = deadline
        self._reuse = reuse
        self._opened_at = self._deadline.clock.monotonic()
        self._head: int | None = None  # bytes read of the response's head; None outside of one
        self._rest_until = math.inf
        self._is_detached = False
        self._wake = _shutting_down(sock if isinstance(sock, socket.socket) else sock.outer)
        try:
            deadline.on_cancel(self._wake)
        except BaseException:
            sock.close()
            raise

    @contextlib.contextmanager
    def bounded(self, seconds: float, errors: _Errors) -> Iterator[None]:
        """Run one operation on the socket, within ``seconds`` and the deadline."""
        self.socket.settimeout(self._deadline.clamp(seconds))
        try:
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
        with self.bounded(min(seconds, self._rest_until - self._deadline.clock.monotonic()), _READ):
            data = self.socket.recv(max_bytes)
        self._deadline.record_progress(len(data))
        if self._head is not None:
            self._head += len(data)
            if self._head > _HEAD_LIMIT:
                raise httpcore.RemoteProtocolError(f"{_HEAD_LIMIT} bytes and no answer yet")
        return data

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
        """Return the same connection, encrypted; close it if the handshake fails.

        The handshake is done inside ``wrap_socket``, because truststore checks certificates there
        only. That call takes the descriptor from our socket, so a duplicate of it is watched.
        """
        seconds = CONNECT_SECONDS if timeout is None else timeout
        sock = self.socket
        if isinstance(sock, ssl.SSLSocket):
            return self._start_inner_tls(sock, ssl_context, server_hostname, seconds)
        assert isinstance(sock, socket.socket)  # noqa: S101 - nothing is inside of an inner session
        with self.closed_on_error(), contextlib.closing(sock.dup()) as twin:
            wake = _shutting_down(twin)
            self._deadline.on_cancel(wake)
            try:
                with self.bounded(seconds, _HANDSHAKE):
                    wrapped = ssl_context.wrap_socket(sock, server_hostname=server_hostname)
                    self.socket = wrapped  # to be closed from here on
            finally:
                self._deadline.unwatch(wake)
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
        stream = DeadlineStream(sock, self._deadline, self._reuse)
        stream.server_address = self.server_address
        stream._opened_at = self._opened_at
        return stream

    def get_extra_info(self, info: str) -> Any:
        """Answer httpcore, which gives up an idle connection that is ``is_readable``."""
        if info == "ssl_object" and isinstance(self.socket, ssl.SSLSocket):
            return self.socket
        if info == "is_readable":
            return not self._reuse.may_reuse(self._opened_at) or _is_readable(self.socket)
        return None


def _shutting_down(sock: socket.socket) -> Callable[[], None]:
    """Not ``SSLSocket.shutdown``: it would take the TLS session from a thread that reads."""
    return partial(socket.socket.shutdown, sock, socket.SHUT_RDWR)


def _is_readable(sock: "Connection") -> bool:
    if sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
