"""Credentials for a repository, where they came from, and what else goes to registries."""

from collections.abc import Callable, Mapping

from attrs import field, frozen

from manyfest.domain.references import Repository


@frozen
class CredentialSource:
    """Where credentials came from: a file, the key in it that matched, the helper it names."""

    file: str
    key: str = ""
    helper: str = ""

    def __str__(self) -> str:
        return f"{self.helper}, which {self.file} names" if self.helper else self.file


@frozen
class Credentials:
    """What a person has for a registry: a password, or one of docker's two kinds of token.

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
        """What no message may show."""
        return tuple(filter(None, (self.password, self.identity_token, self.registry_token)))


# Given a repository, by the name of its registry in references; its path is empty where the
# registry itself is meant. None where there are none. May raise CredentialsError.
CredentialsFor = Callable[[Repository], Credentials | None]


def anonymous(_repository: Repository) -> Credentials | None:
    """No credentials for anyone."""
    return None


def chained(*sources: CredentialsFor) -> CredentialsFor:
    """Asks one source after the other, until one has something."""

    def credentials_for(repository: Repository) -> Credentials | None:
        answers = (source(repository) for source in sources)
        return next((answer for answer in answers if answer is not None), None)

    return credentials_for


def no_headers() -> Mapping[str, str]:
    """Nothing besides what the protocol needs."""
    return {}


@frozen
class RegistryAuth:
    """What a person has for registries, and whom they trust with it.

    ``headers`` gives those to send to every registry, on its own origin only; it is called before
    the first request and may raise CredentialsError. ``realms`` are hosts, in lower case, whose
    token servers may get credentials of any registry.
    """

    credentials_for: CredentialsFor = anonymous
    headers: Callable[[], Mapping[str, str]] = no_headers
    realms: frozenset[str] = frozenset()


ANONYMOUS = RegistryAuth()
