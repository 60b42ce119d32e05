"""Publishing a draft: carrying out a plan, children before parents, tags last."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from manyfest.domain.errors import TagMovedError
from manyfest.domain.events import OnEvent, TransferPlanned, ignore
from manyfest.domain.expectations import Expectation
from manyfest.domain.operations.copy_content import copy_blob, put_copies
from manyfest.domain.operations.each import Each
from manyfest.domain.operations.plan_push import PushPlan, standing_at
from manyfest.domain.operations.remember import remember
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.registry import Registry

# Seconds to wait before each further look, for registries that take a moment to show what was put.
_PATIENCE = (0.2, 0.5, 1.0, 2.0, 4.0)

Pause = Callable[[float], None]


def carry_out(
    plans: Sequence[PushPlan],
    *,
    registry: Registry,
    each: Each,
    pause: Pause,
    on_event: OnEvent = ignore,
) -> None:
    """Write what ``plans`` say, children before parents; no tag before all children are there.

    When it fails, tags that are not put yet stand where they stood. With an expectation, a draft's
    tag is looked at again right before it is put, and read back after; ``pause`` waits so many
    seconds. Raises TagMovedError, and what writing raises.
    """
    blobs = {blob.target: blob for plan in plans for blob in plan.blobs}
    children = {child.target: child for plan in plans for child in plan.children}
    size = sum(blob.size for blob in blobs.values())
    on_event(TransferPlanned(len(blobs), size, len(children)))
    each(partial(copy_blob, registry=registry, on_event=on_event), tuple(blobs.values()))
    put_copies(tuple(children.values()), registry, each, on_event)
    each(partial(_put_tags, registry=registry, pause=pause), plans)


def _put_tags(plan: PushPlan, registry: Registry, pause: Pause) -> None:
    for tagging in plan.tags:
        if tagging.target == plan.draft.name and plan.expected is not None:
            _put_guarded(plan, plan.expected, registry, pause)
        else:
            registry.put_manifest(tagging.target, plan.manifest)


def settle(
    plan: PushPlan,
    *,
    contents: ContentStore,
    drafts: DraftBook,
    now: datetime,
    purge: bool = False,
) -> None:
    """Keep what was published, and mark the draft as pushed or, with ``purge``, forget it.

    For a plan that was carried out. A draft changed meanwhile is left as it is. Raises StoreError.
    """
    with drafts.transaction():
        remember(contents, written(plan), now)
        if drafts.find(plan.draft.name) != plan.draft:
            return
        if purge:
            drafts.remove(plan.draft.name)
        else:
            drafts.save(plan.draft.marked_pushed(plan.manifest.digest))


def _put_guarded(plan: PushPlan, expected: Expectation, registry: Registry, pause: Pause) -> None:
    name, digest = plan.draft.name, plan.manifest.digest
    expected.check(name, standing_at(name, registry))
    registry.put_manifest(name, plan.manifest, expected)
    seen = standing_at(name, registry)
    for seconds in _PATIENCE:
        if seen == digest:
            return
        pause(seconds)
        seen = standing_at(name, registry)
    if seen != digest:
        raise TagMovedError(str(name), str(digest), "" if seen is None else str(seen))


def written(plan: PushPlan) -> Iterable[Resolved]:
    """What stands in the registry once ``plan`` was carried out."""
    yield Resolved(plan.draft.name, plan.manifest)
    for tagging in plan.tags:
        yield Resolved(tagging.target, plan.manifest)
    for copy in plan.children:
        yield Resolved(copy.target, copy.manifest)
