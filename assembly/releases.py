"""Plans of releases: refused before anything is written, if anything is wrong with them."""

from typing import TYPE_CHECKING

from manyfest.assembly.preconditions import require_reachable
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.platform_conflicts import refuse_conflicts
from manyfest.domain.errors import InputError, ListError
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.operations.publication.apply import ApplyPlan, plan_apply
from manyfest.domain.specs.list_spec import ListSpec, sources_of
from manyfest.domain.specs.release_entries import unmatched

if TYPE_CHECKING:
    from manyfest.assembly.session import Session


def plan_release(
    spec: ListSpec,
    session: "Session",
    *,
    allow_duplicates: bool,
    with_foreign: bool,
    attached: AttachedMode = AttachedMode.TRY,
) -> ApplyPlan:
    """Plan the publication of one list; the caller executes it.

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
    check_release(push.draft, spec, session, allow_duplicates=allow_duplicates)
    for target in spec.targets:
        if target.digest not in {None, push.manifest.digest}:
            reason = f"{target} is another digest than that of the list, {push.manifest.digest}"
            raise ListError(str(target), reason)
    return planned


def check_release(
    draft: Draft, spec: ListSpec, session: "Session", *, allow_duplicates: bool
) -> None:
    """Warn of annotations that no entry gets; refuse two images for one platform.

    Raises PlatformConflictError, unless ``allow_duplicates``.
    """
    for left in unmatched(draft.entries, spec.entry_annotations):
        none = f"so that none gets the annotation {left.key}"
        session.hooks.warn(f"no image is for {left.platform}, {none}")
    if not allow_duplicates:
        refuse_conflicts(draft)
