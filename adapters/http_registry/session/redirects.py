"""Redirects of GET and HEAD: allowed targets, and the headers for another origin. Pure.

Credentials and all other headers of the user's stay with the registry's own origin (scheme, host
and port: GHSA-vh4v-2xq2-g5cg), and no redirect leads from https to http.
"""

import re
from collections.abc import Mapping

from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import ProtocolError

LIMIT = 10
_STATUSES = frozenset({301, 302, 303, 307, 308})
_HOST = r"[A-Za-z0-9._:-]+"

# Before a library sees a URL: signed ones have some thousand characters, a host 253 (RFC 1035), and
# one that is not ASCII would cost IDNA's rules seconds (CVE-2024-3651).
_LENGTH_LIMIT = 16 * 1024
_AUTHORITY = r"(?:[A-Za-z][A-Za-z0-9+.-]*)?:?//([^/?#]*)"
_AUTHORITY_LIMIT = 300
_CROSS_ORIGIN_HEADERS = ("accept", "range", "content-type", "content-length", "content-range")


def is_redirect(response: httpx.Response) -> bool:
    """Return whether the response is a redirect."""
    return response.status_code in _STATUSES


def redirect_target(response: httpx.Response, host: str, subject: str) -> httpx.URL:
    """Return the URL in ``Location``, without its fragment, so that a query can be appended.

    Of a redirect, or of an upload that was opened. Raises ProtocolError: there is none, not
    http(s), with a user name, or from https to http.
    """
    source, url = response.request.url, _located(response)
    if not _is_web(url) or url.userinfo:
        leads = "redirects to" if is_redirect(response) else "opens an upload at"
        kind = "an unusable" if response.headers.get("location") else "no"
        raise ProtocolError(host, f"{subject}: {host} {leads} {kind} address (Location)")
    if source.scheme == "https" and url.scheme == "http":
        raise ProtocolError(host, f"{subject}: {host} redirects from https to plain http")
    return url.copy_with(fragment=None)


def origin_in(response: httpx.Response) -> str:
    """Return the origin in ``Location``, for messages; empty if it is not usable."""
    url = _located(response)
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}" if _is_web(url) else ""


def _located(response: httpx.Response) -> httpx.URL:
    location = response.headers.get("location", "")
    return joined(response.request.url, location) if location else httpx.URL()


def _is_web(url: httpx.URL) -> bool:
    return url.scheme in ("http", "https") and re.fullmatch(_HOST, url.host) is not None


def foreign_url(text: str) -> str | None:
    """Return the URL of a foreign layer, without its fragment; None if it is not to be asked.

    It comes from a manifest: only https, and no user name (CVE-2020-15157).
    """
    url = joined(httpx.URL(), text)
    if url.scheme != "https" or not re.fullmatch(_HOST, url.host) or url.userinfo:
        return None
    return str(url.copy_with(fragment=None))


def joined(base: httpx.URL, reference: str) -> httpx.URL:
    """Resolve a reference that a server sent (RFC 3986 §5.2); an empty URL if it is not sane."""
    if not _is_sane(reference):
        return httpx.URL()
    try:
        return base.join(reference)
    except (httpx.InvalidURL, ValueError):  # ValueError: brackets without an IPv6 address
        return httpx.URL()


def _is_sane(reference: str) -> bool:
    if len(reference) > _LENGTH_LIMIT:
        return False
    authority = re.match(_AUTHORITY, reference)
    return authority is None or (authority[1].isascii() and len(authority[1]) <= _AUTHORITY_LIMIT)


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Return whether scheme, host and port are equal."""
    return _origin(one) == _origin(other)


def cross_origin_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that any server may see."""
    return {name: value for name, value in headers.items() if name.lower() in _CROSS_ORIGIN_HEADERS}


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)
