"""A content store in front of another that drops observations no registry has confirmed."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference

if TYPE_CHECKING:
    from manyfest.domain.descriptors import Descriptor
    from manyfest.domain.history.observation import Observation
    from manyfest.domain.ports.content_store import (
        ContentStore,
        Predecessor,
        Role,
        SharedLayers,
    )
    from manyfest.domain.references import Home


class ConfirmedObservations:
    """A content store that drops observations of ``unconfirmed`` references.

    Their answers came from the store. Otherwise a tag would count as observed each time it is shown
    from the store, and ``--max-age`` would renew itself (ADR 0020). It is the only decorator of its
    port, so it forwards by hand.
    """

    def __init__(self, contents: "ContentStore", unconfirmed: Collection[Reference]) -> None:
        self._contents = contents
        self._unconfirmed = unconfirmed

    def transaction(self) -> AbstractContextManager[None]:
        return self._contents.transaction()

    def manifest(self, digest: Digest) -> Manifest | None:
        return self._contents.manifest(digest)

    def blob(self, digest: Digest) -> bytes | None:
        return self._contents.blob(digest)

    def manifest_groups(self, digests: Iterable[Digest]) -> "Iterator[Sequence[Manifest]]":
        return self._contents.manifest_groups(digests)

    def blob_sizes(self, digests: Iterable[Digest]) -> "Mapping[Digest, int]":
        return self._contents.blob_sizes(digests)

    def last_observation(self, reference: Reference) -> "Observation | None":
        return self._contents.last_observation(reference)

    def history(self, reference: Reference) -> "tuple[Observation, ...]":
        return self._contents.history(reference)

    def latest(self) -> "Iterator[Observation]":
        return self._contents.latest()

    def tags_of(self, home: "Home") -> tuple[str, ...]:
        return self._contents.tags_of(home)

    def observations_of(self, digest: Digest) -> "Iterator[Observation]":
        return self._contents.observations_of(digest)

    def predecessors(self, digest: Digest, role: "Role | None" = None) -> "Iterator[Predecessor]":
        return self._contents.predecessors(digest, role)

    def named(self, digests: Iterable[Digest], role: "Role") -> frozenset[Digest]:
        return self._contents.named(digests, role)

    def digests(self, beginning: str, limit: int) -> tuple[Digest, ...]:
        return self._contents.digests(beginning, limit)

    def sharing(self, layers: "Sequence[Descriptor]") -> "Iterator[SharedLayers]":
        return self._contents.sharing(layers)

    def keep_manifests(self, manifests: Iterable[Manifest]) -> None:
        self._contents.keep_manifests(manifests)

    def keep_blobs(self, blobs: Iterable[bytes]) -> None:
        self._contents.keep_blobs(blobs)

    def observe(self, observations: "Iterable[Observation]") -> None:
        self._contents.observe(
            observation
            for observation in observations
            if observation.reference not in self._unconfirmed
        )

    def homes_of(self, digest: Digest) -> "tuple[Home, ...]":
        return self._contents.homes_of(digest)

    def homes_with(self, digests: "Sequence[Digest]") -> "Mapping[Digest, frozenset[Home]]":
        return self._contents.homes_with(digests)

    def record_digest_reads(
        self, digests: Iterable[Digest], now: datetime, home: "Home | None" = None
    ) -> None:
        self._contents.record_digest_reads(digests, now, home)
