"""Merge a draft into a tag while other writers do the same: no entry is lost.

Theory of operation (ADR 0024). Most registries cannot compare and swap a tag, so a put may
overwrite a list that another writer put a moment before. The protocol lets the writers find out:

1. A writer publishes its entries as an *intent*, an index under a tag of its own,
   ``manyfest-merge-...``. Intents are never taken away; a repeated build for the same platforms
   replaces its earlier one, and each counts for an hour.
2. It reads the tag, then all intents for the tag. This order matters.
3. If the tag lacks entries of these, it puts the union: the entries of the tag, overlaid by those
   of the intents; for one platform the later intent wins, for all writers alike.
4. It returns to 2, until there is nothing to put and the registry lists its own intent.

Proof: let Z be the last put of the tag, and W a writer whose intent Z lacks. W's intent became
visible after Z's writer had read the intents for Z. Either that was before Z's writer read them
again: then it found W's intent and put once more, so Z was not the last put. Or it was later:
then W read the tag after Z, found its entries missing, and put, so Z was not the last either.

A registry that does not list our own intent lists tags late, and may hide the intents of others:
we wait for it. A registry that compares refuses our put if another writer was faster; that writer
made progress, so we look again at once, as often as it takes. A layout compares and puts in one
step, under a lock, and needs no intents.

The digest of a tag is asked for by HEAD, which no mirror answers, and the manifest is then read by
digest, from anywhere. A mirror that is behind would have us put an old list, without what was
added to the tag since.

Time is the registry's, as the ``Date`` of its responses tells it: so all writers have one clock,
however wrong their own are. An intent that is dated ahead of it, by a writer that had no ``Date``
to go by, is not believed. Once the tag is settled it is put again as an expired one, because it
would count when its date comes.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from attr import evolve, field

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    ListError,
    MergeOvertakenError,
    MergeUnsettledError,
    TagMovedError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.merging.intent import Intent
from manyfest.domain.merging.merged_list import merged_list
from manyfest.domain.operations.publication.merge_reads import (
    TagReader,
    TagState,
    retire,
    visible_intents,
)
from manyfest.domain.operations.publication.plan_push import PushPlan, Tagging
from manyfest.domain.operations.steps.missing_children import (
    children_in_place,
    missing_children,
    require_none,
)
from manyfest.domain.operations.steps.put_manifest import put_manifest
from manyfest.domain.ports import Ports
from manyfest.domain.references import DEFAULT_TAG, Layout, Reference
from manyfest.domain.values import frozen

# Seconds to wait before each further look. Writers settle within two or three, however many there
# are; the rest is for registries that take a while to show what was put.
_PAUSES = (0.0, 0.0, 0.05, 0.1, 0.2, 0.2, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0)


@frozen
class Merged:
    """``target`` points to ``manifest`` after the merge; before, to ``before``, or to nothing.

    ``was_put`` says whether that took a put of ours. ``misdated`` are intents that are dated in the
    future, and did not count.
    """

    target: Reference
    manifest: Manifest
    before: Digest | None
    was_put: bool
    misdated: Mapping[Reference, Intent] = field(factory=dict)


def merge(
    plan: PushPlan,
    targets: Sequence[Reference],
    *,
    ports: Ports,
    on_intent: Callable[[Reference], None] = lambda _: None,
) -> tuple[Merged, ...]:
    """Merge the entries of ``plan``'s draft into each of ``targets``, by platform.

    The content of the entries must be in the targets' homes already. When this returns, each tag
    was read and had the entries, with those of all writers whose intents were visible; unless
    another writer has later entries for the same platforms. Intents for all targets are published
    first, so that a writer that begins later is later for all of them; of two that begin at the
    same moment, each may win some. ``on_intent`` is told the tag of each intent that was put: the
    tags stay, and count, whether or not the merge succeeds.

    Uses the ports registry, fan_out, pause and registry_clock. Raises ListError: the draft sets
    members of the list other than annotations; PartMissingError: an image that the tag or an intent
    names is missing; MergeUnsettledError: the registry does not show what was put; what reading and
    writing raise.
    """
    own = ports.fan_out(partial(_publish, plan=plan, ports=ports, on_intent=on_intent), targets)
    writer = _Writer(plan, ports)
    return tuple(map(writer.settle, targets, own))


def merged_plan(plan: PushPlan, merged: Sequence[Merged]) -> PushPlan:
    """Return ``plan`` with the list and the tags that the merge wrote, or would write."""
    tags = (Tagging(tag.target, tag.manifest.digest, tag.before) for tag in merged if tag.was_put)
    return evolve(plan, manifest=merged[0].manifest, tags=tuple(tags))


def require_own_entries(plan: PushPlan, merged: Sequence[Merged]) -> None:
    """Check that every tag has the draft's entries.

    Raises MergeOvertakenError: a later writer's entry for the same platform is in its place.
    """
    for tag in merged:
        lost = set(plan.manifest.entries) - set(tag.manifest.entries)
        if lost:
            raise MergeOvertakenError(str(tag.target), tuple(sorted({_name(e) for e in lost})))


def _name(entry: Descriptor) -> str:
    return str(entry.platform) if entry.platform else str(entry.digest)


def preview(plan: PushPlan, target: Reference, *, ports: Ports) -> Merged:
    """Return the result of a merge into ``target`` if no other writer writes. Writes nothing.

    ``was_put`` says whether there is something to write. Uses the ports registry, fan_out and
    registry_clock. Raises as ``merge``.
    """
    current = TagReader(ports.registry).current(target)
    own = intent(plan, target, ports.registry_clock(target.home))
    manifest = _merged(plan, target, current, (own,))
    _require_whole(plan, target, manifest, ports)
    return Merged(target, manifest, current.digest, manifest is not current.manifest)


def preview_plan(plan: PushPlan, *, ports: Ports) -> PushPlan:
    """Return ``plan`` with what a merge into its names would write. Raises as ``preview``."""
    look = partial(preview, plan, ports=ports)
    return merged_plan(plan, ports.fan_out(look, plan.names))


def intent(plan: PushPlan, target: Reference, now: datetime) -> Intent:
    """Return the intent of ``plan``'s draft for ``target``. Raises ListError."""
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
    plan: PushPlan, target: Reference, current: TagState, intents: Sequence[Intent]
) -> Manifest:
    wished = plan.draft.list_type
    return merged_list(target, current.manifest, current.entries, intents, wished)


def _require_whole(plan: PushPlan, target: Reference, manifest: Manifest, ports: Ports) -> None:
    """Check that ``target`` has the children of ``manifest`` that the plan does not put."""
    put = {copy.target for copy in plan.children}
    children = children_in_place(target, manifest)
    others = [child for child in children if child.reference not in put]
    require_none(missing_children(others, ports=ports))


def _publish(
    target: Reference, plan: PushPlan, ports: Ports, on_intent: Callable[[Reference], None]
) -> Intent:
    """Publish the intent, and again if only then the registry's clock shows its date as wrong."""
    own = intent(plan, target, ports.registry_clock(target.home))
    if isinstance(target.home, Layout):
        return own
    place = own.reference(target)
    put_manifest(ports.registry, place, own.manifest)
    on_intent(place)
    now = ports.registry_clock(target.home)
    if not own.is_live(now):
        own = evolve(own, made_at=now)
        put_manifest(ports.registry, place, own.manifest)
    return own


@frozen
class _Writer:
    """Reads and puts until a tag has all entries that it should."""

    plan: PushPlan
    ports: Ports

    def settle(self, target: Reference, own: Intent) -> Merged:
        tags = TagReader(self.ports.registry)
        current = first = tags.current(target)
        was_put, pauses, whole = False, iter(_PAUSES), set[Digest]()
        while True:
            intents = visible_intents(target, own, tags, ports=self.ports)
            manifest = _merged(self.plan, target, current, intents.all)
            if manifest.digest not in whole:
                _require_whole(self.plan, target, manifest, self.ports)
                whole.add(manifest.digest)
            is_held = manifest is current.manifest
            if is_held and intents.is_own_listed:
                retire(intents.misdated, {own.reference(target): own}, tags, ports=self.ports)
                return Merged(target, manifest, first.digest, was_put, intents.misdated)
            is_overtaken = not is_held and not self._put(target, manifest, current)
            was_put |= not is_held and not is_overtaken
            seconds = 0.0 if is_overtaken else next(pauses, None)
            if seconds is None:
                raise MergeUnsettledError(str(target))
            self.ports.pause(seconds)
            current = tags.current(target)

    def _put(self, target: Reference, manifest: Manifest, current: TagState) -> bool:
        """Put ``manifest``; return False if another writer was faster.

        Only a registry that compares refuses. The other writer then made progress, so looking again
        at once, as often as it takes, comes to an end.
        """
        try:
            put_manifest(self.ports.registry, target, manifest, Expectation(current.digest))
        except TagMovedError:
            return False
        return True
