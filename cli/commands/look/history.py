"""``manyfest history``: show the observed states of a tag."""

from collections.abc import Sequence

from manyfest.cli.arguments.options import AsJson, docker_command
from manyfest.cli.arguments.references import reference
from manyfest.cli.output import write_text
from manyfest.cli.rendering.history import history_json, history_table
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.operations.views.history import history


@docker_command("history", "MANIFEST", 1, 1)
def command(names: Sequence[str], as_json: AsJson = False) -> None:
    """Show what a tag was seen to point to, newest first.

    As this store knows it: what it pointed to when it was read or written from here; no registry
    is asked. One a line: the name for it (MANIFEST@{1}, wherever a manifest is read), digest, first
    and last time it was seen so (UTC; claimed: a bundle says so), images, and what changed by
    platform: + added, - removed, ~ changed.
    """
    (name,) = names
    with open_session(settings_from()) as session:
        states = history(reference(name), session.contents)
        write_text(history_json(states) if as_json else history_table(states))
