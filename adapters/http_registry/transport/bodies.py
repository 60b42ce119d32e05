"""Bodies of answers: read as they came on the wire, and never more than was meant to be read."""

import contextlib

import httpcore

from manyfest.adapters.http_registry.transport.network_backend import DeadlineStream
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import ProtocolError

_PLAIN_ENCODINGS = ("", "identity")

# Enough to keep a connection for the next request; whoever sends more, or takes longer, loses it.
_LEFTOVER_LIMIT = 64 * 1024
_LEFTOVER_SECONDS = 1.0

_BREAKS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


class TooLargeError(Exception):
    """The body is, or says that it is, larger than the limit."""


def read_limited(response: httpx.Response, limit: int) -> bytes:
    """All of the body, at most ``limit`` bytes. Raises TooLargeError as early as it can."""
    if (announced_size(response) or 0) > limit:
        raise TooLargeError
    data = read_prefix(response, limit + 1)
    if len(data) > limit:
        raise TooLargeError
    return data


def read_prefix(response: httpx.Response, limit: int) -> bytes:
    """The body's first ``limit`` bytes."""
    data = bytearray()
    _fill(data, response, limit)
    return bytes(data[:limit])


def read_what_arrived(response: httpx.Response, limit: int) -> bytes:
    """As ``start``, but where the body breaks off, what has come: to explain a status will do."""
    data = bytearray()
    with contextlib.suppress(*_BREAKS):
        _fill(data, response, limit)
    return bytes(data[:limit])


def drain(response: httpx.Response) -> None:
    """Done with this answer: read what little is left, so that the connection can be kept."""
    is_short = (announced_size(response) or 0) <= _LEFTOVER_LIMIT
    if not response.is_stream_consumed and (is_short or response.request.method == "HEAD"):
        stream = response.extensions.get("network_stream")
        if isinstance(stream, DeadlineStream):
            stream.finish_within(_LEFTOVER_SECONDS)
        read_what_arrived(response, _LEFTOVER_LIMIT)
    response.close()


def announced_size(response: httpx.Response) -> int | None:
    """``Content-Length``; None when there is none."""
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None  # noqa: PLR2004


def require_identity_encoding(response: httpx.Response, host: str, subject: str) -> None:
    """Raises ProtocolError for a web page and for a compressed body: we asked for neither."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in _PLAIN_ENCODINGS:
        raise ProtocolError(host, f"{subject}: {host} sends a compressed body ({encoding[:20]!a})")
    if is_html(response):
        raise ProtocolError(host, f"{subject}: {host} sends a web page, not a registry answer")


def is_html(response: httpx.Response) -> bool:
    """Whether the answer calls itself HTML: a login page, a captive portal, a proxy's word."""
    return str(response.headers.get("content-type", "")).strip().lower().startswith("text/html")


def _fill(data: bytearray, response: httpx.Response, limit: int) -> None:
    for chunk in response.iter_raw():
        data += chunk
        if len(data) >= limit:
            return
