"""``manyfest history``: show the observed states of a tag."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from manyfest.assembly.references import reference
from manyfest.cli.arguments.options import CONNECTION, TABLE, AsJson, docker_command
from manyfest.cli.output import note, write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.rendering.history import history_json, state_columns
from manyfest.cli.rendering.table import view_of
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.errors import UnreachableError
from manyfest.domain.operations.views.history import history
from manyfest.domain.references import Reference


@docker_command("history", "MANIFEST", 1, 1, options=TABLE | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    imports: Annotated[
        bool,
        Option("--import", help="Add what Quay or docker-library/repo-info recorded of the tag."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the digests that a tag pointed to, newest first.

    The history is what this machine observed when it read or wrote the tag; no registry is asked.
    Each row shows the revision (MANIFEST@{1} can be used wherever a manifest is read), the digest,
    the first and last time it was observed (UTC; "claimed" if only a bundle or another server says
    so), the images, and the change by platform: + added, - removed, ~ changed. A tag that manyfest
    untag took away has a row for that.

    --import asks a server that keeps the past of tags: quay.io and other hosts with Quay's API, and
    for official images of Docker Hub the repository docker-library/repo-info on GitHub. It asks
    without credentials and reads no manifest, so that no pull is counted. Claims are never undone
    to without being named, and never answer for --max-age.

    Examples:
      manyfest history host/app:1
      manyfest history --json host/app:1
      manyfest history --import quay.io/prometheus/node-exporter:latest
    """
    (name,) = names
    settings = settings_from(options)
    with open_session(settings) as session:
        tag = reference(name)
        if imports and settings.offline:
            raise UnreachableError("", "--offline and --import exclude each other")
        if imports:
            _import(tag, session)
        states = history(tag, session.contents)
        columns = partial(state_columns, now=session.now)
    view = view_of(columns, states, options, as_json=as_json)
    if as_json:
        write_text(history_json(view.items))
    else:
        write_view(view.lines())


def _import(tag: Reference, session: Session) -> None:
    from manyfest.cli.rendering.humanize import counted
    from manyfest.domain.operations.content.import_history import import_history

    found = import_history(tag, session.tag_records, session.contents, session.now)
    note(f"{found.source} records {counted(found.states, 'state')}, {found.new} of them new here")
