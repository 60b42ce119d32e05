"""The flow of ``push``, ``create --push``, ``apply`` and ``publish``: execute and report."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from manyfest.assembly.publication import Telling, execute_checked
from manyfest.cli.arguments.result_files import write_file
from manyfest.cli.exit_codes import FAILED, ExitError
from manyfest.cli.flows.checks import STAY_BEHIND, note_families, note_foreign_layers, note_left
from manyfest.cli.flows.error_warnings import warn_of_errors_in_plan
from manyfest.cli.output import fail, note, warn, write_text, write_view
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.wiring import Session
from manyfest.domain.errors import ManyfestError
from manyfest.domain.events import Event, OnEvent, TagKept, TagMoved, TagMoving
from manyfest.domain.operations.drafts.create import Created
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.references import Home, Reference

if TYPE_CHECKING:  # loaded where something crosses repositories
    from manyfest.cli.arguments.push_options import PushOptions
    from manyfest.domain.drafts.draft_conversion import DraftConversion
    from manyfest.domain.operations.attached.copies import AttachedCopies
    from manyfest.domain.operations.attached.put import Brought


def execute_with_progress(plans: Sequence[PushPlan], session: Session) -> None:
    """Execute the plans, drawing progress. Raises as ``execute_checked``."""
    with _progress_of(plans) as on_event:
        brought = execute_checked(plans, session, on_event)
    report_brought(plans, brought)


@contextmanager
def _progress_of(plans: Sequence[PushPlan]) -> Iterator[OnEvent]:
    """Draw progress; if it fails, warn of tags of which only some have moved."""
    outcomes: dict[Reference, Event] = {}
    with shown_progress() as on_event:

        def noted(event: Event) -> None:
            if isinstance(event, TagMoving | TagKept | TagMoved):
                outcomes[event.reference] = event
            on_event(event)

        try:
            yield noted
        except BaseException as error:
            # the error of a single tag says what happened to it
            if sum(len(plan.tags) for plan in plans) > 1 or not isinstance(error, ManyfestError):
                _warn_of_half(plans, outcomes)
            raise


def report_brought(plans: Sequence[PushPlan], brought: "Brought | None") -> None:
    """Tell what of the attached came along, and what did not."""
    attached = [plan.attached for plan in plans if plan.attached]
    if not any(each.manifests or each.failures or each.kept_tags for each in attached):
        return
    from manyfest.domain.operations.attached.copies import together
    from manyfest.domain.operations.attached.put import Brought

    report_attached(together(attached), brought or Brought(), plans[0].name.home)


def report_attached(planned: "AttachedCopies", brought: "Brought", target: Home) -> None:
    """Note what came along, and warn of what did not.

    Raises ExitError: it is required, and the target does not list it.
    """
    lost = len(brought.unlisted) + sum(
        each.copy.target in brought.lost for each in planned.referrers
    )
    if came := len(planned.referrers) - lost:
        note(f"{counted(came, 'referrer')} came along")
    if tags := [copy.target.tag for copy in planned.tags if copy.target not in brought.lost]:
        note(
            f"{counted(len(tags), 'digest tag')} came along: {tags[0]}{', ...' if tags[1:] else ''}"
        )
    for tag in planned.kept_tags:
        warn(f"{tag} differs from that of the source, has content of its own, and is left as it is")
    if failures := (*planned.failures, *brought.failures):
        warn(_failure_text(failures))
    if brought.unlisted:
        listed = f"{len(brought.unlisted)} of {len(planned.referrers)} referrers"
        message = f"{target} took {listed} and does not list them; copy them again"
        if planned.is_required:
            fail(message)
            raise ExitError(FAILED)
        warn(message)


def _failure_text(failures: Sequence[ManyfestError]) -> str:
    from manyfest.cli.advice.remedies import told

    more = f" and {len(failures) - 1} more" if failures[1:] else ""
    return (
        f"attached signatures, SBOMs or the like may be missing: {told(failures[0])}{more} "
        "(--attached makes this an error, --no-attached leaves them)"
    )


def _warn_of_half(plans: Sequence[PushPlan], outcomes: Mapping[Reference, Event]) -> None:
    """Say which tags have moved, may have, and have not, if any may have."""
    targets = [tagging.target for plan in plans for tagging in plan.tags]
    said = {
        "moved": [t for t in targets if isinstance(outcomes.get(t), TagMoved)],
        "may have moved": [t for t in targets if isinstance(outcomes.get(t), TagMoving)],
        "not moved": [t for t in targets if isinstance(outcomes.get(t), TagKept | None)],
    }
    if not said["moved"] and not said["may have moved"]:
        return
    parts = (f"{words}: {', '.join(map(str, tags))}" for words, tags in said.items() if tags)
    is_guarded = any(plan.expected is not None for plan in plans)
    again = "the same command without --expect" if is_guarded else "the same command again"
    warn(f"{'; '.join(parts)}; {again} moves the rest")


def telling_of_push(created: Created | None = None) -> Telling:
    """Return how the terminal is told of a push, maybe of what was ``created`` in this command."""
    return Telling(
        progress=lambda plan: _progress_of([plan]),
        converted=_tell_conversion,
        planned=partial(_tell_plan, created=created),
        brought=report_brought,
    )


def _tell_conversion(conversion: "DraftConversion") -> None:
    from manyfest.cli.flows.conversion import tell_conversion

    tell_conversion(conversion)


def _tell_plan(planned: PushPlan, created: Created | None) -> None:
    """Warn of what readers may trip over; not again of what was ``created``."""
    note_foreign_layers(planned.foreign_layers, STAY_BEHIND)
    note_left(planned.attached)
    if created is not None:
        known = {planned.manifest.digest, *(r.manifest.digest for r in created.read)}
        warn_of_errors_in_plan(planned, known=known)
        return
    warn_of_errors_in_plan(planned)
    if planned.tags:
        note_families(planned.name, planned.manifest)


def show_push(planned: PushPlan, options: "PushOptions") -> None:
    """Print what was pushed, or would be, and write the files that the options name."""
    if options.as_json or options.is_dry_run:
        from manyfest.cli.rendering.planned_writes import push_json, pushes_lines

        if options.as_json:
            write_text(push_json(planned))
        else:
            write_view(pushes_lines([planned], is_verbose=options.is_verbose))
    else:
        print_result(planned, str(planned.manifest.digest))
    if not options.is_dry_run:
        write_files(planned, options.digest_file, options.metadata_file)


def print_result(planned: PushPlan, result: str) -> None:
    """Print docker's line for each image of another repository, then ``result``."""
    if not planned.tags:
        note(_unchanged(planned))
    children = (f"Pushed ref {c} with digest: {c.digest}" for c in planned.foreign_entries)
    write_text("\n".join([*children, result]))


def _unchanged(planned: PushPlan) -> str:
    """Say that the tag is as it was, and whether anything it names had to be put."""
    name, digest, count = planned.name, planned.manifest.digest, len(planned.children)
    state = f"{name} is there already" if name.digest else f"{name} is {digest} already"
    return f"unchanged: {state}" if planned.is_empty else f"{state}; {manifests_put(count)}"


def manifests_put(count: int) -> str:
    """Say that children of a list were put where they belong."""
    one = count == 1
    return (
        f"{count} manifest{'' if one else 's'} that it names {'was' if one else 'were'} put again"
    )


def write_files(
    planned: PushPlan,
    digest_file: Path | None,
    metadata_file: Path | None,
    *,
    image_name: str = "",
) -> None:
    """Write the digest to one file, and JSON with buildx's keys to the other.

    ``image_name`` is the name in the JSON; empty means the draft's.
    """
    if digest_file is not None:
        write_file(digest_file, str(planned.manifest.digest))
    if metadata_file is not None:
        write_file(metadata_file, json.dumps(_metadata(planned, image_name), indent=2) + "\n")


def _metadata(planned: PushPlan, image_name: str) -> dict[str, object]:
    return {
        "containerimage.descriptor": planned.manifest.descriptor().to_oci_json(),
        "containerimage.digest": str(planned.manifest.digest),
        "image.name": image_name or str(planned.name),
    }
