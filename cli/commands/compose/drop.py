"""``manyfest drop``: remove entries from a draft."""

from collections.abc import Sequence

from manyfest.assembly.references import entry_name, reference
from manyfest.cli.arguments.options import docker_command
from manyfest.cli.output import note, warn
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.operations.drafts.drop import drop


@docker_command("drop", "LIST ENTRY [ENTRY...]", 2)
def command(names: Sequence[str]) -> None:
    """Remove entries, and their attestations, from a draft.

    ENTRY is the reference the entry came from, its digest, the beginning of that, or its platform.
    Either all entries are removed or none.

    Examples:
      manyfest drop host/app:1 linux/s390x
      manyfest drop host/app:1 sha256:4ba8 sha256:9d2a
    """
    with open_session(settings_from()) as session:
        entries = list(map(entry_name, names[1:]))
        name = reference(names[0])
        remaining = drop(name, entries, ports=session)
        if remaining.entries:
            note(f"{name} has {counted(len(remaining.entries), 'entry', 'entries')} now")
        else:
            warn(f"{name} has no entries now, so it cannot be pushed (manyfest rm deletes it)")
