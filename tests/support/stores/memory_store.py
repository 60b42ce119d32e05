"""A content store and draft book in memory, which fulfil the same contracts as the real ones."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from attrs import Factory, define, evolve, field

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import DamagedStoreError, DocumentError, StoreError
from manyfest.domain.history.observation import Observation, by_tag, merge_observations
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import Predecessor, Role, SharedLayers
from manyfest.domain.references import Home, Reference

PATH = "(memory)"


@define
class Held:
    """The stored values; a transaction works on a copy, which replaces them at its end."""

    manifests: dict[Digest, Manifest] = field(factory=dict)
    blobs: dict[Digest, bytes] = field(factory=dict)
    observations: dict[Reference, tuple[Observation, ...]] = field(factory=dict)
    claims: dict[Reference, tuple[Observation, ...]] = field(factory=dict)
    drafts: dict[str, Draft] = field(factory=dict)
    asked: dict[Digest, datetime] = field(factory=dict)
    homes: dict[Digest, frozenset[Home]] = field(factory=dict)

    def copy(self) -> "Held":
        return Held(
            self.manifests.copy(),
            self.blobs.copy(),
            self.observations.copy(),
            self.claims.copy(),
            self.drafts.copy(),
            self.asked.copy(),
            self.homes.copy(),
        )


@define(eq=False)
class _Part:
    """The parts that both halves share: their store, its transaction, its values."""

    _store: "MemoryStore" = field(repr=False)

    def transaction(self):
        return self._store.transaction()

    @property
    def _held(self) -> Held:
        return self._store.held

    @property
    def _writable(self) -> Held:
        if not self._store.in_transaction:
            raise RuntimeError("writing is for inside of a transaction")
        return self._store.held


@define(eq=False)
class MemoryContents(_Part):
    """``ContentStore``."""

    def manifest(self, digest: Digest) -> Manifest | None:
        found = self._held.manifests.get(digest)
        return found and evolve(found, data=_intact(found.data, digest))

    def blob(self, digest: Digest) -> bytes | None:
        found = self._held.blobs.get(digest)
        return found and _intact(found, digest)

    def manifest_groups(self, digests: Iterable[Digest]) -> Iterator[list[Manifest]]:
        for digest in dict.fromkeys(digests):
            if manifest := self.manifest(digest):
                yield [manifest]

    def blob_sizes(self, digests: Iterable[Digest]) -> dict[Digest, int]:
        return {each: len(self._held.blobs[each]) for each in digests if each in self._held.blobs}

    def last_observation(self, reference: Reference) -> Observation | None:
        return next(iter(self._states(reference)), None)

    def history(self, reference: Reference) -> tuple[Observation, ...]:
        states = self._states(reference)
        claims = self._held.claims.get(Reference(reference.home, reference.tag), ())
        return merge_observations(states, claims) if claims else states

    def _states(self, reference: Reference) -> tuple[Observation, ...]:
        return self._held.observations.get(Reference(reference.home, reference.tag), ())

    def latest(self) -> Iterator[Observation]:
        newest = [history[0] for history in self._held.observations.values()]
        return tuple(
            sorted(
                newest,
                key=lambda seen: (str(seen.tag_reference.home), seen.tag_reference.tag or ""),
            )
        )

    def tags_of(self, home: Home) -> tuple[str, ...]:
        tags = {seen.tag for seen in self._held.observations if seen.home == home and seen.tag}
        return tuple(sorted(tags))

    def observations_of(self, digest: Digest) -> Iterator[Observation]:
        seen = (each for history in self._held.observations.values() for each in history)
        return iter(sorted((each for each in seen if each.digest == digest), key=_by_tag))

    def predecessors(self, digest: Digest, role: Role | None = None) -> Iterator[Predecessor]:
        found = (
            Predecessor(manifest.digest, each, position)
            for manifest in self._held.manifests.values()
            for each, named in _named_by(manifest)
            for position, descriptor in enumerate(named)
            if descriptor.digest == digest and role in (None, each)
        )
        return iter(sorted(found, key=lambda one: (one.role.value, one.manifest, one.position)))

    def named(self, digests: Iterable[Digest], role: Role) -> frozenset[Digest]:
        return frozenset(each for each in digests if any(self.predecessors(each, role)))

    def digests(self, beginning: str, limit: int) -> tuple[Digest, ...]:
        manifests = self._held.manifests.values()
        named = (one for m in manifests for _, found in _named_by(m) for one in found)
        known = {*self._held.manifests, *(one.digest for one in named)}
        return tuple(sorted(one for one in known if str(one).startswith(beginning)))[:limit]

    def sharing(self, layers: Sequence[Descriptor]) -> Iterator[SharedLayers]:
        wanted = {layer.digest: layer.size for layer in layers}
        for manifest in self._held.manifests.values():
            own = [layer.digest for layer in dict(_named_by(manifest))[Role.LAYER]]
            common = wanted.keys() & set(own)
            aligned = sum(one == layer.digest for one, layer in zip(own, layers, strict=False))
            sizes = sum(wanted[digest] for digest in common)
            if common:
                yield SharedLayers(manifest.digest, len(common), sizes, aligned, len(own))

    def keep_manifests(self, manifests: Iterable[Manifest]) -> None:
        for manifest in manifests:
            held = self._writable.manifests.setdefault(manifest.digest, manifest)
            if held.data != manifest.data:
                self._writable.manifests[manifest.digest] = manifest

    def keep_blobs(self, blobs: Iterable[bytes]) -> None:
        for blob in blobs:
            self._writable.blobs[Digest.of(blob)] = blob

    def observe(self, observations: Iterable[Observation]) -> None:
        held = self._writable
        observations = tuple(observations)
        for place, claims in by_tag(one for one in observations if one.source).items():
            held.claims[place] = (*held.claims.get(place, ()), *claims)
        for place, seen in by_tag(one for one in observations if not one.source).items():
            for digest in {each.digest for each in seen} - held.manifests.keys():
                raise StoreError(PATH, f"holds no manifest {digest}")
            held.observations[place] = merge_observations(self._states(place), seen)

    def homes_of(self, digest: Digest) -> tuple[Home, ...]:
        return tuple(sorted(self._held.homes.get(digest, ()), key=str))

    def homes_with(self, digests: Sequence[Digest]) -> dict[Digest, frozenset[Home]]:
        return {digest: frozenset(self._homes_with(digest)) for digest in digests}

    def _homes_with(self, digest: Digest) -> Iterator[Home]:
        lists = (one.manifest for one in self.predecessors(digest, Role.ENTRY))
        for holder in (digest, *lists):
            yield from self._held.homes.get(holder, ())
            yield from (each.reference.home for each in self.observations_of(holder))

    def record_digest_reads(
        self, digests: Iterable[Digest], now: datetime, home: Home | None = None
    ) -> None:
        digests = tuple(digests)
        self._writable.asked |= dict.fromkeys(digests, now)
        for digest in digests if home else ():
            self._writable.homes[digest] = self._held.homes.get(digest, frozenset()) | {home}


@define(eq=False)
class MemoryDrafts(_Part):
    """``DraftBook``."""

    def find(self, name: Reference) -> Draft | None:
        return self._held.drafts.get(str(name))

    def drafts(self) -> tuple[Draft, ...]:
        return tuple(draft for _, draft in sorted(self._held.drafts.items()))

    def save(self, draft: Draft) -> None:
        self._writable.drafts[str(draft.name)] = draft

    def remove(self, name: Reference) -> None:
        self._writable.drafts.pop(str(name), None)


@define(eq=False)
class MemoryStore:
    """``contents`` and ``drafts`` over the same ``held``, which tests may read and change."""

    held: Held = field(factory=Held)
    in_transaction: bool = False
    contents: MemoryContents = Factory(MemoryContents, takes_self=True)
    drafts: MemoryDrafts = Factory(MemoryDrafts, takes_self=True)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self.in_transaction:
            raise RuntimeError("transactions do not nest")
        before, self.held, self.in_transaction = self.held, self.held.copy(), True
        try:
            yield
        except BaseException:
            self.held = before
            raise
        finally:
            self.in_transaction = False


def _by_tag(seen: Observation) -> tuple[str, str, datetime]:
    return str(seen.reference.home), seen.reference.tag or "", seen.first_seen


def _named_by(manifest: Manifest) -> Iterator[tuple[Role, tuple[Descriptor, ...]]]:
    """Yield the descriptors of each role; none of a manifest that cannot be parsed."""
    try:
        config, subject = manifest.config, manifest.subject
        found = (
            manifest.entries,
            (config,) * bool(config),
            manifest.layers,
            (subject,) * bool(subject),
        )
    except DocumentError:
        found = ((), (), (), ())
    yield from zip(Role, found, strict=True)


def _intact(data: bytes, digest: Digest) -> bytes:
    if Digest.of(data, digest.algorithm) != digest:
        raise DamagedStoreError(PATH, f"{digest} has other bytes")
    return data
