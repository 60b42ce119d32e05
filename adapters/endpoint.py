"""Endpoints: the address of a registry, and the connection modes allowed for it."""

import ipaddress
from collections.abc import Callable

from attr import evolve

from manyfest.domain.references import Repository
from manyfest.domain.values import frozen

# docker's reference/normalize.go names the hub docker.io; its registry package sends requests here.
_API_HOSTS = {"docker.io": "registry-1.docker.io"}


@frozen
class ConnectionMode:
    """A scheme, and for https whether the certificate has to be valid."""

    scheme: str
    verified: bool = True


PLAIN = ConnectionMode("http")
SECURE = ConnectionMode("https")
UNVERIFIED = ConnectionMode("https", verified=False)

_PORTS = {"http": "80", "https": "443"}

# By (loopback, insecure), in the order in which they are tried.
_MODES = {
    (False, False): (SECURE,),
    (False, True): (UNVERIFIED, PLAIN),
    (True, False): (PLAIN, SECURE),
    (True, True): (PLAIN, UNVERIFIED),
}


@frozen
class Certificates:
    """PEM files for TLS with a host: authorities to trust, and client certificates.

    ``authorities`` are trusted beside the system's. ``identities`` are pairs of a client
    certificate and its key.
    """

    authorities: tuple[str, ...] = ()
    identities: tuple[tuple[str, str], ...] = ()

    @property
    def cross_origin(self) -> "Certificates":
        """The part for servers that the host redirects to: trust, but no client certificates."""
        return evolve(self, identities=())


NO_CERTIFICATES = Certificates()


@frozen
class Endpoint:
    """A registry ``host[:port]`` as references name it, and the user's settings for it.

    ``insecure`` allows unverified certificates and plain HTTP. ``known_hosts``, in lower case, are
    those to which it may send us whatever their address is (``address_policy``).
    """

    host: str
    insecure: bool = False
    certificates: Certificates = NO_CERTIFICATES
    known_hosts: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        """The ``host[:port]`` of its API, in lower case."""
        return _API_HOSTS.get(self.host, self.host).lower()

    @property
    def name(self) -> str:
        """The address without port and brackets."""
        return split_host(self.address)[0]

    @property
    def has_port(self) -> bool:
        """Whether the address has a port; otherwise the scheme decides it."""
        return bool(split_host(self.address)[1])

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, where plain HTTP is allowed by default."""
        return is_loopback(self.name)

    def port_for(self, scheme: str) -> int:
        """The port of its address, else the scheme's; 0 if it is no number."""
        port = split_host(self.address)[1] or _PORTS[scheme]
        return int(port) if port.isascii() and port.isdigit() else 0

    @property
    def modes(self) -> tuple[ConnectionMode, ...]:
        """The connection modes, in the order in which they are tried."""
        return _MODES[self.is_loopback, self.insecure]

    def modes_from(self, scheme: str) -> tuple[ConnectionMode, ...]:
        """The connection modes, those of ``scheme`` first: an earlier command found it to work."""
        return tuple(sorted(self.modes, key=lambda mode: mode.scheme != scheme))


# Returns the endpoint for a repository: repositories of one host may differ in their settings. May
# raise ConfigError.
EndpointFor = Callable[[Repository], Endpoint]


def default_endpoint(repository: Repository) -> Endpoint:
    """Return the endpoint of the repository's registry, without any settings."""
    return Endpoint(repository.registry)


def allowing_insecure(endpoint_for: EndpointFor) -> EndpointFor:
    """Return a function that gives the same endpoints, each with ``insecure`` set."""
    return lambda repository: evolve(endpoint_for(repository), insecure=True)


def is_loopback(name: str) -> bool:
    """Whether the name is localhost, *.localhost, in 127.0.0.0/8 or ::1 (RFC 6761 §6.3)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def subject_at_host(subject: str, host: str) -> str:
    """Join both for a message; the host is added only where the subject does not begin with it."""
    return subject if subject.startswith(host) else f"{subject}: {host}"


def split_host(address: str) -> tuple[str, str]:
    """Split ``host[:port]`` into the host, without brackets, and the port, empty if none."""
    if address.startswith("["):
        name, _, port = address[1:].partition("]")
        return name, port.removeprefix(":")
    name, _, port = address.partition(":")
    return name, port
