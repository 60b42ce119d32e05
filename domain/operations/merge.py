"""Merging a draft into what its tag holds, beside others who do the same at the same time.

Each writer first publishes its entries as an intent, then puts the tag with the entries of all
intents, then looks at both again, until the tag holds them all. A slow writer that overwrites what
it had not seen finds that out when it looks, since intents stay (ADR 0024 has the proof).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from attrs import frozen

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import (
    ListError,
    ManifestUnknownError,
    MergeUnsettledError,
    TagMovedError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.merge_intents import Intent, intent_of, intent_prefix
from manyfest.domain.merging import merged_list
from manyfest.domain.operations.create import contribution
from manyfest.domain.operations.each import Each
from manyfest.domain.operations.guarded_put import Pause
from manyfest.domain.operations.plan_push import PushPlan
from manyfest.domain.operations.resolve import resolve, with_config
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import DEFAULT_TAG, Layout, Reference

# Seconds to wait before each further look. Writers settle in two or three, however many they are;
# the rest is for registries that take a while to show what was put.
_PAUSES = (0.0, 0.0, 0.05, 0.1, 0.2, 0.2, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0)

Clock = Callable[[], datetime]


@frozen
class Merged:
    """``target`` points to ``manifest`` now, and ``was_put`` if that took a put of ours."""

    target: Reference
    manifest: Manifest
    was_put: bool


@frozen
class _Standing:
    """What a tag holds: its manifest and its entries; an image is one entry."""

    manifest: Manifest | None = None
    entries: tuple[Descriptor, ...] = ()

    @property
    def expectation(self) -> Expectation:
        return Expectation(self.manifest.digest if self.manifest else None)


def merge(
    plan: PushPlan,
    target: Reference,
    *,
    registry: Registry,
    each: Each,
    pause: Pause,
    clock: Clock,
) -> Merged:
    """Put the entries of ``plan``'s draft into what ``target`` holds, by platform.

    All that they name is in the target's home already. When this returns, the tag has been seen to
    hold them, with those of every other writer whose intent could be seen; unless another writer
    has entries for the same platforms, made later. A layout compares and puts in one step, and
    needs no intents.

    ``clock`` tells the time in UTC. Raises ListError: the draft says more of the list than
    annotations; MergeUnsettledError: the registry does not show what was put; what reading and
    writing raise.
    """
    own = intent(plan, target, clock())
    if not isinstance(target.home, Layout):
        registry.put_manifest(own.reference(target), own.manifest)
    was_put = False
    for seconds in _PAUSES:
        standing = _standing(target, registry)
        intents = _intents(own, target, registry, each, clock())
        manifest = _merged(plan, target, standing, intents)
        if manifest is standing.manifest:
            return Merged(target, manifest, was_put)
        was_put |= _put(target, manifest, standing.expectation, registry)
        pause(seconds)
    raise MergeUnsettledError(str(target))


def preview(plan: PushPlan, target: Reference, *, registry: Registry, now: datetime) -> Manifest:
    """What ``target`` would hold if nobody else wrote. Writes nothing. Raises as ``merge`` does."""
    own = intent(plan, target, now)
    return _merged(plan, target, _standing(target, registry), (own,))


def intent(plan: PushPlan, target: Reference, now: datetime) -> Intent:
    """What the draft of ``plan`` wants to have listed under ``target``. Raises ListError."""
    members = dict(plan.draft.index_members)
    annotations = members.pop("annotations", {})
    if members:
        reason = f"{', '.join(members)} of a list cannot be merged, only its annotations can"
        raise ListError(str(plan.draft.name), reason)
    return Intent(target.tag or DEFAULT_TAG, plan.manifest.entries, now, annotations)


def _merged(
    plan: PushPlan, target: Reference, standing: _Standing, intents: Sequence[Intent]
) -> Manifest:
    wished = plan.draft.list_type
    return merged_list(target, standing.manifest, standing.entries, intents, wished)


def _standing(target: Reference, registry: Registry) -> _Standing:
    try:
        found = resolve(target, registry)
    except ManifestUnknownError:
        return _Standing()
    if found.manifest.is_list:
        return _Standing(found.manifest, found.manifest.entries)
    entries = contribution(with_config(found, registry))
    return _Standing(found.manifest, tuple(entry.found for entry in entries))


def _intents(
    own: Intent, target: Reference, registry: Registry, each: Each, now: datetime
) -> tuple[Intent, ...]:
    """Those that can be seen; our own, too, unless another took its place."""
    if isinstance(target.home, Layout):
        return (own,)
    prefix = intent_prefix(own.tag)
    places = {t for t in registry.tags(target.home) if t.startswith(prefix)}
    read = partial(_read_intent, tag=own.tag, registry=registry)
    seen = each(read, tuple(target.tagged(place) for place in sorted(places)))
    young = tuple(found for found in seen if found is not None and found.counts_at(now))
    return young if own.reference(target).tag in places else (*young, own)


def _read_intent(reference: Reference, tag: str, registry: ManifestReader) -> Intent | None:
    try:
        return intent_of(registry.get_manifest(reference), tag)
    except ManifestUnknownError:
        return None  # cleaned up by somebody in between


def _put(target: Reference, manifest: Manifest, expected: Expectation, registry: Registry) -> bool:
    """A registry that compares refuses what another writer has overtaken: then look again."""
    try:
        registry.put_manifest(target, manifest, expected)
    except TagMovedError:
        return False
    return True
