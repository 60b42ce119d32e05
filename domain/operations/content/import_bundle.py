"""Import a bundle into the store: every byte checked, all of it or nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from attr import evolve

from manyfest.domain import image_configs, media_types
from manyfest.domain.bundles.index_entries import observation_of
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import (
    BundleError,
    ConflictError,
    DigestMismatchError,
    DocumentError,
    SparseBundleError,
)
from manyfest.domain.events import BlobCopied, OnEvent, TransferPlanned, ignore
from manyfest.domain.lists.distributable_blobs import is_document
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.content.bundle_documents import (
    read_document,
    received_manifest,
    require_size,
)
from manyfest.domain.operations.content.bundle_images import (
    NO_NAMES,
    Naming,
    images_of,
    unnamed_digests,
)
from manyfest.domain.operations.content.gather import gather
from manyfest.domain.operations.steps.transfer import with_progress
from manyfest.domain.ports import Ports
from manyfest.domain.ports.bundles import Bundle
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class Imported:
    """The imported content; ``unnamed`` are images that only a digest names."""

    manifests: tuple[Digest, ...]
    layers: tuple[Digest, ...]
    tags: tuple[Reference, ...]
    unnamed: tuple[Digest, ...]
    drafts: tuple[Reference, ...]


@frozen
class ImportOptions:
    """``with_layers``: import layers too; ``sparse``, ``force``: see ``import_bundle``."""

    with_layers: bool = True
    sparse: bool = False
    force: bool = False


DEFAULT_OPTIONS = ImportOptions()

_KEPT = 64 * 1024  # bytes of a manifest that stays in memory until it is stored


def import_bundle(
    bundle: Bundle,
    *,
    ports: Ports,
    naming: Naming = NO_NAMES,
    terms: ImportOptions = DEFAULT_OPTIONS,
    on_event: OnEvent = ignore,
) -> Imported:
    """Import the content of ``bundle``; ``naming`` names images that have no registry's name.

    Configs and layers may be absent, and so may manifests that the store has already; if
    ``sparse``, so may any entry of a list, as where docker saves one platform of several.
    Observations of tags are sorted by time into those of this store. A draft of the same name is
    replaced if it was pushed and not changed since, or with ``force``. ``on_event`` is told of the
    layers. Uses the ports contents, layers, drafts and now.

    If this raises, the store is as it was. Raises SparseBundleError: a manifest is neither in the
    bundle nor in the store; BundleError: nothing is listed, or a name is malformed or of no
    registry; SizeMismatchError, DigestMismatchError, DocumentError; ConflictError: a draft of the
    name exists; StoreError.
    """
    if not bundle.entries and not bundle.drafts:
        raise BundleError(bundle.name, "lists no image")
    images = images_of(bundle, naming, partial(_document, bundle))
    tagged = [(each.entry, each.name) for each in images if each.name and not each.name.digest]
    entries = _of_known_types(bundle)
    found = _manifests(bundle, entries, ports.contents, sparse=terms.sparse)
    found |= {each.made.digest: _part(each.made, is_kept=True) for each in images if each.made}
    blobs = _blobs_in(bundle, found)
    small = {digest: blob for digest, blob in blobs.configs.items() if _is_small(blob)}
    large = {digest: blob.size for digest, blob in blobs.all.items() if digest not in small}
    wanted = large if terms.with_layers else {}
    with _kept_layers(bundle, wanted, ports.layers, on_event), ports.contents.transaction():
        ports.contents.keep_manifests(_manifest(bundle, part) for part in found.values())
        ports.contents.keep_blobs(read_document(bundle, blob) for blob in small.values())
        ports.contents.observe(
            observation_of(entry, name, bundle.name, ports.now) for entry, name in tagged
        )
        listed = (*entries, *(each.entry for each in images if each.made))
        ports.contents.record_digest_reads((entry.digest for entry in listed), ports.now)
        _save(bundle.drafts, ports.drafts, force=terms.force)
    drafts = tuple(draft.name for draft in bundle.drafts)
    tags = tuple(name for _, name in tagged)
    return Imported(tuple(found), tuple(wanted), tags, unnamed_digests(images), drafts)


@frozen
class _Part:
    """A manifest of the bundle, and the blobs that it names; entries of unknown types may be some.

    ``manifest`` is None if it is large: that is read again when it is stored, as one list may have
    60 images of 4 MiB.
    """

    listed: Descriptor
    manifest: Manifest | None
    config: Descriptor | None
    blobs: tuple[Descriptor, ...]


@frozen
class _Blobs:
    """The configs and documents in the bundle, and these together with the layers."""

    configs: Mapping[Digest, Descriptor]
    all: Mapping[Digest, Descriptor]


def _of_known_types(bundle: Bundle) -> Sequence[Descriptor]:
    for entry in bundle.entries:
        if media_types.is_blob(entry.media_type):
            reason = f"unsupported manifest media type: {entry.media_type}"
            raise DocumentError(f"{bundle.name}: {entry.digest}", reason)
    return bundle.entries


def _manifests(
    bundle: Bundle, entries: Sequence[Descriptor], contents: ContentStore, *, sparse: bool
) -> dict[Digest, _Part]:
    """Read the manifests in the bundle; raises SparseBundleError: in neither place."""
    tops = frozenset(entries)  # there may be 100,000

    def read(listed: Descriptor) -> Manifest | None:
        if bundle.size(listed.digest) is None:
            return contents.manifest(listed.digest)
        if media_types.is_manifest(listed.media_type) or listed in tops:
            return received_manifest(bundle, listed)
        return _received_if_manifest(bundle, listed)

    def visit(manifest: Manifest) -> _Part | None:
        return None if bundle.size(manifest.digest) is None else _part(manifest)

    gathered = gather(entries, read, visit, bundle.name)
    named = {entry.digest for entry in entries}
    missing = [each for each in gathered.missing if each in named or not sparse]
    if missing:
        raise SparseBundleError(bundle.name, str(missing[0]), len(missing))
    drafted = gather(_drafted(bundle), read, visit, bundle.name)
    found = gathered.found | drafted.found
    return {digest: part for digest, part in found.items() if part is not None}


def _part(manifest: Manifest, *, is_kept: bool = False) -> _Part:
    """Return what is needed of a manifest; its parsed document, 20 times its bytes, is not."""
    others = (each for each in manifest.entries if not media_types.is_manifest(each.media_type))
    alone = Manifest.stored(manifest.media_type, manifest.data, manifest.digest)
    return _Part(
        manifest.descriptor(),
        alone if is_kept or manifest.size <= _KEPT else None,
        manifest.config,
        (*manifest.layers, *others),
    )


def _manifest(bundle: Bundle, part: _Part) -> Manifest:
    listed = part.listed
    return part.manifest or Manifest.stored(
        listed.media_type, read_document(bundle, listed), listed.digest
    )


def _drafted(bundle: Bundle) -> Iterator[Descriptor]:
    """The entries of drafts, and the lists that these came from, as far as the bundle has them.

    The rest is in the registry that the draft will be pushed from.
    """
    for entry in (entry for draft in bundle.drafts for entry in draft.entries):
        if bundle.size(entry.found.digest) is not None:
            yield entry.found
        if entry.list_digest and (size := bundle.size(entry.list_digest)) is not None:
            anything = Descriptor("", entry.list_digest, size)
            yield received_manifest(bundle, anything).descriptor()


def _received_if_manifest(bundle: Bundle, listed: Descriptor) -> Manifest | None:
    """Read an entry of an unknown type; None if it does not look like a manifest."""
    try:
        manifest = received_manifest(bundle, listed)
    except DocumentError:
        return None
    return manifest if manifest.identifies_itself else None


def _document(bundle: Bundle, listed: Descriptor) -> bytes | None:
    return None if bundle.size(listed.digest) is None else read_document(bundle, listed)


def _blobs_in(bundle: Bundle, found: Mapping[Digest, _Part]) -> _Blobs:
    configs = {part.config.digest: part.config for part in found.values() if part.config}
    others = {
        blob.digest: blob
        for part in found.values()
        for blob in part.blobs
        if blob.digest not in found
    }
    present = partial(_present, bundle)
    documents = {digest: each for digest, each in others.items() if is_document(each)}
    return _Blobs(present(configs | documents), present(others | configs))


def _present(bundle: Bundle, blobs: Mapping[Digest, Descriptor]) -> Mapping[Digest, Descriptor]:
    return {digest: each for digest, each in blobs.items() if bundle.size(digest) is not None}


def _is_small(config: Descriptor) -> bool:
    """Whether the content store takes it: that has small blobs, by sha256."""
    return config.size <= image_configs.SIZE_LIMIT and config.digest.algorithm == "sha256"


@contextmanager
def _kept_layers(
    bundle: Bundle, wanted: Mapping[Digest, int], layers: LayerStore, on_event: OnEvent
) -> Iterator[None]:
    """Store the layers before the rest; if that fails, remove the new ones again."""
    for digest, size in wanted.items():
        require_size(bundle, digest, size)
    new = {digest for digest, size in wanted.items() if layers.touch(digest) != size}
    on_event(TransferPlanned(len(new), sum(wanted[digest] for digest in new), 0))
    kept: list[Digest] = []
    try:
        for digest, chunks in bundle.iter_blobs(new):
            with _errors_name(bundle, digest):
                layers.write(digest, wanted[digest], with_progress(chunks, digest, on_event))
            kept.append(digest)
            on_event(BlobCopied(digest, wanted[digest]))
        yield
    except BaseException:
        for digest in kept:
            layers.remove(digest)
        raise


@contextmanager
def _errors_name(bundle: Bundle, digest: Digest) -> Iterator[None]:
    """Name the bundle in the error about bytes that do not match ``digest``."""
    try:
        yield
    except DigestMismatchError as error:
        subject = f"{bundle.name}: {digest}"
        raise DigestMismatchError(subject, error.expected, error.actual, error.what) from error


def _save(carried: Sequence[Draft], drafts: DraftBook, *, force: bool) -> None:
    for draft in carried:
        existing = drafts.find(draft.name)
        if existing is not None and existing.pushed is None and not force:
            if _says_the_same(draft, existing):
                continue
            raise ConflictError(f"{draft.name} exists here as another draft that is not pushed")
        drafts.save(draft)


def _says_the_same(draft: Draft, other: Draft) -> bool:
    """Whether the drafts are equal but for their times."""
    there = evolve(draft, created_at=other.created_at, changed_at=other.changed_at)
    return evolve(there, pushed=other.pushed) == other
