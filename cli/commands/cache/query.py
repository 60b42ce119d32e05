"""``manyfest cache query``: query the store in SQL."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.cli.arguments.options import TIMEOUT, AsJson, docker_command, require_arguments
from manyfest.cli.output import write_lines, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.cache.query_result import (
    answer_csv,
    answer_json,
    answer_table,
    views_text,
)
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_housekeeping


@docker_command("cache query", "SQL", options=TIMEOUT)
def command(
    names: Sequence[str],
    options: CommonOptions,
    as_json: AsJson = False,
    as_csv: Annotated[bool, Option("--csv", help="Print CSV for programs.")] = False,
    views: Annotated[bool, Option("--views", help="List the views and their columns.")] = False,
) -> None:
    """Query the cache in SQL, read-only.

    SQL is a SELECT in the dialect of the store's database, SQLite or PostgreSQL. --views lists the
    views and their columns: tags, history, manifests, platforms, layers and more.

    Examples:
      manyfest cache query --views
      manyfest cache query --csv "SELECT repository, tag FROM tags ORDER BY 1"
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv cannot be used together")
    with open_housekeeping(settings_from(options), "cache query") as store:
        if views:
            require_arguments("cache query --views", names, 0, 0)
            write_text(views_text(store.queries.views()))
            return
        (statement,) = require_arguments("cache query", names, 1, 1)
        render = answer_json if as_json else answer_csv if as_csv else answer_table
        with store.queries.run(statement) as answer:
            write_lines(render(answer))
