"""The flow of ``apply`` and ``publish``: publish what specs declare, and show it.

The options that ``publish`` and ``imagetools create`` share are here, too.
"""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.preconditions import require_reachable
from manyfest.cli.flows.checks import (
    STAY_BEHIND,
    note_families,
    note_foreign_layers,
    note_left,
    warn_of_conflicts,
    warn_of_platform_mismatch,
)
from manyfest.cli.flows.error_warnings import CONFLICTS, warn_of_errors_in_plan
from manyfest.cli.flows.publish import execute_with_progress, print_result
from manyfest.cli.output import warn, write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.wiring import Session
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.platform_conflicts import refuse_conflicts
from manyfest.domain.errors import InputError, ListError
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.operations.publication.apply import ApplyPlan, finish, plan_apply
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.specs.list_spec import ListSpec, sources_of
from manyfest.domain.specs.release_entries import unmatched

Annotations = Annotated[
    list[str] | None,
    Option(
        "--annotation",
        metavar="[LEVEL:]KEY=VALUE",
        help="Annotate the list (index:) or entries (manifest-descriptor[PLATFORM]:).",
    ),
]
AllowDuplicates = Annotated[
    bool, Option("--allow-duplicates", help="Allow two images for one platform.")
]


def plan_release(
    spec: ListSpec,
    session: Session,
    *,
    allow_duplicates: bool,
    with_foreign: bool,
    attached: AttachedMode = AttachedMode.TRY,
) -> ApplyPlan:
    """Plan the publication of one list, which ``publish_specs`` executes.

    Raises InputError: a target has a tag and a digest; ListError: it is named by the
    digest of another list, or as ``plan_apply``; UnreachableError, ReadOnlyError: it cannot be
    written; as ``check_release`` and ``plan_apply``.
    """
    for target in spec.targets:
        if target.tag and target.digest:
            raise InputError(f"{target} has a tag and a digest; a target has one of them")
    require_reachable(spec.targets, session)
    session.connect_early(sources_of([spec]), spec.targets)
    planned = plan_apply([spec], ports=session, attached=attached, with_foreign=with_foreign)
    (push,) = planned.pushes
    check_release(push.draft, spec, allow_duplicates=allow_duplicates)
    for target in spec.targets:
        if target.digest not in {None, push.manifest.digest}:
            reason = f"{target} is another digest than that of the list, {push.manifest.digest}"
            raise ListError(str(target), reason)
    return planned


def check_release(draft: Draft, spec: ListSpec, *, allow_duplicates: bool) -> None:
    """Warn of annotations that no entry gets; refuse two images for one platform.

    Raises PlatformConflictError, unless ``allow_duplicates``.
    """
    for left in unmatched(draft.entries, spec.entry_annotations):
        warn(f"no image is for {left.platform}, so that none gets the annotation {left.key}")
    if not allow_duplicates:
        refuse_conflicts(draft)


def publish_specs(
    planned: ApplyPlan, session: Session, *, as_json: bool, is_dry_run: bool, is_verbose: bool
) -> None:
    """Warn of what readers may trip over, execute the plan unless it is a dry run, and print it."""
    if planned.conversions:
        from manyfest.cli.flows.conversion import tell_conversion

        for conversion in planned.conversions:
            tell_conversion(conversion)
    for push in planned.pushes:
        _note_and_warn(push)
    if not is_dry_run:
        execute_with_progress(planned.pushes, session)
        finish(planned, ports=session)
    _show(planned.pushes, as_json=as_json, is_dry_run=is_dry_run, is_verbose=is_verbose)


def _note_and_warn(push: PushPlan) -> None:
    note_foreign_layers(push.foreign_layers, STAY_BEHIND)
    note_left(push.attached)
    warn_of_conflicts(push.draft)
    note_families(push.name, push.manifest)
    for entry in push.draft.entries:
        warn_of_platform_mismatch(entry)
    warn_of_errors_in_plan(push, but=CONFLICTS)


def _show(pushes: Sequence[PushPlan], *, as_json: bool, is_dry_run: bool, is_verbose: bool) -> None:
    """Print the plans; their JSON is the same before and after they are executed."""
    from manyfest.cli.rendering.planned_writes import pushes_json, pushes_lines

    if as_json:
        write_text(pushes_json(pushes))
    elif is_dry_run:
        write_view(pushes_lines(pushes, is_verbose=is_verbose))
    else:
        for push in pushes:
            digest = str(push.manifest.digest)
            print_result(push, digest if len(pushes) == 1 else f"{push.name} {digest}")
