"""Publish a draft: the steps of ``push``, between the checks before it and the record after it."""

from typing import TYPE_CHECKING

from manyfest.assembly.preconditions import (
    require_cached,
    require_reachable,
    require_writable_store,
)
from manyfest.assembly.references import tag_or_reference
from manyfest.assembly.session import Session
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.expected_platforms import check_platforms
from manyfest.domain.errors import DraftUnknownError, InputError, ManyfestError, StoreError
from manyfest.domain.events import OnEvent
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.media_types import Family
from manyfest.domain.operations.publication.plan_push import (
    Publication,
    PushPlan,
    plan_publications,
)
from manyfest.domain.operations.publication.push import execute, finish, pushed_manifests
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen
from manyfest.library.calls import Calls
from manyfest.library.results import Pushed

if TYPE_CHECKING:
    from manyfest.domain.operations.attached.put import Brought


@frozen
class PushRequest:
    """The arguments of ``Draft.push``, parsed."""

    destinations: tuple[Reference, ...]
    tags: tuple[str, ...]
    expected: Expectation | None
    platforms: tuple[Platform, ...]
    family: Family | None
    is_merge: bool
    is_untagged: bool
    attached: AttachedMode
    with_foreign: bool
    is_purge: bool
    is_dry_run: bool

    def check(self) -> None:
        """Raise InputError if arguments exclude each other."""
        if self.is_merge and self.expected is not None:
            raise InputError("merge and expect exclude each other")
        if self.is_untagged and (self.is_merge or self.expected is not None or self.tags):
            raise InputError("untagged moves no tag: it goes without tags, expect and merge")

    def targets(self, name: Reference) -> tuple[Reference, ...]:
        """Return what a draft of this ``name`` is published as. Raises InvalidReferenceError."""
        first, *others = self.destinations or (name,)
        more = (tag_or_reference(text, first) for text in self.tags)
        return tuple(dict.fromkeys((first, *others, *more)))


def push(name: Reference, request: PushRequest, calls: Calls) -> Pushed:
    """Publish the draft ``name``. Raises as ``Draft.push``."""
    request.check()
    targets = request.targets(name)
    with calls.writing() as session:
        require_reachable(targets, session)
        draft = session.drafts.find(name)
        if draft is None:
            raise DraftUnknownError(str(name))
        if request.platforms:
            check_platforms(draft, request.platforms)
        if request.family is not None:
            draft = _converted(draft, request.family, session, is_dry_run=request.is_dry_run)
        (plan,) = plan_publications(
            [Publication(draft, targets, request.expected, is_untagged=request.is_untagged)],
            session.contents.manifest,
            ports=session,
            attached=request.attached,
            with_foreign=request.with_foreign,
        )
        if request.is_merge:
            return _merge(plan, request, session, calls.on_event)
        if request.is_dry_run:
            return pushed(plan)
        brought = execute_checked([plan], session, calls.on_event)
        _finish(plan, list(pushed_manifests(plan)), request, session)
        return pushed(plan, brought)


def execute_checked(plans: list[PushPlan], session: Session, on_event: OnEvent) -> "Brought | None":
    """Execute ``plans`` if they can be: offline content is there, and the store takes the result.

    Raises NotCachedError, StoreError before anything is written; what writing raises.
    """
    require_cached((blob for plan in plans for blob in plan.blobs), session)
    require_writable_store(session)
    return execute(plans, ports=session, on_event=session.checking_deadline(on_event))


def pushed(plan: PushPlan, brought: "Brought | None" = None) -> Pushed:
    """Return the result of ``plan``, executed or not."""
    attached = plan.attached
    return Pushed(
        plan.name,
        plan.manifest,
        plan.names,
        tuple(tagging.target for tagging in plan.tags),
        len(plan.blobs) + (len(attached.blobs) if attached else 0),
        len(plan.children) + (len(attached.manifests) if attached else 0),
        _failures(plan, brought),
    )


def _failures(plan: PushPlan, brought: "Brought | None") -> tuple[ManyfestError, ...]:
    planned = plan.attached.failures if plan.attached else ()
    return (*planned, *(brought.failures if brought else ()))


def _converted(draft: Draft, family: Family, session: Session, *, is_dry_run: bool) -> Draft:
    from manyfest.domain.operations.steps.conversion import convert_draft

    after = convert_draft(draft, family, ports=session).draft
    if after != draft and not is_dry_run:
        with session.drafts.transaction():
            session.drafts.save(after)
    return after


def _merge(plan: PushPlan, request: PushRequest, session: Session, on_event: OnEvent) -> Pushed:
    from manyfest.domain.operations.publication import merge as merging
    from manyfest.domain.operations.publication.push import bring_attached, bring_content

    if request.is_dry_run:
        seen = [merging.preview(plan, target, ports=session) for target in plan.names]
        return pushed(merging.merged_plan(plan, seen))
    require_writable_store(session)
    checked = session.checking_deadline(on_event)
    bring_content([plan], ports=session, on_event=checked)
    brought = bring_attached([plan], ports=session, on_event=checked)
    merged = merging.merge(plan, plan.names, ports=session)
    merging.require_own_entries(plan, merged)
    outcome = merging.merged_plan(plan, merged)
    published = [Resolved(tag.target, tag.manifest) for tag in merged]
    _finish(outcome, published, request, session)
    return pushed(outcome, brought)


def _finish(
    plan: PushPlan, published: list[Resolved], request: PushRequest, session: Session
) -> None:
    """Mark the draft as pushed; if that fails, only warn, for the list is published."""
    try:
        finish(plan, published, ports=session, purge=request.is_purge)
    except StoreError as error:
        message = "published, but the draft could not be marked as pushed"
        session.hooks.warn(f"{message}: {error}")
