"""The authentication policy for registries: credentials, extra headers, trusted realms."""

from collections.abc import Callable, Mapping

from attrs import frozen

from manyfest.domain.access import Credentials
from manyfest.domain.references import Repository

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
