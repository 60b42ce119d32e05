"""``manyfest logout``: forget what docker's configuration keeps for a registry."""

from typing import Annotated

import typer

from manyfest.cli.arguments.options import require_arguments
from manyfest.cli.output import write_text
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_logins


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="HOST", show_default=False)
    ] = None,
) -> None:
    """Log out of a registry.

    Forgets what docker's config.json and its credential helper for HOST have, if anything.
    """
    from manyfest.adapters.credentials.registry_keys import registry_of_argument

    registry = registry_of_argument(require_arguments("logout", arguments, 1, 1)[0])
    open_logins(settings_from()).erase(registry)
    write_text(f"Removing login credentials for {registry}")
