"""Find what needs a digest: lists, tags, their past states, drafts and referrers.

Theory of operation. The index of the store leads from a digest to the manifests that name it, and
from these to those that name them, so that a layer leads to its images, their lists, and the tags
of all of them. A referrer needs its subject, but what needs the referrer does not: the search does
not go on from there. Each manifest is visited once; after ``LIMIT`` of them the answer is partial.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from enum import Enum

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.errors import DamagedStoreError, DocumentError, NeverSeenError
from manyfest.domain.history.observation import Observation
from manyfest.domain.lists.referrers import cosign_tags
from manyfest.domain.ports import Ports
from manyfest.domain.ports.content_store import Predecessor, Role
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen

LIMIT = 10_000  # manifests


class DependentKind(Enum):
    """The kinds of dependents, in the order in which they are shown."""

    TAG = "tag"
    LIST = "list"
    IMAGE = "image"
    DRAFT = "draft"
    REFERRER = "referrer"
    PAST = "past state"


@frozen
class Dependent:
    """A thing that needs the digest: its kind, and its name, which commands take.

    ``digest`` is that of the manifest which it is, or points to. ``platform`` is that of a list's
    entry, and ``seen_at`` (UTC) when a tag was seen last; they are empty and None of others.
    """

    kind: DependentKind
    name: str
    digest: Digest
    platform: str = ""
    seen_at: datetime | None = None


@frozen
class Dependents:
    """The dependents by kind and name; there are more unless they are ``complete``."""

    found: tuple[Dependent, ...]
    is_complete: bool = True


def find_dependents(digest: Digest, *, ports: Ports) -> Dependents:
    """Find what needs ``digest``, whether it is cached or only named.

    Uses the ports contents, layers and drafts. Raises NeverSeenError: the store does not know it;
    what the store raises.
    """
    search = _Search(ports, digest)
    found = tuple(sorted(search.run(), key=_order))
    if not (found or _is_cached(digest, ports)):
        raise NeverSeenError(str(digest))
    return Dependents(found, search.is_complete)


def _is_cached(digest: Digest, ports: Ports) -> bool:
    contents = ports.contents
    return (
        contents.manifest(digest) is not None
        or contents.blob(digest) is not None
        or ports.layers.size(digest) is not None
    )


class _Search:
    """One search; ``reached`` are the digests that need the first one, itself included."""

    def __init__(self, ports: Ports, digest: Digest) -> None:
        self.is_complete = True
        self._ports = ports
        self._contents = ports.contents
        self._first = digest
        self._reached: dict[Digest, None] = {digest: None}
        self._histories: dict[Reference, tuple[Observation, ...]] = {}

    def run(self) -> Iterator[Dependent]:
        """Yield the dependents, each once."""
        waiting = [self._first]
        while waiting:
            digest = waiting.pop(0)
            yield from self._states(digest)
            for one in self._contents.predecessors(digest):
                if one.role is not Role.SUBJECT and self._is_new(one.manifest):
                    waiting.append(one.manifest)
                    yield self._manifest(one)
        yield from self._referrers()
        for draft in self._ports.drafts.drafts():
            yield from self._draft(draft)

    def _is_new(self, digest: Digest) -> bool:
        if digest in self._reached:
            return False
        if len(self._reached) > LIMIT:
            self.is_complete = False
            return False
        self._reached[digest] = None
        return True

    def _states(self, digest: Digest) -> Iterator[Dependent]:
        """Yield the states of tags that point to ``digest``, named as ``REF@{N}`` if past."""
        tags = dict.fromkeys(each.tag_reference for each in self._contents.observations_of(digest))
        for tag in tags:
            states = self._histories.setdefault(tag, self._contents.history(tag))
            for number, state in enumerate(states):
                if state.digest == digest:
                    kind, past = (
                        (DependentKind.PAST, f"@{{{number}}}")
                        if number
                        else (DependentKind.TAG, "")
                    )
                    yield Dependent(kind, f"{tag}{past}", digest, seen_at=state.seen_at)

    def _manifest(self, one: Predecessor) -> Dependent:
        is_list = one.role is Role.ENTRY
        platform = self._platform(one) if is_list else ""
        kind = DependentKind.LIST if is_list else DependentKind.IMAGE
        return Dependent(kind, str(one.manifest), one.manifest, platform)

    def _platform(self, one: Predecessor) -> str:
        """Return the platform of an entry; empty if the list is damaged."""
        with suppress(DamagedStoreError, DocumentError, IndexError):
            if manifest := self._contents.manifest(one.manifest):
                return str(manifest.entries[one.position].platform or "")
        return ""

    def _referrers(self) -> Iterator[Dependent]:
        """Yield referrers of the digest, and its digest tags where it has a tag itself."""
        for one in self._contents.predecessors(self._first, Role.SUBJECT):
            yield Dependent(DependentKind.REFERRER, str(one.manifest), one.manifest)
        for home in self._homes():
            for tag in cosign_tags(self._first):
                seen = self._contents.last_observation(Reference(home, tag))
                if seen is not None:
                    name, moment = str(seen.tag_reference), seen.seen_at
                    yield Dependent(DependentKind.REFERRER, name, seen.digest, seen_at=moment)

    def _homes(self) -> tuple[Home, ...]:
        return tuple(dict.fromkeys(tag.home for tag in self._histories))

    def _draft(self, draft: Draft) -> Iterator[Dependent]:
        needed = next(filter(self._is_needed, draft.entries), None)
        if needed is not None:
            platform = str(needed.found.platform or "")
            yield Dependent(DependentKind.DRAFT, str(draft.name), needed.found.digest, platform)
        elif draft.pushed in self._reached:
            yield Dependent(DependentKind.DRAFT, str(draft.name), draft.pushed)

    def _is_needed(self, entry: Entry) -> bool:
        return entry.found.digest in self._reached or entry.list_digest in self._reached


def _order(one: Dependent) -> tuple[int, str]:
    return list(DependentKind).index(one.kind), one.name
