"""``manyfest push``: publish a draft."""

from typing import Annotated

import typer

from manyfest.cli.options import JOBS, Insecure, Jobs, Timeout, counted, reference
from manyfest.cli.output import write_text
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.operations.push import PushPlan, plan_push, push


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="LIST", show_default=False)
    ] = None,
    purge: Annotated[
        bool, typer.Option("-p", "--purge", help="Forget the draft once it is published.")
    ] = False,
    insecure: Insecure = False,
    jobs: Jobs = JOBS,
    timeout: Timeout = None,
) -> None:
    """Publish a draft.

    What its images need in the target is brought there first; the list comes last. Prints a line
    for each image from another repository, and then the digest of the list.
    """
    names = counted("push", arguments, 1, 1)
    settings = settings_from(insecure=insecure, jobs=jobs, seconds=timeout)
    with open_session(settings) as session:
        plan = plan_push(
            reference(names[0]),
            registry=session.registry,
            drafts=session.drafts,
            each=session.each,
        )
        push(
            plan,
            registry=session.registry,
            contents=session.contents,
            drafts=session.drafts,
            each=session.each,
            now=session.now,
            purge=purge,
        )
    write_text(_report(plan))


def _report(plan: PushPlan) -> str:
    pushed = [f"Pushed ref {child} with digest: {child.digest}" for child in plan.foreign_entries]
    return "\n".join([*pushed, str(plan.manifest.digest)])
