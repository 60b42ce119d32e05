"""The sources of credentials that settings name, in order, and warnings of those that fail."""

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from manyfest.assembly.settings import Settings
from manyfest.domain.errors import CredentialsError

if TYPE_CHECKING:  # a command imports only those that it uses
    from manyfest.adapters.credentials.registry_auth import RegistryAuth
    from manyfest.adapters.deadline import Deadline
    from manyfest.domain.errors import CredentialSourceError


def auth_for(settings: Settings, deadline: "Deadline") -> "RegistryAuth":
    """Chain the credential sources: docker's before those of containers (ADR 0012).

    Before all come those of the command itself. A file that it names is the only one, and a fault
    of it is an error: the user wants these credentials, or none.
    """
    from manyfest.adapters.credentials.auth_json import AuthJson
    from manyfest.adapters.credentials.credential_helper import Helpers
    from manyfest.adapters.credentials.docker_config import DockerConfig, EnvironmentAuths
    from manyfest.adapters.credentials.helper_process import HelperLimits
    from manyfest.adapters.credentials.registry_auth import RegistryAuth, chained, given

    helpers = Helpers(HelperLimits(deadline.check, shield=settings.hooks.shield))
    docker = DockerConfig(settings.docker_config, helpers)
    own = given(settings.logins)
    if only := settings.only_auth_file:
        file = AuthJson(only, helpers, must_exist=True).credentials_for
        return RegistryAuth(chained(own, file), docker.headers, settings.auth_realms, _fail)
    chosen = settings.auth_file
    credentials_for = chained(
        own,
        EnvironmentAuths(settings.docker_auths).credentials_for,
        docker.credentials_for,
        *(
            AuthJson(path, helpers, must_exist=path == chosen).credentials_for
            for path in ([chosen] if chosen else settings.auth_files)
        ),
    )
    warnings = CredentialWarnings(settings.hooks.warn)
    return RegistryAuth(credentials_for, docker.headers, settings.auth_realms, warnings.warn_once)


def _fail(error: "CredentialSourceError") -> None:
    raise CredentialsError(str(error))


class CredentialWarnings:
    """Warns of sources of credentials that fail, once of each. Thread-safe."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._lock = Lock()
        self._warned: set[str] = set()

    def warn_once(self, error: "CredentialSourceError") -> None:
        """Write the warning, unless there was one of the same source."""
        with self._lock:
            is_new = error.source not in self._warned
            self._warned.add(error.source)
        if is_new:
            self._warn(f"{error}; continuing without credentials")
