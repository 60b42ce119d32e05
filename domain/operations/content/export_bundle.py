"""Export cached content into a bundle: tags, drafts, and layers on request."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from attr import evolve

from manyfest.domain.bundles.index_entries import encode_entry
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import IncompleteError, InputError, NeverSeenError
from manyfest.domain.events import BlobCopied, OnEvent, TransferPlanned
from manyfest.domain.history.observation import Observation
from manyfest.domain.lists.distributable_blobs import foreign_layers
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.attached.cached import cached_anywhere, cached_digest_tags
from manyfest.domain.operations.content.gather import gather
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


@frozen
class _Part:
    """The blobs of one manifest in the store, and those that it lacks.

    No manifest is kept: each is read again when it is written.
    """

    size: int
    configs: tuple[Descriptor, ...]
    layers: tuple[Descriptor, ...]
    lacking: tuple[Digest, ...]
    foreign: tuple[Descriptor, ...]


@frozen
class _Tree:
    """The manifests under ``reference`` in the store; ``entry`` names it in the bundle's index.

    ``missing`` are those that the store lacks.
    """

    reference: Reference
    entry: bytes
    parts: Mapping[Digest, _Part]
    missing: tuple[Digest, ...]


class _Chosen:
    """All that goes along so far: sizes by digest, each blob once."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self.manifests: dict[Digest, int] = {}
        self.configs: dict[Digest, int] = {}
        self.layers: dict[Digest, int] = {}
        self.foreign: dict[Digest, Descriptor] = {}

    def add(self, parts: Mapping[Digest, _Part]) -> None:
        """Take the blobs of these manifests."""
        for digest, part in parts.items():
            self.manifests[digest] = part.size
            self.configs |= {each.digest: each.size for each in part.configs}
            self.layers |= {each.digest: each.size for each in part.layers}
            self.foreign |= {each.digest: each for each in part.foreign}


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
    for tree in _observed(blobs) if references is None else _all_named(references, blobs):
        try:
            _require_whole(tree, sparse=sparse)
        except IncompleteError:
            if references is not None:
                raise
            left_out.append(tree.reference)
        else:
            for each in (tree, *_attached_trees(tree, blobs, with_tags=references is not None)):
                chosen.entries[str(each.reference)] = each.entry
                chosen.add(each.parts)
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
    return BundleContent(
        entries=dict(sorted(chosen.entries.items())),
        manifests=BlobSet(_left(chosen.manifests, earlier), blobs.open_manifest),
        configs=BlobSet(_left(chosen.configs, earlier), blobs.open_blob),
        layers=BlobSet(_left(chosen.layers, earlier), blobs.open_blob),
        drafts=tuple(drafts),
    )


def _observed(blobs: StoredBlobs) -> Iterator[_Tree]:
    for observed in blobs.contents.latest():
        if isinstance(observed.reference.home, Repository):
            yield _tree(observed.reference, observed.digest, observed, blobs)


def _all_named(references: Iterable[Reference], blobs: StoredBlobs) -> Iterator[_Tree]:
    return (_named(reference, blobs) for reference in dict.fromkeys(references))


def _named(reference: Reference, blobs: StoredBlobs) -> _Tree:
    if not isinstance(reference.home, Repository):
        reason = "is not in a registry; copy the folder of the layout itself"
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
    listed = Descriptor(manifest.media_type, digest, manifest.size)

    entry = encode_entry(listed, reference, observed)
    if not manifest.is_list:
        return _Tree(reference, entry, {digest: _part(blobs, manifest)}, ())

    def read(wanted: Descriptor) -> Manifest | None:
        return manifest if wanted.digest == digest else blobs.contents.manifest(wanted.digest)

    gathered = gather([listed], read, partial(_part, blobs), str(reference))
    return _Tree(reference, entry, gathered.found, gathered.missing)


def _attached_trees(tree: _Tree, blobs: StoredBlobs, *, with_tags: bool) -> Iterator[_Tree]:
    """Yield what is cached of all that is attached to a tree, and to that in turn, if it is whole.

    Digest tags are left to the caller unless ``with_tags``.
    """
    visited = set(tree.parts)
    waiting = list(tree.parts)
    while waiting:
        for place in _attached_to(tree.reference.at(waiting.pop()), blobs, with_tags=with_tags):
            found = _named(place, blobs)
            if not (found.missing or visited.issuperset(found.parts)):
                waiting += [digest for digest in found.parts if digest not in visited]
                visited |= found.parts.keys()
                yield found


def _attached_to(subject: Reference, blobs: StoredBlobs, *, with_tags: bool) -> Iterator[Reference]:
    if subject.digest is not None:
        listed = cached_anywhere(subject.digest, blobs.contents)
        yield from (subject.at(each.digest) for each in listed)
    if with_tags:
        yield from (one.place for one in cached_digest_tags(subject, blobs.contents))


def _part(blobs: StoredBlobs, manifest: Manifest) -> _Part:
    config = manifest.config
    return _Part(
        manifest.size,
        (
            *((config,) if config is not None and blobs.has_config(config) else ()),
            *blobs.documents(manifest),
        ),
        tuple(blobs.layers(manifest)),
        tuple(blobs.lacking(manifest)) if blobs.with_layers else (),
        foreign_layers([manifest]) if blobs.with_layers else (),
    )


def _require_whole(tree: _Tree, *, sparse: bool) -> None:
    missing, what = () if sparse else tree.missing, "images"
    if not missing:
        missing, what = _lacking(tree), "configs and layers"
    if missing:
        raise IncompleteError(str(tree.reference), str(missing[0]), len(missing), what)


def _lacking(tree: _Tree) -> tuple[Digest, ...]:
    return tuple(dict.fromkeys(digest for part in tree.parts.values() for digest in part.lacking))


def _of_drafts(drafts: Iterable[Draft], blobs: StoredBlobs) -> Mapping[Digest, _Part]:
    """The cached manifests that drafts list, and the lists that these came from."""
    entries = [entry for draft in drafts for entry in draft.entries]
    digests = {each.found.digest for each in entries} | {each.list_digest for each in entries}
    cached = (blobs.contents.manifest(digest) for digest in digests if digest)
    tops = [manifest.descriptor() for manifest in cached if manifest is not None]
    read = partial(_cached, blobs.contents)
    return gather(tops, read, partial(_part, blobs), "drafts").found


def _cached(contents: ContentStore, descriptor: Descriptor) -> Manifest | None:
    return contents.manifest(descriptor.digest)


def _left(sizes: Mapping[Digest, int], earlier: Sequence[Bundle]) -> dict[Digest, int]:
    """The blobs by digest, without those in ``earlier`` bundles."""
    return {
        digest: sizes[digest]
        for digest in sorted(sizes, key=str)
        if not any(bundle.size(digest) == sizes[digest] for bundle in earlier)
    }
