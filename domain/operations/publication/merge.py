"""Merging a draft into what its tag holds, beside others who do the same at the same time.

Each writer first publishes its entries as an intent, then puts the tag with the entries of all
intents, then looks at both again, until the tag holds them all. A slow writer that overwrites what
it had not seen finds that out when it looks, since intents stay (ADR 0024 has the proof).

What a tag is now is asked by HEAD, which no mirror answers, and then read by digest, from wherever:
a mirror that is behind would have us put an old list, without what came to the tag since.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from attrs import frozen

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    ListError,
    ManifestUnknownError,
    MergeUnsettledError,
    TagMovedError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.merging.intent import Intent, intent_prefix, parse_intent
from manyfest.domain.merging.merged_list import merged_list
from manyfest.domain.operations.drafts.create import contribution
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.operations.resolve import Resolved, with_config
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import DEFAULT_TAG, Layout, Reference

# Seconds to wait before each further look. Writers settle in two or three, however many they are;
# the rest is for registries that take a while to show what was put.
_PAUSES = (0.0, 0.0, 0.05, 0.1, 0.2, 0.2, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0)


@frozen
class Merged:
    """``target`` points to ``manifest`` now; before, it pointed to ``before``, or to nothing.

    ``was_put`` if that took a put of ours.
    """

    target: Reference
    manifest: Manifest
    before: Digest | None
    was_put: bool


@frozen
class _TagState:
    """What a tag holds: its manifest and its entries; an image is one entry."""

    manifest: Manifest | None = None
    entries: tuple[Descriptor, ...] = ()

    @property
    def digest(self) -> Digest | None:
        return self.manifest.digest if self.manifest else None


class _Tags:
    """What tags point to now, each manifest read once. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[Digest, Manifest] = {}

    def standing(self, target: Reference) -> _TagState:
        manifest = self.manifest(target)
        if manifest is None or manifest.is_list:
            return _TagState(manifest, manifest.entries if manifest else ())
        image = with_config(Resolved(target, manifest), self._registry)
        return _TagState(manifest, tuple(entry.found for entry in contribution(image)))

    def manifest(self, reference: Reference) -> Manifest | None:
        with suppress(ManifestUnknownError):
            digest = self._registry.head_manifest(reference).digest
            with suppress(ManifestUnknownError):
                return self._by_digest(reference, digest)
            return self._registry.get_manifest(reference)  # moved on, and what it was is gone
        return None

    def _by_digest(self, reference: Reference, digest: Digest) -> Manifest:
        if digest not in self._known:
            self._known[digest] = self._registry.get_manifest(reference.at(digest))
        return self._known[digest]


def merge(
    plan: PushPlan,
    targets: Sequence[Reference],
    *,
    ports: Ports,
) -> tuple[Merged, ...]:
    """Put the entries of ``plan``'s draft into what each of ``targets`` holds, by platform.

    All that they name is in the targets' homes already. When this returns, each tag has been seen
    to hold them, with those of every other writer whose intent could be seen; unless another writer
    has entries for the same platforms, made later. A layout compares and puts in one step, and
    needs no intents. Intents for all targets come first, so that a writer who begins later is later
    for all of them; of two at the same moment each may win some.

    ``clock`` tells the time in UTC. Raises ListError: the draft says more of the list than
    annotations; MergeUnsettledError: the registry does not show what was put; what reading and
    writing raise.
    """
    made_at = ports.clock()
    own = [intent(plan, target, made_at) for target in targets]
    ports.fan_out(partial(_publish, registry=ports.registry), tuple(zip(targets, own, strict=True)))
    writer = _Writer(plan, ports)
    return tuple(map(writer.settle, targets, own))


def preview(plan: PushPlan, target: Reference, *, ports: Ports) -> Merged:
    """What merging into ``target`` would come to if nobody else wrote.

    Writes nothing; ``was_put`` if there is something to write. Raises as ``merge`` does.
    """
    standing = _Tags(ports.registry).standing(target)
    manifest = _merged(plan, target, standing, (intent(plan, target, ports.now),))
    return Merged(target, manifest, standing.digest, manifest is not standing.manifest)


def intent(plan: PushPlan, target: Reference, now: datetime) -> Intent:
    """What the draft of ``plan`` wants to have listed under ``target``. Raises ListError."""
    members = dict(plan.draft.index_members)
    annotations = members.pop("annotations", None) or {}
    if not isinstance(annotations, dict):
        reason = "its annotations are no object and cannot be merged"
        raise ListError(str(plan.draft.name), reason)
    if members:
        reason = f"{', '.join(members)} of a list cannot be merged, only its annotations can"
        raise ListError(str(plan.draft.name), reason)
    return Intent(target.tag or DEFAULT_TAG, plan.manifest.entries, now, annotations)


def _merged(
    plan: PushPlan, target: Reference, standing: _TagState, intents: Sequence[Intent]
) -> Manifest:
    wished = plan.draft.list_type
    return merged_list(target, standing.manifest, standing.entries, intents, wished)


def _publish(target_and_intent: tuple[Reference, Intent], registry: Registry) -> None:
    target, own = target_and_intent
    if not isinstance(target.home, Layout):
        registry.put_manifest(own.reference(target), own.manifest)


@frozen
class _Writer:
    """Looks and puts until a tag holds all that it should."""

    plan: PushPlan
    ports: Ports

    def settle(self, target: Reference, own: Intent) -> Merged:
        tags = _Tags(self.ports.registry)
        standing = first = tags.standing(target)
        was_put, pauses = False, iter(_PAUSES)
        while True:
            intents = self._intents(tags, target, own)
            manifest = _merged(self.plan, target, standing, intents.all)
            is_held = manifest is standing.manifest
            if is_held and intents.is_own_listed:
                return Merged(target, manifest, first.digest, was_put)
            is_overtaken = not is_held and not self._put(target, manifest, standing)
            was_put |= not is_held and not is_overtaken
            seconds = 0.0 if is_overtaken else next(pauses, None)
            if seconds is None:
                raise MergeUnsettledError(str(target))
            self.ports.pause(seconds)
            standing = tags.standing(target)

    def _intents(self, tags: _Tags, target: Reference, own: Intent) -> "_Intents":
        if isinstance(target.home, Layout):
            return _Intents((own,))
        prefix, place = intent_prefix(own.tag), own.reference(target)
        listed = {
            target.tagged(tag)
            for tag in self.ports.registry.tags(target.home)
            if tag.startswith(prefix)
        }
        places = tuple(sorted({*listed, place}, key=str))
        found = dict(zip(places, self.ports.fan_out(tags.manifest, places), strict=True))
        read = {at: parse_intent(manifest, own.tag) for at, manifest in found.items() if manifest}
        young = {at: i for at, i in read.items() if i is not None and i.is_live(self.ports.clock())}
        return _Intents(tuple({place: own, **young}.values()), place in listed)

    def _put(self, target: Reference, manifest: Manifest, standing: _TagState) -> bool:
        """Whether it was put: a registry that compares refuses what another writer has overtaken.

        Then that writer got ahead, so who looks again at once, as often as it takes, gets his turn.
        """
        try:
            self.ports.registry.put_manifest(target, manifest, Expectation(standing.digest))
        except TagMovedError:
            return False
        return True


@frozen
class _Intents:
    """Those that can be seen, and our own, unless another took its place.

    A registry that does not list our own lists tags late, and may hide those of others.
    """

    all: tuple[Intent, ...]
    is_own_listed: bool = True
