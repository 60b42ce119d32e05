"""Redirects: where an answer to GET or HEAD may send us, and what goes along. Pure.

Credentials and everything else that is ours stay with the registry's own origin (scheme, host and
port: GHSA-vh4v-2xq2-g5cg), and nothing leads from https to http.
"""

import re
from collections.abc import Mapping

from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import ProtocolError

LIMIT = 10
_STATUSES = frozenset({301, 302, 303, 307, 308})
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_HARMLESS = ("accept", "range", "content-type", "content-length")


def is_redirect(response: httpx.Response) -> bool:
    """Whether the answer sends us elsewhere."""
    return response.status_code in _STATUSES


def redirect_target(response: httpx.Response, host: str, subject: str) -> httpx.URL:
    """The URL in ``Location``, without fragment: what is added to it would be part of that.

    Raises ProtocolError: none, not http(s), or from https to http.
    """
    source = response.request.url
    location = response.headers.get("location", "")
    try:
        url = source.join(location)
    except (httpx.InvalidURL, ValueError):  # the latter for brackets of no IPv6 address
        url = httpx.URL()
    is_web = url.scheme in ("http", "https") and _HOST.fullmatch(url.host)
    if not location or not is_web or url.userinfo:
        raise ProtocolError(host, f"{subject}: {host} sends us on to no usable address")
    if source.scheme == "https" and url.scheme == "http":
        raise ProtocolError(host, f"{subject}: {host} sends us on from https to plain http")
    return url.copy_with(fragment=None)


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Scheme, host and port."""
    return _origin(one) == _origin(other)


def cross_origin_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What of the headers any server may see."""
    return {name: value for name, value in headers.items() if name.lower() in _HARMLESS}


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)
