"""Credentials for one registry host, as docker keeps them, and where they came from."""

from collections.abc import Callable

from attrs import field, frozen


@frozen
class Credentials:
    """What a person has for a registry: a password, or one of docker's two kinds of token.

    An ``identity_token`` buys tokens at the token server (an OAuth 2 refresh token), and a
    ``registry_token`` goes to the registry as it is. ``source`` names the file or helper.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)
    source: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may show."""
        return tuple(filter(None, (self.password, self.identity_token, self.registry_token)))


# Given a host as references name it; None where there are none. May raise CredentialsError.
CredentialsFor = Callable[[str], Credentials | None]


def anonymous(_host: str) -> Credentials | None:
    """No credentials for anyone."""
    return None
