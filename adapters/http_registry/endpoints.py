"""Endpoints: where the registry of a host stands, and in which ways it may be spoken to."""

import ipaddress

from attrs import frozen

# docker's reference/normalize.go names the hub docker.io, its registry package asks here.
_API_HOSTS = {"docker.io": "registry-1.docker.io"}


@frozen
class Contact:
    """A way to speak to a host: a scheme, and for https whether the certificate must be right."""

    scheme: str
    verified: bool = True


PLAIN = Contact("http")
SECURE = Contact("https")
UNVERIFIED = Contact("https", verified=False)

# By (loopback, insecure), in the order in which they are tried.
_CONTACTS = {
    (False, False): (SECURE,),
    (False, True): (UNVERIFIED, PLAIN),
    (True, False): (PLAIN, SECURE),
    (True, True): (PLAIN, UNVERIFIED),
}


@frozen
class Endpoint:
    """A registry ``host[:port]`` as references name it; ``insecure`` is what a person allowed."""

    host: str
    insecure: bool = False

    @property
    def address(self) -> str:
        """``host[:port]`` of its API, lower case."""
        return _API_HOSTS.get(self.host, self.host).lower()

    @property
    def name(self) -> str:
        """The address without port and brackets."""
        return _split(self.address)[0]

    @property
    def has_port(self) -> bool:
        """Whether a port was named; otherwise the scheme decides it."""
        return bool(_split(self.address)[1])

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine: the only place for plain HTTP without being asked."""
        return is_loopback(self.name)

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """The ways to speak to it, in the order in which they are tried."""
        return _CONTACTS[self.is_loopback, self.insecure]


def is_loopback(name: str) -> bool:
    """``localhost``, ``*.localhost``, 127.0.0.0/8 and ::1 (RFC 6761 §6.3)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _split(address: str) -> tuple[str, str]:
    if address.startswith("["):
        name, _, port = address[1:].partition("]")
        return name, port.removeprefix(":")
    name, _, port = address.partition(":")
    return name, port
