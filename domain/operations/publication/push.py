"""Publishing a draft: carrying out a plan, children before parents, tags last."""

from collections.abc import Iterable, Sequence
from functools import partial

from manyfest.domain.events import OnEvent, TransferPlanned, ignore
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.conditional_put import conditional_put
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.transfer import copy_blob, put_copies
from manyfest.domain.ports import Ports


def execute(
    plans: Sequence[PushPlan],
    *,
    ports: Ports,
    on_event: OnEvent = ignore,
) -> None:
    """Write what ``plans`` say, children before parents; no tag before all children are there.

    When it fails, tags that are not put yet stand where they stood. With an expectation, a draft's
    tag is looked at again right before it is put, and read back after; ``pause`` waits so many
    seconds. Raises TagMovedError, and what writing raises.
    """
    bring_content(plans, ports=ports, on_event=on_event)
    ports.fan_out(partial(_put_tags, ports=ports), plans)


def bring_content(plans: Sequence[PushPlan], *, ports: Ports, on_event: OnEvent = ignore) -> None:
    """Write all that ``plans`` say but the tags. Raises what writing raises."""
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
            ports.registry.put_manifest(target, plan.manifest)


def finish(
    plan: PushPlan,
    published: Iterable[Resolved],
    *,
    ports: Ports,
    purge: bool = False,
) -> None:
    """Keep what was ``published``, and mark the draft as pushed or, with ``purge``, forget it.

    For a plan that was carried out. A draft changed meanwhile is left as it is. Raises StoreError.
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
    """What stands in the registry once ``plan`` was carried out."""
    yield Resolved(plan.draft.name, plan.manifest)
    for tagging in plan.tags:
        yield Resolved(tagging.target, plan.manifest)
    for copy in plan.children:
        yield Resolved(copy.target, copy.manifest)
