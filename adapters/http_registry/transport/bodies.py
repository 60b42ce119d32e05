"""Response bodies: read as they came on the wire, and never beyond a limit."""

import contextlib
from collections.abc import Iterator

import httpcore

from manyfest.adapters.http_registry.transport.network_backend import DeadlineStream
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain import manifests
from manyfest.domain.errors import DocumentError, NotFoundError, ProtocolError

_PLAIN_ENCODINGS = ("", "identity")

# Bytes and seconds spent on a rest in order to keep the connection; a longer rest closes it.
_LEFTOVER_LIMIT = 64 * 1024
_LEFTOVER_SECONDS = 1.0
_REASON_SECONDS = 5.0

_BREAKS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpx.TransportError,  # of a transport from outside
)


class TooLargeError(Exception):
    """The body is, or says that it is, larger than the limit."""


def read_limited(response: httpx.Response, limit: int) -> bytes:
    """Return the whole body, at most ``limit`` bytes. Raises TooLargeError as early as it can."""
    if (announced_size(response) or 0) > limit:
        raise TooLargeError
    data = read_prefix(response, limit + 1)
    if len(data) > limit:
        raise TooLargeError
    return data


def read_document(response: httpx.Response, subject: str) -> bytes:
    """Read a JSON document's bytes. Raises DocumentError: larger than a manifest may be."""
    try:
        return read_limited(response, manifests.SIZE_LIMIT)
    except TooLargeError as error:
        raise DocumentError(subject, f"larger than {manifests.SIZE_LIMIT} bytes") from error


def read_prefix(response: httpx.Response, limit: int) -> bytes:
    """Return the body's first ``limit`` bytes."""
    data = bytearray()
    _fill(data, response, limit)
    return bytes(data[:limit])


def read_what_arrived(response: httpx.Response, limit: int) -> bytes:
    """Return the body's first ``limit`` bytes, or what came before it broke off.

    Enough for the text that explains a status.
    """
    data = bytearray()
    with contextlib.suppress(*_BREAKS):
        _fill(data, response, limit)
    return bytes(data[:limit])


def read_reason(response: httpx.Response, limit: int) -> bytes:
    """Return the first ``limit`` bytes that come within seconds: the words beside a status.

    The status is known by then, and is not waited for any longer.
    """
    _finish_within(response, _REASON_SECONDS)
    return read_what_arrived(response, limit)


def drain(response: httpx.Response) -> None:
    """Finish with a response: read a short rest, so that the connection can be kept."""
    is_short = (announced_size(response) or 0) <= _LEFTOVER_LIMIT
    if not response.is_stream_consumed and (is_short or response.request.method == "HEAD"):
        _finish_within(response, _LEFTOVER_SECONDS)
        read_what_arrived(response, _LEFTOVER_LIMIT)
    response.close()
    # httpx's stream and response name each other, and so would hold what was sent and received, up
    # to 4 MiB, until cycles are collected, which is seldom here.
    response.stream = httpx.ByteStream(b"")


def _finish_within(response: httpx.Response, seconds: float) -> None:
    stream = response.extensions.get("network_stream")
    if isinstance(stream, DeadlineStream):
        stream.finish_within(seconds)


@contextlib.contextmanager
def ended_by_errors(response: httpx.Response) -> Iterator[None]:
    """Finish with the response if an error is raised."""
    try:
        yield
    except NotFoundError:
        drain(response)  # 404 is a usual answer, and the connection worth keeping
        raise
    except BaseException:
        response.close()
        raise


def announced_size(response: httpx.Response) -> int | None:
    """Return the bytes of ``Content-Length``; None when there is none."""
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None  # noqa: PLR2004


def require_identity_encoding(response: httpx.Response, host: str, subject: str) -> None:
    """Raise ProtocolError for a web page or a compressed body: we ask for neither."""
    if is_compressed(response):
        encoding = response.headers["content-encoding"].strip().lower()
        raise ProtocolError(host, f"{subject}: {host} sends a compressed body ({encoding[:20]!a})")
    if is_html(response):
        raise ProtocolError(host, f"{subject}: {host} sends a web page, not a registry answer")


def is_compressed(response: httpx.Response) -> bool:
    """Return whether the body is in an encoding, though we ask for none."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    return encoding not in _PLAIN_ENCODINGS


def is_html(response: httpx.Response) -> bool:
    """Return whether the response is HTML: a login page, a captive portal, a proxy's page."""
    return str(response.headers.get("content-type", "")).strip().lower().startswith("text/html")


def raw_chunks(response: httpx.Response, size: int | None = None) -> Iterator[bytes]:
    """Iterate over the body as it came on the wire, in pieces of ``size`` bytes or as they come.

    A transport from outside may have the body in memory already (``httpx.MockTransport``).
    """
    if response.is_stream_consumed:
        return iter((response.content,))
    return response.iter_raw(size)


def _fill(data: bytearray, response: httpx.Response, limit: int) -> None:
    for chunk in raw_chunks(response):
        data += chunk
        if len(data) >= limit:
            return
