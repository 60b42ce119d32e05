"""``manyfest cache stats``: show numbers and sizes of cached content."""

from manyfest.cli.arguments.options import AsJson, docker_command
from manyfest.cli.output import stdout_screen, write_text, write_view
from manyfest.cli.rendering.cache.catalogue import statistics_json, statistics_lines
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_housekeeping


@docker_command("cache stats", "")
def command(as_json: AsJson = False) -> None:
    """Show the size of the cache, by kind and by registry.

    Partial content is from interrupted transfers, and is used when they continue; quarantined
    content is damaged, and is not used.

    Examples:
      manyfest cache stats
      manyfest cache stats --json
    """
    with open_housekeeping(settings_from(), "cache stats") as store:
        statistics = store.catalogue.statistics()
    if as_json:
        write_text(statistics_json(statistics))
    else:
        write_view(statistics_lines(statistics, stdout_screen()))
