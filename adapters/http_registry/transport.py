"""httpx clients on budgeted sockets: no redirects, no cookies, no proxies, no compression.

Failures come out as httpcore's exceptions, with the socket's error as their cause; ``wire_errors``
turns them into ours.
"""

import ssl
from collections.abc import Iterable, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import metadata

import httpcore

from manyfest.adapters.http_registry.budget import Budget
from manyfest.adapters.http_registry.network import (
    CONNECT_SECONDS,
    TRANSFER_SECONDS,
    BudgetedBackend,
)
from manyfest.adapters.http_registry.slim_httpx import httpx

_IDLE_SECONDS = 60.0


def new_client(budget: Budget, context: ssl.SSLContext, connections: int) -> httpx.Client:
    """A client that keeps ``connections`` open per pool, and opens up to twice as many.

    Twice, because a thread that copies from a host to itself holds two.
    """
    return httpx.Client(
        transport=_Transport(budget, context, connections),
        headers={
            "User-Agent": f"manyfest/{metadata.version('manyfest')}",
            "Accept-Encoding": "identity",  # the bytes that were hashed, and no bombs
        },
        timeout=httpx.Timeout(TRANSFER_SECONDS, connect=CONNECT_SECONDS, pool=None),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # httpx's jar ignores ports
        follow_redirects=False,
        trust_env=False,
    )


class _Transport(httpx.BaseTransport):
    def __init__(self, budget: Budget, context: ssl.SSLContext, connections: int) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=2 * connections,
            max_keepalive_connections=connections,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=BudgetedBackend(budget),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        stream = self._answer.stream
        assert isinstance(stream, Iterable)  # noqa: S101 - for mypy: httpcore types both its worlds
        yield from stream

    def close(self) -> None:
        self._answer.close()
