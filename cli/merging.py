"""What ``push --merge`` does beside ``push``: merging, and telling what came of it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import evolve

from manyfest.cli.output import note
from manyfest.cli.publishing import require_writable_store, settle_shown
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.wiring import Session
from manyfest.domain.operations.merge import Merged, merge, preview
from manyfest.domain.operations.plan_push import PushPlan, Tagging
from manyfest.domain.operations.push import bring_content
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.references import Reference


def merge_shown(
    planned: PushPlan, more_tags: Sequence[Reference], session: Session, *, purge: bool
) -> PushPlan:
    """Merge the draft into each of its names; the plan with what its own name holds then."""
    require_writable_store(session)
    with shown_progress() as on_event:
        bring_content([planned], session.registry, session.each, on_event)
        merged = [_merged(planned, target, session) for target in (planned.draft.name, *more_tags)]
    for each in merged:
        _tell(planned, each)
    published = [Resolved(each.target, each.manifest) for each in merged]
    tags = tuple(tagging for tagging in planned.tags if _was_put(tagging, merged))
    outcome = evolve(planned, manifest=merged[0].manifest, tags=tags)
    settle_shown(outcome, published, session, purge=purge)
    return outcome


def previewed(planned: PushPlan, session: Session) -> PushPlan:
    """The plan with what its own name would hold if nobody else wrote."""
    manifest = preview(planned, planned.draft.name, registry=session.registry, now=session.now)
    tags = tuple(t for t in planned.tags if t.standing != manifest.digest)
    return evolve(planned, manifest=manifest, tags=tags)


def _merged(planned: PushPlan, target: Reference, session: Session) -> Merged:
    return merge(
        planned,
        target,
        registry=session.registry,
        each=session.each,
        pause=session.pause,
        clock=lambda: datetime.now(UTC),
    )


def _tell(planned: PushPlan, merged: Merged) -> None:
    for entry in set(planned.manifest.entries) - set(merged.manifest.entries):
        note(f"{entry.platform} of {merged.target} is another writer's, who was later")


def _was_put(tagging: Tagging, merged: Sequence[Merged]) -> bool:
    return any(each.was_put for each in merged if each.target == tagging.target)
