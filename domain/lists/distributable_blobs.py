"""Distributable blobs: the config and layers that a copy of an image needs.

A foreign layer, one with ``urls``, stays at those addresses, for reasons of licence. Registries
accept a manifest without it (image-spec, layer.md, "Non-Distributable Layers"). Whoever may copy it
asks for it.
"""

from collections.abc import Iterable, Iterator

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.manifests import Manifest


def is_distributable(layer: Descriptor) -> bool:
    """Return True if registries require the layer before the manifest."""
    return not layer.urls


def is_document(layer: Descriptor) -> bool:
    """Return True for a statement, an SBOM or a signature, which an attachment has as a layer."""
    return layer.media_type.endswith("json")


def distributable_layers(manifest: Manifest) -> tuple[Descriptor, ...]:
    """Return an image's layers without ``urls``, in order; none for a list.

    Raises DocumentError: a descriptor is malformed.
    """
    return tuple(layer for layer in manifest.layers if is_distributable(layer))


def distributable_blobs(manifest: Manifest) -> Iterator[Descriptor]:
    """The config of an image, then its distributable layers; none for a list.

    Raises DocumentError: a descriptor is malformed.
    """
    if manifest.config is not None:
        yield manifest.config
    yield from distributable_layers(manifest)


def foreign_layers(manifests: Iterable[Manifest]) -> tuple[Descriptor, ...]:
    """Return the layers with ``urls`` of ``manifests``, each digest once.

    There may be 40,000 manifests: they are left without parsed views. Raises DocumentError: a
    descriptor is malformed.
    """
    layers = (layer for manifest in manifests for layer in manifest.without_views().layers)
    found = {layer.digest: layer for layer in layers if not is_distributable(layer)}
    return tuple(found.values())


def needed_blobs(manifest: Manifest, *, with_foreign: bool) -> Iterator[Descriptor]:
    """The distributable blobs and, ``with_foreign``, the foreign layers."""
    yield from distributable_blobs(manifest)
    if with_foreign:
        yield from foreign_layers([manifest])
