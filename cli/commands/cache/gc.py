"""``manyfest cache gc``: remove unreferenced content from the store."""

from datetime import UTC, datetime
from typing import Annotated

from manyfest.cli.arguments.options import AsJson, docker_command, parse_age
from manyfest.cli.output import note, warn, write_lines, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.rendering.cache.gc_report import garbage_json, garbage_lines
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_housekeeping
from manyfest.domain.errors import StoreError
from manyfest.domain.operations.store.collect_garbage import (
    DEFAULT_KEEP,
    Retention,
    collect_garbage,
    find_garbage,
)
from manyfest.domain.ports.garbage import GarbageCollector


@docker_command("cache gc", "")
def command(
    keep: Annotated[
        str,
        Option(
            "--keep",
            metavar="TIME",
            help="Keep content of tags read from a registry within TIME (12h, 30d).",
        ),
    ] = f"{DEFAULT_KEEP.days}d",
    dry_run: Annotated[
        bool, Option("--dry-run", help="Print what would be removed, and remove nothing.")
    ] = False,
    verbose: Annotated[
        bool, Option("-v", "--verbose", help="Print a line for each tag, manifest and blob.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove cached content that was not used recently.

    Removes tags that were not read from a registry or imported within TIME, content that was not
    read by its digest either, and all that only these refer to. Reading with --offline does not
    count as use. Drafts and what they refer to are kept. --keep 0d keeps only them. Unreferenced
    layers are removed after a day, or after TIME if that is shorter.

    Examples:
      manyfest cache gc --dry-run
      manyfest cache gc --keep 7d
    """
    retention = Retention(parse_age(keep, "--keep"), datetime.now(UTC))
    given_back = 0
    with open_housekeeping(settings_from(), "cache gc") as store:
        act = find_garbage if dry_run else collect_garbage
        garbage = act(store.garbage, store.drafts, retention)
        if not dry_run:
            given_back = _vacuumed(store.garbage)
    if as_json:
        write_text(garbage_json(garbage, is_gone=not dry_run, given_back=given_back))
    else:
        write_lines(garbage_lines(garbage, is_gone=not dry_run, is_verbose=verbose))
    if garbage.unreadable:
        note(f"kept {garbage.unreadable} that cannot be read: manyfest cache fsck checks them")


def _vacuumed(store: GarbageCollector) -> int:
    """Return the bytes that the file shrank by; only warn on failure.

    The content is removed in any case, and the file reuses its space.
    """
    try:
        return store.vacuum()
    except StoreError as error:
        warn(f"the file was not compacted: {error}")
        return 0
