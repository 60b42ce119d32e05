"""The garbage port: finding and removing unneeded content of the store.

A store of an installed adapter may serve it as ``garbage`` (ADR 0026). All methods may raise
StoreError and DamagedStoreError.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from attr import field

from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.ports.catalogue import CountAndBytes
from manyfest.domain.values import frozen


@frozen
class StoredContent:
    """A manifest, config or layer; ``size`` is in bytes."""

    digest: Digest
    size: int


@frozen
class Garbage:
    """Unneeded content. ``observations`` are old ones of tags, by reference.

    ``leftover`` are files that a killed program left among the layers, and ``quarantined`` damaged
    content that is in quarantine for long. ``unreadable`` is the number of manifests that cannot be
    read: these are never garbage, whether referenced or not.
    """

    observations: tuple[Observation, ...] = ()
    manifests: tuple[StoredContent, ...] = ()
    configs: tuple[StoredContent, ...] = ()
    layers: tuple[StoredContent, ...] = ()
    leftover: CountAndBytes = field(factory=CountAndBytes)
    quarantined: CountAndBytes = field(factory=CountAndBytes)
    unreadable: int = 0

    @property
    def size(self) -> int:
        """The total size in bytes."""
        pieces = sum(piece.size for piece in (*self.manifests, *self.configs, *self.layers))
        return pieces + self.leftover.size + self.quarantined.size


class GarbageCollector(Protocol):
    """Finds and removes garbage. A missing store has none, and is not created."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Reads inside see one state. Works if the store cannot be written."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """The transaction of the content store: no other process writes inside."""
        ...

    def find(self, roots: Iterable[Digest], before: datetime, files_before: datetime) -> Garbage:
        """Content that is neither reachable nor recent; times are in UTC.

        Reachable are the ``roots``, content that a tag pointed to at ``before`` or later, content
        that was read by digest since then, whatever these refer to (a list's entries, an image's
        config and layers, a subject), their referrers, and so on from there. A tag whose last
        observation points to content that was read by digest stays with it. Files younger than
        ``files_before`` stay, because another process may be about to refer to them. Call within
        ``snapshot`` or ``transaction``.
        """
        ...

    def remove(self, garbage: Garbage, before: datetime) -> None:
        """Remove its rows. Call within the ``transaction`` that found it."""
        ...

    def remove_files(
        self, layers: Sequence[StoredContent], before: datetime, files_before: datetime
    ) -> tuple[StoredContent, ...]:
        """Remove these layers, leftover files, and old quarantined content.

        Content that was quarantined before ``before`` is old. Call after the transaction. Layers
        that a manifest kept by now refers to stay. Returns the removed layers.
        """
        ...

    def vacuum(self) -> int:
        """Shrink the store's file if much of it is free; return the bytes freed.

        Temporarily needs as much disk space again as the content; a kill leaves the file unchanged.
        """
        ...
