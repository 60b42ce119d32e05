"""A bound on the documents that one operation keeps in memory.

Each manifest and config is bounded (4 MiB), but one list may name 20,000 of them, and a parsed
document takes 20 times its bytes. A real list of 10,000 images, with 2 to 3 KiB each, stays under
the bound.

Where a list says beforehand that its images are larger together, the large ones *pass*: each is
read while no other is, the operation takes what it needs of it, and lets it go. What is taken
counts in its place, and it is not recorded.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import TooManyBytesError
from manyfest.domain.manifests import SIZE_LIMIT, Manifest
from manyfest.domain.ports.fan_out import FanOut, Item, Result
from manyfest.domain.ports.registry import BlobReader, ManifestReader, Registry
from manyfest.domain.references import Reference

LIMIT = 32 * 1024 * 1024  # bytes, all different manifests and configs together
_LARGE = 128 * 1024  # bytes of a manifest; real ones have 1 to 20 KiB
_PASSING_LIMIT = 1024 * 1024 * 1024  # bytes of all that pass; they take minutes
_DESCRIPTOR = 512  # bytes that one takes in memory, with its path


def together(references: Sequence[Reference]) -> str:
    """Return the ``subject`` of what is read at once: a reference, or how many there are."""
    return str(references[0]) if len(references) == 1 else f"{len(references)} references together"


def large_images(
    listed: Iterable[Descriptor], subject: str, limit: int = LIMIT
) -> Mapping[Digest, int]:
    """Return the sizes of the images that are read one at a time; none if all may be held together.

    An image over ``SIZE_LIMIT`` does not count: it is refused by itself. Raises TooManyBytesError,
    which names ``subject``.
    """
    images = {
        entry.digest: entry.size
        for entry in listed
        if entry.media_type in media_types.IMAGES and entry.size <= SIZE_LIMIT
    }
    if sum(images.values()) <= limit:
        return {}
    large = {digest: size for digest, size in images.items() if size > _LARGE}
    if sum(large.values()) > _PASSING_LIMIT:
        raise TooManyBytesError(subject, _PASSING_LIMIT)
    return large


class MeteredReader(ManifestReader, BlobReader):
    """Reads manifests and configs, whole, until they are more than ``limit`` bytes together.

    Each digest counts once, in all threads. Reading raises TooManyBytesError, which names
    ``subject``; a config is refused before it is read.
    """

    def __init__(self, registry: Registry, subject: str, limit: int = LIMIT) -> None:
        self._registry = registry
        self._subject = subject
        self._limit = limit
        self._counted: set[Digest | None] = set()
        self._bytes = 0
        self._announced: dict[Digest, int] = {}
        self._passing: set[Digest | None] = set()

    def get_manifest(self, reference: Reference) -> Manifest:
        """Read and count a manifest."""
        manifest = self._registry.get_manifest(reference)
        self._count(manifest.digest, manifest.size)
        return manifest

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        """Count a config, then read it."""
        self._count(reference.digest, size)
        return self._registry.open_blob(reference, size)

    def announce(self, listed: Iterable[Descriptor]) -> None:
        """Learn the sizes of manifests from their list, before any of them is read.

        Of those that are too large to be held, images may pass. Raises TooManyBytesError: the
        others are too large, too. One over ``SIZE_LIMIT`` does not count: it is refused by itself.
        """
        listed = tuple(listed)
        self._announced |= {
            entry.digest: entry.size
            for entry in listed
            if media_types.is_manifest(entry.media_type)
            and entry.size <= SIZE_LIMIT
            and not self.passes(entry.digest)
        }
        held = sum(self._announced.values())
        if held > self._limit:
            large = large_images(listed, self._subject, limit=0)
            self._passing |= large.keys()
            held -= sum(self._announced.pop(digest, 0) for digest in large)
        if held > self._limit:
            raise TooManyBytesError(self._subject, self._limit)

    def require_room(self, listed: Iterable[Descriptor]) -> None:
        """Refuse a list whose manifests cannot all be held, before any of them is read.

        Raises TooManyBytesError.
        """
        manifests = (each for each in listed if media_types.is_manifest(each.media_type))
        sizes = {each.digest: each.size for each in manifests if each.size <= SIZE_LIMIT}
        if sum(sizes.values()) > self._limit:
            raise TooManyBytesError(self._subject, self._limit)

    def passes(self, digest: Digest | None) -> bool:
        """Return whether the manifest of this digest is not to be held."""
        return digest in self._passing

    def read_each(
        self,
        read: Callable[[Item], Result],
        items: Sequence[Item],
        digests: Callable[[Item], Iterable[Digest | None]],
        fan_out: FanOut,
    ) -> tuple[Result, ...]:
        """Return the results of ``read``; the items of ``digests`` that pass come one by one.

        These are read in the calling thread: each thread would keep the memory that one took.
        """
        passing = {
            number
            for number, item in enumerate(items)
            if not self._passing.isdisjoint(digests(item))
        }
        others = iter(fan_out(read, [each for n, each in enumerate(items) if n not in passing]))
        return tuple(
            read(item) if number in passing else next(others) for number, item in enumerate(items)
        )

    def hold(self, digest: Digest | None, descriptors: int) -> None:
        """Count so many descriptors that were taken of a manifest that passed."""
        if self.passes(digest):
            self._add(descriptors * _DESCRIPTOR)

    def head_manifest(self, reference: Reference) -> Descriptor:
        """Forward; nothing is kept."""
        return self._registry.head_manifest(reference)

    def is_manifest(self, reference: Reference) -> bool:
        """Forward; nothing is kept."""
        return self._registry.is_manifest(reference)

    def head_blob(self, reference: Reference) -> int:
        """Forward; nothing is kept."""
        return self._registry.head_blob(reference)

    def _count(self, digest: Digest | None, size: int) -> None:
        """Add ``size``; of threads that add at the same moment, one may be lost, which is fine."""
        if digest not in self._counted and not self.passes(digest):
            self._counted.add(digest)
            self._add(size)

    def _add(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self._limit:
            raise TooManyBytesError(self._subject, self._limit)
