"""Bringing children to where a list will be put: which manifests and blobs, and moving them."""

from collections.abc import Iterable, Iterator
from functools import partial

from attrs import frozen

from manyfest.domain.errors import BlobUnknownError, DocumentError
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import Home, Reference, Repository

# Lists in lists are rare and two levels are the most that is seen; what goes deeper is a trap.
_NESTING_LIMIT = 8


@frozen
class ManifestCopy:
    """``manifest``, read at ``source``, to be put at ``target``; both by digest."""

    source: Reference
    target: Reference
    manifest: Manifest


@frozen
class BlobCopy:
    """A blob of ``size`` bytes at ``source`` to be made to appear at ``target``; both by digest."""

    source: Reference
    target: Reference
    size: int


def manifest_copies(
    source: Reference, target: Home, registry: ManifestReader, level: int = 0
) -> tuple[ManifestCopy, ...]:
    """The manifest at ``source`` and, before it, all that it lists, to be put in ``target``.

    Reads every one of them. Raises what ``get_manifest`` raises; DocumentError: nested too deep.
    """
    if level > _NESTING_LIMIT:
        raise DocumentError(str(source), f"lists nested deeper than {_NESTING_LIMIT}")
    manifest = registry.get_manifest(source)
    below = [
        copy
        for entry in manifest.entries
        for copy in manifest_copies(source.at(entry.digest), target, registry, level + 1)
    ]
    return (*below, ManifestCopy(source, Reference(target, None, manifest.digest), manifest))


def blob_copies(manifests: Iterable[ManifestCopy]) -> tuple[BlobCopy, ...]:
    """The configs and layers of ``manifests``, each once.

    Layers with ``urls`` are left alone: they live elsewhere by licence, and registries take the
    manifest without them (image-spec, "Non-distributable layers").
    """
    copies = (copy for manifest_copy in manifests for copy in _blobs_of(manifest_copy))
    return tuple({copy.target: copy for copy in copies}.values())


def _blobs_of(copy: ManifestCopy) -> Iterator[BlobCopy]:
    config = copy.manifest.config
    for descriptor in (*([config] if config else []), *copy.manifest.layers):
        if not descriptor.urls:
            source, target = (at.at(descriptor.digest) for at in (copy.source, copy.target))
            yield BlobCopy(source, target, descriptor.size)


def copy_blob(copy: BlobCopy, registry: Registry) -> None:
    """Make the blob appear at its target: mounted within one registry, else streamed if missing."""
    if _share_registry(copy):
        if registry.mount_blob(copy.target, copy.source.home):
            return
    elif _is_there(copy.target, registry):
        return
    registry.write_blob(copy.target, copy.size, partial(registry.open_blob, copy.source, copy.size))


def _share_registry(copy: BlobCopy) -> bool:
    source, target = copy.source.home, copy.target.home
    return (
        isinstance(source, Repository)
        and isinstance(target, Repository)
        and source.registry == target.registry
    )


def _is_there(blob: Reference, registry: Registry) -> bool:
    try:
        registry.head_blob(blob)
    except BlobUnknownError:
        return False
    return True
