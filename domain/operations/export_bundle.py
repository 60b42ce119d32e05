"""Packing what the store holds for another store: what was seen, drafts, and layers on request."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from attrs import frozen

from manyfest.domain.bundle_entries import REF_NAME, listed
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts import Draft
from manyfest.domain.errors import IncompleteError, InputError, NeverSeenError
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.gather import Gathered, gather
from manyfest.domain.operations.stored_blobs import StoredBlobs
from manyfest.domain.ports.bundles import Bundle, PackedBlob, Packing
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.references import Reference, Repository


@frozen
class _Tree:
    """What stands under ``reference`` in the store, listed by ``entry``."""

    reference: Reference
    entry: Descriptor
    gathered: Gathered

    @property
    def manifests(self) -> Mapping[Digest, Manifest]:
        return self.gathered.manifests


def seen_references(contents: ContentStore) -> tuple[Reference, ...]:
    """Every tag of a registry that the store has seen."""
    references = (seen.reference for seen in contents.latest())
    return tuple(each for each in references if isinstance(each.home, Repository))


def is_whole(reference: Reference, contents: ContentStore) -> bool:
    """Whether all that ``reference`` lists is held, at every level. Raises NeverSeenError."""
    return not _tree(reference, contents).gathered.missing


def export_bundle(
    references: Sequence[Reference],
    drafts: Sequence[Draft] = (),
    *,
    contents: ContentStore,
    layers: LayerStore,
    with_layers: bool = False,
    earlier: Sequence[Bundle] = (),
) -> Packing:
    """What a bundle of ``references`` and ``drafts`` holds, from the store alone.

    Manifests at every level, configs as far as they are held, with ``with_layers`` also layers,
    but for those with ``urls``. Of what drafts list that which is held comes along. Blobs that
    ``earlier`` bundles have are left out. The same store gives the same packing.

    Raises InputError: a reference to a folder. NeverSeenError. IncompleteError: a child is not
    held, or, ``with_layers``, a config or layer.
    """
    blobs = StoredBlobs(contents, layers, with_layers)
    trees = [_tree(each, contents) for each in dict.fromkeys(references)]
    for tree in trees:
        _require_whole(tree, blobs)
    found = {digest: each for tree in trees for digest, each in tree.manifests.items()}
    manifests = tuple((found | _of_drafts(drafts, contents)).values())
    return Packing(
        entries=tuple(sorted((tree.entry for tree in trees), key=_name)),
        manifests=_left(map(blobs.manifest, manifests), earlier),
        configs=_left(blobs.configs(manifests), earlier),
        layers=_left(blobs.layers(manifests), earlier),
        drafts=tuple(drafts),
    )


def _tree(reference: Reference, contents: ContentStore) -> _Tree:
    if not isinstance(reference.home, Repository):
        raise InputError(f"{reference} is in a folder, which can be carried as it is")
    seen = None if reference.digest else contents.last_observation(reference)
    digest = reference.digest or (seen and seen.digest)
    manifest = contents.manifest(digest) if digest else None
    if manifest is None:
        raise NeverSeenError(str(reference))
    gathered = gather([manifest.descriptor()], partial(_held, contents), str(reference))
    return _Tree(reference, listed(manifest, reference, seen), gathered)


def _require_whole(tree: _Tree, blobs: StoredBlobs) -> None:
    missing, what = tree.gathered.missing, "images"
    if not missing and blobs.with_layers:
        lacking = (digest for each in tree.manifests.values() for digest in blobs.lacking(each))
        missing, what = tuple(dict.fromkeys(lacking)), "configs and layers"
    if missing:
        raise IncompleteError(str(tree.reference), str(missing[0]), len(missing), what)


def _of_drafts(drafts: Iterable[Draft], contents: ContentStore) -> dict[Digest, Manifest]:
    """What is held of what they list, and of the lists that were taken apart."""
    entries = [entry for draft in drafts for entry in draft.entries]
    digests = {each.found.digest for each in entries} | {each.list_digest for each in entries}
    held = [m for digest in digests if digest and (m := contents.manifest(digest)) is not None]
    tops = [manifest.descriptor() for manifest in held]
    return gather(tops, partial(_held, contents), "drafts").manifests


def _held(contents: ContentStore, descriptor: Descriptor) -> Manifest | None:
    return contents.manifest(descriptor.digest)


def _left(blobs: Iterable[PackedBlob], earlier: Sequence[Bundle]) -> tuple[PackedBlob, ...]:
    """Each once, by digest, without those that went before."""
    distinct = {blob.digest: blob for blob in blobs}
    return tuple(
        blob
        for digest, blob in sorted(distinct.items())
        if not any(bundle.size(digest) == blob.size for bundle in earlier)
    )


def _name(entry: Descriptor) -> str:
    return entry.annotations[REF_NAME]
