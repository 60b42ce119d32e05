"""Address policy: the addresses that a server on the network may send us to. Pure.

A registry chooses where its redirects, upload sessions, token servers and foreign layers are, and
a hostile one chooses a service that only this machine can reach: a daemon on loopback, a cloud's
metadata service, a neighbour (CWE-918; GHSA-qfxf-rcm3-cc77 of go-containerregistry). So a server
may send us to public addresses and to those of its own space: a private registry to private ones.
A registry on loopback may also send us to private ones, since a person started it or its tunnel.
Link-local addresses are for link-local servers alone, and metadata services for nobody.

The address that counts is the one that is connected to, each time: a name can lead anywhere, and
elsewhere the next time (``network_backend``). ``literal_space`` judges a host without connecting,
for a proxy that connects in our place.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable
from enum import StrEnum

from attr import evolve

from manyfest.adapters.endpoint import Endpoint, is_loopback
from manyfest.domain.values import frozen

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# An address in some form that a resolver takes: 2130706433, 0x7f.1, 127.1, 0177.0.0.1.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Space(StrEnum):
    """A kind of addresses, by who can reach them; the value is the word for messages."""

    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    METADATA = "metadata"


# Services that hand out credentials to whoever asks from this machine.
_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in (
        *("169.254.169.254", "fd00:ec2::254", "fd20:ce::254"),  # AWS, Azure, Google, OpenStack
        *("169.254.170.2", "169.254.170.23", "fd00:ec2::23"),  # containers on AWS
        *(
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
        ),  # Alibaba, Oracle, Azure's wire server
    )
)

# IPv6 addresses that carry an IPv4 address in their last 32 bits: mapped (RFC 4291 §2.5.5), the
# deprecated compatible form, translated (RFC 2765) and NAT64 (RFC 6052).
_EMBEDDING = tuple(
    ipaddress.IPv6Network(network)
    for network in ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")  # connects to this machine on Linux
_32_BITS = 0xFFFFFFFF


def space_of(address: str) -> Space:
    """Return the space of an IP address, with or without a zone. Raises ValueError: it is none."""
    return _space(ipaddress.ip_address(address.partition("%")[0]))


def literal_space(host: str) -> Space | None:
    """Return the space of a host that is an address in any form, or localhost; None for a name."""
    name = host.lower().strip("[]").removesuffix(".")
    if is_loopback(name):
        return Space.LOOPBACK
    if not is_numeric(name):
        return None
    try:
        return space_of(name)
    except ValueError:
        return _space_of_number(name)


def is_numeric(host: str) -> bool:
    """Recognise an address in any form of some resolver: 127.0.0.1, 2130706433, 0x7f.1, ::1."""
    return ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


@frozen
class AddressPolicy:
    """The addresses to which a server in the space ``sender`` may send us.

    ``hosts``, in lower case, are those that a person named or allowed: any address is good. Without
    a ``sender``, the space is that of the host ``sender_name``, which is to be looked up.
    """

    sender: Space | None = Space.PUBLIC
    hosts: frozenset[str] = frozenset()
    sender_name: str = ""

    @classmethod
    def for_servers_of(
        cls, endpoint: Endpoint, sender: Space | None, listed: Iterable[str] = ()
    ) -> "AddressPolicy":
        """Return the policy for servers that a registry names; ``listed`` hosts are good, too.

        Without a ``sender``, the registry was not reached yet.
        """
        known = endpoint.known_hosts | {endpoint.name, *listed}
        return cls(sender, known, "" if sender else endpoint.name)

    def permits(self, host: str, space: Space) -> bool:
        """Return whether ``host`` may be reached at an address of ``space``."""
        return (
            space in (Space.PUBLIC, self.sender)
            or (self.sender, space) == (Space.LOOPBACK, Space.PRIVATE)
            or host.lower() in self.hosts
        )

    def with_sender_at(self, addresses: Iterable[str]) -> "AddressPolicy":
        """Return the policy for a sender with these addresses: public if one of them is."""
        spaces = [space_of(address) for address in addresses]
        is_public = not spaces or Space.PUBLIC in spaces
        return evolve(self, sender=Space.PUBLIC if is_public else spaces[0])


def _space(address: _Address) -> Space:
    if address in _METADATA:
        return Space.METADATA
    if isinstance(address, ipaddress.IPv6Address):
        return _space_of_ipv6(address)
    if address.is_loopback or address in _THIS_NETWORK:
        return Space.LOOPBACK
    if address.is_link_local:
        return Space.LINK_LOCAL
    return Space.PUBLIC if address.is_global and not address.is_multicast else Space.PRIVATE


def _space_of_ipv6(address: ipaddress.IPv6Address) -> Space:
    if address.is_loopback or address.is_unspecified:
        return Space.LOOPBACK
    if any(address in network for network in _EMBEDDING):
        return _space(ipaddress.IPv4Address(int(address) & _32_BITS))
    if address.sixtofour is not None:
        return _space(address.sixtofour)
    if address.is_link_local:
        return Space.LINK_LOCAL
    return Space.PUBLIC if address in _GLOBAL_UNICAST and address.is_global else Space.PRIVATE


def _space_of_number(name: str) -> Space:
    """Read it as the C library does; what even that cannot read is never public."""
    try:
        return _space(ipaddress.IPv4Address(socket.inet_aton(name)))
    except (OSError, ValueError):
        return Space.PRIVATE
