"""``manyfest cache ls``: show the cached tags."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from os.path import abspath

from manyfest.cli.arguments.options import TABLE, AsJson, docker_command
from manyfest.cli.output import write_lines, write_view
from manyfest.cli.rendering.cache.catalogue import tag_columns, tags_json
from manyfest.cli.rendering.table import view_of, with_hint
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_housekeeping
from manyfest.domain.references import ARCHIVE_SCHEMES, LAYOUT_SCHEME

_FILE_SCHEMES = (LAYOUT_SCHEME, *ARCHIVE_SCHEMES)
_HINT = "nothing is cached yet; manyfest cache fetch REFERENCE caches an image or a list"


@docker_command("cache ls", "[PATTERN]", 0, 1, options=TABLE)
def command(names: Sequence[str], options: CommonOptions, as_json: AsJson = False) -> None:
    """List the cached tags.

    Each row shows the reference, the digest, the size of the manifest, the size of all its layers,
    the time of the last observation (UTC; "claimed" if only a bundle says so), and the platforms.
    PATTERN is a repository or a tag, in full or as docker shortens it; * matches any text.

    Examples:
      manyfest cache ls alpine
      manyfest cache ls --sort -size 'ghcr.io/team/*'
    """
    pattern = next(iter(names), None)
    hint = f"no cached tag matches {pattern}" if pattern else _HINT
    with open_housekeeping(settings_from(), "cache ls") as store:
        tags = store.catalogue.tags(None if pattern is None else _absolute(pattern))
        columns = partial(tag_columns, now=datetime.now(UTC))
        view = view_of(columns, with_hint(tags, hint), options, as_json=as_json)
        if as_json:
            write_lines(tags_json(view.items))
        else:
            write_view(view.lines())


def _absolute(pattern: str) -> str:
    """Make the path of a layout or archive absolute, as the store has it."""
    scheme, colon, path = pattern.partition(":")
    if scheme + colon not in _FILE_SCHEMES or path.startswith("*"):
        return pattern
    return f"{scheme}:{abspath(path)}"  # noqa: PTH100 -- as references are
