"""Publish drafts: execute push plans.

Order of writes, for all plans of a command together:

1. Blobs, in parallel. A registry refuses an image whose blobs it lacks.
2. Child images, in parallel; then child lists one after the other, in the order of the plan, which
   puts children before the lists that name them. A registry refuses a list whose children it
   lacks, and a layout would be left with a dangling entry.
3. A list that goes to several repositories, by digest to each: one that does not take it keeps the
   tags of the others from moving. Then attached content, such as signatures, so that no tag is
   found without them; some registries refuse it before the list that it is about.
4. Tags: those with an expectation first, then the others in parallel. No tag is put before all
   content of all plans is there.

So a failure before step 4 leaves every tag where it was, and the content already written is not
harmful: it is garbage for the registry, and the next push finds it and does not send it again. A
failure within step 4 leaves each tag either old or new. Requests on their way are then waited for,
and none is begun; ``TagMoving``, ``TagKept`` and ``TagMoved`` say which tag is which. The drafts
stay unpushed, and the next push writes the rest.

Several tags of one repository are put in one request where the registry can (ADR 0049). Its word
for that is checked by a HEAD each, and what it did not move is put as elsewhere. Whether it can is
tried where a list goes to one repository only: a registry that cannot costs a round trip then, as
step 3 does otherwise.

With an expectation, the plan's first tag is put by ``conditional_put``: checked right before, and
read back after. ``finish`` runs last. The store then records the published manifests and marks
the draft as pushed, unless another process changed it since the plan was made.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from manyfest.domain.errors import (
    AccessError,
    ManyfestError,
    ProtocolError,
    RefusedError,
    TagMovedError,
)
from manyfest.domain.events import OnEvent, TagKept, TagMoved, TagMoving, TransferPlanned, ignore
from manyfest.domain.operations.publication.plan_push import PushPlan, Tagging
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.conditional_put import conditional_put, probable_digest
from manyfest.domain.operations.steps.put_manifest import put_manifest
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.transfer import copy_blob, put_copies
from manyfest.domain.ports import Ports
from manyfest.domain.ports.fan_out import Item
from manyfest.domain.ports.registry import TAGS_PER_PUT, ManifestWriter
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # loaded where something crosses repositories
    from manyfest.domain.operations.attached.put import Brought


def execute(
    plans: Sequence[PushPlan],
    *,
    ports: Ports,
    on_event: OnEvent = ignore,
) -> "Brought | None":
    """Execute ``plans``: content first, then tags.

    If it fails, tags that are not put yet keep their digest. Returns the outcome for attached
    content, as ``bring_attached``. Uses the ports registry, fan_out and pause. Raises
    TagMovedError, and what writing raises.
    """
    bring_content(plans, ports=ports, on_event=on_event)
    _put_by_digest(plans, ports)
    brought = bring_attached(plans, ports=ports, on_event=on_event)
    moves = [_Move(plan, tagging) for plan in plans for tagging in plan.tags]
    mover = _TagMover(ports, on_event)
    mover.move_each([move for move in moves if move.is_guarded])
    mover.move_together(_batches([move for move in moves if not move.is_guarded], ports.registry))
    return brought


def bring_content(plans: Sequence[PushPlan], *, ports: Ports, on_event: OnEvent = ignore) -> None:
    """Write the blobs and children of ``plans``, but no tags.

    Uses the ports registry and fan_out. Raises what writing raises.
    """
    blobs = {blob.target: blob for plan in plans for blob in plan.blobs}
    children = {child.target: child for plan in plans for child in plan.children}
    attached = [plan.attached for plan in plans if plan.attached and plan.attached.manifests]
    all_blobs = (*blobs.values(), *(blob for each in attached for blob in each.blobs))
    manifests = len(children) + sum(len(each.manifests) for each in attached)
    size = sum(blob.size for blob in all_blobs)
    on_event(TransferPlanned(len(all_blobs), size, manifests))
    ports.fan_out(
        partial(copy_blob, registry=ports.registry, on_event=on_event), tuple(blobs.values())
    )
    put_copies(tuple(children.values()), ports.registry, ports.fan_out, on_event)


def bring_attached(
    plans: Sequence[PushPlan], *, ports: Ports, on_event: OnEvent = ignore
) -> "Brought | None":
    """Write what is attached to the content of ``plans``; what of it did not come is returned.

    None if there is nothing to bring. Uses the ports registry, fan_out and pause. Raises what
    writing raises if it is required; ProtocolError: then, the target does not list it.
    """
    attached = [plan.attached for plan in plans if plan.attached and plan.attached.manifests]
    if not attached:
        return None
    from manyfest.domain.operations.attached.copies import together
    from manyfest.domain.operations.attached.put import put_attached

    everything = together(attached)
    brought = put_attached(everything, ports=ports, on_event=on_event)
    if everything.is_required and brought.unlisted:
        host = str(brought.unlisted[0].subject.home)
        reason = f"took {len(brought.unlisted)} referrers and does not list them"
        raise ProtocolError(host, f"{host} {reason}")
    return brought


def _put_by_digest(plans: Sequence[PushPlan], ports: Ports) -> None:
    """Put the lists that go to several repositories, and those that something is attached to."""
    references = {
        tagging.target.at(tagging.digest): plan.manifest
        for plan in plans
        for tagging in plan.tags
        if len(plan.homes) > 1 or _is_subject(tagging.target.at(tagging.digest), plan)
    }

    def put(reference: Reference) -> None:
        put_manifest(ports.registry, reference, references[reference])

    ports.fan_out(put, tuple(references))


def _is_subject(place: Reference, plan: PushPlan) -> bool:
    return plan.attached is not None and plan.attached.are_about(place)


@frozen
class _Move:
    """A tag to put; the plan's first is guarded if the plan has an expectation."""

    plan: PushPlan
    tagging: Tagging

    @property
    def target(self) -> Reference:
        """The tag."""
        return self.tagging.target

    @property
    def is_guarded(self) -> bool:
        """Whether the tag has an expectation."""
        return self.plan.expected is not None and self.target == self.plan.name


# Moves of tags of one repository to one list, for one request.
_Batch = tuple[_Move, ...]


def _batches(moves: Sequence[_Move], registry: ManifestWriter) -> Iterator[_Batch]:
    groups: dict[Reference, list[_Move]] = {}
    for move in moves:
        groups.setdefault(move.target.at(move.tagging.digest), []).append(move)
    for reference, group in groups.items():
        size = TAGS_PER_PUT if _may_go_together(group, reference.home, registry) else 1
        for start in range(0, len(group), size):
            yield tuple(group[start : start + size])


def _may_go_together(group: Sequence[_Move], home: Home, registry: ManifestWriter) -> bool:
    """Whether to put the tags in one request: to try that costs a round trip."""
    if len(group) == 1:
        return False
    takes_tags = registry.takes_tags(home)
    return len(group[0].plan.homes) == 1 if takes_tags is None else takes_tags


class _TagMover:
    """Moves tags in parallel, until one fails: then those on their way are waited for."""

    def __init__(self, ports: Ports, on_event: OnEvent) -> None:
        self._ports = ports
        self._on_event = on_event
        self._failures: list[ManyfestError] = []

    def move_each(self, moves: Sequence[_Move], claimed: Collection[Reference] = ()) -> None:
        """Move each tag, but for those ``claimed`` to be moved if a HEAD confirms it."""
        self._fan_out(partial(self._move, claimed=claimed), moves)

    def move_together(self, batches: Iterable[_Batch]) -> None:
        """Move the tags of each batch in one request, or else each."""
        batches = tuple(batches)
        claimed: set[Reference] = set()
        self._fan_out(partial(self._move_batch, claimed=claimed), batches)
        self.move_each([move for batch in batches if len(batch) > 1 for move in batch], claimed)

    def _move_batch(self, batch: _Batch, claimed: set[Reference]) -> None:
        if len(batch) == 1:
            self._move(batch[0])
            return
        for move in batch:
            self._on_event(TagMoving(move.target))
        manifest, reference = batch[0].plan.manifest, batch[0].target.at(batch[0].tagging.digest)
        tags = [move.target.tag or "" for move in batch]
        moved = self._ports.registry.put_with_tags(reference, manifest, tags)
        claimed.update(move.target for move in batch if move.target.tag in moved)

    def _move(self, move: _Move, claimed: Collection[Reference] = ()) -> None:
        target, manifest, expected = move.target, move.plan.manifest, move.plan.expected
        self._on_event(TagMoving(target))
        try:
            if move.is_guarded and expected is not None:
                conditional_put(target, manifest, expected, ports=self._ports)
            elif target not in claimed or not self._is_moved(move):
                put_manifest(self._ports.registry, target, manifest)
        except (AccessError, RefusedError, TagMovedError):
            self._on_event(TagKept(target))
            raise
        self._on_event(TagMoved(target))

    def _is_moved(self, move: _Move) -> bool:
        return probable_digest(move.target, self._ports.registry) == move.tagging.digest

    def _fan_out(self, function: Callable[[Item], None], items: Sequence[Item]) -> None:
        self._ports.fan_out(partial(self._unless_failed, function), items)
        if self._failures:
            raise self._failures[0]

    def _unless_failed(self, function: Callable[[Item], None], item: Item) -> None:
        if self._failures:
            return
        try:
            function(item)
        except ManyfestError as error:
            self._failures.append(error)


def finish(
    plan: PushPlan,
    published: Iterable[Resolved],
    *,
    ports: Ports,
    purge: bool = False,
) -> None:
    """Record what was ``published``, and mark the draft as pushed or, with ``purge``, remove it.

    For a plan that was executed. A draft that was changed since is left as it is, and one that was
    pushed under other names is not marked. Uses the ports contents, drafts and clock. Raises
    StoreError.
    """
    now = ports.clock()
    with ports.drafts.transaction():
        record(ports.contents, published, now)
        if ports.drafts.find(plan.draft.name) != plan.draft:
            return
        if purge:
            ports.drafts.remove(plan.draft.name)
        elif plan.draft.name in plan.names:
            ports.drafts.save(plan.draft.marked_pushed(plan.manifest.digest))


def pushed_manifests(plan: PushPlan) -> Iterable[Resolved]:
    """Yield the manifests that are in the registry once ``plan`` is executed."""
    yield Resolved(plan.name, plan.manifest)
    for tagging in plan.tags:
        yield Resolved(tagging.target, plan.manifest)
    for copy in plan.children:
        yield Resolved(copy.target, copy.manifest)
    for copy in plan.attached.manifests if plan.attached else ():
        yield Resolved(copy.source, copy.manifest)  # read there; the target may have refused it
