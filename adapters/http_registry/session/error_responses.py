"""Error responses: from an unexpected response to the error that explains it.

A registry's message is shown, but as untrusted text: shortened, in one line, without control
characters and without the secrets that we sent.
"""

import base64
import binascii
import contextlib
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

from manyfest.adapters.endpoint import subject_at_host
from manyfest.adapters.http_registry.auth.masking import masked
from manyfest.adapters.http_registry.reliability.retry import TransientError, retry_after
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import (
    DeniedError,
    ManyfestError,
    ProtocolError,
    RateLimitedError,
    RefusedError,
    ServerError,
    UnauthorizedError,
    shortened,
)

_READ_LIMIT = 64 * 1024
_SHOWN_LIMIT = 300

_TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


def error_for_response(
    response: httpx.Response, host: str, subject: str, secrets: Iterable[str] = ()
) -> Exception:
    """Build the error for an unexpected ``response``; TransientError if the status may pass.

    ``secrets`` are masked, and so is ``Authorization`` of the request. Name those that were in its
    body or in headers of the user's.
    """
    status = response.status_code
    # The body of a success is no message but the content; a token server's is a token.
    said = error_text(response, secrets) if status >= HTTPStatus.BAD_REQUEST else ""
    build, sentence = _kind(status, host)
    message = f"{subject_at_host(subject, host)}: {sentence}{': ' if said else ''}{said}"
    if status in _TRANSIENT_STATUSES:
        wait = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
        return TransientError(build, message, wait)
    return build(message=message)


def _kind(status: int, host: str) -> tuple[Callable[..., ManyfestError], str]:
    """Return the error's class, and its sentence: docker's, where docker has one."""
    if status == HTTPStatus.UNAUTHORIZED:
        return partial(UnauthorizedError, host), "unauthorized"
    if status == HTTPStatus.FORBIDDEN:
        return partial(DeniedError, host), "denied"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return partial(RateLimitedError, host), "toomanyrequests"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        sentence = f"received unexpected HTTP status: {_with_phrase(status)}"
        return partial(ServerError, host, status=status), sentence
    if status >= HTTPStatus.BAD_REQUEST:
        return partial(RefusedError, host, status=status), f"refused ({_with_phrase(status)})"
    return partial(ProtocolError, host), f"no registry answers {_with_phrase(status)} to this"


def _with_phrase(status: int) -> str:
    with contextlib.suppress(ValueError):
        return f"{status} {HTTPStatus(status).phrase}"
    return str(status)


def error_text(response: httpx.Response, secrets: Iterable[str] = ()) -> str:
    """Extract a message from the body: the registry's error list, or else the text itself."""
    if bodies.is_html(response):
        return "a web page, not a registry answer"
    text = bodies.read_what_arrived(response, _READ_LIMIT).decode("utf-8", "replace")
    said = _errors_in(text) or text
    said = masked(said, (*secrets, *_secrets_of(response.request)))
    return shortened(_one_line(said), _SHOWN_LIMIT)


def _errors_in(text: str) -> str:
    """Format the distribution-spec's errors as ``code: message: detail``; empty if none."""
    try:
        errors: Json = json.loads(text)["errors"]
        return "; ".join(filter(None, (": ".join(_words_of(error)) for error in errors)))
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def _words_of(error: Json) -> list[str]:
    """Return code, message, and a ``detail`` that is a text or a digest: the missing child."""
    if not isinstance(error, dict):
        return []
    detail = error.get("detail")
    if isinstance(detail, dict):  # distribution 2 has a text here, others an object
        detail = detail.get("digest") or detail.get("Digest")
    words = (error.get("code"), error.get("message"), detail)
    return [word for word in words if isinstance(word, str) and word]


def _one_line(text: str) -> str:
    joined = " ".join(text.split())
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in joined
    )


def _secrets_of(request: httpx.Request) -> list[str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    found = [value]
    if scheme == "Basic":
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            found.append(base64.b64decode(value).decode().partition(":")[2])
    return [secret for secret in found if secret]
