"""Error responses: from an unexpected response to the error that explains it.

A registry's message is shown, but as untrusted text: shortened, in one line, without control
characters and without the secrets that we sent.
"""

import base64
import binascii
import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

from manyfest.adapters.endpoint import subject_at_host
from manyfest.adapters.http_registry.auth.masking import masked
from manyfest.adapters.http_registry.reliability.retry import TransientError, retry_after
from manyfest.adapters.http_registry.session import redirects
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain import manifests
from manyfest.domain.errors import (
    AccessError,
    DeniedError,
    DocumentError,
    IntegrityError,
    ManifestUnknownError,
    ManyfestError,
    ProtocolError,
    RateLimitedError,
    RefusedError,
    ServerError,
    UnauthorizedError,
    reason_text,
    shortened,
)

_READ_LIMIT = 64 * 1024
_SHOWN_LIMIT = 300

_CHALLENGE_ERROR = r'\berror(?:_description)?="([^"]*)"'

# After these of a HEAD and a GET it is unknown what a tag or digest has, and a PUT may work: rights
# to push and none to pull, a policy about the image of today, one that is damaged or of schema 1.
TELLING_NOTHING = (
    ManifestUnknownError,
    AccessError,
    RefusedError,
    ProtocolError,
    ServerError,
    DocumentError,
    IntegrityError,
)

# Errors that may come of an Accept header that a server did not understand.
MISREADINGS = (RefusedError, ManifestUnknownError, DocumentError)
_MISREADING_STATUSES = (HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
_ABOUT_TYPES = "(?i)accept|media.?type|content.?type|mime"

# Statuses that ask for another HEAD later; the others of a HEAD are for a GET to explain.
TRY_AGAIN = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)

_DIGEST_REFUSED = "DIGEST_INVALID"  # distribution-spec, "Error Codes"

_WRITING_METHODS = ("POST", "PUT", "PATCH")

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
    if status == HTTPStatus.METHOD_NOT_ALLOWED and response.request.method in _WRITING_METHODS:
        sentence, said = f"{host} does not accept pushes (405)", _beyond_method(said)
    if redirects.is_redirect(response):  # GET and HEAD follow them
        sentence = _redirected(response, host)
    message = f"{subject_at_host(subject, host)}: {sentence}{': ' if said else ''}{said}"
    if status in _TRANSIENT_STATUSES:
        wait = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
        return TransientError(build, message, wait, host=host, reason=sentence)
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


def _redirected(response: httpx.Response, host: str) -> str:
    to = f" to {origin}" if (origin := redirects.origin_in(response)) else ""
    return f"{host} redirects writes{to} ({response.status_code}), which are not followed"


def _beyond_method(said: str) -> str:
    """Return what a body says beyond the status 405; empty if nothing."""
    return "" if said.rstrip(".").lower() == "method not allowed" else said


def _with_phrase(status: int) -> str:
    with contextlib.suppress(ValueError):
        return f"{status} {HTTPStatus(status).phrase}"
    return str(status)


def shows_misreading(error: ManyfestError) -> bool:
    """Return whether the server did not understand which types we take.

    Schema 1 is what old registries convert an image to for clients that seem to be older still.
    """
    match error:
        case RefusedError(status=HTTPStatus.BAD_REQUEST):
            return re.search(_ABOUT_TYPES, reason_text(error)) is not None
        case RefusedError(status=status):
            return status in _MISREADING_STATUSES
        case ManifestUnknownError(reason=reason):
            return re.search(_ABOUT_TYPES, reason) is not None
        case DocumentError(reason=reason):
            return reason == manifests.SCHEMA_1_REASON
    return False


def is_absence_after(first: ManyfestError, error: ManyfestError) -> bool:
    """Return whether ``error`` is a plain 404 of a server that has another answer for types."""
    is_plain = isinstance(error, ManifestUnknownError) and not shows_misreading(error)
    return is_plain and not isinstance(first, ManifestUnknownError)


def passing_refusal(error: Exception) -> Exception:
    """Return an error that is tried again if a registry refuses a digest of ours.

    Our digests are right. docker-registry answers so while another push writes the link of the
    same blob or manifest into the repository: it empties that file first, and reads it meanwhile.
    """
    if not isinstance(error, RefusedError) or _DIGEST_REFUSED not in str(error):
        return error
    build = partial(RefusedError, error.host, status=error.status)
    reason = "the registry cannot read a digest"
    return TransientError(build, str(error), host=error.host, reason=reason)


def error_text(response: httpx.Response, secrets: Iterable[str] = ()) -> str:
    """Extract a message from the body: all its errors, or else the text itself."""
    if bodies.is_html(response):
        return "a web page, not a registry answer"
    if bodies.is_compressed(response):
        return "a compressed body that was not asked for"
    from manyfest.adapters.http_registry.session.error_bodies import errors_in

    text = _read_text(response)
    said = tuple(error.text for error in errors_in(text)) or (text or _challenge_text(response),)
    return _presentable(said, response, secrets)


@contextlib.contextmanager
def telling(said: str) -> Iterator[None]:
    """Add what the server ``said`` to an error about the login that is raised inside."""
    try:
        yield
    except UnauthorizedError as error:
        if not said:
            raise
        raise UnauthorizedError(error.host, f"{error}: {said}") from error


def not_found_text(response: httpx.Response, secrets: Iterable[str] = ()) -> str:
    """Extract what the body of a 404 says beyond the status; empty if nothing."""
    if bodies.is_html(response):
        return ""
    from manyfest.adapters.http_registry.session.error_bodies import errors_in

    said = (error.beyond_not_found for error in errors_in(_read_text(response)))
    return _presentable(tuple(filter(None, said)), response, secrets)


def presentable(text: str, secrets: Iterable[str]) -> str:
    """Return foreign ``text`` masked, in one line, and shortened."""
    return shortened(_one_line(masked(text, secrets)), _SHOWN_LIMIT)


def _presentable(texts: tuple[str, ...], response: httpx.Response, secrets: Iterable[str]) -> str:
    from manyfest.adapters.http_registry.session.error_bodies import joined

    hidden = (*secrets, *_secrets_of(response.request))
    lines = tuple(_one_line(masked(text, hidden)) for text in texts)
    return shortened(joined(lines, _SHOWN_LIMIT - len("; and 999 more")), _SHOWN_LIMIT)


def _challenge_text(response: httpx.Response) -> str:
    """Extract what a challenge says of a refused token (RFC 6750 §3)."""
    header = ", ".join(response.headers.get_list("www-authenticate"))[:_READ_LIMIT]
    return ": ".join(re.findall(_CHALLENGE_ERROR, header))


def _read_text(response: httpx.Response) -> str:
    return bodies.read_reason(response, _READ_LIMIT).decode("utf-8", "replace")


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
