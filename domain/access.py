"""Access to registries as values: credentials, scopes, and explanations.

No value shows a secret in its ``repr``.
"""

from collections.abc import Iterable
from datetime import timedelta

from attr import field

from manyfest.domain.errors import AccessError, CredentialSourceError, UnavailableError
from manyfest.domain.values import frozen


@frozen
class CredentialSource:
    """The origin of credentials: a file, its matching key, a helper it names."""

    file: str
    key: str = ""
    helper: str = ""

    def __str__(self) -> str:
        return f"{self.helper}, named in {self.file}" if self.helper else self.file


@frozen
class Credentials:
    """A password for a registry, or one of docker's two kinds of token.

    An ``identity_token`` buys tokens at the token server (an OAuth 2 refresh token), and a
    ``registry_token`` goes to the registry as it is.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)
    source: CredentialSource | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets, which no message may show."""
        return tuple(filter(None, (self.password, self.identity_token, self.registry_token)))


# The permissions of a bearer token, as pairs of resource and action (distribution,
# token/scope.md). ``repository:x:pull,push`` is two of them, so that set operations join and
# compare scopes.
Scopes = frozenset[tuple[str, str]]


def scope_texts(scopes: Scopes) -> Iterable[str]:
    """Merge scopes: one text per resource (``repository:x:pull,push``), sorted."""
    for resource in sorted({resource for resource, _ in scopes}):
        yield f"{resource}:{','.join(sorted(action for of, action in scopes if of == resource))}"


@frozen
class TokenScopes:
    """The scopes that a token was requested for, and those that it was granted.

    ``granted`` is None where neither the token server nor the token tells.
    """

    asked: Scopes
    granted: Scopes | None


@frozen
class AuthExplanation:
    """A registry's challenge, the credentials for it, and the token scopes.

    ``scheme`` is that of the challenge in lower case, empty where the registry did not ask.
    ``realm`` is the token server's URL. ``failure`` is the reason why there are no credentials, if
    their source failed. ``refusal`` is the reason why the registry did not let us in after all.
    ``origin`` is the reference where the configuration has its registry, ``mirrors`` are references
    that are asked before it, and ``is_insecure`` allows unverified TLS and plain HTTP there.
    """

    credentials: Credentials | None
    scheme: str
    realm: str
    tokens: tuple[TokenScopes, ...]
    failure: CredentialSourceError | None = None
    refusal: AccessError | UnavailableError | None = None
    origin: str = ""
    mirrors: tuple[str, ...] = ()
    is_insecure: bool = False


@frozen
class RegistrySurvey:
    """The answers of a registry to requests that change nothing, and count as no pull.

    ``base_status`` is that of the API's root without a login. ``tls`` is the
    version of the protocol, empty without; ``clock_offset`` what to add to our clock. The rest is
    None where no repository was named, or the registry did not say: the status of the
    last HEAD of a manifest, which is ``head_of``, and whether that tells the digest; whether
    referrers are listed; the methods that are allowed on a manifest, as the registry claims; the
    pulls left and their limit.
    """

    scheme: str
    http_version: str
    tls: str
    api_version: str
    server: str
    base_status: int
    clock_offset: timedelta | None
    access: AuthExplanation
    head_of: str = ""
    head_status: int | None = None
    head_has_digest: bool | None = None
    has_referrers_api: bool | None = None
    allowed_methods: tuple[str, ...] | None = None
    pulls: tuple[str, str] | None = None
