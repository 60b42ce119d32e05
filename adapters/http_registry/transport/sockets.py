"""Sockets under a deadline: name look-up, TCP, TLS handshake, of the standard library alone.

Both the pools of the HTTP client (``network_backend``) and ``early_connections``, which runs while
that client is imported, connect by these functions, so that one set of rules holds for both. Each
wait takes at most what the deadline has left, and cancelling that shuts the socket down.

All functions raise OSError (TimeoutError: it took too long), and DeadlineExceededError.
"""

import errno
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from manyfest.adapters.address_policy import AddressPolicy, Space, space_of
from manyfest.adapters.deadline import Deadline
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # early connections do without until the first handshake
    import ssl

CONNECT_SECONDS = 10.0  # for a connection and, once more, for its handshake
_PORTS = 65536
_HTTPS = 443

Address = tuple[int, Any]  # the family, and the argument of connect()


class ForbiddenAddressError(Exception):
    """No address of ``host`` may be connected to; ``address`` is the first of them."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} is at {address}")
        self.host = host
        self.address = address


@frozen
class Connected:
    """An open socket, and the IP address that it is connected to."""

    socket: "socket.socket"
    address: str


def connect(
    host: str, port: int, seconds: float, deadline: Deadline, policy: AddressPolicy | None = None
) -> Connected:
    """Connect to the first address of ``host`` that answers; they share the seconds.

    Raises ForbiddenAddressError: ``policy`` permits none of them.
    """
    if not 0 < port < _PORTS:
        raise OSError(errno.EINVAL, f"there is no port {port}")
    addresses = addresses_of(host, port, seconds, deadline)
    if policy is not None:
        addresses = _permitted(host, addresses, policy, deadline)
    for number, address in enumerate(addresses, start=1):
        try:
            return _connected(address, seconds / len(addresses), deadline)
        except OSError:
            if number == len(addresses):
                raise
    raise OSError(f"{host} has no address")


def shake_hands(
    sock: socket.socket,
    context: "ssl.SSLContext",
    host: str | None,
    seconds: float,
    deadline: Deadline,
) -> "ssl.SSLSocket":
    """Return the same connection, encrypted; it is closed if the handshake fails.

    The handshake is done inside ``wrap_socket``, because truststore checks certificates there
    only. That call takes the descriptor from ``sock``, so a duplicate of it is watched.
    """
    with ExitStack() as on_error:
        on_error.callback(sock.close)
        with closing(sock.dup()) as twin, _woken(twin, deadline), _bounded(sock, seconds, deadline):
            wrapped = context.wrap_socket(sock, server_hostname=host)
            on_error.callback(wrapped.close)
        on_error.pop_all()
    return wrapped


def shutting_down(sock: socket.socket) -> Callable[[], None]:
    """Return a function that wakes the thread that waits on ``sock``.

    Not ``SSLSocket.shutdown``: it would take the TLS session from a thread that reads.
    """
    return partial(socket.socket.shutdown, sock, socket.SHUT_RDWR)


def addresses_of(host: str, port: int, seconds: float, deadline: Deadline) -> list[Address]:
    """Return the addresses of a host, which is looked up unless it is an address."""
    if host == "localhost" or host.endswith(".localhost"):
        # RFC 6761 §6.3, and a safeguard: these may speak plain HTTP, so no DNS decides on them.
        return [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port))]
    with suppress(ValueError):
        version = ipaddress.ip_address(host).version
        return [(socket.AF_INET6 if version == 6 else socket.AF_INET, (host, port))]  # noqa: PLR2004
    return _resolve(host, port, seconds, deadline)


def _permitted(
    host: str, addresses: list[Address], policy: AddressPolicy, deadline: Deadline
) -> list[Address]:
    if policy.sender is None and any(space_of(at) is not Space.PUBLIC for _, (at, *_) in addresses):
        policy = policy.with_sender_at(_looked_up(policy.sender_name, deadline))
    permitted = [each for each in addresses if policy.permits(host, space_of(each[1][0]))]
    if addresses and not permitted:
        raise ForbiddenAddressError(host, addresses[0][1][0])
    return permitted


def _looked_up(host: str, deadline: Deadline) -> list[str]:
    """Return the addresses of ``host``; none if it cannot be resolved."""
    try:
        return [where[0] for _, where in addresses_of(host, _HTTPS, CONNECT_SECONDS, deadline)]
    except OSError:
        return []


def _connected(address: Address, seconds: float, deadline: Deadline) -> Connected:
    family, where = address
    sock = socket.socket(family)
    with ExitStack() as on_error:
        on_error.callback(sock.close)
        with _woken(sock, deadline), _bounded(sock, seconds, deadline):
            sock.connect(where)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        on_error.pop_all()
    return Connected(sock, where[0])


@contextmanager
def _woken(sock: socket.socket, deadline: Deadline) -> Iterator[None]:
    """Have the deadline's cancellation end what happens inside."""
    wake = shutting_down(sock)
    deadline.on_cancel(wake)
    try:
        yield
    finally:
        deadline.unwatch(wake)


@contextmanager
def _bounded(sock: socket.socket, seconds: float, deadline: Deadline) -> Iterator[None]:
    """Run one operation on ``sock``, within ``seconds`` and the deadline, which has the word."""
    sock.settimeout(deadline.clamp(seconds))
    try:
        yield
    except OSError:
        deadline.check()
        raise
    deadline.check()


def _resolve(host: str, port: int, seconds: float, deadline: Deadline) -> list[Address]:
    """Look a name up in a thread, which is left behind if it takes too long.

    A resolver cannot be interrupted.
    """
    done = threading.Event()
    found: list[Address] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend((family, where) for family, _, _, _, where in answers)
        except (OSError, UnicodeError) as error:
            failed.append(error)
        finally:
            done.set()

    deadline.on_cancel(done.set)
    try:
        _in_daemon_thread(ask)
        done.wait(deadline.clamp(seconds))
        deadline.check()
    finally:
        deadline.unwatch(done.set)
    if failed:
        raise failed[0] if isinstance(failed[0], OSError) else OSError(str(failed[0]))
    if not found:
        raise TimeoutError("the name look-up takes too long")
    return found


def _in_daemon_thread(function: Callable[[], None]) -> None:
    """Run it in a thread, or at once if the system has no more threads."""
    try:
        threading.Thread(target=function, daemon=True).start()
    except RuntimeError:
        function()
