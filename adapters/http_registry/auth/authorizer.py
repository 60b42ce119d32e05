"""Authorisation at one registry host: nothing until it is asked for, then in advance.

A registry asks by a 401 with challenges. What it asked for last is remembered, and tokens are kept
per credentials and set of scopes, each fetched once however many threads want it (distribution,
token/jwt.md). Repositories of one host may have different credentials; their tokens never mix.
"""

import threading
from collections.abc import Callable
from time import monotonic

from attrs import frozen

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.endpoint import Endpoint
from manyfest.adapters.http_registry.auth import bearer as tokens
from manyfest.adapters.http_registry.auth import realm_policy as realms
from manyfest.adapters.http_registry.auth import scope as scopes
from manyfest.adapters.http_registry.auth.bearer import Token, TokenRequest
from manyfest.adapters.http_registry.auth.challenge import Challenge
from manyfest.adapters.http_registry.reliability.retry import TransientError
from manyfest.adapters.http_registry.session.error_responses import subject_at_host
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.single_flight import SingleFlight
from manyfest.domain.access import AuthExplanation, Credentials, Scopes, TokenScopes
from manyfest.domain.errors import ManyfestError, UnauthorizedError
from manyfest.domain.references import Repository

# Taken off a token's life, for the time that requests travel.
_TRAVEL_SECONDS = 5.0

# Sends a token request; the text names what it is for.
Ask = Callable[[TokenRequest, str], Token]

# What a token was asked for with.
_Key = tuple[Credentials | None, Scopes]


@frozen
class _KnownChallenge:
    """A challenge, and whether it was made to an earlier command only: read and set as one."""

    challenge: Challenge
    is_presumed: bool = False


@frozen
class _CachedToken:
    token: Token
    ends_at: float

    @property
    def header(self) -> str:
        return f"Bearer {self.token.value}"


class Authorizer:
    """Finds the ``Authorization`` for requests to ``registry``. Thread-safe.

    The challenge that is ``presumed`` was made to an earlier command. It is answered in advance as
    if it had been made to this one, by the same rules, and given up at the first trouble.
    """

    def __init__(
        self, registry: Endpoint, account: RegistryAuth, ask: Ask, presumed: Challenge | None = None
    ) -> None:
        self._registry = registry
        self._account = account
        self._ask = ask
        self._found: dict[str, Credentials | None] = {}
        self._wider: dict[Scopes, Scopes] = {}
        self._held: dict[_Key, _CachedToken] = {}
        self._finding = threading.Lock()
        self._flights: SingleFlight[str] = SingleFlight()
        self._asked = _KnownChallenge(presumed, is_presumed=True) if presumed else None
        self._asking = threading.Lock()
        self._sent_unasked: set[str] = set()

    def preemptive_header(self, message: RegistryRequest, *, is_plain: bool) -> str | None:
        """The header to send unasked; None as long as this host never asked."""
        asked = self._asked
        if asked is None:
            return None
        challenge = asked.challenge
        if asked.is_presumed:
            return self._presumably(challenge, message, is_plain=is_plain)
        if challenge.scheme == "basic" and self.credentials(message.repository) is None:
            return None  # another repository had some, this one may be open
        return self._header(challenge, message, is_plain=is_plain)

    def header_for_challenge(
        self,
        challenge: Challenge | None,
        message: RegistryRequest,
        *,
        refused: str | None,
        is_plain: bool,
    ) -> str:
        """The header that answers ``challenge``, after ``refused`` was sent in vain.

        Raises UnauthorizedError when there is nothing new to be sent, CredentialsError when what
        there is may not be sent.
        """
        if challenge is None:
            raise self._unauthorized(message.subject, "it does not say how it wants to be asked")
        asked_for = scopes.parse(challenge.get("scope"))
        self._wider[message.scopes] = self._with_learnt_scopes(message.scopes) | asked_for
        with self._asking:
            self._asked = _KnownChallenge(challenge)
        self._drop(refused)
        header = self._header(challenge, message, is_plain=is_plain)
        if header == refused:
            raise self.rejected_error(message.subject, self.credentials(message.repository))
        return header

    @property
    def challenge(self) -> Challenge | None:
        """What the host asks for, as far as we know."""
        asked = self._asked
        return asked.challenge if asked else None

    def forget_presumption(self, refused: str | None) -> bool:
        """Whether ``refused`` was sent on a presumption, which is given up herewith."""
        if refused not in self._sent_unasked:
            return False
        self._presume_nothing()
        self._drop(refused)
        return True

    def rejected_error(
        self, subject: str, credentials: Credentials | None, said: str = ""
    ) -> UnauthorizedError:
        """The error for a registry that still says 401, after it got all there is."""
        if credentials is None:
            reason = "no such repository, or none that may be used without credentials"
        else:
            source = f" from {credentials.source}" if credentials.source else ""
            reason = f"the credentials{source} were rejected"
        return self._unauthorized(subject, f"{reason}: {said}" if said else reason)

    def credentials(self, path: str) -> Credentials | None:
        """Those for this repository, looked up when first needed. Raises CredentialsError."""
        with self._finding:
            if path not in self._found:
                repository = Repository(self._registry.host, path)
                self._found[path] = self._account.credentials_for(repository)
            return self._found[path]

    def access(self, path: str) -> AuthExplanation:
        """How the host let us in to a repository so far."""
        challenge, credentials = self.challenge, self.credentials(path)
        return AuthExplanation(
            credentials=credentials,
            scheme=challenge.scheme if challenge else "",
            realm=challenge.get("realm") if challenge else "",
            tokens=tuple(
                TokenScopes(asked, held.token.granted)
                for (held_by, asked), held in self._held.items()
                if held_by == credentials
            ),
        )

    def _unauthorized(self, subject: str, reason: str) -> UnauthorizedError:
        host = self._registry.host
        return UnauthorizedError(host, f"{subject_at_host(subject, host)}: unauthorized: {reason}")

    def _presumably(
        self, challenge: Challenge, message: RegistryRequest, *, is_plain: bool
    ) -> str | None:
        try:
            header = self._header(challenge, message, is_plain=is_plain)
        except (ManyfestError, TransientError):  # the host will say what it wants by now
            self._presume_nothing()
            return None
        self._sent_unasked.add(header)
        return header

    def _presume_nothing(self) -> None:
        with self._asking:
            if self._asked and self._asked.is_presumed:
                self._asked = None

    def _header(self, challenge: Challenge, message: RegistryRequest, *, is_plain: bool) -> str:
        credentials = self.credentials(message.repository)
        if credentials is not None and credentials.registry_token:
            return f"Bearer {credentials.registry_token}"
        if challenge.scheme == "bearer":
            return self._bearer(challenge, message, credentials, is_plain=is_plain)
        if credentials is None or not credentials.username:
            raise self._unauthorized(message.subject, "no basic auth credentials")
        return tokens.basic_header(credentials)

    def _bearer(
        self,
        challenge: Challenge,
        message: RegistryRequest,
        credentials: Credentials | None,
        *,
        is_plain: bool,
    ) -> str:
        key = credentials, self._with_learnt_scopes(message.scopes)

        def fetch() -> str:
            held = self._usable(key)
            return held or self._fetch(challenge, key, message.subject, is_plain=is_plain)

        # Apart by realm: who knows what the host wants by now is not to share a presumption's fate.
        flight = challenge.get("realm"), key
        return self._usable(key) or self._flights.do(flight, fetch)

    def _fetch(self, challenge: Challenge, key: _Key, subject: str, *, is_plain: bool) -> str:
        credentials, full = key
        realm = realms.validate_realm(
            challenge.get("realm"),
            self._registry,
            registry_is_plain=is_plain,
            with_secret=credentials is not None,
            listed=self._account.realms,
        )
        request = tokens.token_request(realm, challenge.get("service"), full, credentials)
        token = self._ask(request, subject)
        held = self._held[key] = _CachedToken(token, monotonic() + token.seconds - _TRAVEL_SECONDS)
        return held.header

    def _usable(self, key: _Key) -> str | None:
        """A header that is held for these credentials and scopes, or more scopes."""
        (credentials, full), now = key, monotonic()
        for (held_by, held_for), held in list(self._held.items()):
            if held_by == credentials and held_for >= full and held.ends_at > now:
                return held.header
        return None

    def _with_learnt_scopes(self, wanted: Scopes) -> Scopes:
        return self._wider.get(wanted, wanted)

    def _drop(self, refused: str | None) -> None:
        for key, held in list(self._held.items()):
            if held.header == refused:
                self._held.pop(key, None)
