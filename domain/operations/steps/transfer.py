"""Bring manifests and blobs to another repository, registry or layout."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, VerifiedChunks, require_verifiable
from manyfest.domain.errors import BlobUnknownError, ManifestUnknownError
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
from manyfest.domain.lists.distributable_blobs import distributable_blobs, needed_blobs
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.steps.put_manifest import put_manifest
from manyfest.domain.operations.steps.tree import Node, is_blob, tree
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import BlobReader, ManifestReader, Registry
from manyfest.domain.references import Home, Reference, Repository
from manyfest.domain.values import frozen


@frozen
class ManifestCopy:
    """``manifest``, read at ``source``, to be put at ``target``; both by digest."""

    source: Reference
    target: Reference
    manifest: Manifest

    @property
    def digest(self) -> Digest:
        """The digest of the manifest."""
        return self.manifest.digest

    @property
    def size(self) -> int:
        """The bytes of the manifest."""
        return self.manifest.size


@frozen
class BlobCopy:
    """A blob of ``size`` bytes to be copied from ``source`` to ``target``; both by digest.

    ``urls`` are those of a foreign layer, for a source that lacks it.
    """

    source: Reference
    target: Reference
    size: int
    urls: tuple[str, ...] = ()


Copy = ManifestCopy | BlobCopy


def content_copies(
    source: Reference, listed: Descriptor, target: Home, registry: ManifestReader
) -> tuple[Copy, ...]:
    """Read what is ``listed`` at ``source`` and all that it lists, for copying to ``target``.

    Children come before the lists that name them, and each once; blobs are not read. Raises what
    ``get_manifest`` raises; SizeMismatchError, DocumentError: a manifest is not as it is listed;
    DocumentError also: nested too deep, or not verifiable.
    """
    nodes = tree(source, listed, registry)
    copies = (content_copy(node, target, registry) for node in nodes)
    return tuple({copy.target: copy for copy in copies}.values())


def content_copy(node: Node, target: Home, registry: ManifestReader) -> Copy:
    """Read ``node`` for copying to ``target``, unless it is a blob. Raises as ``Node.read``."""
    if node.listed is not None and is_blob(node.source, node.listed, registry):
        return entry_blob(node.source, node.listed, target)
    manifest = node.read(registry)
    return ManifestCopy(node.source, Reference(target, None, manifest.digest), manifest)


def entry_blob(source: Reference, listed: Descriptor, target: Home) -> BlobCopy:
    """Return the copy of a blob that a list names. Raises UnverifiableError."""
    require_verifiable(listed.digest, str(source))
    return BlobCopy(source, Reference(target, None, listed.digest), listed.size)


def manifest_copies(copies: Iterable[Copy]) -> tuple[ManifestCopy, ...]:
    """Return those of ``copies`` that are manifests, each target once."""
    manifests = (copy for copy in copies if isinstance(copy, ManifestCopy))
    return tuple({copy.target: copy for copy in manifests}.values())


def blob_copies(
    copies: Iterable[Copy], *, with_foreign: bool = False, in_place: bool = False
) -> tuple[BlobCopy, ...]:
    """Return those of ``copies`` that are blobs, and the blobs that the manifests need.

    Foreign layers only ``with_foreign``; those of what is converted where it is only ``in_place``.
    """
    named = partial(_blobs_of, with_foreign=with_foreign, in_place=in_place)
    blobs = (blob for copy in copies for blob in named(copy))
    return tuple({blob.target: blob for blob in blobs}.values())


def _blobs_of(copy: Copy, *, with_foreign: bool, in_place: bool) -> Iterator[BlobCopy]:
    if isinstance(copy, BlobCopy):
        yield copy
        return
    if copy.source.home == copy.target.home and copy.source != copy.target and not in_place:
        return  # converted where it is, and so are its blobs
    manifest = copy.manifest.without_views()  # a list may have 40,000 images
    for descriptor in needed_blobs(manifest, with_foreign=with_foreign):
        source, target = (at.at(descriptor.digest) for at in (copy.source, copy.target))
        yield BlobCopy(source, target, descriptor.size, descriptor.urls)


def is_there(copy: Copy, registry: Registry) -> bool:
    """Return True if the target of ``copy`` has it, a manifest with the blobs that it names.

    A hint, as ``is_complete``.
    """
    if isinstance(copy, BlobCopy):
        return registry.probe_blob(copy.target) is not None
    return is_complete(copy.target, registry)


def is_complete(manifest: Reference, registry: Registry) -> bool:
    """Return True if the manifest of this digest is there, with the blobs that it names.

    False also if that is unknown: a hint, for writers that put it again.
    """
    return (
        registry.probe_manifest(manifest) is not None and _missing_blob(manifest, registry) is None
    )


def missing_part(manifest: Reference, registry: Registry) -> Reference | None:
    """Return the manifest of this digest if it is missing, or a missing blob that it names.

    Raises what ``head_manifest`` raises, but ManifestUnknownError.
    """
    try:
        registry.head_manifest(manifest)
    except ManifestUnknownError:
        return manifest
    return _missing_blob(manifest, registry)


def _missing_blob(manifest: Reference, registry: Registry) -> Reference | None:
    """Return a blob that a manifest of a layout names and the layout lacks.

    A registry accepts an image only with its blobs, and keeps them as long as the image, so its
    word is enough. The files of a layout come and go one by one, and looking at them is cheap.
    """
    if isinstance(manifest.home, Repository):
        return None
    named = distributable_blobs(registry.get_manifest(manifest))
    blobs = (manifest.at(blob.digest) for blob in named)
    return next((blob for blob in blobs if not has_blob(blob, registry)), None)


def put_copies(
    copies: Sequence[ManifestCopy], registry: Registry, fan_out: FanOut, on_event: OnEvent = ignore
) -> None:
    """Put ``copies``: images in parallel, then lists in their order."""
    put = partial(put_copy, registry=registry, on_event=on_event)
    fan_out(put, [copy for copy in copies if not copy.manifest.is_list])
    for nested in (copy for copy in copies if copy.manifest.is_list):
        put(nested)


def put_copy(copy: ManifestCopy, registry: Registry, on_event: OnEvent = ignore) -> None:
    """Put one manifest."""
    put_manifest(registry, copy.target, copy.manifest)
    on_event(ManifestPut(copy.target))


def copy_blob(copy: BlobCopy, registry: Registry, on_event: OnEvent = ignore) -> None:
    """Bring a blob to its target: mount it within one registry, else stream it if missing."""
    if may_be_mounted(copy) and registry.mount_blob(copy.target, copy.source.home):
        on_event(BlobMounted(copy.target, copy.size))
    elif registry.probe_blob(copy.target) is not None:
        on_event(BlobFound(copy.target, copy.size))
    else:
        _stream(copy, registry, on_event)
        on_event(BlobCopied(copy.target, copy.size))


def _stream(copy: BlobCopy, registry: Registry, on_event: OnEvent) -> None:
    """Stream from source to target in chunks; the writer may open the source again."""

    @contextmanager
    def opened(start: int = 0, /) -> Iterator[Iterator[bytes]]:
        with open_from(start, copy.source, copy.size, copy.urls, registry) as chunks:
            yield with_progress(chunks, copy.target, on_event, start)

    registry.write_blob(copy.target, copy.size, opened)


def open_from(
    start: int, blob: Reference, size: int, urls: tuple[str, ...], registry: BlobReader
) -> AbstractContextManager[Iterator[bytes]]:
    """Open a blob, or a foreign layer with ``urls``, from byte ``start`` on."""
    if start:
        return registry.open_rest(blob, size, start, urls)
    return registry.open_foreign_layer(blob, size, urls) if urls else registry.open_blob(blob, size)


def with_progress(
    chunks: Iterator[bytes], blob: Blob, on_event: OnEvent, start: int = 0
) -> Iterator[bytes]:
    """Return ``chunks``; tell ``on_event`` of the start and of each chunk passed on."""

    def told(passing: Iterator[bytes]) -> Iterator[bytes]:
        on_event(BlobStarted(blob, start))
        for chunk in passing:
            yield chunk
            on_event(BlobMoved(blob, len(chunk)))

    return chunks.passed_by(told) if isinstance(chunks, VerifiedChunks) else told(chunks)


def may_be_mounted(copy: BlobCopy) -> bool:
    """Return True if source and target are two repositories of one registry, which can link it."""
    source, target = copy.source.home, copy.target.home
    return (
        isinstance(source, Repository)
        and isinstance(target, Repository)
        and source.registry == target.registry
        and source != target  # a repair from the store: the repository itself lacks the manifest
    )


def has_blob(blob: Reference, registry: BlobReader) -> bool:
    """Return True if the blob of this digest is there. Raises what ``head_blob`` raises."""
    try:
        registry.head_blob(blob)
    except BlobUnknownError:
        return False
    return True
