"""Bundles: OCI image layouts that carry what one store holds to another, as values and a port.

A bundle is a folder or an archive; its ``index.json`` lists images, its blobs are named by digest.
"""

from collections.abc import Collection, Iterator
from typing import Protocol

from attrs import frozen

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.ports.registry import BlobSource


@frozen
class BundleBlob:
    """A blob to be written: ``size`` bytes of this digest, which ``source()`` opens."""

    digest: Digest
    size: int
    source: BlobSource


@frozen
class BundleContent:
    """What a bundle is to hold; each part in the order in which it is written.

    ``entries`` are those of ``index.json``. The blobs are apart by what they are: of the smallest
    first, so that who reads from the front meets documents before layers.
    """

    entries: tuple[Descriptor, ...]
    manifests: tuple[BundleBlob, ...] = ()
    configs: tuple[BundleBlob, ...] = ()
    layers: tuple[BundleBlob, ...] = ()
    drafts: tuple[Draft, ...] = ()

    @property
    def blobs(self) -> tuple[BundleBlob, ...]:
        """All of them."""
        return (*self.manifests, *self.configs, *self.layers)


class Bundle(Protocol):
    """A bundle that is open for reading, for one thread.

    Nothing is checked against a digest here: who reads does. All methods may raise BundleError
    (damaged, cut off, or of a form nobody knows) and LayoutError (a folder's file is a link).
    """

    @property
    def name(self) -> str:
        """The path, as errors name it."""
        ...

    @property
    def entries(self) -> tuple[Descriptor, ...]:
        """What ``index.json`` lists, in its order."""
        ...

    @property
    def drafts(self) -> tuple[Draft, ...]:
        """The drafts that came along. Raises DocumentError."""
        ...

    def size(self, digest: Digest) -> int | None:
        """The number of bytes of the blob that stands under ``digest``, None if there is none."""
        ...

    def read(self, digest: Digest) -> bytes:
        """The bytes of a small blob that is there: a document."""
        ...

    def iter_blobs(self, digests: Collection[Digest]) -> Iterator[tuple[Digest, Iterator[bytes]]]:
        """These blobs, which are there, in whatever order is quick, in chunks of at most 1 MiB.

        The chunks of one are read before the next is asked for.
        """
        ...
