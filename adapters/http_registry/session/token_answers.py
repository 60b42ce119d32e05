"""Answers of a token server: the token in one, or the error that explains why there is none."""

from collections.abc import Iterable
from http import HTTPStatus

from manyfest.adapters.http_registry.auth import bearer
from manyfest.adapters.http_registry.auth.authorizer import Authorizer
from manyfest.adapters.http_registry.auth.bearer import Token, TokenRequest
from manyfest.adapters.http_registry.session import redirects
from manyfest.adapters.http_registry.session.error_responses import error_for_response, error_text
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import ProtocolError

# Of credentials, and of people without any.
_REJECTIONS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def token_in(
    response: httpx.Response,
    wanted: TokenRequest,
    subject: str,
    authorizer: Authorizer,
    secrets: Iterable[str],
) -> Token:
    """Read the token that answers ``wanted``; ``secrets`` are masked in errors.

    Raises UnauthorizedError, which names the registry: login is there; ProtocolError: no token;
    as ``error_for_response``: another status.
    """
    server, credentials = wanted.realm.host, wanted.credentials
    hidden = (*secrets, *(credentials.secrets if credentials else ()))
    if response.status_code in (_REJECTIONS if credentials else _REFUSALS):
        words = error_text(response, hidden)
        said = f"{'by' if credentials else 'so'} its token server {server}"
        said = f"{said}: {words}" if words else said
        raise authorizer.rejected_error(subject, credentials, said)
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        raise error_for_response(response, server, f"{subject}: token server", hidden)
    if reason := _no_token_reason(response):
        raise ProtocolError(server, f"{subject}: the token server {server} {reason}")
    try:
        return bearer.parse_token(bodies.read_limited(response, bearer.SIZE_LIMIT), server)
    except bodies.TooLargeError as error:
        reason = f"answers more than {bearer.SIZE_LIMIT} bytes"
        raise ProtocolError(server, f"{subject}: the token server {server} {reason}") from error
    except ProtocolError as error:
        raise ProtocolError(server, f"{subject}: {error}") from error


def _no_token_reason(response: httpx.Response) -> str:
    """Return why an answer that is no error has no token; empty if it may have one."""
    if redirects.is_redirect(response):
        return f"redirects ({response.status_code}), where no token is asked for"
    if response.status_code != HTTPStatus.OK:
        return f"answers {response.status_code} and no token"
    return "sends a web page, not a token" if bodies.is_html(response) else ""
