"""Copy all of one store into another: content, history, drafts, and layers on request."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import TypeVar

from manyfest.domain.digests import HEX_LENGTHS, Digest
from manyfest.domain.errors import DamagedStoreError
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.store import Store
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen

_Item = TypeVar("_Item")
_Read = Callable[[Digest], object]

_GROUP = 200  # digests or tags that are copied in one transaction
_PAGE = 1_000_000  # digests with one beginning, of which there are 256 or more


@frozen
class Count:
    """The number ``found`` in the source, and how many of them were ``new`` to the target."""

    found: int = 0
    new: int = 0

    def __add__(self, other: "Count") -> "Count":
        """Count both."""
        return Count(self.found + other.found, self.new + other.new)


@frozen
class CopiedStore:
    """The counts of a copy, and the number of tags.

    ``kept`` are drafts of the target that differ from the source's of the same name.
    """

    manifests: Count
    blobs: Count
    tags: int
    states: Count
    drafts: Count
    layers: Count
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
    manifests, blobs = _copy_content(source.contents, target.contents, now)
    tags, states = _copy_history(source.contents, target.contents)
    drafts, kept = _copy_drafts(source, target)
    layers = _copy_layers(source, target) if with_layers else Count()
    return CopiedStore(manifests, blobs, tags, states, drafts, layers, kept)


def _copy_content(source: ContentStore, target: ContentStore, now: datetime) -> tuple[Count, Count]:
    """Copy manifests and blobs. Returns the counts of both."""
    manifests, blobs = Count(), Count()
    for beginning in _beginnings():
        known = frozenset(target.digests(beginning, _PAGE))
        for group in _groups(source.digests(beginning, _PAGE)):
            of_group = _copy_group(group, known, source, target, now)
            manifests, blobs = manifests + of_group[0], blobs + of_group[1]
    return manifests, blobs


def _beginnings() -> Iterator[str]:
    """Yield the beginnings of all digests, so that few are in memory at a time."""
    for algorithm in sorted(HEX_LENGTHS):
        for number in range(256):
            yield f"{algorithm}:{number:02x}"


def _groups(items: Iterable[_Item]) -> Iterator[tuple[_Item, ...]]:
    """Yield the items, a few at a time."""
    items = iter(items)
    while group := tuple(islice(items, _GROUP)):
        yield group


def _copy_group(
    digests: Iterable[Digest],
    known: Container[Digest],
    source: ContentStore,
    target: ContentStore,
    now: datetime,
) -> tuple[Count, Count]:
    """Copy what is kept of ``digests``; the target has nothing that is not ``known``.

    Returns the counts of manifests and blobs.
    """
    manifests, blobs = [], []
    for digest in digests:
        if (manifest := source.manifest(digest)) is not None:
            manifests.append(manifest)
        elif (blob := source.blob(digest)) is not None:
            blobs.append((digest, blob))
    new = [each for each in manifests if _lacks(target.manifest, each.digest, known)]
    new_blobs = [each for each in blobs if _lacks(target.blob, each[0], known)]
    if new or new_blobs:
        with target.transaction():
            target.keep_manifests(new)
            target.keep_blobs(blob for _, blob in new_blobs)
            _record_digest_reads(source, new, target, now)
        _verify(target.manifest, (each.digest for each in new))
        _verify(target.blob, (digest for digest, _ in new_blobs))
    return Count(len(manifests), len(new)), Count(len(blobs), len(new_blobs))


def _lacks(read: _Read, digest: Digest, known: Container[Digest]) -> bool:
    """True if the target has no such content, or damaged bytes."""
    try:
        return digest not in known or read(digest) is None
    except DamagedStoreError:
        return True


def _verify(read: _Read, digests: Iterable[Digest]) -> None:
    """Read what was written. Raises DamagedStoreError: it is missing, or other bytes."""
    for digest in digests:
        if read(digest) is None:
            raise DamagedStoreError("copied to", f"{digest} was written and is not there")


def _record_digest_reads(
    source: ContentStore, manifests: Iterable[Manifest], target: ContentStore, now: datetime
) -> None:
    """Record from which homes these were read by digest; those that nothing leads to, anyhow.

    Those would be garbage.
    """
    reads: dict[Home | None, list[Digest]] = {}
    for digest in (each.digest for each in manifests):
        homes = source.homes_of(digest)
        for home in homes or ((None,) if _is_unnamed(source, digest) else ()):
            reads.setdefault(home, []).append(digest)
    for home in sorted(reads, key=str):
        target.record_digest_reads(reads[home], now, home)


def _is_unnamed(source: ContentStore, digest: Digest) -> bool:
    """True if neither a tag nor a manifest leads to it."""
    is_tagged = next(source.observations_of(digest), None) is not None
    return not is_tagged and next(source.predecessors(digest), None) is None


def _copy_history(source: ContentStore, target: ContentStore) -> tuple[int, Count]:
    """Copy the states of tags. Returns the number of tags, and the count of their states."""
    known = frozenset(str(each.tag_reference) for each in target.latest())
    tags, states = 0, Count()
    for group in _groups(source.latest()):
        histories = [source.history(newest.tag_reference) for newest in group]
        with target.transaction():
            lacking = [_lacking(history, known, target) for history in histories]
            changed = [one for one, new in zip(histories, lacking, strict=True) if new]
            _keep_moved(chain.from_iterable(changed), source, target)
            target.observe(chain.from_iterable(changed))
        tags += len(group)
        states += Count(sum(map(len, histories)), sum(lacking))
    return tags, states


def _lacking(history: Sequence[Observation], known: Container[str], target: ContentStore) -> int:
    """Return how many states of a tag the target lacks; it has none of tags not ``known``."""
    tag = history[0].tag_reference if history else None
    before = target.history(tag) if tag and str(tag) in known else ()
    return len(frozenset(history) - frozenset(before))


def _keep_moved(history: Iterable[Observation], source: ContentStore, target: ContentStore) -> None:
    """Keep manifests of tags that moved since the content was copied."""
    for digest in {each.digest for each in history if not each.source}:
        if target.manifest(digest) is None:
            manifest = source.manifest(digest)
            target.keep_manifests([] if manifest is None else [manifest])


def _copy_drafts(source: Store, target: Store) -> tuple[Count, tuple[Reference, ...]]:
    """Copy drafts. Returns their count, and those of the target that stay.

    One that differs stays: it may be the newer work.
    """
    drafts, new, kept = source.drafts.drafts(), 0, []
    for draft in drafts:
        with target.drafts.transaction():
            existing = target.drafts.find(draft.name)
            if existing is None:
                target.drafts.save(draft)
                new += 1
            elif existing != draft:
                kept.append(draft.name)
    return Count(len(drafts), new), tuple(kept)


def _copy_layers(source: Store, target: Store) -> Count:
    number = new = 0
    for digest in source.layers.digests():
        number += 1
        size = source.layers.size(digest)
        if size is not None and target.layers.size(digest) is None:
            with source.layers.open(digest) as chunks:
                target.layers.write(digest, size, chunks)
            new += 1
    return Count(number, new)
