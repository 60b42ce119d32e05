"""``manyfest cache fsck``: hash all cached content, and quarantine what is damaged."""

from datetime import UTC, datetime
from typing import Annotated

from manyfest.cli.arguments.options import AsJson, docker_command
from manyfest.cli.exit_codes import INTEGRITY, ExitError
from manyfest.cli.output import fail, write_lines, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.rendering.cache.fsck_report import checked_json, checked_lines
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_housekeeping
from manyfest.domain.errors import DamagedStoreError, StoreError
from manyfest.domain.operations.store.check_store import StoreCheck, check_store, set_damage_aside
from manyfest.domain.ports.integrity import Integrity


@docker_command("cache fsck", "")
def command(
    dry_run: Annotated[bool, Option("--dry-run", help="Only check; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the digests of all cached content; quarantine damage.

    Quarantined content is not used, and is fetched again when it is needed. The history of a tag is
    dropped from a damaged manifest backwards. The exit code is 7 if there is damage.

    Examples:
      manyfest cache fsck --dry-run
      manyfest cache fsck --json
    """
    with open_housekeeping(settings_from(), "cache fsck") as store:
        checked = check_store(store.integrity)
        forgotten = None if dry_run else _set_aside(store.integrity, checked)
    is_aside, names = bool(checked.damaged) and forgotten is not None, forgotten or ()
    if as_json:
        write_text(checked_json(checked, names, is_aside=is_aside))
    else:
        write_lines(checked_lines(checked, names, is_aside=is_aside))
    if checked.damaged:
        raise ExitError(INTEGRITY)


def _set_aside(store: Integrity, checked: StoreCheck) -> tuple[str, ...] | None:
    """Quarantine the damage; return the tags that lost states, None if that failed."""
    if not checked.damaged:
        return ()
    try:
        return set_damage_aside(store, checked, datetime.now(UTC))
    except (StoreError, DamagedStoreError) as error:
        fail(f"nothing was quarantined: {error}")
        return None
