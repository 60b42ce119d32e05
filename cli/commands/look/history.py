"""``manyfest history``: show the observed states of a tag."""

from collections.abc import Sequence
from functools import partial

from manyfest.assembly.references import reference
from manyfest.cli.arguments.options import TABLE, AsJson, docker_command
from manyfest.cli.output import write_text, write_view
from manyfest.cli.rendering.history import history_json, state_columns
from manyfest.cli.rendering.table import view_of
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.operations.views.history import history


@docker_command("history", "MANIFEST", 1, 1, options=TABLE)
def command(names: Sequence[str], options: CommonOptions, as_json: AsJson = False) -> None:
    """Show the digests that a tag pointed to, newest first.

    The history is what this machine observed when it read or wrote the tag; no registry is asked.
    Each row shows the revision (MANIFEST@{1} can be used wherever a manifest is read), the digest,
    the first and last time it was observed (UTC; "claimed" if only a bundle says so), the images,
    and the change by platform: + added, - removed, ~ changed.

    Examples:
      manyfest history host/app:1
      manyfest history --json host/app:1
    """
    (name,) = names
    with open_session(settings_from()) as session:
        states = history(reference(name), session.contents)
        columns = partial(state_columns, now=session.now)
    view = view_of(columns, states, options, as_json=as_json)
    if as_json:
        write_text(history_json(view.items))
    else:
        write_view(view.lines())
