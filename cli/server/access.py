"""Access to the server: the hosts it answers for, and passwords.

Theory of operation. A page of another site in a browser on this machine can send requests to a port
on loopback, but not read the answers, unless a name of its own resolves to 127.0.0.1 (DNS
rebinding): then ``Host`` is that name, which is refused. Where each request needs a password, no
page has it, and clients may use any name that the certificate is for.
"""

from attr import field

from manyfest.cli.arguments.listen_address import ListenAddress, bracketed
from manyfest.cli.server.messages import Request, Response, refusal
from manyfest.cli.server.passwords import Passwords
from manyfest.domain.values import frozen

_CHALLENGE = {"Www-Authenticate": 'Basic realm="manyfest"'}
_DEFAULT_PORTS = (80, 443)


@frozen
class Guard:
    """Refuses requests that may not read: for another of ``hosts``, or without a password."""

    hosts: frozenset[str]
    passwords: Passwords | None = field(default=None, repr=False)

    def refusal(self, request: Request) -> Response | None:
        """Return the answer to a request that may not read, None for others."""
        host = request.headers.get("host", "").lower()
        if self.passwords is not None:
            if self.passwords.accept(request.headers.get("authorization", "")):
                return None
            return refusal(401, "UNAUTHORIZED", "authentication required", _CHALLENGE)
        if host in self.hosts:
            return None
        note = f"refused a request for the host {host or '(none)'}; --name HOST allows one"
        return refusal(421, "DENIED", "this host is not served here", note=note)


def hosts_of(address: ListenAddress, names: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the values of ``Host`` by which a server at ``address`` is reached.

    On loopback, these are all names of loopback; ``names`` are further ones, with or without a
    port.
    """
    loopback = {"localhost", "127.0.0.1", "::1"} if address.is_loopback else set()
    own = {bracketed(host).lower() for host in {address.host, *loopback}}
    with_port = {f"{host}:{address.port}" for host in {*own, *(name.lower() for name in names)}}
    bare = own if address.port in _DEFAULT_PORTS else set()
    return frozenset({*with_port, *bare, *(name.lower() for name in names)})
