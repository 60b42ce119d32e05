"""The HTTP client: httpx's, over a transport of ours that ends in time.

``DeadlineTransport`` is an ``httpx.BaseTransport`` over httpcore's pools. It adds what no library
has: a deadline for the whole command that cancels sockets (``network_backend``), kept connections
that turn out to be stale (below), answer heads of bounded size, proxies by Go's rules, and one
queue per server that asked for a pause (``throttle``). ``new_client`` puts an ``httpx.Client`` on
it, or on a transport from outside, that follows no redirects, keeps no cookies, reads no
environment and adds no headers but ours.

Theory of operation: stale connections, and when a request is sent again.

- A server may close a kept connection at any time, also while the next request is on its way (RFC
  9112 §9.3.1). The client sees a reset, or an end without an answer. That costs no try of the
  operation: no server is at fault yet.
- httpcore tests an idle connection before use: one that is readable has ended, or carries bytes
  without a request. Between that test and the request the connection can still die.
- ``ConnectionTrace`` tells whether this request opened its connection. If it did, a fault is the
  server's, and the caller sees it. If it did not, the fault is a ``StaleError``.
- An answer whose bytes arrived before the request was written (``DeadlineStream.answered``) belongs
  to no request: the server sent more than was asked for. It is a ``StaleError``, too, and is never
  taken for the next answer.
- After the first dead connection, all that are open by now are discarded: a balancer or a NAT
  usually forgets them together. After the second, or at once when a server sends too much, no
  connection to it is reused any more (``KeepAlivePolicy``). So a request is sent at most three
  times here, the last time on a new connection.
- Only a body that is bytes (``httpx.ByteStream``) can be sent again. For a stream the policy is
  applied just the same, and the caller, who can open the stream again, sees the error.

Failures come out as httpcore's exceptions, with the socket's error as their cause;
``session/transport_errors`` turns these, and httpx's of other transports, into ours.
"""

import ssl
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpcore

from manyfest.adapters.address_policy import AddressPolicy
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.reliability.retry import LONGEST_WAIT, retry_after
from manyfest.adapters.http_registry.reliability.throttle import Throttle
from manyfest.adapters.http_registry.transport import tls
from manyfest.adapters.http_registry.transport.keep_alive import (
    ConnectionTrace,
    KeepAlivePolicy,
    StaleError,
)
from manyfest.adapters.http_registry.transport.large_bodies import LargeBodyPool
from manyfest.adapters.http_registry.transport.network_backend import (
    TRANSFER_SECONDS,
    DeadlineBackend,
    DeadlineStream,
    TakeEarly,
    nothing_early,
)
from manyfest.adapters.http_registry.transport.proxies import NO_PROXIES, Proxies, Proxy
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.adapters.http_registry.transport.sockets import CONNECT_SECONDS
from manyfest.domain.version import VERSION

# Seconds; a thread waits for a connection of its pool as long as the deadline lets the others run.
TIMEOUT = httpx.Timeout(
    connect=CONNECT_SECONDS, read=TRANSFER_SECONDS, write=TRANSFER_SECONDS, pool=None
)
CONNECTIONS = 32
_IDLE_SECONDS = 60.0
_PORTS = {"http": 80, "https": 443}
_HEADERS = {
    "User-Agent": f"manyfest/{VERSION}",
    "Accept-Encoding": "identity",  # the bytes that were hashed, and no bombs
}
_HEADERS_OF_HTTPX = ("Accept", "Connection")


def new_client(transport: httpx.BaseTransport, timeout: httpx.Timeout = TIMEOUT) -> httpx.Client:
    """Return a client that sends each request as it is; it closes the transport with itself."""
    client = _Client(
        transport=transport,
        timeout=timeout,
        headers=_HEADERS,
        auth=httpx.Auth(),  # none: otherwise httpx would take a login from a URL
        trust_env=False,
    )
    for name in _HEADERS_OF_HTTPX:
        del client.headers[name]
    return client


class _NoCookies(httpx.Cookies):
    """Neither parses nor keeps a server's cookies: registries need none."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Keep nothing."""


_NO_COOKIES = _NoCookies()


class _Client(httpx.Client):
    @property  # type: ignore[misc]  # httpx has a setter, too
    def cookies(self) -> httpx.Cookies:
        """No cookies; httpx would look for them in every response, a third of its cost."""
        return _NO_COOKIES


class DeadlineTransport(httpx.BaseTransport):
    """Sends requests by pools of connections: one for each proxy, and one for the direct way.

    Each pool keeps ``connections`` open, and opens up to twice as many, because a thread that
    copies from a host to itself needs two. Without a ``context``, certificates are checked against
    the system's roots. With a ``policy``, connections that are opened without a proxy are opened
    to addresses that it permits, and ``take_early`` gives those that were opened early by the same
    rules. Thread-safe. Raises httpcore's exceptions, ForbiddenAddressError, ProxyError,
    ThrottledError and DeadlineExceededError.
    """

    def __init__(
        self,
        deadline: Deadline,
        *,
        context: ssl.SSLContext | None = None,
        throttle: Throttle | None = None,
        proxies: Proxies = NO_PROXIES,
        connections: int = CONNECTIONS,
        policy: AddressPolicy | None = None,
        take_early: TakeEarly = nothing_early,
    ) -> None:
        self._deadline = deadline
        self._take_early = take_early
        self._policy = policy
        self._reuse = KeepAlivePolicy(deadline.clock)
        self._throttle = throttle or Throttle(deadline, LONGEST_WAIT)
        self._proxies = proxies
        self._options: dict[str, Any] = {
            "ssl_context": context or tls.verifying(),
            "max_connections": 2 * connections,
            "max_keepalive_connections": connections,
            "keepalive_expiry": _IDLE_SECONDS,
        }
        self._pools: dict[Proxy | None, httpcore.ConnectionPool] = {}
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, whose body is still to be read."""
        is_repeatable = isinstance(request.stream, httpx.ByteStream)
        for remedy in (self._reuse.discard_older, self._reuse.disable):
            try:
                return self._send(request)
            except StaleError as fault:
                (remedy if fault.is_dead else self._reuse.disable)()
                if not is_repeatable:
                    raise
        return self._send(request)

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        server = url.host, url.port or _PORTS[url.scheme]
        proxy = self._proxies.proxy_for(url.scheme, *server)
        self._throttle.wait_turn(server)
        answer = self._answer(request, proxy)
        response = _Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=_extensions(answer, proxy),
        )
        wait = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
        self._throttle.record_response(server, answer.status, wait)
        return response

    def _answer(self, request: httpx.Request, proxy: Proxy | None) -> httpcore.Response:
        """Raises StaleError where it is a kept connection's fault that there is none."""
        opening = ConnectionTrace()
        try:
            answer = self._any_answer(_as_httpcore(request, opening), proxy)
        except (httpcore.ReadError, httpcore.RemoteProtocolError) as fault:
            if opening.happened:
                raise
            raise StaleError(fault) from fault
        stream = answer.extensions.get("network_stream")
        if isinstance(stream, DeadlineStream) and not stream.answered():
            answer.close()
            raise StaleError(httpcore.RemoteProtocolError("an answer before the request"))
        return answer

    def _any_answer(self, message: httpcore.Request, proxy: Proxy | None) -> httpcore.Response:
        if proxy is None:
            return self._pool(None).handle_request(message)
        from manyfest.adapters.http_registry.transport.proxy_pools import send_by_proxy

        return send_by_proxy(self._pool(proxy), proxy, message)

    def _pool(self, proxy: Proxy | None) -> httpcore.ConnectionPool:
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = self._new_pool(proxy)
            return self._pools[proxy]

    def _new_pool(self, proxy: Proxy | None) -> httpcore.ConnectionPool:
        if proxy is None:
            backend = DeadlineBackend(self._deadline, self._reuse, self._policy, self._take_early)
            return LargeBodyPool(**self._options, network_backend=backend)
        from manyfest.adapters.http_registry.transport.proxy_pools import proxy_pool

        return proxy_pool(proxy, self._deadline, self._reuse, self._options)


class _Response(httpx.Response):
    """An answer whose redirect is left to the session's rules.

    Otherwise httpx.Client prepares the next request even if it follows no redirects, and raises an
    error of its own for a Location that is no URL.
    """

    @property
    def has_redirect_location(self) -> bool:
        """False."""
        return False


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        stream = self._answer.stream
        assert isinstance(stream, Iterable)  # noqa: S101 - for mypy: httpcore types both its worlds
        yield from stream

    def close(self) -> None:
        self._answer.close()


def _extensions(answer: httpcore.Response, proxy: Proxy | None) -> dict[str, Any]:
    """The stream, and ``server_address``: the server's IP address unless a proxy is between."""
    stream = answer.extensions.get("network_stream")
    is_direct = proxy is None and isinstance(stream, DeadlineStream)
    address = stream.server_address if is_direct and stream else ""
    return {"network_stream": stream, "server_address": address}


def _as_httpcore(request: httpx.Request, opening: ConnectionTrace) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        ),
        headers=request.headers.raw,
        content=request.stream,
        extensions={**request.extensions, "trace": opening},
    )
