"""The login store port: logins that docker and other programs share.

The methods raise CredentialsError, naming the file or the credential helper, and then change
nothing.
"""

from typing import Protocol


class LoginStore(Protocol):
    """The stored logins, one for each registry (``host[:port]``, or ``docker.io``)."""

    def store(self, host: str, username: str, password: str) -> str:
        """Store a login; return its unencrypted file, empty if a helper keeps it."""
        ...

    def erase(self, host: str) -> None:
        """Remove the login for a registry, if there is one."""
        ...
