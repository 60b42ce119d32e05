"""The steps of methods that publish: a draft, or lists that specs declare, without drafts."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from attr import evolve

from manyfest.assembly.preconditions import require_reachable
from manyfest.assembly.publication import (
    PushOrder,
    Telling,
    execute_checked,
    plan_release,
    push_by_name,
)
from manyfest.assembly.references import reference
from manyfest.assembly.session import Session
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.errors import ManyfestError
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.media_types import Family
from manyfest.domain.operations.publication.apply import ApplyPlan, finish, plan_apply
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.specs.list_spec import ListSpec
from manyfest.domain.specs.lock import Lock
from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.results import Pushed

if TYPE_CHECKING:
    from manyfest.domain.operations.attached.put import Brought


def push(name: Reference, order: PushOrder, calls: Calls) -> Pushed:
    """Publish the draft ``name``. Raises as ``Draft.push``."""
    with calls.writing() as session:
        telling = Telling(progress=lambda _plan: nullcontext(calls.on_event))
        return pushed(*push_by_name(name, order, session, telling))


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
