"""``manyfest diff``: compare two published images or lists."""

from collections.abc import Sequence

from manyfest.cli.arguments.options import CONNECTION, FRESHNESS, OFFLINE, AsJson, docker_command
from manyfest.cli.arguments.references import resolve_source
from manyfest.cli.exit_codes import FINDINGS, ExitError
from manyfest.cli.output import write_text, write_view
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_reading_session
from manyfest.domain.comparison.changes import Status
from manyfest.domain.operations.views.diff import Comparison, diff


@docker_command("diff", "A B", 2, 2, options=OFFLINE | FRESHNESS | CONNECTION)
def command(names: Sequence[str], options: CommonOptions, as_json: AsJson = False) -> None:
    """Compare two published images or lists by content.

    Shows, platform by platform, added, removed and changed entries, layers, configs, annotations
    and order. An image is compared with the entry for its platform if the other side is a list.
    Drafts are ignored. The exit code is 0 if the content is the same, even if the bytes differ, and
    8 if it differs.

    Examples:
      manyfest diff alpine:3.19 alpine:3.20
      manyfest diff --json host/app:1@{1} host/app:1
    """
    with open_reading_session(settings_from(options)) as session:
        before, after = (resolve_source(name, session) for name in names)
        session.connect_early([before, after])
        comparison = diff(before, after, ports=session)
    _show(comparison, as_json=as_json)
    if comparison.status is Status.CHANGED:
        raise ExitError(FINDINGS)


def _show(comparison: Comparison, *, as_json: bool) -> None:
    if as_json:
        from manyfest.cli.rendering.diff_json import diff_json

        write_text(diff_json(comparison))
        return
    from manyfest.cli.rendering.diff_text import diff_text, painted_difference
    from manyfest.cli.rendering.table import text_lines

    write_view(text_lines(diff_text(comparison), painted_difference))
