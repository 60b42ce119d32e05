"""Requests to other origins that a server names: redirect targets, uploads, token servers.

Theory of operation. A request to another origin carries no secret of the registry's
(``redirects``), and goes only to addresses to which the server that named it may send us
(``address_policy``):

- A host that is written as an address is judged before anything is sent. Nothing else can be judged
  where a proxy connects in our place: it resolves the name.
- Every other address is judged by the network backend, just before it is connected to. So a name
  that is resolved again, and a next hop, are judged again.
- Kept connections are shared only under the same policy: each policy has a client of its own.

The server's own space is that of the address that its answer came from. The registry's is public
once an answer came from a public address. While nothing came from it yet (a token server that an
earlier command learnt of), the backend looks the registry's name up.
"""

from collections.abc import Callable, Collection

from manyfest.adapters.address_policy import AddressPolicy, Space, literal_space, space_of
from manyfest.adapters.endpoint import UNVERIFIED, Certificates, Endpoint
from manyfest.adapters.http_registry.session import redirects
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.http_registry.session.scheme_probe import SchemeProbe, send_once
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.adapters.http_registry.transport.sockets import ForbiddenAddressError
from manyfest.domain.errors import ProtocolError

# Returns the client for these certificates whose connections obey the policy.
ClientFor = Callable[[Certificates, AddressPolicy], httpx.Client]


class OtherOrigins:
    """The servers that one registry, or a server it led to, sends us to. Thread-safe."""

    def __init__(self, endpoint: Endpoint, probe: SchemeProbe, client_for: ClientFor) -> None:
        self._endpoint = endpoint
        self._probe = probe
        self._new_client = client_for
        self._space = literal_space(endpoint.name)

    def includes(self, url: str) -> bool:
        """Return whether ``url`` is absolute and of another origin than the registry's."""
        return "://" in url and not redirects.same_origin(httpx.URL(url), self._probe.url("/"))

    def learn_space(self, response: httpx.Response) -> None:
        """Note where the registry itself is, from a response of its own."""
        space = space_of_server(response)
        if self._space is None or space is Space.PUBLIC:
            self._space = space

    def send(
        self, request: RegistryRequest, sender: Space | None = None, listed: Collection[str] = ()
    ) -> httpx.Response:
        """Send with the headers of ``request`` as they are. Raises what the transport raises.

        ``sender`` is the space of the server that named the URL, by default the registry's, and
        ``listed`` are hosts that a person trusts. Raises ProtocolError: the address is refused.
        """
        url = httpx.URL(request.url)
        policy = AddressPolicy.for_servers_of(self._endpoint, sender or self._space, listed)
        literal = literal_space(url.host)
        if literal is not None and not policy.permits(url.host, literal):
            raise self._refused(request, url.host, literal, url.host)
        try:
            return send_once(self._client(url, policy), request, url)
        except ForbiddenAddressError as fault:
            space = space_of(fault.address)
            raise self._refused(request, url.host, space, fault.address) from fault

    def name_of(self, response: httpx.Response) -> str:
        """Return the name for messages of the server that answered."""
        url = response.request.url
        return url.netloc.decode() if self.includes(str(url)) else self._endpoint.host

    def _client(self, url: httpx.URL, policy: AddressPolicy) -> httpx.Client:
        """Return the client for an origin; --insecure counts for other ports of the host, too."""
        if not self.includes(str(url)):
            return self._probe.client()
        if self._endpoint.insecure and url.host == self._endpoint.name:
            return self._probe.client(UNVERIFIED)
        return self._new_client(self._endpoint.certificates.cross_origin, policy)

    def _refused(
        self, request: RegistryRequest, host: str, space: Space, address: str
    ) -> ProtocolError:
        name = self._endpoint.host
        place = host if host == address else f"{host} ({address})"
        reason = f"redirects to {place}, a {space} address"
        advice = f"MANYFEST_PRIVATE_HOSTS={host} allows it"
        return ProtocolError(name, f"{request.subject}: {name} {reason} ({advice})")


def space_of_server(response: httpx.Response) -> Space:
    """Return the space of the address that answered; a name behind a proxy counts as public."""
    address = response.extensions.get("server_address")
    if address:
        return space_of(address)
    return literal_space(response.request.url.host) or Space.PUBLIC
