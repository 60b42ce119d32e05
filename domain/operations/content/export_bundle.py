"""Export cached content into a bundle: tags, drafts, and layers on request."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from attr import evolve

from manyfest.domain.bundles.index_entries import encode_entry
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import IncompleteError, InputError, NeverSeenError
from manyfest.domain.events import BlobCopied, OnEvent, TransferPlanned
from manyfest.domain.operations.attached.cached import cached_anywhere, cached_digest_tags
from manyfest.domain.operations.content.stored_trees import (
    ManifestOpener,
    StoredManifest,
    StoredName,
    StoredTree,
    stored_manifests,
    stored_trees,
)
from manyfest.domain.operations.steps.stored_blobs import StoredBlobs
from manyfest.domain.operations.steps.transfer import with_progress
from manyfest.domain.ports import Ports
from manyfest.domain.ports.bundles import BlobSet, Bundle, BundleBlob, BundleContent
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


class _Chosen:
    """All that goes along so far: sizes by digest, each blob once."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self.manifests: dict[Digest, int] = {}
        self.configs: dict[Digest, int] = {}
        self.layers: dict[Digest, int] = {}
        self.foreign: dict[Digest, Descriptor] = {}

    def add_tree(self, tree: StoredTree) -> None:
        """Take the manifests under a name, and the name."""
        name = tree.name
        encoded = encode_entry(tree.listed, name.reference, name.observation)
        self.entries[str(name.reference)] = encoded
        self.add(tree.manifests)

    def add(self, manifests: Mapping[Digest, StoredManifest]) -> None:
        """Take these manifests and their blobs."""
        for digest, one in manifests.items():
            self.manifests[digest] = one.listed.size
            self.configs.update((each.digest, each.size) for each in one.configs)
            self.layers.update((each.digest, each.size) for each in one.layers)
            self.foreign.update((each.digest, each) for each in one.foreign)


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
    the manifests on every level, the configs that are cached, what is attached to these with its
    documents, as far as it is cached, and, with ``with_layers``, the distributable layers. If
    ``sparse``, lists come with those of their images that are cached. So do drafts. Blobs that
    ``earlier`` bundles have are left out. The same store gives the same content. Uses the ports
    contents and layers.

    Raises InputError: a reference is not of a registry; NeverSeenError; IncompleteError: of a
    reference given, a child is not cached or, ``with_layers``, a config or layer.
    """
    blobs = StoredBlobs(ports.contents, ports.layers, with_layers)
    chosen, left_out = _Chosen(), []
    chosen.add(_of_drafts(drafts, blobs))
    names = _observed(blobs) if references is None else _named(references, blobs)
    for tree in stored_trees(names, blobs):
        try:
            _require_whole(tree, sparse=sparse)
        except IncompleteError:
            if references is not None:
                raise
            left_out.append(tree.name.reference)
        else:
            chosen.add_tree(tree)
            for each in _attached_trees(tree, blobs, with_tags=references is not None):
                chosen.add_tree(each)
    foreign = chosen.foreign.values()
    missing = (each for each in foreign if ports.layers.size(each.digest) != each.size)
    return Exported(_packing(chosen, drafts, blobs, earlier), tuple(left_out), tuple(missing))


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
    chosen: _Chosen, drafts: Sequence[Draft], blobs: StoredBlobs, earlier: Sequence[Bundle]
) -> BundleContent:
    manifests = _left(chosen.manifests, earlier)
    return BundleContent(
        entries=dict(sorted(chosen.entries.items())),
        manifests=BlobSet(manifests, ManifestOpener(manifests, blobs.contents).open),
        configs=BlobSet(_left(chosen.configs, earlier), blobs.open_blob),
        layers=BlobSet(_left(chosen.layers, earlier), blobs.open_blob),
        drafts=tuple(drafts),
    )


def _observed(blobs: StoredBlobs) -> Iterator[StoredName]:
    for observed in blobs.contents.latest():
        if isinstance(observed.reference.home, Repository):
            yield StoredName(observed.reference, observed.digest, observed)


def _named(references: Iterable[Reference], blobs: StoredBlobs) -> Iterator[StoredName]:
    for reference in dict.fromkeys(references):
        if not isinstance(reference.home, Repository):
            reason = "is not in a registry; copy the folder of the layout itself"
            raise InputError(f"{reference} {reason}")
        if reference.digest is not None:
            yield StoredName(reference, reference.digest)
        elif observed := blobs.contents.last_observation(reference):
            yield StoredName(reference, observed.digest, observed)
        else:
            raise NeverSeenError(str(reference))


def _attached_trees(
    tree: StoredTree, blobs: StoredBlobs, *, with_tags: bool
) -> Iterator[StoredTree]:
    """Yield what is cached of all that is attached to a tree, and to that in turn, if it is whole.

    Digest tags are left to the caller unless ``with_tags``.
    """
    visited = set(tree.manifests)
    waiting = list(tree.manifests.values())
    while waiting:
        places = _attached_to(tree, waiting.pop(), blobs.contents, with_tags=with_tags)
        for found in stored_trees(_named(places, blobs), blobs):
            if not (found.missing or visited.issuperset(found.manifests)):
                waiting += [one for key, one in found.manifests.items() if key not in visited]
                visited |= found.manifests.keys()
                yield found


def _attached_to(
    tree: StoredTree, manifest: StoredManifest, contents: ContentStore, *, with_tags: bool
) -> Iterator[Reference]:
    subject = tree.name.reference.at(manifest.listed.digest)
    if manifest.is_subject:
        listed = cached_anywhere(manifest.listed.digest, contents)
        yield from (subject.at(each.digest) for each in listed)
    if with_tags:
        yield from (one.place for one in cached_digest_tags(subject, contents))


def _require_whole(tree: StoredTree, *, sparse: bool) -> None:
    missing, what = () if sparse else tree.missing, "images"
    if not missing:
        missing, what = _lacking(tree), "configs and layers"
    if missing:
        raise IncompleteError(str(tree.name.reference), str(missing[0]), len(missing), what)


def _lacking(tree: StoredTree) -> tuple[Digest, ...]:
    return tuple(dict.fromkeys(digest for one in tree.manifests.values() for digest in one.lacking))


def _of_drafts(drafts: Iterable[Draft], blobs: StoredBlobs) -> Mapping[Digest, StoredManifest]:
    """The cached manifests that drafts list, and the lists that these came from."""
    entries = [entry for draft in drafts for entry in draft.entries]
    digests = {each.found.digest for each in entries} | {each.list_digest for each in entries}
    return stored_manifests((digest for digest in digests if digest), blobs, "drafts")


def _left(sizes: Mapping[Digest, int], earlier: Sequence[Bundle]) -> dict[Digest, int]:
    """The blobs by digest, without those in ``earlier`` bundles."""
    return {
        digest: sizes[digest]
        for digest in sorted(sizes, key=str)
        if not any(bundle.size(digest) == sizes[digest] for bundle in earlier)
    }
