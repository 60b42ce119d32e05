"""Authorisation at one registry host: none until the host asks for it, then pre-emptively.

Theory of operation. What a host wants is in one of three states:

- *unknown*: it made no challenge yet. Requests leave without ``Authorization``.
- *presumed*: an earlier command was challenged, and realm and service are remembered. Requests are
  answered in advance, under the same rules as if the challenge had been made now. The presumption
  ends (back to *unknown*) if no token is to be had, or if the registry refuses what was sent. Only
  Bearer challenges are remembered, so that no password goes out on a presumption.
- *challenged*: this command got a 401. Its challenge is answered, and then in advance for every
  repository of the host, until another challenge replaces it.

The answer depends on the credentials of the repository. A registry token is sent as it is. A Bearer
challenge is answered with a token from the token server, anonymously if there are no credentials;
``realm_policy`` decides which server may be asked and whether it gets the credentials. A Basic
challenge is answered with name and password. After one, a repository without credentials is still
tried without, because it may be open. A source of credentials that fails counts as none: it must
not shut a person out of public images.

Tokens are cached by credentials and scopes (distribution, token/jwt.md). By credentials, because
repositories of one host may have different ones, and their tokens must never mix. By scopes,
because a token is good for these; a request may use a token of more scopes than it needs. Where a
challenge asks for more than we thought (``scope``, RFC 6750 §3), later requests ask for that at
once. A refused token is dropped; a header that was refused is not sent again in answer to that.

Single flight: at any time one token request at most runs per realm, credentials and scopes, and
all threads that want that token share its outcome, error included. Failures are not cached.

Only the challenge outlives the command (``host_facts``), without credentials and tokens.
"""

import threading
from collections.abc import Callable

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import REAL_CLOCK, Clock
from manyfest.adapters.endpoint import Endpoint, subject_at_host
from manyfest.adapters.http_registry.auth import bearer, realm_policy
from manyfest.adapters.http_registry.auth import scope as scopes
from manyfest.adapters.http_registry.auth.bearer import Token, TokenRequest
from manyfest.adapters.http_registry.auth.challenge import Challenge
from manyfest.adapters.http_registry.auth.scope import AccessRequest
from manyfest.adapters.http_registry.reliability.retry import TransientError
from manyfest.adapters.single_flight import SingleFlight
from manyfest.domain.access import AuthExplanation, Credentials, Scopes, TokenScopes
from manyfest.domain.errors import CredentialSourceError, ManyfestError, UnauthorizedError
from manyfest.domain.references import Repository
from manyfest.domain.values import frozen

# Taken off a token's life, for the time that requests travel.
_TRAVEL_SECONDS = 5.0

# Sends a token request; the text is the subject of its errors.
FetchToken = Callable[[TokenRequest, str], Token]

_TokenKey = tuple[Credentials | None, Scopes]


@frozen
class _KnownChallenge:
    """A challenge, and whether only an earlier command got it; one value, to be set atomically."""

    challenge: Challenge
    is_presumed: bool = False


@frozen
class _CachedToken:
    token: Token
    ends_at: float

    @property
    def header(self) -> str:
        return f"Bearer {self.token.value}"


@frozen
class _Lookup:
    """The credentials for a repository; None, and why, where their source failed."""

    credentials: Credentials | None
    failure: CredentialSourceError | None = None


class Authorizer:
    """Finds the ``Authorization`` header for requests to one registry host. Thread-safe.

    ``presumed`` is the challenge that an earlier command got, if any.
    """

    def __init__(
        self,
        registry: Endpoint,
        auth: RegistryAuth,
        fetch_token: FetchToken,
        presumed: Challenge | None = None,
        clock: Clock = REAL_CLOCK,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self.secrets: set[str] = set()  # all that was used so far, which no message may show
        self._auth = auth
        self._fetch_token = fetch_token
        self._known = _KnownChallenge(presumed, is_presumed=True) if presumed else None
        self._known_lock = threading.Lock()
        self._presumed_headers: set[str] = set()
        self._lookups: dict[str, _Lookup] = {}
        self._credentials_lock = threading.Lock()
        self._learnt_scopes: dict[Scopes, Scopes] = {}
        self._tokens: dict[_TokenKey, _CachedToken] = {}
        self._flights: SingleFlight[str] = SingleFlight()

    def preemptive_header(self, access: AccessRequest, *, is_plain: bool) -> str | None:
        """Return the header to send before any challenge; None if the host never made one."""
        known = self._known
        if known is None:
            return None
        challenge = known.challenge
        if known.is_presumed:
            return self._presumed_header(challenge, access, is_plain=is_plain)
        if challenge.scheme == "basic" and self.credentials(access.repository) is None:
            return None  # the challenge was another repository's, and this one may be open
        return self._header(challenge, access, is_plain=is_plain)

    def header_for_challenge(
        self,
        challenge: Challenge | None,
        access: AccessRequest,
        *,
        refused: str | None,
        is_plain: bool,
        asked: str = "",
    ) -> str:
        """Return the header that answers ``challenge``, made after ``refused`` was sent.

        Raises UnauthorizedError: there is nothing new to send; CredentialsError: the credentials
        must not be sent to that token server.
        """
        if challenge is None:
            reason = f"it does not name a known authentication scheme{asked}"
            raise self._unauthorized(access.subject, reason)
        challenged = scopes.parse(challenge.get("scope"))
        self._learnt_scopes[access.scopes] = self._with_learnt_scopes(access.scopes) | challenged
        with self._known_lock:
            self._known = _KnownChallenge(challenge)
        self._drop(refused)
        header = self._header(challenge, access, is_plain=is_plain)
        if header == refused:
            raise self.rejected_error(access.subject, self.credentials(access.repository))
        return header

    @property
    def challenge(self) -> Challenge | None:
        """The challenge that the host makes, confirmed or presumed."""
        known = self._known
        return known.challenge if known else None

    def forget_presumption(self, refused: str | None) -> bool:
        """Forget the presumed challenge if ``refused`` was sent because of it; tell whether."""
        if refused not in self._presumed_headers:
            return False
        self._presume_nothing()
        self._drop(refused)
        return True

    def rejected_error(
        self, subject: str, credentials: Credentials | None, said: str = ""
    ) -> UnauthorizedError:
        """Build the error for a registry that still answers 401 to all we have."""
        if credentials is None:
            reason = "no such repository, or none that may be used without credentials"
        else:
            source = f" from {credentials.source}" if credentials.source else ""
            reason = f"the credentials{source} were rejected"
        return self._unauthorized(subject, f"{reason}: {said}" if said else reason)

    def credentials(self, path: str) -> Credentials | None:
        """Return a repository's credentials, looked up once; None where their source fails."""
        return self._lookup(path).credentials

    def failed_source(self, path: str) -> CredentialSourceError | None:
        """Return the error of the source that should have credentials, None without a look-up."""
        return self._lookups[path].failure if path in self._lookups else None

    def is_anonymous(self, path: str) -> bool:
        """Return whether a repository has no credentials, or was asked for without a look-up."""
        return path not in self._lookups or self._lookups[path].credentials is None

    def explain(self, path: str) -> AuthExplanation:
        """Explain how the host has authorised requests for a repository so far."""
        challenge, credentials = self.challenge, self.credentials(path)
        return AuthExplanation(
            credentials=credentials,
            scheme=challenge.scheme if challenge else "",
            realm=challenge.get("realm") if challenge else "",
            failure=self.failed_source(path),
            tokens=tuple(
                TokenScopes(requested, cached.token.granted)
                for (owner, requested), cached in self._tokens.items()
                if owner == credentials
            ),
        )

    def _lookup(self, path: str) -> _Lookup:
        with self._credentials_lock:
            if path not in self._lookups:
                self._lookups[path] = self._look_up(Repository(self._registry.host, path))
            return self._lookups[path]

    def _look_up(self, repository: Repository) -> _Lookup:
        try:
            found = self._auth.credentials_for(repository)
            self.secrets.update(bearer.secrets_in(found) if found else ())
            return _Lookup(found)
        except CredentialSourceError as error:
            self._auth.on_failure(error)
            return _Lookup(None, error)

    def _unauthorized(self, subject: str, reason: str) -> UnauthorizedError:
        host = self._registry.host
        return UnauthorizedError(host, f"{subject_at_host(subject, host)}: unauthorized: {reason}")

    def _presumed_header(
        self, challenge: Challenge, access: AccessRequest, *, is_plain: bool
    ) -> str | None:
        try:
            header = self._header(challenge, access, is_plain=is_plain)
        except (ManyfestError, TransientError):  # the host's own challenge will tell what it wants
            self._presume_nothing()
            return None
        self._presumed_headers.add(header)
        return header

    def _presume_nothing(self) -> None:
        with self._known_lock:
            if self._known and self._known.is_presumed:
                self._known = None

    def _header(self, challenge: Challenge, access: AccessRequest, *, is_plain: bool) -> str:
        credentials = self.credentials(access.repository)
        if credentials is not None and credentials.registry_token:
            return f"Bearer {credentials.registry_token}"
        if challenge.scheme == "bearer":
            return self._bearer_header(challenge, access, credentials, is_plain=is_plain)
        if credentials is None or not credentials.username:
            raise self._unauthorized(access.subject, "no basic auth credentials")
        return bearer.basic_header(credentials)

    def _bearer_header(
        self,
        challenge: Challenge,
        access: AccessRequest,
        credentials: Credentials | None,
        *,
        is_plain: bool,
    ) -> str:
        key = credentials, self._with_learnt_scopes(access.scopes)

        def fetch() -> str:
            cached = self._cached_header(key)  # of a flight that has just ended
            return cached or self._fetch_header(challenge, key, access.subject, is_plain=is_plain)

        # Keyed by realm as well, so that a caller with a confirmed challenge never joins a fetch
        # that was started on a presumed one and may fail.
        flight = challenge.get("realm"), key
        return self._cached_header(key) or self._flights.do(flight, fetch)

    def _fetch_header(
        self, challenge: Challenge, key: _TokenKey, subject: str, *, is_plain: bool
    ) -> str:
        credentials, wanted = key
        realm = realm_policy.validate_realm(
            challenge.get("realm"),
            self._registry,
            registry_is_plain=is_plain,
            with_secret=credentials is not None,
            listed=self._auth.realms,
        )
        request = bearer.token_request(realm, challenge.get("service"), wanted, credentials)
        token = self._fetch_token(request, subject)
        cached = _CachedToken(token, self._clock.monotonic() + token.seconds - _TRAVEL_SECONDS)
        self.secrets.add(token.value)
        self._tokens[key] = cached
        return cached.header

    def _cached_header(self, key: _TokenKey) -> str | None:
        """Return the header of a live token for these credentials and at least these scopes."""
        (credentials, wanted), now = key, self._clock.monotonic()
        for (owner, requested), cached in list(self._tokens.items()):
            if owner == credentials and requested >= wanted and cached.ends_at > now:
                return cached.header
        return None

    def _with_learnt_scopes(self, wanted: Scopes) -> Scopes:
        return self._learnt_scopes.get(wanted, wanted)

    def _drop(self, refused: str | None) -> None:
        for key, cached in list(self._tokens.items()):
            if cached.header == refused:
                self._tokens.pop(key, None)
