"""The garbage port: what of the store nobody needs any more, and taking it away.

The commands ask our own store alone: one from outside is not looked after from here (ADR 0026). All
methods may raise StoreError and DamagedStoreError.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.ports.catalogue import CountAndBytes


@frozen
class StoredContent:
    """A manifest, config or layer of so many bytes."""

    digest: Digest
    size: int


@frozen
class Garbage:
    """What nobody needs. ``states`` are what tags were seen to point to long ago, by reference.

    ``left_over`` are files that a killed program left among the layers, and ``set_aside`` damaged
    things that have been in quarantine for long. ``unreadable`` is how many manifests cannot be
    read, and so are no garbage, whoever names them.
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
        """How many bytes it is together."""
        pieces = sum(piece.size for piece in (*self.manifests, *self.configs, *self.layers))
        return pieces + self.leftover.size + self.quarantined.size


class GarbageCollector(Protocol):
    """Finds and removes garbage. A store that is not there has none, and is not made."""

    def snapshot(self) -> AbstractContextManager[None]:
        """What is found inside is true of one moment. Works where the store cannot be written."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """As in the content store of the same store: nobody else writes until it ends."""
        ...

    def find(self, roots: Iterable[Digest], before: datetime, files_before: datetime) -> Garbage:
        """All that is neither reachable nor recent. Call within ``snapshot`` or ``transaction``.

        Reachable are the ``roots``, what a tag was seen to point to at ``before`` or later, what
        was asked for by digest since then, what these name (a list's entries, an image's config and
        layers, a subject), and what names these as its subject; and so on from there. A tag that
        was last seen to point to what was asked for by digest stays with it. Files younger than
        ``files_before`` stay: somebody may be about to name them. Times are in UTC.
        """
        ...

    def remove(self, garbage: Garbage, before: datetime) -> None:
        """Remove all of it that is rows. Call within the ``transaction`` that found it."""
        ...

    def remove_files(
        self, layers: Sequence[StoredContent], before: datetime, files_before: datetime
    ) -> tuple[StoredContent, ...]:
        """Remove these layers, what is left over, and what was set aside before ``before``.

        Call when the transaction has ended. Layers that a manifest now kept names stay; gives those
        that went.
        """
        ...

    def vacuum(self) -> int:
        """Make the store's file smaller by what is free in it, if that is much; by how many bytes.

        Needs as much room again as what is held, for a while; a kill leaves the file as it was.
        """
        ...
