"""The authentication policy: credentials, extra headers, trusted realms."""

from collections.abc import Callable, Mapping, Sequence

from manyfest.adapters.credentials.registry_keys import canonical
from manyfest.domain.access import Credentials
from manyfest.domain.errors import CredentialSourceError
from manyfest.domain.references import Repository
from manyfest.domain.values import frozen

# Returns the credentials for a repository, None if there are none. The repository is given by the
# name of its registry in references; an empty path means the registry itself. May raise
# CredentialSourceError.
CredentialsFor = Callable[[Repository], Credentials | None]

# Receives the error of a source that gives no credentials, perhaps again and again.
OnFailure = Callable[[CredentialSourceError], None]


def anonymous(_repository: Repository) -> Credentials | None:
    """Return None: use no credentials."""
    return None


def chained(*sources: CredentialsFor) -> CredentialsFor:
    """Return a source that asks these in order, until one has credentials or fails."""

    def credentials_for(repository: Repository) -> Credentials | None:
        answers = (source(repository) for source in sources)
        return next((answer for answer in answers if answer is not None), None)

    return credentials_for


def given(logins: Sequence[tuple[Repository, Credentials]]) -> CredentialsFor:
    """Return a source of these; a repository without a path stands for its whole registry."""

    def credentials_for(repository: Repository) -> Credentials | None:
        host = canonical(repository.registry)
        return next(
            (
                credentials
                for home, credentials in logins
                if canonical(home.registry) == host and home.path in {"", repository.path}
            ),
            None,
        )

    return credentials_for


def no_headers() -> Mapping[str, str]:
    """Return no extra headers."""
    return {}


def ignore(_error: CredentialSourceError) -> None:
    """Ignore the failure of a source: an ``OnFailure``."""


@frozen
class RegistryAuth:
    """The user's credentials for registries, and the hosts that may receive them.

    ``headers`` returns those to send to every registry, on its own origin only; it is called before
    the first request and may raise CredentialsError. ``realms`` are hosts, in lower case, whose
    token servers may receive credentials of any registry. Where ``credentials_for`` or ``headers``
    raises CredentialSourceError, ``on_failure`` receives it, and requests go on without.
    """

    credentials_for: CredentialsFor = anonymous
    headers: Callable[[], Mapping[str, str]] = no_headers
    realms: frozenset[str] = frozenset()
    on_failure: OnFailure = ignore

    def usable_headers(self) -> Mapping[str, str]:
        """Return ``headers()``, none where their file cannot be read."""
        try:
            return self.headers()
        except CredentialSourceError as error:
            self.on_failure(error)
            return no_headers()


ANONYMOUS = RegistryAuth()
