"""The connections that the first requests of a command take, planned before any is sent.

A destination is planned as the HTTP registries will choose it: the same route, endpoint, scheme,
certificates and address policy, and by the same functions. Only what is certain counts: a reference
that the store may answer, a mirror or host that is blocked, and a server behind a proxy count for
nothing. A remembered token server is asked before its registry, so it gets a connection, too, where
the rules for realms allow it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from manyfest.adapters.address_policy import AddressPolicy, literal_space
from manyfest.adapters.endpoint import (
    SECURE,
    UNVERIFIED,
    Endpoint,
    EndpointFor,
    is_loopback,
)
from manyfest.adapters.http_registry.auth.realm_policy import validate_realm
from manyfest.adapters.http_registry.session.host_facts import HostFactsLookup, usable_facts
from manyfest.adapters.http_registry.transport.early_connections import Destination
from manyfest.adapters.mirrors import RouteFor
from manyfest.assembly.settings import Settings
from manyfest.domain.errors import CredentialsError
from manyfest.domain.ports.host_book import HostFacts
from manyfest.domain.references import Reference, Repository

_HTTPS = 443


class FirstConnections:
    """Plans connections; ``origins`` and ``mirrors`` give the endpoints of each kind."""

    def __init__(
        self,
        settings: Settings,
        route_for: RouteFor,
        origins: EndpointFor,
        mirrors: EndpointFor,
        known_of: HostFactsLookup,
    ) -> None:
        self._settings = settings
        self._route_for = route_for
        self._origins = origins
        self._mirrors = mirrors
        self._known_of = known_of

    def plan(
        self, read: Iterable[Reference], written: Iterable[Reference]
    ) -> tuple[Destination, ...]:
        """Return a destination for each request, at most as many of each as there are jobs.

        ``read`` may be served by mirrors, ``written`` is at its origin. Raises BlockedError,
        ConfigError.
        """
        endpoints = [*map(self._reader, read), *map(self._origin, written)]
        return tuple(
            destination
            for endpoint, count in Counter(endpoints).items()
            for destination in self._at(endpoint, min(count, self._settings.jobs))
            if self._is_direct(destination)
        )

    def _is_direct(self, destination: Destination) -> bool:
        """Whether no proxy can be on the way; loopback is never asked of one (``proxies``)."""
        proxies = self._settings.proxies
        has_proxies = any(proxies[name] for name in proxies if name.lower() != "no_proxy")
        return is_loopback(destination.host) or not has_proxies

    def _origin(self, reference: Reference) -> Endpoint:
        return self._origins(_home(self._route_for(reference).at_origin(reference)))

    def _reader(self, reference: Reference) -> Endpoint:
        mirrors = (each for each in self._route_for(reference).mirrors if each.may_serve(reference))
        first = next(mirrors, None)
        return self._origin(reference) if first is None else self._mirrors(first.home)

    def _at(self, endpoint: Endpoint, count: int) -> Iterator[Destination]:
        known = usable_facts(endpoint, self._known_of)
        registry = _registry(endpoint, known)
        yield from [registry] * count
        with suppress(CredentialsError):  # the realm is refused; the registry may name another
            if known and known.realm and _may_ask_first(endpoint, registry):
                yield from _token_server(
                    endpoint, registry, known.realm, self._settings.auth_realms
                )


def _home(reference: Reference) -> Repository:
    assert isinstance(reference.home, Repository)  # noqa: S101 - as the caller chose them
    return reference.home


def _registry(endpoint: Endpoint, known: HostFacts | None) -> Destination:
    mode = endpoint.modes_from(known.scheme if known else "")[0]
    port = endpoint.port_for(mode.scheme)
    return Destination(endpoint.name, port, mode, endpoint.certificates)


def _may_ask_first(endpoint: Endpoint, registry: Destination) -> bool:
    """Whether a token is fetched before the registry is asked (``SchemeProbe``)."""
    return endpoint.is_loopback or registry.mode.scheme == "https"


def _token_server(
    endpoint: Endpoint, registry: Destination, realm: str, listed: frozenset[str]
) -> Iterator[Destination]:
    """Yield the token server if it speaks TLS, unless it is the registry itself.

    Raises CredentialsError.
    """
    is_plain = registry.mode.scheme == "http"
    checked = validate_realm(
        realm, endpoint, registry_is_plain=is_plain, with_secret=False, listed=listed
    )
    url = urlsplit(checked.url)
    host, port = url.hostname or "", url.port or _HTTPS
    if url.scheme != "https" or (host, port) == (registry.host, registry.port):
        return
    if endpoint.insecure and host == endpoint.name:
        yield Destination(host, port, UNVERIFIED, endpoint.certificates)
        return
    policy = AddressPolicy.for_servers_of(endpoint, literal_space(endpoint.name), listed)
    yield Destination(host, port, SECURE, endpoint.certificates.cross_origin, policy)
