"""The blobs of the store, as a bundle takes them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import CHUNK_SIZE, Digest, VerifiedChunks
from manyfest.domain.errors import NeverSeenError
from manyfest.domain.lists.distributable_blobs import (
    distributable_layers,
    foreign_layers,
    is_document,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class StoredBlobs:
    """Finds blobs and opens them; layers only ``with_layers``."""

    contents: ContentStore
    stored_layers: LayerStore
    with_layers: bool

    def has_config(self, config: Descriptor) -> bool:
        """Whether an image's config is in the store."""
        return self._has_small(config) or (self.with_layers and self._has_large(config))

    def layers(self, manifest: Manifest) -> Iterator[Descriptor]:
        """Yield those layers, and blobs in a list, that are in the store."""
        if self.with_layers:
            layers = (*self._layers_of(manifest), *foreign_layers([manifest]))
            yield from filter(self._has_large, layers)

    def documents(self, manifest: Manifest) -> Iterator[Descriptor]:
        """Yield the documents in the store, such as SBOMs, that are not among ``layers``."""
        if not self.with_layers:
            yield from filter(self._has_large, filter(is_document, manifest.layers))

    def lacking(self, manifest: Manifest) -> Iterator[Digest]:
        """Yield the config, distributable layers and blobs in a list that are not in the store."""
        config = manifest.config
        if config is not None and not self.has_config(config):
            yield config.digest
        layers = self._layers_of(manifest)
        yield from (layer.digest for layer in layers if not self._has_large(layer))

    def has(self, blob: Reference, size: int) -> bool:
        """Return True if the blob of this digest and size is in the store."""
        digest = blob.digest
        return digest is not None and self._has_large(Descriptor("", digest, size))

    def open_manifest(
        self, digest: Digest, _size: int, /
    ) -> AbstractContextManager[Iterator[bytes]]:
        """Open a manifest that was in the store. Raises NeverSeenError: it was collected."""
        manifest = self.contents.manifest(digest)
        return _opened(None if manifest is None else manifest.data, digest)

    def open_blob(self, digest: Digest, size: int, /) -> AbstractContextManager[Iterator[bytes]]:
        """Open a config or layer that was in the store. Raises NeverSeenError: it was collected."""
        data = None if self.with_layers else self.contents.blob(digest)
        if data is None and self.stored_layers.size(digest) == size:
            return self.stored_layers.open(digest)
        return _opened(data or self.contents.blob(digest), digest)

    def _layers_of(self, manifest: Manifest) -> Iterator[Descriptor]:
        yield from distributable_layers(manifest)
        for entry in manifest.entries:
            if entry.digest.is_verifiable and self._is_blob(entry):
                yield entry

    def _is_blob(self, entry: Descriptor) -> bool:
        """Whether an entry of a list is a blob: what is of an unknown type may be a manifest."""
        if media_types.is_manifest(entry.media_type) or media_types.is_blob(entry.media_type):
            return media_types.is_blob(entry.media_type)
        return self.contents.manifest(entry.digest) is None

    def _has_large(self, layer: Descriptor) -> bool:
        return self.stored_layers.size(layer.digest) == layer.size or self._has_small(layer)

    def _has_small(self, blob: Descriptor) -> bool:
        data = self.contents.blob(blob.digest)
        return data is not None and len(data) == blob.size


def _opened(data: bytes | None, digest: Digest) -> AbstractContextManager[Iterator[bytes]]:
    """Open bytes that the store has hashed; NeverSeenError if they were collected as garbage."""
    if data is None:
        raise NeverSeenError(str(digest))
    chunks = (data[first : first + CHUNK_SIZE] for first in range(0, len(data), CHUNK_SIZE))
    return nullcontext(VerifiedChunks(chunks, digest, len(data)))
