"""A bound on the documents that one operation keeps in memory.

Each manifest and config is bounded (4 MiB), but one list may name 20,000 of them, and a parsed
document takes 20 times its bytes. A real list of 10,000 images, with 2 to 3 KiB each, stays under
the bound.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import TooManyBytesError
from manyfest.domain.manifests import SIZE_LIMIT, Manifest
from manyfest.domain.ports.registry import BlobReader, ManifestReader, Registry
from manyfest.domain.references import Reference

LIMIT = 32 * 1024 * 1024  # bytes, all different manifests and configs together


def together(references: Sequence[Reference]) -> str:
    """Return the ``subject`` of what is read at once: a reference, or how many there are."""
    return str(references[0]) if len(references) == 1 else f"{len(references)} references together"


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
        """Refuse manifests that are too large by what their list says, before any is read.

        One over ``SIZE_LIMIT`` does not count: it is refused by itself.
        """
        sizes = {
            entry.digest: entry.size
            for entry in listed
            if media_types.is_manifest(entry.media_type) and entry.size <= SIZE_LIMIT
        }
        if sum(sizes.values()) > self._limit:
            raise TooManyBytesError(self._subject, self._limit)

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
        if digest not in self._counted:
            self._counted.add(digest)
            self._bytes += size
        if self._bytes > self._limit:
            raise TooManyBytesError(self._subject, self._limit)
