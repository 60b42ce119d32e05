"""``manyfest ls``: show the drafts."""

from manyfest.cli.arguments.options import AsJson
from manyfest.cli.output import write_text
from manyfest.cli.rendering.drafts_table import drafts_json, drafts_table
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session


def command(as_json: AsJson = False) -> None:
    """Show the drafts.

    One a line: name, entries, when it was changed, whether it is published, platforms.
    """
    with open_session(settings_from()) as session:
        drafts = session.drafts.drafts()
        write_text(drafts_json(drafts) if as_json else drafts_table(drafts, session.now))
