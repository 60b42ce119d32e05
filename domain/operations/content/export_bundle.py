"""Export cached content into a bundle: tags, drafts, and layers on request."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from attr import evolve

from manyfest.domain.bundles.index_entries import REF_NAME, index_entry
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import IncompleteError, InputError, NeverSeenError
from manyfest.domain.events import BlobCopied, OnEvent, TransferPlanned
from manyfest.domain.history.observation import Observation
from manyfest.domain.lists.distributable_blobs import foreign_layers
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.content.gather import gather
from manyfest.domain.operations.steps.stored_blobs import StoredBlobs
from manyfest.domain.operations.steps.transfer import with_progress
from manyfest.domain.ports import Ports
from manyfest.domain.ports.bundles import Bundle, BundleBlob, BundleContent
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen


@frozen
class Exported:
    """The content to write, and the tags left out because they are not completely cached.

    ``foreign_layers`` are those of the images that are not cached; with layers alone.
    """

    packing: BundleContent
    left_out: tuple[Reference, ...] = ()
    foreign_layers: tuple[Descriptor, ...] = ()


@frozen
class _Part:
    """The blobs of one manifest, and what the store lacks of them.

    The manifest itself is read again when it is written: 100,000 of them do not stay in memory.
    """

    manifest: BundleBlob
    configs: tuple[BundleBlob, ...]
    layers: tuple[BundleBlob, ...]
    lacking: tuple[Digest, ...]
    foreign: tuple[Descriptor, ...]


@frozen
class _Tree:
    """The manifests under ``reference`` in the store; ``entry`` names it in the bundle's index.

    ``missing`` are the manifests that the store lacks.
    """

    reference: Reference
    entry: Descriptor
    parts: tuple[_Part, ...]
    missing: tuple[Digest, ...]


def export_bundle(
    references: Sequence[Reference] | None,
    drafts: Sequence[Draft] = (),
    *,
    ports: Ports,
    with_layers: bool = False,
    sparse: bool = False,
    earlier: Sequence[Bundle] = (),
) -> Exported:
    """Choose the content of a bundle of ``references`` and ``drafts``, from the store alone.

    None means every tag of a registry, as it was observed last, if it is completely cached. Takes
    the manifests on every level, the configs that are cached and, with ``with_layers``, the
    distributable layers. If ``sparse``, lists come with those of their images that are cached. So
    do drafts. Blobs that ``earlier`` bundles have are left out. The same store gives the same
    content. Uses the ports contents and layers.

    Raises InputError: a reference is not of a registry; NeverSeenError; IncompleteError: of a
    reference given, a child is not cached or, ``with_layers``, a config or layer.
    """
    blobs = StoredBlobs(ports.contents, ports.layers, with_layers)
    check = partial(_require_whole, sparse=sparse)
    if references is None:
        trees, left_out = _complete_trees(_observed(blobs), check)
    else:
        trees, left_out = [_named(each, blobs) for each in dict.fromkeys(references)], []
        for tree in trees:
            check(tree)
    packing = _packing(trees, drafts, blobs, earlier)
    foreign = {layer.digest: layer for t in trees for part in t.parts for layer in part.foreign}
    missing = (each for each in foreign.values() if ports.layers.size(each.digest) != each.size)
    return Exported(packing, tuple(left_out), tuple(missing))


def layers_with_progress(packing: BundleContent, on_event: OnEvent) -> BundleContent:
    """Return ``packing`` with layers that tell ``on_event`` as they are written."""
    on_event(TransferPlanned(len(packing.layers), sum(blob.size for blob in packing.layers), 0))
    return evolve(packing, layers=tuple(_announced(blob, on_event) for blob in packing.layers))


def _announced(blob: BundleBlob, on_event: OnEvent) -> BundleBlob:
    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        with blob.source() as chunks:
            yield with_progress(chunks, blob.digest, on_event)
        on_event(BlobCopied(blob.digest, blob.size))

    return evolve(blob, source=opened)


def _packing(
    trees: Sequence[_Tree], drafts: Sequence[Draft], blobs: StoredBlobs, earlier: Sequence[Bundle]
) -> BundleContent:
    parts = [*_of_drafts(drafts, blobs), *(part for tree in trees for part in tree.parts)]
    return BundleContent(
        entries=tuple(sorted((tree.entry for tree in trees), key=_name)),
        manifests=_left((part.manifest for part in parts), earlier),
        configs=_left((config for part in parts for config in part.configs), earlier),
        layers=_left((layer for part in parts for layer in part.layers), earlier),
        drafts=tuple(drafts),
    )


def _observed(blobs: StoredBlobs) -> Iterator[_Tree]:
    for observed in blobs.contents.latest():
        if isinstance(observed.reference.home, Repository):
            yield _tree(observed.reference, observed.digest, observed, blobs)


def _named(reference: Reference, blobs: StoredBlobs) -> _Tree:
    if not isinstance(reference.home, Repository):
        reason = "is of no registry; what is in a folder can be carried as it is"
        raise InputError(f"{reference} {reason}")
    if reference.digest is not None:
        return _tree(reference, reference.digest, None, blobs)
    observed = blobs.contents.last_observation(reference)
    if observed is None:
        raise NeverSeenError(str(reference))
    return _tree(reference, observed.digest, observed, blobs)


def _tree(
    reference: Reference, digest: Digest, observed: Observation | None, blobs: StoredBlobs
) -> _Tree:
    manifest = blobs.contents.manifest(digest)
    if manifest is None:
        raise NeverSeenError(str(reference))

    def read(wanted: Descriptor) -> Manifest | None:
        return manifest if wanted.digest == digest else blobs.contents.manifest(wanted.digest)

    gathered = gather([manifest.descriptor()], read, str(reference))
    entry = index_entry(manifest, reference, observed)
    return _Tree(reference, entry, _parts(gathered.manifests, blobs), gathered.missing)


def _parts(manifests: Mapping[Digest, Manifest], blobs: StoredBlobs) -> tuple[_Part, ...]:
    """Return the parts; of large images, one document is in memory at a time."""
    return tuple(_part(evolve(manifest), blobs) for manifest in manifests.values())


def _part(manifest: Manifest, blobs: StoredBlobs) -> _Part:
    return _Part(
        blobs.manifest(manifest),
        tuple(blobs.configs([manifest])),
        tuple(blobs.layers([manifest])),
        tuple(blobs.lacking(manifest)) if blobs.with_layers else (),
        foreign_layers([manifest]) if blobs.with_layers else (),
    )


def _complete_trees(
    trees: Iterable[_Tree], check: Callable[[_Tree], None]
) -> tuple[list[_Tree], list[Reference]]:
    """Return the complete trees, and the references of the incomplete ones."""
    whole: list[_Tree] = []
    others: list[Reference] = []
    for tree in trees:
        try:
            check(tree)
            whole.append(tree)
        except IncompleteError:
            others.append(tree.reference)
    return whole, others


def _require_whole(tree: _Tree, *, sparse: bool) -> None:
    missing, what = () if sparse else tree.missing, "images"
    if not missing:
        missing, what = _lacking(tree), "configs and layers"
    if missing:
        raise IncompleteError(str(tree.reference), str(missing[0]), len(missing), what)


def _lacking(tree: _Tree) -> tuple[Digest, ...]:
    return tuple(dict.fromkeys(digest for part in tree.parts for digest in part.lacking))


def _of_drafts(drafts: Iterable[Draft], blobs: StoredBlobs) -> tuple[_Part, ...]:
    """The cached manifests that drafts list, and the lists that these came from."""
    entries = [entry for draft in drafts for entry in draft.entries]
    digests = {each.found.digest for each in entries} | {each.list_digest for each in entries}
    cached = (blobs.contents.manifest(digest) for digest in digests if digest)
    tops = [manifest.descriptor() for manifest in cached if manifest is not None]
    gathered = gather(tops, partial(_cached, blobs.contents), "drafts")
    return _parts(gathered.manifests, blobs)


def _cached(contents: ContentStore, descriptor: Descriptor) -> Manifest | None:
    return contents.manifest(descriptor.digest)


def _left(blobs: Iterable[BundleBlob], earlier: Sequence[Bundle]) -> tuple[BundleBlob, ...]:
    """The blobs, each once, by digest, without those in ``earlier`` bundles."""
    distinct = {blob.digest: blob for blob in blobs}
    return tuple(
        blob
        for digest, blob in sorted(distinct.items(), key=lambda item: str(item[0]))
        if not any(bundle.size(digest) == blob.size for bundle in earlier)
    )


def _name(entry: Descriptor) -> str:
    return entry.annotations[REF_NAME]
