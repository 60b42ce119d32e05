"""Authorisation at one registry host: nothing until it is asked for, then in advance.

A registry asks by a 401 with challenges. What it asked for last is remembered, and tokens are kept
per set of scopes, each fetched once however many threads want it (distribution, token/jwt.md).
"""

import threading
from collections.abc import Callable
from time import monotonic

from attrs import field, frozen

from manyfest.adapters.http_registry import realms, scopes, tokens
from manyfest.adapters.http_registry.challenges import Challenge
from manyfest.adapters.http_registry.credentials import Credentials, CredentialsFor
from manyfest.adapters.http_registry.endpoints import Endpoint
from manyfest.adapters.http_registry.flights import SingleFlight
from manyfest.adapters.http_registry.refusals import about
from manyfest.adapters.http_registry.scopes import Scopes
from manyfest.adapters.http_registry.tokens import Token, TokenRequest
from manyfest.domain.errors import UnauthorizedError

# Taken off a token's life, for the time that requests travel.
_TRAVEL_SECONDS = 5.0

# Sends a token request; the text names what it is for.
Ask = Callable[[TokenRequest, str], Token]


@frozen
class _Held:
    header: str = field(repr=False)
    ends_at: float


class Authorizer:
    """Finds the ``Authorization`` for requests to ``registry``. Thread-safe."""

    def __init__(self, registry: Endpoint, credentials_for: CredentialsFor, ask: Ask) -> None:
        self._registry = registry
        self._credentials_for = credentials_for
        self._ask = ask
        self._challenge: Challenge | None = None
        self._found: list[Credentials | None] = []
        self._wider: dict[Scopes, Scopes] = {}
        self._held: dict[Scopes, _Held] = {}
        self._finding = threading.Lock()
        self._flights: SingleFlight[str] = SingleFlight()

    def in_advance(self, wanted: Scopes, subject: str, *, is_plain: bool) -> str | None:
        """The header to send unasked; None as long as this host never asked."""
        if self._challenge is None:
            return None
        return self._header(self._challenge, wanted, subject, is_plain=is_plain)

    def answer(
        self,
        challenge: Challenge | None,
        wanted: Scopes,
        subject: str,
        *,
        refused: str | None,
        is_plain: bool,
    ) -> str:
        """The header that answers ``challenge``, after ``refused`` was sent in vain.

        Raises UnauthorizedError when there is nothing new to be sent, CredentialsError when what
        there is may not be sent.
        """
        if challenge is None:
            raise self._unauthorized(subject, "it does not say how it wants to be asked")
        self._wider[wanted] = self._widened(wanted) | scopes.parse(challenge.get("scope"))
        self._challenge = challenge
        self._drop(refused)
        header = self._header(challenge, wanted, subject, is_plain=is_plain)
        if header == refused:
            raise self.rejected(subject)
        return header

    def rejected(self, subject: str, said: str = "") -> UnauthorizedError:
        """The error for a registry that still says 401, after it got all there is."""
        credentials = self.credentials()
        if credentials is None:
            reason = "no such repository, or none that may be used without credentials"
        else:
            source = f" from {credentials.source}" if credentials.source else ""
            reason = f"the credentials{source} were rejected"
        return self._unauthorized(subject, f"{reason}: {said}" if said else reason)

    def credentials(self) -> Credentials | None:
        """Those for this host, looked up when first needed. Raises CredentialsError."""
        with self._finding:
            if not self._found:
                self._found.append(self._credentials_for(self._registry.host))
            return self._found[0]

    def _unauthorized(self, subject: str, reason: str) -> UnauthorizedError:
        host = self._registry.host
        return UnauthorizedError(host, f"{about(subject, host)}: unauthorized: {reason}")

    def _header(self, challenge: Challenge, wanted: Scopes, subject: str, *, is_plain: bool) -> str:
        credentials = self.credentials()
        if credentials is not None and credentials.registry_token:
            return f"Bearer {credentials.registry_token}"
        if challenge.scheme == "bearer":
            return self._bearer(challenge, wanted, subject, is_plain=is_plain)
        if credentials is None or not credentials.username:
            raise self._unauthorized(subject, "no basic auth credentials")
        return tokens.basic(credentials)

    def _bearer(self, challenge: Challenge, wanted: Scopes, subject: str, *, is_plain: bool) -> str:
        full = self._widened(wanted)

        def fetch() -> str:
            held = self._usable(full)
            return held or self._fetch(challenge, full, subject, is_plain=is_plain)

        return self._usable(full) or self._flights.share(full, fetch)

    def _fetch(self, challenge: Challenge, full: Scopes, subject: str, *, is_plain: bool) -> str:
        credentials = self.credentials()
        realm = realms.checked(
            challenge.get("realm"),
            self._registry,
            registry_is_plain=is_plain,
            with_secret=credentials is not None,
        )
        request = tokens.request_for(realm, challenge.get("service"), full, credentials)
        token = self._ask(request, subject)
        header = f"Bearer {token.value}"
        self._held[full] = _Held(header, monotonic() + token.seconds - _TRAVEL_SECONDS)
        return header

    def _usable(self, full: Scopes) -> str | None:
        """A header that is held for these scopes or more."""
        now = monotonic()
        for held_for, held in list(self._held.items()):
            if held_for >= full and held.ends_at > now:
                return held.header
        return None

    def _widened(self, wanted: Scopes) -> Scopes:
        return self._wider.get(wanted, wanted)

    def _drop(self, refused: str | None) -> None:
        for held_for, held in list(self._held.items()):
            if held.header == refused:
                self._held.pop(held_for, None)
