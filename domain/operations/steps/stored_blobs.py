"""The blobs of the store, as a bundle takes them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext

from attr import evolve, field

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
    """Finds blobs and opens them; layers only ``with_layers``.

    ``known`` are the sizes of small blobs that were asked for together, None for those that the
    store lacks; of others the store is asked one by one.
    """

    contents: ContentStore
    stored_layers: LayerStore
    with_layers: bool
    known: Mapping[Digest, int | None] = field(factory=dict, repr=False)

    def knowing(self, manifests: Iterable[Manifest]) -> "StoredBlobs":
        """Return it with what the store has of the small blobs of these manifests."""
        asked = dict.fromkeys(
            blob.digest for manifest in manifests for blob in self._may_be_small(manifest)
        )
        return evolve(self, known={**asked, **self.contents.blob_sizes(asked)})

    def configs(self, manifest: Manifest) -> Iterator[Descriptor]:
        """Yield the config and the documents, such as SBOMs, in the store; none of ``layers``."""
        if manifest.config is not None and self._has_config(manifest.config):
            yield manifest.config
        if not self.with_layers:
            yield from filter(self._has_large, filter(is_document, manifest.layers))

    def layers(self, manifest: Manifest) -> Iterator[Descriptor]:
        """Yield those layers, and blobs in a list, that are in the store."""
        if self.with_layers:
            layers = (*self._layers_of(manifest), *foreign_layers([manifest]))
            yield from filter(self._has_large, layers)

    def lacking(self, manifest: Manifest) -> Iterator[Digest]:
        """Yield the config, distributable layers and blobs in a list that are not in the store."""
        config = manifest.config
        if config is not None and not self._has_config(config):
            yield config.digest
        layers = self._layers_of(manifest)
        yield from (layer.digest for layer in layers if not self._has_large(layer))

    def has(self, blob: Reference, size: int) -> bool:
        """Return True if the blob of this digest and size is in the store."""
        digest = blob.digest
        return digest is not None and self._has_large(Descriptor("", digest, size))

    def open_blob(self, digest: Digest, size: int, /) -> AbstractContextManager[Iterator[bytes]]:
        """Open a config or layer that was in the store. Raises NeverSeenError: it was collected."""
        data = None if self.with_layers else self.contents.blob(digest)
        if data is None and self.stored_layers.size(digest) == size:
            return self.stored_layers.open(digest)
        return opened(data or self.contents.blob(digest), digest)

    def _layers_of(self, manifest: Manifest) -> Iterator[Descriptor]:
        yield from distributable_layers(manifest)
        for entry in manifest.entries:
            if entry.digest.is_verifiable and self._is_blob(entry):
                yield entry

    def _may_be_small(self, manifest: Manifest) -> Iterator[Descriptor]:
        if manifest.config is not None:
            yield manifest.config
        yield from manifest.layers if self.with_layers else filter(is_document, manifest.layers)
        yield from manifest.entries if self.with_layers else ()

    def _is_blob(self, entry: Descriptor) -> bool:
        """Whether an entry of a list is a blob: what is of an unknown type may be a manifest."""
        if media_types.is_manifest(entry.media_type) or media_types.is_blob(entry.media_type):
            return media_types.is_blob(entry.media_type)
        return self.contents.manifest(entry.digest) is None

    def _has_config(self, config: Descriptor) -> bool:
        return self._has_small(config) or (self.with_layers and self._has_large(config))

    def _has_large(self, layer: Descriptor) -> bool:
        return self.stored_layers.size(layer.digest) == layer.size or self._has_small(layer)

    def _has_small(self, blob: Descriptor) -> bool:
        if blob.digest in self.known:
            return self.known[blob.digest] == blob.size
        return self.contents.blob_sizes([blob.digest]).get(blob.digest) == blob.size


def opened(data: bytes | None, digest: Digest) -> AbstractContextManager[Iterator[bytes]]:
    """Open bytes that the store has hashed. Raises NeverSeenError: they were collected."""
    if data is None:
        raise NeverSeenError(str(digest))
    chunks = (data[first : first + CHUNK_SIZE] for first in range(0, len(data), CHUNK_SIZE))
    return nullcontext(VerifiedChunks(chunks, digest, len(data)))
