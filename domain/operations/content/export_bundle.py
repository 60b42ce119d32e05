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
from manyfest.domain.operations.steps.gather import Gathered, gather
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
class _Tree:
    """The manifests under ``reference`` in the store; ``entry`` names it in the bundle's index."""

    reference: Reference
    entry: Descriptor
    gathered: Gathered

    @property
    def manifests(self) -> Mapping[Digest, Manifest]:
        return self.gathered.manifests


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
    check = partial(_require_whole, blobs=blobs, sparse=sparse)
    if references is None:
        trees, left_out = _complete_trees(_observed(ports.contents), check)
    else:
        trees, left_out = [_named(each, ports.contents) for each in dict.fromkeys(references)], []
        for tree in trees:
            check(tree)
    packing = _packing(trees, drafts, blobs, earlier)
    found = [manifest for tree in trees for manifest in tree.manifests.values()]
    foreign = foreign_layers(found) if with_layers else ()
    missing = tuple(layer for layer in foreign if ports.layers.size(layer.digest) != layer.size)
    return Exported(packing, tuple(left_out), missing)


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
    found = {digest: each for tree in trees for digest, each in tree.manifests.items()}
    manifests = tuple((found | _of_drafts(drafts, blobs.contents)).values())
    return BundleContent(
        entries=tuple(sorted((tree.entry for tree in trees), key=_name)),
        manifests=_left(map(blobs.manifest, manifests), earlier),
        configs=_left(blobs.configs(manifests), earlier),
        layers=_left(blobs.layers(manifests), earlier),
        drafts=tuple(drafts),
    )


def _observed(contents: ContentStore) -> Iterator[_Tree]:
    for observed in contents.latest():
        if isinstance(observed.reference.home, Repository):
            yield _tree(observed.reference, observed.digest, observed, contents)


def _named(reference: Reference, contents: ContentStore) -> _Tree:
    if not isinstance(reference.home, Repository):
        reason = "is of no registry; what is in a folder can be carried as it is"
        raise InputError(f"{reference} {reason}")
    if reference.digest is not None:
        return _tree(reference, reference.digest, None, contents)
    observed = contents.last_observation(reference)
    if observed is None:
        raise NeverSeenError(str(reference))
    return _tree(reference, observed.digest, observed, contents)


def _tree(
    reference: Reference, digest: Digest, observed: Observation | None, contents: ContentStore
) -> _Tree:
    manifest = contents.manifest(digest)
    if manifest is None:
        raise NeverSeenError(str(reference))

    def read(wanted: Descriptor) -> Manifest | None:
        return manifest if wanted.digest == digest else contents.manifest(wanted.digest)

    entry = index_entry(manifest, reference, observed)
    return _Tree(reference, entry, gather([manifest.descriptor()], read, str(reference)))


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


def _require_whole(tree: _Tree, *, blobs: StoredBlobs, sparse: bool) -> None:
    missing, what = () if sparse else tree.gathered.missing, "images"
    if not missing and blobs.with_layers:
        lacking = (digest for each in tree.manifests.values() for digest in blobs.lacking(each))
        missing, what = tuple(dict.fromkeys(lacking)), "configs and layers"
    if missing:
        raise IncompleteError(str(tree.reference), str(missing[0]), len(missing), what)


def _of_drafts(drafts: Iterable[Draft], contents: ContentStore) -> dict[Digest, Manifest]:
    """The cached manifests that drafts list, and the lists that these came from."""
    entries = [entry for draft in drafts for entry in draft.entries]
    digests = {each.found.digest for each in entries} | {each.list_digest for each in entries}
    cached = [m for digest in digests if digest and (m := contents.manifest(digest)) is not None]
    tops = [manifest.descriptor() for manifest in cached]
    return gather(tops, partial(_cached, contents), "drafts").manifests


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
