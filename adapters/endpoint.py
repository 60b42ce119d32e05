"""Endpoints: where the registry of a host stands, and in which ways it may be spoken to."""

import ipaddress
from collections.abc import Callable

from attrs import evolve, frozen

from manyfest.domain.references import Repository

# docker's reference/normalize.go names the hub docker.io, its registry package asks here.
_API_HOSTS = {"docker.io": "registry-1.docker.io"}


@frozen
class ConnectionMode:
    """A way to speak to a host: a scheme, and for https whether the certificate must be right."""

    scheme: str
    verified: bool = True


PLAIN = ConnectionMode("http")
SECURE = ConnectionMode("https")
UNVERIFIED = ConnectionMode("https", verified=False)

# By (loopback, insecure), in the order in which they are tried.
_CONTACTS = {
    (False, False): (SECURE,),
    (False, True): (UNVERIFIED, PLAIN),
    (True, False): (PLAIN, SECURE),
    (True, True): (PLAIN, UNVERIFIED),
}


@frozen
class Certificates:
    """PEM files for TLS with a host: authorities to trust beside the system's, and who we are.

    ``identities`` are pairs of a client certificate and its key.
    """

    authorities: tuple[str, ...] = ()
    identities: tuple[tuple[str, str], ...] = ()

    @property
    def cross_origin(self) -> "Certificates":
        """What holds for servers that the host sends us to, too: trust, but not who we are."""
        return evolve(self, identities=())


NO_CERTIFICATES = Certificates()


@frozen
class Endpoint:
    """A registry ``host[:port]`` as references name it, and all that a person decided about it.

    ``insecure`` allows unproven certificates and plain HTTP.
    """

    host: str
    insecure: bool = False
    certificates: Certificates = NO_CERTIFICATES

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
    def contacts(self) -> tuple[ConnectionMode, ...]:
        """The ways to speak to it, in the order in which they are tried."""
        return _CONTACTS[self.is_loopback, self.insecure]


# Which endpoint serves a repository: one host may be spoken to in several ways. May raise
# ConfigError.
EndpointFor = Callable[[Repository], Endpoint]


def default_endpoint(repository: Repository) -> Endpoint:
    """The registry of the name, about which nothing was decided."""
    return Endpoint(repository.registry)


def allowing_insecure(endpoint_for: EndpointFor) -> EndpointFor:
    """The same endpoints, with insecurity allowed for each."""
    return lambda repository: evolve(endpoint_for(repository), insecure=True)


def is_loopback(name: str) -> bool:
    """``localhost``, ``*.localhost``, 127.0.0.0/8 and ::1 (RFC 6761 §6.3)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def subject_at_host(subject: str, host: str) -> str:
    """Join both for a message; the host is added only where the subject does not begin with it."""
    return subject if subject.startswith(host) else f"{subject}: {host}"


def _split(address: str) -> tuple[str, str]:
    if address.startswith("["):
        name, _, port = address[1:].partition("]")
        return name, port.removeprefix(":")
    name, _, port = address.partition(":")
    return name, port
