"""The flow of ``push --merge``: merges the draft into its tags, and fails where it lost."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from manyfest.assembly.preconditions import require_writable_store
from manyfest.cli.output import note, warn
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.wiring import Session
from manyfest.domain.errors import ManyfestError
from manyfest.domain.operations.publication.merge import (
    Merged,
    merge,
    merged_plan,
    preview,
    require_own_entries,
)
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.operations.publication.push import bring_attached, bring_content
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.references import Reference

if TYPE_CHECKING:  # loaded where something crosses repositories
    from manyfest.domain.operations.attached.put import Brought


def merge_with_progress(
    planned: PushPlan,
    session: Session,
    report: "Callable[[Sequence[PushPlan], Brought | None], None]",
    finish: Callable[[PushPlan, Sequence[Resolved]], None],
) -> PushPlan:
    """Merge the draft into each of its names; return the plan with the merged lists.

    ``report`` tells what came along; ``finish`` records the lists, and marks the draft as pushed.
    Raises MergeOvertakenError: another writer's entries are there in place of ours. The draft then
    stays as it was.
    """
    require_writable_store(session)
    with shown_progress() as on_event:
        checked = session.checking_deadline(on_event)
        bring_content([planned], ports=session, on_event=checked)
        brought = bring_attached([planned], ports=session, on_event=checked)
        merged = _merge(planned, planned.names, session)
    report([planned], brought)
    for tag in merged:
        _warn_of_misdated(tag)
    require_own_entries(planned, merged)
    published = [Resolved(tag.target, tag.manifest) for tag in merged]
    outcome = merged_plan(planned, merged)
    finish(outcome, published)
    return outcome


def merge_preview(planned: PushPlan, session: Session) -> PushPlan:
    """Return the plan with the lists that a merge would write if no other job writes."""
    look = partial(preview, planned, ports=session)
    return merged_plan(planned, session.fan_out(look, planned.names))


def _merge(planned: PushPlan, targets: Sequence[Reference], session: Session) -> tuple[Merged, ...]:
    """Merge; if that fails, name the tags that stay behind."""
    intents: list[Reference] = []
    try:
        return merge(planned, targets, ports=session, on_intent=intents.append)
    except ManyfestError:
        for tag in intents:
            note(
                f"{tag} is left behind: a push --merge within the hour includes its entries; "
                "delete the tag to prevent that"
            )
        raise


def _warn_of_misdated(merged: Merged) -> None:
    for at, intent in merged.misdated.items():
        date = f"{intent.made_at:%Y-%m-%d %H:%M} UTC"
        warn(f"{at} did not count: it is dated {date}, in the future by the registry's clock")
