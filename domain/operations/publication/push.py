"""Publish drafts: execute push plans.

Order of writes, for all plans of a command together:

1. Blobs, in parallel. A registry refuses an image whose blobs it lacks.
2. Child images, in parallel; then child lists one after the other, in the order of the plan, which
   puts children before the lists that name them. A registry refuses a list whose children it
   lacks, and a layout would be left with a dangling entry.
3. Tags, the draft's own name first. No tag is put before all content of all plans is there.

So a failure before step 3 leaves every tag where it was, and the content already written is not
harmful: it is garbage for the registry, and the next push finds it and does not send it again. A
failure within step 3 leaves each tag either old or new; the command reports the error, the drafts
stay unpushed, and the next push writes the rest.

With an expectation, the draft's own tag is put by ``conditional_put``: checked right before, and
read back after. ``finish`` runs last. The store then records the published manifests and marks
the draft as pushed, unless another process changed it since the plan was made.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from manyfest.domain.events import OnEvent, TransferPlanned, ignore
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.conditional_put import conditional_put
from manyfest.domain.operations.steps.put_manifest import put_manifest
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.transfer import copy_blob, put_copies
from manyfest.domain.ports import Ports


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
    ports.fan_out(partial(_put_tags, ports=ports), plans)


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


def _put_tags(plan: PushPlan, ports: Ports) -> None:
    for tagging in plan.tags:
        target, expected = tagging.target, plan.expected
        if target == plan.draft.name and expected is not None:
            conditional_put(target, plan.manifest, expected, ports=ports)
        else:
            put_manifest(ports.registry, target, plan.manifest)


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
