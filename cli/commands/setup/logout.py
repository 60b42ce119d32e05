"""``manyfest logout``: remove the login for a registry from docker's configuration."""

from collections.abc import Sequence

from manyfest.cli.arguments.options import docker_command
from manyfest.cli.output import write_text
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_logins


@docker_command("logout", "HOST", 1, 1)
def command(names: Sequence[str]) -> None:
    """Log out of a registry.

    Removes the credentials for HOST from docker's config.json and its credential helper, if any.

    Examples:
      manyfest logout ghcr.io
      manyfest logout localhost:5000
    """
    from manyfest.adapters.credentials.registry_keys import registry_of_argument

    registry = registry_of_argument(names[0])
    open_logins(settings_from()).erase(registry)
    write_text(f"Removing login credentials for {registry}")
