"""The steps of methods that publish: a draft, or lists that specs declare, without drafts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attr import evolve

from manyfest.assembly.preconditions import require_reachable
from manyfest.assembly.publication import (
    execute_checked,
    finish_merge,
    finish_or_warn,
    merge_checked,
    plan_release,
)
from manyfest.assembly.references import reference, tag_or_reference
from manyfest.assembly.session import Session
from manyfest.domain.drafts.draft import Draft, ListType
from manyfest.domain.drafts.expected_platforms import check_platforms
from manyfest.domain.errors import DraftUnknownError, InputError, ManyfestError
from manyfest.domain.events import OnEvent
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.media_types import Family
from manyfest.domain.operations.publication.apply import ApplyPlan, finish, plan_apply
from manyfest.domain.operations.publication.plan_push import (
    Publication,
    PushPlan,
    plan_publications,
)
from manyfest.domain.operations.publication.push import pushed_manifests
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.specs.list_spec import ListSpec
from manyfest.domain.specs.lock import Lock
from manyfest.domain.values import frozen
from manyfest.library import inputs
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
        finish_or_warn(plan, pushed_manifests(plan), session, purge=request.is_purge)
        return pushed(plan, brought)


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
    if request.is_dry_run:
        from manyfest.domain.operations.publication.merge import preview_plan

        return pushed(preview_plan(plan, ports=session))
    merged, brought = merge_checked(plan, session, on_event)
    return pushed(finish_merge(plan, merged, session, purge=request.is_purge), brought)


def read_spec(file: Path) -> tuple[ListSpec, ...]:
    """Read the lists that a file declares. Raises SpecError, OSError."""
    from manyfest.adapters.manifest_tool.spec_yaml import read_specs

    return read_specs(file.read_bytes(), str(file), reference)


def changed(
    specs: Sequence[ListSpec],
    list_type: ListType,
    family: Family | None,
    expected: tuple[Platform, ...],
) -> tuple[ListSpec, ...]:
    """Return ``specs`` with what was asked for all of them. Raises as ``require_one_type``."""
    typed = tuple(spec.of_type(list_type) for spec in specs)
    for spec in typed:
        inputs.require_one_type(spec.list_type, family)
    return tuple(
        evolve(
            spec,
            convert=family or spec.convert,
            expected_platforms=expected or spec.expected_platforms,
        )
        for spec in typed
    )


def publish(
    spec: ListSpec,
    calls: Calls,
    *,
    allow_duplicates: bool,
    attached: AttachedMode,
    with_foreign: bool,
    is_dry_run: bool,
) -> Pushed:
    """Publish one list. Raises as ``plan_release``, and what writing raises."""
    with calls.writing() as session:
        plan = plan_release(
            spec,
            session,
            allow_duplicates=allow_duplicates,
            attached=attached,
            with_foreign=with_foreign,
        )
        return _executed(plan, session, calls, is_dry_run=is_dry_run)[0]


def apply(
    specs: Sequence[ListSpec],
    calls: Calls,
    *,
    lock: Lock | None,
    ignore_missing: bool,
    attached: AttachedMode,
    with_foreign: bool,
    is_dry_run: bool,
) -> tuple[Pushed, ...]:
    """Publish all lists, or none. Raises as ``plan_apply``, and what writing raises."""
    with calls.writing() as session:
        require_reachable([target for spec in specs for target in spec.targets], session)
        plan = plan_apply(
            specs,
            ports=session,
            ignore_missing=ignore_missing,
            lock=lock,
            attached=attached,
            with_foreign=with_foreign,
        )
        return _executed(plan, session, calls, is_dry_run=is_dry_run)


def _executed(
    plan: ApplyPlan, session: Session, calls: Calls, *, is_dry_run: bool
) -> tuple[Pushed, ...]:
    if is_dry_run:
        return tuple(map(pushed, plan.pushes))
    brought = execute_checked(plan.pushes, session, calls.on_event)
    finish(plan, ports=session)
    first, *others = plan.pushes
    return (pushed(first, brought), *map(pushed, others))
