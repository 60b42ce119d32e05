"""The registry port over HTTP, whole: one object for all registries that a command names."""

from typing import Self

from manyfest.adapters.credentials.registry_auth import ANONYMOUS, RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.endpoint import EndpointFor, allowing_insecure, default_endpoint
from manyfest.adapters.http_registry.api.blobs import HttpBlobs
from manyfest.adapters.http_registry.api.listings import HttpListings
from manyfest.adapters.http_registry.api.manifests import HttpManifests
from manyfest.adapters.http_registry.api.ping import HttpAccess
from manyfest.adapters.http_registry.reliability.retry import TRIES
from manyfest.adapters.http_registry.session.host_facts import HostFactsLookup, nothing_known
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.transport.httpx_transport import CONNECTIONS, TIMEOUT
from manyfest.adapters.http_registry.transport.proxies import NO_PROXIES, Proxies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.ports.host_book import HostFacts
from manyfest.domain.ports.registry import Registry


class HttpRegistry(HttpManifests, HttpListings, HttpBlobs, HttpAccess, Registry):
    """Registries by the distribution-spec, each spoken to as its host asks for. Thread-safe.

    Credentials of the ``account`` are asked for when a registry challenges, once a repository.
    What was decided about a registry, certificates above all, comes from ``endpoint_for``;
    ``insecure`` allows plain HTTP and unproven certificates for every one, as docker's flag does.
    Registries on loopback may speak plain HTTP without it. ``connections`` is how many stay open to
    each host, and ``tries`` how often an operation is tried. ``known_of`` tells what was learnt
    about a host earlier, asked at first contact; what it says saves requests and permits nothing.

    ``timeout`` is for each connect, read and write, within the deadline. A ``transport`` from
    outside (``httpx.MockTransport``, a cache, one that wraps a ``DeadlineTransport``) sends the
    requests to every host in place of ours: TLS, proxies, pauses that servers ask for and the
    deadline of a request are its business then.

    Nothing is sent when it is made. Close it when done: connections are kept until then.
    """

    def __init__(  # noqa: PLR0913 - by keyword; each is a policy that the command line decides
        self,
        deadline: Deadline,
        *,
        account: RegistryAuth = ANONYMOUS,
        endpoint_for: EndpointFor = default_endpoint,
        insecure: bool = False,
        proxies: Proxies = NO_PROXIES,
        connections: int = CONNECTIONS,
        tries: int = TRIES,
        known_of: HostFactsLookup = nothing_known,
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        hosts = SessionPool(
            deadline,
            account,
            allowing_insecure(endpoint_for) if insecure else endpoint_for,
            proxies=proxies,
            connections=connections,
            tries=tries,
            known_of=known_of,
            timeout=timeout,
            transport=transport,
        )
        HttpManifests.__init__(self, hosts)
        HttpListings.__init__(self, hosts, self)
        HttpBlobs.__init__(self, hosts)
        HttpAccess.__init__(self, hosts)

    @property
    def facts_learnt(self) -> tuple[HostFacts, ...]:
        """What is worth knowing next time and was not known: for when all was well, at the end."""
        return self._sessions.learnt

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._sessions.close()
