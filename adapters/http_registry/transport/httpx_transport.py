"""HTTP under a deadline, httpx's values over httpcore: no redirects, cookies or compression.

Failures come out as httpcore's exceptions, with the socket's error as their cause; ``wire_errors``
turns them into ours.
"""

import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpcore

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.reliability.retry import retry_after
from manyfest.adapters.http_registry.reliability.throttle import Throttle
from manyfest.adapters.http_registry.transport.keep_alive import (
    ConnectionTrace,
    KeepAlivePolicy,
    StaleError,
)
from manyfest.adapters.http_registry.transport.network_backend import (
    CONNECT_SECONDS,
    TRANSFER_SECONDS,
    DeadlineBackend,
    DeadlineStream,
)
from manyfest.adapters.http_registry.transport.proxies import Proxies, Proxy
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.version import VERSION

_IDLE_SECONDS = 60.0
_PORTS = {"http": 80, "https": 443}
_HEADERS = {
    "User-Agent": f"manyfest/{VERSION}",
    "Accept-Encoding": "identity",  # the bytes that were hashed, and no bombs
}


class ProxyError(httpcore.ProxyError):
    """The proxy ``name`` cannot be reached, or answers ``status`` in the place of the server."""

    def __init__(self, name: str, fault: Exception | None = None, status: int = 0) -> None:
        super().__init__(fault or status)
        self.name = name
        self.status = status


class Client:
    """Sends requests by pools of connections: one for each proxy, and one for the direct way.

    Each pool keeps ``connections`` open, and opens up to twice as many, because a thread that
    copies from a host to itself holds two. Thread-safe.

    Where a connection that was kept turns out to be dead, or has more to say than it was asked for,
    the request is sent again at once, since no server is at fault yet (RFC 9112 §9.3.1).
    """

    def __init__(
        self,
        deadline: Deadline,
        pauses: Throttle,
        context: ssl.SSLContext,
        connections: int,
        proxies: Proxies,
    ) -> None:
        self._deadline = deadline
        self._reuse = KeepAlivePolicy()
        self._pauses = pauses
        self._proxies = proxies
        self._extensions = {
            "timeout": {
                "connect": CONNECT_SECONDS,
                "read": TRANSFER_SECONDS,
                "write": TRANSFER_SECONDS,
                "pool": None,
            }
        }
        self._options: dict[str, Any] = {
            "ssl_context": context,
            "max_connections": 2 * connections,
            "max_keepalive_connections": connections,
            "keepalive_expiry": _IDLE_SECONDS,
        }
        self._pools: dict[Proxy | None, httpcore.ConnectionPool] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        content: bytes | Iterable[bytes] | None,
    ) -> httpx.Response:
        """The answer, whose body is still to be read. Raises httpcore's exceptions."""
        ours = httpx.Headers(_HEADERS)
        ours.update(headers)  # whatever the case of their names
        request = httpx.Request(
            method, url, headers=ours, content=content, extensions=self._extensions
        )
        is_repeatable = content is None or isinstance(content, bytes)
        for remedy in (self._reuse.discard_older, self._reuse.disable):
            try:
                return self._sent(request)
            except StaleError as fault:
                (remedy if fault.is_dead else self._reuse.disable)()
                if not is_repeatable:
                    raise
        return self._sent(request)

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()

    def _sent(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        server = url.host, url.port or _PORTS[url.scheme]
        proxy = self._proxies.proxy_for(url.scheme, *server)
        self._pauses.wait_turn(server)
        answer = self._answer(request, proxy)
        response = httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            request=request,
            extensions={"network_stream": answer.extensions.get("network_stream")},
        )
        wait = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
        self._pauses.record_response(server, answer.status, wait)
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
        try:
            answer = self._pool(proxy).handle_request(message)
        except ProxyError:
            raise
        except httpcore.ProxyError as refusal:  # its text begins with the status
            raise ProxyError(proxy.name, status=int(str(refusal)[:3])) from refusal
        if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            answer.close()
            raise ProxyError(proxy.name, status=answer.status)
        return answer

    def _pool(self, proxy: Proxy | None) -> httpcore.ConnectionPool:
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = self._new_pool(proxy)
            return self._pools[proxy]

    def _new_pool(self, proxy: Proxy | None) -> httpcore.ConnectionPool:
        if proxy is None:
            backend = DeadlineBackend(self._deadline, self._reuse)
            return httpcore.ConnectionPool(**self._options, network_backend=backend)
        return httpcore.HTTPProxy(
            httpcore.URL(scheme="http", host=proxy.host, port=proxy.port, target="/"),
            proxy_auth=proxy.login and (proxy.login[0].encode(), proxy.login[1].encode()),
            **self._options,
            network_backend=_ProxyBackend(self._deadline, self._reuse, proxy),
        )


class _ProxyBackend(DeadlineBackend):
    """Connects to a proxy, and says so when that fails."""

    def __init__(self, deadline: Deadline, reuse: KeepAlivePolicy, proxy: Proxy) -> None:
        super().__init__(deadline, reuse)
        self._name = proxy.name

    def connect_tcp(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        try:
            return super().connect_tcp(*arguments, **options)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as fault:
            raise ProxyError(self._name, fault) from fault


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        stream = self._answer.stream
        assert isinstance(stream, Iterable)  # noqa: S101 - for mypy: httpcore types both its worlds
        yield from stream

    def close(self) -> None:
        self._answer.close()


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
