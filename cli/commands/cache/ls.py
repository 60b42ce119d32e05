"""``manyfest cache ls``: show the cached tags."""

from collections.abc import Sequence
from os.path import abspath

from manyfest.cli.arguments.options import AsJson, docker_command
from manyfest.cli.output import write_lines
from manyfest.cli.rendering.cache.catalogue import tags_json, tags_table
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_housekeeping
from manyfest.domain.references import ARCHIVE_SCHEMES, LAYOUT_SCHEME

_FILE_SCHEMES = (LAYOUT_SCHEME, *ARCHIVE_SCHEMES)


@docker_command("cache ls", "[PATTERN]", 0, 1)
def command(names: Sequence[str], as_json: AsJson = False) -> None:
    """Show the tags that were seen, and what is known of them.

    One a line: reference, digest, size of the manifest, size of all its layers, when it was seen
    last (UTC; claimed: a bundle says so), platforms. PATTERN is a repository or a tag, in full or
    as docker shortens it; * stands for any text: alpine, 'ghcr.io/team/*', '*:v1'.
    """
    pattern = next(iter(names), None)
    with open_housekeeping(settings_from()) as store:
        tags = store.catalogue.tags(None if pattern is None else _absolute(pattern))
        write_lines(tags_json(tags) if as_json else tags_table(tags))


def _absolute(pattern: str) -> str:
    """Make the path of a layout or archive absolute, as the store has it."""
    scheme, colon, path = pattern.partition(":")
    if scheme + colon not in _FILE_SCHEMES or path.startswith("*"):
        return pattern
    return f"{scheme}:{abspath(path)}"  # noqa: PTH100 -- as references are
