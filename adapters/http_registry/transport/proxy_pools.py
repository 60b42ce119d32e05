"""Pools of connections through a proxy: httpcore's, with our sockets and errors.

An HTTP proxy is asked for a tunnel to an https server (CONNECT), and forwards requests to an http
one. An ``https://`` proxy is spoken to by TLS, whose certificate is checked against the system's
roots; ``--insecure`` is about registries, and does not cover it. A SOCKS 5 proxy gets the server's
name, so that it looks it up, with both spellings of the scheme, as in Go. Whatever goes wrong on
the way to a proxy or in it is a ProxyError, never a fault of the server.
"""

import ssl
from http import HTTPStatus
from typing import Any

import httpcore

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.transport import tls
from manyfest.adapters.http_registry.transport.keep_alive import KeepAlivePolicy
from manyfest.adapters.http_registry.transport.network_backend import DeadlineBackend
from manyfest.adapters.http_registry.transport.proxies import PROXY_WANTS_LOGIN, Proxy, ProxyError

# Beginnings of httpcore's sentences for a SOCKS proxy that wants another login.
_SOCKS_LOGIN = ("Requested ", "Invalid username/password")


def proxy_pool(
    proxy: Proxy, deadline: Deadline, reuse: KeepAlivePolicy, options: dict[str, Any]
) -> httpcore.ConnectionPool:
    """Make the pool; ``options`` are those of any pool of httpcore's. It raises ProxyError."""
    backend = _ProxyBackend(deadline, reuse, proxy)
    url = httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/")
    login = proxy.login and (proxy.login[0].encode(), proxy.login[1].encode())
    if proxy.is_socks:
        return httpcore.SOCKSProxy(url, proxy_auth=login, **options, network_backend=backend)
    context = tls.verifying() if proxy.is_encrypted else None
    return httpcore.HTTPProxy(
        url, proxy_auth=login, proxy_ssl_context=context, **options, network_backend=backend
    )


def send_by_proxy(
    pool: httpcore.ConnectionPool, proxy: Proxy, message: httpcore.Request
) -> httpcore.Response:
    """Send a request by the proxy's pool. Raises ProxyError, and what the pool raises."""
    try:
        answer = pool.handle_request(message)
    except ProxyError:
        raise
    except httpcore.ProxyError as refusal:
        raise _refusal(proxy, str(refusal)) from refusal
    except Exception as fault:
        if proxy.is_socks and _is_of_socks(fault):
            reason = "does not speak SOCKS 5"
            raise ProxyError(proxy.name, fault, reason=reason) from fault
        raise
    if answer.status == PROXY_WANTS_LOGIN:
        answer.close()
        raise ProxyError(proxy.name, status=answer.status)
    return answer


def _refusal(proxy: Proxy, text: str) -> ProxyError:
    """Read httpcore's sentence: it begins with the status of an HTTP proxy."""
    if not proxy.is_socks:
        return ProxyError(proxy.name, status=status_in(text))
    if text.startswith(_SOCKS_LOGIN):
        reason = "requires a username and a password, or refuses these"
        return ProxyError(proxy.name, status=PROXY_WANTS_LOGIN, reason=reason)
    said = text.rpartition(": ")[2].rstrip(".").lower()
    return ProxyError(proxy.name, reason=f"cannot connect to it: {said}")


def status_in(text: str) -> int:
    """Return the status at the beginning of httpcore's sentence; 502 if there is none."""
    status = text[:3]
    return int(status) if status.isascii() and status.isdigit() else int(HTTPStatus.BAD_GATEWAY)


def _is_of_socks(fault: Exception) -> bool:
    """Whether socksio, or httpcore's use of it, did not understand the proxy's bytes."""
    is_by_socksio = type(fault).__module__.partition(".")[0] == "socksio"
    return is_by_socksio or isinstance(fault, AssertionError | LookupError)


class _ProxyBackend(DeadlineBackend):
    """Connects to a proxy, and says so when that fails."""

    def __init__(self, deadline: Deadline, reuse: KeepAlivePolicy, proxy: Proxy) -> None:
        super().__init__(deadline, reuse)
        self._proxy = proxy

    def connect_tcp(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        try:
            stream = super().connect_tcp(*arguments, **options)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as fault:
            raise ProxyError(self._proxy.name, fault) from fault
        return _EncryptedLater(stream, self._proxy.name) if self._proxy.is_encrypted else stream


class _EncryptedLater(httpcore.NetworkStream):
    """A connection to an ``https://`` proxy before its handshake, whose faults are the proxy's."""

    def __init__(self, stream: httpcore.NetworkStream, name: str) -> None:
        self._stream = stream
        self._name = name

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            return self._stream.start_tls(ssl_context, server_hostname, timeout)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as fault:
            raise ProxyError(self._name, fault) from fault

    def close(self) -> None:
        self._stream.close()
