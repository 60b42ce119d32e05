"""Publish drafts: execute push plans.

Order of writes, for all plans of a command together:

1. Blobs, in parallel. A registry refuses an image whose blobs it lacks.
2. Child images, in parallel; then child lists one after the other, in the order of the plan, which
   puts children before the lists that name them. A registry refuses a list whose children it
   lacks, and a layout would be left with a dangling entry.
3. Tags: those with an expectation first, then the others in parallel. No tag is put before all
   content of all plans is there.

So a failure before step 3 leaves every tag where it was, and the content already written is not
harmful: it is garbage for the registry, and the next push finds it and does not send it again. A
failure within step 3 leaves each tag either old or new; ``TagMoved`` says which, the drafts stay
unpushed, and the next push writes the rest.

With an expectation, the draft's own tag is put by ``conditional_put``: checked right before, and
read back after. ``finish`` runs last. The store then records the published manifests and marks
the draft as pushed, unless another process changed it since the plan was made.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from manyfest.domain.events import OnEvent, TagMoved, TransferPlanned, ignore
from manyfest.domain.operations.publication.plan_push import PushPlan, Tagging
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.conditional_put import conditional_put
from manyfest.domain.operations.steps.put_manifest import put_manifest
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.transfer import copy_blob, put_copies
from manyfest.domain.ports import Ports
from manyfest.domain.values import frozen


def execute(
    plans: Sequence[PushPlan],
    *,
    ports: Ports,
    on_event: OnEvent = ignore,
) -> None:
    """Execute ``plans``: content first, then tags.

    If it fails, tags that are not put yet keep their digest. Uses the ports registry, fan_out and
    pause. Raises TagMovedError, and what writing raises.
    """
    bring_content(plans, ports=ports, on_event=on_event)
    tags = [_Move(plan, tagging) for plan in plans for tagging in plan.tags]
    for is_guarded in (True, False):
        moves = [move for move in tags if move.is_guarded is is_guarded]
        ports.fan_out(partial(_put_tag, ports=ports, on_event=on_event), moves)


def bring_content(plans: Sequence[PushPlan], *, ports: Ports, on_event: OnEvent = ignore) -> None:
    """Write the blobs and children of ``plans``, but no tags.

    Uses the ports registry and fan_out. Raises what writing raises.
    """
    blobs = {blob.target: blob for plan in plans for blob in plan.blobs}
    children = {child.target: child for plan in plans for child in plan.children}
    size = sum(blob.size for blob in blobs.values())
    on_event(TransferPlanned(len(blobs), size, len(children)))
    ports.fan_out(
        partial(copy_blob, registry=ports.registry, on_event=on_event), tuple(blobs.values())
    )
    put_copies(tuple(children.values()), ports.registry, ports.fan_out, on_event)


@frozen
class _Move:
    """A tag to put; the draft's own is guarded if the plan has an expectation."""

    plan: PushPlan
    tagging: Tagging

    @property
    def is_guarded(self) -> bool:
        return self.plan.expected is not None and self.tagging.target == self.plan.draft.name


def _put_tag(move: _Move, ports: Ports, on_event: OnEvent) -> None:
    target, expected = move.tagging.target, move.plan.expected
    if move.is_guarded and expected is not None:
        conditional_put(target, move.plan.manifest, expected, ports=ports)
    else:
        put_manifest(ports.registry, target, move.plan.manifest)
    on_event(TagMoved(target))


def finish(
    plan: PushPlan,
    published: Iterable[Resolved],
    *,
    ports: Ports,
    purge: bool = False,
) -> None:
    """Record what was ``published``, and mark the draft as pushed or, with ``purge``, remove it.

    For a plan that was executed. A draft that was changed since is left as it is. Uses the ports
    contents, drafts and clock. Raises StoreError.
    """
    now = ports.clock()
    with ports.drafts.transaction():
        record(ports.contents, published, now)
        if ports.drafts.find(plan.draft.name) != plan.draft:
            return
        if purge:
            ports.drafts.remove(plan.draft.name)
        else:
            ports.drafts.save(plan.draft.marked_pushed(plan.manifest.digest))


def pushed_manifests(plan: PushPlan) -> Iterable[Resolved]:
    """Yield the manifests that are in the registry once ``plan`` is executed."""
    yield Resolved(plan.draft.name, plan.manifest)
    for tagging in plan.tags:
        yield Resolved(tagging.target, plan.manifest)
    for copy in plan.children:
        yield Resolved(copy.target, copy.manifest)
