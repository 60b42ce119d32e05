"""The bundle port: OCI layouts that carry cached content to another store.

A bundle is a folder or an archive; its ``index.json`` lists images, its blobs are named by digest.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.manifests import Manifest
from manyfest.domain.values import frozen


@frozen
class BundleBlob:
    """A blob to write: ``size`` bytes of this digest, which ``source()`` opens."""

    digest: Digest
    size: int
    source: Callable[[], AbstractContextManager[Iterator[bytes]]]


@frozen
class BundleContent:
    """The content of a bundle to write; each part in the order of writing.

    ``entries`` are those of ``index.json``. Blobs are grouped by kind, the smallest kind first, so
    that a reader of a stream gets documents before layers.
    """

    entries: tuple[Descriptor, ...]
    manifests: tuple[BundleBlob, ...] = ()
    configs: tuple[BundleBlob, ...] = ()
    layers: tuple[BundleBlob, ...] = ()
    drafts: tuple[Draft, ...] = ()

    @property
    def blobs(self) -> tuple[BundleBlob, ...]:
        """All blobs, in the order of writing."""
        return (*self.manifests, *self.configs, *self.layers)


class Bundle(Protocol):
    """A bundle that is open for reading, for one thread.

    Nothing is checked against a digest here: callers do that. All methods may raise BundleError
    (damaged, cut off, or of an unknown form) and LayoutError (a folder's file is a link).
    """

    @property
    def name(self) -> str:
        """The path, as errors name it."""
        ...

    @property
    def index(self) -> Manifest:
        """``index.json``; of a docker archive, an index that lists its images."""
        ...

    @property
    def entries(self) -> tuple[Descriptor, ...]:
        """The entries of ``index.json``, in order."""
        ...

    @property
    def drafts(self) -> tuple[Draft, ...]:
        """The drafts in the bundle. Raises DocumentError."""
        ...

    def size(self, digest: Digest) -> int | None:
        """The size in bytes of the blob ``digest``, None if it is missing."""
        ...

    def read(self, digest: Digest) -> bytes:
        """The bytes of a small blob that is in the bundle: a document."""
        ...

    def iter_blobs(self, digests: Collection[Digest]) -> Iterator[tuple[Digest, Iterator[bytes]]]:
        """Yield these blobs, which are in the bundle, in chunks of at most 1 MiB.

        The order is the implementation's fastest. Read the chunks of one before the next.
        """
        ...
