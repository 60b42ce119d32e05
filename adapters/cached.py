"""A registry in front of another: what the content store holds by digest is not fetched again."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress

from manyfest.adapters.held_blobs import blob_digest, opened
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Reference


class CachedRegistry(Registry):
    """Reads by digest come from ``contents`` where it holds them; all else goes to ``origin``.

    A tag may have moved, so the origin is asked. So it is for the head of anything: that asks
    whether something is *there*, and bytes that we hold say nothing about it. Nothing is kept here:
    what was read is recorded when the command has succeeded.
    """

    def __init__(self, origin: Registry, contents: ContentStore, layers: LayerStore) -> None:
        self._origin = origin
        self._contents = contents
        self._layers = layers

    def get_manifest(self, reference: Reference) -> Manifest:
        held = self._held(reference.digest) if reference.digest else None
        return held or self._origin.get_manifest(reference)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self._origin.head_manifest(reference)

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        self._origin.put_manifest(reference, manifest, expected)

    def tags(self, home: Home) -> tuple[str, ...]:
        return self._origin.tags(home)

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        return self._origin.referrers(reference)

    def head_blob(self, reference: Reference) -> int:
        return self._origin.head_blob(reference)

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        digest = blob_digest(reference)
        with suppress(DamagedStoreError):
            if (data := self._contents.blob(digest)) is not None:
                return opened(data, reference, size)
        if self._layers.size(digest) == size:
            return self._layers.open(digest)
        return self._origin.open_blob(reference, size)

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        return self._origin.mount_blob(reference, origin)

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        self._origin.write_blob(reference, size, source)

    def _held(self, digest: Digest) -> Manifest | None:
        """Damaged bytes are as good as none: the origin has right ones, and keeping those heals."""
        try:
            return self._contents.manifest(digest)
        except DamagedStoreError:
            return None
