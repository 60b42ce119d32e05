"""``manyfest ls``: show the drafts."""

from functools import partial

from manyfest.cli.arguments.options import TABLE, AsJson, docker_command
from manyfest.cli.output import write_text, write_view
from manyfest.cli.rendering.drafts_table import draft_columns, drafts_json
from manyfest.cli.rendering.table import view_of, with_hint
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session

_HINT = "no drafts yet; create one with: manyfest create LIST IMAGE..."


@docker_command("ls", "", options=TABLE)
def command(options: CommonOptions, as_json: AsJson = False) -> None:
    """List the drafts.

    Each row shows the name, the number of entries, the time of the last change, whether the draft
    is pushed, and the platforms.

    Examples:
      manyfest ls
      manyfest ls --filter pushed=no --sort -changed
    """
    with open_session(settings_from()) as session:
        columns = partial(draft_columns, now=session.now)
        drafts = with_hint(session.drafts.drafts(), _HINT)
        view = view_of(columns, drafts, options, as_json=as_json)
    if as_json:
        write_text(drafts_json(view.items))
    else:
        write_view(view.lines())
