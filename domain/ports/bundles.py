"""The bundle port: OCI layouts that carry cached content to another store.

A bundle is a folder or an archive; its ``index.json`` lists images, its blobs are named by digest.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain
from typing import Protocol

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource
from manyfest.domain.values import frozen


@frozen
class BundleBlob:
    """A blob to write: ``size`` bytes of this digest, which ``source()`` opens."""

    digest: Digest
    size: int
    source: Callable[[], AbstractContextManager[Iterator[bytes]]]


@frozen
class BlobSet(Collection[BundleBlob]):
    """Blobs by digest with their sizes, which ``opened(digest, size)`` opens.

    An entry of a dictionary each, as there may be 100,000: the blobs are made while they are
    iterated.
    """

    sizes: Mapping[Digest, int]
    opened: Callable[[Digest, int], AbstractContextManager[Iterator[bytes]]]

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[BundleBlob]:
        for digest, size in self.sizes.items():
            yield BundleBlob(digest, size, partial(self.opened, digest, size))

    def __contains__(self, blob: object) -> bool:
        return any(blob == each for each in self)


@frozen
class BundleContent:
    """The content of a bundle to write; each part in the order of writing.

    ``entries`` are those of ``index.json`` by name, encoded (``index_entries.encode_entry``). Blobs
    are grouped by kind, the smallest kind first, so that a reader of a stream gets documents before
    layers.
    """

    entries: Mapping[str, bytes]
    manifests: Collection[BundleBlob] = ()
    configs: Collection[BundleBlob] = ()
    layers: Collection[BundleBlob] = ()
    drafts: tuple[Draft, ...] = ()

    @property
    def blobs(self) -> Iterator[BundleBlob]:
        """All blobs, in the order of writing."""
        return chain(self.manifests, self.configs, self.layers)


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


@frozen
class PackedBundle:
    """A bundle as one blob: its digest, its size in bytes, and a source that opens it."""

    digest: Digest
    size: int
    source: BlobSource


class BundlePacker(Protocol):
    """Makes blobs of bundles, and opens those that come as blobs."""

    def packed(self, content: BundleContent) -> AbstractContextManager[PackedBundle]:
        """Pack ``content`` until the context ends; the same content gives the same bytes.

        Raises BundleError: the system refuses; the errors of opening a blob.
        """
        ...

    def unpacked(self, name: str, chunks: Iterator[bytes]) -> AbstractContextManager[Bundle]:
        """Open the bundle that ``chunks`` are; ``name`` names it in errors.

        Raises BundleError: it is damaged, expands too far, or the system refuses; what reading
        ``chunks`` raises.
        """
        ...
