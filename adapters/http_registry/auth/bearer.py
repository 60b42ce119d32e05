"""Bearer tokens: the request to a token server, and its answer (distribution, token/). Pure."""

import base64
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from attr import field

from manyfest.adapters.http_registry.auth import scope as scopes
from manyfest.adapters.http_registry.auth.realm_policy import Realm
from manyfest.domain.access import Credentials, Scopes, scope_texts
from manyfest.domain.encoding.strict_json import Json, parse_object
from manyfest.domain.errors import DocumentError, ProtocolError
from manyfest.domain.values import frozen

SIZE_LIMIT = 128 * 1024

_CLIENT_ID = "manyfest"
_SHORTEST_SECONDS = 60.0  # token/jwt.md: "no less than 60 seconds"
_LONGEST_SECONDS = 24 * 3600.0
_HEADER_SAFE = re.compile(r"[!-~]+")


@frozen
class TokenRequest:
    """An HTTP request to a token server; all but method and realm may hold secrets."""

    method: str
    realm: Realm
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    credentials: Credentials | None = field(default=None, repr=False)


@frozen
class Token:
    """A bearer token, its life in seconds from now, and the ``scope`` of the answer."""

    value: str = field(repr=False)
    seconds: float
    scope: str = ""

    @property
    def granted(self) -> Scopes | None:
        """The granted scopes, from the answer or a JWT's claims; None if neither tells."""
        return scopes.parse(self.scope) if self.scope else _granted_by_claims(self.value)


def token_request(
    realm: Realm, service: str, wanted: Scopes, credentials: Credentials | None
) -> TokenRequest:
    """Build the request: GET, with a password if any; OAuth 2 POST for an identity token."""
    if credentials is not None and credentials.identity_token:
        return _refresh(realm, service, wanted, credentials)
    query = [("service", service)] if service else []
    query += [("scope", text) for text in scope_texts(wanted)]
    joint = "&" if "?" in realm.url else "?"
    headers = {"Authorization": basic_header(credentials)} if credentials is not None else {}
    url = f"{realm.url}{joint}{urlencode(query)}" if query else realm.url
    return TokenRequest("GET", realm, url, headers, credentials=credentials)


def _refresh(realm: Realm, service: str, wanted: Scopes, credentials: Credentials) -> TokenRequest:
    form = {
        "grant_type": "refresh_token",
        "service": service,
        "client_id": _CLIENT_ID,
        "scope": " ".join(scope_texts(wanted)),
        "refresh_token": credentials.identity_token,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode()
    return TokenRequest("POST", realm, realm.url, headers, body, credentials)


def secrets_in(credentials: Credentials) -> tuple[str, ...]:
    """Return the secrets, and the pair of name and password in the Basic header."""
    pair = basic_header(credentials).partition(" ")[2]
    return (*credentials.secrets, pair) if credentials.password else credentials.secrets


def basic_header(credentials: Credentials) -> str:
    """Return the ``Authorization`` for name and password (RFC 7617), their bytes as in the file."""
    pair = f"{credentials.username}:{credentials.password}".encode(errors="surrogateescape")
    return f"Basic {base64.b64encode(pair).decode()}"


def parse_token(data: bytes, server: str) -> Token:
    """Parse an answer's token: ``token``, or ``access_token`` as OAuth 2 calls it.

    Raises ProtocolError: not a JSON object, no token, or one that no header can carry.
    """
    try:
        answer = parse_object(data, server)
    except DocumentError as error:
        raise ProtocolError(server, f"the token server's answer: {error}") from error
    value = answer.get("token") or answer.get("access_token")
    if not isinstance(value, str):
        raise ProtocolError(server, f"the token server {server} answers without a token")
    if _HEADER_SAFE.fullmatch(value) is None:
        raise ProtocolError(server, f"the token server {server} gives a token with odd characters")
    scope = answer.get("scope")
    return Token(value, _seconds(answer.get("expires_in")), scope if isinstance(scope, str) else "")


def _seconds(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _SHORTEST_SECONDS
    return float(min(max(value, _SHORTEST_SECONDS), _LONGEST_SECONDS))


def _granted_by_claims(token: str) -> Scopes | None:
    """Parse a JWT's ``access`` (distribution, token/jwt.md), unverified: it is only shown."""
    _, _, rest = token.partition(".")
    claims, dot, _ = rest.partition(".")
    try:
        padded = claims + "=" * (-len(claims) % 4)
        access = parse_object(base64.urlsafe_b64decode(padded), "").get("access") if dot else None
        if not isinstance(access, list):
            return None
        return frozenset(
            (f"{entry['type']}:{entry['name']}", str(action))
            for entry in access
            for action in entry["actions"]
        )
    except (ValueError, DocumentError, KeyError, TypeError):
        return None
