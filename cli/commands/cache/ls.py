"""``manyfest cache ls``: the tags that were seen."""

from os.path import abspath
from typing import Annotated

import typer

from manyfest.cli.arguments.options import AsJson, require_arguments
from manyfest.cli.output import write_lines
from manyfest.cli.rendering.cache.catalogue import tags_json, tags_table
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_housekeeping
from manyfest.domain.references import LAYOUT_SCHEME


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[PATTERN]", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the tags that were seen, and what is known of them.

    One a line: reference, digest, size of the manifest, size of all its layers, when it was seen
    last (UTC), platforms. PATTERN is a repository or a tag, in full or as docker shortens it; *
    stands for any text: alpine, 'ghcr.io/team/*', '*:v1'.
    """
    pattern = next(iter(require_arguments("cache ls", arguments, 0, 1)), None)
    with open_housekeeping(settings_from()) as store:
        tags = store.catalogue.tags(None if pattern is None else _absolute(pattern))
        write_lines(tags_json(tags) if as_json else tags_table(tags))


def _absolute(pattern: str) -> str:
    """A layout's path is kept in full."""
    if not pattern.startswith(LAYOUT_SCHEME) or pattern.startswith(f"{LAYOUT_SCHEME}*"):
        return pattern
    path = abspath(pattern.removeprefix(LAYOUT_SCHEME))  # noqa: PTH100 -- as references are
    return f"{LAYOUT_SCHEME}{path}"
