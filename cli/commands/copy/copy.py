"""``manyfest copy``: copy an image or a list to another place."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from manyfest.cli.arguments.options import CONNECTION, OFFLINE, docker_command
from manyfest.cli.arguments.references import reference, resolve_source
from manyfest.cli.flows.checks import require_cached, require_reachable
from manyfest.cli.output import note, write_text
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.operations.content.copy import CopyPlan, copy, plan_copy


@docker_command("copy", "SRC DST", 2, 2, options=OFFLINE | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    platform: Annotated[
        list[str] | None,
        typer.Option("--platform", help="Copy only these platforms, OS[/ARCH[/VARIANT]]."),
    ] = None,
    referrers: Annotated[
        bool,
        typer.Option("--referrers", help="Copy signatures, SBOMs and all else that refers to it."),
    ] = False,
) -> None:
    """Copy an image or a list with all that it names.

    Between registries, repositories and layouts, byte for byte, so the digest stays; it is printed
    last. What DST has already is not sent again. With --platform a list is made of the entries
    that are kept, which has another digest; from one platform it is a list, too.
    """
    platforms = [parse_filter(text) for text in platform or ()]
    with open_session(settings_from(options)) as session:
        target = reference(names[1])
        require_reachable([target], session)
        plan = plan_copy(
            resolve_source(names[0], session),
            target,
            ports=session,
            platforms=platforms,
            with_referrers=referrers,
        )
        require_cached(plan.blobs, session)
        with shown_progress() as on_event:
            copy(
                plan,
                ports=session,
                on_event=session.checking_deadline(on_event),
            )
    for message in _notes(plan):
        note(message)
    write_text(str(plan.manifest.digest))


def _notes(plan: CopyPlan) -> Iterator[str]:
    if plan.writes_nothing:
        yield f"unchanged: {plan.target} is there with all it names"
    else:
        yield f"copied {plan.source.reference} to {plan.target}"
    if came := len(plan.referrers):
        yield f"{came} referrer{'' if came == 1 else 's'} came along"
    if plan.changes_digest:
        before, after = plan.source.manifest, plan.manifest
        kept = f"kept {len(after.entries)} of {len(before.entries)} entries"
        yield f"{kept}: the digest changes from {before.digest} to {after.digest}"
