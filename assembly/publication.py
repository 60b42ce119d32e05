"""Publication: refused before anything is written, and told where it is not recorded.

Both drivers publish by these steps. What they say of it beside goes to the hooks of the session.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from manyfest.assembly.preconditions import (
    require_cached,
    require_reachable,
    require_writable_store,
)
from manyfest.domain.errors import (
    DraftUnknownError,
    InputError,
    ListError,
    ManyfestError,
    StoreError,
)
from manyfest.domain.events import OnEvent
from manyfest.domain.operations.publication import push
from manyfest.domain.operations.publication.plan_push import (
    Publication,
    PushPlan,
    looked_at_first,
    plan_publications,
)
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.values import frozen

# A push imports neither the rules of releases nor those of merges.
if TYPE_CHECKING:
    from manyfest.assembly.session import Session
    from manyfest.domain.drafts.draft import Draft
    from manyfest.domain.drafts.draft_conversion import DraftConversion
    from manyfest.domain.expectations import Expectation
    from manyfest.domain.lists.referrers import AttachedMode
    from manyfest.domain.media_types import Family
    from manyfest.domain.operations.attached.put import Brought
    from manyfest.domain.operations.publication.apply import ApplyPlan
    from manyfest.domain.operations.publication.merge import Merged
    from manyfest.domain.operations.steps.conditional_put import TagDigests
    from manyfest.domain.platforms import Platform
    from manyfest.domain.references import Reference
    from manyfest.domain.specs.list_spec import ListSpec


@frozen
class PushOrder:
    """A push as it is asked for: the targets of the draft, and the terms; all of it parsed."""

    targets: "tuple[Reference, ...]"
    expected: "Expectation | None"
    platforms: "tuple[Platform, ...]"
    family: "Family | None"
    is_merge: bool
    is_untagged: bool
    attached: "AttachedMode"
    with_foreign: bool
    is_purge: bool
    is_dry_run: bool

    def publication(self, draft: "Draft") -> Publication:
        """Return ``draft`` with what it is published as."""
        return Publication(draft, self.targets, self.expected, is_untagged=self.is_untagged)


def _say_nothing(*_: object) -> None:
    """Say nothing."""


@frozen
class Telling:
    """The words of a driver on a push: its progress, and what is known after each step."""

    progress: "Callable[[PushPlan], AbstractContextManager[OnEvent]]"
    converted: "Callable[[DraftConversion], object]" = _say_nothing
    planned: "Callable[[PushPlan], object]" = _say_nothing
    brought: "Callable[[Sequence[PushPlan], Brought | None], object]" = _say_nothing


def push_by_name(
    name: "Reference", order: PushOrder, session: "Session", telling: Telling
) -> "tuple[PushPlan, Brought | None]":
    """Push the draft ``name``.

    Raises DraftUnknownError; as ``require_reachable`` and ``push_draft``.
    """
    require_reachable(order.targets, session)
    draft = session.drafts.find(name)
    if draft is None:
        raise DraftUnknownError(str(name))
    session.connect_early((), looked_at_first(order.publication(draft)))
    return push_draft(draft, order, session, telling)


def push_draft(
    draft: "Draft",
    order: PushOrder,
    session: "Session",
    telling: Telling,
    tag_digests: "TagDigests | None" = None,
) -> "tuple[PushPlan, Brought | None]":
    """Push ``draft``, or only plan it; return the plan, and what of the attached came along.

    The order: its platforms, its conversion, the plan, content, tags, the mark on the draft.
    Raises UnexpectedPlatformsError; ConversionError; as ``plan_publications``, ``execute_checked``,
    ``merge_checked`` and ``finish_merge``.
    """
    if order.platforms:
        from manyfest.domain.drafts.expected_platforms import check_platforms

        check_platforms(draft, order.platforms)
    if order.family is not None:
        draft = _converted(draft, order.family, session, telling, is_saved=not order.is_dry_run)
    (plan,) = plan_publications(
        [order.publication(draft)],
        session.contents.manifest,
        ports=session,
        tag_digests=tag_digests,
        attached=order.attached,
        with_foreign=order.with_foreign,
    )
    telling.planned(plan)
    if order.is_merge:
        return _merged(plan, order, session, telling)
    if order.is_dry_run:
        return plan, None
    with telling.progress(plan) as on_event:
        brought = execute_checked([plan], session, on_event)
    telling.brought([plan], brought)
    finish_or_warn(plan, push.pushed_manifests(plan), session, purge=order.is_purge)
    return plan, brought


def _converted(
    draft: "Draft", family: "Family", session: "Session", telling: Telling, *, is_saved: bool
) -> "Draft":
    if is_saved:
        from manyfest.domain.operations.drafts.convert import convert_and_save

        return convert_and_save(draft, family, telling.converted, ports=session)
    from manyfest.domain.operations.steps.conversion import convert_draft

    conversion = convert_draft(draft, family, ports=session)
    telling.converted(conversion)
    return conversion.draft


def _merged(
    plan: PushPlan, order: PushOrder, session: "Session", telling: Telling
) -> "tuple[PushPlan, Brought | None]":
    if order.is_dry_run:
        from manyfest.domain.operations.publication.merge import preview_plan

        return preview_plan(plan, ports=session), None
    with telling.progress(plan) as on_event:
        merged, brought = merge_checked(plan, session, on_event)
    telling.brought([plan], brought)
    return finish_merge(plan, merged, session, purge=order.is_purge), brought


def plan_release(
    spec: "ListSpec",
    session: "Session",
    *,
    allow_duplicates: bool,
    with_foreign: bool,
    attached: "AttachedMode",
) -> "ApplyPlan":
    """Plan the publication of one list; the caller executes it.

    Raises InputError: a target has a tag and a digest; ListError: it is named by the
    digest of another list, or as ``plan_apply``; UnreachableError, ReadOnlyError: it cannot be
    written; as ``check_release`` and ``plan_apply``.
    """
    from manyfest.domain.operations.publication.apply import plan_apply
    from manyfest.domain.specs.list_spec import sources_of

    for target in spec.targets:
        if target.tag and target.digest:
            raise InputError(f"{target} has a tag and a digest; a target has one of them")
    require_reachable(spec.targets, session)
    session.connect_early(sources_of([spec]), spec.targets)
    planned = plan_apply([spec], ports=session, attached=attached, with_foreign=with_foreign)
    (plan,) = planned.pushes
    check_release(plan.draft, spec, session, allow_duplicates=allow_duplicates)
    for target in spec.targets:
        if target.digest not in {None, plan.manifest.digest}:
            reason = f"{target} is another digest than that of the list, {plan.manifest.digest}"
            raise ListError(str(target), reason)
    return planned


def check_release(
    draft: "Draft", spec: "ListSpec", session: "Session", *, allow_duplicates: bool
) -> None:
    """Warn of annotations that no entry gets; refuse two images for one platform.

    Raises PlatformConflictError, unless ``allow_duplicates``.
    """
    from manyfest.domain.drafts.platform_conflicts import refuse_conflicts
    from manyfest.domain.specs.release_entries import unmatched

    for left in unmatched(draft.entries, spec.entry_annotations):
        none = f"so that none gets the annotation {left.key}"
        session.hooks.warn(f"no image is for {left.platform}, {none}")
    if not allow_duplicates:
        refuse_conflicts(draft)


def execute_checked(
    plans: "Sequence[PushPlan]", session: "Session", on_event: "OnEvent"
) -> "Brought | None":
    """Execute ``plans`` if they can be: offline content is there, and the store takes the result.

    Raises NotCachedError, StoreError before anything is written; what writing raises.
    """
    require_cached((blob for plan in plans for blob in plan.blobs), session)
    require_writable_store(session)
    return push.execute(plans, ports=session, on_event=session.checking_deadline(on_event))


def finish_or_warn(
    plan: "PushPlan", published: Iterable[Resolved], session: "Session", *, purge: bool
) -> None:
    """Mark the draft as pushed; if that fails, only warn, for the list is published."""
    try:
        push.finish(plan, published, ports=session, purge=purge)
    except StoreError as error:
        message = "published, but the draft could not be marked as pushed"
        session.hooks.warn(f"{message}: {error}")


def merge_checked(
    plan: "PushPlan", session: "Session", on_event: "OnEvent"
) -> "tuple[tuple[Merged, ...], Brought | None]":
    """Merge the draft into each of its names; return the lists, and what came along.

    If that fails, notes name the tags that stay behind. Raises StoreError before anything is
    written; as ``merge``.
    """
    from manyfest.domain.operations.publication.merge import merge

    require_writable_store(session)
    checked = session.checking_deadline(on_event)
    push.bring_content([plan], ports=session, on_event=checked)
    brought = push.bring_attached([plan], ports=session, on_event=checked)
    intents: list[Reference] = []
    try:
        return merge(plan, plan.names, ports=session, on_intent=intents.append), brought
    except ManyfestError:
        for tag in intents:
            session.hooks.note(
                f"{tag} is left behind: a push that merges within the hour includes its entries; "
                "delete the tag to prevent that"
            )
        raise


def finish_merge(
    plan: "PushPlan", merged: "Sequence[Merged]", session: "Session", *, purge: bool
) -> "PushPlan":
    """Record the ``merged`` lists, and mark the draft as pushed; return the plan with them.

    Warns of intents that did not count. Raises MergeOvertakenError: another writer's entries are
    there in place of ours. The draft then stays as it was.
    """
    from manyfest.domain.operations.publication.merge import merged_plan, require_own_entries

    for tag in merged:
        _warn_of_misdated(tag, session)
    require_own_entries(plan, merged)
    outcome = merged_plan(plan, merged)
    published = [Resolved(tag.target, tag.manifest) for tag in merged]
    finish_or_warn(outcome, published, session, purge=purge)
    return outcome


def _warn_of_misdated(merged: "Merged", session: "Session") -> None:
    for at, intent in merged.misdated.items():
        date = f"{intent.made_at:%Y-%m-%d %H:%M} UTC"
        reason = f"it is dated {date}, in the future by the registry's clock"
        session.hooks.warn(f"{at} did not count: {reason}")
