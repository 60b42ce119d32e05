"""``manyfest undo``: put back a previous state of a tag."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.preconditions import require_writable_store
from manyfest.assembly.references import reference
from manyfest.cli.arguments.options import CONNECTION, DryRun, Verbose, docker_command
from manyfest.cli.flows.publish import manifests_put
from manyfest.cli.output import note, write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.errors import InvalidReferenceError
from manyfest.domain.history.revision import StateSelector, parse_past
from manyfest.domain.operations.publication.undo import UndoPlan, plan_undo, undo
from manyfest.domain.references import Reference


@docker_command("undo", "MANIFEST", 1, 1, options=CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    to: Annotated[
        str | None,
        Option("--to", metavar="N|DIGEST", help="Restore this state, not the previous one."),
    ] = None,
    dry_run: DryRun = False,
    verbose: Verbose = False,
) -> None:
    """Restore the previous state of a tag.

    --to 3, or MANIFEST@{3}, restores the state with this number in manyfest history. A state that
    only a bundle claims must be named so. Nothing is written if the tag moved since this machine
    observed it last (exit code 6), or if content of the old state is missing (exit code 3). The
    restored state becomes the newest, so a second undo reverts the first. A tag that is gone gets
    its last state back. Prints the digest.

    Examples:
      manyfest undo --dry-run host/app:1
      manyfest undo --to 3 host/app:1
    """
    (text,) = names
    with open_session(settings_from(options)) as session:
        tag, wanted = _state(text, to, session)
        plan = plan_undo(tag, wanted, ports=session)
        if dry_run:
            from manyfest.cli.rendering.planned_writes import dry_run_lines, writes_of_undo

            write_view(dry_run_lines(writes_of_undo(plan), is_verbose=verbose))
            return
        require_writable_store(session)
        undo(plan, ports=session)
    note(_outcome(plan))
    write_text(str(plan.manifest.digest))


def _state(text: str, to: str | None, session: Session) -> tuple[Reference, StateSelector | None]:
    """Return the tag, and the selector of its state, if one is named."""
    past = parse_past(text, session.now)
    if past and to is not None:
        raise UsageError("--to and @{...} exclude each other")
    tag = reference(past.name if past else text)
    if tag.digest is not None:
        reason = "undo takes a tag; --to selects the digest"
        raise InvalidReferenceError(text, reason)
    if past:
        return tag, past.selector
    return tag, None if to is None else StateSelector.parse(to)


def _outcome(plan: UndoPlan) -> str:
    if plan.is_empty:
        return f"unchanged: {plan.tag} is {plan.current} already"
    if not plan.moves_tag:
        return f"{plan.tag} is {plan.current} already; {manifests_put(len(plan.children))}"
    return f"{plan.tag} was {plan.current or 'gone'}"
