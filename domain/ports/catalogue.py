"""The catalogue port: what the store holds, for people and programs that want to know.

Asked of our own store alone: one from outside is not looked after from here (ADR 0026). Reads
only, and works where the store cannot be written. All methods may raise StoreError and
DamagedStoreError.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from attrs import frozen

from manyfest.domain.history.observation import Observation


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
    """A tag, as it was ``seen`` last, and what is known of its manifest.

    ``size`` is the manifest's own, in bytes. ``platforms`` are those of a list's entries, each
    once, attestations left out, or that of an image whose config is held. ``layers_size`` is the
    sum of all its different layers, in bytes; None if an image is not held and so cannot tell.
    """

    observation: Observation
    media_type: str
    size: int
    platforms: tuple[str, ...]
    layers_size: int | None


@frozen
class RegistryStatistics:
    """What was seen at one registry: tags now known, and the manifests they ever pointed to.

    ``registry`` is ``host[:port]``, and ``oci`` for all layouts.
    """

    registry: str
    tags: int
    manifests: CountAndBytes


@frozen
class Statistics:
    """All that the store holds. Sizes are in bytes; times in UTC, None where no tag was seen.

    ``states`` are all that tags were seen to point to. ``set_aside`` is what was damaged.
    ``file_size`` is what the store's file takes, ``reusable_size`` the part of it that is free.
    """

    images: CountAndBytes
    lists: CountAndBytes
    configs: CountAndBytes
    layers: CountAndBytes
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
    """Tells what is held."""

    def tags(self, pattern: str | None = None) -> Iterator[CachedTag]:
        """Every tag, by reference; never all in memory, and no lock is held between two.

        ``pattern`` is for the reference, or for its home, in full or in docker's short form; ``*``
        stands for any text, ``?`` for a character, ``[…]`` for one of some. None is every tag.
        Raises DamagedStoreError at one that cannot be read.
        """
        ...

    def statistics(self) -> Statistics:
        """Numbers and sizes. Damaged contents count as what they are in bytes."""
        ...
