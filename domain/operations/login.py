"""Log in to a registry: check the credentials there first, then store them."""

from manyfest.domain.access import Credentials
from manyfest.domain.ports.login_store import LoginStore
from manyfest.domain.ports.registry_access import RegistryAccess


def log_in(
    registry: str, credentials: Credentials, *, access: RegistryAccess, logins: LoginStore
) -> str:
    """Store name and password once the registry accepts them; nothing is stored otherwise.

    ``access`` contacts the registry with ``credentials``. Returns the file that has the password
    unencrypted, empty if a credential helper keeps it.
    Raises UnauthorizedError: the registry does not accept them; CredentialsError: they cannot be
    stored; and what else ``RegistryAccess.check_login`` raises.
    """
    access.check_login(registry)
    return logins.store(registry, credentials.username, credentials.password)
