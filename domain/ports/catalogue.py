"""The catalogue port: tags and statistics of the store, for display.

A store of an installed adapter may serve it as ``catalogue`` (ADR 0026). Reads only, and works if
the store cannot be written. All methods may raise StoreError and DamagedStoreError.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class CountAndBytes:
    """A number of things, and their total size in bytes."""

    number: int = 0
    size: int = 0

    @classmethod
    def of(cls, sizes: Iterable[int]) -> "CountAndBytes":
        """Count ``sizes`` and add them up."""
        all_sizes = tuple(sizes)
        return cls(len(all_sizes), sum(all_sizes))

    def __add__(self, other: "CountAndBytes") -> "CountAndBytes":
        return CountAndBytes(self.number + other.number, self.size + other.size)


@frozen
class CachedTag:
    """A cached tag: its last observation, and facts of its manifest.

    ``size`` is the manifest's own, in bytes. ``platforms`` are those of a list's entries, each
    once, without attestations, or that of an image whose config is cached. ``layers_size`` is the
    sum of all its different layers, in bytes; None if an image is not cached.
    """

    observation: Observation
    media_type: str
    size: int
    platforms: tuple[str, ...]
    layers_size: int | None

    @property
    def reference(self) -> Reference:
        """The tag."""
        return self.observation.reference

    @property
    def digest(self) -> Digest:
        """The digest that it pointed to."""
        return self.observation.digest


@frozen
class CachedRepository:
    """A home of which tags are known, in the text form of ``Home``, and how many there are.

    ``last_moved`` (UTC) is when the newest state of any of its tags was first seen. It
    ``is_only_claimed`` if no tag of it was ever seen from here: a bundle says all that is known.
    """

    name: str
    tags: int
    last_moved: datetime
    is_only_claimed: bool


@frozen
class RegistryStatistics:
    """One registry: its known tags, and all manifests that they pointed to.

    ``registry`` is ``host[:port]``, and ``oci`` for all layouts.
    """

    registry: str
    tags: int
    manifests: CountAndBytes


@frozen
class Statistics:
    """Statistics of the whole store. Sizes are in bytes; times are in UTC.

    ``observations`` are those of all tags; ``oldest`` and ``newest`` are None without any.
    ``partial`` are layers whose transfer broke off, and ``quarantined`` is damaged content.
    ``file_size`` is that of the store's file, and ``reusable_size`` the free part of it.
    """

    images: CountAndBytes
    lists: CountAndBytes
    configs: CountAndBytes
    layers: CountAndBytes
    partial: CountAndBytes
    tags: int
    observations: int
    drafts: int
    quarantined: CountAndBytes
    file_size: int
    reusable_size: int
    registries: tuple[RegistryStatistics, ...]
    oldest: datetime | None
    newest: datetime | None


class Catalogue(Protocol):
    """Reads tags and statistics."""

    def tags(self, pattern: str | None = None) -> Iterator[CachedTag]:
        """Every tag, by reference; never all in memory, without a lock between two.

        ``pattern`` matches the reference, or its home, in full or in docker's short form; ``*``
        matches any text, ``?`` a character, ``[…]`` one of several. None matches every tag.
        Raises DamagedStoreError at a tag that cannot be read.
        """
        ...

    def tags_of(self, home: str, after: str = "") -> Iterator[CachedTag]:
        """The tags of one home behind the tag ``after``, in their order; read as ``tags`` are."""
        ...

    def repositories(
        self, pattern: str | None = None, after: str = ""
    ) -> Iterator[CachedRepository]:
        """The homes with tags behind the home ``after``, in their order.

        ``pattern`` matches a home as it does in ``tags``.
        """
        ...

    def statistics(self) -> Statistics:
        """Numbers and sizes. Damaged content counts with the bytes it has."""
        ...
