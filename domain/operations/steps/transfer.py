"""Bringing manifests to where a list will be put: which of them, their blobs, and moving them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from attrs import frozen

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import BlobUnknownError, DocumentError, ManifestUnknownError
from manyfest.domain.events import (
    Blob,
    BlobCopied,
    BlobFound,
    BlobMounted,
    BlobMoved,
    BlobStarted,
    ManifestPut,
    OnEvent,
    ignore,
)
from manyfest.domain.manifests import Manifest, require_match
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import Home, Reference, Repository

# Lists in lists are rare and two levels are the most that is seen; what goes deeper is a trap.
NESTING_LIMIT = 8


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
    source: Reference, target: Home, registry: ManifestReader
) -> tuple[ManifestCopy, ...]:
    """The manifest at ``source`` and, before it, all that it lists, to be put in ``target``.

    Reads every one of them, and once, however often it is listed. Raises what ``get_manifest``
    raises; SizeMismatchError: one is not as its list describes it; DocumentError: likewise, or
    nested too deep.
    """
    found: dict[Digest, ManifestCopy] = {}
    _collect(found, source, target, registry, 0)
    return tuple(found.values())


def _collect(
    found: dict[Digest, ManifestCopy],
    source: Reference,
    target: Home,
    registry: ManifestReader,
    level: int,
) -> ManifestCopy:
    if level > NESTING_LIMIT:
        raise DocumentError(str(source), f"lists nested deeper than {NESTING_LIMIT}")
    manifest = registry.get_manifest(source)
    for entry in manifest.entries:
        child = found.get(entry.digest) or _collect(
            found, source.at(entry.digest), target, registry, level + 1
        )
        require_match(child.manifest, entry, str(child.source))
    copy = ManifestCopy(source, Reference(target, None, manifest.digest), manifest)
    return found.setdefault(manifest.digest, copy)


def blob_copies(manifests: Iterable[ManifestCopy]) -> tuple[BlobCopy, ...]:
    """The configs and layers of ``manifests``, each once.

    Layers with ``urls`` are left alone: they live elsewhere by licence, and registries take the
    manifest without them (image-spec, "Non-distributable layers").
    """
    copies = (copy for manifest_copy in manifests for copy in _blobs_of(manifest_copy))
    return tuple({copy.target: copy for copy in copies}.values())


def _blobs_of(copy: ManifestCopy) -> Iterator[BlobCopy]:
    for descriptor in distributable_blobs(copy.manifest):
        source, target = (at.at(descriptor.digest) for at in (copy.source, copy.target))
        yield BlobCopy(source, target, descriptor.size)


def distributable_blobs(manifest: Manifest) -> Iterator[Descriptor]:
    """Its config and its layers, but for those that live elsewhere by licence."""
    if manifest.config is not None:
        yield manifest.config
    yield from (layer for layer in manifest.layers if not layer.urls)


def is_complete(manifest: Reference, registry: Registry) -> bool:
    """Whether the manifest of this digest is there, with the blobs that it names.

    A registry takes an image only when it has its blobs, and keeps them as long, so its word is
    enough. The files of a layout come and go one by one, and looking at them costs little.
    """
    try:
        registry.head_manifest(manifest)
    except ManifestUnknownError:
        return False
    if isinstance(manifest.home, Repository):
        return True
    blobs = distributable_blobs(registry.get_manifest(manifest))
    return all(_is_there(manifest.at(blob.digest), registry) for blob in blobs)


def put_copies(
    copies: Sequence[ManifestCopy], registry: Registry, fan_out: FanOut, on_event: OnEvent = ignore
) -> None:
    """Put them where they belong: images in any order, then lists in that of ``copies``."""
    put = partial(put_copy, registry=registry, on_event=on_event)
    fan_out(put, [copy for copy in copies if not copy.manifest.is_list])
    for nested in (copy for copy in copies if copy.manifest.is_list):
        put(nested)


def put_copy(copy: ManifestCopy, registry: Registry, on_event: OnEvent = ignore) -> None:
    """Put one of them."""
    registry.put_manifest(copy.target, copy.manifest)
    on_event(ManifestPut(copy.target))


def copy_blob(copy: BlobCopy, registry: Registry, on_event: OnEvent = ignore) -> None:
    """Make the blob appear at its target: mounted within one registry, else streamed if missing."""
    if may_be_mounted(copy) and registry.mount_blob(copy.target, copy.source.home):
        on_event(BlobMounted(copy.target, copy.size))
    elif _is_there(copy.target, registry):
        on_event(BlobFound(copy.target, copy.size))
    else:
        _stream(copy, registry, on_event)
        on_event(BlobCopied(copy.target, copy.size))


def _stream(copy: BlobCopy, registry: Registry, on_event: OnEvent) -> None:
    """From source to target in chunks; the writer may open the source anew."""

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        with registry.open_blob(copy.source, copy.size) as chunks:
            yield with_progress(chunks, copy.target, on_event)

    registry.write_blob(copy.target, copy.size, opened)


def with_progress(chunks: Iterator[bytes], blob: Blob, on_event: OnEvent) -> Iterator[bytes]:
    """The same chunks; that they begin, and each that has passed, is told."""
    on_event(BlobStarted(blob))
    for chunk in chunks:
        yield chunk
        on_event(BlobMoved(blob, len(chunk)))


def may_be_mounted(copy: BlobCopy) -> bool:
    """Whether both ends are in one registry, which can then make the blob appear by itself."""
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
