"""Copy all of one store into another: content, history, drafts, and layers on request."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from attr import evolve

from manyfest.domain.digests import HEX_LENGTHS, Digest
from manyfest.domain.errors import DamagedStoreError
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.store import Store
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

_GROUP = 200  # digests that are copied in one transaction
_PAGE = 1_000_000  # digests with one beginning, of which there are 256 or more


@frozen
class CopiedStore:
    """The numbers of a copy: what the source has, and how much of it was new to the target.

    ``kept`` are drafts of the target that differ from the source's of the same name.
    """

    manifests: int = 0
    new_manifests: int = 0
    blobs: int = 0
    new_blobs: int = 0
    tags: int = 0
    states: int = 0
    new_states: int = 0
    drafts: int = 0
    new_drafts: int = 0
    layers: int = 0
    new_layers: int = 0
    kept: tuple[Reference, ...] = ()


def copy_store(
    source: Store, target: Store, now: datetime, *, with_layers: bool = False
) -> CopiedStore:
    """Copy what ``target`` lacks; ``now`` is in UTC.

    Every byte is hashed as it is read, and again as it comes out of the target. What is there
    already stays, so that a copy that broke off goes on where it ended, and one that is repeated
    changes nothing. Blobs that no manifest names are not copied: they are garbage. Facts about
    hosts are not copied. Raises StoreError, DamagedStoreError: the source has other bytes, or the
    target returns others.
    """
    copied = CopiedStore()
    for group in _groups(source.contents):
        copied = _content_copied(group, source.contents, target.contents, now, copied)
    copied = _history_copied(source.contents, target.contents, copied)
    copied = _drafts_copied(source, target, copied)
    return _layers_copied(source, target, copied) if with_layers else copied


def _groups(contents: ContentStore) -> Iterator[tuple[Digest, ...]]:
    """Yield all digests that are kept, or named by what is kept, a few at a time."""
    for algorithm in sorted(HEX_LENGTHS):
        for number in range(256):
            found = contents.digests(f"{algorithm}:{number:02x}", _PAGE)
            for first in range(0, len(found), _GROUP):
                yield found[first : first + _GROUP]


def _content_copied(
    digests: Iterable[Digest],
    source: ContentStore,
    target: ContentStore,
    now: datetime,
    copied: CopiedStore,
) -> CopiedStore:
    manifests, blobs = [], []
    for digest in digests:
        if (manifest := source.manifest(digest)) is not None:
            manifests.append(manifest)
        elif (blob := source.blob(digest)) is not None:
            blobs.append(blob)
    new = [each for each in manifests if _lacks_manifest(target, each)]
    new_blobs = [each for each in blobs if _lacks_blob(target, each)]
    if new or new_blobs:
        with target.transaction():
            target.keep_manifests(new)
            target.keep_blobs(new_blobs)
            target.record_digest_reads(_read_by_digest(source, new), now)
        _verify(new, new_blobs, target)
    return evolve(
        copied,
        manifests=copied.manifests + len(manifests),
        new_manifests=copied.new_manifests + len(new),
        blobs=copied.blobs + len(blobs),
        new_blobs=copied.new_blobs + len(new_blobs),
    )


def _lacks_manifest(target: ContentStore, manifest: Manifest) -> bool:
    """True if the target has no such manifest, or a damaged one."""
    try:
        return target.manifest(manifest.digest) is None
    except DamagedStoreError:
        return True


def _lacks_blob(target: ContentStore, blob: bytes) -> bool:
    try:
        return target.blob(Digest.of(blob)) is None
    except DamagedStoreError:
        return True


def _read_by_digest(source: ContentStore, manifests: Iterable[Manifest]) -> list[Digest]:
    """The manifests that nothing leads to: they were read by digest, and would be garbage."""
    return [
        each.digest
        for each in manifests
        if next(source.observations_of(each.digest), None) is None
        and next(source.predecessors(each.digest), None) is None
    ]


def _verify(manifests: Iterable[Manifest], blobs: Iterable[bytes], target: ContentStore) -> None:
    """Read what was written. Raises DamagedStoreError: it is missing, or other bytes."""
    kept = [each.digest for each in manifests if target.manifest(each.digest) is None]
    kept += [digest for digest in map(Digest.of, blobs) if target.blob(digest) is None]
    if kept:
        raise DamagedStoreError("copied to", f"{kept[0]} was written and is not there")


def _history_copied(source: ContentStore, target: ContentStore, copied: CopiedStore) -> CopiedStore:
    tags = states = new = 0
    for newest in source.latest():
        tag = newest.tag_reference
        history = source.history(tag)
        before = frozenset(target.history(tag))
        tags, states = tags + 1, states + len(history)
        if not before.issuperset(history):
            with target.transaction():
                # a tag may have moved since the manifests were copied
                moved = (source.manifest(each.digest) for each in history if not each.source)
                target.keep_manifests(each for each in moved if each is not None)
                target.observe(history)
            new += len(frozenset(target.history(tag)) - before)
    return evolve(copied, tags=tags, states=states, new_states=new)


def _drafts_copied(source: Store, target: Store, copied: CopiedStore) -> CopiedStore:
    """Copy drafts. One of the target that differs stays: it may be the newer work."""
    drafts, new, kept = source.drafts.drafts(), 0, []
    for draft in drafts:
        with target.drafts.transaction():
            existing = target.drafts.find(draft.name)
            if existing is None:
                target.drafts.save(draft)
                new += 1
            elif existing != draft:
                kept.append(draft.name)
    return evolve(copied, drafts=len(drafts), new_drafts=new, kept=tuple(kept))


def _layers_copied(source: Store, target: Store, copied: CopiedStore) -> CopiedStore:
    number = new = 0
    for digest in source.layers.digests():
        number += 1
        size = source.layers.size(digest)
        if size is not None and target.layers.size(digest) is None:
            with source.layers.open(digest) as chunks:
                target.layers.write(digest, size, chunks)
            new += 1
    return evolve(copied, layers=number, new_layers=new)
