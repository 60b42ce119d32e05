"""The flow of ``apply`` and ``publish``: publish what specs declare, and show it.

The options that ``publish`` and ``imagetools create`` share are here, too.
"""

from collections.abc import Sequence
from typing import Annotated

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
from manyfest.cli.output import write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.wiring import Session
from manyfest.domain.operations.publication.apply import ApplyPlan, finish
from manyfest.domain.operations.publication.plan_push import PushPlan

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
