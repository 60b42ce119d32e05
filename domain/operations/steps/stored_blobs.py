"""The blobs of the store, as a bundle takes them."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import NeverSeenError
from manyfest.domain.lists.distributable_blobs import distributable_layers, foreign_layers
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.bundles import BundleBlob
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.ports.registry import open_bytes
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class StoredBlobs:
    """Finds blobs, which are opened when they are written; layers only ``with_layers``."""

    contents: ContentStore
    stored_layers: LayerStore
    with_layers: bool

    def manifest(self, manifest: Manifest) -> BundleBlob:
        """Return the manifest as a blob, to be read again when it is written."""
        opened = partial(self._open_manifest, manifest.digest)
        return BundleBlob(manifest.digest, manifest.size, opened)

    def configs(self, manifests: Iterable[Manifest]) -> Iterator[BundleBlob]:
        """Yield those configs that are in the store."""
        configs = (manifest.config for manifest in manifests)
        yield from filter(None, (self._config(config) for config in configs if config))

    def layers(self, manifests: Iterable[Manifest]) -> Iterator[BundleBlob]:
        """Yield those layers, and blobs in lists, that are in the store."""
        if self.with_layers:
            for manifest in manifests:
                layers = (*self._layers_of(manifest), *foreign_layers([manifest]))
                yield from filter(None, map(self._large, layers))

    def lacking(self, manifest: Manifest) -> Iterator[Digest]:
        """Yield the config, distributable layers and blobs in a list that are not in the store."""
        config = manifest.config
        if config is not None and self._config(config) is None:
            yield config.digest
        yield from (each.digest for each in self._layers_of(manifest) if self._large(each) is None)

    def has(self, blob: Reference, size: int) -> bool:
        """Return True if the blob of this digest and size is in the store."""
        digest = blob.digest
        return digest is not None and self._large(Descriptor("", digest, size)) is not None

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

    def _config(self, config: Descriptor) -> BundleBlob | None:
        packed = self._small(config)
        return packed or (self._large(config) if self.with_layers else None)

    def _large(self, layer: Descriptor) -> BundleBlob | None:
        if self.stored_layers.size(layer.digest) != layer.size:
            return self._small(layer)
        opened = partial(self.stored_layers.open, layer.digest)
        return BundleBlob(layer.digest, layer.size, opened)

    def _small(self, blob: Descriptor) -> BundleBlob | None:
        data = self.contents.blob(blob.digest)
        if data is None or len(data) != blob.size:
            return None
        return BundleBlob(blob.digest, blob.size, partial(self._open_small, blob.digest))

    def _open_manifest(self, digest: Digest) -> AbstractContextManager[Iterator[bytes]]:
        manifest = self.contents.manifest(digest)
        return open_bytes(_present(None if manifest is None else manifest.data, digest))

    def _open_small(self, digest: Digest) -> AbstractContextManager[Iterator[bytes]]:
        return open_bytes(_present(self.contents.blob(digest), digest))


def _present(data: bytes | None, digest: Digest) -> bytes:
    """Return ``data``; raises NeverSeenError: another process collected it as garbage."""
    if data is None:
        raise NeverSeenError(str(digest))
    return data
