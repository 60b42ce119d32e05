"""Trees of manifests in the store, read for many names at once.

Theory of operation. An export of 100,000 tags spends its time on questions to the store: for the
manifest, its config, its referrers. They are asked for a group of manifests together: those of
names first, then those that these list, level by level. Nothing of a group is kept but what
``StoredManifest`` has, since the manifests of one list may have 4 MiB each.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import NeverSeenError
from manyfest.domain.history.observation import Observation
from manyfest.domain.lists.distributable_blobs import foreign_layers
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.content.gather import gather
from manyfest.domain.operations.steps.stored_blobs import StoredBlobs, opened
from manyfest.domain.operations.steps.tree import walk
from manyfest.domain.ports.content_store import ContentStore, Role
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

_PAGE = 500  # names, whose digests are looked up together


@frozen
class StoredName:
    """A name of a manifest in the store: by tag, with the observation of it, or by digest."""

    reference: Reference
    digest: Digest
    observation: Observation | None = None


@frozen
class StoredManifest:
    """A manifest as a bundle takes it: its ``entries``, its blobs in the store, those it lacks.

    ``is_subject`` if the store has referrers of it. ``lacking`` and ``foreign`` with layers alone.
    """

    listed: Descriptor
    entries: tuple[Descriptor, ...]
    is_subject: bool
    configs: tuple[Descriptor, ...]
    layers: tuple[Descriptor, ...]
    lacking: tuple[Digest, ...]
    foreign: tuple[Descriptor, ...]

    def descriptor(self) -> Descriptor:
        """Return the descriptor of the manifest."""
        return self.listed


@frozen
class StoredTree:
    """The manifests under a name, and the ``missing`` ones: listed, and not in the store."""

    name: StoredName
    manifests: Mapping[Digest, StoredManifest]
    missing: tuple[Digest, ...] = ()

    @property
    def listed(self) -> Descriptor:
        """The descriptor of the manifest that has the name."""
        return self.manifests[self.name.digest].listed


class ManifestOpener:
    """Opens ``digests`` from the store, best in their order: the first of a group reads the group.

    One that was collected as garbage raises NeverSeenError.
    """

    def __init__(self, digests: Iterable[Digest], contents: ContentStore) -> None:
        self._groups = contents.manifest_groups(digests)
        self._read: dict[Digest, Manifest] = {}
        self._contents = contents

    def open(self, digest: Digest, _size: int, /) -> AbstractContextManager[Iterator[bytes]]:
        """Open a manifest."""
        if digest not in self._read:
            self._read = {each.digest: each for each in next(self._groups, ())}
        manifest = self._read.get(digest) or self._contents.manifest(digest)
        return opened(None if manifest is None else manifest.data, digest)


def stored_trees(names: Iterable[StoredName], blobs: StoredBlobs) -> Iterator[StoredTree]:
    """Yield the tree of each name, in about their order.

    Raises NeverSeenError: a manifest is not in the store; what ``gather`` raises.
    """
    rest = iter(names)
    while page := tuple(islice(rest, _PAGE)):
        named: dict[Digest, list[StoredName]] = {}
        for name in page:
            named.setdefault(name.digest, []).append(name)
        for group in blobs.contents.manifest_groups(tuple(named)):
            found = _below(group, blobs)
            for manifest in group:
                yield from (_tree(name, found) for name in named.pop(manifest.digest))
        for [name, *_] in named.values():
            raise NeverSeenError(str(name.reference))


def stored_manifests(
    digests: Iterable[Digest], blobs: StoredBlobs, subject: str
) -> Mapping[Digest, StoredManifest]:
    """Return those of these manifests that are in the store, with all below them.

    ``subject`` names their origin in what ``gather`` raises.
    """
    found: dict[Digest, StoredManifest] = {}
    for group in blobs.contents.manifest_groups(digests):
        below = _below(group, blobs)
        tops = [below[manifest.digest].listed for manifest in group]
        found |= gather(tops, partial(_found, below), _same, subject).found
    return found


def _tree(name: StoredName, found: Mapping[Digest, StoredManifest]) -> StoredTree:
    top = found[name.digest]
    if not top.entries:
        return StoredTree(name, {name.digest: top})
    below = gather([top.listed], partial(_found, found), _same, str(name.reference))
    return StoredTree(name, below.found, below.missing)


def _found(manifests: Mapping[Digest, StoredManifest], listed: Descriptor) -> StoredManifest | None:
    return manifests.get(listed.digest)


def _same(manifest: StoredManifest) -> StoredManifest:
    return manifest


def _below(group: Sequence[Manifest], blobs: StoredBlobs) -> dict[Digest, StoredManifest]:
    """Return these manifests, and all in the store that they list, on every level."""
    found = _stored(group, blobs)

    def expand(level: tuple[Digest, ...]) -> Iterator[Digest]:
        for manifests in blobs.contents.manifest_groups(level):
            stored = _stored(manifests, blobs)
            found.update(stored)
            yield from _children(stored.values())

    walk(_children(found.values()), expand, key=str)
    return found


def _children(manifests: Iterable[StoredManifest]) -> list[Digest]:
    return [
        entry.digest
        for manifest in manifests
        for entry in manifest.entries
        if not media_types.is_blob(entry.media_type)
    ]


def _stored(group: Sequence[Manifest], blobs: StoredBlobs) -> dict[Digest, StoredManifest]:
    """Return what a bundle takes of these manifests, by two statements for all."""
    blobs = blobs.knowing(group)
    subjects = blobs.contents.named((each.digest for each in group), Role.SUBJECT)
    return {each.digest: _one(each, blobs, is_subject=each.digest in subjects) for each in group}


def _one(manifest: Manifest, blobs: StoredBlobs, *, is_subject: bool) -> StoredManifest:
    return StoredManifest(
        manifest.descriptor(),
        manifest.entries,
        is_subject,
        tuple(blobs.configs(manifest)),
        tuple(blobs.layers(manifest)),
        tuple(blobs.lacking(manifest)) if blobs.with_layers else (),
        foreign_layers([manifest]) if blobs.with_layers else (),
    )
