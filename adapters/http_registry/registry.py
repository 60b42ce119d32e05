"""The registry port over HTTP: one object for all registries that a command names."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Self

from manyfest.adapters.credentials.registry_auth import ANONYMOUS, RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.endpoint import EndpointFor, allowing_insecure, default_endpoint
from manyfest.adapters.http_registry.api.blobs import HttpBlobs
from manyfest.adapters.http_registry.api.manifests import HttpManifests
from manyfest.adapters.http_registry.reliability.retry import TRIES, OnPause, ignore_pause
from manyfest.adapters.http_registry.session.host_facts import HostFactsLookup, nothing_known
from manyfest.adapters.http_registry.session.requests import repository_of
from manyfest.adapters.http_registry.session.server_clock import OnClock, ignore_clock
from manyfest.adapters.http_registry.session.session_pool import (
    OnPullsLeft,
    SessionPool,
    ignore_pulls,
)
from manyfest.adapters.http_registry.transport.early_connections import EarlyConnections
from manyfest.adapters.http_registry.transport.httpx_transport import CONNECTIONS, TIMEOUT
from manyfest.adapters.http_registry.transport.proxies import NO_PROXIES, Proxies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.host_book import HostFacts
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Reference, Repository

if TYPE_CHECKING:  # few commands delete, list, or check logins
    from manyfest.adapters.http_registry.api.deletions import HttpDeletions
    from manyfest.adapters.http_registry.api.listings import HttpListings
    from manyfest.adapters.http_registry.api.ping import HttpAccess
    from manyfest.domain.ports.registry_access import RegistryExaminer, TagRecords


class HttpRegistry(Registry):
    """Registries of the distribution-spec, each reached as its endpoint says. Thread-safe.

    Credentials of the ``account`` are looked up when a registry challenges, once per repository.
    ``endpoint_for`` gives the decisions about a registry: its certificates, and whether it may be
    insecure; ``insecure`` allows plain HTTP and unverified certificates for all, as docker's flag
    does. Registries on loopback may speak plain HTTP without it. ``connections`` is the number
    kept open per host, and ``tries`` that of attempts per operation. Larger blobs than
    ``chunk_size`` bytes are sent in chunks; 0 sends them whole, unless a host refuses that.
    ``known_of`` gives the facts
    that earlier commands learnt about a host, looked up at first contact; they save requests and
    permit nothing. Where ``early`` has a connection, no new one is opened. ``on_clock`` is told how
    far each host's clock is from ours, as its first response says.

    ``timeout`` is for each connect, read and write, within the deadline. A ``transport`` from
    outside (``httpx.MockTransport``, a cache, one that wraps a ``DeadlineTransport``) sends the
    requests to every host in place of ours; it is then responsible for TLS, proxies, pauses that
    servers ask for, and the deadline of a request.

    ``on_warning`` receives the warnings of registries (``Warning: 299``), each once, with the host,
    and ``on_pulls_left`` the pulls that Docker Hub says are left, with each response. ``on_pause``
    gives the context of each pause before a retry, to show it. All may be called from several
    threads at once.

    Construction sends nothing. Close it when done: connections are kept until then.
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
        chunk_size: int = 0,
        known_of: HostFactsLookup = nothing_known,
        early: EarlyConnections | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
        on_clock: OnClock = ignore_clock,
        on_warning: Callable[[str], None] = lambda _: None,
        on_pulls_left: OnPullsLeft = ignore_pulls,
        on_pause: OnPause = ignore_pause,
    ) -> None:
        self._sessions = SessionPool(
            deadline,
            account,
            allowing_insecure(endpoint_for) if insecure else endpoint_for,
            proxies=proxies,
            connections=connections,
            tries=tries,
            chunk_size=chunk_size,
            known_of=known_of,
            early=early,
            timeout=timeout,
            transport=transport,
            on_clock=on_clock,
            on_warning=on_warning,
            on_pulls_left=on_pulls_left,
            on_pause=on_pause,
        )
        self._manifests = HttpManifests(self._sessions)
        self._blobs = HttpBlobs(self._sessions)

    @property
    def facts_learnt(self) -> tuple[HostFacts, ...]:
        """New facts about hosts that save requests next time; use them if all went well."""
        return self._sessions.learnt

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._sessions.close()

    def get_manifest(self, reference: Reference) -> Manifest:
        return self._manifests.get_manifest(reference)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self._manifests.head_manifest(reference)

    def probe_manifest(self, reference: Reference) -> Descriptor | None:
        return self._manifests.probe_manifest(reference)

    def is_manifest(self, reference: Reference) -> bool:
        return self._manifests.is_manifest(reference)

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        self._manifests.put_manifest(reference, manifest, expected)

    def takes_tags(self, home: Home) -> bool | None:
        return self._sessions.session_for(repository_of(Reference(home))).takes_tags

    def put_with_tags(
        self, reference: Reference, manifest: Manifest, tags: Sequence[str]
    ) -> frozenset[str]:
        from manyfest.adapters.http_registry.api.tagged_puts import put_with_tags

        return put_with_tags(self._sessions, reference, manifest, tags)

    def tag_records(
        self, fan_out: FanOut, origin_of: Callable[[Repository], Repository]
    ) -> "TagRecords":
        """Return the records that servers keep of the past of tags.

        ``origin_of`` says where a repository is, as configured.
        """
        from manyfest.adapters.http_registry.api.tag_records import HttpTagRecords

        return HttpTagRecords(self._sessions, fan_out, origin_of)

    @property
    def examiner(self) -> "RegistryExaminer":
        """Finds out what registries can do; few commands do."""
        from manyfest.adapters.http_registry.api.survey import HttpExaminer

        return HttpExaminer(self._sessions)

    def delete_tag(self, reference: Reference, expected: Expectation) -> bool:
        return self._deletions.delete_tag(reference, expected)

    def deletes_manifests(self, home: Home) -> bool:
        return self._deletions.deletes_manifests(home)

    def delete_manifest(self, reference: Reference) -> None:
        self._deletions.delete_manifest(reference)

    @cached_property
    def _deletions(self) -> "HttpDeletions":
        from manyfest.adapters.http_registry.api.deletions import HttpDeletions

        return HttpDeletions(self._sessions, self._manifests)

    @cached_property
    def access(self) -> "HttpAccess":
        """Checks and explains logins."""
        from manyfest.adapters.http_registry.api.ping import HttpAccess

        return HttpAccess(self._sessions)

    @cached_property
    def _listings(self) -> "HttpListings":
        from manyfest.adapters.http_registry.api.listings import HttpListings

        return HttpListings(self._sessions, self._manifests)

    def tags(self, home: Home) -> tuple[str, ...]:
        return self._listings.tags(home)

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        return self._listings.referrers(reference)

    def listed_referrers(self, reference: Reference) -> tuple[Descriptor, ...] | None:
        return self._listings.listed_referrers(reference)

    def lacks_referrers(self, home: Home) -> bool:
        return self._listings.lacks_referrers(home)

    def head_blob(self, reference: Reference) -> int:
        return self._blobs.head_blob(reference)

    def probe_blob(self, reference: Reference) -> int | None:
        return self._blobs.probe_blob(reference)

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        return self._blobs.open_blob(reference, size)

    def open_foreign_layer(
        self, reference: Reference, size: int, urls: tuple[str, ...]
    ) -> AbstractContextManager[Iterator[bytes]]:
        return self._blobs.open_foreign_layer(reference, size, urls)

    def open_rest(
        self, reference: Reference, size: int, start: int, urls: tuple[str, ...] = ()
    ) -> AbstractContextManager[Iterator[bytes]]:
        return self._blobs.open_rest(reference, size, start, urls)

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        return self._blobs.mount_blob(reference, origin)

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        self._blobs.write_blob(reference, size, source)
