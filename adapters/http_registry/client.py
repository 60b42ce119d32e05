"""The registry port over HTTP, whole: one object for all registries that a command names."""

from typing import Self

from manyfest.adapters.http_registry.blobs import HttpBlobs
from manyfest.adapters.http_registry.budget import Budget
from manyfest.adapters.http_registry.credentials import CredentialsFor, anonymous
from manyfest.adapters.http_registry.hosts import Hosts
from manyfest.adapters.http_registry.manifests import HttpManifests
from manyfest.domain.ports.registry import Registry


class HttpRegistry(HttpManifests, HttpBlobs, Registry):
    """Registries by the distribution-spec, each spoken to as its host asks for. Thread-safe.

    ``credentials_for`` is asked when a registry challenges, once a host. ``insecure`` allows plain
    HTTP and unproven certificates for every registry, as docker's flag does; registries on loopback
    may speak plain HTTP without it. ``connections`` is how many stay open to each host.

    Nothing is sent when it is made. Close it when done: connections are kept until then.
    """

    def __init__(
        self,
        budget: Budget,
        *,
        credentials_for: CredentialsFor = anonymous,
        insecure: bool = False,
        connections: int = 32,
    ) -> None:
        hosts = Hosts(budget, credentials_for, insecure=insecure, connections=connections)
        HttpManifests.__init__(self, hosts)
        HttpBlobs.__init__(self, hosts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._hosts.close()
